"""`Effort`: how much a search for shapes may still look at."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Effort"]


@dataclass
class Effort:
    """How much a search for shapes may still look at, in cells of tables.

    One is shared by all searches for an answer. Where shapes are given nothing stops.
    """

    left: int = 1 << 28
