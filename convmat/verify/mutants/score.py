"""`score`: which check catches which mutant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tqdm.auto import tqdm

from convmat.verify.checks import Check, Trial
from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.mutant import Mutant
from convmat.verify.mutants.suites import SUITES

__all__ = ["Score", "score"]


@dataclass(frozen=True)
class Score:
    """What was caught, and by what.

    Attributes
    ----------
    checks : tuple of str
        All checks that ran.
    caught : mapping of str to tuple of str
        For each mutant the checks that catch it, in their order.
    suites : mapping of str to frozenset of str
        For each outside suite the mutants that it catches.
    """

    checks: tuple[str, ...]
    caught: Mapping[str, tuple[str, ...]]
    suites: Mapping[str, frozenset[str]]

    @property
    def missed(self) -> tuple[str, ...]:
        """The mutants that no check catches."""
        return tuple(name for name, checks in self.caught.items() if not checks)

    @property
    def alone(self) -> Mapping[str, tuple[str, ...]]:
        """The checks without which some mutants would be missed, with those."""
        return {
            check: mutants
            for check in self.checks
            if (
                mutants := tuple(
                    name for name, found in self.caught.items() if found == (check,)
                )
            )
        }

    @property
    def idle(self) -> tuple[str, ...]:
        """The checks that catch nothing, which are to be questioned."""
        working = {check for found in self.caught.values() for check in found}
        return tuple(check for check in self.checks if check not in working)

    def __str__(self) -> str:
        total = len(self.caught)
        lines = [f"{total - len(self.missed)} of {total} mutants caught"]
        lines += [f"{name}: {len(got)} of {total}" for name, got in self.suites.items()]
        for title, names in (("missed", self.missed), ("catch nothing", self.idle)):
            if names:
                lines.append(f"{title}: {', '.join(names)}")
        return "\n".join(lines)


def score(
    checks: Mapping[str, Check],
    trials: Iterable[Trial],
    mutants: Mapping[str, Mutant] = MUTANTS,
    *,
    progress: bool = True,
) -> Score:
    """Run every check on every mutant, until the first trial that catches it.

    Parameters
    ----------
    checks : mapping of str to Check
    trials : iterable of Trial
        What they are run on.
    mutants : mapping of str to Mutant
    progress : bool
        Whether to show a bar, on a terminal.

    Returns
    -------
    Score
    """
    trials = tuple(trials)
    hidden = None if progress else True
    caught = {}
    for name, mutant in tqdm(mutants.items(), "mutants", disable=hidden, delay=1):
        found = (check for check in checks.values() if _catches(check, mutant, trials))
        caught[name] = tuple(check.name for check in found)
    suites = {
        name: frozenset(m.name for m in mutants.values() if suite.catches(m.build()))
        for name, suite in SUITES.items()
    }
    return Score(tuple(checks), caught, suites)


def _catches(check: Check, mutant: Mutant, trials: Sequence[Trial]) -> bool:
    """Whether a check finds something on one of the trials, one after another."""
    black_box = mutant.build()
    return any(
        check.applies(black_box, trial.geometry) and check(black_box, trial) is not None
        for trial in trials
    )
