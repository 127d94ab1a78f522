"""`Layer`: a convolution, a pooling or a transposed convolution, by its pattern alone.

Which outputs depend on which inputs is a matter of the geometry, and a pattern is the
outer combination of its axes and channels. So counts of paths are carried along each
axis by itself: `pull` from outputs back to inputs, `push` from inputs on to outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.errors import ConvmatTypeError
from convmat.geometry import Axis, Geometry, require_geometry
from convmat.memory import refuse_beyond
from convmat.receptive.windows import Window, transposed_window, window_of

__all__ = ["Layer"]


@dataclass(frozen=True)
class Layer:
    """One layer of a chain: which inputs its outputs read.

    Poolings are those of a depthwise convolution; values never matter here.

    Attributes
    ----------
    geometry : Geometry
        Of a transposed convolution, the paired one, as `convmat.transposed_geometry`
        gives it.
    transposed : bool

    Examples
    --------
    >>> from convmat import geometry, transposed_geometry
    >>> layer = Layer(geometry(5, 3, stride=2, padding=1))
    >>> layer.pull(0, np.array([0, 1, 0])), layer.push(0, np.ones(5, int))
    (array([0, 1, 1, 1, 0]), array([2, 3, 2]))
    >>> Layer(transposed_geometry(2, 3, stride=2), transposed=True).push(0, [1, 1])
    array([1, 1, 2, 1, 1])
    """

    geometry: Geometry
    transposed: bool = False

    def __post_init__(self) -> None:
        require_geometry(self.geometry)
        if not isinstance(self.transposed, bool):
            rule = "must be True or False"
            raise ConvmatTypeError("transposed", rule, self.transposed)

    @property
    def input_shape(self) -> Shape:
        """`(*spatial)`, or `(channels, *spatial)`."""
        g = self.geometry
        return g.output_shape if self.transposed else g.input_shape

    @property
    def output_shape(self) -> Shape:
        """`(*spatial)`, or `(channels, *spatial)`."""
        g = self.geometry
        return g.input_shape if self.transposed else g.output_shape

    @property
    def input_size(self) -> Shape:
        """Cells of input along each spatial axis."""
        g = self.geometry
        return g.output_size if self.transposed else g.input_size

    @property
    def output_size(self) -> Shape:
        """Outputs along each spatial axis."""
        g = self.geometry
        return g.input_size if self.transposed else g.output_size

    @property
    def channels(self) -> tuple[int, int]:
        """Channels of the input and of the output."""
        g = self.geometry
        ends = g.in_channels, g.out_channels
        return ends[::-1] if self.transposed else ends

    @property
    def windows(self) -> tuple[Window, ...]:
        """What an output reads along each axis, as an interval."""
        window = transposed_window if self.transposed else window_of
        return tuple(map(window, self.geometry.axes))

    @property
    def most_paths(self) -> int:
        """No output has more ways to the input than this."""
        g = self.geometry
        channels = (g.out_channels if self.transposed else g.in_channels) // g.groups
        taps = 1
        for axis in g.axes:
            taps *= axis.out_size * axis.kernel if self._folds(axis) else axis.kernel
        return channels * taps

    def _folds(self, axis: Axis) -> bool:
        """Whether an input may be read by one tap of many outputs."""
        return self.transposed and axis.mode != "zeros"

    def pull(self, number: int, counts: Array) -> Array:
        """Paths from inputs along axis `number`, given those from each output on.

        Parameters
        ----------
        number : int
            Of the spatial axis.
        counts : ndarray, `(..., outs)`
            Entry `o` is the number of paths that go on from output `o`.

        Returns
        -------
        ndarray, `(..., ins)`
            Entry `i` is the number of paths that go on from input `i`: the sum of
            `counts` over all pairs of an output and a tap that read it.
        """
        go = _gather if self.transposed else _scatter
        return go(self.geometry.axes[number], np.asarray(counts))

    def push(self, number: int, counts: Array) -> Array:
        """Paths to outputs along axis `number`, given those to each input."""
        go = _scatter if self.transposed else _gather
        return go(self.geometry.axes[number], np.asarray(counts))

    def reads(self, number: int, place: int) -> tuple[tuple[int, bool], ...]:
        """The cells that an output reads along axis `number`, tap by tap.

        Returns
        -------
        tuple of (int, bool)
            A cell, and whether it is one of the input: zeros of the padding lie beside
            it. Other padding is the cell that stands in it.
        """
        axis = self.geometry.axes[number]
        if self.transposed:
            found = np.argwhere(_sources(axis) == place)
            return tuple((int(cell), True) for cell, _ in found)
        cells = np.array(axis.window(place))
        folded = axis.fold(cells)
        pairs = zip(cells.tolist(), folded.tolist(), strict=True)
        return tuple((cell if own < 0 else own, own >= 0) for cell, own in pairs)

    def pull_channels(self, counts: Array) -> Array:
        """As `pull`, along the channels: groups do not see each other."""
        return _spread(counts, self.geometry.groups, self.channels[0])

    def push_channels(self, counts: Array) -> Array:
        """As `push`, along the channels."""
        return _spread(counts, self.geometry.groups, self.channels[1])


def _spread(counts: Array, groups: int, channels: int) -> Array:
    """To each of so many channels the sum over those of its group."""
    sums = counts.reshape(groups, -1).sum(axis=1)
    return np.repeat(sums, channels // groups)


def _sources(axis: Axis) -> IntArray:
    needed = 8 * axis.out_size * axis.kernel
    remedy = "a shorter axis has the same fields, away from its ends"
    refuse_beyond("the table of sources of", axis, needed, None, remedy)
    return axis.sources()


def _scatter(axis: Axis, counts: Array) -> Array:
    """Add the count of each output to every input that it reads."""
    result = np.zeros((*counts.shape[:-1], axis.size), counts.dtype)
    for cells in _sources(axis).T:  # of one tap
        inside = cells >= 0
        if axis.mode == "zeros":  # no two outputs read one cell by the same tap
            result[..., cells[inside]] += counts[..., inside]
        else:
            np.add.at(result.T, cells, counts.T)
    return result


def _gather(axis: Axis, counts: Array) -> Array:
    """To each output the sum over the inputs that it reads."""
    result = np.zeros((*counts.shape[:-1], axis.out_size), counts.dtype)
    for cells in _sources(axis).T:
        inside = cells >= 0
        result[..., inside] += counts[..., cells[inside]]
    return result
