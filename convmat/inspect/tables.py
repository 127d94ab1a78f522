"""An inspection as a table: for a terminal, in Markdown, as JSON, as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from typing import Any

from convmat.inspect.columns import (
    LEFT,
    columns_of,
    listed,
    printable,
    short,
    times,
    totals_of,
    whole,
)
from convmat.inspect.remarks import heading_of, remarks_of
from convmat.inspect.value import Inspection, LayerMatrix

__all__ = ["FORMATS", "as_csv", "as_json", "as_markdown", "as_text"]


def as_text(found: Inspection) -> str:
    """Columns of short numbers: `1.23M` is 1,230,000, of bytes too."""
    lines = [heading_of(found)]
    if found.layers:
        heads, rows = columns_of(found, short)
        rows.append(totals_of(found, heads, short))
        table = [[printable(cell) for cell in row] for row in (heads, *rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            cells = [
                f"{cell:<{width}}" if head in LEFT else f"{cell:>{width}}"
                for cell, width, head in zip(row, widths, heads, strict=True)
            ]
            lines.append("  ".join(cells).rstrip())
    return "\n".join([*lines, *remarks_of(found)])


def as_markdown(found: Inspection) -> str:
    """A table of Markdown, with whole numbers, and the remarks as a list."""
    lines = [_escaped(heading_of(found)), ""]
    if found.layers:
        heads, rows = columns_of(found, whole)
        rows.append(totals_of(found, heads, whole))
        lines.append(f"| {' | '.join(heads)} |")
        sides = [":--" if head in LEFT else "--:" for head in heads]
        lines.append(f"| {' | '.join(sides)} |")
        lines += [f"| {' | '.join(map(_escaped, row))} |" for row in rows]
        lines.append("")
    lines += [f"- {_escaped(remark)}" for remark in remarks_of(found)]
    return "\n".join(lines).rstrip("\n")


def as_json(found: Inspection) -> str:
    """One object: the layers with all their numbers, and what was left out.

    A number that is not known, or not finite, is null.
    """
    told = {
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
    return json.dumps(told, indent=1)


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


def _numbers(layer: LayerMatrix) -> dict[str, Any]:
    """Everything that is known of a layer, plain."""
    cost = layer.multiplications
    rows, columns = layer.matrix_shape or (None, None)
    return {
        "name": layer.name,
        "kind": layer.kind,
        "settings": layer.settings,
        "linear": layer.linear,
        "input_shape": listed(layer.input_shape),
        "output_shape": listed(layer.output_shape),
        "rows": rows,
        "columns": columns,
        "nnz": layer.nnz,
        "density": layer.density,
        "parameters": layer.parameters,
        "dead": layer.dead,
        "bias": layer.bias,
        "not_finite": layer.not_finite,
        "sharing": layer.sharing,
        "dense_bytes": layer.dense_bytes,
        "sparse_bytes": layer.sparse_bytes,
        "kernel_bytes": layer.kernel_bytes,
        "multiplications_padded": None if cost is None else cost.padded,
        "multiplications_effective": None if cost is None else cost.effective,
        "field": listed(layer.field),
        "jump": None if layer.jump is None else [str(jump) for jump in layer.jump],
        "norm": _finite(layer.norm),
        "norm_error": _finite(layer.norm_error),
        "condition": _finite(layer.condition),
        "condition_error": _finite(layer.condition_error),
        "proof": layer.proof,
        "notes": "; ".join(layer.notes),
    }


def _finite(value: float | None) -> float | None:
    return value if value is None or abs(value) < float("inf") else None


def _cell(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return times(value)
    return "" if value is None else value


def _escaped(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace("|", "\\|")
