"""The whole map that a route implies, read from its results on a basis.

Every reading has the axes `(taps, rows, columns)`, all flat in C order: entry
`[t, r, c]` is the weight with which tap `t` takes input `c` to output `r`. A right one
is 1 where the matrix holds the tap, and else 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convmat import tie
from convmat.arrays import Array, Shape
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond
from convmat.verify.routes import Map

__all__ = [
    "BASE",
    "DIGITS",
    "UnreadableError",
    "call",
    "one_hot",
    "read_forward",
    "read_input_grad",
    "read_kernel_grad",
    "refuse_large",
    "units",
    "x_shape",
    "y_shape",
]

BASE = 1 << 8
"""The base in which kernel gradients of several inputs are read at a time."""

DIGITS = 7
"""How many: the largest code is BASE**6, and sums of such codes fit int64."""


def one_hot(g: Geometry) -> Array:
    """The reading that the tie map calls for.

    Examples
    --------
    >>> from convmat import geometry
    >>> one_hot(geometry(3, 2))
    array([[[1, 0, 0],
            [0, 1, 0]],
           [[0, 1, 0],
            [0, 0, 1]]])
    """
    refuse_large(g)
    ties = tie.tie_map(g)
    reading = np.zeros((g.free_parameters, *g.matrix_shape), np.int64)
    reading[ties.taps, ties.rows, ties.cols] = 1
    return reading


def refuse_large(g: Geometry) -> None:
    """Refuse a geometry whose implied maps do not fit.

    Raises
    ------
    MatrixTooLargeError
        When two of them would take more than half of the physical memory.
    """
    rows, columns = g.matrix_shape
    # One, and the reading that it is compared with.
    needed = 2 * 8 * g.free_parameters * rows * columns
    remedy = "prove a smaller geometry of the same kind"
    refuse_beyond("the implied map of", g, needed, None, remedy)


def read_forward(apply: Map, g: Geometry) -> Array:
    """The reading of a forward map: unit kernels one by one, unit inputs as a batch."""
    rows, cols = g.matrix_shape
    inputs = units(cols, x_shape(g))
    reading = np.empty((g.free_parameters, rows, cols), np.int64)
    for tap, kernel in enumerate(units(g.free_parameters, g.weight_shape)):
        y = call(apply, kernel, inputs, g, (cols, *y_shape(g)))
        reading[tap] = y.reshape(cols, rows).T
    return reading


def read_input_grad(input_grad: Map, g: Geometry) -> Array:
    """The reading of an input gradient: as `read_forward`, with unit outputs."""
    rows, cols = g.matrix_shape
    grads = units(rows, y_shape(g))
    reading = np.empty((g.free_parameters, rows, cols), np.int64)
    for tap, kernel in enumerate(units(g.free_parameters, g.weight_shape)):
        x_grad = call(input_grad, grads, kernel, g, (rows, *x_shape(g)))
        reading[tap] = x_grad.reshape(rows, cols)
    return reading


def read_kernel_grad(kernel_grad: Map, g: Geometry) -> Array:
    """The reading of a kernel gradient: unit outputs one by one, inputs in code.

    Input `c` of seven is given the value `BASE**c`, so that the gradient by a tap has
    the entry of each input as a digit from -128 to 127. Two readings with the same code
    differ by at least 255 somewhere, so a wrong one passes for a right one, whose
    entries are 0 and 1, only if it has an entry of that size.
    """
    rows, cols = g.matrix_shape
    reading = np.empty((g.free_parameters, rows, cols), np.int64)
    codes = BASE ** np.arange(DIGITS, dtype=np.int64)
    for row, grad in enumerate(units(rows, (1, *y_shape(g)))):
        for start in range(0, cols, DIGITS):
            x = np.zeros(cols, np.int64)
            stop = min(start + DIGITS, cols)
            x[start:stop] = codes[: stop - start]
            coded = call(
                kernel_grad, grad, x.reshape(1, *x_shape(g)), g, g.weight_shape
            ).reshape(-1)
            for column in range(start, stop):
                digit = (coded + BASE // 2) % BASE - BASE // 2
                reading[:, row, column] = digit
                coded = (coded - digit) // BASE
            reading[:, row, stop - 1] += coded * BASE  # what no digit holds
    return reading


class UnreadableError(Exception):
    """A call that gave no integers of the right shape, or raised.

    Attributes
    ----------
    arguments : tuple of ndarray
        The two arrays of the call.
    expected : str
        What there should be.
    got : Exception
        What was raised.
    """

    def __init__(
        self, arguments: tuple[Array, Array], expected: str, got: Exception
    ) -> None:
        super().__init__(arguments, expected, got)
        self.arguments = arguments
        self.expected = expected
        self.got = got


def call(
    function: Map,
    first: Array,
    second: Array,
    g: Geometry,
    shape: Shape,
    dtype: npt.DTypeLike = np.int64,
) -> Array:
    """The result of a route on integers, seen to be of the right dtype and shape.

    Raises
    ------
    UnreadableError
        When it is not, or when the route raises an error of any kind.
    """
    kind = np.dtype(dtype)
    expected = f"an {kind} array of shape {shape}"
    try:
        result = function(first, second, g)
    except Exception as error:
        raise UnreadableError((first, second), expected, error) from error
    if result.shape == shape and result.dtype == kind:
        return result
    got = TypeError(f"an array of {result.dtype} and shape {result.shape}")
    raise UnreadableError((first, second), expected, got)


def units(count: int, shape: Shape) -> Array:
    """`count` unit arrays of a shape, read-only: no route may write to its input."""
    basis = np.eye(count, dtype=np.int64).reshape(count, *shape)
    basis.flags.writeable = False
    return basis


def x_shape(g: Geometry) -> Shape:
    """`(in_channels, *spatial)`."""
    return (g.in_channels, *g.input_size)


def y_shape(g: Geometry) -> Shape:
    """`(out_channels, *outs)`."""
    return (g.out_channels, *g.output_size)
