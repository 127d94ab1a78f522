"""Colour on a terminal: whether it is wanted, and a row of cells with its codes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from convmat.figures.style import RESET, UNDERLINE, ansi_tap, ansi_zero

__all__ = ["ZERO", "painted", "wants_color"]

ZERO = "·"
"""A structural zero in text, so that a tap whose value is 0 stays a `0`."""


def wants_color(stream: TextIO) -> bool:
    """Whether coloured text belongs on `stream`.

    `NO_COLOR` (not empty) says no, then `FORCE_COLOR` (not empty, not 0) says yes, then
    `TERM=dumb` says no; otherwise terminals get colour and files do not.

    References
    ----------
    https://no-color.org, https://force-color.org

    Examples
    --------
    >>> import io
    >>> wants_color(io.StringIO())
    False
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    if os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # no stream at all, or a closed one
        return False


def painted(cells: Iterable[tuple[str, int, bool]], width: int, color: bool) -> str:
    """One row of cells `(text, tap or -1, whether it is a sum)`.

    With `color` there are codes around each; those around a sum underline it.
    """
    parts = []
    for text, tap, is_sum in cells:
        space = " " * (width - len(text))
        if color:
            ground = ansi_zero() if tap < 0 else ansi_tap(tap)
            line = UNDERLINE if is_sum else ""
            parts.append(f"{ground}{space}{line}{text}{RESET}")
        else:
            parts.append(space + text)
    return "".join(parts)
