"""Mutants that take the wrong channels, groups, or layout of the arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convmat import sliding
from convmat.arrays import Array, IntArray
from convmat.geometry import Geometry
from convmat.verify.mutants.mutant import Mutant, of_map
from convmat.verify.mutants.reads import Reads, flat, maps, right_reads, tables

__all__ = ["CHANNELS", "groups_forgotten"]


def _slices(g: Geometry) -> tuple[int, IntArray]:
    """Input channels of one group, and their numbers in it."""
    per_group = g.in_channels // g.groups
    return per_group, np.arange(per_group)


def groups_forgotten(g: Geometry) -> Reads:
    """Every output reads the input channels of the first group."""
    _, slices = _slices(g)
    reads = right_reads(g)
    return replace(reads, channels=np.broadcast_to(slices, reads.channels.shape))


def _outputs_interleaved(g: Geometry) -> Reads:
    per_group, slices = _slices(g)
    group = np.arange(g.out_channels) % g.groups
    return replace(right_reads(g), channels=group[:, None] * per_group + slices)


def _inputs_interleaved(g: Geometry) -> Reads:
    _, slices = _slices(g)
    group = np.arange(g.out_channels) // (g.out_channels // g.groups)
    return replace(right_reads(g), channels=slices * g.groups + group[:, None])


def _multiplier(g: Geometry) -> Reads:
    depthwise = g.groups == g.in_channels
    return _outputs_interleaved(g) if depthwise else right_reads(g)


def _last_group_lost(g: Geometry) -> Reads:
    reads = right_reads(g)
    channels = reads.channels.copy()
    if g.groups > 1:
        channels[-(g.out_channels // g.groups) :] = -1
    return replace(reads, channels=channels)


def _odd_channel_lost(g: Geometry) -> Reads:
    reads = right_reads(g)
    channels = reads.channels.copy()
    per_group = channels.shape[1]
    if per_group > 1 and per_group % 2:
        channels[:, -1] = -1
    return replace(reads, channels=channels)


def _overwritten(g: Geometry) -> Reads:
    reads = right_reads(g)
    channels = reads.channels.copy()
    channels[:, :-1] = -1
    return replace(reads, channels=channels)


def _reversed(g: Geometry) -> Reads:
    reads = right_reads(g)
    return replace(reads, channels=reads.channels[:, ::-1])


def _strided_groups(g: Geometry) -> Reads:
    if g.groups == 1:
        return right_reads(g)
    axes = (replace(axis, stride=1) for axis in g.axes)
    cells = flat(tables(axes, g.output_size), g.input_size)
    return replace(right_reads(g), cells=cells)


def _depthwise_undilated(g: Geometry) -> Reads:
    if g.groups == 1 or g.groups != g.in_channels:
        return right_reads(g)
    axes = (replace(axis, dilation=1) for axis in g.axes)
    cells = flat(tables(axes, g.output_size), g.input_size)
    return replace(right_reads(g), cells=cells)


def _input_channels_last(x: Array, kernel: Array, g: Geometry) -> Array:
    buffer = np.ascontiguousarray(x).reshape(len(x), *g.input_size, g.in_channels)
    return sliding.forward(np.moveaxis(buffer, -1, 1), kernel, g)


def _output_transposed(x: Array, kernel: Array, g: Geometry) -> Array:
    y = sliding.forward(x, kernel, g)
    return y.transpose(0, 1, *range(y.ndim - 1, 1, -1)).reshape(y.shape)


def _shuffled(x: Array, kernel: Array, g: Geometry) -> Array:
    y = sliding.forward(x, kernel, g)
    groups = y.reshape(len(y), g.groups, g.out_channels // g.groups, *y.shape[2:])
    return groups.swapaxes(1, 2).reshape(y.shape)


_GITHUB = "https://github.com/"

_BENT = {
    "groups-forgotten": (
        "every group reading the input channels of the first",
        groups_forgotten,
        (f"{_GITHUB}pytorch/pytorch/issues/19912",),
    ),
    "groups-interleaved": (
        "output channel o put in group o % groups instead of in blocks",
        _outputs_interleaved,
        (f"{_GITHUB}Theano/Theano/issues/6297",),
    ),
    "groups-inputs-interleaved": (
        "input channels dealt to the groups in turn instead of in blocks",
        _inputs_interleaved,
        (),
    ),
    "groups-depthwise-multiplier": (
        "the outputs of a depthwise convolution in the wrong order",
        _multiplier,
        (),
    ),
    "groups-last-lost": ("the last group left out", _last_group_lost, ()),
    "groups-strideless": (
        "the stride forgotten where there are groups",
        _strided_groups,
        (),
    ),
    "groups-depthwise-undilated": (
        "the dilation forgotten in a branch for depthwise",
        _depthwise_undilated,
        (
            f"{_GITHUB}tensorflow/tensorflow/issues/19992",
            f"{_GITHUB}Tencent/ncnn/issues/315",
        ),
    ),
    "channels-odd-lost": (
        "the last of an odd number of input channels left out",
        _odd_channel_lost,
        (),
    ),
    "channels-overwritten": (
        "each input channel overwriting the sum so far",
        _overwritten,
        (),
    ),
    "channels-reversed": ("the input channels in reverse order", _reversed, ()),
}

_WRONG = {
    "channels-last-input": (
        "the input's buffer taken for (batch, *spatial, channels)",
        _input_channels_last,
    ),
    "channels-output-transposed": (
        "the output written with its axes transposed",
        _output_transposed,
    ),
    "channels-output-shuffled": (
        "the output channels of the groups interleaved",
        _shuffled,
    ),
}

CHANNELS: tuple[Mutant, ...] = (
    *(
        of_map("channels", "forward", name, words, maps(bend)["forward"], sources)
        for name, (words, bend, sources) in _BENT.items()
    ),
    *(
        of_map("channels", "forward", name, words, wrong)
        for name, (words, wrong) in _WRONG.items()
    ),
)
"""Channels read out of order, groups confused, layouts taken for others."""
