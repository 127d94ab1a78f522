"""A film as GIF: one palette for all frames, no dithering, the same bytes each time."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from tqdm import tqdm

from convmat.arrays import Array, IntArray
from convmat.errors import ShapeError
from convmat.figures.film import Film
from convmat.figures.printed import SETTINGS, note_of
from convmat.memory import refuse_beyond

__all__ = ["gif"]

_COLORS = 256  # that a GIF may have
_AT_ONCE = 4096  # colours compared with the palette in one step


def gif(film: Film, dpi: int, progress: bool | None = None) -> bytes:
    """The frames of a film as one GIF that never ends, with its alt text as comment.

    The most frequent 256 colours of all frames are kept exactly: those of cells, lines
    and ground. Any other, at the rim of a letter, becomes the nearest of them.

    Parameters
    ----------
    film : Film
    dpi : int
        Dots per inch.
    progress : bool, optional
        Whether more than two seconds show a bar; by default on a terminal only.

    Raises
    ------
    ShapeError
        When a frame has another size than the first one.
    MatrixTooLargeError
        When the frames would not fit into memory.

    Examples
    --------
    >>> gif(Film(2, lambda k: Figure(figsize=(1, 1))), 20)[:6]
    b'GIF89a'
    """
    hidden = None if progress is None else not progress
    frames: list[Array] = []
    with tqdm(
        total=len(film), unit="frame", delay=2, disable=hidden, leave=False
    ) as bar:
        for frame in film:
            frames.append(_pixels(frame, dpi))
            shape = frames[0].shape
            if len(frames) == 1:
                needed = 8 * len(film) * frames[0].size
                remedy = "use a smaller dpi, or a film of fewer frames"
                refuse_beyond("the frames of", note_of(film)[0], needed, None, remedy)
            elif frames[-1].shape != shape:
                rule = f"must be that of the first one, {shape[::-1]} dots"
                got = frames[-1].shape[::-1]
                raise ShapeError(f"frame {len(frames) - 1}.size", rule, got)
            bar.update()
    known, numbers, palette = _palette(frames)
    images = [
        Image.fromarray(numbers[np.searchsorted(known, frame)], "P") for frame in frames
    ]
    for image in images:
        image.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    images[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=max(10, round(film.seconds * 100) * 10),  # it counts in 1/100 s
        loop=0,
        optimize=False,
        comment=note_of(film)[1].encode(),
    )
    return buffer.getvalue()


def _pixels(figure: Figure, dpi: int) -> Array:
    """Entry `[i, j]` is the colour of a dot, as `0xRRGGBB`."""
    buffer = io.BytesIO()
    with mpl.rc_context(SETTINGS):
        figure.savefig(buffer, format="rgba", dpi=dpi, facecolor=figure.get_facecolor())
    wide = int(figure.get_figwidth() * dpi)
    dots = np.frombuffer(buffer.getvalue(), np.uint8).reshape(-1, wide, 4)
    red, green, blue = (dots[..., place].astype(np.uint32) for place in range(3))
    colors: Array = red << 16 | green << 8 | blue
    return colors


def _palette(frames: list[Array]) -> tuple[Array, Array, Array]:
    """All colours, ascending; the number of each in the palette; and the palette."""
    found = [np.unique(frame, return_counts=True) for frame in frames]
    known, places = np.unique(
        np.concatenate([colors for colors, _ in found]), return_inverse=True
    )
    counts = np.zeros(len(known), np.int64)
    np.add.at(counts, places, np.concatenate([times for _, times in found]))
    frequent = np.lexsort((known, -counts))[:_COLORS]
    kept = _channels(np.sort(known[frequent]))
    numbers = np.empty(len(known), np.uint8)
    for first in range(0, len(known), _AT_ONCE):
        part = _channels(known[first : first + _AT_ONCE])
        distance = ((part[:, None] - kept[None]) ** 2).sum(axis=2)
        numbers[first : first + _AT_ONCE] = distance.argmin(axis=1)
    return known, numbers, kept.astype(np.uint8)


def _channels(colors: Array) -> IntArray:
    """Red, green and blue of each colour, shape `(colors, 3)`."""
    parts = [(colors >> shift & 255).astype(np.int64) for shift in (16, 8, 0)]
    stacked: IntArray = np.stack(parts, axis=1)
    return stacked
