"""One application of the kernel as text: input with its window, kernel, output, sum."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.figures.beside import beside, cell_lines
from convmat.figures.grid import Grid
from convmat.figures.style import RESET, ansi_tap
from convmat.figures.sums import Sums
from convmat.geometry import Geometry, require_geometry

__all__ = ["window_text"]

_MOST = 256  # cells of the padded input, and outputs, that a reader can still follow


def window_text(
    geometry: Geometry,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    output: int = 0,
    bias: str | npt.ArrayLike | None = None,
    color: bool = False,
) -> str:
    """One output as text: its window on the input, the kernel, and the written sum.

    Parameters
    ----------
    geometry : Geometry
        At most 256 cells of padded input, and 256 outputs.
    kernel, x : array_like, optional
        Numbers in place of letters; with both, the outputs are numbers too.
    output : int
        Which output, a flat index in C order; negative ones count from the end.
    bias : str or array_like, optional
        One symbol for all outputs, or one number per output channel.
    color : bool
        Whether terminal codes colour the taps and what they read. They are all that
        it changes.

    Returns
    -------
    str
        Cells of the window, and the output, stand in brackets. A tap that falls on a
        zero of the padding is `×`. Channels stand one below the other; beside several
        output channels only the kernel of this one is shown. Of more than two spatial
        axes the last runs along the lines.

    Raises
    ------
    ShapeError
        When there are too many cells, or an array is not of this geometry.
    ConvmatError, ConvmatTypeError
        When there is no such output, or `geometry` is no `Geometry`.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(window_text(geometry((3, 3), (2, 2)), output=1))
      input       kernel     output
     A [B][C]      α  β       P [Q]
     D [E][F]  *   γ  δ   =   R  S
     G  H  J
    <BLANKLINE>
    Q = αB + βC + γE + δF
    """
    require_geometry(geometry)
    cells = geometry.in_channels * prod(axis.padded_size for axis in geometry.axes)
    outputs = geometry.matrix_shape[0]
    if max(cells, outputs) > _MOST:
        rule = (
            f"must have at most {_MOST} cells of padded input and {_MOST} outputs to "
            f"be written as text (here {cells} and {outputs})"
        )
        remedy = "matrix_text shows a matrix of any size"
        raise ShapeError("geometry", rule, geometry, remedy)
    row = _row(output, outputs)
    sums = Sums.of(geometry, kernel, x, bias)
    grid = Grid.of(geometry, padding=True)
    name, result = sums.outputs[row], sums.results[row]
    parts = [*sums.kept(row), *sums.bias[row : row + 1]]
    sides = [name, " + ".join(parts) or "0"]
    sides += [result] if result != name else []
    blocks = [
        _input(sums, grid, row, color),
        ["*"],
        _kernel(sums, row, color),
        ["="],
        _output(sums, row),
    ]
    titles = ["padded input" if any(map(any, geometry.padding)) else "input"]
    titles += ["", "kernel", "", "output"]
    return "\n".join([*beside(blocks, titles), "", " = ".join(sides)])


def _row(output: int, outputs: int) -> int:
    """`output` counted from the start."""
    if isinstance(output, bool) or not isinstance(output, (int, np.integer)):
        rule = f"must be an integer from 0 to {outputs - 1}"
        raise ConvmatTypeError("output", rule, output)
    if not -outputs <= output < outputs:
        raise ConvmatError("output", f"must be from 0 to {outputs - 1}", output)
    return int(output) % outputs


def _input(sums: Sums, grid: Grid, row: int, color: bool) -> list[str]:
    """All channels of the padded input, with the window of one output."""
    numbers = grid.numbers()[row]
    texts, taps = [], []
    for number, held in zip(numbers.tolist(), grid.held.tolist(), strict=True):
        text = sums.inputs[held] if held >= 0 else grid.filler
        texts.append("×" if number == -2 else text)
        taps.append(int(grid.entries.taps[number]) if number >= 0 else -1)
    size = tuple(axis.padded_size for axis in sums.geometry.axes)
    marked = set(np.flatnonzero(numbers != -1).tolist())
    return _channels(texts, taps, size, marked, color)


def _kernel(sums: Sums, row: int, color: bool) -> list[str]:
    """The taps that make this output."""
    geometry = sums.geometry
    per_row = geometry.taps_per_row
    channel = row // prod(geometry.output_size)
    taps = list(range(channel * per_row, (channel + 1) * per_row))
    texts = [sums.taps[tap] for tap in taps]
    return _channels(texts, taps, geometry.kernel_size, set(), color)


def _output(sums: Sums, row: int) -> list[str]:
    """All outputs; the one in question in brackets."""
    taps = [-1] * len(sums.results)
    size = sums.geometry.output_size
    return _channels(sums.results, taps, size, {row}, color=False)


def _channels(
    texts: list[str],
    taps: list[int],
    size: tuple[int, ...],
    marked: set[int],
    color: bool,
) -> list[str]:
    """Channels one below the other, all in columns of one width."""
    wide = size[-1]
    high = prod(size) // wide
    rows = [texts[first : first + wide] for first in range(0, len(texts), wide)]

    def paint(row: int, column: int, text: str) -> str:
        tap = taps[row * wide + column]
        return f"{ansi_tap(tap)}{text}{RESET}" if color and tap >= 0 else text

    lines = cell_lines(rows, {divmod(flat, wide) for flat in marked}, paint)
    parts = [lines[first : first + high] for first in range(0, len(lines), high)]
    return [line for part in parts for line in ("", *part)][1:]
