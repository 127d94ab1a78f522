"""The options that several figures share."""

from __future__ import annotations

from dataclasses import replace

from convmat.figures.gallery.kinds import Option
from convmat.geometry import PADDING_MODES

__all__ = [
    "BIAS",
    "FILM",
    "GEOMETRY",
    "LAYERS",
    "PADDED",
    "RUNS",
    "SEED",
    "VALUES",
    "YES_NO",
    "X",
    "changed",
]

GEOMETRY = (
    Option("input", "shape of the input: 3x3, or with channels 3x32x32", "3x3"),
    Option("kernel", "shape of the kernel: 2x2, or with channels OUTxINx2x2", "2x2"),
    Option("stride", "step between windows: 2, or per axis 2x1", "1"),
    Option("padding", "1, per axis 1x0, before,after 1,2x0,1, or same, full, ...", "0"),
    Option("dilation", "step between taps: 2, or per axis 2x1", "1"),
    Option("groups", "blocks of channels", "1"),
    Option("mode", "what stands in the padding", "zeros", PADDING_MODES),
)
"""All that makes a geometry; by default a 3×3 input and a 2×2 kernel."""

SEED = Option(
    "seed", "small whole numbers by NumPy's generator N, where none are given"
)
VALUES = Option(
    "values",
    "numbers of the taps in C order: -1,0.5,1/3, ones, or count",
    belongs_to="kernel",
)
X = Option(
    "x", "numbers of the input in C order: 1,2,3, ones, or count", belongs_to="input"
)
BIAS = Option("bias", "a letter, one number, or one for each output channel")

YES_NO = ("yes", "no")
"""What a switch may be."""

PADDED = Option("padded", "whether cells of padding are shown too", "no", YES_NO)

FILM = Option("seconds", "how long each frame stands", "0.8")

RUNS = ("A", "B", "C", "D", "E", "F")
"""The runs of chapter 13."""

LAYERS = (
    Option("input", "cells of each axis, without channels", "9x9"),
    Option(
        "layers",
        "k3s2p1 k2s2: taps, stride, padding, d for dilation; t transposed",
        "k3",
    ),
)
"""A chain of layers, on an input."""


def changed(options: tuple[Option, ...], **defaults: str) -> tuple[Option, ...]:
    """The same options with other defaults.

    Examples
    --------
    >>> changed(LAYERS, input="5")[0].default
    '5'
    """
    known = {option.name for option in options}
    assert known >= set(defaults), f"no option {set(defaults) - known}"
    return tuple(
        replace(one, default=defaults.get(one.name, one.default)) for one in options
    )
