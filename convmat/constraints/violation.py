"""`Violation`: how far a matrix is from the two constraints, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array

if TYPE_CHECKING:
    from convmat.constraints.rungs import Rung

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

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.constraints import ConvConstraint
    >>> found = ConvConstraint(geometry(3, 2)).violation([[5, 7, 0], [1, 5, 9]])
    >>> found.zeros, found.zero_at, found.ties, found.tie_at
    (1, (1, 0), 2, (1, 2))
    >>> found.holds
    False
    """

    zeros: Any
    ties: Any
    zero_at: tuple[int, int] | None
    tie_at: tuple[int, int] | None

    @classmethod
    def of(
        cls, rung: Rung, outside: Array | None, entries: Array, expected: Array
    ) -> Violation:
        """The breach by a matrix whose entries ought to be `expected`.

        Parameters
        ----------
        rung : Rung
        outside : ndarray or None
            What the matrix holds at structural zeros, 0 elsewhere; None where it
            stores nothing there.
        entries, expected : ndarray
            What it holds at the positions of the rung, and what it ought to.
        """
        if outside is None and not (entries != expected).any():
            return cls(0, 0, None, None)
        zeros: object = 0
        zero = None
        if outside is not None:
            zeros, zero = _largest_difference(outside.reshape(-1), np.zeros((), int))
        ties, entry = _largest_difference(entries, expected)
        return cls(
            zeros,
            ties,
            None if zero is None else divmod(zero, rung.shape[1]),
            None if entry is None else (int(rung.rows[entry]), int(rung.cols[entry])),
        )

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


def _largest_difference(values: Array, expected: Array) -> tuple[object, int | None]:
    """The largest absolute difference and its index, None where all are equal.

    NaN equals nothing and counts as largest. Integers are subtracted as Python's, which
    do not wrap.
    """
    wrong = np.flatnonzero(np.asarray(values != expected))
    if len(wrong) == 0:
        return 0, None
    found, wanted = values[wrong], np.broadcast_to(expected, values.shape)[wrong]
    if found.dtype.kind == "i":
        found, wanted = found.astype(object), wanted.astype(object)
    with np.errstate(invalid="ignore"):  # inf - inf is NaN
        sizes = np.abs(found - wanted)
    missing = np.flatnonzero(np.asarray(sizes != sizes))  # NaN, in objects too
    worst = int(missing[0]) if len(missing) else int(np.argmax(sizes))
    size = sizes[worst]
    return size.item() if isinstance(size, np.generic) else size, int(wrong[worst])
