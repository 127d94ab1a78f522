"""Light tints of the theme's lines, which tell inputs, outputs and layers apart."""

from __future__ import annotations

from typing import Any

from matplotlib.patheffects import AbstractPathEffect, withStroke

from convmat.figures.style import Mark, Theme, best_ink, mixed

__all__ = ["FRAME", "INPUT", "OUTPUT", "cased", "tinted"]

INPUT, OUTPUT = 0, 2
"""The lines of a theme that tint inputs and outputs: blue and green."""

FRAME = 1
"""The line of a theme that frames a window; a tap may have the same colour."""

_CASING = 1.8  # points that show beside a line, on both sides together


def cased(theme: Theme, width: float) -> list[AbstractPathEffect]:
    """The page's colour on both sides of a frame, which parts it from any tap's."""
    looks: Any = {"linewidth": width + _CASING, "foreground": theme.background}
    return [withStroke(**looks)]


def tinted(
    theme: Theme, line: int, share: float = 0.22, *, dashed: bool = False
) -> Mark:
    """A cell with a share of a line's colour in it.

    Examples
    --------
    >>> from convmat.figures.style import LIGHT
    >>> tinted(LIGHT, INPUT).fill
    '#C7E0EE'
    """
    fill = mixed(theme.background, theme.lines[line], share)
    border = "dashed" if dashed else "solid"
    return Mark(fill, best_ink(fill), theme.muted, border)
