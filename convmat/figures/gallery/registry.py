"""All figures by name, and what an unknown name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from convmat.errors import ConvmatError
from convmat.figures.gallery import fields, matrices, pictures, windows
from convmat.figures.gallery.kinds import Entry

__all__ = ["ENTRIES", "entry", "names", "refuse_unknown"]

ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {
        entry.name: entry
        for group in (matrices, windows, fields, pictures)
        for entry in group.ENTRIES
    }
)
"""By name, in the order of a page."""


def names() -> tuple[str, ...]:
    """The names of all figures, in the order of a page.

    Examples
    --------
    >>> names()[:2]
    ('matrix_equation', 'matrix_plot')
    """
    return tuple(ENTRIES)


def entry(name: str) -> Entry:
    """What is known of a figure: caption, options, example.

    Raises
    ------
    ConvmatError
        For a name that no figure has.

    Examples
    --------
    >>> entry("matrix_plot").caption
    'The matrix of a convolution: a row for each output, a column for each input.'
    >>> entry("matrix_plott")
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: figure must be a name of the gallery, got
    figure='matrix_plott'; did you mean matrix_plot?
    """
    refuse_unknown("figure", "must be a name of the gallery", name, ENTRIES)
    return ENTRIES[name]


def refuse_unknown(argument: str, rule: str, word: str, known: Iterable[str]) -> None:
    """Return silently when a word is known.

    Raises
    ------
    ConvmatError
        If not, with the nearest one that is.
    """
    words = list(known)
    if word not in words:
        close = get_close_matches(str(word), words, 1)
        remedy = f"did you mean {close[0]}?" if close else ""
        raise ConvmatError(argument, rule, word, remedy)
