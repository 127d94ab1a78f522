"""Singular values, and how a kernel lengthens waves."""

from __future__ import annotations

from convmat import figures
from convmat.errors import ConvmatError
from convmat.figures.gallery.kinds import Drawn, Entry, Option
from convmat.figures.gallery.options import GEOMETRY, SEED, VALUES, changed
from convmat.figures.gallery.reader import Reader

__all__ = ["ENTRIES"]

_MOST = 1024  # rows and columns whose singular values are all found


def _bounds(read: Reader) -> Drawn:
    from convmat.spectrum import compare_bounds, singular_values

    g = read.geometry()
    kernel = read.needed("values", g.kernel_shape)
    if max(g.matrix_shape) > _MOST:
        rule = f"must give a matrix of at most {_MOST:,} rows and columns"
        remedy = f"this one has {g.matrix_shape[0]:,} and {g.matrix_shape[1]:,}"
        raise ConvmatError(read.named("input"), rule, read["input"], remedy)
    with read.words():
        spectrum = singular_values(kernel, g.input_shape, **g.keywords)
        table = compare_bounds(kernel, g.input_shape, **g.keywords)
    return figures.spectrum_bounds(spectrum, table, theme=read.theme)


def _frequencies(read: Reader) -> Drawn:
    from convmat.spectrum import frequency_norms

    size, shape = read.shape("input"), read.shape("kernel")
    kernel = read.needed("values", shape)
    if len(size) != 2 or max(size) > _MOST:
        rule = f"must have two axes, of at most {_MOST:,} cells"
        raise ConvmatError(read.named("input"), rule, read["input"])
    with read.words():
        norms = frequency_norms(kernel, size)
        return figures.frequencies(norms, kernel, theme=read.theme)


ENTRIES = (
    Entry(
        "spectrum_bounds",
        "The singular values of a layer, and every published estimate of the largest.",
        "spectrum",
        changed(
            (*GEOMETRY, VALUES, SEED),
            input="8x8",
            kernel="3x3",
            padding="1",
            values="-1,0,1,-2,0,2,-1,0,1",
        ),
        _bounds,
    ),
    Entry(
        "frequencies",
        "How much a kernel lengthens each wave, around a circle.",
        "spectrum",
        (
            Option("input", "cells of the circle along both axes", "32x32"),
            Option("kernel", "shape of the kernel", "3x3"),
            *changed((VALUES,), values="-1,0,1,-2,0,2,-1,0,1"),
        ),
        _frequencies,
    ),
)
"""In the order of a page."""
