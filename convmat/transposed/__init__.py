"""The transposed convolution: as a function, a loop, a matrix, an operator.

It is the transpose of an ordinary convolution, its *paired* one, whose settings
`convmat.geometry.transposed_geometry` finds. In every padding mode it is the exact
transpose: what the paired convolution reads from a cell of padding goes back to the
cell of the input that stood there.

`definition` adds the kernel into the result, input by input; `apply` takes the route of
the gradient by the input; `matrix` and `operator` are those of the paired convolution,
transposed; `direct` is the ordinary convolution of a stretched input with a flipped
kernel that gives the same.
"""

from convmat.transposed.apply import conv_transpose
from convmat.transposed.definition import scatter
from convmat.transposed.direct import Direct, stretched
from convmat.transposed.matrix import conv_transpose_matrix
from convmat.transposed.operator import conv_transpose_operator

__all__ = [
    "Direct",
    "conv_transpose",
    "conv_transpose_matrix",
    "conv_transpose_operator",
    "scatter",
    "stretched",
]
