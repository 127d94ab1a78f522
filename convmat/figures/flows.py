"""A network from its input to its output: tensors, and the layers between them."""

from __future__ import annotations

from dataclasses import replace
from math import log2
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from convmat.arrays import Shape
from convmat.costs import Cost
from convmat.errors import ConvmatError, ShapeError
from convmat.figures.canvas import widest
from convmat.figures.chart import SIZE, paragraph
from convmat.figures.content import many, shape_told
from convmat.figures.layered import Layers, Step, Steps, cost_told, read_layers
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.geometry import IntOrInts

__all__ = ["flow"]

_MOST = 30  # layers
_MARGIN, _WIDE, _BARS = 0.25, 1.5, 1.5  # inches: the widest tensor, the longest bar
_ARROW, _CHANNEL = 0.52, 0.055  # inches: between tensors; for twice the channels
_THIN, _LEAST = 0.09, 0.05  # inches: a tensor of one channel, of one cell
_SMALL = 7.0  # points


def flow(
    layers: Layers,
    input_shape: IntOrInts | None = None,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """A network from top to bottom: its tensors, and its layers between them.

    A tensor is as wide as it has cells along its last axis, and the higher the more
    channels it has, on a logarithmic scale; features are channels of one cell. Beside
    each layer stand its parameters, and a bar for its multiplications: filled those
    without padding, dashed the rest. Layers that neither hold nor multiply nor reshape
    anything stand with the one before.

    Parameters
    ----------
    layers : Summary, Inspection, Composite, or a chain
        As in `summary_table`; one after the other, and at most 30.
    input_shape : tuple of int, optional
        What a network or a text reads, without the batch axis.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: `tensor[i]` with `.text`, the input's being `tensor[0]`;
        `layer[i]` the names, `parameters[i]`, `multiplications[i]` the numbers,
        `padded[i]` and `effective[i]` the bars, `arrow[i]`.

    Raises
    ------
    ShapeError
        For more layers, a shape that is missing, or that does not fit.
    ConvmatError
        For no layers, layers that branch, a shape beside a source that knows its own,
        and an unknown theme.
    ConvmatTypeError
        For what is no layer.

    Examples
    --------
    >>> print(flow(["k3s2p1", "k3s2p1"], (28, 28)).convmat["alt"])
    From 1×28×28 through 2 layers. 0 Conv k3x3 s2 p1 gives 1×14×14: 9 parameters, 1,764
    multiplications, 1,681 effective. 1 Conv k3x3 s2 p1 gives 1×7×7: 9 parameters, 441
    multiplications, 400 effective.
    """
    found = read_layers(layers, input_shape)
    if not found.in_line:
        rule = "must be one after the other, each with its shapes"
        told = [step.title for step in found.steps]
        raise ConvmatError("layers", rule, told, "summary_table draws any network")
    groups = _grouped(found)
    if len(groups) > _MOST:
        rule = f"must be at most {_MOST} with parameters or shapes of their own"
        raise ShapeError("layers", rule, len(groups), "summary_table draws 60 layers")
    sheet = Sheet.blank(theme_of(theme), ax)
    _Way(sheet, groups).draw(found)
    params = {
        "layers": [step.title for step in found.steps],
        "theme": sheet.theme.name,
    }
    head = f"From {shape_told(groups[0].reads)} through {many(len(groups), 'layer')}."
    alt = " ".join([head, *(step.in_words for step in groups)])
    ends = {"x": ["tensor[0]"], "y": [f"tensor[{len(groups)}]"]}
    return sheet.finish("flow", params, alt, **ends)


def _grouped(found: Steps) -> list[Step]:
    """The layers, those that change neither numbers nor shapes with the one before."""
    groups: list[Step] = []
    for step in found.steps:
        plain = not step.parameters and step.multiplications in (None, Cost(0, 0))
        if groups and plain and step.gives == groups[-1].gives:
            before = groups[-1]
            both = " ".join(filter(None, (before.settings, f"+ {step.kind}")))
            groups[-1] = replace(before, settings=both)
        else:
            groups.append(step)
    return groups


class _Way:
    """Tensors below each other, in inches."""

    def __init__(self, sheet: Sheet, steps: list[Step]) -> None:
        self.sheet, self.steps = sheet, steps
        ends = [steps[0].reads, *(step.gives for step in steps)]
        self.shapes = [shape for shape in ends if shape is not None]  # in line, all are
        self.longest = max(_cells(shape) for shape in self.shapes)
        costs = [step.multiplications or Cost(0, 0) for step in steps]
        self.most = max(1, *(cost.padded for cost in costs))
        self.names = 2 * _MARGIN + _WIDE
        titles = [step.title for step in steps]
        told = [many(step.parameters, "parameter") for step in steps]
        shapes = [shape_told(shape) for shape in self.shapes]
        names = max(widest(titles, SIZE), widest(told, _SMALL), widest(shapes, SIZE))
        self.bars = self.names + names + 0.25
        self.numbers = widest(map(_numbers, costs), _SMALL)
        self.top = _MARGIN

    def draw(self, found: Steps) -> None:
        """Everything, and the sheet cut to its size."""
        self._tensor(0, "input")
        for number, step in enumerate(self.steps):
            self._layer(number, step)
            self._tensor(number + 1, "output" * (number + 1 == len(self.steps)))
        wide = self.bars + max(_BARS, self.numbers) + _MARGIN
        room = wide - 2 * _MARGIN
        total = f"{many(found.parameters, 'parameter')}, "
        total += f"{cost_told(found.multiplications)} in all. {found.note}"
        top = self.top + 0.08
        top += paragraph(self.sheet, total, (_MARGIN, top), room)
        self.sheet.cut(wide, top + 0.12)

    def _tensor(self, number: int, name: str) -> None:
        shape, theme = self.shapes[number], self.sheet.theme
        high = _THIN + _CHANNEL * log2(shape[0])
        wide = max(_LEAST, _WIDE * _cells(shape) / self.longest)
        left = _MARGIN + (_WIDE - wide) / 2
        looks: dict[str, Any] = {"facecolor": theme.lines[0], "edgecolor": theme.ink}
        looks |= {"linewidth": 0.8, "clip_on": False}
        gid = f"tensor[{number}]"
        self.sheet.ax.add_patch(
            Rectangle((left, self.top), wide, high, gid=gid, **looks)
        )
        words: dict[str, Any] = {"fontsize": SIZE, "ha": "left"}
        middle = self.top + high / 2
        self.sheet.write(self.names, middle, shape_told(shape), f"{gid}.text", **words)
        if name:
            words["color"] = theme.muted
            self.sheet.write(self.bars, middle, name, f"{gid}.name", **words)
        self.top += high

    def _layer(self, number: int, step: Step) -> None:
        """The arrow, the names, and the bars of one layer."""
        theme, x = self.sheet.theme, _MARGIN + _WIDE / 2
        ends = self.top + 0.09, self.top + _ARROW - 0.09
        arrow = Line2D((x, x), ends, gid=f"arrow[{number}]", color=theme.muted)
        arrow.set(linewidth=1.2, marker="v", markevery=[1], markersize=5.0)
        self.sheet.ax.add_line(arrow)
        middle = self.top + _ARROW / 2
        words: dict[str, Any] = {"fontsize": SIZE, "ha": "left"}
        self.sheet.write(
            self.names, middle - 0.075, step.title, f"layer[{number}]", **words
        )
        words |= {"fontsize": _SMALL, "color": theme.muted}
        if step.parameters:
            told, gid = many(step.parameters, "parameter"), f"parameters[{number}]"
            self.sheet.write(self.names, middle + 0.075, told, gid, **words)
        cost = step.multiplications or Cost(0, 0)
        if cost.padded:
            self._bar(number, cost, middle - 0.13)
            gid = f"multiplications[{number}]"
            self.sheet.write(self.bars, middle + 0.075, _numbers(cost), gid, **words)
        self.top += _ARROW

    def _bar(self, number: int, cost: Cost, top: float) -> None:
        """What is multiplied: filled without padding, dashed with it."""
        theme = self.sheet.theme
        marks = (
            ("padded", cost.padded, theme.dropped.fill, theme.dropped.edge, "dashed"),
            ("effective", cost.effective, theme.lines[1], theme.ink, "solid"),
        )
        for name, count, fill, edge, line in marks:
            looks: dict[str, Any] = {"facecolor": fill, "edgecolor": edge}
            looks |= {"linestyle": line, "linewidth": 0.8, "clip_on": False}
            wide = _BARS * count / self.most
            corner, gid = (self.bars, top), f"{name}[{number}]"
            self.sheet.ax.add_patch(Rectangle(corner, wide, 0.11, gid=gid, **looks))


def _cells(shape: Shape) -> int:
    """Along the last axis; features are channels of one cell."""
    return shape[-1] if len(shape) > 1 else 1


def _numbers(cost: Cost) -> str:
    """Both counts, or the one that they share."""
    if cost.padded == cost.effective:
        return many(cost.padded, "multiplication")
    return f"{cost.padded:,} padded, {cost.effective:,} effective"
