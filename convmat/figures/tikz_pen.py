r"""The pen that matplotlib draws with when a figure becomes TikZ: it only writes."""

from __future__ import annotations

from math import cos, radians, sin
from typing import Any

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.path import Path

from convmat.errors import ConvmatError
from convmat.figures.tex import color_name, one_line, tex_text

__all__ = ["POINTS", "TikzPen", "inches"]

POINTS = 72
"""Points in an inch: while a figure is drawn here, a dot is one point."""

_PATTERNS = {
    "/": "north east lines",
    "\\": "north west lines",
    "x": "crosshatch",
    "X": "crosshatch",
    "+": "grid",
    "-": "horizontal lines",
    "|": "vertical lines",
}
_CAPS = {"butt": "butt", "round": "round", "projecting": "rect"}
_ANCHORS = ((0.0, "base west"), (0.5, "base"), (1.0, "base east"))
_CLOSE = 0.02  # of a text's width: how far from an anchor it is still at the anchor


def inches(points: float) -> str:
    """A length for TikZ, to a ten-thousandth of an inch.

    Examples
    --------
    >>> inches(36.0), inches(-0.0)
    ('0.5', '0')
    """
    text = f"{points / POINTS:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class TikzPen(RendererBase):
    r"""A renderer that keeps what it is told to draw as lines of TikZ.

    Attributes
    ----------
    lines : list of str
        One `\path` or `\node` each; before it `% gid` where its artist has an id.
    colors : set of str
        Those that the lines name, as `#RRGGBB`.
    hatched : bool
        Whether a line needs TikZ's library `patterns`.
    """

    def __init__(self, size: tuple[float, float]) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.colors: set[str] = set()
        self.hatched = False
        self._size = size
        self._ids: list[str | None] = []

    def flipy(self) -> bool:
        """Whether y points down; TikZ's does not."""
        return False

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Size in points."""
        return self._size[0] * POINTS, self._size[1] * POINTS

    def open_group(self, s: str, gid: str | None = None) -> None:
        """An artist begins."""
        self._ids.append(gid)

    def close_group(self, s: str) -> None:
        """An artist ends."""
        self._ids.pop()

    def draw_path(
        self, gc: Any, path: Path, transform: Any, rgbFace: Any = None
    ) -> None:  # matplotlib's name, which it passes as a keyword
        """One path: its area, its hatch, its line."""
        where = _way(path, transform)
        if not where:
            return
        options = [*self._area(gc, rgbFace), *self._line(gc)]
        commands = [f"\\path[{', '.join(options)}] {where};"] if options else []
        if gc.get_hatch():
            look = ", ".join(self._hatch(gc))
            commands.append(f"\\path[{look}] {where};")
        self._write(gc, commands)

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: bool | str = False,
        mtext: Any = None,
    ) -> None:
        """One line of words whose base line begins at `x`, `y`."""
        if ismath:
            rule = "must be words to be written as TikZ, no formula of matplotlib"
            raise ConvmatError("the text", rule, s, "save the figure to .pdf")
        size = prop.get_size_in_points()
        font = f"\\fontsize{{{_plain(size)}}}{{{_plain(1.2 * size)}}}\\selectfont"
        font += "\\bfseries" if _is_bold(prop.get_weight()) else ""
        font += "\\itshape" if prop.get_style() in ("italic", "oblique") else ""
        at, anchor = (x, y), "base west"
        if mtext is not None:
            width, _, _ = self.get_text_width_height_descent(s, prop, ismath=False)
            at, anchor = _anchored(at, width, angle, mtext)
        options = [f"anchor={anchor}", f"font={font}"]
        options.append(f"text={self._color(gc.get_rgb())}")
        if gc.get_alpha() != 1.0:
            options.append(f"text opacity={_plain(gc.get_alpha())}")
        if angle:
            options.append(f"rotate={_plain(angle)}")
        node = f"\\node[{', '.join(options)}] at {_point(*at)} {{{tex_text(s)}}};"
        self._write(gc, [node])

    def _write(self, gc: Any, commands: list[str]) -> None:
        gid = self._ids[-1] if self._ids else None
        clip = self._clip(gc)
        for command in commands:
            self.lines += [f"% gid {one_line(gid)}"] if gid else []
            if clip:
                self.lines += ["\\begin{scope}", *clip, command, "\\end{scope}"]
            else:
                self.lines.append(command)

    def _clip(self, gc: Any) -> list[str]:
        """What cuts it off, unless that is the whole sheet."""
        cuts = []
        box = gc.get_clip_rectangle()
        if box is not None:
            wide, high = self.get_canvas_width_height()
            inside = box.x0 > 0.01 or box.y0 > 0.01
            if inside or box.x1 < wide - 0.01 or box.y1 < high - 0.01:
                ends = _point(box.x0, box.y0), _point(box.x1, box.y1)
                cuts.append(f"\\clip {ends[0]} rectangle {ends[1]};")
        path, transform = gc.get_clip_path()
        if path is not None:
            cuts.append(f"\\clip {_way(path, transform)};")
        return cuts

    def _area(self, gc: Any, face: Any) -> list[str]:
        if face is None:
            return []
        alpha = gc.get_alpha() if gc.get_forced_alpha() else (*face, 1.0)[3]
        if not alpha:
            return []
        look = [f"fill={self._color(face)}"]
        return look if alpha == 1.0 else [*look, f"fill opacity={_plain(alpha)}"]

    def _line(self, gc: Any) -> list[str]:
        wide = gc.get_linewidth()
        alpha = gc.get_alpha() if gc.get_forced_alpha() else gc.get_rgb()[3]
        if not wide or not alpha:
            return []
        look = [f"draw={self._color(gc.get_rgb())}", f"line width={_plain(wide)}pt"]
        if alpha != 1.0:
            look.append(f"draw opacity={_plain(alpha)}")
        offset, dashes = gc.get_dashes()
        if dashes is not None:
            pairs = zip(dashes[::2], dashes[1::2], strict=True)
            steps = " ".join(f"on {_plain(a)}pt off {_plain(b)}pt" for a, b in pairs)
            look.append(f"dash pattern={steps}")
            if offset:
                look.append(f"dash phase={_plain(offset)}pt")
        if gc.get_capstyle() != "butt":
            look.append(f"line cap={_CAPS[gc.get_capstyle()]}")
        if gc.get_joinstyle() != "miter":
            look.append(f"line join={gc.get_joinstyle()}")
        return look

    def _hatch(self, gc: Any) -> list[str]:
        self.hatched = True
        pattern = _PATTERNS.get(gc.get_hatch()[0], "dots")
        return [
            f"pattern={pattern}",
            f"pattern color={self._color(gc.get_hatch_color())}",
        ]

    def _color(self, color: Any) -> str:
        text = to_hex(color[:3]).upper()
        self.colors.add(text)
        return color_name(text)


def _way(path: Path, transform: Any) -> str:
    """A path as TikZ says it; four sides along the axes are a rectangle."""
    parts: list[str] = []
    ends: list[tuple[float, float]] = []
    at = (0.0, 0.0)
    for numbers, code in path.iter_segments(transform, simplify=False):
        points = list(zip(numbers[::2].tolist(), numbers[1::2].tolist(), strict=True))
        if code == Path.CLOSEPOLY:
            parts.append("-- cycle")
            continue
        if code == Path.MOVETO:
            parts.append(_point(*points[0]))
        elif code == Path.LINETO:
            parts.append(f"-- {_point(*points[0])}")
        else:
            if code == Path.CURVE3:  # the same curve with two handles
                points = _raised(at, *points)
            first, second, last = (_point(*point) for point in points)
            parts.append(f".. controls {first} and {second} .. {last}")
        at = points[-1]
        ends.append(at)
    if len(parts) < 2:
        return ""
    return _rectangle(ends, parts) or " ".join(parts)


def _rectangle(ends: list[tuple[float, float]], parts: list[str]) -> str:
    straight = all(part.startswith("--") for part in parts[1:])
    if parts[-1] != "-- cycle" or len(ends) not in (4, 5) or not straight:
        return ""
    corners = [_point(*end) for end in ends]
    if len(corners) == 5 and corners[4] != corners[0]:
        return ""
    places = np.array(ends[:4])
    turned = places if abs(places[0, 1] - places[1, 1]) < 1e-6 else places[[1, 2, 3, 0]]
    # Along, up, back: opposite sides are equal and lie along the axes.
    across = np.allclose(turned[[0, 2], 1], turned[[1, 3], 1], atol=1e-6)
    down = np.allclose(turned[[1, 3], 0], turned[[2, 0], 0], atol=1e-6)
    if len(parts) - 1 != len(ends) or not across or not down:
        return ""
    low, high = places.min(axis=0), places.max(axis=0)
    return f"{_point(*low)} rectangle {_point(*high)}"


def _raised(
    start: tuple[float, float], handle: tuple[float, float], end: tuple[float, float]
) -> list[tuple[float, float]]:
    def between(point: tuple[float, float]) -> tuple[float, float]:
        return (
            point[0] + 2 / 3 * (handle[0] - point[0]),
            point[1] + 2 / 3 * (handle[1] - point[1]),
        )

    return [between(start), between(end), end]


def _anchored(
    start: tuple[float, float], width: float, angle: float, text: Any
) -> tuple[tuple[float, float], str]:
    """The point of the base line that the text hangs at, whatever its width will be.

    LaTeX's letters have other widths, so a text keeps its left end, its middle or its
    right end, whichever lies at the place that the figure gave it.
    """
    place = text.get_transform().transform(text.get_unitless_position())
    along = cos(radians(angle)), sin(radians(angle))
    way = (place[0] - start[0]) * along[0] + (place[1] - start[1]) * along[1]
    for share, anchor in _ANCHORS:
        if abs(way - share * width) <= _CLOSE * width + 0.5:
            shift = share * width
            return (start[0] + shift * along[0], start[1] + shift * along[1]), anchor
    return start, "base west"


def _is_bold(weight: int | str) -> bool:
    return weight in ("bold", "heavy", "black", "semibold", "demibold") or (
        isinstance(weight, int) and weight >= 600
    )


def _point(x: float, y: float) -> str:
    return f"({inches(x)},{inches(y)})"


def _plain(number: float) -> str:
    text = f"{number:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
