"""`recognize`: whether a matrix is a convolution, and which."""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Shape
from convmat.errors import ConvmatTypeError
from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import read_shape
from convmat.structure.entries import read_entries
from convmat.structure.family import freedoms, unknown_taps
from convmat.structure.found import Found, Task
from convmat.structure.nearest import nearest_of
from convmat.structure.orders import Order
from convmat.structure.other_orders import in_other_orders
from convmat.structure.plainest import plainest
from convmat.structure.readings import Reading, given, possible
from convmat.structure.recognition import Nearest, Recognition
from convmat.structure.tolerance import tolerance_for
from convmat.structure.vote import elected

__all__ = ["recognize"]

_FEW = 0.05  # of the entries may be off, and the matrix is near a convolution


def recognize(
    matrix: Any,
    input_shape: IntOrInts | None = None,
    *,
    output_shape: IntOrInts | None = None,
    tolerance: Any = None,
    channels: bool | None = None,
    progress: bool | None = None,
) -> Recognition:
    """Whether a matrix is that of a convolution, and its geometry and kernel.

    Parameters
    ----------
    matrix : array_like or SciPy sparse matrix
        Integers, floats, complex numbers; a dense array may hold `Fraction` objects.
        Rows are outputs, columns are inputs. Only values count: it makes no difference
        whether a zero is stored.
    input_shape : int or tuple of int, optional
        `(*spatial)` or `(in_channels, *spatial)`; both are tried, and the one with
        fewer taps is told. By default it is searched for, with one and two spatial
        axes.
    output_shape : int or tuple of int, optional
        `(*spatial)` or `(out_channels, *spatial)`. By default it is searched for.
    tolerance : number, optional
        Entries that differ by no more are equal, and an entry no larger is 0. By
        default 0 for integers and objects, and 64 units of rounding of the largest
        entry for floats. With a tolerance of your own the kernel is the mean over each
        tie.
    channels : bool, optional
        Whether shapes are written with channels; by default both are tried.
    progress : bool, optional
        Whether more than two seconds of search show a bar; by default in a terminal
        only.

    Returns
    -------
    Recognition
        True in a condition when the matrix is a convolution. With zeros in the padding
        and stride below the size, that is decided; padding filled from the input is
        found where a window lies on the input as a whole or the axis is small. Of a
        matrix that is none the nearest convolution that was found is told.

    Raises
    ------
    ShapeError
        For what is no matrix, and shapes that contradict it.
    ConvmatError
        For entries that are not finite, and a negative tolerance.
    ConvmatTypeError
        For what holds no numbers, `True` for an integer, and the like.

    Notes
    -----
    A matrix is a convolution along an axis with zeros in the padding and stride `s`
    exactly when its entries are the same at `(out, in)` and `(out + 1, in + s)`, and
    this holds for each axis by itself. With padding filled from the input an entry is a
    sum of taps: there the matrices of a geometry are the tensor product of one space
    for each axis.

    References
    ----------
    R. M. Gray, "Toeplitz and Circulant Matrices: A Review", 2006, for the case of one
    axis and stride 1.

    Examples
    --------
    >>> print(
    ...     recognize(
    ...         [
    ...             [1, 2, 0, 3, 4, 0, 0, 0, 0],
    ...             [0, 1, 2, 0, 3, 4, 0, 0, 0],
    ...             [0, 0, 0, 1, 2, 0, 3, 4, 0],
    ...             [0, 0, 0, 0, 1, 2, 0, 3, 4],
    ...         ],
    ...         (3, 3),
    ...     )
    ... )
    yes: a convolution
      geometry((3, 3), (2, 2))
      kernel [[1, 2], [3, 4]]
    >>> W = [[1, 2, 0, 0, 0], [0, 1, 2, 0, 0], [0, 0, 1, 2, 0], [0, 0, 0, 9, 2]]
    >>> print(recognize(W, 5).nearest.broken)
    row 3, column 3 holds 9, but tap 0 is tied to 1 at row 0, column 0
    """
    entries = read_entries(matrix)
    allowed, mean = tolerance_for(entries, tolerance)
    if channels is not None and not isinstance(channels, bool):
        raise ConvmatTypeError("channels", "must be True, False or None", channels)
    outputs = None if output_shape is None else read_shape("output_shape", output_shape)
    entries = entries.without_zeros(allowed if mean else 0)
    task = Task(entries, allowed, mean, outputs, channels, progress)
    inputs = None if input_shape is None else read_shape("input_shape", input_shape)
    return _answer(task, inputs)


def _answer(task: Task, inputs: Shape | None) -> Recognition:
    shape = task.entries.shape
    told = "one input shape"
    if inputs is None:
        readings, every = possible(task.outputs, task.channels, shape)
        told = (
            f"{len(readings)} input shapes of one and two axes"
            f"{'' if every else ', not all there are'}"
        )
    else:
        readings = given(inputs, task.outputs, task.channels, shape)
    found = plainest(task, task.entries, readings)
    order, transposed = Order(task.entries, "C", "C", None), False
    plainer = _plainer(task, readings, found)
    if plainer is not None and plainer.wrong <= _FEW * len(task.entries.indices):
        # So near a convolution no other order is called for.
        return _told(task, found, order, transposed, plainer, told)
    if (found is None or found.loose) and len(task.entries.indices):
        told += ", rows and columns also with channels last and in Fortran order"
        told += ", and the transpose"
        for other, far, turned in in_other_orders(task, readings, inputs):
            if far.trivial or (found is not None and found.taps <= far.taps):
                continue
            nearer = _plainer(task, readings, far)
            order, found, transposed, plainer = other, far, turned, nearer
            if not found.loose:
                break
    return _told(task, found, order, transposed, plainer, told)


def _plainer(
    task: Task, readings: list[Reading], found: Found | None
) -> Nearest | None:
    """What is near the matrix and plainer than the convolution it is, if it is one."""
    if not len(task.entries.indices):
        return None
    if found is None or found.trivial:
        return _nearest(task, readings)
    if found.evidence.clear:
        return None
    near = _nearest(task, readings, found.evidence.taps)
    if near is None:
        return None
    taps = int(np.count_nonzero(near.kernel))
    return near if found.evidence.outdone(taps, near.wrong) else None


def _told(
    task: Task,
    found: Found | None,
    order: Order,
    transposed: bool,
    nearest: Nearest | None,
    searched: str,
) -> Recognition:
    g = kernel = evidence = None
    free: tuple[str, ...] = ()
    unknown: tuple[int, ...] = ()
    trivial = found is not None and bool(found.trivial)
    if found is not None:
        g, kernel = (
            found.geometry,
            found.kernel.reshape(found.geometry.kernel_shape),
        )
        free = tuple(
            freedoms(order.entries, found.guess, g, found.kernel, task.tolerance)
        )
        unknown, evidence = unknown_taps(g), found.evidence
    return Recognition(
        task.entries.shape,
        g,
        kernel,
        trivial,
        found is not None and not trivial and nearest is not None,
        evidence,
        task.tolerance,
        order.rows,
        order.columns,
        transposed,
        free,
        unknown,
        nearest,
        searched,
        order.entries,
    )


def _nearest(
    task: Task, readings: list[Reading], most: float = float("inf")
) -> Nearest | None:
    """The projection on the geometry that most entries agree with."""
    g = elected(task.entries, readings, most)
    return None if g is None else nearest_of(task.entries, g, task.tolerance)
