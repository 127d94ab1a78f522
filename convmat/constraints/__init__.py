"""The two constraints of a convolution's matrix: zeros stay zero, ties stay equal.

`constraint` moves between kernels and dense matrices that obey them, `violation` says
how far a matrix is from obeying. `rungs` has the constraints one by one, with what
`windows`, `positions`, `ties` and `gram` find out about the entries. `ways` has the
ways to train under them, `stores` the forms of the matrix that is trained, by `slots`
where it is sparse, and `training` brings them together, once `arguments` has checked
what it is called with.
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
