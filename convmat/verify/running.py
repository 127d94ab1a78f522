"""`Run`: the checks on their trials, one verdict after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from convmat.errors import ConvmatError
from convmat.verify.checks import Check, Finding, Trial
from convmat.verify.exact import Reading, exact
from convmat.verify.implementation import Implementation
from convmat.verify.mutants import Likely, diagnose
from convmat.verify.report import Verdict
from convmat.verify.shrinking import smallest
from convmat.verify.snippet import snippet

__all__ = ["Run"]

_READ = 3  # geometries whose whole matrix is read
_ENTRIES = 100_000  # of such a reading at most
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
    lost: Finding | None = field(default=None, init=False)

    def verdict(self, check: Check) -> Verdict:
        """Run one check until it fails, or through all trials."""
        say = (check.name, check.claim, check.meaning)
        missing = [part for part in check.parts if part not in self.box.parts]
        if missing:
            why = f"no {' and no '.join(missing).replace('_', ' ')} was given"
            return Verdict(*say, "not claimed", why=why)
        asked = [t for t in self.trials if check.applies(self.box, t.geometry)]
        if not asked:
            return Verdict(*say, "not claimed", why="no claimed geometry asks for it")
        for number, trial in enumerate(asked, 1):
            finding = check.run(self.box, trial)
            if finding is None:
                continue
            if finding.check == "call" and self.lost is not None:
                why = f"{self.lost.words}: see above"
                return Verdict(*say, "not reached", number, why)
            self._note(finding)
            _, finding = smallest(check, self.box, trial, finding)
            told = snippet(finding, self.function, self.signature)
            return Verdict(*say, "fails", number, finding=finding, snippet=told)
        return Verdict(*say, "holds", len(asked))

    def readings(self) -> tuple[Reading, ...]:
        """Whole matrices, of the first witnesses that are small enough to be read."""
        found: list[Reading] = []
        for trial in self.trials:
            g = trial.geometry
            rows, columns = g.matrix_shape
            if len(found) < _READ and g.free_parameters * rows * columns <= _ENTRIES:
                found.append(exact(self.box, g))
        return tuple(found)

    def likely(self) -> tuple[Likely, ...]:
        """What is likely wrong."""
        try:
            return diagnose(self.box)
        except ConvmatError:  # it claims no geometry that diagnosis asks for
            return ()

    def _note(self, finding: Finding) -> None:
        """Remember a call that gave nothing; one that hung gets less time from now."""
        if finding.check == "call":
            self.lost = finding
        if "did not return within" in finding.words:
            self.box = replace(self.box, seconds=min(_IMPATIENT, self.box.seconds))
