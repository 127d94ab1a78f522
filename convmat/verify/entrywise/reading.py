"""The whole matrix that a black box implies: every row, every column, every tap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from convmat import tie
from convmat.arrays import Array, IntArray, Shape
from convmat.errors import ConvmatError
from convmat.geometry import Geometry, require_geometry
from convmat.memory import refuse_beyond
from convmat.verify.black_box import Implementation
from convmat.verify.checks.maps import MAPS, BilinearMap
from convmat.verify.entrywise.codes import Code, code_for, nearest_integers
from convmat.verify.readings import one_hot

__all__ = ["Entry", "Reader", "implied_matrix", "require_claimed"]

_AT_ONCE = 1 << 24  # bytes of unit arrays and their results in one call
_ROLES = {
    "forward": ("col", "tap", "row"),
    "input_grad": ("row", "tap", "col"),
    "kernel_grad": ("row", "col", "tap"),
}
"""Of what there is one unit in a sample, some in code, and all in the result."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tap between an output and an input, all as flat indices."""

    row: int
    col: int
    tap: int

    def said(self, g: Geometry, got: object, expected: object) -> str:
        """The sentence for a wrong weight.

        Examples
        --------
        >>> from convmat import geometry
        >>> g = geometry((2, 3, 4), (2, 2, 2, 2))
        >>> print(Entry(5, 15, 5).said(g, 1, 0))
        output channel 0 at (1, 2) reads input channel 1 at (0, 3) through tap (0, 1)
        with weight 1; it should be 0
        """
        out, *at = _index(self.row, (g.out_channels, *g.output_size))
        into, *source = _index(self.col, (g.in_channels, *g.input_size))
        bank, channel, *tap = _index(self.tap, g.weight_shape)
        own = bank // (g.out_channels // g.groups) * g.weight_shape[1] + channel
        through = f"tap {tuple(tap)}"
        if (bank, own) != (out, into):
            through += f" of kernel[{bank}, {channel}]"
        return (
            f"output channel {out} at {tuple(at)} reads input channel {into} at "
            f"{tuple(source)} through {through} with weight {got}; it should be "
            f"{expected}"
        )


def _index(flat: int, shape: Shape) -> Shape:
    return tuple(map(int, np.unravel_index(flat, shape)))


@dataclass(frozen=True)
class Reader:
    """Calls of one map of a black box, on unit arrays.

    The forward map and the input gradient are read from a batch of unit arrays beside
    kernels in code. The kernel gradient, which sums over the batch, is read from one
    unit output at a time beside inputs in code.

    Attributes
    ----------
    implementation : Implementation
    one : BilinearMap
    g : Geometry
    code : Code
    """

    implementation: Implementation
    one: BilinearMap
    g: Geometry
    code: Code

    @property
    def counts(self) -> tuple[int, int, int]:
        """Numbers of units, of units in code, and of a result."""
        rows, cols = self.g.matrix_shape
        sizes = {"row": rows, "col": cols, "tap": self.g.free_parameters}
        units, coded, results = (sizes[role] for role in _ROLES[self.one.part])
        return units, coded, results

    @property
    def calls(self) -> int:
        """Number of steps of `readings`."""
        return len(self._chunks()) * -(-self.counts[1] // self.code.digits)

    def readings(self) -> Iterator[tuple[slice, slice, Array]]:
        """What units give beside units in code; all units come before the next in code.

        Yields
        ------
        tuple of slice, slice and ndarray
            Units, units in code, and results: entry `[unit, number]` is the sum over
            the units in code of their value times the weight.
        """
        coded = self.counts[1]
        shape = self._shapes()[1]
        arrays = self.code.arrays(coded, shape)
        arrays.flags.writeable = False
        for number, array in enumerate(arrays):
            start = number * self.code.digits
            held = slice(start, min(start + self.code.digits, coded))
            for chunk in self._chunks():
                yield chunk, held, self._given(chunk, array)

    def expected(self, chunk: slice, held: slice) -> Array:
        """What `readings` should give, by the tie map."""
        units, coded, results = self._ties()
        here = (units >= chunk.start) & (units < chunk.stop)
        here &= (coded >= held.start) & (coded < held.stop)
        right = np.zeros((chunk.stop - chunk.start, self.counts[2]), np.int64)
        values = self.code.values[coded[here] - held.start]
        np.add.at(right, (units[here] - chunk.start, results[here]), values)
        return right

    def weight(self, unit: int, coded: int, result: int) -> object:
        """One weight, read by itself."""
        second = np.zeros(self.counts[1], np.int64)
        second[coded] = 1
        array = second.astype(self.code.dtype).reshape(self._shapes()[1])
        weight: object = self._given(slice(unit, unit + 1), array)[0, result]
        return weight

    def alone(self, unit: int, held: slice, result: int) -> tuple[object, object]:
        """One number of `readings` and what it should be, in a batch of one unit."""
        chunk = slice(unit, unit + 1)
        arrays = self.code.arrays(self.counts[1], self._shapes()[1])
        array = arrays[held.start // self.code.digits]
        number: object = self._given(chunk, array)[0, result]
        return number, self.expected(chunk, held)[0, result]

    def right(self, unit: int, coded: int, result: int) -> int:
        """What that weight should be."""
        units, codeds, results = self._ties()
        held = (units == unit) & (codeds == coded) & (results == result)
        return int(np.count_nonzero(held))

    def entry(self, unit: int, coded: int, result: int) -> Entry:
        """The entry that a number of a result belongs to."""
        return Entry(
            **dict(zip(_ROLES[self.one.part], (unit, coded, result), strict=True))
        )

    def _ties(self) -> tuple[IntArray, IntArray, IntArray]:
        ties = tie.tie_map(self.g)
        places = {"row": ties.rows, "col": ties.cols, "tap": ties.taps}
        units, coded, results = (places[role] for role in _ROLES[self.one.part])
        return units, coded, results

    def _given(self, chunk: slice, second: Array) -> Array:
        """The result of a call, a row for each unit."""
        size = chunk.stop - chunk.start
        units = np.zeros((size, self.counts[0]), self.code.dtype)
        units[np.arange(size), np.arange(chunk.start, chunk.stop)] = 1
        first = units.reshape(size, *self._shapes()[0])
        if self.one.part == "kernel_grad":
            # x comes second here, and has a batch of its own.
            got = self.one.result(self.implementation, first, second[None], self.g)
        else:
            got = self.one.one_by_one(self.implementation, first, second, self.g)
        return got.reshape(size, -1)

    def _chunks(self) -> list[slice]:
        units, _, results = self.counts
        together = max(1, _AT_ONCE // (8 * (units + results)))
        if self.one.part == "kernel_grad":
            together = 1
        starts = range(0, units, together)
        return [slice(start, min(start + together, units)) for start in starts]

    def _shapes(self) -> tuple[Shape, Shape]:
        """Of a unit, and of what is in code; both without a batch."""
        inputs = (self.g.in_channels, *self.g.input_size)
        outputs = (self.g.out_channels, *self.g.output_size)
        first, second = {
            "forward": (inputs, self.g.weight_shape),
            "input_grad": (outputs, self.g.weight_shape),
            "kernel_grad": (outputs, inputs),
        }[self.one.part]
        return first, second


def implied_matrix(
    implementation: Implementation,
    g: Geometry,
    *,
    part: str = "forward",
    dtype: npt.DTypeLike | None = None,
) -> Array:
    """The whole map that a black box implies for a geometry, given that it is bilinear.

    It is read from a few calls: a batch of all unit inputs, beside kernels of which
    each holds several unit kernels as digits of an integer.

    Parameters
    ----------
    implementation : Implementation
    g : Geometry
    part : str
        `"forward"`, `"input_grad"` or `"kernel_grad"`. The last takes a call for each
        output and each few inputs.
    dtype : dtype, optional
        Of the arrays that it is called with; by default the first that it claims.

    Returns
    -------
    ndarray, shape (taps, rows, columns)
        Entry `[t, r, c]` is the weight with which tap `t` takes input `c` to output
        `r`, all counted in C order; 1 where the matrix holds the tap and else 0, if it
        is right. int64, or floats where a weight is no integer.

    Raises
    ------
    ConvmatError
        For a part that it has not, a geometry or a dtype that it does not claim, and a
        dtype whose rounding leaves no digit.
    CallLostError
        When a call gives no result.

    Examples
    --------
    >>> from convmat import conv, geometry
    >>> from convmat.verify import implementation
    >>> def swapped(x, kernel, **settings):
    ...     return conv(x, kernel[..., ::-1], **settings)
    >>> g = geometry((1, 3), (1, 1, 2))
    >>> implied_matrix(implementation(swapped), g)
    array([[[0, 1, 0],
            [0, 0, 1]],
           [[1, 0, 0],
            [0, 1, 0]]])
    """
    kind = require_claimed(implementation, g, dtype)
    if part not in implementation.parts:
        rule = f"must be among {', '.join(implementation.parts)}"
        raise ConvmatError("part", rule, part)
    needed = 3 * 8 * g.free_parameters * prod(g.matrix_shape)
    remedy = "read a smaller geometry of the same kind"
    refuse_beyond("the implied map of", g, needed, None, remedy)
    one = MAPS[part]
    code = code_for(implementation, one, g, kind)
    order = [_ROLES[part].index(role) for role in ("tap", "row", "col")]
    reading = _decoded(Reader(implementation, one, g, code))
    if reading is not None:
        reading = np.ascontiguousarray(reading.transpose(order))
    right = one_hot(g)
    if reading is not None and (code.digits == 1 or np.array_equal(reading, right)):
        return reading
    # A weight of 1/4 is 64 in the digit below, so wrong digits are read by themselves.
    alone = Code(kind, 1, code.relative, code.absolute)
    weights = _one_by_one(Reader(implementation, one, g, alone)).transpose(order)
    whole = nearest_integers(weights, code.relative + code.absolute)
    return np.ascontiguousarray(weights if whole is None else whole)


def _decoded(reader: Reader) -> Array | None:
    """Entry `[unit, coded, result]`; None where a reading is no integer."""
    reading = np.empty(reader.counts, np.int64)
    for chunk, held, got in reader.readings():
        weights = reader.code.decoded(got, held.stop - held.start)
        if weights is None:
            return None
        reading[chunk, held] = np.moveaxis(weights, 0, 1)
    return reading


def _one_by_one(reader: Reader) -> Array:
    """The same as it comes, one unit at a time in each call."""
    reading = np.empty(reader.counts, np.result_type(reader.code.dtype, np.float64))
    for chunk, held, got in reader.readings():
        reading[chunk, held] = got[:, None]
    return reading


def require_claimed(
    implementation: Implementation, g: Geometry, dtype: npt.DTypeLike | None
) -> np.dtype[np.generic]:
    """The dtype to call it with, once it and the geometry are seen to be claimed.

    Raises
    ------
    ConvmatError
        When one of them is not.
    """
    require_geometry(g)
    supports = implementation.supports
    lack = supports.lacks(g)
    if lack is not None:
        rule = f"must be within what the implementation claims, without {lack}"
        raise ConvmatError("geometry", rule, g)
    kind = supports.dtype if dtype is None else np.dtype(dtype)
    if not supports.takes(kind):
        rule = f"must be among {', '.join(supports.dtypes)}"
        raise ConvmatError("dtype", rule, str(kind))
    return kind
