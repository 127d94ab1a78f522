"""The kernel as it slides, and the sums that it makes."""

from __future__ import annotations

from typing import Literal

from convmat import figures
from convmat.figures.gallery.kinds import LETTERS, MOVING, Drawn, Entry, Option
from convmat.figures.gallery.options import (
    BIAS,
    FILM,
    GEOMETRY,
    SEED,
    VALUES,
    X,
    changed,
)
from convmat.figures.gallery.reader import Reader

__all__ = ["ENTRIES"]

_FORMS: tuple[Literal["boxes", "compact"], ...] = ("boxes", "compact")
_OUTPUTS = Option("outputs", "rows or positions: 0 3 8, or 0x0 1x2; else all, or some")
_NUMBERS = (VALUES, X, SEED)
_GUIDE = changed(
    (*GEOMETRY, VALUES, X, SEED),
    input="5x5",
    kernel="3x3",
    values="0,1,2,2,2,0,0,1,2",
    x="3,3,2,1,0,0,0,1,3,1,3,1,2,2,3,2,0,0,2,2,2,0,0,0,1",
)
"""With the numbers of the guide to convolution arithmetic, figure 1.1."""


def _once(read: Reader) -> Drawn:
    g = read.geometry()
    with read.words():
        return figures.apply_once(
            g,
            read.kernel(g),
            read.x(g),
            output=read.place("output"),
            bias=read.bias(g),
            theme=read.theme,
        )


def _applications(read: Reader) -> Drawn:
    g = read.geometry()
    return figures.four_applications(g, read.kernel(g), read.x(g), theme=read.theme)


def _equations(read: Reader) -> Drawn:
    g = read.geometry()
    return figures.equations(
        g,
        read.kernel(g),
        read.x(g),
        bias=read.bias(g),
        form=read.choice("form", *_FORMS),
        theme=read.theme,
    )


def _frames(read: Reader) -> Drawn:
    g = read.geometry()
    columns = read.integer("columns", 1) if read["columns"] else None
    with read.words():
        return figures.slide_frames(
            g,
            read.kernel(g),
            read.x(g),
            outputs=read.places("outputs"),
            columns=columns,
            theme=read.theme,
        )


def _film(read: Reader) -> Drawn:
    g = read.geometry()
    with read.words():
        return figures.slide_film(
            g,
            read.kernel(g),
            read.x(g),
            outputs=read.places("outputs"),
            seconds=read.seconds(),
            theme=read.theme,
        )


ENTRIES = (
    Entry(
        "apply_once",
        "One output: the window on the input, the kernel, and the sum written out.",
        "windows",
        (
            *changed(
                (*GEOMETRY, *_NUMBERS, BIAS),
                input="7x7",
                kernel="3x3",
                values="0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9",
                x="count",
            ),
            Option("output", "a row of the matrix, or a place such as 1x0; the middle"),
        ),
        _once,
        example={"output": "1x2"},
        formats=LETTERS,
    ),
    Entry(
        "four_applications",
        "The kernel at each of its places: the window it reads, and the output.",
        "windows",
        (*GEOMETRY, *_NUMBERS),
        _applications,
        formats=LETTERS,
    ),
    Entry(
        "equations",
        "The sum of each output in a line of its own.",
        "windows",
        (
            *changed((*GEOMETRY, *_NUMBERS, BIAS), bias="b"),
            Option("form", "both factors in boxes, or one", "boxes", _FORMS),
        ),
        _equations,
        formats=LETTERS,
    ),
    Entry(
        "slide_frames",
        "The places of the window one after the other, each with the outputs so far.",
        "windows",
        (*_GUIDE, _OUTPUTS, Option("columns", "frames side by side; as many as fit")),
        _frames,
        formats=LETTERS,
    ),
    Entry(
        "slide_film",
        "The window moving over the input, with each sum written out.",
        "windows",
        (*_GUIDE, _OUTPUTS, FILM),
        _film,
        animated=True,
        formats=MOVING,
    ),
)
"""In the order of a page."""
