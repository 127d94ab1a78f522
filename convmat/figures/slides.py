"""The window on its way over the input, while the output fills: frame by frame."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ShapeError
from convmat.figures.application_scene import HEADING, LEGIBLE, Scene
from convmat.figures.canvas import fitting_size
from convmat.figures.channel_planes import HEAD
from convmat.figures.chart import paragraph
from convmat.figures.chosen import read_rows, require_drawable, some_told
from convmat.figures.reads import Reads
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.figures.tiles import draw_kernel, kernel_extent
from convmat.geometry import Geometry, IntOrInts, require_geometry
from convmat.geometry import geometry as geometry_of
from convmat.geometry.integers import integer

__all__ = ["known_example", "params_of", "slide_frames"]

_MOST = 400  # cells of a frame among others
_FRAMES = 12  # outputs that are all drawn
_PAGES, _LONG, _MARGIN = (5.9, 7.4, 8.9), 7.2, 0.3  # inches
_GAP, _HEAD, _TITLE = 0.3, 0.6, 0.19  # inches between frames, above each
_LEAST = 0.42  # inches for a kernel, whose heading needs some
_SMALLEST = 0.05  # inches of a cell
_KERNEL, _KEY = 0.3, (1.6, 6.0)  # inches: cells of the kernel at most, and all of it
_COLUMNS = 4  # of frames, at most


def slide_frames(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    outputs: Iterable[IntOrInts] | None = None,
    columns: int | None = None,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The places of the window one after the other, each with the outputs so far.

    Parameters
    ----------
    geometry : Geometry, optional
        One or two spatial axes, at most 400 cells of padded input and output together,
        and a kernel of at most 32 taps across. By default a 5×5 input and a 3×3 kernel,
        with the numbers of a known example.
    kernel, x : array_like, optional
        Numbers in place of letters; with both, the outputs are numbers too.
    outputs : iterable, optional
        Which to draw: rows of the matrix, or positions in `geometry.output_shape`. By
        default all of them where they are at most 12; else the first, the middle and
        the last along each axis (on one axis nine); of several channels the first and
        the last, with fewer of each.
    columns : int, optional
        Frames side by side; by default as many as leave the text legible.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        In the frame of output `r` the window has a frame and the colours of its taps,
        the output `r` is filled, and those before it are filled faintly. Ids:
        `x[i,j]@y[r]`, `pad[i,j]@y[r]`, `window[c]@y[r]`, `title@y[r]`; in the output
        grid `y[s]@y[r]`, where the one of the frame is `y[r]`; `w[u,v]` in the kernel,
        which is drawn once. Cells too small for text are told by colour alone.

    Raises
    ------
    ShapeError
        For three axes or more, too many cells, an output that there is not, or an array
        that is not of this geometry.
    ConvmatError
        For no outputs, one that comes twice, or fewer than one column.
    ConvmatTypeError
        When `geometry` is no `Geometry`, or what should be integers are none.

    References
    ----------
    V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016,
    figure 1.1: the numbers of the default.

    Examples
    --------
    >>> figure = slide_frames()
    >>> print(figure.convmat["alt"].splitlines()[1])
    P = 0·3 + 1·3 + 2·2 + 2·0 + 2·0 + 0·1 + 0·3 + 1·1 + 2·2 = 12
    """
    geometry, kernel, x = known_example(geometry, kernel, x)
    remedy = "slide_film draws one output at a time, and matrix_plot any geometry"
    require_drawable(geometry, _MOST, remedy)
    rows = read_rows(geometry, outputs, _FRAMES)
    sheet = Sheet.blank(theme_of(theme), ax)
    reads = Reads.of(geometry, kernel, x, None)
    side = _kernel_side(geometry)
    key = max(side * kernel_extent(geometry)[0], _LEAST)
    scene, across = _scene(reads, len(rows), columns, key + _GAP)
    read = _draw_frames(sheet, scene, rows, across, side)
    count = geometry.matrix_shape[0]
    alt = f"The window of {geometry!r} at {some_told(len(rows), count)}"
    alt += "; the outputs fill in their order."
    params = params_of(sheet.theme, reads, kernel, x, rows) | {"columns": across}
    told = "\n".join([alt, *map(reads.told, rows)])
    filled = [f"y[{row}]" for row in rows]
    return sheet.finish("slide_frames", params, told, x=read, y=filled)


def known_example(
    geometry: Geometry | None, kernel: npt.ArrayLike | None, x: npt.ArrayLike | None
) -> tuple[Geometry, npt.ArrayLike | None, npt.ArrayLike | None]:
    """What is to be drawn; without a geometry it is the known example."""
    if geometry is None:
        geometry = geometry_of((5, 5), (3, 3))
        kernel = [[0, 1, 2], [2, 2, 0], [0, 1, 2]] if kernel is None else kernel
        if x is None:
            lines = "33210", "00131", "31223", "20022", "20001"
            x = [[int(digit) for digit in line] for line in lines]
    require_geometry(geometry)
    return geometry, kernel, x


def _scene(
    reads: Reads, frames: int, columns: int | None, key: float
) -> tuple[Scene, int]:
    """The picture of a frame, and how many stand side by side.

    Text decides: as many as leave it legible on a narrow page, or else on a wider one,
    without too long a page. Where that is nowhere, the largest cells without text.

    Raises
    ------
    ShapeError
        When there are too many frames even so.
    ConvmatError
        For fewer than one column.
    """
    tried = list(range(1, min(_COLUMNS, frames) + 1))
    if columns is not None:
        tried = [integer("columns", columns, columns)]
        if tried[0] < 1:
            raise ConvmatError("columns", "must be at least 1", columns)
    tried.sort(key=lambda across: (frames % across > 0, -across))  # whole lines first
    down = reads.geometry.rank == 1

    def fitted(page: float, high: float) -> list[tuple[Scene, int]]:
        found = []
        for across in tried:
            lines = -(-frames // across)
            room = (page - key + _GAP) / across - _GAP, high / lines - _HEAD
            order = "input", "output"
            found.append((Scene.of(reads, order, room, gap=0.2, down=down), across))
        return found

    for page in _PAGES:
        for scene, across in fitted(page, _LONG):
            if scene.points:
                return scene, across
    for high, page in product((_LONG, 2 * _LONG, 4 * _LONG), _PAGES):
        best = max(fitted(page, high), key=_side)
        if _side(best) >= _SMALLEST:
            return best
    raise ShapeError(
        "outputs",
        "must be few enough for one page",
        frames,
        "slide_film draws one output at a time",
    )


def _side(fitted: tuple[Scene, int]) -> float:
    return fitted[0].parts["input"].side


def _kernel_side(geometry: Geometry) -> float:
    """Inches of a cell of the kernel: room for its texts, as far as there is some.

    Raises
    ------
    ShapeError
        When its cells are too many to be drawn beside the frames.
    """
    wide, high = kernel_extent(geometry)
    side = min(_KERNEL, _KEY[0] / wide, _KEY[1] / high)
    if side < _SMALLEST:
        most = tuple(int(inches / _SMALLEST) for inches in _KEY)
        rule = f"must have a kernel of at most {most[0]} taps across and {most[1]} down"
        remedy = "slide_film draws one output at a time"
        raise ShapeError("geometry", rule, geometry, remedy)
    return side


def _draw_frames(
    sheet: Sheet, scene: Scene, rows: list[int], across: int, side: float
) -> list[str]:
    """The kernel, all frames with their titles, and what is left out, below them."""
    reads, geometry = scene.reads, scene.reads.geometry
    wide, high = scene.size
    extent = kernel_extent(geometry)
    room = max(side * extent[0], _LEAST)
    size = fitting_size(reads.sums.taps, side, side, 9.0)
    texts = reads.sums.taps if size >= LEGIBLE else [""] * len(reads.sums.taps)
    corner = _MARGIN + (room - side * extent[0]) / 2, _HEAD
    draw_kernel(sheet.ax, corner, side, geometry, texts, sheet.theme, size)
    middle = _MARGIN + room / 2, _HEAD - HEADING
    sheet.write(*middle, "kernel", "kernel", fontsize=HEAD)
    start = _MARGIN + room + _GAP
    read = []
    for number, row in enumerate(rows):
        line, column = divmod(number, across)
        left = start + column * (wide + _GAP)
        top = _HEAD + line * (_HEAD + high)
        name, result = reads.sums.outputs[row], reads.sums.results[row]
        title = name if name == result else f"{name} = {result}"
        looks: dict[str, Any] = {"fontsize": HEAD, "weight": "bold"}
        place = left + wide / 2, top - HEADING - _TITLE
        sheet.write(*place, title, f"title@y[{row}]", **looks)
        read += scene.draw(sheet, (left, top), row, repeated=True, done=True)
    lines = -(-len(rows) // across)
    bottom = max(lines * (_HEAD + high), _HEAD + side * extent[1]) + 0.15
    whole = start + min(across, len(rows)) * (wide + _GAP) - _GAP
    count = geometry.matrix_shape[0]
    if len(rows) < count:
        names = ", ".join(reads.sums.outputs[row] for row in rows)
        note = f"Drawn are {len(rows)} of {count:,} outputs: {names}."
        bottom += paragraph(sheet, note, (_MARGIN, bottom), whole - _MARGIN)
    sheet.cut(whole + _MARGIN, bottom + 0.12)
    return read


def params_of(
    look: Theme,
    reads: Reads,
    kernel: npt.ArrayLike | None,
    x: npt.ArrayLike | None,
    rows: list[int],
) -> dict[str, Any]:
    """What frames and film are drawn from."""
    return {
        "geometry": repr(reads.geometry),
        "kernel": None if kernel is None else reads.sums.taps,
        "x": None if x is None else reads.sums.inputs,
        "outputs": rows,
        "theme": look.name,
    }
