"""`Violation`: how far a matrix is from the two constraints, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Violation"]


@dataclass(frozen=True)
class Violation:
    """The largest breach of each constraint; exact numbers for exact matrices.

    Attributes
    ----------
    zeros : number
        Largest absolute value at a structural zero.
    ties : number
        Largest distance of an entry from the first entry of its tie.
    zero_at, tie_at : (int, int) or None
        Row and column of that entry; None where nothing is breached.
    """

    zeros: Any
    ties: Any
    zero_at: tuple[int, int] | None
    tie_at: tuple[int, int] | None

    @property
    def holds(self) -> bool:
        """Whether both constraints hold exactly; NaN never does."""
        return bool(self.zeros == 0 and self.ties == 0)

    def __str__(self) -> str:
        if self.holds:
            return "both constraints hold exactly"
        parts = []
        if self.zeros != 0:
            row, column = self.zero_at or (-1, -1)
            parts.append(
                f"structural zero at row {row}, column {column} is off by {self.zeros}"
            )
        if self.ties != 0:
            row, column = self.tie_at or (-1, -1)
            parts.append(
                f"entry at row {row}, column {column} is {self.ties} from its tie"
            )
        return "; ".join(parts)
