"""`Report`: claims beside measurements, and PASS or FAIL for each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from shutil import get_terminal_size
from textwrap import wrap
from typing import TextIO

__all__ = ["Finding", "Report"]

_VALUES = 18  # characters before a claim and a measurement
_LEAST = 20  # characters of text, however narrow the terminal is
_GREEN, _RED, _BOLD, _RESET = "\033[32m", "\033[31m", "\033[1m", "\033[0m"


@dataclass(frozen=True)
class Finding:
    """One claim, what was measured, and whether they agree.

    Examples
    --------
    >>> finding = Finding("twice two is four", "2 * 2 = 4", passed=True)
    >>> finding.claim, finding.passed
    ('twice two is four', True)
    """

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

    Examples
    --------
    >>> from io import StringIO
    >>> report = Report(StringIO())
    >>> report.find("twice two is four", "2 * 2 = 4", passed=2 * 2 == 4)
    >>> print(report.stream.getvalue().rstrip())
      PASS  claimed   twice two is four
            measured  2 * 2 = 4
    >>> report.passed, len(report.findings)
    (True, 1)
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

    def text(self, text: str, indent: int = 0, lead: str | None = None) -> None:
        """A sentence, wrapped to the terminal's width.

        Every line is indented; before the first stands `lead`, if there is one, of as
        many characters (and codes for its colour).
        """
        room = max(_LEAST, get_terminal_size().columns - indent)
        first, *rest = wrap(text, room, break_on_hyphens=False) or [""]
        self.line((" " * indent if lead is None else lead) + first)
        for line in rest:
            self.line(" " * indent + line)

    def block(self, text: str) -> None:
        """Several lines, set off by an indent."""
        for line in text.splitlines():
            self.line(f"  {line}".rstrip())

    def find(self, claim: str, measured: str, *, passed: bool) -> None:
        """Record a finding and print it."""
        self.findings.append(Finding(claim, measured, passed))
        verdict = self._paint("PASS", _GREEN) if passed else self._paint("FAIL", _RED)
        self.text(claim, _VALUES, f"  {verdict}  claimed   ")
        self.text(measured, _VALUES, "        measured  ")

    def close(self) -> None:
        """The last line: how many claims hold, and the time."""
        held = sum(f.passed for f in self.findings)
        seconds = time.perf_counter() - self.started
        self.line()
        summary = f"{held} of {len(self.findings)} claims hold, {seconds:.0f} s"
        self.line(self._paint(summary, _GREEN if self.passed else _RED))

    def _paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_RESET}" if self.color else text
