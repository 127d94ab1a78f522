"""What average pooling divides by: the size of each window, counted exactly."""

from __future__ import annotations

from math import prod

import numpy as np

from convmat.arrays import IntArray, Shape
from convmat.errors import GeometryError
from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import Padding, read_shape
from convmat.linear.reading import require_bool
from convmat.linear.windows import Windows, read_windows
from convmat.memory import refuse_beyond

__all__ = ["avg_pool_divisors", "divisors_of"]


def avg_pool_divisors(
    input_shape: IntOrInts,
    pool_size: IntOrInts,
    *,
    stride: IntOrInts | None = None,
    padding: Padding = 0,
    dilation: IntOrInts = 1,
    count_include_pad: bool = True,
    ceil_mode: bool = False,
    divisor_override: int | None = None,
    max_bytes: int | None = None,
) -> IntArray:
    """What average pooling divides each sum by: with it, averages are exact Fractions.

    Parameters
    ----------
    input_shape, pool_size, stride, padding, dilation, count_include_pad, ceil_mode, \
divisor_override
        As in `avg_pool_matrix`.
    max_bytes : int, optional
        Bytes that the array may take; by default half of the physical memory.

    Returns
    -------
    ndarray of int64, `(*outs)`
        Entry `[*out]` is the number of cells of the window of output `out`, the same
        for every channel. With `count_include_pad` cells of padding count, but none
        beyond it; without, cells of the input only.

    Raises
    ------
    GeometryError
        For windows that do not fit the input, a divisor override of 0, and a window
        without a cell of the input where only those count.
    ShapeError, ConvmatTypeError
        For arguments that are none.
    MatrixTooLargeError
        When the array would take more than `max_bytes`; nothing is allocated then.

    Examples
    --------
    >>> avg_pool_divisors(4, 3, stride=2, padding=1)
    array([3, 3])
    >>> avg_pool_divisors(4, 3, stride=2, padding=1, count_include_pad=False)
    array([2, 3])
    >>> avg_pool_divisors(4, 3, stride=2, padding=1, ceil_mode=True)
    array([3, 3, 2])

    Exact averages of integers:

    >>> from fractions import Fraction
    >>> from convmat.linear.pooling import sum_pool_matrix
    >>> sums = sum_pool_matrix(4, 3, stride=2, padding=1) @ [1, 2, 3, 5]
    >>> sums * Fraction(1) / avg_pool_divisors(4, 3, stride=2, padding=1)
    array([Fraction(1, 1), Fraction(10, 3)], dtype=object)
    """
    windows = read_windows(input_shape, pool_size, stride, padding, dilation, ceil_mode)
    g = windows.geometry
    needed = 8 * prod(g.output_size)
    remedy = "a part of the input has the same divisors"
    refuse_beyond("the divisors of", g, needed, max_bytes, remedy)
    return divisors_of(windows, count_include_pad, divisor_override)


def divisors_of(
    windows: Windows, count_include_pad: bool, divisor_override: int | None
) -> IntArray:
    """The divisor of each window of one channel, `(*outs)`."""
    require_bool("count_include_pad", count_include_pad)
    size = windows.geometry.output_size
    if divisor_override is not None:
        return np.full(size, _override(divisor_override), np.int64)
    divisors = windows.cells(count_include_pad)
    if not divisors.all():
        _refuse_empty(windows, size, divisors)
    return divisors


def _override(value: object) -> int:
    """`divisor_override` as a plain int."""
    name, rule = "divisor_override", "must be one integer other than 0"
    integers = read_shape(name, value)
    if len(integers) != 1 or integers[0] == 0:
        raise GeometryError(name, rule, value)
    if abs(integers[0]) >= 1 << 63:
        raise GeometryError(name, "must be within 64 bits", value)
    return integers[0]


def _refuse_empty(windows: Windows, size: Shape, divisors: IntArray) -> None:
    """Nothing can be divided by the size of a window that lies beside the input."""
    first = np.unravel_index(int(np.argmin(divisors != 0)), size)
    out = tuple(map(int, first))
    raise GeometryError(
        "padding",
        "must leave every window a cell of the input beside count_include_pad=False, "
        f"and that of output {out} has none",
        windows.padding,
        "use less padding, count_include_pad=True, divisor_override or sum_pool_matrix",
    )
