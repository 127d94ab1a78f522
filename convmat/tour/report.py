"""`Report`: claims beside measurements, and PASS or FAIL for each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TextIO

__all__ = ["Finding", "Report"]

_GREEN, _RED, _BOLD, _RESET = "\033[32m", "\033[31m", "\033[1m", "\033[0m"


@dataclass(frozen=True)
class Finding:
    """One claim, what was measured, and whether they agree."""

    claim: str
    measured: str
    passed: bool


@dataclass
class Report:
    """Prints the parts of the tour as they come.

    Attributes
    ----------
    stream : file
        Where to print.
    color : bool
        Whether to colour the verdicts.
    findings : list of Finding
    """

    stream: TextIO
    color: bool = False
    findings: list[Finding] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    @property
    def passed(self) -> bool:
        """Whether no finding failed; a report without findings has not passed."""
        return bool(self.findings) and all(f.passed for f in self.findings)

    def heading(self, text: str) -> None:
        """A new part."""
        self.line()
        self.line(self._paint(text, _BOLD))

    def line(self, text: str = "") -> None:
        """Plain text."""
        print(text, file=self.stream, flush=True)

    def block(self, text: str) -> None:
        """Several lines, set off by an indent."""
        for line in text.splitlines():
            self.line(f"  {line}".rstrip())

    def find(self, claim: str, measured: str, *, passed: bool) -> None:
        """Record a finding and print it."""
        self.findings.append(Finding(claim, measured, passed))
        verdict = self._paint("PASS", _GREEN) if passed else self._paint("FAIL", _RED)
        self.line(f"  {verdict}  claimed   {claim}")
        self.line(f"        measured  {measured}")

    def close(self) -> None:
        """The last line: how many claims hold, and the time."""
        held = sum(f.passed for f in self.findings)
        seconds = time.perf_counter() - self.started
        self.line()
        summary = f"{held} of {len(self.findings)} claims hold, {seconds:.0f} s"
        self.line(self._paint(summary, _GREEN if self.passed else _RED))

    def _paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_RESET}" if self.color else text
