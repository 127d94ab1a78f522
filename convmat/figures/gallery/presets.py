"""Settings with a name: published geometries, and views that are known.

References
----------
V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning",
arXiv:1603.07285. M. Kleinsmith, "CNNs from different viewpoints", 2017. J. Howard,
S. Gugger, "Deep Learning for Coders with fastai and PyTorch", 2020, chapter 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convmat.figures.arithmetic import ARITHMETIC
from convmat.figures.gallery.kinds import Preset
from convmat.geometry import Geometry

__all__ = ["PRESETS"]

_IMAGE = {"input": "3x3", "kernel": "2x2"}


def _options(g: Geometry) -> dict[str, str]:
    """A geometry of one channel, as it is written."""
    pads = [f"{before},{after}" for before, after in g.padding]
    parts = {
        "input": g.input_size,
        "kernel": g.kernel_size,
        "stride": g.stride,
        "padding": pads,
        "dilation": g.dilation,
    }
    return {name: "x".join(map(str, part)) for name, part in parts.items()}


def _guide() -> dict[str, Preset]:
    """The fifteen pictures of the guide to convolution arithmetic."""
    found = {}
    for name, one in ARITHMETIC.items():
        options = _options(one.geometry)
        if one.transposed:
            options["transposed"] = "yes"
        caption = f"{one.caption} (guide to convolution arithmetic)."
        found[name] = Preset(caption, "stack3d", options)
    return found


def _views() -> dict[str, Preset]:
    """Kleinsmith's views of one image and one filter, and his bonus."""
    bias = {**_IMAGE, "bias": "b"}
    centred = {"input": "3x3", "kernel": "3x3", "padding": "1"}
    views = {
        "applications": ("the filter at its four places", "four_applications", _IMAGE),
        "equations": ("the equation view", "equations", {**bias, "form": "boxes"}),
        "compact": (
            "the compact equation view",
            "equations",
            {**bias, "form": "compact"},
        ),
        "network": ("the neural network view", "wires", _IMAGE),
        "matrix": ("the matrix multiplication view", "matrix_equation", bias),
        "dense": ("the dense neural network view", "wires_dense", _IMAGE),
        "padded": ("the bonus, zero padding with a 3×3 filter", "matrix_plot", centred),
    }
    return {
        f"kleinsmith_{name}": Preset(f"Kleinsmith: {told}.", figure, options)
        for name, (told, figure, options) in views.items()
    }


def _chapter() -> dict[str, Preset]:
    """Chapter 13 of the book: its pictures of single convolutions and its networks."""
    digit = {"digit": "12"}
    found = {
        "sum": (
            "the sum that gives 94.2",
            "apply_once",
            {
                "input": "7x7",
                "kernel": "3x3",
                "values": "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9",
                "x": "count",
                "output": "1x2",
            },
        ),
        "pixels": (
            "the top of a three, with its numbers",
            "pixel_table",
            {**digit, "rows": "0:10", "columns": "0:20"},
        ),
        "edges": ("what four kernels make of a three", "feature_maps", digit),
        "no_padding": (
            "a 4×4 image under a 3×3 kernel",
            "stack3d",
            {"input": "4x4", "kernel": "3x3", "stride": "1", "padding": "0"},
        ),
        "even_kernel": (
            "a 5×5 image, padding 2, under a 4×4 kernel",
            "stack3d",
            {"input": "5x5", "kernel": "4x4", "stride": "1", "padding": "2"},
        ),
        "stride_2": (
            "a 5×5 image, padding 1, in steps of 2",
            "stack3d",
            {"input": "5x5", "kernel": "3x3", "stride": "2", "padding": "1"},
        ),
        "precedents": (
            "two convolutions of stride 2, and the 7×7 cells behind an output",
            "precedents",
            {"input": "7x7", "layers": "k3s2 k3s2"},
        ),
        "summary": ("the layers of its first network", "summary_table", {"run": "A"}),
        "schedule": (
            "the 1-cycle schedule",
            "schedule",
            {"lr": "0.06", "steps": "117"},
        ),
    }
    return {
        f"chapter13_{name}": Preset(f"Chapter 13: {told}.", figure, options)
        for name, (told, figure, options) in found.items()
    }


PRESETS: Mapping[str, Preset] = MappingProxyType({**_guide(), **_views(), **_chapter()})
"""By their names: the guide's fifteen geometries, seven views, nine of the book's."""
