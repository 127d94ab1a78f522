"""`Report`: what holds of an implementation, what fails, and what it does not claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import fill, indent
from typing import Any, Literal

import numpy as np

from convmat.verify.checks import Finding
from convmat.verify.entrywise import Verdict
from convmat.verify.mutants import Likely
from convmat.verify.report_html import report_html

__all__ = ["CheckResult", "Report"]

Status = Literal["holds", "fails", "not claimed", "not reached"]

_WIDE = 80  # columns of a report


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of one check.

    Attributes
    ----------
    check, claim, meaning : str
        Its name, what should hold, and what it means that it does not.
    status : str
        `"holds"`, `"fails"`, `"not claimed"`, or `"not reached"`, where calls gave
        nothing to look at.
    trials : int
        On so many it was run.
    why : str
        Why it was not claimed or not reached, or not on all trials.
    finding : Finding or None
        Where it fails: the smallest counterexample that was found.
    snippet : str
        A program that shows the finding.

    Examples
    --------
    >>> from convmat import conv
    >>> from convmat.verify import check
    >>> result = check(conv, examples=3).results[0]
    >>> result.check, result.status, result.finding
    ('output-shape', 'holds', None)
    """

    check: str
    claim: str
    meaning: str
    status: Status
    trials: int = 0
    why: str = ""
    finding: Finding | None = None
    snippet: str = ""

    def told(self) -> str:
        """The result in words, for people."""
        return "\n".join(_told(self))

    def as_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        found = None if self.finding is None else _finding(self.finding)
        return {
            "check": self.check,
            "claim": self.claim,
            "status": self.status,
            "trials": self.trials,
            "why": self.why,
            "finding": found,
            "snippet": self.snippet,
        }


@dataclass(frozen=True)
class Report:
    """The report on one implementation. `str(report)` is for people.

    Attributes
    ----------
    name, signature : str
    results : tuple of CheckResult
        One for each check.
    verdicts : tuple of Verdict
        Whole implied matrices that were compared, entry by entry.
    likely : tuple of Likely
        The likely bug behind each map that is wrong.
    missing : tuple of str
        What is not claimed.
    examples, seed : int
        Trials, and the seed that they were drawn with.
    seconds : float

    Examples
    --------
    >>> from convmat import conv
    >>> from convmat.verify import check
    >>> def forgetful(x, kernel, bias=None, **settings):
    ...     return conv(x, kernel, **settings)
    >>> report = check(forgetful, examples=3)
    >>> report.passed, [result.check for result in report.failures]
    (False, ['bias-is-added', 'bad-input-refused'])
    """

    name: str
    signature: str
    results: tuple[CheckResult, ...]
    verdicts: tuple[Verdict, ...] = ()
    likely: tuple[Likely, ...] = ()
    missing: tuple[str, ...] = ()
    examples: int = 0
    seed: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def passed(self) -> bool:
        """Whether nothing fails and everything was reached."""
        wrong = {"fails", "not reached"}
        return not any(v.status in wrong for v in self.results) and all(
            verdict.passed for verdict in self.verdicts
        )

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The results that say so."""
        return tuple(v for v in self.results if v.status == "fails")

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def as_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "name": self.name,
            "signature": self.signature,
            "passed": self.passed,
            "examples": self.examples,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "results": [result.as_json() for result in self.results],
            "verdicts": [_verdict(verdict) for verdict in self.verdicts],
            "likely": [str(likely) for likely in self.likely],
            "not_claimed": list(self.missing),
        }

    def _repr_html_(self) -> str:
        return report_html(self)

    def _lines(self) -> Iterator[str]:
        yield (
            f"{'PASS' if self.passed else 'FAIL'} {self.name}: {self.examples} trials, "
            f"seed {self.seed}, {self.seconds:.1f} s"
        )
        for status in ("holds", "fails", "not reached", "not claimed"):
            chosen = [v for v in self.results if v.status == status]
            if chosen:
                yield f"\n{status}:"
            for result in chosen:
                yield from _told(result)
        if self.verdicts:
            yield "\nimplied matrices, every entry read:"
            for verdict in self.verdicts:
                yield indent(str(verdict), "  ")
        if self.missing:
            yield "\nnot claimed, so not asked for:"
            yield _wrapped(", ".join(self.missing), 2)
        if self.likely:
            yield "\nlikely bug:"
            for likely in self.likely:
                yield _wrapped(str(likely), 2)
        for result in self.failures[:1]:
            yield f"\nto see {result.check} fail:\n"
            yield indent(result.snippet, "    ")


def _told(result: CheckResult) -> Iterator[str]:
    if result.status == "holds":
        note = f" ({result.why})" if result.why else ""
        yield _wrapped(f"{result.check}: {result.claim}{note}", 2)
    elif result.finding is not None:
        yield _wrapped(f"{result.check}: {result.finding.words}", 2)
        yield f"      {result.finding.geometry!r}"
        yield _wrapped(result.meaning, 6)
    else:
        yield _wrapped(f"{result.check}: {result.why}", 2)


def _wrapped(text: str, margin: int) -> str:
    return fill(
        text,
        _WIDE,
        initial_indent=" " * margin,
        subsequent_indent=" " * (margin + 4),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "part": finding.part,
        "words": finding.words,
        "geometry": repr(finding.geometry),
        "arrays": {name: _listed(array) for name, array in finding.arrays.items()},
        "expected": _plain(finding.expected),
        "got": _plain(finding.got),
        "place": list(finding.place),
    }


def _listed(array: Any) -> Any:
    return {"dtype": str(array.dtype), "values": _plain(np.asarray(array).tolist())}


def _plain(value: Any) -> Any:
    """Numbers that JSON has no name for as words."""
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value if isinstance(value, int | float | str | None) else str(value)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    found = None if verdict.finding is None else _finding(verdict.finding)
    return {
        "geometry": repr(verdict.geometry),
        "dtype": verdict.dtype,
        "passed": verdict.passed,
        "entries": verdict.entries,
        "calls": verdict.calls,
        "polynomials": verdict.polynomials,
        "finding": found,
    }
