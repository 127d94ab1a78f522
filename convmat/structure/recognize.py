"""`recognize`: whether a matrix is a convolution, and which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from numbers import Real
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import Geometry, IntOrInts
from convmat.geometry.shorthand import read_shape
from convmat.matrix.bars import bar
from convmat.structure.entries import Entries, read_entries
from convmat.structure.family import freedoms, unknown_taps
from convmat.structure.nearest import nearest_of, projected, voted
from convmat.structure.orders import Order, fortran, orders
from convmat.structure.projection import WHOLE, numbers
from convmat.structure.reading import blocks, read_kernel
from convmat.structure.readings import Reading, given, possible
from convmat.structure.recognition import Nearest, Recognition
from convmat.structure.same import same
from convmat.structure.search import Guess, Search, divisors

__all__ = ["recognize"]

_ROUNDINGS = 64  # of the largest entry, that floats may be off by default
_USES = 1.25  # entries that a tap stands in, on the average, to be tied at all
_TRIED = 64  # guesses that are held against every entry
_LARGE = 1 << 12  # entries from which the first guess that holds is the answer
_ORDERED = 4  # readings that are tried in other orders, where none is given
_VOTES = 12  # shapes of the output that are voted on


@dataclass(frozen=True, eq=False)
class _Found:
    guess: Guess
    geometry: Geometry
    kernel: Array

    thin: bool
    """Whether a tap stands in hardly more than one entry, on the average."""

    @property
    def trivial(self) -> bool:
        """Whether nothing is tied along an axis, or next to nothing at all."""
        return self.thin or self.guess.trivial

    @property
    def loose(self) -> bool:
        """Whether nothing, or nothing along an axis that has inputs, is tied."""
        axes = self.geometry.axes
        return self.trivial or any(a.out_size == 1 < a.size for a in axes)

    @property
    def taps(self) -> float:
        """Taps of the kernel; a trivial geometry is worse than any other."""
        return float("inf") if self.trivial else self.geometry.free_parameters


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
    allowed, mean = _tolerance(tolerance, entries)
    if channels is not None and not isinstance(channels, bool):
        raise ConvmatTypeError("channels", "must be True, False or None", channels)
    outputs = None if output_shape is None else read_shape("output_shape", output_shape)
    entries = entries.without_zeros(allowed if mean else 0)
    task = _Task(entries, allowed, mean, outputs, channels, progress)
    inputs = None if input_shape is None else read_shape("input_shape", input_shape)
    return task.run(inputs)


def _tolerance(tolerance: Any, entries: Entries) -> tuple[Any, bool]:
    """How far entries may be apart, and whether the caller said so."""
    if tolerance is None:
        if entries.exact:
            return 0, False
        unit = float(np.finfo(entries.data.dtype).eps)
        return _ROUNDINGS * unit * float(entries.largest), False
    if not isinstance(tolerance, Real) or isinstance(tolerance, bool):
        raise ConvmatTypeError("tolerance", "must be a number", tolerance)
    if not 0 <= float(tolerance) < float("inf"):
        rule = "must be at least 0 and finite"
        raise ConvmatError("tolerance", rule, tolerance)
    return tolerance, bool(tolerance)


@dataclass(frozen=True, eq=False)
class _Task:
    """What is looked for, in which matrix."""

    entries: Entries
    tolerance: Any
    mean: bool
    outputs: Shape | None
    channels: bool | None
    progress: bool | None

    def run(self, inputs: Shape | None) -> Recognition:
        shape = self.entries.shape
        told = "one input shape"
        if inputs is None:
            readings, every = possible(self.outputs, self.channels, shape)
            told = (
                f"{len(readings)} input shapes of one and two axes"
                f"{'' if every else ', not all there are'}"
            )
        else:
            readings = self._given(inputs)
        found = self._best(self.entries, readings)
        order, transposed = Order(self.entries, "C", "C", None), False
        if found is None or found.loose:
            told += ", rows and columns also with channels last and in Fortran order"
            told += ", and the transpose"
            for other, far, turned in self._others(readings, inputs):
                if far.trivial or (found is not None and found.taps <= far.taps):
                    continue
                order, found, transposed = other, far, turned
                if not found.loose:
                    break
        return self._told(found, order, transposed, readings, told)

    def _given(self, inputs: Shape) -> list[Reading]:
        return given(inputs, self.outputs, self.channels, self.entries.shape)

    def _best(self, entries: Entries, readings: list[Reading]) -> _Found | None:
        """The plainest geometry that has the matrix."""
        found = None
        for whole in (False, True):
            found = self._searched(entries, readings, whole)
            if found is not None or len(entries.indices) <= WHOLE:
                break
        return found

    def _searched(
        self, entries: Entries, readings: list[Reading], whole: bool
    ) -> _Found | None:
        rough = numbers(entries)
        slack = 0.0
        if self.mean:
            scale: float = float(entries.largest) or 1.0
            # Errors of chance add up along the rows and columns that are summed.
            slack = 4 * float(self.tolerance) / scale * float(max(entries.shape)) ** 0.5
        search = Search(rough, slack, whole)
        guesses: list[tuple[tuple[Any, ...], Guess]] = []
        trivials: list[tuple[tuple[Any, ...], Guess]] = []
        large, found = len(entries.indices) > _LARGE, None
        hidden = None if self.progress is None else not self.progress
        with bar("readings", len(readings), " shapes", hidden=hidden) as shown:
            for number, reading in enumerate(readings):
                for guess in self._guesses(search, reading):
                    trivial, taps, *rest = guess.rank
                    if trivial or taps > search.fewest:
                        trivials.append(((taps, number, *rest), guess))
                    elif not large:
                        guesses.append(((taps, number, *rest), guess))
                    elif found is None or taps < found.guess.geometry.free_parameters:
                        better = self._checked(entries, guess)
                        if better is not None and not better.trivial:
                            found, search.fewest = better, taps
                            break
                shown.update()
        if found is not None:
            return found
        for some in (guesses, trivials):
            some.sort(key=lambda each: each[0])
            for _, guess in some[:_TRIED]:
                other = self._checked(entries, guess)
                found = found or other
                if other is not None and not other.trivial:
                    return other
        return found

    def _guesses(self, search: Search, reading: Reading) -> Iterator[Guess]:
        return search.guesses(
            reading.in_channels,
            reading.inputs,
            reading.outputs,
            reading.has_channels,
            reading.out_channels,
        )

    def _checked(self, entries: Entries, guess: Guess) -> _Found | None:
        """The guess with its kernel and groups, if it has every entry."""
        g = guess.geometry
        try:
            if self.mean:
                kernel = projected(entries, g)[0].reshape(g.weight_shape)
            else:
                kernel = read_kernel(entries, g)
            groups = blocks(kernel) if g.has_channels else 1
            if groups > 1:
                g = replace(g, groups=groups)
                kernel = _cut(kernel, groups)
            if not same(entries, kernel, g, self.tolerance):
                return None
        except ConvmatError:  # sums beyond int64, or far more entries than there are
            return None
        used = int(np.count_nonzero(kernel)) or 1
        return _Found(guess, g, kernel, bool(len(entries.indices) < _USES * used))

    # --------------------------------------------------------------- other orders

    def _others(
        self, readings: list[Reading], inputs: Shape | None
    ) -> Iterator[tuple[Order, _Found, bool]]:
        """What is found in other orders, and in the transpose."""
        for reading in readings[: None if inputs else _ORDERED]:
            if not reading.has_channels and len(reading.inputs) < 2:
                continue
            for order in orders(
                self.entries, reading.in_channels, reading.inputs, reading.out_channels
            ):
                other = replace(reading, out_channels=order.out_channels)
                found = self._best(order.entries, [other])
                if found is not None:
                    yield order, found, False
            turned = self._fortran(reading)
            if turned is not None:
                yield *turned, False
        entries = self.entries.transposed()
        if inputs is None:
            backwards, _ = possible(None, self.channels, entries.shape)
        elif self.outputs is None:
            backwards, _ = possible(inputs, self.channels, entries.shape)
        else:
            task = replace(self, entries=entries, outputs=inputs)
            backwards = task._given(self.outputs)
        found = self._best(entries, backwards)
        if found is not None:
            yield Order(entries, "C", "C", None), found, True

    def _fortran(self, reading: Reading) -> tuple[Order, _Found] | None:
        """Rows and columns both in Fortran order: all axes the other way round."""
        if len(reading.inputs) < 2:
            return None
        wanted = reading.outputs and reading.outputs[::-1]
        around = replace(reading, inputs=reading.inputs[::-1], outputs=wanted)
        counts = [reading.out_channels]
        if reading.has_channels and reading.out_channels is None:
            total = self.entries.shape[0]
            counts = [count for count in divisors(total) if count < total]
        for count in counts:
            ahead = fortran((count or 1, self.entries.shape[0] // (count or 1)))
            behind = fortran((reading.in_channels, prod(reading.inputs)))
            moved = self.entries.moved(ahead, behind)
            there = self._best(moved, [replace(around, out_channels=count)])
            if there is None or there.trivial:
                continue
            guess = _reversed(there.guess)
            g = guess.geometry
            rows = fortran((g.out_channels, *g.output_size))
            columns = fortran((g.in_channels, *g.input_size))
            entries = self.entries.moved(rows, columns)
            found = self._checked(entries, guess)
            if found is not None:
                return Order(entries, "Fortran", "Fortran", count), found
        return None

    # ------------------------------------------------------------------- the answer

    def _told(
        self,
        found: _Found | None,
        order: Order,
        transposed: bool,
        readings: list[Reading],
        searched: str,
    ) -> Recognition:
        g = kernel = None
        free: tuple[str, ...] = ()
        unknown: tuple[int, ...] = ()
        trivial = found is not None and bool(found.trivial)
        if found is not None:
            g, kernel = (
                found.geometry,
                found.kernel.reshape(found.geometry.kernel_shape),
            )
            free = tuple(
                freedoms(order.entries, found.guess, g, found.kernel, self.tolerance)
            )
            unknown = unknown_taps(g)
        nearest = self._nearest(readings) if found is None or trivial else None
        return Recognition(
            self.entries.shape,
            g,
            kernel,
            trivial,
            self.tolerance,
            order.rows,
            order.columns,
            transposed,
            free,
            unknown,
            nearest,
            searched,
            order.entries,
        )

    def _nearest(self, readings: list[Reading]) -> Nearest | None:
        """The projection on the geometry that most entries agree with."""
        entries = self.entries
        rough = numbers(entries)
        search = Search(rough, 0)
        best: tuple[float, Geometry] | None = None
        for reading in readings[:_VOTES]:
            each = [reading.outputs]
            if reading.outputs is None:
                each = list(search.likely_outputs(reading.inputs, _VOTES))
            for outputs in each:
                if outputs is None or entries.shape[0] % prod(outputs):
                    continue
                count = entries.shape[0] // prod(outputs)
                if reading.out_channels not in (None, count):
                    continue
                vote = voted(
                    entries,
                    rough,
                    reading.in_channels,
                    reading.inputs,
                    outputs,
                    reading.has_channels,
                    float("inf") if best is None else best[0],
                )
                best = best if vote is None else vote
        return None if best is None else nearest_of(entries, best[1], self.tolerance)


def _cut(kernel: Array, groups: int) -> Array:
    """The part of a kernel of one group that the groups keep."""
    out_channels, in_channels = kernel.shape[:2]
    per_out, per_in = out_channels // groups, in_channels // groups
    parts = [
        kernel[n * per_out : (n + 1) * per_out, n * per_in : (n + 1) * per_in]
        for n in range(groups)
    ]
    return np.concatenate(parts)


def _reversed(guess: Guess) -> Guess:
    """The guess with its spatial axes the other way round."""
    g = guess.geometry
    turned = replace(
        g,
        input_size=g.input_size[::-1],
        kernel_size=g.kernel_size[::-1],
        stride=g.stride[::-1],
        padding=g.padding[::-1],
        dilation=g.dilation[::-1],
    )
    return replace(guess, geometry=turned, fits=guess.fits[::-1])
