"""The colours of taps, and the ink that reads on them.

The palette is that of M. Okabe and K. Ito, "Color universal design", 2008: its colours
stay apart for readers without red or green cones. Contrast is that of WCAG 2.2, section
1.4.3.
"""

from __future__ import annotations

__all__ = ["PALETTE", "SHADES", "best_ink", "contrast", "mixed", "tap_colors"]

PALETTE = (
    "#E69F00",  # orange
    "#56B4E9",  # sky blue
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#F0E442",  # yellow
    "#D55E00",  # vermilion
    "#0072B2",  # blue
)
"""Colours of the first taps."""

_SHADES = (("#000000", 0.0), ("#000000", 0.45), ("#FFFFFF", 0.55))

SHADES = len(PALETTE) * len(_SHADES)
"""Number of colours; the tap of this number has the first one again."""


def tap_colors(tap: int) -> tuple[str, str]:
    """The colour of tap number `tap`, and the ink that reads on it.

    Examples
    --------
    >>> tap_colors(0), tap_colors(SHADES) == tap_colors(0)
    (('#E69F00', '#000000'), True)
    """
    cycle, number = divmod(tap, len(PALETTE))
    fill = mixed(PALETTE[number], *_SHADES[cycle % len(_SHADES)])
    return fill, best_ink(fill)


def best_ink(fill: str) -> str:
    """Black or white, whichever reads better on `fill`; one of them reaches 4.5.

    Examples
    --------
    >>> best_ink("#F0E442"), best_ink("#0072B2")
    ('#000000', '#FFFFFF')
    """
    return max("#000000", "#FFFFFF", key=lambda ink: contrast(fill, ink))


def mixed(color: str, other: str, share: float) -> str:
    """`color` with a share of `other` in it.

    Examples
    --------
    >>> mixed("#FF0000", "#000000", 0.5)
    '#800000'
    """
    pairs = zip(_channels(color), _channels(other), strict=True)
    parts = (round(a + (b - a) * share) for a, b in pairs)
    return "#" + "".join(f"{part:02X}" for part in parts)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours, from 1 to 21.

    Examples
    --------
    >>> contrast("#000000", "#FFFFFF")
    21.0
    """
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    """Relative luminance of an sRGB colour, 0 to 1."""
    linear = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _channels(color))
    )
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
