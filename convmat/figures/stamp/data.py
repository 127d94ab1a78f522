"""A digest of what is drawn, which does not hang on the version of Matplotlib.

It is taken over the artists that have ids: their kind, place, colours and texts, with
numbers rounded to 6 digits. So a curve of a training that differs in its last bits
between machines has one digest; a cell of another colour has another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from convmat.figures.film import Film

__all__ = ["data_digest"]


def data_digest(drawn: Figure | Film) -> str:
    """SHA-256 of what a figure of this package shows, as 64 hexadecimal digits.

    Examples
    --------
    >>> from convmat import figures, geometry
    >>> one, other = (figures.matrix_plot(geometry(n, 2)) for n in (4, 5))
    >>> data_digest(one) == data_digest(other)
    False
    """
    whole = hashlib.sha256()
    for frame in drawn if isinstance(drawn, Film) else (drawn,):
        page = to_hex(frame.get_facecolor())
        whole.update(_told([*frame.get_size_inches(), page]))
        placed = _placed_by_matplotlib(frame)
        known = frame.findobj(lambda artist: artist.get_gid() is not None)
        for artist in sorted(known, key=lambda artist: str(artist.get_gid())):
            looks = _looks(artist, id(artist) not in placed)
            whole.update(_told([artist.get_gid(), *looks]))
    note = getattr(drawn, "convmat", {})
    seconds = [drawn.seconds] if isinstance(drawn, Film) else []
    whole.update(_told([note.get("alt"), note.get("highlighted"), *seconds]))
    return whole.hexdigest()


def _told(parts: list[Any]) -> bytes:
    """As JSON; what is no plain value, as its text."""
    return json.dumps(_plain(parts), sort_keys=True).encode() + b"\n"


def _plain(value: Any) -> Any:
    """Lists, texts, and numbers with 6 digits."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bool | str | None):
        return value
    if isinstance(value, np.ndarray):
        return _numbers(value)
    return _numbers([value])[0]


def _numbers(values: npt.ArrayLike) -> list[str]:
    """Six digits of each; what is next to nothing is 0."""
    masked: Any = np.ma.asarray(values, dtype=float)
    array = np.ma.filled(masked, np.nan).reshape(-1)
    near = np.where(np.abs(array) < 1e-9, 0.0, array)
    return [f"{number:.6g}" for number in near.tolist()]


def _placed_by_matplotlib(frame: Figure) -> set[int]:
    """The titles and labels of axes, which get their places when they are drawn."""
    return {
        id(text)
        for axes in frame.findobj(Axes)
        for text in (axes.title, axes.xaxis.label, axes.yaxis.label)
    }


def _looks(artist: Artist, place: bool = True) -> Iterable[Any]:
    """What is to be seen of an artist, in numbers and texts, and maybe its place."""
    yield artist.get_visible(), artist.get_zorder()
    if isinstance(artist, Text):
        yield "text", artist.get_text(), to_hex(artist.get_color())
        yield artist.get_fontsize(), artist.get_rotation()
        yield artist.get_position() if place else ()
    elif isinstance(artist, Line2D):
        yield "line", np.asarray(artist.get_xydata()), to_hex(artist.get_color())
        yield artist.get_linestyle(), artist.get_linewidth(), str(artist.get_marker())
    elif isinstance(artist, Patch):
        path = artist.get_patch_transform().transform_path(artist.get_path())
        yield "patch", np.asarray(path.vertices), artist.get_linestyle()
        for color in (artist.get_facecolor(), artist.get_edgecolor()):
            yield to_hex(color, keep_alpha=True)
        yield artist.get_hatch(), artist.get_linewidth()
    elif isinstance(artist, AxesImage):
        yield "image", artist.get_extent(), _shades(artist)
    elif isinstance(artist, Collection):
        offsets: Any = artist.get_offsets()
        yield "collection", np.asarray(offsets), artist.get_linewidth()
        yield [np.asarray(path.vertices) for path in artist.get_paths()]
        shades = _shades(artist)
        colors = [] if shades else [artist.get_facecolor(), artist.get_edgecolor()]
        for some in colors:
            yield [to_hex(color, keep_alpha=True) for color in np.atleast_2d(some)]
        yield shades
    elif isinstance(artist, Axes):
        yield "axes", artist.get_position().bounds, artist.get_xlim(), artist.get_ylim()
        yield artist.get_xscale(), artist.get_yscale(), to_hex(artist.get_facecolor())
        yield artist.get_title(), artist.get_xlabel(), artist.get_ylabel()


def _shades(artist: AxesImage | Collection) -> list[Any]:
    """Numbers that colours stand for; they get their colours when they are drawn."""
    numbers: Any = artist.get_array()
    if numbers is None:
        return []
    return [np.asarray(numbers), artist.get_clim(), artist.get_cmap().name]
