"""The one style: colours of taps, zeros and themes, for figures and terminals alike.

The palette is Okabe and Ito's: its colours stay apart for readers without red or green
cones. A tap is never told by its colour alone: each cell
also has its letter or value, and hatches mark the rounds after the colours run out.

References
----------
M. Okabe, K. Ito, "Color universal design", 2008. Contrast: WCAG 2.2, section 1.4.3.
"""

from __future__ import annotations

from dataclasses import dataclass

from convmat.errors import ConvmatError

__all__ = [
    "ANSI",
    "DARK",
    "FONT",
    "LIGHT",
    "PALETTE",
    "RESET",
    "SHADES",
    "UNDERLINE",
    "Mark",
    "Theme",
    "ansi_tap",
    "ansi_zero",
    "best_ink",
    "contrast",
    "mixed",
    "tap_mark",
    "theme_of",
]

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

ANSI = (214, 117, 29, 175, 227, 166, 25)
"""Near ones of the 256 that terminals have; the nearest ones would not stay apart."""

FONT = "DejaVu Sans"
"""It comes with matplotlib and has Greek: a figure looks the same everywhere."""

RESET = "\x1b[0m"
"""Ends what `ansi_tap` and `ansi_zero` begin."""

UNDERLINE = "\x1b[4m"
"""Begins the mark of a sum of taps, within a colour."""

_SHADES = (("#000000", 0.0), ("#000000", 0.45), ("#FFFFFF", 0.55))
_HATCHES = ("", "//", "\\\\", "..", "xx")


@dataclass(frozen=True, slots=True)
class Mark:
    """The look of one cell.

    Attributes
    ----------
    fill, ink, edge : str
        Colours of the area, of the text on it and of the border, as `#RRGGBB`.
    line : str
        `solid`, `dotted` or `dashed`.
    hatch : str
        Matplotlib's hatch pattern, or empty.
    is_sum : bool
        Whether a corner of the cell is filled: it holds a sum of taps.
    """

    fill: str
    ink: str
    edge: str
    line: str = "solid"
    hatch: str = ""
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Theme:
    """Everything about looks that depends on the background.

    Attributes
    ----------
    name : str
    background, ink, muted : str
        Colours of the page, of text, and of text that stands back.
    plain, output : Mark
        A cell of the input that no tap touches now, and the output in question.
    untouched, dropped : Mark
        The two kinds of structural zero: dotted and dashed, each with its own grey.
    lines : tuple of str
        Colours of curves, dark enough (or light enough) for thin strokes.
    """

    name: str
    background: str
    ink: str
    muted: str
    plain: Mark
    output: Mark
    untouched: Mark
    dropped: Mark
    lines: tuple[str, ...]


LIGHT = Theme(
    name="light",
    background="#FFFFFF",
    ink="#1A1A1A",
    muted="#5F5F5F",
    plain=Mark("#FFFFFF", "#1A1A1A", "#5F5F5F"),
    output=Mark("#333333", "#FFFFFF", "#1A1A1A"),
    untouched=Mark("#EFEFEF", "#5F5F5F", "#8A8A8A", "dotted"),
    dropped=Mark("#BDBDBD", "#1A1A1A", "#5F5F5F", "dashed"),
    lines=("#0072B2", "#D55E00", "#008560", "#B0518A", "#1A1A1A"),
)
"""Dark ink on white."""

DARK = Theme(
    name="dark",
    background="#16181D",
    ink="#F2F2F2",
    muted="#B5B9C0",
    plain=Mark("#16181D", "#F2F2F2", "#B5B9C0"),
    output=Mark("#E8E8E8", "#111111", "#F2F2F2"),
    untouched=Mark("#262A31", "#A6AAB1", "#777C85", "dotted"),
    dropped=Mark("#565C67", "#FFFFFF", "#C9CDD4", "dashed"),
    lines=("#56B4E9", "#E69F00", "#00B583", "#CC79A7", "#F0E442"),
)
"""Light ink on near black."""

_THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def theme_of(theme: str | Theme) -> Theme:
    """The theme of that name; a `Theme` is its own.

    Raises
    ------
    ConvmatError
        For a name that is no theme's.

    Examples
    --------
    >>> theme_of("dark").background
    '#16181D'
    """
    if isinstance(theme, Theme):
        return theme
    if theme not in _THEMES:
        names = " or ".join(map(repr, _THEMES))
        raise ConvmatError("theme", f"must be {names}, or a Theme", theme)
    return _THEMES[theme]


SHADES = len(PALETTE) * len(_SHADES)
"""Number of colours; the tap of this number has the first one again."""


def tap_mark(tap: int, theme: Theme = LIGHT, *, is_sum: bool = False) -> Mark:
    """The look of tap number `tap`: 21 colours, then the same ones with hatches.

    A sum of taps has the look of its first one, and a filled corner.

    Examples
    --------
    >>> tap_mark(0).fill, tap_mark(0).ink
    ('#E69F00', '#000000')
    >>> tap_mark(21).fill, tap_mark(21).hatch
    ('#E69F00', '//')
    """
    cycle, number = divmod(tap, len(PALETTE))
    rounds, shade = divmod(cycle, len(_SHADES))
    fill = mixed(PALETTE[number], *_SHADES[shade])
    hatch = _HATCHES[rounds % len(_HATCHES)]
    return Mark(fill, best_ink(fill), theme.ink, "solid", hatch, is_sum)


def best_ink(fill: str) -> str:
    """Black or white, whichever reads better on `fill`; one of them reaches 4.5."""
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


def ansi_tap(tap: int) -> str:
    """The terminal code that begins the colour of a tap, with readable ink on it."""
    number = tap % len(ANSI)
    ink = 16 if best_ink(PALETTE[number]) == "#000000" else 231
    return f"\x1b[48;5;{ANSI[number]};38;5;{ink}m"


def ansi_zero() -> str:
    """The terminal code that begins the grey of structural zeros.

    Its #767676 is the one grey with contrast 4.5 on black and on white: nobody knows
    the background of a terminal.
    """
    return "\x1b[38;5;243m"


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
