"""Saving a figure: the same bytes each time, whole or not at all, with its alt text."""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.film import Film
from convmat.figures.gif_file import gif
from convmat.figures.printed import note_of, printed
from convmat.figures.readout import figure_text
from convmat.figures.stamp.written import with_stamp
from convmat.figures.tikz import tikz_picture
from convmat.files import whole_file

__all__ = ["SUFFIXES", "save"]

SUFFIXES = (".svg", ".png", ".pdf", ".gif", ".tex", ".txt")
"""Endings that `save` knows."""


def save(
    figure: Figure | Film,
    path: str | os.PathLike[str],
    *,
    dpi: int = 150,
    progress: bool | None = None,
) -> Path:
    r"""Write `figure` to an SVG, PNG, PDF, GIF, TikZ or text file.

    The same figure gives the same bytes. The file is written beside its target and
    renamed onto it, so that nobody ever reads half of it.

    Parameters
    ----------
    figure : Figure or Film
        Of this package; as SVG, PNG or PDF any other. A film becomes a GIF; a format
        that stands still gets its last frame.
    path : path-like
        Ends in `.svg`, `.png`, `.pdf`, `.gif` (films only), `.tex` (a `tikzpicture` for
        `\input`, of what has neither numbered axes nor images) or `.txt` (the cells as
        characters, of the figures that have such a form); its folder exists.
    dpi : int
        Dots per inch of a PNG or GIF, and of images within an SVG or PDF.
    progress : bool, optional
        Whether a film that takes more than two seconds shows a bar; by default on a
        terminal only.

    Returns
    -------
    Path
        Where it lies.

    Raises
    ------
    ConvmatError
        For another suffix, a folder that does not exist, a GIF of what does not move,
        and a figure that cannot be TikZ or text.
    ConvmatTypeError
        When `figure` is neither a figure nor a film.

    Examples
    --------
    >>> save(Figure(), "figure.bmp")
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: path must end in .svg, .png, .pdf, .gif, .tex or .txt,
    got path='figure.bmp'
    """
    if not isinstance(figure, Figure | Film):
        remedy = "pass what a function of convmat.figures returns"
        raise ConvmatTypeError("figure", "must be a Figure or a Film", figure, remedy)
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in SUFFIXES:
        rule = f"must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        raise ConvmatError("path", rule, str(target))
    if not target.parent.is_dir():
        rule = "must lie in a folder that exists"
        remedy = "make it with path.parent.mkdir(parents=True)"
        raise ConvmatError("path", rule, str(target), remedy)
    content = _content(figure, suffix, dpi, progress)
    content = with_stamp(content, suffix, figure, dpi)
    with whole_file(target) as file:
        file.write(content)
    return target


def _content(
    figure: Figure | Film, suffix: str, dpi: int, progress: bool | None
) -> bytes:
    """All that the file will hold."""
    if suffix == ".gif":
        if not isinstance(figure, Film):
            remedy = "save a figure that stands still to .png"
            rule = "must be a Film to be saved as GIF"
            raise ConvmatError("figure", rule, note_of(figure)[0], remedy)
        return gif(figure, dpi, progress)
    still = figure.draw(len(figure) - 1) if isinstance(figure, Film) else figure
    if suffix == ".tex":
        return tikz_picture(still).encode()
    if suffix == ".txt":
        return f"{figure_text(still)}\n".encode()
    return printed(still, suffix, dpi)
