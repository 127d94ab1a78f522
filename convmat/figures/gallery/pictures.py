"""Kernels, images and feature maps as pictures."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy as np

from convmat import figures
from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.figures.gallery.kinds import LETTERS, LINES, Drawn, Entry, Option
from convmat.figures.gallery.options import GEOMETRY, changed
from convmat.figures.gallery.reader import Reader
from convmat.figures.gallery.trained import RUN, trained

__all__ = ["ENTRIES"]

_KERNELS = (
    Option("kernel", "shape of each kernel", "3x3"),
    Option("values", "numbers of one kernel or several; else the chapter's four"),
)
_IMAGE = Option("digit", "place of the digit among the 10,000 embedded ones", "12")
_SETTINGS = tuple(one for one in GEOMETRY if one.name in ("stride", "padding"))
_COLORS: tuple[Literal["auto", "rgb", "diverging", "grey"], ...] = (
    "auto",
    "rgb",
    "diverging",
    "grey",
)


def _grid(read: Reader) -> Drawn:
    kernels = _kernels(read)
    return figures.kernel_grid(list(kernels.values()), list(kernels), theme=read.theme)


def _kernels(read: Reader) -> dict[str, Array]:
    """Those that are written out, with their numbers; by default the chapter's four.

    Raises
    ------
    ConvmatError
        For numbers that make no kernels.
    """
    from convmat.experiments import EDGES

    if not read["values"]:
        names = {"top": "top edge", "left": "left edge"}
        return {names.get(n, n): np.array(kernel) for n, kernel in EDGES.items()}
    shape = read.shape("kernel")
    given = read.written("values")
    if len(shape) != 2 or min(shape) < 1 or given.size % prod(shape):
        rule = f"must give numbers for whole kernels of shape {shape}, on two axes"
        raise ConvmatError(read.named("values"), rule, read["values"])
    arrays = given.reshape(-1, *shape)
    return {f"kernel {number}": array for number, array in enumerate(arrays)}


def _maps(read: Reader) -> Drawn:
    from convmat.sliding import conv

    image, kernels = _image(read), _kernels(read)
    settings = {"stride": read.steps("stride"), "padding": read.padding()}
    with read.words():
        maps = [conv(image, kernel, **settings) for kernel in kernels.values()]
    arrays = list(kernels.values())
    return figures.feature_maps(
        image, maps, list(kernels), kernels=arrays, theme=read.theme
    )


def _image(read: Reader) -> Array:
    """One of the embedded digits, `(28, 28)` of 0 to 255."""
    from convmat.nn import mnist10k

    digits = mnist10k().images
    image: Array = digits[read.integer("digit", 0, len(digits) - 1), 0]
    return image


def _pixels(read: Reader) -> Drawn:
    rows, columns = read.span("rows", 28), read.span("columns", 28)
    return figures.pixel_table(_image(read)[rows, columns], theme=read.theme)


def _tiles(read: Reader) -> Drawn:
    weights = trained(read).learner.model.layers[0].parameters["weight"]
    colors = read.choice("colors", *_COLORS)
    return figures.kernel_tiles(weights, colors=colors, theme=read.theme)


ENTRIES = (
    Entry(
        "pixel_table",
        "An image as a table: each pixel's number, on the grey that it stands for.",
        "pictures",
        (
            _IMAGE,
            Option("rows", "from the first to before the last, 0:10", "0:10"),
            Option("columns", "from the first to before the last, 0:20", "0:20"),
        ),
        _pixels,
        formats=LINES,
    ),
    Entry(
        "kernel_grid",
        "Kernels as pictures, on one range of values.",
        "pictures",
        _KERNELS,
        _grid,
        formats=LETTERS,
    ),
    Entry(
        "feature_maps",
        "A digit, and what each of some kernels makes of it.",
        "pictures",
        (_IMAGE, *_KERNELS, *_SETTINGS),
        _maps,
    ),
    Entry(
        "kernel_tiles",
        "The kernels that the first layer of a network has learned.",
        "pictures",
        (
            *changed(RUN, run="D"),
            Option("colors", "how numbers are shown", "auto", _COLORS),
        ),
        _tiles,
    ),
)
"""In the order of a page."""
