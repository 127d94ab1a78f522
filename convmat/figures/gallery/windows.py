"""The kernel as it slides."""

from __future__ import annotations

from convmat import figures
from convmat.figures.gallery.kinds import Drawn, Entry
from convmat.figures.gallery.options import GEOMETRY, SEED, VALUES, X
from convmat.figures.gallery.reader import Reader

__all__ = ["ENTRIES"]


def _applications(read: Reader) -> Drawn:
    g = read.geometry()
    return figures.four_applications(g, read.kernel(g), read.x(g), theme=read.theme)


ENTRIES = (
    Entry(
        "four_applications",
        "The kernel at each of its places: the window it reads, and the output.",
        "windows",
        (*GEOMETRY, VALUES, X, SEED),
        _applications,
    ),
)
"""In the order of a page."""
