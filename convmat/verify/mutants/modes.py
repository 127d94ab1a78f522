"""Mutants that fill the padding from the input in another way than was asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from convmat.geometry import Axis, Geometry
from convmat.verify.mutants.mutant import Mutant, of_map
from convmat.verify.mutants.reads import Bend, Reads, along, flat, maps, right_reads

__all__ = ["MODES", "MODE_BENDS"]


def _taken_for(asked: str, given: str) -> Bend:
    """One mode taken for another."""

    def change(axes: tuple[Axis, ...]) -> Iterable[Axis]:
        return (replace(a, mode=given) if a.mode == asked else a for a in axes)

    return along(change)


def _forgotten(axes: tuple[Axis, ...]) -> Iterable[Axis]:
    return (replace(axis, mode="zeros") for axis in axes)


def _first_axis_only(axes: tuple[Axis, ...]) -> Iterable[Axis]:
    return (replace(a, mode="zeros") if number else a for number, a in enumerate(axes))


def _wrapped_one_off(g: Geometry) -> Reads:
    """The padding before the input begins one cell too early in its copy."""
    if g.padding_mode != "circular":
        return right_reads(g)
    each = []
    for axis in g.axes:
        cells = axis.padded_cells() - axis.before
        each.append(axis.fold(np.where(cells < 0, cells - 1, cells)))
    return replace(right_reads(g), cells=flat(each, g.input_size))


def _half_wrapped(g: Geometry) -> Reads:
    """Half as much padding as was asked, and zeros after it."""
    if g.padding_mode != "circular":
        return right_reads(g)
    each = []
    for axis in g.axes:
        cells = axis.padded_cells() - axis.before
        near = (cells >= -((axis.before + 1) // 2)) & (
            cells < axis.size + axis.after // 2
        )
        each.append(np.where(near, axis.fold(cells), -1))
    return replace(right_reads(g), cells=flat(each, g.input_size))


_GITHUB = "https://github.com/"

MODE_BENDS: dict[str, tuple[str, Bend, tuple[str, ...]]] = {
    "mode-forgotten": (
        "zeros in the padding, whatever its mode",
        along(_forgotten),
        (f"{_GITHUB}pytorch/pytorch/issues/29712",),
    ),
    "mode-first-axis-only": (
        "the padding mode used on the first axis only",
        along(_first_axis_only),
        (),
    ),
    "mode-reflect-for-symmetric": (
        "reflect for symmetric: the outermost cell not repeated",
        _taken_for("symmetric", "reflect"),
        (),
    ),
    "mode-symmetric-for-reflect": (
        "symmetric for reflect: the outermost cell repeated",
        _taken_for("reflect", "symmetric"),
        (),
    ),
    "mode-replicate-for-circular": (
        "replicate for circular",
        _taken_for("circular", "replicate"),
        (),
    ),
    "mode-circular-one-off": (
        "circular padding off by one cell before the input",
        _wrapped_one_off,
        (),
    ),
    "mode-circular-halved": (
        "half as much circular padding as was asked",
        _half_wrapped,
        (f"{_GITHUB}pytorch/pytorch/issues/20981",),
    ),
}
"""Wrong reads by name, with words and sources; the gradients know some of them too."""

MODES: tuple[Mutant, ...] = tuple(
    of_map("modes", "forward", name, words, maps(bend)["forward"], sources)
    for name, (words, bend, sources) in MODE_BENDS.items()
)
"""The padding repeats other cells than its mode says."""
