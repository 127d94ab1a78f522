"""The layers of a network as a table: shapes, parameters, multiplications."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from convmat.errors import ShapeError
from convmat.figures.canvas import widest
from convmat.figures.chart import SIZE, paragraph
from convmat.figures.content import many, shape_told
from convmat.figures.layered import Layers, Steps, cost_told, read_layers
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.geometry import IntOrInts

__all__ = ["summary_table"]

_MOST = 60  # layers
_HEADS = ("layer", "output", "parameters", "padded", "effective")
_IDS = ("layer", "shape", "parameters", "padded", "effective")
_MARGIN, _HIGH, _GAP = 0.25, 0.21, 0.3  # inches: of a row, between columns


def summary_table(
    layers: Layers,
    input_shape: IntOrInts | None = None,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The layers one below the other: shape, parameters and multiplications of each.

    Parameters
    ----------
    layers : Summary, Inspection, Composite, or a chain
        A network of `convmat.nn` or its summary; what `convmat.inspect.inspect_file`
        returns; or geometries, layers and texts such as `"k3s2p1"`, as
        `convmat.receptive_field` reads them. At most 60 layers.
    input_shape : tuple of int, optional
        What a network or a text reads, without the batch axis.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its texts: `layer[i]`, `shape[i]`, `parameters[i]`, `padded[i]` and
        `effective[i]`; the sums `parameters[total]` and so on; `head[...]`. Every
        second row has a stripe, `row[i]`.

    Raises
    ------
    ShapeError
        For more than 60 layers, a shape that is missing, or that does not fit.
    ConvmatError
        For no layers, a shape beside a source that knows its own, and an unknown theme.
    ConvmatTypeError
        For what is no layer.

    Examples
    --------
    >>> print(summary_table(["k3s2p1", "k3s2p1"], (28, 28)).convmat["alt"])
    2 layers. 0 Conv k3x3 s2 p1 gives 1×14×14: 9 parameters, 1,764 multiplications,
    1,681 effective. 1 Conv k3x3 s2 p1 gives 1×7×7: 9 parameters, 441 multiplications,
    400 effective. In all: 18 parameters, 2,205 multiplications, 2,081 effective.
    """
    found = read_layers(layers, input_shape)
    if len(found.steps) > _MOST:
        rule, remedy = f"must be at most {_MOST}", "draw a part; print shows them all"
        raise ShapeError("layers", rule, len(found.steps), remedy)
    sheet = Sheet.blank(theme_of(theme), ax)
    _draw(sheet, found)
    params = {
        "layers": [step.title for step in found.steps],
        "theme": sheet.theme.name,
    }
    last = len(found.steps) - 1
    return sheet.finish("summary_table", params, _alt(found), y=[f"shape[{last}]"])


def _draw(sheet: Sheet, found: Steps) -> None:
    """The rows under their heads, the sums, and what is counted."""
    rows = _cells(found)
    widths = [widest(column, SIZE) for column in zip(_HEADS, *rows, strict=True)]
    lefts = [_MARGIN]
    for width in widths:
        lefts.append(lefts[-1] + width + _GAP)
    wide = lefts[-1] - _GAP + _MARGIN
    theme, top = sheet.theme, _MARGIN + _HIGH
    middle = (lefts[3] + lefts[5] - _GAP) / 2
    looks: dict[str, Any] = {"fontsize": SIZE, "color": theme.muted}
    sheet.write(middle, _MARGIN, "multiplications", "head[multiplications]", **looks)
    numbers: list[str | int] = ["head", *range(len(found.steps)), "total"]
    for number, cells in zip(numbers, [list(_HEADS), *rows], strict=True):
        if isinstance(number, int) and number % 2 == 0:
            stripe: dict[str, Any] = {"color": theme.untouched.fill, "linewidth": 0.0}
            corner, size = (_MARGIN - 0.06, top - _HIGH / 2), wide - 2 * _MARGIN + 0.12
            box = Rectangle(corner, size, _HIGH, gid=f"row[{number}]", **stripe)
            box.set_zorder(0.2)
            sheet.ax.add_patch(box)
        if number in (0, "total"):
            _rule(sheet, top - _HIGH / 2, wide, f"rule[{number}]")
        for column, (name, cell) in enumerate(zip(_IDS, cells, strict=True)):
            if not cell:
                continue
            gid = f"head[{name}]" if number == "head" else f"{name}[{number}]"
            side = ("left", "left", "right", "right", "right")[column]
            x = lefts[column] + (widths[column] if side == "right" else 0.0)
            color = theme.muted if number == "head" else theme.ink
            sheet.write(x, top, cell, gid, fontsize=SIZE, ha=side, color=color)
        top += _HIGH
    top += 0.02
    room = wide - 2 * _MARGIN
    top += paragraph(sheet, found.note, (_MARGIN, top), room)
    sheet.cut(wide, top + 0.12)


def _cells(found: Steps) -> list[list[str]]:
    """The texts of all rows, the sums last."""
    rows = []
    for step in found.steps:
        cost = step.multiplications
        counts = (
            ["", ""] if cost is None else [f"{cost.padded:,}", f"{cost.effective:,}"]
        )
        shape = shape_told(step.gives) or "?"
        rows.append([step.title, shape, f"{step.parameters:,}", *counts])
    cost = found.multiplications
    sums = [f"{found.parameters:,}", f"{cost.padded:,}", f"{cost.effective:,}"]
    return [*rows, ["total", "", *sums]]


def _rule(sheet: Sheet, y: float, wide: float, gid: str) -> None:
    line = Line2D((_MARGIN - 0.06, wide - _MARGIN + 0.06), (y, y), gid=gid)
    line.set(color=sheet.theme.muted, linewidth=0.9)
    sheet.ax.add_line(line)


def _alt(found: Steps) -> str:
    told = [f"{many(len(found.steps), 'layer')}."]
    told += [step.in_words for step in found.steps]
    both = f"{many(found.parameters, 'parameter')}, {cost_told(found.multiplications)}"
    return " ".join([*told, f"In all: {both}."])
