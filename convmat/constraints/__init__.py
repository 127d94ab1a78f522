"""The two constraints of a convolution's matrix: zeros stay zero, ties stay equal.

`constraint` moves between kernels and dense matrices that obey them, `violation` says
how far a matrix is from obeying. `rungs` has the constraints one by one, `ways` the
ways to train under them, `stores` the forms of the matrix that is trained, and
`training` brings them together.
"""

from convmat.constraints.constraint import ConvConstraint
from convmat.constraints.rungs import RUNGS, Rung, rung_of
from convmat.constraints.stores import STORES
from convmat.constraints.training import MatrixStep, train_matrix
from convmat.constraints.violation import Violation
from convmat.constraints.ways import WAYS

__all__ = [
    "RUNGS",
    "STORES",
    "WAYS",
    "ConvConstraint",
    "MatrixStep",
    "Rung",
    "Violation",
    "rung_of",
    "train_matrix",
]
