"""`Run`: the checks on their trials, one result after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from convmat.errors import ConvmatError
from convmat.verify.black_box import Implementation
from convmat.verify.checks import Check, Finding, Trial
from convmat.verify.entrywise import Verdict, exact
from convmat.verify.mutants import Likely, diagnose
from convmat.verify.report import CheckResult
from convmat.verify.shrinking import smallest
from convmat.verify.snippet import snippet

__all__ = ["Run"]

_READ = 3  # geometries whose whole matrix is read
_ENTRIES = 100_000  # of such a verdict at most
_HUNG = "did not return within"
_IMPATIENT = 0.2  # seconds that a call gets after one that hung


@dataclass
class Run:
    """One implementation, what it is tried on, and how to call it.

    Attributes
    ----------
    box : Implementation
    trials : sequence of Trial
    function : callable
        The one that the box was made of.
    signature : str
    """

    box: Implementation
    trials: Sequence[Trial]
    function: Callable[..., Any]
    signature: str
    lost: str = field(
        default="", init=False
    )  # how the first call without a result went

    def result(self, check: Check) -> CheckResult:
        """Run one check until it fails, or through all trials."""
        say = (check.name, check.claim, check.meaning)
        missing = [part for part in check.parts if part not in self.box.parts]
        if missing:
            why = f"no {' and no '.join(missing).replace('_', ' ')} was given"
            return CheckResult(*say, "not claimed", why=why)
        asked = [t for t in self.trials if check.applies(self.box, t.geometry)]
        if not asked:
            return CheckResult(
                *say, "not claimed", why="no claimed geometry asks for it"
            )
        lost = 0
        for number, trial in enumerate(asked, 1):
            finding = check.run(self.box, trial)
            if finding is None:
                continue
            if finding.check == "call" and self.lost:
                if _HUNG in finding.words:
                    return CheckResult(
                        *say, "not reached", why=f"{self.lost}: see above"
                    )
                lost += 1
                continue
            self._note(finding)
            _, finding = smallest(check, self.box, trial, finding)
            told = snippet(finding, self.function, self.signature, self.box.name)
            return CheckResult(*say, "fails", number, finding=finding, snippet=told)
        if lost == len(asked):
            return CheckResult(*say, "not reached", why=f"{self.lost}: see above")
        why = f"{lost} more trials gave no result: see above" if lost else ""
        return CheckResult(*say, "holds", len(asked) - lost, why)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Whole matrices, of the first witnesses that are small enough to be read."""
        if _HUNG in self.lost:
            return ()
        found: list[Verdict] = []
        for trial in self.trials:
            g = trial.geometry
            rows, columns = g.matrix_shape
            if len(found) < _READ and g.free_parameters * rows * columns <= _ENTRIES:
                found.append(exact(self.box, g))
        return tuple(found)

    def likely(self) -> tuple[Likely, ...]:
        """What is likely wrong; nothing where a call hangs."""
        if _HUNG in self.lost:
            return ()
        try:
            return diagnose(self.box)
        except ConvmatError:  # it claims no geometry that diagnosis asks for
            return ()

    def _note(self, finding: Finding) -> None:
        """Remember a call that gave nothing; one that hung gets less time from now."""
        if finding.check in ("call", "output-shape"):
            self.lost = finding.words
        if _HUNG in finding.words:
            self.box = replace(self.box, seconds=min(_IMPATIENT, self.box.seconds))
