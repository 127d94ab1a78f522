"""The columns of an inspection's table, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil, floor, isfinite, log10
from typing import Any

from convmat.inspect.value import Inspection, LayerMatrix

__all__ = [
    "LEFT",
    "columns_of",
    "listed",
    "printable",
    "short",
    "times",
    "totals_of",
    "whole",
]

_NORMS = ["norm", "norm ±", "condition", "condition ±"]

LEFT = ("layer", "operator", "settings", "proved")
"""Heads of columns of words."""


def columns_of(
    found: Inspection, number: Callable[[float | None], str]
) -> tuple[list[str], list[list[str]]]:
    """Heads, and the cells of each layer, without the columns that nobody asked for."""
    heads = ["layer", "operator", "settings", "input", "output", "matrix", "stored"]
    heads += ["density", "free", "shared", "dense B", "sparse B", "kernel B"]
    heads += ["padded", "effective", "field"]
    spoilt = any(layer.not_finite for layer in found.layers)
    normed = found.normed or any(layer.norm is not None for layer in found.layers)
    proved = any(layer.proof for layer in found.layers)
    heads += ["not finite"] * spoilt + _NORMS * normed
    heads += ["proved"] * proved
    rows = []
    for layer in found.layers:
        cost = layer.multiplications
        cells = [layer.name, layer.kind, layer.settings]
        cells += [times(layer.input_shape), times(layer.output_shape)]
        shape = layer.matrix_shape
        cells.append(times(map(number, shape) if shape else None))
        cells += [number(layer.nnz), _share(layer.density), number(layer.parameters)]
        cells.append("" if layer.sharing is None else _digits(layer.sharing))
        for size in (layer.dense_bytes, layer.sparse_bytes, layer.kernel_bytes):
            cells.append(number(size))
        cells += (
            [""] * 2 if cost is None else map(number, (cost.padded, cost.effective))
        )
        cells.append(_alike(layer.field))
        if spoilt:
            cells.append(whole(layer.not_finite))
        if normed:
            cells += [*_within(layer, "norm"), *_within(layer, "condition")]
        if proved:
            cells.append(layer.proof)
        rows.append(cells)
    return heads, rows


def totals_of(
    found: Inspection, heads: Sequence[str], number: Callable[[float | None], str]
) -> list[str]:
    """The last row: sums, where a sum means something."""
    cost = found.multiplications
    sums: dict[str, float] = {
        "stored": found.nnz,
        "free": found.parameters,
        "dense B": sum(layer.dense_bytes or 0 for layer in found.layers),
        "sparse B": sum(layer.sparse_bytes or 0 for layer in found.layers),
        "kernel B": sum(layer.kernel_bytes for layer in found.layers),
        "padded": cost.padded,
        "effective": cost.effective,
    }
    return ["total", *(number(sums.get(head)) for head in heads[1:])]


def short(value: float | None) -> str:
    """Three digits and a unit.

    Examples
    --------
    >>> short(999), short(1234567), short(None)
    ('999', '1.23M', '')
    """
    if value is None:
        return ""
    size = float(value)
    for unit in ("", "k", "M", "G", "T", "P"):
        if size < 999.5:
            return f"{size:.3g}{unit}" if unit else f"{value}"
        size /= 1000
    return f"{value:.3g}"


def whole(value: float | None) -> str:
    """All digits."""
    return "" if value is None else f"{value:,}"


def times(values: Iterable[object] | None) -> str:
    """Numbers with `x` between them."""
    return "" if values is None else "x".join(map(str, values))


def listed(values: Iterable[Any] | None) -> list[Any] | None:
    """A tuple as JSON has it."""
    return None if values is None else list(values)


def printable(text: str) -> str:
    """`text` on one line; a file may hold names with anything in them."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _within(layer: LayerMatrix, name: str) -> tuple[str, str]:
    """A number, and its error rounded up; `?` where it is not known."""
    value, error = getattr(layer, name), getattr(layer, f"{name}_error")
    if value is None:
        return "?" if layer.linear else "", ""
    if not error or not isfinite(error):
        return _digits(value), "0" if error == 0 else ""
    power = floor(log10(error))
    first = ceil(error / 10.0**power)
    return _digits(value), f"{first}e{power}" if first < 10 else f"1e{power + 1}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.3g}%"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _alike(values: Sequence[object] | None) -> str:
    """One number where all axes have the same; `?` where it is not known."""
    if values is None:
        return "?"
    return times(values[:1] if len(set(values)) == 1 else values)
