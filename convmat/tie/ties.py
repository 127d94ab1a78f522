"""`TieMap`: each stored matrix position with its tap, and how often a tap is used."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import Geometry, require_geometry
from convmat.memory import refuse_beyond
from convmat.tie.display import ties_html
from convmat.tie.index import check_columns

__all__ = ["TieMap", "tie_map"]

_CACHED_NNZ = 1 << 18  # larger maps are not kept alive behind the caller's back


@dataclass(frozen=True, eq=False)
class TieMap:
    """Which tap sits at which row and column of the matrix of a geometry.

    Entry `i` says: the matrix holds tap `taps[i]` at row `rows[i]`, column `cols[i]`.
    Entries run row by row, and within a row by tap: with zeros in the padding this is C
    order of the matrix. Where the padding is filled from the input, several entries may
    have one position; the matrix holds their sum. All arrays are read-only.

    Attributes
    ----------
    geometry : Geometry
    rows, cols : ndarray of int, shape (geometry.contributions,)
        Output and input of the entry: flat indices in C order of `(channel, *spatial)`.
    taps : ndarray of int, shape (geometry.contributions,)
        Flat index of the entry's tap into the kernel, in C order of its shape.

    Examples
    --------
    >>> from convmat import geometry
    >>> ties = tie_map(geometry((3, 3), (2, 2)))
    >>> ties.rows[:5], ties.cols[:5], ties.taps[:5]
    (array([0, 0, 0, 0, 1]), array([0, 1, 3, 4, 1]), array([0, 1, 2, 3, 0]))
    >>> ties.multiplicity
    array([[4, 4],
           [4, 4]])
    """

    geometry: Geometry
    rows: IntArray
    cols: IntArray
    taps: IntArray

    @cached_property
    def multiplicity(self) -> IntArray:
        """Entry `[tap]` is the number of matrix positions that hold the tap.

        That is the size of its tie. The shape is that of the kernel.
        """
        counts = np.ones((), dtype=np.int64)
        for axis in self.geometry.axes:
            counts = np.multiply.outer(counts, np.array(axis.tap_counts()))
        whole = np.broadcast_to(counts, self.geometry.weight_shape)
        return _read_only(whole.reshape(self.geometry.kernel_shape).copy())

    @cached_property
    def dead_taps(self) -> IntArray:
        """Flat indices of the taps that no matrix position holds."""
        return _read_only(np.flatnonzero(self.multiplicity == 0))

    @cached_property
    def dropped(self) -> tuple[IntArray, IntArray, IntArray]:
        """`(rows, cells, taps)` of the structural zeros that padding drops.

        Entry `i` says: in output `rows[i]`, tap `taps[i]` falls on cell `cells[i]` of
        the padding. Cells are flat indices into the *padded* input, in C order; such a
        zero has a position in the matrix over the padded input only. A position of
        either matrix that neither holds a tap nor is dropped is untouched.
        """
        return _outer_entries(self.geometry, inside=False)

    def where(self, tap: int) -> tuple[IntArray, IntArray]:
        """Rows and columns of the tie of one tap, a flat index into the kernel.

        Raises
        ------
        ConvmatError, ConvmatTypeError
            When there is no such tap.
        """
        entries = np.flatnonzero(self.taps == self._number(tap))
        return self.rows[entries], self.cols[entries]

    def _number(self, tap: int) -> int:
        last = self.geometry.free_parameters - 1
        try:
            number = operator.index(tap)
        except TypeError:
            number = None
        if number is None or isinstance(tap, bool):
            rule = f"must be an integer from 0 to {last}"
            raise ConvmatTypeError("tap", rule, tap) from None
        if not 0 <= number <= last:
            raise ConvmatError("tap", f"must be from 0 to {last}", tap)
        return number

    def pattern(self) -> Array:
        """The matrix of tap numbers, dense: for small geometries.

        Entry `[r, c]` is the flat index of the tap there, or -1 at a structural zero.

        Raises
        ------
        ConvmatError
            When taps share an entry, as they may where the padding is filled from the
            input.

        Examples
        --------
        >>> from convmat import geometry
        >>> tie_map(geometry((3,), (2,))).pattern()
        array([[ 0,  1, -1],
               [-1,  0,  1]])
        """
        if self.geometry.shared:
            rule = "must have at most one tap in each entry"
            remedy = "rows, cols and taps name all of them"
            raise ConvmatError("geometry", rule, self.geometry, remedy)
        rows, columns = self.geometry.matrix_shape
        remedy = "use rows, cols and taps"
        refuse_beyond(
            "the dense pattern of", self.geometry, 8 * rows * columns, None, remedy
        )
        dense = np.full(self.geometry.matrix_shape, -1, dtype=np.int64)
        dense[self.rows, self.cols] = self.taps
        return dense

    def __repr__(self) -> str:
        dead = f", {len(self.dead_taps)} dead taps" if len(self.dead_taps) else ""
        return f"TieMap({self.geometry!r}, {len(self.taps)} entries{dead})"

    def _repr_html_(self) -> str:
        return ties_html(self)


def tie_map(geometry: Geometry, *, max_bytes: int | None = None) -> TieMap:
    """The tie map of a geometry; small ones are kept and shared.

    Parameters
    ----------
    geometry : Geometry
        As `convmat.geometry` returns it.
    max_bytes : int, optional
        Bytes that the map may take; by default half of the physical memory.

    Returns
    -------
    TieMap

    Raises
    ------
    MatrixTooLargeError
        When the map would take more than `max_bytes`; nothing is allocated then.
    ConvmatTypeError
        When `geometry` is something else, such as a shape.

    Examples
    --------
    >>> from convmat import geometry
    >>> tie_map(geometry(4, 2, stride=2)).cols
    array([0, 1, 2, 3])
    """
    require_geometry(geometry)
    # Three int64 arrays of entries, and the window table they are picked from.
    windows = geometry.matrix_shape[0] * geometry.taps_per_row
    needed = 8 * (3 * geometry.nnz + 2 * windows)
    refuse_beyond("the tie map of", geometry, needed, max_bytes, "use conv_operator")
    check_columns(geometry.matrix_shape[1], geometry.input_shape)
    return _cached(geometry) if geometry.nnz <= _CACHED_NNZ else _build(geometry)


def _build(geometry: Geometry) -> TieMap:
    rows, cols, taps = _outer_entries(geometry, inside=True)
    return TieMap(geometry, rows, cols, taps)


_cached = lru_cache(maxsize=64)(_build)


def _outer_entries(
    geometry: Geometry, inside: bool
) -> tuple[IntArray, IntArray, IntArray]:
    """`(rows, cells, taps)` of all window cells inside the input, or of all outside.

    The window table has the shape `(out channels, *outs, channels of a group, *taps)`:
    the outer combination of the per-axis tables. Its C order is the matrix's C order.
    Cells count in the input when `inside`, else in the padded input.
    """
    rank = geometry.rank
    groups, per_group = geometry.groups, geometry.weight_shape[1]
    sizes = [axis.size if inside else axis.padded_size for axis in geometry.axes]

    # (groups, outputs of a group, 1..., channels of a group, 1...)
    channels = np.arange(geometry.in_channels, dtype=np.int64)
    channels = channels.reshape(groups, 1, *(1,) * rank, per_group, *(1,) * rank)
    cells = channels * prod(sizes)
    on_input: Array = np.ones((1,) * (3 + 2 * rank), dtype=bool)
    for number, axis in enumerate(geometry.axes):
        sources = axis.sources()  # (outs, taps)
        table = sources if inside else axis.padded_cells()
        place = [1] * (3 + 2 * rank)
        place[2 + number], place[3 + rank + number] = table.shape
        cells = cells + table.reshape(place) * prod(sizes[number + 1 :])
        on_input = on_input & (sources >= 0).reshape(place)

    outputs_per_group = geometry.out_channels // groups
    whole = (
        groups,
        outputs_per_group,
        *geometry.output_size,
        *geometry.weight_shape[1:],
    )
    kept = np.broadcast_to(on_input if inside else ~on_input, whole)
    window_cells = np.broadcast_to(cells, whole)[kept]
    # (row, tap of the row) of every kept cell; a row's taps start at its channel's.
    rows, row_taps = np.nonzero(kept.reshape(-1, geometry.taps_per_row))
    outputs = prod(geometry.output_size)
    taps = rows // outputs * geometry.taps_per_row + row_taps
    return _read_only(rows), _read_only(window_cells), _read_only(taps)


def _read_only(array: IntArray) -> IntArray:
    array.flags.writeable = False
    return array
