"""An inspection as a table: for a terminal, in Markdown, as JSON, as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from convmat.inspect.value import Inspection, LayerMatrix

__all__ = ["FORMATS", "as_csv", "as_json", "as_markdown", "as_text"]


def as_text(found: Inspection) -> str:
    """Columns of short numbers: `1.23M` is 1,230,000, of bytes too."""
    heads, rows = _columns(found, _short)
    rows.append(_totals(found, heads, _short))
    table = [[_printable(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [_inputs(found)]
    for row in table:
        cells = [
            f"{cell:<{width}}" if head in _LEFT else f"{cell:>{width}}"
            for cell, width, head in zip(row, widths, heads, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, *_remarks(found)])


def as_markdown(found: Inspection) -> str:
    """A table of Markdown, with whole numbers, and the remarks as a list."""
    heads, rows = _columns(found, _whole)
    rows.append(_totals(found, heads, _whole))
    lines = [_escaped(_inputs(found)), ""]
    lines.append(f"| {' | '.join(heads)} |")
    sides = [":--" if head in _LEFT else "--:" for head in heads]
    lines.append(f"| {' | '.join(sides)} |")
    lines += [f"| {' | '.join(map(_escaped, row))} |" for row in rows]
    remarks = [f"- {_escaped(remark)}" for remark in _remarks(found)]
    return "\n".join([*lines, *([""] if remarks else []), *remarks])


def as_json(found: Inspection) -> str:
    """One object: the layers with all their numbers, and what was left out.

    A number that is not known, or not finite, is null.
    """
    whole = {
        "source": found.source,
        "form": found.form,
        "inputs": {name: list(shape) for name, shape in found.inputs.items()},
        "layers": [_numbers(layer) for layer in found.layers],
        "total": {
            "parameters": found.parameters,
            "bias": found.biases,
            "nnz": found.nnz,
            "multiplications_padded": found.multiplications.padded,
            "multiplications_effective": found.multiplications.effective,
        },
        "others": dict(found.others),
        "skipped": dict(found.skipped),
        "notes": list(found.notes),
    }
    return json.dumps(whole, indent=1)


def as_csv(found: Inspection) -> str:
    """One line for each layer; axes are joined by `x`, what is not known is empty."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    rows = [_numbers(layer) for layer in found.layers]
    heads = list(_numbers(LayerMatrix(name="", kind="")))
    writer.writerow(heads)
    writer.writerows([_cell(row[head]) for head in heads] for row in rows)
    return file.getvalue().rstrip("\n")


FORMATS: dict[str, Callable[[Inspection], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "json": as_json,
    "csv": as_csv,
}
"""The tables by the name of their format."""

_LEFT = ("layer", "operator", "settings", "proved")


def _numbers(layer: LayerMatrix) -> dict[str, Any]:
    """Everything that is known of a layer, plain."""
    cost = layer.multiplications
    rows, columns = layer.matrix_shape or (None, None)
    return {
        "name": layer.name,
        "kind": layer.kind,
        "settings": layer.settings,
        "linear": layer.linear,
        "input_shape": _listed(layer.input_shape),
        "output_shape": _listed(layer.output_shape),
        "rows": rows,
        "columns": columns,
        "nnz": layer.nnz,
        "density": layer.density,
        "parameters": layer.parameters,
        "dead": layer.dead,
        "bias": layer.bias,
        "sharing": layer.sharing,
        "dense_bytes": layer.dense_bytes,
        "sparse_bytes": layer.sparse_bytes,
        "kernel_bytes": layer.kernel_bytes,
        "multiplications_padded": None if cost is None else cost.padded,
        "multiplications_effective": None if cost is None else cost.effective,
        "field": _listed(layer.field),
        "jump": None if layer.jump is None else [str(jump) for jump in layer.jump],
        "norm": _finite(layer.norm),
        "condition": _finite(layer.condition),
        "proof": layer.proof,
        "notes": "; ".join(layer.notes),
    }


def _columns(
    found: Inspection, number: Callable[[float | None], str]
) -> tuple[list[str], list[list[str]]]:
    """Heads, and the cells of each layer, without the columns that nobody asked for."""
    heads = ["layer", "operator", "settings", "input", "output", "matrix", "stored"]
    heads += ["density", "free", "shared", "dense B", "sparse B", "kernel B"]
    heads += ["padded", "effective", "field"]
    normed = any(layer.norm is not None for layer in found.layers)
    proved = any(layer.proof for layer in found.layers)
    heads += ["norm", "condition"] * normed + ["proved"] * proved
    rows = []
    for layer in found.layers:
        cost = layer.multiplications
        cells = [layer.name, layer.kind, layer.settings]
        cells += [_times(layer.input_shape), _times(layer.output_shape)]
        cells.append(
            _times(map(number, layer.matrix_shape) if layer.matrix_shape else None)
        )
        cells += [number(layer.nnz), _share(layer.density), number(layer.parameters)]
        cells.append("" if layer.sharing is None else _digits(layer.sharing))
        for size in (layer.dense_bytes, layer.sparse_bytes, layer.kernel_bytes):
            cells.append(number(size))
        cells += (
            ["", ""] if cost is None else [number(cost.padded), number(cost.effective)]
        )
        cells.append(_alike(layer.field))
        if normed:
            cells += [_digits(layer.norm), _digits(layer.condition)]
        if proved:
            cells.append(layer.proof)
        rows.append(cells)
    return heads, rows


def _totals(
    found: Inspection, heads: Sequence[str], number: Callable[[float | None], str]
) -> list[str]:
    cost = found.multiplications
    kernels = sum(layer.kernel_bytes for layer in found.layers)
    sums = {
        "stored": found.nnz,
        "free": found.parameters,
        "dense B": sum(layer.dense_bytes or 0 for layer in found.layers),
        "sparse B": sum(layer.sparse_bytes or 0 for layer in found.layers),
        "kernel B": kernels,
        "padded": cost.padded,
        "effective": cost.effective,
    }
    return ["total", *(number(sums.get(head)) for head in heads[1:])]


def _inputs(found: Inspection) -> str:
    told = ", ".join(f"{name} {_times(s)}" for name, s in found.inputs.items())
    return f"{_printable(found.source)}: {_printable(told) or 'weights without shapes'}"


def _remarks(found: Inspection) -> list[str]:
    """What stands below the table, one sentence a line."""
    told: dict[str, list[str]] = {}
    for layer in found.layers:
        for note in layer.notes if layer.linear else ():
            told.setdefault(note, []).append(layer.name)
    lines = [f"{', '.join(names)}: {note}" for note, names in told.items()]
    lines += [
        f"{layer.name}: {layer.dead:,} of {layer.parameters:,} free parameters are "
        "dead, padding hides them from every output"
        for layer in found.layers
        if layer.dead
    ]
    if any(not layer.linear for layer in found.layers):
        lines.append("a maximum is not linear: its row is the pattern of its windows")
    if found.biases:
        lines.append(f"biases, {found.biases:,} numbers, stand beside the matrices")
    if found.skipped:
        lines.append(f"skipped, {len(found.skipped)} layers:")
        lines += [f"  {name}: {reason}" for name, reason in found.skipped.items()]
    if found.others:
        count = sum(found.others.values())
        kinds = ", ".join(f"{kind} {n}" for kind, n in found.others.items())
        lines.append(f"without a matrix here, {count}: {kinds}")
    return [_printable(line) for line in (*lines, *found.notes)]


def _short(value: float | None) -> str:
    if value is None:
        return ""
    size = float(value)
    for unit in ("", "k", "M", "G", "T", "P"):
        if size < 999.5:
            return f"{size:.3g}{unit}" if unit else f"{value}"
        size /= 1000
    return f"{value:.3g}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.3g}%"


def _digits(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _times(values: Iterable[object] | None) -> str:
    return "" if values is None else "x".join(map(str, values))


def _alike(values: Sequence[object] | None) -> str:
    """One number where all axes have the same; `?` where it is not known."""
    if values is None:
        return "?"
    return _times(values[:1] if len(set(values)) == 1 else values)


def _listed(values: Iterable[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)


def _finite(value: float | None) -> float | None:
    return value if value is None or abs(value) < float("inf") else None


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return _times(value)
    return "" if value is None else value


def _printable(text: str) -> str:
    """`text` on one line; a file may hold names with anything in them."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _escaped(text: str) -> str:
    return _printable(text).replace("\\", "\\\\").replace("|", "\\|")
