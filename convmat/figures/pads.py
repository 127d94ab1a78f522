"""Paddings side by side: their cells, what stands in them, the size that results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ConvmatTypeError, GeometryError, ShapeError
from convmat.figures.content import shape_told
from convmat.figures.pad_row import Panel, Row
from convmat.figures.padded import Padded, plane_of
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.geometry import PADDING_MODES, Geometry, geometry
from convmat.geometry.padding import Padding

__all__ = ["padding"]

_MOST = 8  # pictures

_NAMES = {"valid": "no padding", "same": "half padding", "full": "full padding"}
_MEANS = {
    "zeros": "",
    "circular": "the input again, from its other end",
    "reflect": "mirror image without the outermost cell",
    "replicate": "the outermost cell",
    "symmetric": "mirror image with the outermost cell",
}

Case = Padding | Geometry
"""A padding as `convmat.geometry` reads it, the name of a mode, or a geometry."""


def padding(
    geometry: Geometry | None = None,
    cases: Iterable[Case] | None = None,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """A picture for each padding: its cells, the first window, and the output below.

    Parameters
    ----------
    geometry : Geometry, optional
        One or two spatial axes of at most 40 cells with padding; of channels one is
        drawn. By default a 3×3 input and a 3×3 kernel.
    cases : iterable, optional
        At most eight. A padding in place of the geometry's, as `convmat.geometry` reads
        it: `"same"`, `1`, `((0, 1), (2, 0))`. Or the name of a padding mode, such as
        `"reflect"`, beside the geometry's padding. Or another geometry. By default no,
        half and full padding, and half padding of an even kernel: it is asymmetric.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        In each cell stands the input that it holds, or 0; those of padding are dashed.
        The frame is the first window, its output is filled. Ids in picture `n`:
        `x[i,j]@n`, `pad[i,j]@n` (a place in the padded input), `y[r]@n`, `window@n`,
        `name@n`, `formula@n[0]`.

    Raises
    ------
    ShapeError
        For other axes or sizes, or more than eight cases.
    GeometryError
        For a padding that the geometry cannot have.
    ConvmatTypeError
        For what is no geometry.
    ConvmatError
        For no cases, and an unknown theme.

    Examples
    --------
    >>> from convmat import geometry
    >>> figure = padding(geometry(4, 2), ["valid", "same"])
    >>> print(figure.convmat["alt"])
    Paddings of geometry((4,), (2,)).
    no padding: (4 + 2*0 - 2)//1 + 1 = 3; the padded input is A B C D.
    half padding: before 0, after 1: (4 + 0 + 1 - 2)//1 + 1 = 4; the padded input is A
    B C D 0.
    """
    whole = _DEFAULT if geometry is None else geometry
    base = plane_of(whole)
    panels = _panels(base, cases)
    if not panels:
        raise ConvmatError("cases", "must be at least one", cases)
    if len(panels) > _MOST:
        rule = f"must be at most {_MOST} to stand side by side"
        raise ShapeError("cases", rule, len(panels), "draw two figures")
    sheet = Sheet.blank(theme_of(theme), ax)
    row = Row(sheet, panels)
    row.draw(whole.has_channels)
    params = {
        "geometry": repr(whole),
        "cases": [repr(panel.cells.geometry) for panel in panels],
        "theme": sheet.theme.name,
    }
    lines = [f"Paddings of {whole!r}.", *(panel.told for panel in panels)]
    read = [
        f"{panel.cells.id(int(cell))}@{number}"
        for number, panel in enumerate(panels)
        for cell in panel.cells.under(0)
    ]
    filled = [f"y[0]@{number}" for number in range(len(panels)) if row.outputs]
    return sheet.finish("padding", params, "\n".join(lines), x=read, y=filled)


_DEFAULT = geometry((3, 3), (3, 3))


def _panels(base: Geometry, cases: Iterable[Case] | None) -> list[Panel]:
    """The pictures that were asked for, or those that are always worth a look."""
    if isinstance(cases, str | int | Geometry):
        return [_panel(base, cases)]
    if cases is not None:
        if not isinstance(cases, Iterable):
            rule = "must be a list of paddings, names of modes or geometries"
            raise ConvmatTypeError("cases", rule, cases)
        return [_panel(base, case) for case in cases]
    usual: list[Callable[[], Panel]] = [
        partial(_panel, base, name) for name in ("valid", "same", "full")
    ]
    if all(kernel % 2 for kernel in base.kernel_size):
        usual.append(partial(_even, base))
    panels = []
    for make in usual:  # those that nobody asked for need not be possible
        with suppress(GeometryError, ShapeError):
            panels.append(make())
    known = any(panel.cells.geometry == base for panel in panels)
    return panels if known else [_panel(base, base), *panels]


def _even(base: Geometry) -> Panel:
    """Half padding of an even kernel instead: it is asymmetric."""
    even = tuple(kernel - 1 or 2 for kernel in base.kernel_size)
    half = geometry(
        base.input_size,
        even,
        stride=base.stride,
        padding="same",
        dilation=base.dilation,
        padding_mode=base.padding_mode,
    )
    return _panel(base, half)


def _panel(base: Geometry, case: Case) -> Panel:
    if isinstance(case, Geometry):
        g = plane_of(case)
        kernel = shape_told(g.kernel_size)
        name = f"{kernel} kernel, {_amount(g)}"
        return Panel(name, Padded(g))
    if isinstance(case, str) and case in PADDING_MODES:
        g = replace(base, padding_mode=case)
        name = f"{case}: {_MEANS[case]}" if _MEANS[case] else case
        return Panel(name, Padded(plane_of(g)))
    keywords = {**base.keywords, "padding": case}
    g = geometry(base.input_size, base.kernel_size, **keywords)
    amount, name = _amount(g), ""
    if isinstance(case, str):
        name = _NAMES.get(case, case)
        amount = amount.removeprefix("padding ")
    told = name if case == "valid" else f"{name}: {amount}" if name else amount
    return Panel(told, Padded(plane_of(g)))


def _amount(g: Geometry) -> str:
    """The cells of padding in words."""
    pairs = list(dict.fromkeys(g.padding))
    if all(before == after for before, after in pairs):
        return "padding " + " and ".join(str(before) for before, _ in pairs)
    if len(pairs) == 1:
        return "before {}, after {}".format(*pairs[0])
    return " and ".join(f"before {before} after {after}" for before, after in pairs)
