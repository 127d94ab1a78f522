"""The window moving over the input, while the output fills: a film."""

from __future__ import annotations

from collections.abc import Iterable

import numpy.typing as npt
from matplotlib.figure import Figure

from convmat.errors import ShapeError
from convmat.figures.chosen import read_rows, require_drawable, some_told
from convmat.figures.film import Film
from convmat.figures.once import Application
from convmat.figures.reads import Reads
from convmat.figures.sheet import Sheet
from convmat.figures.slides import known_example, params_of
from convmat.figures.style import Theme, theme_of
from convmat.geometry import Geometry, IntOrInts

__all__ = ["slide_film"]

_MOST = 2_500  # cells of a frame
_FRAMES = 120  # outputs that are all drawn


def slide_film(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    outputs: Iterable[IntOrInts] | None = None,
    seconds: float = 0.8,
    theme: str | Theme = "light",
) -> Film:
    """The window moving over the input: a frame an output, with its sum written out.

    Parameters
    ----------
    geometry : Geometry, optional
        One or two spatial axes, at most 2,500 cells of padded input and output
        together, and 120 outputs unless some are named. By default that of
        `slide_frames`.
    kernel, x : array_like, optional
        Numbers in place of letters; with both, the outputs are numbers too.
    outputs : iterable, optional
        Which to draw: rows of the matrix, or positions in `geometry.output_shape`; by
        default all.
    seconds : float
        How long each frame stands.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Film
        Frames of one size in which each cell keeps its place; each is the picture that
        `apply_once` draws, with the outputs before it filled faintly, and has its own
        alt text.

    Raises
    ------
    ShapeError
        For three axes or more, too many cells or outputs, an output that there is not,
        or an array that is not of this geometry.
    ConvmatError
        For no outputs, one that comes twice, or a frame that stands for no time.
    ConvmatTypeError
        When `geometry` is no `Geometry`, or what should be integers are none.

    Examples
    --------
    >>> film = slide_film()
    >>> len(film), film.convmat["alt"].splitlines()[-1][-6:]
    (9, ' = 14.')
    """
    geometry, kernel, x = known_example(geometry, kernel, x)
    require_drawable(geometry, _MOST, "matrix_plot draws any geometry")
    look = theme_of(theme)
    count = geometry.matrix_shape[0]
    if outputs is None and count > _FRAMES:
        rule = f"must have at most {_FRAMES} outputs to be filmed (here {count:,})"
        raise ShapeError("geometry", rule, geometry, "name some of them as outputs")
    rows = read_rows(geometry, outputs, _FRAMES)
    reads = Reads.of(geometry, kernel, x, None)
    application = Application.of(reads, rows)
    params = params_of(look, reads, kernel, x, rows)

    def draw(frame: int) -> Figure:
        row, sheet = rows[frame], Sheet.blank(look)
        read = application.draw(sheet, row, done=True)
        alt = f"Frame {frame + 1} of {len(rows)}: {application.told(row)}"
        own = params | {"frame": frame}
        return sheet.finish("slide_film", own, alt, x=read, y=[f"y[{row}]"])

    head = (
        f"A film of the window of {geometry!r} at {some_told(len(rows), count)}; the "
    )
    head += "outputs fill in their order."
    told = [f"{reads.told(row)}." for row in rows]
    note = {
        "kind": "slide_film",
        "params": params,
        "highlighted": {
            "x": sorted({term.gid for row in rows for term in reads.terms(row)}),
            "W": [],
            "y": [f"y[{row}]" for row in rows],
        },
        "alt": "\n".join([head, *told]),
    }
    return Film(len(rows), draw, seconds, note)
