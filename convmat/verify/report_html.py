"""A report in a notebook: one row for each check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convmat.html import Cell, Texts, facts, fragment, table

if TYPE_CHECKING:
    from convmat.verify.report import CheckResult, Report

__all__ = ["report_html"]


def report_html(report: Report) -> str:
    """What holds, what fails and how, what was not reached; and the likely bug."""
    title = (
        f"{'PASS' if report.passed else 'FAIL'} {report.name}: {report.examples} "
        f"trials, seed {report.seed}, {report.seconds:.1f} s"
    )
    order = {"fails": 0, "not reached": 1, "holds": 2, "not claimed": 3}
    results = sorted(report.results, key=lambda result: order.get(result.status, 0))
    rows: list[Texts] = [
        [result.status, result.check, _told(result)] for result in results
    ]
    parts = [table(rows, head=["", "check", ""], left=True)]
    parts.append(facts((f"matrix of {v.geometry!r}", v) for v in report.verdicts))
    notes = [f"Likely bug: {likely}" for likely in report.likely]
    if report.missing:
        notes.append(f"Not claimed, so not asked for: {', '.join(report.missing)}")
    return fragment(title, *parts, notes=notes)


def _told(result: CheckResult) -> Cell:
    if result.finding is not None:
        return Cell(f"{result.finding.words}; {result.finding.geometry!r}")
    words = result.claim if result.status == "holds" else result.why
    note = f" ({result.why})" if result.status == "holds" and result.why else ""
    return Cell(words + note, faint=result.status == "not claimed")
