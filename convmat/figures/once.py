"""One output computed in full: the window, the kernel, and the sum that it makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.figures.application_scene import HEADING, Scene
from convmat.figures.channel_planes import HEAD
from convmat.figures.chosen import middle_row, read_output, require_drawable
from convmat.figures.reads import Reads
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.figures.written import Written
from convmat.geometry import Geometry, IntOrInts, require_geometry
from convmat.geometry import geometry as geometry_of

__all__ = ["Application", "apply_once"]

_MOST = 2_500  # cells: each is two artists
_MOST_TERMS = 50  # of a sum that is written out
_ROOM = 5.9, 6.0  # inches: with the margins, the width of a page
_MARGIN, _TOP = 0.3, 0.42  # inches
_LINE = 0.2  # inches of a line without boxes


def apply_once(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    output: IntOrInts | None = None,
    bias: str | npt.ArrayLike | None = None,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """One output: the window on the input, the kernel, and the sum written out.

    Parameters
    ----------
    geometry : Geometry, optional
        One or two spatial axes, at most 2,500 cells of padded input and output
        together. By default the example of the book: a 7×7 input that counts from 1 to
        49, a 3×3 kernel from 0.1 to 0.9, and the output 94.2.
    kernel, x : array_like, optional
        Numbers in place of letters; with both, the outputs are numbers too.
    output : int or tuple of int, optional
        A row of the matrix, or a position in `geometry.output_shape`; by default the
        middle one.
    bias : str or array_like, optional
        One symbol for all outputs, or one number per output channel.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Cells of the window have the colour of the tap on them, and a frame about them:
        `window[c]` on input channel `c`. Cells of padding are dashed; where a tap falls
        on a zero they are grey with ×. Channels stand one below the other. Ids:
        `x[i,j]`, `pad[i,j]` (a position in the padded input), `w[u,v]`, `y[r]`, and in
        the written sum the same ones with `.term`. Where cells are too small for text
        colour alone is left, and the kernel tells which tap it stands for. A sum of
        more than 50 terms is told by its length.

    Raises
    ------
    ShapeError
        For three axes or more, too many cells, an output that there is not, or an array
        that is not of this geometry.
    ConvmatTypeError
        When `geometry` is no `Geometry`, or `output` no integers.

    References
    ----------
    J. Howard, S. Gugger, "Deep Learning for Coders with fastai and PyTorch", chapter
    13: the numbers of the default.

    Examples
    --------
    >>> figure = apply_once()
    >>> print(figure.convmat["alt"].splitlines()[1])
    y₁₂ = 0.1·10 + 0.2·11 + 0.3·12 + 0.4·17 + 0.5·18 + 0.6·19 + 0.7·24 + 0.8·25 +
    0.9·26 = 94.2
    """
    if geometry is None:
        geometry = geometry_of((7, 7), (3, 3))
        kernel = np.arange(1, 10).reshape(3, 3) / 10 if kernel is None else kernel
        x = np.arange(1, 50).reshape(7, 7) if x is None else x
        output = (1, 2) if output is None else output
    require_geometry(geometry)
    require_drawable(geometry, _MOST, "matrix_plot draws any geometry")
    row = middle_row(geometry) if output is None else read_output(geometry, output)
    sheet = Sheet.blank(theme_of(theme), ax)
    reads = Reads.of(geometry, kernel, x, bias)
    application = Application.of(reads, [row])
    read = application.draw(sheet, row)
    params = {
        "geometry": repr(geometry),
        "kernel": None if kernel is None else reads.sums.taps,
        "x": None if x is None else reads.sums.inputs,
        "output": row,
        "bias": reads.sums.bias or None,
        "theme": sheet.theme.name,
    }
    alt = f"One output of {geometry!r}: {application.told(row)}"
    return sheet.finish("apply_once", params, alt, x=read, y=[f"y[{row}]"])


class Application:
    """The picture of an output with its sum below it, alike for all outputs drawn.

    Parameters
    ----------
    reads : Reads
    scene : Scene
    written : Written or None
        Where the sum is written out.
    """

    def __init__(self, reads: Reads, scene: Scene, written: Written | None) -> None:
        self.reads, self.scene, self.written = reads, scene, written

    @classmethod
    def of(cls, reads: Reads, rows: list[int]) -> Application:
        """The picture of any of `rows`."""
        order = "input", "kernel", "output"
        down = reads.geometry.rank == 1
        words: tuple[str, ...] = () if down else ("times", "gives")
        scene = Scene.of(reads, order, _ROOM, gap=0.55, words=words, down=down)
        written = None
        if reads.geometry.taps_per_row <= _MOST_TERMS:
            written = Written.of(reads, rows, "boxes", _ROOM[0], named=False)
        return cls(reads, scene, written)

    def draw(self, sheet: Sheet, row: int, *, done: bool = False) -> list[str]:
        """The whole picture, and the sheet cut to its size; ids of the cells read."""
        wide, high = self.scene.size
        below = self.written.wide if self.written else 4.0
        whole = max(wide, below)
        left = _MARGIN + (whole - wide) / 2
        read = self.scene.draw(sheet, (left, _TOP), row, done=done)
        top = _TOP + high + 0.25
        start = _MARGIN + (whole - below) / 2
        if self.written:
            self.written.draw(sheet, (start, top), row, repeated=False)
            top += self.written.high
        else:
            looks: dict[str, Any] = {"fontsize": HEAD}
            text = self._length(row)
            middle = _MARGIN + whole / 2, top + _LINE / 2
            sheet.write(*middle, text, "sum", **looks)
            top += _LINE
        sheet.cut(whole + 2 * _MARGIN, top + HEADING)
        return read

    def told(self, row: int) -> str:
        """Where the window lies, and below it the sum, in words."""
        g, terms = self.reads.geometry, self.reads.terms(row)
        _, *outs = np.unravel_index(row, (g.out_channels, *g.output_size))
        names = ("columns",) if g.rank == 1 else ("rows", "columns")
        ends = []
        for name, out, step, span in zip(names, outs, g.stride, g.span, strict=True):
            first = int(out) * step
            ends.append(f"{name} {first} to {first + span - 1}")
        zeros = sum(term.kind == "zero" for term in terms)
        again = sum(term.kind == "repeated" for term in terms)
        text = f"the window lies on {' and '.join(ends)} of the {self.reads.input_name}"
        if zeros:
            text += f"; {zeros} of its {len(terms)} taps fall on zeros of the padding"
        if again:
            text += f"; {again} of its {len(terms)} taps read padding that repeats it"
        whole = self.reads.told(row) if self.written else self._length(row)
        return f"{text}.\n{whole}"

    def _length(self, row: int) -> str:
        """How long a sum is that is not written out."""
        sums = self.reads.sums
        name, result = sums.outputs[row], sums.results[row]
        text = f"{name} = sum of {self.reads.geometry.taps_per_row} products"
        if sums.bias:
            text += f" + {sums.bias[row]}"
        return text if name == result else f"{text} = {result}"
