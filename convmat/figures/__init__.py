"""The figures: a matrix and its parts drawn, or written for a terminal.

`text`, `window_text`, `style` and the LaTeX of a geometry do without matplotlib; the
others need it, and say so where it is missing: `gallery` when it draws. Everything
loads on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convmat.errors import needs

if TYPE_CHECKING:
    from convmat.figures import gallery, stamp, style, text
    from convmat.figures.activations import layer_stats
    from convmat.figures.applications import four_applications
    from convmat.figures.arithmetic import ARITHMETIC
    from convmat.figures.channel_sums import channels
    from convmat.figures.colorful import color_dim
    from convmat.figures.comparison import matrices_compared
    from convmat.figures.dense import dense_vs_conv
    from convmat.figures.descent import momentum
    from convmat.figures.draw import save
    from convmat.figures.finding import lr_find
    from convmat.figures.flows import flow
    from convmat.figures.full_equation import matrix_equation
    from convmat.figures.history import losses
    from convmat.figures.holes import dilation
    from convmat.figures.kernels import kernel_grid
    from convmat.figures.latex import latex_equations, latex_matrix
    from convmat.figures.lines import curves
    from convmat.figures.matrices import matrix_plot
    from convmat.figures.networks import wires, wires_dense
    from convmat.figures.normalising import batchnorm
    from convmat.figures.once import apply_once
    from convmat.figures.pads import padding
    from convmat.figures.pixels import pixel_table
    from convmat.figures.products import equations
    from convmat.figures.rates import schedule
    from convmat.figures.readout import figure_text
    from convmat.figures.receptive import receptive_field
    from convmat.figures.responses import feature_maps
    from convmat.figures.slides import slide_frames
    from convmat.figures.sliding_film import slide_film
    from convmat.figures.spectrum import spectrum_bounds
    from convmat.figures.stacks import stack3d, stack3d_film
    from convmat.figures.strides import stride
    from convmat.figures.style import Theme
    from convmat.figures.summaries import summary_table
    from convmat.figures.text import equation_text, matrix_text, wants_color
    from convmat.figures.text_window import window_text
    from convmat.figures.tikz import tikz_picture
    from convmat.figures.tracing import precedents
    from convmat.figures.transposing import transpose
    from convmat.figures.tying import gradient_tying
    from convmat.figures.usage import usage_map
    from convmat.figures.waves import frequencies
    from convmat.figures.weights import kernel_tiles

__all__ = [
    "ARITHMETIC",
    "Theme",
    "apply_once",
    "batchnorm",
    "channels",
    "color_dim",
    "curves",
    "dense_vs_conv",
    "dilation",
    "equation_text",
    "equations",
    "feature_maps",
    "figure_text",
    "flow",
    "four_applications",
    "frequencies",
    "gallery",
    "gradient_tying",
    "kernel_grid",
    "kernel_tiles",
    "latex_equations",
    "latex_matrix",
    "layer_stats",
    "losses",
    "lr_find",
    "matrices_compared",
    "matrix_equation",
    "matrix_plot",
    "matrix_text",
    "momentum",
    "padding",
    "pixel_table",
    "precedents",
    "receptive_field",
    "save",
    "schedule",
    "slide_film",
    "slide_frames",
    "spectrum_bounds",
    "stack3d",
    "stack3d_film",
    "stamp",
    "stride",
    "style",
    "summary_table",
    "text",
    "tikz_picture",
    "transpose",
    "usage_map",
    "wants_color",
    "window_text",
    "wires",
    "wires_dense",
]

_HOME = {
    "ARITHMETIC": "arithmetic",
    "Theme": "style",
    "apply_once": "once",
    "batchnorm": "normalising",
    "channels": "channel_sums",
    "color_dim": "colorful",
    "curves": "lines",
    "dense_vs_conv": "dense",
    "dilation": "holes",
    "equation_text": "text",
    "equations": "products",
    "feature_maps": "responses",
    "figure_text": "readout",
    "flow": "flows",
    "four_applications": "applications",
    "frequencies": "waves",
    "gradient_tying": "tying",
    "kernel_grid": "kernels",
    "kernel_tiles": "weights",
    "latex_equations": "latex",
    "latex_matrix": "latex",
    "layer_stats": "activations",
    "losses": "history",
    "lr_find": "finding",
    "matrices_compared": "comparison",
    "matrix_equation": "full_equation",
    "matrix_plot": "matrices",
    "matrix_text": "text",
    "momentum": "descent",
    "padding": "pads",
    "pixel_table": "pixels",
    "precedents": "tracing",
    "receptive_field": "receptive",
    "save": "draw",
    "schedule": "rates",
    "slide_film": "sliding_film",
    "slide_frames": "slides",
    "spectrum_bounds": "spectrum",
    "stack3d": "stacks",
    "stack3d_film": "stacks",
    "stride": "strides",
    "summary_table": "summaries",
    "tikz_picture": "tikz",
    "transpose": "transposing",
    "usage_map": "usage",
    "wants_color": "text",
    "window_text": "text_window",
    "wires": "networks",
    "wires_dense": "networks",
}

# What the extra `figures` brings: by the name of the module, that of the package.
_PACKAGES = {"matplotlib": "matplotlib", "PIL": "Pillow"}


def __getattr__(name: str) -> Any:
    """Load the file of a public name on first use (PEP 562)."""
    if name not in __all__:
        message = f"module 'convmat.figures' has no attribute {name!r}"
        raise AttributeError(message)
    try:
        home = importlib.import_module(f"convmat.figures.{_HOME.get(name, name)}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _PACKAGES:
            raise
        message = needs(f"convmat.figures.{name}", _PACKAGES[package], "figures")
        raise ModuleNotFoundError(message, name=package) from error
    value = getattr(home, name) if name in _HOME else home
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
