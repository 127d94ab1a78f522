"""`recognize`: whether a matrix is a convolution, and which."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from convmat.arrays import Shape
from convmat.errors import ConvmatTypeError
from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import read_shape
from convmat.structure.entries import read_entries
from convmat.structure.family import freedoms, unknown_taps
from convmat.structure.found import Found, Task
from convmat.structure.members import plainer_member
from convmat.structure.nearest import nearest_of
from convmat.structure.orders import Order
from convmat.structure.other_orders import in_other_orders
from convmat.structure.plainest import plainest
from convmat.structure.readings import Reading, given, possible
from convmat.structure.recognition import Nearest, Recognition
from convmat.structure.tolerance import tolerance_for
from convmat.structure.vote import elected

__all__ = ["recognize"]


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
      4 taps account for 16 entries, each for 4 or more
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
    votes = _Votes(task, readings)
    found = plainest(task, task.entries, readings, votes.close)
    order, transposed = Order(task.entries, "C", "C", None), False
    plainer = votes.plainer(found)
    if plainer is not None and plainer.close:
        # So near a convolution no other order is called for.
        return _told(task, found, order, transposed, plainer, told)
    if (found is None or found.loose) and len(task.entries.indices):
        told += ", other orders of rows and columns"
        told += ", and the transpose"
        for other, far, turned in in_other_orders(task, readings, inputs):
            if far.trivial or (found is not None and found.taps <= far.taps):
                continue
            order, found, transposed, plainer = other, far, turned, votes.plainer(far)
            if found.evidence.clear and not found.loose:
                break
    return _told(task, found, order, transposed, plainer, told)


class _Votes:
    """The nearest plain convolution of a task, elected when it is asked for."""

    def __init__(self, task: Task, readings: list[Reading]) -> None:
        self._task = task
        self._readings = readings

    @cached_property
    def nearest(self) -> Nearest | None:
        """The projection on the geometry that most entries agree with."""
        entries = self._task.entries
        g = elected(entries, self._readings) if len(entries.indices) else None
        return None if g is None else nearest_of(entries, g, self._task.tolerance)

    def close(self) -> bool:
        """Whether few entries are off from it, but some."""
        near = self.nearest
        return near is not None and near.wrong > 0 and near.close

    def plainer(self, found: Found | None) -> Nearest | None:
        """What is near the matrix and plainer than the convolution that it is."""
        if found is None or found.trivial:
            return self.nearest
        if found.evidence.clear or self.nearest is None:
            return None
        near = self.nearest
        return near if found.evidence.outdone(near.kernel, near.wrong) else None


def _told(
    task: Task,
    found: Found | None,
    order: Order,
    transposed: bool,
    nearest: Nearest | None,
    searched: str,
) -> Recognition:
    g = kernel = evidence = None
    if task.effort.left <= 0:
        searched += "; there were more shapes than were tried: name some"
    free: tuple[str, ...] = ()
    unknown: tuple[int, ...] = ()
    trivial = found is not None and bool(found.trivial)
    overfitted = found is not None and not trivial and nearest is not None
    if found is not None:
        g, kernel = (
            found.geometry,
            found.kernel.reshape(found.geometry.kernel_shape),
        )
        evidence = found.evidence
        if not (task.mean or trivial):
            g, kernel = plainer_member(order.entries, g, kernel, task.tolerance)
        bank = kernel.reshape(g.weight_shape)
        free = tuple(freedoms(order.entries, found.guess, g, bank, task.tolerance))
        unknown = unknown_taps(g)
    return Recognition(
        task.entries.shape,
        g,
        kernel,
        trivial,
        overfitted,
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
