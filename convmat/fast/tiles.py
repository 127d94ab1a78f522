"""The route `tiles`: a small dense block of the matrix W itself as the GEMM operand.

`T` neighbouring lines of the output read `T + span - 1` lines of the input, and they
do so in the same way everywhere: the block of W between them is one small Toeplitz
matrix, zeros included. Columns of single taps would copy every input once per tap;
here a line is copied once per tap *along the line*, and a little more. For few channels
on large images.

The zeros of the block are multiplied too, and zero times infinity is no number. Where
the result is not finite, the caller takes a route without such zeros.
"""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.fast.pads import fill
from convmat.geometry import Geometry

__all__ = ["fits", "forward", "lines_held", "waste"]

_LINES = 8
"""Lines of the output in a tile."""


def fits(g: Geometry) -> bool:
    """Whether the route carries a geometry: two axes, stride 1, one group."""
    return g.rank == 2 and g.stride == (1, 1) and g.groups == 1


def waste(g: Geometry) -> float:
    """Products computed over products wanted: the rest are with zeros of the block."""
    return _read(g) / g.kernel_size[0]


def lines_held(g: Geometry) -> int:
    """Lines of columns that are held at once, for each input channel."""
    return _read(g) * g.kernel_size[1]


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """The convolution; arrays as in `convmat.fast.forward`, of one dtype."""
    down, along = g.axes
    height, width = g.output_size
    tiles = -(-height // _LINES)
    read = _read(g)
    lines = tiles * _LINES + down.span - 1
    cells = along.padded_size
    # The last tap of the last line is read beyond the image by up to a span.
    size = g.in_channels * lines * cells
    buffer = np.zeros(size + along.span - 1, x.dtype)
    image = buffer[:size].reshape(g.in_channels, lines, cells)
    padded = image[:, : down.padded_size]
    inner = padded[
        :,
        down.before : down.before + down.size,
        along.before : along.before + along.size,
    ]
    item = x.itemsize
    shifted = (
        np.ndarray(  # (tiles, channels, taps along the line, cells of `read` lines)
            (tiles, g.in_channels, along.kernel, read * cells),
            x.dtype,
            buffer,
            strides=(
                _LINES * cells * item,
                lines * cells * item,
                along.dilation * item,
                item,
            ),
        )
    )
    columns = np.empty(shifted.shape[1:], x.dtype)
    operand = columns.reshape(-1, cells)  # (channels * taps * lines, cells)
    toeplitz = _toeplitz(kernel, g, read)
    sums = np.empty((len(toeplitz), cells), x.dtype)
    shaped = sums.reshape(g.out_channels, _LINES, cells)
    y = np.empty((len(x), g.out_channels, height, width), x.dtype)
    for given, result in zip(x, y, strict=True):
        inner[...] = given
        fill(padded, g)
        for tile in range(tiles):
            np.copyto(columns, shifted[tile])
            np.matmul(toeplitz, operand, out=sums)
            start = tile * _LINES
            stop = min(start + _LINES, height)
            result[:, start:stop] = shaped[:, : stop - start, :width]
    return y


def _read(g: Geometry) -> int:
    """Lines of the input that a tile reads."""
    return _LINES + g.span[0] - 1


def _toeplitz(kernel: Array, g: Geometry, read: int) -> Array:
    """The block of W, `(out * _LINES, in * taps along * read)`."""
    block = np.zeros(
        (g.out_channels, _LINES, g.in_channels, g.kernel_size[1], read), kernel.dtype
    )
    taps = kernel.swapaxes(2, 3)  # (out, in, along, down)
    for line in range(_LINES):
        block[:, line, :, :, line : line + g.span[0] : g.dilation[0]] = taps
    return block.reshape(g.out_channels * _LINES, -1)
