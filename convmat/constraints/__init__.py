"""The two constraints of a convolution's matrix: zeros stay zero, ties stay equal.

`constraint` moves between kernels and dense matrices that obey them, `violation` says
how far a matrix is from obeying, `training` descends under them.
"""

from convmat.constraints.constraint import ConvConstraint
from convmat.constraints.training import MatrixStep, train_matrix
from convmat.constraints.violation import Violation

__all__ = ["ConvConstraint", "MatrixStep", "Violation", "train_matrix"]
