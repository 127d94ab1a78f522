"""A geometry in a notebook: a table of its shapes and counts, and the size formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convmat.geometry.axis import Axis
from convmat.geometry.wording import shortest, sizes, times
from convmat.html import facts, fragment

if TYPE_CHECKING:
    from convmat.geometry.value import Geometry

__all__ = ["geometry_html", "geometry_latex"]


def geometry_html(geometry: Geometry) -> str:
    """Shapes, settings that are not the plain ones, counts, and the output size.

    Examples
    --------
    >>> from convmat import geometry
    >>> "<th>output</th><td" in geometry_html(geometry((3, 3), (2, 2)))
    True
    """
    g, (rows, columns) = geometry, geometry.matrix_shape
    pairs: list[tuple[str, object]] = [
        ("input", times(g.input_shape)),
        ("kernel", times(g.kernel_shape)),
        ("output", times(g.output_shape)),
    ]
    plain = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    for name, usual in plain.items():
        value = getattr(g, name)
        short = value if isinstance(value, int) else shortest(value)
        pairs.append((name, "" if short == usual else short))
    mode = "" if g.padding_mode == "zeros" else g.padding_mode
    taps = f"{g.free_parameters:,}" + (f", {g.dead_taps:,} dead" * bool(g.dead_taps))
    pairs += [
        ("padding mode", mode),
        ("matrix", f"{rows:,} × {columns:,}"),
        ("stored entries", f"{g.nnz:,}"),
        ("structural zeros", f"{g.untouched:,}"),
        ("taps dropped by padding", f"{g.dropped:,}" if g.dropped else ""),
        ("taps sharing an entry", f"{g.shared:,}" if g.shared else ""),
        ("free parameters", taps),
    ]
    note = f"Output size: {sizes(g.axes)}"
    return fragment(repr(g), facts(pairs), notes=[note])


def geometry_latex(geometry: Geometry) -> str:
    r"""The formula of the output size with the numbers of each axis, as a display.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(geometry_latex(geometry(28, 5, stride=2, padding=2)))
    $$\left\lfloor \frac{28 + 2 + 2 - 5}{2} \right\rfloor + 1 = 14$$
    """
    lines = [_size(axis) for axis in geometry.axes]
    if len(set(lines)) == 1:
        return f"$${lines[0]}$$"
    rows = [f"\\text{{axis {n}: }} & {line}" for n, line in enumerate(lines)]
    whole = " \\\\ ".join(rows)
    return f"$$\\begin{{aligned}}{whole}\\end{{aligned}}$$"


def _size(axis: Axis) -> str:
    kernel = f"{axis.kernel}"
    if axis.dilation != 1:
        kernel = f"({axis.dilation} \\cdot ({axis.kernel} - 1) + 1)"
    top = f"{axis.size} + {axis.before} + {axis.after} - {kernel}"
    whole = f"\\left\\lfloor \\frac{{{top}}}{{{axis.stride}}} \\right\\rfloor"
    return f"{whole} + 1 = {axis.out_size}"
