"""The fifteen geometries of the guide to convolution arithmetic, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from convmat.geometry import Geometry, geometry
from convmat.receptive import Layer

__all__ = ["ARITHMETIC", "Arithmetic"]


@dataclass(frozen=True)
class Arithmetic:
    """One of the guide's animated pictures.

    Attributes
    ----------
    layer : Layer
        Its geometry, and whether the picture shows its transpose.
    caption : str

    Examples
    --------
    >>> preset = ARITHMETIC["no_padding_strides_transposed"]
    >>> preset.layer.input_size, preset.layer.output_size, preset.caption
    ((2, 2), (5, 5), 'No padding, stride 2, transposed')
    """

    layer: Layer
    caption: str

    @property
    def geometry(self) -> Geometry:
        """The geometry, or the paired one of a transposed convolution."""
        return self.layer.geometry

    @property
    def transposed(self) -> bool:
        """Whether the picture shows the transposed convolution."""
        return self.layer.transposed


# Input and kernel along each of two axes, padding, stride; all of them square.
_PAIRS = {
    "no_padding_no_strides": (4, 3, 0, 1, "No padding, stride 1"),
    "arbitrary_padding_no_strides": (5, 4, 2, 1, "Padding 2, even kernel, stride 1"),
    "same_padding_no_strides": (5, 3, 1, 1, "Half padding, stride 1"),
    "full_padding_no_strides": (5, 3, 2, 1, "Full padding, stride 1"),
    "no_padding_strides": (5, 3, 0, 2, "No padding, stride 2"),
    "padding_strides": (5, 3, 1, 2, "Half padding, stride 2"),
    "padding_strides_odd": (6, 3, 1, 2, "Half padding, stride 2, even input"),
}


def _all() -> Mapping[str, Arithmetic]:
    known = {}
    for ending, transposed in (("", False), ("_transposed", True)):
        for name, (size, kernel, padding, stride, told) in _PAIRS.items():
            g = geometry((size,) * 2, (kernel,) * 2, padding=padding, stride=stride)
            told += ", transposed" if transposed else ""
            known[name + ending] = Arithmetic(Layer(g, transposed), told)
    dilated = geometry((7, 7), (3, 3), dilation=2)
    known["dilation"] = Arithmetic(Layer(dilated), "No padding, stride 1, dilation 2")
    return MappingProxyType(known)


ARITHMETIC = _all()
"""Each picture of the guide by the name of its file.

V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
arXiv:1603.07285, 2016; https://github.com/vdumoulin/conv_arithmetic.
"""
