"""The figures: a matrix and its parts drawn, or written for a terminal.

`text` and `style` need nothing but NumPy; the others need matplotlib, and say so where
it is missing. Everything loads on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convmat.errors import needs

if TYPE_CHECKING:
    from convmat.figures import style, text
    from convmat.figures.activations import layer_stats
    from convmat.figures.applications import four_applications
    from convmat.figures.channelled import channels
    from convmat.figures.colorful import color_dim
    from convmat.figures.comparison import matrices_compared
    from convmat.figures.dense import dense_vs_conv
    from convmat.figures.descent import momentum
    from convmat.figures.draw import save
    from convmat.figures.equations import matrix_equation
    from convmat.figures.finding import lr_find
    from convmat.figures.flows import flow
    from convmat.figures.history import losses
    from convmat.figures.kernels import kernel_grid
    from convmat.figures.lines import curves
    from convmat.figures.matrices import matrix_plot
    from convmat.figures.networks import wires, wires_dense
    from convmat.figures.normalising import batchnorm
    from convmat.figures.pixels import pixel_table
    from convmat.figures.rates import schedule
    from convmat.figures.receptive import receptive_field
    from convmat.figures.responses import feature_maps
    from convmat.figures.spectrum import frequencies, spectrum_bounds
    from convmat.figures.style import Theme
    from convmat.figures.summaries import summary_table
    from convmat.figures.text import equation_text, matrix_text, wants_color
    from convmat.figures.transposing import transpose
    from convmat.figures.tying import gradient_tying
    from convmat.figures.usage import usage_map
    from convmat.figures.weights import kernel_tiles

__all__ = [
    "Theme",
    "batchnorm",
    "channels",
    "color_dim",
    "curves",
    "dense_vs_conv",
    "equation_text",
    "feature_maps",
    "flow",
    "four_applications",
    "frequencies",
    "gradient_tying",
    "kernel_grid",
    "kernel_tiles",
    "layer_stats",
    "losses",
    "lr_find",
    "matrices_compared",
    "matrix_equation",
    "matrix_plot",
    "matrix_text",
    "momentum",
    "pixel_table",
    "receptive_field",
    "save",
    "schedule",
    "spectrum_bounds",
    "style",
    "summary_table",
    "text",
    "transpose",
    "usage_map",
    "wants_color",
    "wires",
    "wires_dense",
]

_HOME = {
    "Theme": "style",
    "batchnorm": "normalising",
    "channels": "channelled",
    "color_dim": "colorful",
    "curves": "lines",
    "dense_vs_conv": "dense",
    "equation_text": "text",
    "feature_maps": "responses",
    "flow": "flows",
    "four_applications": "applications",
    "frequencies": "spectrum",
    "gradient_tying": "tying",
    "kernel_grid": "kernels",
    "kernel_tiles": "weights",
    "layer_stats": "activations",
    "losses": "history",
    "lr_find": "finding",
    "matrices_compared": "comparison",
    "matrix_equation": "equations",
    "matrix_plot": "matrices",
    "matrix_text": "text",
    "momentum": "descent",
    "pixel_table": "pixels",
    "receptive_field": "receptive",
    "save": "draw",
    "schedule": "rates",
    "spectrum_bounds": "spectrum",
    "summary_table": "summaries",
    "transpose": "transposing",
    "usage_map": "usage",
    "wants_color": "text",
    "wires": "networks",
    "wires_dense": "networks",
}


def __getattr__(name: str) -> Any:
    """Load the file of a public name on first use (PEP 562)."""
    if name not in __all__:
        message = f"module 'convmat.figures' has no attribute {name!r}"
        raise AttributeError(message)
    try:
        home = importlib.import_module(f"convmat.figures.{_HOME.get(name, name)}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        message = needs(f"convmat.figures.{name}", "matplotlib", "figures")
        raise ModuleNotFoundError(message, name="matplotlib") from error
    value = getattr(home, name) if name in _HOME else home
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
