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
from convmat.constraints.positions import (
    Positions,
    dense_positions,
    tied_positions,
    untied,
)
from convmat.constraints.ties import Ties, runs
from convmat.errors import ConvmatError, GeometryError
from convmat.geometry import Geometry, require_geometry
from convmat.memory import refuse_beyond

__all__ = ["RUNGS", "Rung", "rung_of", "unbuilt"]

RUNGS = ("dense", "locally_connected", "convolution", "circulant")
"""From no constraint to the narrowest."""

_FREE = "use the rung 'convolution' with store='free'"
_CACHED = 1 << 17  # entries: larger rungs are not kept behind the caller's back


@dataclass(frozen=True)
class Rung:
    """A linear subspace of matrices: free positions, and ties between them.

    Contribution `i` says: entry `places[i]` holds parameter `taps[i]`. They run
    in the order of the entries. What several parameters reach holds their sum.
    The arrays are read-only, and made when they are first needed.

    Attributes
    ----------
    name : str
        One of `RUNGS`.
    geometry : Geometry
        Of the convolution; on the rung `circulant` it has circular padding.
    bias : bool
        Whether the last column of a matrix is a bias, one parameter per output channel
        where weights are tied, else one per output.

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

    @property
    def shape(self) -> tuple[int, int]:
        """Of the matrices, the column of the bias included."""
        rows, columns = self.geometry.matrix_shape
        return rows, columns + self.bias

    @property
    def tied(self) -> bool:
        """Whether some entries must move as one."""
        return self.name in ("convolution", "circulant")

    @cached_property
    def free_parameters(self) -> int:
        """Number of parameters.

        Those of tied weights are the taps of the kernel in C order and then the
        biases; else each entry is one.
        """
        g = self.geometry
        if self.tied:
            return g.free_parameters + self.bias * g.out_channels
        rows, columns = self.shape
        return rows * columns if self.name == "dense" else g.nnz + rows * self.bias

    # ------------------------------------------------------------- where entries are

    @cached_property
    def positions(self) -> Positions:
        """The entries, made now; refused where they would exhaust the memory."""
        self.refuse_positions_beyond(None)
        if self.name == "dense":
            return dense_positions(*self.shape)
        positions = tied_positions(self.geometry, self.bias)
        return positions if self.tied else untied(positions)

    def refuse_positions_beyond(self, max_bytes: int | None) -> None:
        """Return silently when the positions take no more than `max_bytes`.

        Raises
        ------
        MatrixTooLargeError
            When they take more; by default, more than half of the physical memory.
        """
        rows, columns = self.shape
        entries = self.geometry.contributions + rows * self.bias
        if self.name == "dense":
            entries = rows * columns
        # Two pairs of arrays, and as much again for the order of the ties.
        what, remedy = f"the positions of the {self.name} matrices of", _FREE
        refuse_beyond(what, self.geometry, 8 * 8 * entries, max_bytes, remedy)

    @property
    def rows(self) -> IntArray:
        """Row of each entry; entries run in C order of the matrix."""
        return self.positions.rows

    @property
    def cols(self) -> IntArray:
        """Column of each entry."""
        return self.positions.cols

    @property
    def places(self) -> IntArray:
        """Entry of each contribution."""
        return self.positions.places

    @property
    def taps(self) -> IntArray:
        """Parameter of each contribution."""
        return self.positions.taps

    @cached_property
    def flat(self) -> IntArray:
        """Flat index of each entry into a dense matrix."""
        return self.rows * self.shape[1] + self.cols

    @cached_property
    def shared(self) -> bool:
        """Whether an entry may hold several parameters."""
        return self.tied and self.geometry.shared > 0

    # ------------------------------------------------------- the subspace, in entries

    def embed(self, theta: Array) -> Array:
        """The entries of the matrix that has the parameters `theta`."""
        if not self.tied:
            return theta.copy()
        held: Array = theta.take(self.taps)
        return runs(held, self.ties.starts) if self.shared else held

    def pull_back(self, gradient: Array) -> Array:
        """The gradient by the parameters, from that by the entries or the dense matrix.

        By the chain rule it is the sum over each tie; a dead tap has gradient 0.
        """
        dense = gradient.ndim == 2
        if not self.tied:
            return gradient.take(self.flat) if dense else gradient.copy()
        places, starts, live = self.ties.by_tap
        summed = runs(gradient.take(self._flat_by_tap if dense else places), starts)
        if len(live) == self.free_parameters:
            return summed
        sums = np.zeros(self.free_parameters, gradient.dtype)
        sums[live] = summed
        return sums

    @cached_property
    def _flat_by_tap(self) -> IntArray:
        """Flat index of each entry into a dense matrix, in order of the parameters."""
        return self.flat[self.ties.by_tap[0]]

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
        taps, first = self.ties.alone
        theta[taps] = entries[first]
        return theta

    def expected(self, entries: Array) -> Array:
        """What `entries` are held against, to tell where they breach the ties.

        Entries that hold the same parameters: their first. An entry that is the sum of
        others: the sum of the first of these. Where that leaves parameters open, it is
        the nearest matrix: in floats known up to rounding.
        """
        if not self.tied:
            return entries
        if self.apart:
            return self.first_of_each(entries)
        return self.embed(self.nearest(entries))

    def nearest(self, entries: Array) -> Array:
        """The parameters that `entries` have, to the bit where they can be read.

        Those that stand in the first entry of each tie. Where a tap is nowhere alone in
        an entry, the parameters of the nearest matrix.
        """
        return self.read(entries) if self.ties.all_alone else self.extract(entries)

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
    def ties(self) -> Ties:
        """Which entries hold the same parameters."""
        channels = self.geometry.out_channels if self.tied else 1
        return Ties(self.positions, channels, self.free_parameters)

    @property
    def multiplicity(self) -> IntArray:
        """Entry `[k]` is the number of entries that hold parameter `k`."""
        return self.ties.multiplicity

    def first_of_each(self, entries: Array) -> Array:
        """Entry `[i]` is the first entry that holds the same as entry `i`."""
        return entries.take(self.ties.first) if self.tied else entries

    @cached_property
    def apart(self) -> bool:
        """Whether entries that hold different parameters are free of each other.

        Then a matrix is of the rung as soon as those that hold the same are equal. It
        is so where no entry is shared. Where some are, there have to be as many kinds
        of entries as the rung has dimensions.
        """
        if not self.shared:
            return True
        if self.ties.all_alone:
            return False  # a sum of taps that stand elsewhere alone
        gram = self._gram
        pairs = self.geometry.free_parameters // len(gram.block)
        biases = self.free_parameters - self.geometry.free_parameters
        _, first = self.ties.classes
        return len(first) == pairs * len(gram.independent) + biases

    @property
    def _gram(self) -> Gram:
        return gram_of(self.geometry)

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
    rung = unbuilt(name, geometry, bias=bias)
    rung.refuse_positions_beyond(max_bytes)
    return rung


def unbuilt(name: str, geometry: Geometry, *, bias: bool = False) -> Rung:
    """`rung_of` for those that may never need the positions.

    Raises
    ------
    ConvmatError
        For another name.
    """
    require_geometry(geometry)
    if not isinstance(name, str) or name not in RUNGS:
        raise ConvmatError(
            "rung", f"must be one of {', '.join(map(repr, RUNGS))}", name
        )
    g = _on_a_torus(geometry) if name == "circulant" else geometry
    rows, columns = g.matrix_shape
    entries = rows * columns if name == "dense" else g.contributions
    return (_cached if entries <= _CACHED else Rung)(name, g, bool(bias))


_cached = lru_cache(maxsize=64)(Rung)


def _on_a_torus(g: Geometry) -> Geometry:
    """`g` with circular padding, when its matrix is then circulant."""
    if set(g.stride) != {1} or g.output_size != g.input_size:
        rule = "must have stride 1 and as many outputs as inputs for a circulant matrix"
        remedy = "use padding='same', or another rung"
        raise GeometryError("geometry", rule, g, remedy)
    return replace(g, padding_mode="circular")


def _shares(sums: Array, counts: IntArray) -> Array:
    """`sums / counts`, exact for objects, 0 where nothing is counted."""
    if sums.dtype == object:
        shares: list[Any] = [
            Fraction(1, int(count)) if count else 0 for count in counts
        ]
        return np.asarray(sums * np.array(shares, dtype=object))
    return np.asarray(sums / np.maximum(counts, 1).astype(sums.real.dtype))
