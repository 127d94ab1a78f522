"""All figures by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convmat.figures.gallery import (
    fields,
    geometries,
    layers,
    matrices,
    networks,
    pictures,
    spectra,
    training,
    windows,
)
from convmat.figures.gallery.kinds import Entry
from convmat.figures.gallery.words import refuse_unknown

__all__ = ["ENTRIES", "entry", "names"]

_GROUPS = (
    windows,
    matrices,
    networks,
    geometries,
    fields,
    pictures,
    layers,
    training,
    spectra,
)
ENTRIES: Mapping[str, Entry] = MappingProxyType(
    {entry.name: entry for group in _GROUPS for entry in group.ENTRIES}
)
"""By name, in the order of a page."""


def names() -> tuple[str, ...]:
    """The names of all figures, in the order of a page.

    Examples
    --------
    >>> names()[:2]
    ('apply_once', 'four_applications')
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
