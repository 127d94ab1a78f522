"""`Rung`: which entries of a matrix may move, and which move as one.

A convolution's matrix has two constraints, structural zeros and tied weights. Taken one
after the other they make a ladder:

    dense               every entry is free
    locally connected   structural zeros are kept, no weights are tied
    convolution         structural zeros are kept, the ties of the kernel too
    circulant           the same on a torus, where every tie has one multiplicity

Each rung is a linear subspace `{sum_k theta[k] * B_k}` of the matrices, and knows it in
entries: the values of a matrix at the positions of the rung, row by row. With a bias
the matrices have one more column, which multiplies 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.constraints.gram import Gram, gram_of
from convmat.errors import ConvmatError, GeometryError
from convmat.geometry import Geometry, require_geometry
from convmat.memory import refuse_beyond
from convmat.tie import tie_map

__all__ = ["RUNGS", "Rung", "rung_of"]

RUNGS = ("dense", "locally_connected", "convolution", "circulant")
"""From no constraint to the narrowest."""

_CACHED = 1 << 18  # entries: larger rungs are not kept behind the caller's back


@dataclass(frozen=True, eq=False)
class Rung:
    """A linear subspace of matrices: free positions, and ties between them.

    Contribution `i` says: entry `places[i]` holds parameter `taps[i]`. They run
    in the order of the entries. What several parameters reach holds their sum.
    All arrays are read-only.

    Attributes
    ----------
    name : str
        One of `RUNGS`.
    geometry : Geometry
        Of the convolution; on the rung `circulant` it has circular padding.
    bias : bool
        Whether the last column of a matrix is a bias, one parameter per output channel
        where weights are tied, else one per output.
    rows, cols : ndarray of int, shape (entries,)
        Position of each entry, in C order of the matrix.
    places, taps : ndarray of int, shape (contributions,)
        Entry and parameter of each contribution. The parameters are the taps of the
        kernel in C order and then the biases.
    free_parameters : int

    Examples
    --------
    >>> from convmat import geometry
    >>> for name in RUNGS:
    ...     r = rung_of(name, geometry((8, 8), (3, 3), padding=1))
    ...     print(f"{name:17}  {len(r.rows):,} entries, {r.free_parameters:,} free")
    dense              4,096 entries, 4,096 free
    locally_connected  484 entries, 484 free
    convolution        484 entries, 9 free
    circulant          576 entries, 9 free
    """

    name: str
    geometry: Geometry
    bias: bool
    rows: IntArray
    cols: IntArray
    places: IntArray
    taps: IntArray
    free_parameters: int

    @property
    def shape(self) -> tuple[int, int]:
        """Of the matrices, the column of the bias included."""
        rows, columns = self.geometry.matrix_shape
        return rows, columns + self.bias

    @property
    def tied(self) -> bool:
        """Whether some entries must move as one."""
        return self.name in ("convolution", "circulant")

    @property
    def shared(self) -> bool:
        """Whether an entry may hold several parameters."""
        return len(self.places) > len(self.rows)

    @cached_property
    def multiplicity(self) -> IntArray:
        """Entry `[k]` is the number of entries that hold parameter `k`."""
        return np.bincount(self.taps, minlength=self.free_parameters)

    # ------------------------------------------------------- the subspace, in entries

    def embed(self, theta: Array) -> Array:
        """The entries of the matrix that has the parameters `theta`."""
        if not self.tied:
            return theta.copy()
        if not self.shared:
            entries: Array = theta[self.taps]
            return entries
        return _runs(theta[self.taps], self._starts)

    def pull_back(self, gradient: Array) -> Array:
        """The gradient by the parameters, from that by the entries.

        By the chain rule it is the sum over each tie; a dead tap has gradient 0.
        """
        if not self.tied:
            return gradient.copy()
        order, starts, live = self._by_tap
        sums = np.zeros(self.free_parameters, gradient.dtype)
        sums[live] = _runs(gradient[self.places[order]], starts)
        return sums

    def extract(self, entries: Array) -> Array:
        """The parameters of the nearest matrix of the rung, in the sum of squares.

        Where no entry is shared it is the mean over each tie. Where all entries of a
        tie are equal, their value comes back to the bit. Integers give `Fraction`.
        """
        if not self.tied:
            return entries.copy()
        if entries.dtype.kind == "i":
            entries = entries.astype(object)
        theta = self.read(entries)
        # Only what the reading leaves over is averaged: where that is 0, the
        # parameters are exactly as read.
        rest = entries - self.embed(theta)
        return np.asarray(theta + self.solve(self.pull_back(rest)))

    def project(self, entries: Array) -> Array:
        """The entries of the nearest matrix of the rung, in the sum of squares.

        Of a gradient it is the tangent part: the mean over each tie.
        """
        return self.embed(self.extract(entries))

    def read(self, entries: Array) -> Array:
        """Entry `[k]` is the first entry that holds parameter `k` alone, or 0."""
        theta = np.zeros(self.free_parameters, entries.dtype)
        taps, first = self._alone
        theta[taps] = entries[first]
        return theta

    def nearest(self, entries: Array) -> Array:
        """The parameters that `entries` are held against, to tell where they breach.

        Those that stand in the first entry of each tie. Where a tap is nowhere alone in
        an entry, the parameters of the nearest matrix: in floats known up to rounding.
        """
        return self.read(entries) if self.all_alone else self.extract(entries)

    def solve(self, sums: Array) -> Array:
        """The parameters whose matrix has inner products `sums` with the ties.

        Parameters that leave no trace of their own are given 0.
        """
        if not self.shared:
            return _shares(sums, self.multiplicity)
        taps = self.geometry.free_parameters
        biases = _shares(sums[taps:], self.multiplicity[taps:])
        return np.concatenate([self._gram.solve(sums[:taps]), biases])

    # ------------------------------------------------------------------- what is tied

    @cached_property
    def classes(self) -> tuple[IntArray, IntArray]:
        """`(number, first)`: entries that hold the same parameters have one number.

        `first[number]` is the first entry of the class. An entry that holds several
        parameters is in the class of those that hold exactly these.
        """
        if not self.shared:
            _, first, number = np.unique(
                self.taps, return_index=True, return_inverse=True
            )
            return number, first
        lists = np.split(self.taps, self._starts[1:])
        known: dict[bytes, int] = {}
        number = np.array([known.setdefault(t.tobytes(), len(known)) for t in lists])
        return number, np.unique(number, return_index=True)[1]

    def first_of_each(self, entries: Array) -> Array:
        """Entry `[i]` is the first entry of the class of entry `i`."""
        if not self.tied:
            return entries
        number, first = self.classes
        return np.asarray(entries[first][number])

    @property
    def _gram(self) -> Gram:
        return gram_of(self.geometry)

    @cached_property
    def all_alone(self) -> bool:
        """Whether every parameter that is not dead stands alone in some entry."""
        return len(self._alone[0]) == np.count_nonzero(self.multiplicity)

    @cached_property
    def _alone(self) -> tuple[IntArray, IntArray]:
        """Parameters that stand alone in some entry, and the first such entry."""
        held = np.bincount(self.places, minlength=len(self.rows))
        single = np.flatnonzero(held[self.places] == 1)
        taps, first = np.unique(self.taps[single], return_index=True)
        return taps, self.places[single[first]]

    @cached_property
    def _by_tap(self) -> tuple[IntArray, IntArray, IntArray]:
        """Contributions in order of their parameter, where each begins, and which."""
        order = np.argsort(self.taps, kind="stable")
        live, starts = np.unique(self.taps[order], return_index=True)
        return order, starts, live

    @cached_property
    def _starts(self) -> IntArray:
        """The first contribution of each entry."""
        return np.flatnonzero(np.diff(self.places, prepend=-1))

    def __repr__(self) -> str:
        bias = ", bias=True" if self.bias else ""
        return f"rung_of({self.name!r}, {self.geometry!r}{bias})"


def rung_of(
    name: str,
    geometry: Geometry,
    *,
    bias: bool = False,
    max_bytes: int | None = None,
) -> Rung:
    """A rung of the ladder for one geometry; small ones are kept and shared.

    Parameters
    ----------
    name : str
        One of `RUNGS`.
    geometry : Geometry
        As `convmat.geometry` returns it. The rung `circulant` wraps its kernel around
        the input, whatever its padding mode, so it wants stride 1 and as many outputs
        as inputs on every axis.
    bias : bool
        Whether the matrices have a last column that multiplies 1.
    max_bytes : int, optional
        Bytes that the positions may take; by default half of the physical memory.

    Returns
    -------
    Rung

    Raises
    ------
    ConvmatError
        For another name.
    GeometryError
        When a geometry has no circulant matrix.
    MatrixTooLargeError
        When the positions would take more than `max_bytes`.

    Examples
    --------
    >>> from convmat import geometry
    >>> r = rung_of("convolution", geometry(4, 2), bias=True)
    >>> r.shape, r.free_parameters, r.multiplicity
    ((3, 5), 3, array([3, 3, 3]))
    """
    require_geometry(geometry)
    if not isinstance(name, str) or name not in RUNGS:
        raise ConvmatError(
            "rung", f"must be one of {', '.join(map(repr, RUNGS))}", name
        )
    g = _on_a_torus(geometry) if name == "circulant" else geometry
    rows, columns = g.matrix_shape
    entries = (rows * columns if name == "dense" else g.contributions) + rows * bias
    refuse_beyond(
        f"the positions of the {name} matrices of",
        g,
        8 * 6 * entries,
        max_bytes,
        "use the rung 'convolution' with store='free'",
    )
    return (_cached if entries <= _CACHED else _build)(name, g, bool(bias))


def _build(name: str, g: Geometry, bias: bool) -> Rung:
    rows, columns = g.matrix_shape
    if name == "dense":
        place = np.arange(rows * (columns + bias))
        row, col = np.divmod(place, columns + bias)
        return _rung(name, g, bias, (row, col, place, place), len(place))
    ties = tie_map(g)
    if bias:
        # The bias is the last column of its row: after all taps of the row.
        ends = np.cumsum(np.bincount(ties.rows, minlength=rows))
        every = np.arange(rows)
        outputs = rows // g.out_channels
        row = np.insert(ties.rows, ends, every)
        col = np.insert(ties.cols, ends, columns)
        taps = np.insert(ties.taps, ends, g.free_parameters + every // outputs)
    else:
        row, col, taps = ties.rows, ties.cols, ties.taps
    positions = row * (columns + bias) + col
    order = np.argsort(positions, kind="stable")
    positions, taps = positions[order], taps[order]
    firsts = np.diff(positions, prepend=-1) != 0
    places = np.cumsum(firsts) - 1
    row, col = np.divmod(positions[firsts], columns + bias)
    if name == "locally_connected":
        every = np.arange(len(row))
        return _rung(name, g, bias, (row, col, every, every), len(row))
    count = g.free_parameters + bias * g.out_channels
    return _rung(name, g, bias, (row, col, places, taps), count)


_cached = lru_cache(maxsize=64)(_build)


def _rung(
    name: str, g: Geometry, bias: bool, arrays: tuple[IntArray, ...], count: int
) -> Rung:
    row, col, places, taps = (array.view() for array in arrays)
    for array in (row, col, places, taps):
        array.flags.writeable = False
    return Rung(name, g, bias, row, col, places, taps, count)


def _on_a_torus(g: Geometry) -> Geometry:
    """`g` with circular padding, when its matrix is then circulant."""
    if set(g.stride) != {1} or g.output_size != g.input_size:
        rule = "must have stride 1 and as many outputs as inputs for a circulant matrix"
        remedy = "use padding='same', or another rung"
        raise GeometryError("geometry", rule, g, remedy)
    return replace(g, padding_mode="circular")


def _runs(values: Array, starts: IntArray) -> Array:
    """The sum of each run of `values`, which begin at `starts`."""
    if len(starts) == 0:
        return values[:0]
    sums: Array = np.add.reduceat(values, starts)
    return sums


def _shares(sums: Array, counts: IntArray) -> Array:
    """`sums / counts`, exact for objects, 0 where nothing is counted."""
    if sums.dtype == object:
        shares: list[Any] = [
            Fraction(1, int(count)) if count else 0 for count in counts
        ]
        return np.asarray(sums * np.array(shares, dtype=object))
    return np.asarray(sums / np.maximum(counts, 1).astype(sums.real.dtype))
