"""The arithmetic of the layers: pairs of pure functions, forward and backward.

A backward function takes the gradient of the loss by the output and what the forward
function was given or found, and returns the gradients by its arguments, in their order.
Arrays are `(batch, ...)`; nothing is changed in place. With object arrays (`Fraction`)
all of them are exact; `batch_norm` takes a square root, which must be rational then.
"""

from convmat.nn.functional.activations import (
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
)
from convmat.nn.functional.convolution import (
    Route,
    conv,
    conv_backward,
    matrix_conv,
    matrix_conv_backward,
)
from convmat.nn.functional.dense import linear, linear_backward
from convmat.nn.functional.dropout import dropout, dropout_backward
from convmat.nn.functional.norm import (
    batch_norm,
    batch_norm_backward,
    normalise,
    normalise_backward,
)
from convmat.nn.functional.pooling import (
    avg_pool,
    avg_pool_backward,
    global_avg_pool,
    global_avg_pool_backward,
    max_pool,
    max_pool_backward,
)
from convmat.nn.functional.transposed import (
    conv_transpose,
    conv_transpose_backward,
    matrix_conv_transpose,
    matrix_conv_transpose_backward,
)

__all__ = [
    "Route",
    "avg_pool",
    "avg_pool_backward",
    "batch_norm",
    "batch_norm_backward",
    "conv",
    "conv_backward",
    "conv_transpose",
    "conv_transpose_backward",
    "dropout",
    "dropout_backward",
    "global_avg_pool",
    "global_avg_pool_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "linear",
    "linear_backward",
    "matrix_conv",
    "matrix_conv_backward",
    "matrix_conv_transpose",
    "matrix_conv_transpose_backward",
    "max_pool",
    "max_pool_backward",
    "normalise",
    "normalise_backward",
    "relu",
    "relu_backward",
]
