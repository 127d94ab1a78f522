"""Light tints of the theme's lines, which tell inputs, outputs and layers apart."""

from __future__ import annotations

from convmat.figures.style import Mark, Theme, best_ink, mixed

__all__ = ["INPUT", "OUTPUT", "tinted"]

INPUT, OUTPUT = 0, 2
"""The lines of a theme that tint inputs and outputs: blue and green."""


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
