"""The matrix, and what it is made of."""

from __future__ import annotations

from math import prod

import numpy as np

from convmat import figures
from convmat.arrays import IntArray
from convmat.errors import ConvmatError
from convmat.figures.gallery.kinds import LETTERS, Drawn, Entry, Option
from convmat.figures.gallery.options import (
    BIAS,
    GEOMETRY,
    PADDED,
    SEED,
    VALUES,
    X,
    changed,
)
from convmat.figures.gallery.reader import Reader
from convmat.figures.gallery.words import refuse_unknown
from convmat.geometry import Geometry

__all__ = ["ENTRIES", "seeded_gradient"]

_MOST = 900  # positions of a matrix that is looked at entry by entry


def _equation(read: Reader) -> Drawn:
    g = read.geometry()
    kernel, x, bias = read.kernel(g), read.x(g), read.bias(g)
    width = float(read.some("inches", 1)[0])
    if not width > 0:
        raise ConvmatError(read.named("inches"), "must be greater than 0", width)
    return figures.matrix_equation(
        g, kernel, x, bias=bias, width=width, theme=read.theme
    )


def _matrix(read: Reader) -> Drawn:
    g = read.geometry()
    padding = read.switch("padded")
    return figures.matrix_plot(g, read.kernel(g), theme=read.theme, padding=padding)


def _tying(read: Reader) -> Drawn:
    g = read.geometry()
    if prod(g.matrix_shape) > _MOST:
        raise _too_large(read, g)
    gradient = seeded_gradient(g, read.integer("seed", 0))
    return figures.gradient_tying(g, gradient, theme=read.theme)


def seeded_gradient(g: Geometry, seed: int) -> IntArray:
    """A gradient by the whole matrix: of small errors at outputs, on small inputs.

    Returns
    -------
    ndarray of int64, shape `g.matrix_shape`
        Entry `[r, c]` is the error at output `r` times input `c`.
    """
    rng = np.random.default_rng(seed)
    errors = rng.choice([-2, -1, 1, 2], g.matrix_shape[0])
    return np.outer(errors, rng.integers(1, 5, g.matrix_shape[1]))


def _too_large(read: Reader, g: Geometry) -> ConvmatError:
    shape = "x".join(map(str, g.matrix_shape))
    rule = f"must give a matrix of at most {_MOST} positions, not {shape}"
    return ConvmatError(read.named("input"), rule, read["input"])


def _compared(read: Reader) -> Drawn:
    from convmat.verify import implied_matrix
    from convmat.verify.mutants import MUTANTS

    g, name = read.geometry(), read["mutant"]
    wrong = {name for name, mutant in MUTANTS.items() if mutant.part == "forward"}
    rule = "must be a wrong convolution of convmat.verify.mutants.MUTANTS"
    refuse_unknown(read.named("mutant"), rule, name, sorted(wrong))
    if prod(g.matrix_shape) > _MOST:
        raise _too_large(read, g)
    with read.words():
        weights = implied_matrix(MUTANTS[name].build(), g)
        return figures.matrices_compared(g, weights, name=name, theme=read.theme)


ENTRIES = (
    Entry(
        "matrix_equation",
        "The equation W x + b = y in full: each sum with its zero terms, and without.",
        "matrix",
        (
            *changed((*GEOMETRY, BIAS), bias="b"),
            VALUES,
            X,
            SEED,
            Option("inches", "width of the page, which breaks the equation", "6.5"),
        ),
        _equation,
        formats=LETTERS,
    ),
    Entry(
        "matrix_plot",
        "The matrix of a convolution: a row for each output, a column for each input.",
        "matrix",
        (
            *GEOMETRY,
            VALUES,
            SEED,
            PADDED,
        ),
        _matrix,
        formats=LETTERS,
    ),
    Entry(
        "gradient_tying",
        "The gradient of a dense matrix, masked, and summed over each tie: why zeros "
        "stay 0 and ties stay tied.",
        "matrix",
        changed((*GEOMETRY, SEED), seed="0"),
        _tying,
        formats=LETTERS,
    ),
    Entry(
        "matrices_compared",
        "The right matrix beside the one that a wrong convolution implies.",
        "matrix",
        (
            *changed(GEOMETRY, input="3x4", padding="0,0x1,0"),
            Option("mutant", "which bug, of convmat.verify.mutants", "kernel-flipped"),
        ),
        _compared,
        formats=LETTERS,
    ),
)
"""In the order of a page."""
