"""Saving a figure: the same bytes each time, whole or not at all, with its alt text."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure

from convmat.errors import ConvmatError
from convmat.figures.stamp.written import with_stamp
from convmat.files import whole_file

__all__ = ["save"]

# Whatever would put a date, a version or chance into the file is named here.
_SETTINGS: Any = {  # keys are str to some versions of matplotlib, literals to others
    "svg.hashsalt": "convmat",
    "svg.fonttype": "path",
    "pdf.fonttype": 3,
    "path.simplify": True,
    "hatch.linewidth": 0.6,
}


def save(figure: Figure, path: str | os.PathLike[str], *, dpi: int = 150) -> Path:
    """Write `figure` to an SVG, PNG or PDF file.

    The same figure gives the same bytes. The file is written beside its target and
    renamed onto it, so that nobody ever reads half of it.

    Parameters
    ----------
    figure : Figure
        Of this package, or any other.
    path : path-like
        Ends in `.svg`, `.png` or `.pdf`; its folder exists.
    dpi : int
        Dots per inch of a PNG, and of images within an SVG or PDF.

    Returns
    -------
    Path
        Where it lies.

    Raises
    ------
    ConvmatError
        For another suffix, or a folder that does not exist.

    Examples
    --------
    >>> save(Figure(), "figure.bmp")
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: path must end in .svg, .png or .pdf, got
    path='figure.bmp'
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (".svg", ".png", ".pdf"):
        raise ConvmatError("path", "must end in .svg, .png or .pdf", str(target))
    if not target.parent.is_dir():
        rule = "must lie in a folder that exists"
        remedy = "make it with path.parent.mkdir(parents=True)"
        raise ConvmatError("path", rule, str(target), remedy)
    buffer = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        figure.savefig(
            buffer,
            format=suffix[1:],
            dpi=dpi,
            facecolor=figure.get_facecolor(),
            metadata=_metadata(figure, suffix),
        )
    content = buffer.getvalue()
    if suffix == ".svg":
        content = _described(content, getattr(figure, "convmat", {}).get("alt", ""))
    content = with_stamp(content, suffix, figure, dpi)
    with whole_file(target) as file:
        file.write(content)
    return target


def _described(svg: bytes, alt: str) -> bytes:
    """`svg` as one image with its alt text, where screen readers look for it."""
    described = f"</title>\n <desc>{escape(alt)}</desc>".encode()
    return svg.replace(b"</title>", described, 1).replace(
        b"<svg ", b'<svg role="img" ', 1
    )


def _metadata(figure: Figure, suffix: str) -> dict[str, Any]:
    """Title and alt text under the names that each format has for them."""
    sheet = getattr(figure, "convmat", {})
    title, alt = sheet.get("kind", "figure"), sheet.get("alt", "")
    if suffix == ".svg":
        texts = {"Title": title, "Description": alt}
        return {**texts, "Creator": "convmat", "Date": None}
    if suffix == ".png":
        return {"Title": title, "Description": alt, "Software": "convmat"}
    origin = {"Creator": "convmat", "Producer": "convmat", "CreationDate": None}
    return {"Title": title, "Subject": alt, **origin}
