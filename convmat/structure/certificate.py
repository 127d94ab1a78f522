"""`Certificate` and `Counterexample`: what a check of a matrix answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Certificate", "Counterexample"]


@dataclass(frozen=True)
class Certificate:
    """A property that was verified, and how. It is true in a condition.

    Attributes
    ----------
    property : str
    verified : str
        What was compared, in words.
    comparisons : int
        Pairs of entries that had to be equal, zeros among them.
    tolerance : number
        How far two entries may be apart; 0 is exact.

    Examples
    --------
    >>> from convmat.structure import check_toeplitz
    >>> found = check_toeplitz([[1, 2, 3], [4, 1, 2]])
    >>> bool(found), found.property, found.comparisons
    (True, 'Toeplitz', 2)
    """

    property: str
    verified: str
    comparisons: int
    tolerance: Any

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return f"{self.property}: {self.verified}"


@dataclass(frozen=True)
class Counterexample:
    """Two entries that should be equal and are not. It is false in a condition.

    Attributes
    ----------
    property : str
    here, there : (int, int)
        Row and column of both; for bands the second is the nearest place in the band.
    values : (number, number)
        What stands there.

    Examples
    --------
    >>> from convmat.structure import check_toeplitz
    >>> found = check_toeplitz([[1, 2, 3], [4, 9, 2]])
    >>> bool(found), found.here, found.there, found.values
    (False, (0, 0), (1, 1), (1, 9))
    """

    property: str
    here: tuple[int, int]
    there: tuple[int, int]
    values: tuple[Any, Any]

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        (row, column), (other_row, other_column) = self.here, self.there
        return (
            f"not {self.property}: row {row}, column {column} holds {self.values[0]}, "
            f"row {other_row}, column {other_column} holds {self.values[1]}"
        )
