"""The layers of a saved network in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from convmat.html import fragment, table

if TYPE_CHECKING:
    from convmat.inspect.value import Inspection

__all__ = ["inspection_html"]

_HEADS = (
    "layer",
    "operator",
    "settings",
    "input",
    "output",
    "matrix",
    "stored",
    "density",
    "free parameters",
)


def inspection_html(found: Inspection) -> str:
    """A row for each layer, their totals, and what was left out."""
    rows = [
        [
            layer.name,
            layer.kind,
            layer.settings,
            _times(layer.input_shape),
            _times(layer.output_shape),
            _times(layer.matrix_shape),
            "" if layer.nnz is None else f"{layer.nnz:,}",
            "" if layer.density is None else f"{100 * layer.density:.3g}%",
            f"{layer.parameters:,}",
        ]
        for layer in found.layers
    ]
    total = ["total", *[""] * 5, f"{found.nnz:,}", "", f"{found.parameters:,}"]
    notes = [f"Skipped: {name}: {reason}" for name, reason in found.skipped.items()]
    others = ", ".join(f"{kind} {count}" for kind, count in found.others.items())
    notes += [f"Without a matrix here: {others}"] if others else []
    layers = table([*rows, total], head=_HEADS, left=True)
    return fragment(found.source, layers, notes=[*notes, *found.notes])


def _times(shape: Sequence[int] | None) -> str:
    return "" if shape is None else " × ".join(f"{size:,}" for size in shape)
