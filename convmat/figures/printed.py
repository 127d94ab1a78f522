"""A figure as SVG, PNG or PDF: the same bytes each time, with its alt text inside."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure

__all__ = ["SETTINGS", "note_of", "printed"]

# Whatever would put a date, a version or chance into the file is named here.
SETTINGS: Any = {  # keys are str to some versions of matplotlib, literals to others
    "svg.hashsalt": "convmat",
    "svg.fonttype": "path",
    "pdf.fonttype": 3,
    "path.simplify": True,
    "hatch.linewidth": 0.6,
    "text.hinting": "none",  # hinted text is up to a tenth wider than it was measured
}
"""Settings of matplotlib under which every file is written."""


def printed(figure: Figure, suffix: str, dpi: int) -> bytes:
    """`figure` in one of matplotlib's own formats.

    Parameters
    ----------
    figure : Figure
    suffix : str
        `.svg`, `.png` or `.pdf`.
    dpi : int
        Dots per inch of a PNG, and of images within an SVG or PDF.

    Examples
    --------
    >>> printed(Figure(), ".png", 50)[1:4]
    b'PNG'
    """
    buffer = io.BytesIO()
    with mpl.rc_context(SETTINGS):
        figure.savefig(
            buffer,
            format=suffix[1:],
            dpi=dpi,
            facecolor=figure.get_facecolor(),
            metadata=_metadata(figure, suffix),
        )
    content = buffer.getvalue()
    return _described(content, note_of(figure)[1]) if suffix == ".svg" else content


def note_of(figure: object) -> tuple[str, str]:
    """What a figure shows, by name and in words; any figure of matplotlib has none."""
    sheet = getattr(figure, "convmat", {})
    return sheet.get("kind", "figure"), sheet.get("alt", "")


def _described(svg: bytes, alt: str) -> bytes:
    """`svg` as one image with its alt text, where screen readers look for it."""
    described = f"</title>\n <desc>{escape(alt)}</desc>".encode()
    return svg.replace(b"</title>", described, 1).replace(
        b"<svg ", b'<svg role="img" ', 1
    )


def _metadata(figure: Figure, suffix: str) -> dict[str, Any]:
    """Title and alt text under the names that each format has for them."""
    title, alt = note_of(figure)
    if suffix == ".svg":
        texts = {"Title": title, "Description": alt}
        return {**texts, "Creator": "convmat", "Date": None}
    if suffix == ".png":
        return {"Title": title, "Description": alt, "Software": "convmat"}
    origin = {"Creator": "convmat", "Producer": "convmat", "CreationDate": None}
    return {"Title": title, "Subject": alt, **origin}
