"""Mutants that walk the input with the wrong stride or dilation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from convmat.geometry import Axis, Geometry
from convmat.verify.mutants.mutant import Mutant, of_map
from convmat.verify.mutants.reads import Bend, Reads, along, flat, maps, right_reads

__all__ = ["STRIDE", "STRIDE_BENDS", "crossed"]


def crossed(*names: str) -> Bend:
    """The reads with these fields of the axes in reverse order."""

    def change(axes: tuple[Axis, ...]) -> Iterable[Axis]:
        for axis, other in zip(axes, axes[::-1], strict=True):
            yield replace(axis, **{name: getattr(other, name) for name in names})

    return along(change)


def _each(change: Callable[[Axis], Axis]) -> Bend:
    return along(lambda axes: map(change, axes))


def _last_tap_further(g: Geometry) -> Reads:
    each = []
    for axis in g.axes:
        cells = axis.padded_cells() - axis.before
        if axis.dilation > 1:
            cells[:, -1] += 1
        each.append(axis.fold(cells))
    return replace(right_reads(g), cells=flat(each, g.input_size))


def _to_the_end(axis: Axis) -> Axis:
    rest = (axis.padded_size - axis.span) % axis.stride
    return replace(axis, before=axis.before - rest)


def _long_strides_cut(axis: Axis) -> Axis:
    return replace(axis, stride=min(axis.stride, axis.kernel))


def _pointwise_strideless(g: Geometry) -> Reads:
    if max(g.kernel_size) > 1:
        return right_reads(g)
    return _each(lambda axis: replace(axis, stride=1))(g)


def _first_of_all(axes: tuple[Axis, ...]) -> Iterable[Axis]:
    return (replace(axis, stride=axes[0].stride) for axis in axes)


def _three_undilated(g: Geometry) -> Reads:
    if set(g.kernel_size) != {3} or set(g.stride) != {1}:
        return right_reads(g)
    return _each(lambda axis: replace(axis, dilation=1))(g)


_GITHUB = "https://github.com/"

STRIDE_BENDS: dict[str, tuple[str, Bend, tuple[str, ...]]] = {
    "strides-swapped": (
        "the strides swapped between axes",
        crossed("stride"),
        (),
    ),
    "strides-first-for-all": (
        "the stride of the first axis used on all",
        along(_first_of_all),
        (
            f"{_GITHUB}pytorch/pytorch/pull/187742",
            f"{_GITHUB}ARM-software/CMSIS-NN/pull/243",
        ),
    ),
    "stride-forgotten": (
        "the outputs read at stride 1",
        _each(lambda axis: replace(axis, stride=1)),
        (f"{_GITHUB}mila-iqia/blocks/pull/371",),
    ),
    "stride-long-cut": (
        "a stride beyond the kernel cut to its size",
        _each(_long_strides_cut),
        (),
    ),
    "stride-to-the-end": (
        "the windows aligned to the end, so that the start is not read",
        _each(_to_the_end),
        (),
    ),
    "stride-pointwise-forgotten": (
        "the stride forgotten in a branch for pointwise kernels",
        _pointwise_strideless,
        (f"{_GITHUB}pulp-platform/pulp-nn/issues/9",),
    ),
    "stride-dilation-swapped": (
        "stride and dilation taken for each other",
        _each(lambda axis: replace(axis, stride=axis.dilation, dilation=axis.stride)),
        (f"{_GITHUB}huggingface/candle/pull/2337",),
    ),
    "dilations-swapped": (
        "the dilations swapped between axes",
        crossed("dilation"),
        (),
    ),
    "dilation-only-in-size": (
        "the dilation used for the size of the output only",
        _each(lambda axis: replace(axis, dilation=1)),
        (f"{_GITHUB}deeplearning4j/deeplearning4j/issues/8320",),
    ),
    "dilation-one-more": (
        "the dilation counted as the cells between two taps",
        _each(lambda axis: replace(axis, dilation=axis.dilation + 1)),
        (f"{_GITHUB}uxlfoundation/oneDNN/issues/438",),
    ),
    "dilation-last-tap-further": (
        "the last dilated tap one cell too far",
        _last_tap_further,
        (),
    ),
    "dilation-three-forgotten": (
        "the dilation forgotten in a branch for 3 taps of stride 1",
        _three_undilated,
        (),
    ),
}
"""Wrong reads by name, with words and sources; the gradients know some of them too."""

STRIDE: tuple[Mutant, ...] = tuple(
    of_map("stride", "forward", name, words, maps(bend)["forward"], sources)
    for name, (words, bend, sources) in STRIDE_BENDS.items()
)
"""The windows, or the taps in them, start at the wrong cells."""
