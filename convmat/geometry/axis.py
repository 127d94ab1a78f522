"""One spatial axis of a convolution: the one formula, and what follows from it.

    source   = fold(out * stride + tap * dilation - before)
    out_size = (size + before + after - dilation * (kernel - 1) - 1) // stride + 1

`fold` leaves a cell of the input as it is and maps a cell of the padding to the cell of
the input that its mode puts there, or to none for zeros.

Every index in convmat comes from here, except in `convmat.sliding`, which finds its
windows a second time and in another way, so that the two check each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from convmat.arrays import IntArray

__all__ = ["PADDING_MODES", "Axis"]

PADDING_MODES = ("zeros", "circular", "reflect", "replicate", "symmetric")
"""What stands in the padding: zeros; the input again from its other end; its mirror
image without or with the outermost cell; the outermost cell.
"""


_AT_ONCE = 1 << 16  # cells that are looked at together


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a checked geometry; all lengths in cells.

    Attributes
    ----------
    size, kernel, stride, dilation : int
        Cells of the input, taps of the kernel, cells between neighbouring outputs,
        cells between neighbouring taps.
    before, after : int
        Cells of padding before and after the input.
    mode : str
        What stands in the padding, one of `PADDING_MODES`.

    Examples
    --------
    >>> axis = Axis(size=3, kernel=3, stride=1, before=1, after=1, dilation=1)
    >>> axis.out_size, axis.span
    (3, 3)
    >>> axis.sources()
    array([[-1,  0,  1],
           [ 0,  1,  2],
           [ 1,  2, -1]])
    >>> axis.tap_counts()
    (2, 3, 2)
    """

    size: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int
    mode: str = "zeros"

    @property
    def span(self) -> int:
        """Cells from the first tap to the last, both included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded_size(self) -> int:
        """Cells of the input together with its padding."""
        return self.before + self.size + self.after

    @property
    def out_size(self) -> int:
        """Number of outputs: how often the span fits at multiples of the stride."""
        return (self.padded_size - self.span) // self.stride + 1

    def sources(self) -> IntArray:
        """Entry `[o, t]` is the input index that output `o` reads through tap `t`.

        It is -1 where the tap falls on zeros. In the other modes several taps of an
        output may read the same input.

        Returns
        -------
        ndarray of int64, shape (out_size, kernel)
        """
        return self.fold(self.padded_cells() - self.before)

    def padded_cells(self) -> IntArray:
        """Entry `[o, t]` is the cell of the padded input under tap `t` of output `o`.

        Returns
        -------
        ndarray of int64, shape (out_size, kernel)
        """
        outs = np.arange(self.out_size, dtype=np.int64) * self.stride
        taps = np.arange(self.kernel, dtype=np.int64) * self.dilation
        return outs[:, None] + taps

    def fold(self, cells: IntArray) -> IntArray:
        """The input cell that stands at each of `cells`, or -1 for a zero.

        Cells count from the first of the input: those before it are negative.

        Examples
        --------
        >>> axis = Axis(3, 3, 1, 2, 2, 1, mode="reflect")
        >>> axis.fold(np.arange(-2, 5))
        array([2, 1, 0, 1, 2, 1, 0])
        """
        size = self.size
        if self.mode == "zeros":
            return np.where((cells >= 0) & (cells < size), cells, -1)
        if self.mode == "circular":
            return cells % size
        if self.mode == "replicate":
            return np.clip(cells, 0, size - 1)
        # A mirror image repeats with twice the size, less both ends where they are
        # not repeated; an input of one cell has nothing to repeat.
        ends = 1 if self.mode == "reflect" else 0
        period = max(1, 2 * (size - ends))
        ahead = cells % period
        return np.minimum(ahead, period - 1 + ends - ahead)

    def window(self, out: int) -> range:
        """Cells under the taps of output `out`; before the input they are negative."""
        first_cell = out * self.stride - self.before
        return range(first_cell, first_cell + self.span, self.dilation)

    def taps_inside(self, out: int) -> range:
        """Taps of output `out` that fall on the input; the others fall on padding."""
        first_cell = self.window(out).start
        start = min(max(0, -(first_cell // self.dilation)), self.kernel)
        stop = min((self.size - 1 - first_cell) // self.dilation + 1, self.kernel)
        return range(start, max(start, stop))

    def outputs_inside(self, tap: int) -> range:
        """Outputs whose tap `tap` falls on the input, not on padding."""
        first_cell = tap * self.dilation - self.before
        start = min(max(0, -(first_cell // self.stride)), self.out_size)
        stop = min((self.size - 1 - first_cell) // self.stride + 1, self.out_size)
        return range(start, max(start, stop))

    def alike(self) -> Iterator[range]:
        """The outputs in ranges that have the same taps on the input.

        A tap is on the input for one range of outputs, so the ranges begin and end
        where one of those does: there are about twice as many as taps, however wide the
        padding, and never more than outputs, however long the kernel.

        Yields
        ------
        range
            In the order of the outputs.
        """
        if self.out_size < self.kernel:
            yield from self._alike_by_outputs()
            return
        edges = {0, self.out_size}
        for tap in range(self.kernel):
            inside = self.outputs_inside(tap)
            edges |= {inside.start, inside.stop}
        for first, stop in pairwise(sorted(edges)):
            yield range(first, stop)

    def _alike_by_outputs(self) -> Iterator[range]:
        """`alike`, found from output to output."""
        first = 0
        taps = self.taps_inside(0)
        for out in range(1, self.out_size):
            here = self.taps_inside(out)
            # Compared as ranges, no taps before the input and none after were equal.
            if (here.start, here.stop) != (taps.start, taps.stop):
                yield range(first, out)
                first, taps = out, here
        yield range(first, self.out_size)

    def beyond(self, outs: range) -> bool:
        """Whether the windows of `outs` lie before the input as a whole, or after it.

        In mode `replicate` they all read one and the same cell.
        """
        first, last = self.window(outs.start), self.window(outs.stop - 1)
        return last[-1] < 0 or first[0] >= self.size

    def tap_counts(self) -> tuple[int, ...]:
        """Entry `t` is the number of outputs that read the input through tap `t`."""
        if self.mode != "zeros":
            return (self.out_size,) * self.kernel
        outs = map(self.outputs_inside, range(self.kernel))
        return tuple(inside.stop - inside.start for inside in outs)  # len() has a limit

    def contributions(self) -> int:
        """Number of pairs of an output and a tap of it that reads the input.

        It is the sum of `tap_counts`, but takes no time that goes with the kernel.

        Examples
        --------
        >>> Axis(10**9, 10**9, 1, 10**9, 10**9, 1).contributions()
        1000000000000000000
        """
        if self.mode != "zeros":
            return self.out_size * self.kernel
        return self._reach(self.before + self.size - 1) - self._reach(self.before - 1)

    def _reach(self, last: int) -> int:
        """Number of pairs of an output and a tap up to cell `last`, padding included.

        The sum of `min(out_size, (last - tap * dilation) // stride + 1)` over the taps
        up to that cell. The first of them are reached by all outputs.
        """
        if last < 0:
            return 0
        taps = min(self.kernel, last // self.dilation + 1)
        by_all = (last - (self.out_size - 1) * self.stride) // self.dilation + 1
        by_all = min(max(0, by_all), taps)
        rest = last - (taps - 1) * self.dilation  # cells after the last tap
        some = _floor_sum(taps - by_all, self.stride, self.dilation, rest)
        return by_all * self.out_size + taps - by_all + some

    def pairs(self) -> int:
        """Number of pairs of an output and an input that it reads.

        Less than `contributions` where taps of an output share an input.
        """
        if self.mode == "zeros":
            return self.contributions()
        special = self._special()
        return sum(self._pairs_of(outs, special) for outs in self.alike())

    def _pairs_of(self, outs: range, special: IntArray) -> int:
        """`pairs` of outputs that are alike: special ones are looked at, one by one."""
        count = outs.stop - outs.start
        if len(self.taps_inside(outs.start)) == self.kernel:
            return count * self.kernel
        low, high = np.searchsorted(special, (outs.start, outs.stop))
        own = special[low:high]
        pairs = self._distinct(own)
        if count > len(own):
            known = set(own.tolist())
            other = next(out for out in outs if out not in known)
            pairs += (count - len(own)) * self._distinct(np.array([other]))
        return pairs

    def _special(self) -> IntArray:
        """Outputs of which a tap on the padding may share a cell with one beside it.

        All others share as much as any output with the same taps on the input. For a
        mirror image the two taps, `m` apart in sum, meet where the first cell `f` has
        `2 f + m * dilation` equal to twice the mirror; for the outermost cell, where a
        tap falls on it. The other end of the input moves along with the outputs.
        """
        taps = np.arange(2 * self.kernel - 1, dtype=np.int64)
        ends = {
            "reflect": (0, 2 * (self.size - 1)),
            "symmetric": (-1, 2 * self.size - 1),
            "replicate": (0, 2 * (self.size - 1)),
        }
        if self.mode not in ends:
            return taps[:0]
        if self.mode == "replicate":
            taps = taps[::2]  # one tap, counted twice
        twice = [end - taps * self.dilation for end in ends[self.mode]]
        # 2 f for a first cell f = out * stride - before
        outs, rest = np.divmod(np.concatenate(twice) + 2 * self.before, 2 * self.stride)
        outs = outs[(rest == 0) & (outs >= 0) & (outs < self.out_size)]
        return np.unique(outs)

    def _distinct(self, outs: IntArray) -> int:
        """Number of pairs of one of `outs` and an input that it reads."""
        together = max(1, _AT_ONCE // self.kernel)
        taps = np.arange(self.kernel, dtype=np.int64) * self.dilation
        pairs = 0
        for start in range(0, len(outs), together):
            firsts = outs[start : start + together, None] * self.stride - self.before
            sources = np.sort(self.fold(firsts + taps), axis=1)
            pairs += len(sources) + int(np.count_nonzero(np.diff(sources, axis=1)))
        return pairs


def _floor_sum(count: int, by: int, step: int, start: int) -> int:
    """Sum of `(start + i * step) // by` for `i` below `count`; none of them negative.

    As in the algorithm of Euclid: whole parts are summed at once, and what is left is
    the same sum with the two axes exchanged, of smaller numbers.
    """
    total = 0
    while count > 0:
        total += count * (count - 1) // 2 * (step // by) + count * (start // by)
        step, start = step % by, start % by
        most = step * count + start
        count, start = divmod(most, by)
        step, by = by, step
        if not by:
            break
    return total
