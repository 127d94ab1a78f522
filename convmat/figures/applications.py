"""The kernel applied at each of its places: Kleinsmith's rows of pictures."""

from __future__ import annotations

from math import inf, prod

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ShapeError
from convmat.figures.application_scene import Scene
from convmat.figures.reads import Reads
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.geometry import Geometry, require_geometry
from convmat.geometry import geometry as geometry_of

__all__ = ["four_applications"]

_MOST_OUTPUTS = 16
_MOST_CELLS = 100  # of the padded input
_MARGIN, _TOP, _GAP = 0.3, 0.5, 0.35  # inches
_PAGE, _SMALLEST = (5.9, 9.0), 0.06  # inches: a page without margins, a cell


def four_applications(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """For each output: the kernel, the input under its window, and the output filled.

    Parameters
    ----------
    geometry : Geometry, optional
        One or two spatial axes, at most 16 outputs and 100 cells of input with padding,
        over all channels; by default a 3×3 input and a 2×2 kernel, which has four
        places.
    kernel, x : array_like, optional
        Numbers in place of letters; with both, the outputs are numbers too.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        A cell of the window has the colour of the tap that reads it. Cells of padding
        are dashed; where a tap falls on a zero they are grey with ×, and where padding
        repeats the input they show what they repeat. Channels stand one below the
        other; the kernel is the one of the output's channel. Ids in the picture of
        output `r`: `w[u,v]@y[r]`, `x[i,j]@y[r]`, `pad[i,j]@y[r]` (a position in the
        padded input), and in the output grid `y[s]@y[r]`, where the one filled is
        `y[r]`.

    Raises
    ------
    ShapeError
        For three axes or more, too many outputs or cells, or an array that is not of
        this geometry.
    ConvmatTypeError
        When `geometry` is no `Geometry`.

    Examples
    --------
    >>> figure = four_applications()
    >>> figure.convmat["highlighted"]["y"]
    ['y[0]', 'y[1]', 'y[2]', 'y[3]']
    >>> print(figure.convmat["alt"].splitlines()[1])
    P: α on A, β on B, γ on D, δ on E.
    """
    if geometry is None:
        geometry = geometry_of((3, 3), (2, 2))
    _require_readable(geometry)
    sheet = Sheet.blank(theme_of(theme), ax)
    reads = Reads.of(geometry, kernel, x, None)
    read = _draw(sheet, reads)
    params = {
        "geometry": repr(geometry),
        "kernel": None if kernel is None else reads.sums.taps,
        "x": None if x is None else reads.sums.inputs,
        "theme": sheet.theme.name,
    }
    filled = [f"y[{row}]" for row in range(geometry.matrix_shape[0])]
    return sheet.finish("four_applications", params, _alt(reads), x=read, y=filled)


def _require_readable(geometry: Geometry) -> None:
    """Refuse what is no geometry, or one whose applications cannot be drawn."""
    require_geometry(geometry)
    remedy = "slide_frames draws some of the outputs, and larger inputs"
    if geometry.rank > 2:
        rule = "must have one or two spatial axes"
        raise ShapeError("geometry", rule, geometry, "matrix_plot draws any geometry")
    cells = geometry.in_channels * prod(axis.padded_size for axis in geometry.axes)
    outputs = geometry.matrix_shape[0]
    if outputs > _MOST_OUTPUTS or cells > _MOST_CELLS:
        rule = (
            f"must have at most {_MOST_OUTPUTS} outputs and {_MOST_CELLS} cells of "
            f"padded input (here {outputs} and {cells})"
        )
        raise ShapeError("geometry", rule, geometry, remedy)


def _draw(sheet: Sheet, reads: Reads) -> list[str]:
    """One picture an output: in one column, or in several where they are many."""
    outputs = reads.geometry.matrix_shape[0]
    scene, columns = _laid_out(reads, outputs)
    wide, tall = scene.size
    read = []
    for output in range(outputs):
        row, column = divmod(output, columns)
        corner = _MARGIN + column * (wide + 2 * _GAP), _TOP + row * (tall + _GAP)
        looks = {"repeated": True, "headings": row == 0, "boxed": False}
        read += scene.draw(sheet, corner, output, **looks)
    sheet.cut(
        2 * _MARGIN + columns * wide + (columns - 1) * 2 * _GAP,
        _TOP + -(-outputs // columns) * (tall + _GAP),
    )
    return read


def _laid_out(reads: Reads, outputs: int) -> tuple[Scene, int]:
    """The picture of an output, and how many stand side by side.

    The first that leaves the text legible on one page; else the largest cells without
    text; and where that is no picture at all, a page as long as the text needs.
    """
    most = 1 if outputs <= 4 else 2 if outputs <= 10 else 3
    if reads.geometry.rank == 1:  # pictures of one line
        most = 1
    spoken = (("applied to", "yields"), 0.85), (("on", "→"), 0.34)
    order = "kernel", "input", "output"

    def laid(columns: int, words: tuple[str, ...], gap: float, page: float) -> Scene:
        wide = (_PAGE[0] + 2 * _GAP) / columns - 2 * _GAP
        high = page / -(-outputs // columns) - _GAP
        return Scene.of(reads, order, (wide, high), gap=gap, words=words)

    found = []
    for words, gap in spoken:
        for columns in range(most, 0, -1):
            scene = laid(columns, words, gap, _PAGE[1])
            if scene.points:
                return scene, columns
            found.append((scene, columns))
    best = max(found, key=lambda one: one[0].parts["input"].side)
    if best[0].parts["input"].side >= _SMALLEST:
        return best
    return laid(1, *spoken[0], inf), 1


def _alt(reads: Reads) -> str:
    """A sentence, and one line for each output."""
    sums = reads.sums
    outputs = len(sums.outputs)
    times = "once" if outputs == 1 else f"{outputs} times, once for each output"
    lines = [f"The kernel of {sums.geometry!r} applied to the input {times}."]
    for row, (name, result) in enumerate(zip(sums.outputs, sums.results, strict=True)):
        terms = reads.terms(row)
        told = [
            f"{term.weight} on {'repeated ' * (term.kind == 'repeated')}{term.value}"
            for term in terms
            if term.kind != "zero"
        ]
        dropped = len(terms) - len(told)
        if dropped:
            told.append(f"{dropped} on padding")
        gives = "" if result == name else f", which gives {result}"
        lines.append(f"{name}: {', '.join(told)}{gives}.")
    return "\n".join(lines)
