"""`trials`: what checks are run on, witnesses first and then drawn at random.

The list is the same for the same arguments, here and on every other machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

import numpy as np

from convmat.errors import ConvmatError
from convmat.geometry import Axis, Geometry
from convmat.geometry.integers import integer
from convmat.verify.black_box import Supports
from convmat.verify.checks.check import Trial
from convmat.verify.checks.numbers import drawn
from convmat.verify.sample import read_seed
from convmat.verify.witnesses import WITNESSES

__all__ = ["trial", "trials"]

_BATCH = 3  # odd, and the last image is neither the first nor beside it


def trial(g: Geometry, supports: Supports | None = None, *, seed: int = 0) -> Trial:
    """A geometry with integers in the dtype that most checks use.

    Parameters
    ----------
    g : Geometry
    supports : Supports, optional
        Says the dtype, and whether a batch may be larger than 1.
    seed : int

    Examples
    --------
    >>> from convmat import geometry
    >>> trial(geometry((1, 4), (2, 1, 3))).kernel
    array([[[...]],
           [[...]]])
    """
    claims = Supports() if supports is None else supports
    random, dtype = np.random.default_rng(seed), claims.dtype
    batch = _BATCH if claims.batch else 1
    terms = max(g.taps_per_row, batch * g.matrix_shape[0])
    shapes = {
        "kernel": g.weight_shape,
        "x": (batch, g.in_channels, *g.input_size),
        "grad": (batch, g.out_channels, *g.output_size),
        "bias": (g.out_channels,),
    }
    arrays = {
        name: drawn(random, shape, dtype, terms) for name, shape in shapes.items()
    }
    return Trial(g, seed=seed, **arrays)


def trials(
    supports: Supports | None = None,
    rank: int | None = None,
    examples: int = 100,
    seed: int = 0,
) -> list[Trial]:
    """Trials within what is claimed: the witnesses, then as many as are missing.

    Each witness is brought to the nearest geometry that is claimed; those that become
    alike come once.

    Parameters
    ----------
    supports : Supports, optional
        All by default.
    rank : int, optional
        Number of spatial axes; by default all that are claimed take turns.
    examples : int
        Length of the list.
    seed : int
        Of the numbers and of the geometries beyond the witnesses.

    Raises
    ------
    ConvmatError
        For a rank that is not claimed, no examples, and a seed below 0.
    ConvmatTypeError
        For examples and a seed that are no integers.

    Examples
    --------
    >>> from convmat.verify import Supports
    >>> plain = Supports(stride=False, dilation=False, groups=False)
    >>> for one in trials(plain, rank=2, examples=3):
    ...     print(one.geometry)
    geometry((1, 4, 5), (1, 1, 2, 3))
    geometry((2, 3, 5), (3, 2, 2, 3))
    geometry((2, 4, 3), (2, 2, 3, 2))
    """
    claims = Supports() if supports is None else supports
    if rank is not None and rank not in claims.ranks:
        rule = f"must be among those that are claimed, {claims.ranks}"
        raise ConvmatError("rank", rule, rank)
    if integer("examples", examples, examples) < 1:
        # A report on nothing would be a pass.
        raise ConvmatError("examples", "must be at least 1", examples)
    seed = read_seed(seed)
    ranks = claims.ranks if rank is None else (rank,)
    random = np.random.default_rng(seed)
    geometries = islice(_geometries(claims, ranks, random), examples)
    return [trial(g, claims, seed=seed + number) for number, g in enumerate(geometries)]


def _geometries(
    claims: Supports, ranks: tuple[int, ...], random: np.random.Generator
) -> Iterator[Geometry]:
    """Witnesses without repetition, the ranks taking turns, then drawn ones."""
    families = [
        [claims.nearest(g) for g in WITNESSES.values() if g.rank == rank]
        for rank in ranks
    ]
    seen = set()
    for number in range(max(map(len, families))):
        for family in families:
            for g in family[number : number + 1]:
                if g not in seen:
                    seen.add(g)
                    yield g
    for number in count():
        g = _drawn(random, ranks[number % len(ranks)], claims)
        yield claims.nearest(g)


def _drawn(random: np.random.Generator, rank: int, claims: Supports) -> Geometry:
    """A geometry of everything at once, small enough to be quick."""
    mode = str(random.choice(list(claims.modes)))
    axes = []
    for number in range(rank):
        kernel = int(random.integers(1, 5))
        dilation = int(random.choice([1, 1, 2, 3]))
        before, after = map(int, random.choice([0, 0, 1, 2, 3], 2))
        stride = int(random.choice([1, 1, 2, 3, 4]))
        size = int(random.integers(1, 11 if number else 8))
        reach = max(before, after) + 1 if mode != "zeros" else 1
        size = max(size, dilation * (kernel - 1) + 1 - before - after, reach)
        axes.append(Axis(size, kernel, stride, before, after, dilation, mode))
    groups = int(random.choice([1, 1, 2, 3]))
    ins, outs = map(int, random.integers(1, 4, 2))
    return Geometry(
        input_size=tuple(axis.size for axis in axes),
        kernel_size=tuple(axis.kernel for axis in axes),
        stride=tuple(axis.stride for axis in axes),
        padding=tuple((axis.before, axis.after) for axis in axes),
        dilation=tuple(axis.dilation for axis in axes),
        in_channels=groups * ins,
        out_channels=groups * outs,
        groups=groups,
        padding_mode=mode,
        has_channels=True,
    )
