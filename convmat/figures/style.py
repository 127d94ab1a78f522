"""The one style: colours of taps, zeros and themes, for figures and terminals alike.

The colours are those of `convmat.palette`. A tap is never told by its colour alone:
each cell also has its letter or value, and hatches mark the rounds after the colours
run out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from convmat.errors import ConvmatError
from convmat.palette import PALETTE, SHADES, best_ink, contrast, mixed, tap_colors

__all__ = [
    "ANSI",
    "DARK",
    "FONT",
    "LIGHT",
    "PALETTE",
    "RESET",
    "SHADES",
    "THEMES",
    "UNDERLINE",
    "Look",
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

ANSI = (214, 117, 29, 175, 227, 166, 25)
"""Near ones of the 256 that terminals have; the nearest ones would not stay apart."""

FONT = "DejaVu Sans"
"""It comes with matplotlib and has Greek: a figure looks the same everywhere."""

RESET = "\x1b[0m"
"""Ends what `ansi_tap` and `ansi_zero` begin."""

UNDERLINE = "\x1b[4m"
"""Begins the mark of a sum of taps, within a colour."""

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

    Examples
    --------
    >>> LIGHT.dropped.line, LIGHT.untouched.line, tap_mark(1).fill
    ('dashed', 'dotted', '#56B4E9')
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

    Examples
    --------
    >>> LIGHT.name, LIGHT.background, DARK.background
    ('light', '#FFFFFF', '#16181D')
    >>> contrast(DARK.ink, DARK.background) > 7
    True
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

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
"""By their names."""


Look: TypeAlias = "tuple[Mark, str, str]"
"""Mark, text and id of a cell."""


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
    if theme not in THEMES:
        names = " or ".join(map(repr, THEMES))
        raise ConvmatError("theme", f"must be {names}, or a Theme", theme)
    return THEMES[theme]


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
    fill, ink = tap_colors(tap)
    hatch = _HATCHES[tap // SHADES % len(_HATCHES)]
    return Mark(fill, ink, theme.ink, "solid", hatch, is_sum)


def ansi_tap(tap: int) -> str:
    r"""The terminal code that begins the colour of a tap, with readable ink on it.

    Examples
    --------
    >>> ansi_tap(0) + "α" + RESET
    '\x1b[48;5;214;38;5;16mα\x1b[0m'
    """
    number = tap % len(ANSI)
    ink = 16 if best_ink(PALETTE[number]) == "#000000" else 231
    return f"\x1b[48;5;{ANSI[number]};38;5;{ink}m"


def ansi_zero() -> str:
    r"""The terminal code that begins the grey of structural zeros.

    Its #767676 is the one grey with contrast 4.5 on black and on white: nobody knows
    the background of a terminal.

    Examples
    --------
    >>> ansi_zero() + "·" + RESET
    '\x1b[38;5;243m·\x1b[0m'
    """
    return "\x1b[38;5;243m"
