"""Where the matrix falls into blocks, axis by axis.

Two kinds of axes let it. On a *periodic* one the input is a circle, and moving it by
the stride moves the output by one cell: circular padding with `outputs * stride` a
multiple of the input size. Each frequency of the output then reads a few frequencies of
the input and no others. On a *disjoint* one no two windows share a cell, and all use
the same taps: every output is a block of its own, and all blocks are alike.

Both are told by one table, `phases`: how much tap `t` counts in column `l` of block
`b`. The blocks of all axes together are the outer combination.

References
----------
H. Sedghi, V. Gupta, P. M. Long, "The singular values of convolutional layers", 2019:
periodic axes with stride 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.geometry.axis import Axis
from convmat.memory import refuse_beyond

__all__ = ["AxisBlocks", "blocks_of", "circle", "is_periodic"]


@dataclass(frozen=True, eq=False)
class AxisBlocks:
    """One axis that lets the matrix fall into blocks.

    Attributes
    ----------
    phases : ndarray, `(blocks, columns, taps)`
        Entry `[b, l, t]` is the factor of tap `t` in column `l` of block `b`.
    repeat : int
        How often each block occurs.
    same : bool
        Whether block `b` maps the coordinates `b` of the input to the coordinates `b`
        of the output, both in one basis: then determinants multiply.
    """

    phases: Array
    repeat: int
    same: bool

    @property
    def blocks(self) -> int:
        """Number of different blocks."""
        return len(self.phases)

    @property
    def columns(self) -> int:
        """Columns of a block for each input channel."""
        return int(self.phases.shape[1])


def blocks_of(g: Geometry) -> tuple[AxisBlocks, ...] | None:
    """The blocks of each axis, or None where an axis has none.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry(4, 3, padding=1, padding_mode="circular")
    >>> [axis.phases.shape for axis in blocks_of(g)]
    [(4, 1, 3)]
    >>> blocks_of(geometry(4, 3, padding=1)) is None
    True
    """
    found = []
    for axis in g.axes:
        blocks = _disjoint(axis) or _periodic(axis)
        if blocks is None:
            return None
        found.append(blocks)
    return tuple(found)


def is_periodic(axis: Axis) -> bool:
    """Whether moving the input by the stride moves the outputs by one, in a circle."""
    return axis.mode == "circular" and axis.out_size * axis.stride % axis.size == 0


def circle(axis: Axis, size: int) -> AxisBlocks:
    """The taps of an axis on a circle of `size` cells, with stride 1."""
    whole = Axis(size, axis.kernel, 1, 0, axis.span - 1, axis.dilation, "circular")
    return _waves(whole)


def _periodic(axis: Axis) -> AxisBlocks | None:
    return _waves(axis) if is_periodic(axis) else None


@lru_cache(maxsize=16)
def _waves(axis: Axis) -> AxisBlocks:
    """The blocks of a periodic axis.

    The wave `k` of the input, `exp(2 pi i k x / n)`, becomes the wave `k * turns` of
    the `m` outputs, with `turns = m * stride / n`. Those with the same remainder by
    `q = m / gcd(turns, m)`, which divides `n`, become the same one.
    """
    n, m = axis.size, axis.out_size
    turns = m * axis.stride // n
    q = m // gcd(turns, m)
    needed = 16 * n * axis.kernel
    refuse_beyond("the waves of", axis, needed, None, "use a smaller kernel")
    waves = np.arange(q)[:, None] + np.arange(0, n, q)  # (blocks, columns)
    places = np.arange(axis.kernel, dtype=np.int64) * axis.dilation - axis.before
    # Reduced as integers: the angles of large sizes keep all their digits.
    quarters = waves[..., None] * (places % n) % n
    phases = np.sqrt(m / n) * np.exp(2j * np.pi / n * quarters)
    phases.flags.writeable = False
    # Waves that become none of the outputs' own leave rows of zeros, not blocks.
    return AxisBlocks(phases, 1, same=n == m == q and turns % m == 1 % m)


def _disjoint(axis: Axis) -> AxisBlocks | None:
    """The blocks of an axis whose windows share no cell, and drop the same taps."""
    if axis.contributions() > axis.size:  # counted without a look at the windows
        return None
    needed = 16 * axis.out_size * axis.kernel
    refuse_beyond("the windows of", axis, needed, None, "use a smaller kernel")
    sources = axis.sources()  # (outs, taps)
    kept = sources[0] >= 0
    read = sources[:, kept]
    if not kept.any():  # windows of padding alone
        return None
    if not ((sources >= 0) == kept).all() or len(np.unique(read)) < read.size:
        return None
    phases = np.eye(axis.kernel)[None, kept]  # (1, columns, taps)
    # A padding that wraps or mirrors may permute the cells, and so change the sign.
    same = read.tolist() == np.arange(axis.size)[:, None].tolist()
    return AxisBlocks(phases, axis.out_size, same)
