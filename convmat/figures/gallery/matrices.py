"""The matrix, and what it is made of."""

from __future__ import annotations

import numpy as np

from convmat import figures
from convmat.figures.gallery.kinds import Drawn, Entry, Option
from convmat.figures.gallery.options import (
    BIAS,
    GEOMETRY,
    SEED,
    VALUES,
    YES_NO,
    X,
    changed,
)
from convmat.figures.gallery.reader import Reader

__all__ = ["ENTRIES"]


def _equation(read: Reader) -> Drawn:
    g = read.geometry()
    kernel, x, bias = read.kernel(g), read.x(g), read.bias(g)
    return figures.matrix_equation(g, kernel, x, bias=bias, theme=read.theme)


def _matrix(read: Reader) -> Drawn:
    g = read.geometry()
    padding = read.switch("padded")
    return figures.matrix_plot(g, read.kernel(g), theme=read.theme, padding=padding)


def _tying(read: Reader) -> Drawn:
    g = read.geometry()
    rng = np.random.default_rng(read.integer("seed", 0))
    with read.words():
        errors = rng.choice([-2, -1, 1, 2], g.matrix_shape[0])
        x = rng.integers(1, 5, g.matrix_shape[1])
        return figures.gradient_tying(g, np.outer(errors, x), theme=read.theme)


ENTRIES = (
    Entry(
        "matrix_equation",
        "The equation W x + b = y in full: each sum with its zero terms, and without.",
        "matrix",
        (*changed((*GEOMETRY, BIAS), bias="b"), VALUES, X, SEED),
        _equation,
    ),
    Entry(
        "matrix_plot",
        "The matrix of a convolution: a row for each output, a column for each input.",
        "matrix",
        (
            *GEOMETRY,
            VALUES,
            SEED,
            Option("padded", "whether columns stand for padding too", "no", YES_NO),
        ),
        _matrix,
    ),
    Entry(
        "gradient_tying",
        "The gradient of a dense matrix, masked, and summed over each tie: why zeros "
        "stay 0 and ties stay tied.",
        "matrix",
        changed((*GEOMETRY, SEED), seed="0"),
        _tying,
    ),
)
"""In the order of a page."""
