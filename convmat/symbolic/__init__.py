"""The matrix, the outputs and the gradients of a small convolution in SymPy symbols.

The matrix comes from the tie map, outputs and gradients from the sliding window: two
independent routes to the same algebra, which the tests hold against each other. The
symbols are those of `convmat.labels`. `names` makes them, `algebra` calculates with
them, `latex` writes them down.

SymPy is loaded by the first call, not by the import. It is not part of the core, but of
the extra `symbolic`.
"""

from convmat.symbolic.algebra import (
    symbolic_input,
    symbolic_input_grad,
    symbolic_kernel,
    symbolic_kernel_grad,
    symbolic_matrix,
    symbolic_output,
)
from convmat.symbolic.latex import equation_latex, matrix_latex
from convmat.symbolic.names import LIMIT

__all__ = [
    "LIMIT",
    "equation_latex",
    "matrix_latex",
    "symbolic_input",
    "symbolic_input_grad",
    "symbolic_kernel",
    "symbolic_kernel_grad",
    "symbolic_matrix",
    "symbolic_output",
]
