"""`prove_all`: every lemma put to the solver, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from convmat.verify.lemmas import (
    counts,
    folds,
    order,
    sizes,
    stacks,
    transposed,
    windows,
)
from convmat.verify.lemmas.lemma import Lemma
from convmat.verify.lemmas.solver import Verdict, decide

__all__ = ["LEMMAS", "Report", "prove_all"]

LEMMAS: Mapping[str, Lemma] = MappingProxyType(
    {
        lemma.name: lemma
        for room in (windows, sizes, counts, folds, transposed, order, stacks)
        for lemma in room.LEMMAS
    }
)
"""All lemmas by name, in the order of the argument."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the solver says of several lemmas.

    Attributes
    ----------
    verdicts : tuple of Verdict
        In the order in which the lemmas came.

    Examples
    --------
    >>> report = prove_all([LEMMAS["replicate"], LEMMAS["circular"]])
    >>> report.passed, len(report.verdicts), report.verdicts[0].lemma.name
    (True, 2, 'replicate')
    """

    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        """Whether all are proved; one that is unknown is not."""
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def seconds(self) -> float:
        """Time that all took."""
        return sum(verdict.seconds for verdict in self.verdicts)

    def summary(self) -> str:
        """The last line: how many are proved."""
        proved = sum(verdict.passed for verdict in self.verdicts)
        return (
            f"{'PASS' if self.passed else 'FAIL'} {proved} of {len(self.verdicts)} "
            f"lemmas proved for all integers, {self.seconds:.1f} s"
        )

    def __str__(self) -> str:
        return "\n".join([*map(str, self.verdicts), self.summary()])


def prove_all(
    lemmas: Iterable[Lemma] | None = None,
    *,
    seconds: float = 10.0,
    progress: bool | None = None,
) -> Report:
    """Put every lemma to the solver.

    Parameters
    ----------
    lemmas : iterable of Lemma, optional
        All of `LEMMAS` by default.
    seconds : float
        Time for each claim. One that the solver has not decided by then counts as
        failed.
    progress : bool, optional
        Whether a run of more than two seconds shows a bar; by default in a terminal
        only.

    Returns
    -------
    Report

    Raises
    ------
    ModuleNotFoundError
        Without Z3, the extra `proofs`.

    Examples
    --------
    >>> print(prove_all([LEMMAS["replicate"], LEMMAS["circular"]]))
    PASS ... s  replicate: A cell beside the input is the outermost cell on its side.
    PASS ... s  circular: The input repeats with its size, so a cell beside it is one...
    PASS 2 of 2 lemmas proved for all integers, ... s
    """
    from tqdm import tqdm

    chosen = tuple(LEMMAS.values() if lemmas is None else lemmas)
    hidden = None if progress is None else not progress
    with tqdm(chosen, "lemmas", unit="lemma", delay=2, disable=hidden) as bar:
        return Report(tuple(decide(lemma, seconds) for lemma in bar))
