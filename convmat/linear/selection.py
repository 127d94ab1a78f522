"""Matrices of which each row reads one cell of the input, or none.

Padding, cropping, resampling and im2col are all of this kind. A `Pick` says for one
axis which cell is read; the matrix is the outer combination of its axes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.geometry import Axis
from convmat.linear.reading import Input
from convmat.memory import refuse_beyond
from convmat.tie import check_columns, narrowest

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Pick", "Selection"]


@dataclass(frozen=True, slots=True)
class Pick:
    """Which cell of one axis is read by each of its taps and outputs.

    Attributes
    ----------
    taps, outs : int
        Rows along the axis, in two parts: 1 tap where no window is laid out.
    size : int
        Cells of the input.
    stored : int
        How many pairs of a tap and an output read a cell; counted, not built.
    sources : callable
        `sources()[t, o]` is the cell that output `o` reads through tap `t`, or -1. Not
        called before the matrix is known to be allowed.
    """

    taps: int
    outs: int
    size: int
    stored: int
    sources: Callable[[], IntArray]

    @classmethod
    def windows(cls, axis: Axis) -> Pick:
        """Every tap of every window of an axis."""
        return cls(
            axis.kernel,
            axis.out_size,
            axis.size,
            axis.contributions(),
            lambda: axis.sources().T,
        )

    @classmethod
    def every(cls, size: int, cells: range) -> Pick:
        """The cells of a range of step 1 inside an axis of `size` cells, each once."""
        count = cells.stop - cells.start  # len() has a limit
        return cls(1, count, size, count, lambda: np.array(cells, np.int64)[None])


@dataclass(frozen=True, slots=True)
class Selection:
    """The matrix of some picks, with its size known before it is built.

    Rows count in C order of `(channel, *taps, *outs)`, columns of
    `(channel, *spatial)`.

    Attributes
    ----------
    channels : int
        Each channel is read by itself, in the same way.
    picks : sequence of Pick
        One for each spatial axis.

    Examples
    --------
    >>> from convmat.linear.reading import Input
    >>> chosen = Selection(2, [Pick.every(3, range(1, 3))])
    >>> chosen.shape, chosen.stored
    ((4, 6), 4)
    >>> chosen.matrix("the matrix of", Input(2, (3,), True), None, "").toarray()
    array([[0, 1, 0, 0, 0, 0],
           [0, 0, 1, 0, 0, 0],
           [0, 0, 0, 0, 1, 0],
           [0, 0, 0, 0, 0, 1]])
    """

    channels: int
    picks: Sequence[Pick]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the matrix."""
        rows = prod(pick.taps * pick.outs for pick in self.picks)
        columns = prod(pick.size for pick in self.picks)
        return self.channels * rows, self.channels * columns

    @property
    def stored(self) -> int:
        """Number of stored entries."""
        return self.channels * prod(pick.stored for pick in self.picks)

    @property
    def index_dtype(self) -> np.dtype[np.signedinteger]:
        """int32 where all indices fit, else int64: what SciPy would choose."""
        return narrowest(max(self.stored, *self.shape))

    def bytes(
        self, dtype: npt.DTypeLike = np.int64, *, transposed: bool = False
    ) -> int:
        """Bytes of the three arrays of the matrix, or of its transpose."""
        index = self.index_dtype.itemsize
        entries = self.stored * (np.dtype(dtype).itemsize + index)
        return entries + (self.shape[transposed] + 1) * index

    def matrix(
        self,
        what: str,
        given: Input,
        max_bytes: int | None,
        remedy: str,
        dtype: npt.DTypeLike = np.int64,
    ) -> csr_array[Any, tuple[int, int]]:
        """The matrix, whose entries are ones; or the refusal to build it.

        Parameters
        ----------
        what : str
            What it is, for the refusal: "the padding matrix of".
        given : Input
            The input beside which it stands, for the refusal.
        max_bytes : int or None
        remedy : str
            What to use instead.
        dtype : dtype
            Of the ones.

        Returns
        -------
        scipy.sparse.csr_array

        Raises
        ------
        MatrixTooLargeError
            When it would take more than `max_bytes`.
        ConvmatError
            When an int64 cannot number the columns.
        """
        refuse_beyond(what, given.shape, self.bytes(dtype), max_bytes, remedy)
        check_columns(self.shape[1], given.shape)
        from scipy.sparse import csr_array

        indptr, indices = self._structure()
        data = np.ones(self.stored, dtype)
        matrix = csr_array((data, indices, indptr), shape=self.shape, copy=False)
        matrix.has_canonical_format = True  # a row has one entry at most
        return matrix

    def _structure(self) -> tuple[IntArray, IntArray]:
        """New arrays `(indptr, indices)`."""
        rank, index = len(self.picks), self.index_dtype
        taps = (pick.taps for pick in self.picks)
        row_shape = (self.channels, *taps, *(pick.outs for pick in self.picks))
        sizes = [pick.size for pick in self.picks]

        # All axes stand at their place in (channel, *taps, *outs).
        cells: Array = np.arange(self.channels, dtype=index) * prod(sizes)
        cells = cells.reshape(-1, *(1,) * (2 * rank))
        kept: Array | None = None
        for number, pick in enumerate(self.picks):
            place = [1] * (1 + 2 * rank)
            place[1 + number], place[1 + rank + number] = pick.taps, pick.outs
            sources = pick.sources().astype(index).reshape(place)
            cells = cells + sources * prod(sizes[number + 1 :])
            if pick.stored < sources.size:
                read = sources >= 0
                kept = read if kept is None else kept & read
        rows = self.shape[0]
        if kept is None:
            return np.arange(rows + 1, dtype=index), cells.reshape(-1)
        kept = np.broadcast_to(kept, row_shape)
        indptr: IntArray = np.zeros(rows + 1, index)
        ends = indptr[1:]
        ends.reshape(row_shape)[...] = kept
        np.cumsum(ends, dtype=index, out=ends)  # without it, an int64 copy of all rows
        return indptr, cells[kept]
