"""The answer of `recognize` in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convmat.html import fragment, table

if TYPE_CHECKING:
    from convmat.structure.recognition import Recognition

__all__ = ["recognition_html"]


def recognition_html(found: Recognition) -> str:
    """What `print` shows: the answer as the title, each further line a row."""
    title, *lines = str(found).splitlines()
    return fragment(title, table([[line.strip()] for line in lines], left=True))
