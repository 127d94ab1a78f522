"""A convolution as a network, its transpose, and its channels."""

from __future__ import annotations

from dataclasses import replace

from convmat import figures
from convmat.figures.gallery.kinds import LETTERS, Drawn, Entry, Option
from convmat.figures.gallery.options import (
    BIAS,
    GEOMETRY,
    PADDED,
    SEED,
    VALUES,
    YES_NO,
    X,
    changed,
)
from convmat.figures.gallery.reader import Reader

__all__ = ["ENTRIES"]

_KERNEL = (*GEOMETRY, VALUES, SEED)


def _wires(read: Reader) -> Drawn:
    g, padding = read.geometry(), read.switch("padded")
    return figures.wires(g, read.kernel(g), padding=padding, theme=read.theme)


def _dense(read: Reader) -> Drawn:
    g, padding = read.geometry(), read.switch("padded")
    return figures.wires_dense(g, read.kernel(g), padding=padding, theme=read.theme)


def _beside(read: Reader) -> Drawn:
    g, bias = read.geometry(), read.switch("biases")
    return figures.dense_vs_conv(g, read.kernel(g), bias=bias, theme=read.theme)


def _transpose(read: Reader) -> Drawn:
    g = read.geometry()
    with read.words():
        return figures.transpose(
            g,
            read.kernel(g),
            column=read.integer("column", 0) if read["column"] else None,
            row=read.integer("row", 0) if read["row"] else None,
            theme=read.theme,
        )


def _channels(read: Reader) -> Drawn:
    g = read.geometry()
    output = read.integer("output", 0) if read["output"] else None
    with read.words():
        return figures.channels(
            g,
            read.kernel(g),
            read.x(g),
            bias=read.bias(g),
            output=output,
            theme=read.theme,
        )


ENTRIES = (
    Entry(
        "wires",
        "The convolution as a sparse network: a wire for each entry of the matrix.",
        "networks",
        (*_KERNEL, PADDED),
        _wires,
        formats=LETTERS,
    ),
    Entry(
        "wires_dense",
        "The same network with every wire of a dense layer: those of zeros are grey.",
        "networks",
        (*_KERNEL, PADDED),
        _dense,
        formats=LETTERS,
    ),
    Entry(
        "dense_vs_conv",
        "A dense layer and a convolution of the same sizes: what each has to learn.",
        "networks",
        (*_KERNEL, Option("biases", "whether both have biases", "yes", YES_NO)),
        _beside,
        formats=LETTERS,
    ),
    Entry(
        "transpose",
        "A matrix and its transpose, and two ways to apply that without a matrix.",
        "networks",
        (
            *_KERNEL,
            Option("column", "of the transpose, which is scattered; the middle"),
            Option("row", "of the transpose, whose window is shown; the middle"),
        ),
        _transpose,
        formats=LETTERS,
    ),
    Entry(
        "channels",
        "One output of a convolution with channels, plane by plane, and the matrix.",
        "networks",
        (
            *changed(
                (*GEOMETRY, VALUES, X, SEED, replace(BIAS, belongs_to="kernel")),
                input="3x3x3",
                kernel="2x3x2x2",
                seed="1",
                bias="1,-1",
            ),
            Option("output", "a row of the matrix; the middle of the first channel"),
        ),
        _channels,
        formats=LETTERS,
    ),
)
"""In the order of a page."""
