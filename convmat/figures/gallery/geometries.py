"""What stride, padding and dilation do, in space."""

from __future__ import annotations

from typing import Any

from convmat import figures
from convmat.figures.gallery.kinds import LINES, MOVING, Drawn, Entry, Option
from convmat.figures.gallery.options import FILM, GEOMETRY, YES_NO, changed
from convmat.figures.gallery.reader import Reader
from convmat.geometry import PADDING_MODES
from convmat.shorthand import read_padding

__all__ = ["ENTRIES"]

_STACK = (
    *changed(GEOMETRY, input="5x5", kernel="3x3", stride="2", padding="1"),
    Option("transposed", "whether it is the transpose of the geometry", "no", YES_NO),
)


def _stack(read: Reader) -> Drawn:
    g, transposed = read.geometry(), read.switch("transposed")
    output = read.place("output") or 0
    with read.words():
        return figures.stack3d(
            g, output=output, transposed=transposed, theme=read.theme
        )


def _film(read: Reader) -> Drawn:
    g, transposed = read.geometry(), read.switch("transposed")
    with read.words():
        return figures.stack3d_film(
            g,
            outputs=read.places("outputs"),
            transposed=transposed,
            seconds=read.seconds(),
            theme=read.theme,
        )


def _padding(read: Reader) -> Drawn:
    g, cases = read.geometry(), None
    if read["cases"]:
        cases = [_case(read, text) for text in read["cases"].split()]
    return figures.padding(g, cases, theme=read.theme)


def _case(read: Reader, text: str) -> Any:
    if text in PADDING_MODES:
        return text
    return read_padding(read.named("cases"), text)


def _stride(read: Reader) -> Drawn:
    g = read.geometry()
    with read.words():
        return figures.stride(g, theme=read.theme)


def _dilation(read: Reader) -> Drawn:
    g, output = read.geometry(), read.place("output") or 0
    with read.words():
        return figures.dilation(g, output=output, theme=read.theme)


ENTRIES = (
    Entry(
        "stack3d",
        "The input below, the output above, and the lines from a window to its output.",
        "geometries",
        (*_STACK, Option("output", "its number, or its place such as 1x0", "0")),
        _stack,
        formats=LINES,
    ),
    Entry(
        "stack3d_film",
        "The same for one output after the other; those before stay filled.",
        "geometries",
        (*_STACK, Option("outputs", "numbers or places: 0 3 8, or 0x0 1x2; all"), FILM),
        _film,
        animated=True,
        formats=MOVING,
    ),
    Entry(
        "padding",
        "A picture for each padding: its cells, the first window, and the output.",
        "geometries",
        (
            *changed(GEOMETRY, kernel="3x3"),
            Option("cases", "paddings or modes: valid same 1,2x0,1; else the usual"),
        ),
        _padding,
        formats=LINES,
    ),
    Entry(
        "stride",
        "The windows at stride 1 above those at a larger stride: outputs are left out.",
        "geometries",
        changed(GEOMETRY, input="6x6", kernel="3x3", stride="2"),
        _stride,
        formats=LINES,
    ),
    Entry(
        "dilation",
        "The kernel, the kernel with its holes, and both on the input.",
        "geometries",
        (
            *changed(GEOMETRY, input="7x7", kernel="3x3", dilation="2"),
            Option("output", "its number, or its place such as 1x0", "0"),
        ),
        _dilation,
        formats=LINES,
    ),
)
"""In the order of a page."""
