"""Part (b): the routes are equal, exactly, over named boxes of geometries."""

from __future__ import annotations

from convmat.tour.report import Report
from convmat.verify import BOXES, prove

__all__ = ["show"]


def show(report: Report, progress: bool) -> None:
    """Prove each box and say how much was compared."""
    report.heading("(b) Window, matrix and operator are one map: proved on boxes")
    for box in BOXES.values():
        proof = prove(box, progress=None if progress else False)
        measured = (
            f"{proof.geometries:,} geometries, {proof.entries:,} integers equal on a "
            f"basis, {proof.tested:,} results on random integers; {proof.seconds:.1f} s"
        )
        report.find(
            f"{', '.join(proof.routes)} agree on {box.name}: {box.description}",
            measured if proof.passed else str(proof.failure),
            passed=proof.passed and proof.geometries > 0,
        )
    report.text(
        "Equal on a basis is proved for all kernels and inputs, given that each route "
        "is bilinear; that is tested, on random integers.",
        8,
    )
