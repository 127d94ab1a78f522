"""What the name of a function says about how many spatial axes it has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

__all__ = ["ranks_of"]


def ranks_of(function: Callable[..., Any]) -> tuple[int, ...]:
    """The rank that the name ends in, as in `conv2d`; else one, two and three.

    Examples
    --------
    >>> def conv2d(): ...
    >>> def correlate(): ...
    >>> ranks_of(conv2d), ranks_of(correlate)
    ((2,), (1, 2, 3))
    """
    found = re.search(r"([123])d$", getattr(function, "__name__", ""), re.IGNORECASE)
    return (int(found[1]),) if found else (1, 2, 3)
