"""Linear maps around the convolution, as matrices: padding, pooling, resampling.

Each is a `scipy.sparse.csr_array` in canonical form, over inputs that are flat in C
order of `(channel, *spatial)`, so that they multiply with each other and with
`convmat.matrix.conv_matrix`.

`padding` pads and crops, and `factors` splits a convolution into its padding and the
rest. `pooling` sums and averages `windows`, and `divisors` counts what a mean is
divided by. `sampling` leaves cells out and puts cells in. `patches` lays windows out in
columns (im2col) and adds them up again. `flipped` is the convolution of signal
processing. `reading` says how a channel axis is told from a spatial one, `selection`
writes the matrices of which each row reads one cell.
"""

from convmat.linear.divisors import avg_pool_divisors
from convmat.linear.factors import ConvFactors, conv_factors
from convmat.linear.flipped import convolution_matrix
from convmat.linear.padding import crop_matrix, pad_matrix
from convmat.linear.patches import fold_matrix, unfold_matrix
from convmat.linear.pooling import avg_pool_matrix, sum_pool_matrix
from convmat.linear.sampling import subsample_matrix, upsample_matrix

__all__ = [
    "ConvFactors",
    "avg_pool_divisors",
    "avg_pool_matrix",
    "conv_factors",
    "convolution_matrix",
    "crop_matrix",
    "fold_matrix",
    "pad_matrix",
    "subsample_matrix",
    "sum_pool_matrix",
    "unfold_matrix",
    "upsample_matrix",
]
