"""`Family`: other geometries that have the same matrix, each with its kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from math import prod
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES, Axis, Geometry
from convmat.structure.axis_family import alternatives, shortened
from convmat.structure.entries import Entries
from convmat.structure.reading import read_kernel
from convmat.structure.same import same
from convmat.structure.search import divisors

__all__ = ["Family", "Member", "family_of", "plainer_member"]

_LONG = 64  # cells of an axis, after shortening, that are looked at
_WORK = 3 << 19  # taps, dilations, strides and paddings of an axis that are looked at
_SMALL = 16  # cells of an axis on which the same sums may be read in several ways
_CANDIDATES = 10_000  # of which the plainest are held against the matrix
_SOME = 200  # members that the plainest is chosen from
_RIM = "taps of value 0 at the rim, with as much more padding"


@dataclass(frozen=True, eq=False)
class Member:
    """A geometry and a kernel that have the matrix too.

    Attributes
    ----------
    geometry : Geometry
    kernel : ndarray of shape `geometry.kernel_shape`
        A tap whose value the matrix does not tell is 0.

    Examples
    --------
    >>> from convmat.structure import recognize
    >>> family = recognize([[5, 7, 0], [0, 5, 7]], 3).family()
    >>> turned = next(one for one in family if one.kernel[0] == 7)
    >>> turned.kernel, turned.geometry  # its first window begins beside the input
    (array([7, 5]), geometry((3,), (2,), stride=3, padding=1, padding_mode='reflect'))
    """

    geometry: Geometry
    kernel: Array


@dataclass(frozen=True, eq=False)
class Family:
    """Other geometries that have the same matrix. Iterating gives its members.

    Input and output have the shapes of the answer, and no axis has more taps. Stride
    and dilation are at most as large as the axis, or as in the answer. Up to that it is
    complete, unless `more` says otherwise.

    Attributes
    ----------
    members : tuple of Member
        The plainest first; each was held against every entry. The answer itself is
        not among them.
    more : tuple of str
        What else would do: what has no limit, and what was not looked at.

    Examples
    --------
    >>> from convmat.structure import recognize
    >>> family = recognize([[5, 7, 0], [0, 5, 7]], 3).family()
    >>> len(family), family.members[0].geometry
    (13, geometry((3,), (2,), padding_mode='circular'))
    >>> family.more[0]
    'taps of value 0 at the rim, with as much more padding'
    """

    members: tuple[Member, ...]
    more: tuple[str, ...]

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __str__(self) -> str:
        lines = [repr(each.geometry) for each in self.members]
        return "\n".join([*lines, *(f"and more: {each}" for each in self.more)])


def family_of(
    entries: Entries, g: Geometry, kernel: Array, tolerance: Any, most: int
) -> Family:
    """The family of a geometry and a kernel that have a matrix.

    Parameters
    ----------
    entries : Entries
        Of the matrix.
    g, kernel, tolerance
        As they were found.
    most : int
        Members that are made, at most.
    """
    if not len(entries.indices):
        return Family((), ("any geometry, because the matrix is 0",))
    kernel = kernel.reshape(g.weight_shape)
    each: list[dict[str, list[Axis]]] = []
    notes = [_RIM]
    for number, axis in enumerate(g.axes):
        found, more = _of_axis(number, axis, _seen(kernel, number))
        each.append(found)
        notes += more
    members: list[Member] = []
    candidates = list(islice(_geometries(g, each), _CANDIDATES + 1))
    if len(candidates) > _CANDIDATES:
        candidates.pop()
        notes.append(f"what is not among the first {_CANDIDATES:,} candidates")
    for geometry in sorted(candidates, key=_oddness):
        if geometry == g:
            continue
        member = _member(entries, geometry, tolerance)
        if member is None:
            continue
        if len(members) == most:
            notes.append(f"members beyond the first {most:,}, which were not made")
            break
        members.append(member)
    return Family(tuple(members), tuple(notes))


def plainer_member(
    entries: Entries, g: Geometry, kernel: Array, tolerance: Any
) -> tuple[Geometry, Array]:
    """Of a geometry with filled padding and its family the one that is least odd.

    On a few cells the same sums may be read in several ways; the one with small steps,
    and padding alike on both sides, is what was meant.
    """
    filled = g.padding_mode != "zeros" and any(map(any, g.padding))
    if not filled or max(g.input_size) > _SMALL:
        return g, kernel
    if set(g.stride) | set(g.dilation) == {1} and all(b == a for b, a in g.padding):
        return g, kernel
    every = [Member(g, kernel), *family_of(entries, g, kernel, tolerance, _SOME)]

    best = min(every, key=lambda each: _oddness(each.geometry))
    return best.geometry, best.kernel.reshape(best.geometry.kernel_shape)


def _oddness(g: Geometry) -> tuple[int, ...]:
    """What the plainest geometry has least of."""
    pads = [sum(pair) for pair in g.padding]
    uneven = [abs(before - after) for before, after in g.padding]
    steps = sum(g.stride) + sum(g.dilation)
    mode = PADDING_MODES.index(g.padding_mode)
    weights = prod(g.kernel_shape)
    return weights, steps, sum(uneven), sum(pads), mode


def _seen(kernel: Array, number: int) -> Array:
    """The taps along one axis, all others summed up with weights of chance."""
    rough = kernel
    if kernel.dtype.kind not in "fc":
        rough = kernel.astype(np.float64)
    largest = np.abs(rough).max()
    lines = np.moveaxis(rough / largest, number + 2, 0).reshape(
        kernel.shape[number + 2], -1
    )
    weights = np.random.default_rng(number).uniform(1, 2, lines.shape[1])
    return np.asarray(lines @ weights)


def _of_axis(
    number: int, axis: Axis, taps: Array
) -> tuple[dict[str, list[Axis]], list[str]]:
    where, more = f"axis {number}", []
    short = shortened(axis)
    strides, dilations = max(axis.stride, short.size), max(axis.dilation, short.size)
    widest = (short.out_size - 1) * strides + (axis.kernel - 1) * dilations
    work = axis.kernel * dilations * strides * widest
    if max(short.size, short.out_size) > _LONG or work > _WORK:
        found = {axis.mode: [axis]}
        if not axis.before and not axis.after:
            found = {mode: [replace(axis, mode=mode)] for mode in PADDING_MODES}
        return found, [f"{where} is too long to look at all that it may be"]
    found = alternatives(short, taps, strides, dilations)
    lifted = {
        mode: [replace(each, size=axis.size) for each in axes]
        for mode, axes in found.items()
    }
    every = [each for axes in found.values() for each in axes]
    if any(each.kernel == 1 for each in every):
        more.append(f"{where}: any dilation, where it has one tap")
    if axis.out_size == 1:
        more.append(f"{where}: any larger stride, because it has one output")
    elif any(each.stride >= short.size for each in found["zeros"]):
        more.append(f"{where}: any larger stride, because no outputs share a tap")
    elif any(each.stride >= short.size for each in every):
        more.append(f"{where}: some larger strides, because its padding repeats")
    return lifted, more


def _geometries(g: Geometry, each: list[dict[str, list[Axis]]]) -> Iterator[Geometry]:
    """Candidates, of each mode the plainest first."""

    def rank(axis: Axis) -> tuple[int, ...]:
        pads = axis.before + axis.after
        return axis.kernel, axis.stride, axis.dilation, pads, axis.before

    modes = [g.padding_mode, *(m for m in PADDING_MODES if m != g.padding_mode)]
    groups = divisors(g.groups)[::-1] if g.has_channels else [1]
    for mode in modes:
        lists = [sorted(found.get(mode, []), key=rank) for found in each]
        for axes in product(*lists):
            for count in groups:
                try:
                    yield replace(
                        g,
                        kernel_size=tuple(axis.kernel for axis in axes),
                        stride=tuple(axis.stride for axis in axes),
                        padding=tuple((axis.before, axis.after) for axis in axes),
                        dilation=tuple(axis.dilation for axis in axes),
                        groups=count,
                        padding_mode=mode,
                    )
                except ConvmatError:  # more padding than the mode has cells for
                    continue


def _member(entries: Entries, g: Geometry, tolerance: Any) -> Member | None:
    try:
        kernel = read_kernel(entries, g)
        if not same(entries, kernel, g, tolerance):
            return None
    except ConvmatError:  # a sum of what was read is beyond int64
        return None
    return Member(g, kernel.reshape(g.kernel_shape))
