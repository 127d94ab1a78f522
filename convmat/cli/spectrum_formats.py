"""What `convmat spectrum` writes, one function for each format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from math import isfinite, log
from typing import Any

from convmat.cli.spectrum_facts import Facts
from convmat.spectrum import Determinant, Estimate, Rank

__all__ = ["FORMATS"]

_DIGITS = 20  # of a determinant that stands in a line
_WRITTEN = 4000  # digits of a determinant that JSON holds; Python refuses more
_UNKNOWN = "not known: the smallest values were not computed; --smallest does"


def as_text(facts: Facts, count: int) -> str:
    """Lines for people, and the table of estimates."""
    lines = [facts.table.geometry.summary(), ""]
    lines += [f"{name}: {told}" for name, told in _told(facts, count)]
    return "\n".join([*lines, "", str(facts.table)])


def as_markdown(facts: Facts, count: int) -> str:
    """The same as a list and a table."""
    lines = [facts.table.geometry.summary(), ""]
    lines += [f"- {name}: {told}" for name, told in _told(facts, count)]
    lines += ["", "| estimate | value | / truth | label | source |"]
    lines.append("| --- | ---: | ---: | --- | --- |")
    truth = facts.table.truth
    lines.append(f"| truth | {truth.value:.6g} | 1.000 | | {truth.told} |")
    for bound in facts.table.bounds:
        share = f"{bound.value / truth.value:.3f}" if truth.value else "-"
        cells = bound.name, f"{bound.value:.6g}", share, bound.label, bound.source
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def as_csv(facts: Facts, count: int) -> str:
    """The norm and its estimates; `count` has no say here."""
    del count
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["estimate", "value", "error", "label", "source", "when"])
    truth = facts.table.truth
    writer.writerow(["truth", truth.value, truth.error, "truth", truth.told, ""])
    for bound in facts.table.bounds:
        row = bound.name, bound.value, bound.error, bound.label, bound.source
        writer.writerow([*row, bound.when])
    return file.getvalue().rstrip("\n")


def as_json(facts: Facts, count: int) -> str:
    """All that was computed, not only what a line has room for."""
    del count
    g, spectrum = facts.table.geometry, facts.spectrum
    return json.dumps(
        {
            "geometry": repr(g),
            "shape": list(g.matrix_shape),
            "how": spectrum.how,
            "complete": spectrum.complete,
            "steps": spectrum.steps,
            "values": spectrum.values.tolist(),
            "errors": spectrum.errors.tolist(),
            "squared_frobenius": _finite(float(facts.total)),
            "norm": _estimate(facts.table.truth),
            "smallest": _estimate(facts.smallest),
            "condition": _estimate(facts.condition),
            "rank": _rank(facts.rank),
            "determinant": _determinant(facts.determinant),
            "bounds": [asdict(bound) for bound in facts.table.bounds],
        },
        indent=2,
    )


def _told(facts: Facts, count: int) -> list[tuple[str, str]]:
    """Names and sentences."""
    spectrum = facts.spectrum
    rows, columns = spectrum.matrix_shape
    many = "all" if spectrum.complete else "the largest"
    worst = Estimate(
        0.0, spectrum.how, float(spectrum.errors.max()), spectrum.steps
    ).told
    lines = [
        (
            "singular values",
            f"{many} {len(spectrum):,} of a {rows}x{columns} matrix; {worst}",
        ),
        ("largest", " ".join(f"{value:.6g}" for value in spectrum.values[:count])),
    ]
    if facts.smallest is None or facts.condition is None or facts.rank is None:
        lines.append(("smallest, condition number, rank", _UNKNOWN))
    else:
        lines += [
            ("smallest", f"{facts.smallest.value:.6g}; {facts.smallest.told}"),
            ("condition number", _condition(facts.condition)),
            ("rank", _ranked(facts.rank, min(rows, columns))),
        ]
    if facts.determinant is not None:
        lines.append(("determinant", _determined(facts.determinant)))
    total = f"{float(facts.total):.10g}"
    if spectrum.complete:
        sums = (
            f"{float((spectrum.values**2).sum()):.10g}; of all matrix entries {total}"
        )
        lines.append(("sum of squares", sums))
    else:
        lines.append(("sum of squares of all matrix entries", total))
    return lines


def _condition(found: Estimate) -> str:
    if not isfinite(found.error) or not isfinite(found.value):
        return "infinite, or beyond what rounding lets one see"
    return f"{found.value:.6g}; {found.told}"


def _ranked(found: Rank, most: int) -> str:
    full = f" of {most:,}"
    if found.how == "exact":
        return (
            f"{'' if found.proved else 'at least '}{found.value:,}{full}; {found.told}"
        )
    gap = f"values above {found.threshold:.2g}"
    if found.value < most:
        gap += f", the next at most {found.largest_dropped:.2g}"
    if found.value:
        gap += f", the last at least {found.least_kept:.3g}"
    return f"{found.value:,}{full}; {gap}"


def _determined(found: Determinant) -> str:
    if found.value is not None and _bits(found.value) < 3 * _DIGITS:
        return f"{found.value}; exact, modulo primes"
    if not isfinite(found.error):
        return "not known: the matrix is singular, up to rounding"
    if found.log_abs == float("-inf"):
        return "0"
    digits = found.log_abs / _LN10
    power = int(digits // 1)
    front = 10 ** (digits - power)
    size = f"{front:.6f}e{power:+d}"
    sign = "-" if found.sign == -1.0 else ""
    if isinstance(found.sign, complex):
        sign = f"({found.sign:.6g}) * "
    error = f"relative error at most {found.error:.2g}"
    way = "exact, modulo primes; shown rounded" if found.how == "exact" else error
    return f"{sign}{size}; {way}"


def _estimate(found: Estimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "value": _finite(found.value),
        "how": found.how,
        "error": _finite(found.error),
        "steps": found.steps,
    }


def _rank(found: Rank | None) -> dict[str, Any] | None:
    if found is None:
        return None
    held = asdict(found)
    return {key: _finite(value) for key, value in held.items()}


def _determinant(found: Determinant | None) -> dict[str, Any] | None:
    if found is None:
        return None
    sign: Any = found.sign
    if isinstance(sign, complex):
        sign = [sign.real, sign.imag]
    value = found.value
    text = None  # of any size, which a reader's floats may not hold
    if value is not None and _bits(value) < 3 * _WRITTEN:
        text = str(value)
    return {
        "value": text,
        "sign": sign,
        "log_abs": _finite(found.log_abs),
        "how": found.how,
        "error": _finite(found.error),
    }


def _bits(value: int | Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _finite(value: Any) -> Any:
    """JSON has no infinity: null takes its place."""
    return None if isinstance(value, float) and not isfinite(value) else value


_LN10 = log(10)

FORMATS: dict[str, Callable[[Facts, int], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
    "csv": as_csv,
}
"""The writers by the name of their format."""
