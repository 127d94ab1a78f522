"""Mutants that add the bias wrongly."""

from __future__ import annotations

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.geometry.doors import read_bias
from convmat.verify.black_box import Implementation
from convmat.verify.mutants.mutant import Biased, Mutant, box

__all__ = ["BIAS"]


def _column(bias: Array, g: Geometry) -> Array:
    return read_bias(bias, g.out_channels, g)


def _added(y: Array, part: Array) -> Array:
    total: Array = y + part
    return total


def _forgotten(y: Array, bias: Array, g: Geometry) -> Array:
    return y


def _twice(y: Array, bias: Array, g: Geometry) -> Array:
    return _added(y, 2 * _column(bias, g))


def _for_each_tap(y: Array, bias: Array, g: Geometry) -> Array:
    return _added(y, g.taps_per_row * _column(bias, g))


def _by_input_channel(y: Array, bias: Array, g: Geometry) -> Array:
    cyclic = [out % g.in_channels for out in range(g.out_channels)]
    return _added(y, _column(bias[cyclic], g))


def _by_position(y: Array, bias: Array, g: Geometry) -> Array:
    along_the_row = [out % g.out_channels for out in range(g.output_size[-1])]
    return _added(y, bias[along_the_row])


def _by_image(y: Array, bias: Array, g: Geometry) -> Array:
    numbers = [image % g.out_channels for image in range(len(y))]
    return _added(y, bias[numbers].reshape(len(y), *(1,) * (y.ndim - 1)))


def _first_image(y: Array, bias: Array, g: Geometry) -> Array:
    total = y.copy()
    total[:1] += _column(bias, g)
    return total


def _subtracted(y: Array, bias: Array, g: Geometry) -> Array:
    return _added(y, -_column(bias, g))


def _wrong(
    name: str, words: str, biased: Biased, sources: tuple[str, ...] = ()
) -> Mutant:
    def build() -> Implementation:
        return box(name, biased=biased)

    return Mutant(name, words, "forward", "bias", build, sources)


_GITHUB = "https://github.com/"

BIAS = (
    _wrong("bias-forgotten", "the bias forgotten", _forgotten),
    _wrong(
        "bias-twice",
        "the bias added twice",
        _twice,
        (f"{_GITHUB}LeelaChessZero/lc0/pull/130",),
    ),
    _wrong("bias-for-each-tap", "the bias added for every tap", _for_each_tap),
    _wrong("bias-subtracted", "the bias subtracted", _subtracted),
    _wrong(
        "bias-by-input-channel",
        "the bias counted by input channel",
        _by_input_channel,
    ),
    _wrong("bias-by-position", "the bias counted along the row", _by_position),
    _wrong(
        "bias-by-image",
        "the bias counted by image of the batch",
        _by_image,
        (f"{_GITHUB}kraiskil/onnx2c/issues/7",),
    ),
    _wrong("bias-first-image", "the bias added to the first image only", _first_image),
)
"""The bias goes to the wrong outputs, or there too often."""
