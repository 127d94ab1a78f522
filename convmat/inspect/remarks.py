"""What stands above and below an inspection's table, in words."""

from __future__ import annotations

from convmat.inspect.columns import printable, times
from convmat.inspect.value import Inspection

__all__ = ["heading_of", "remarks_of"]

_LOOKED_FOR = {
    "onnx": "Conv, ConvTranspose, Gemm, MatMul, BatchNormalization, poolings, and "
    "convolutions and products of integers",
}
_WEIGHTS = (
    "floating numbers named LAYER.weight, LAYER.kernel or LAYER.scale, or without a "
    "dot, with 2 or more axes; or with one, beside LAYER.running_var"
)


def heading_of(found: Inspection) -> str:
    """The file, and what it reads."""
    told = ", ".join(f"{n} {times(s) or 'one number'}" for n, s in found.inputs.items())
    if not told:
        told = "no input" if found.form == "onnx" else "weights without shapes"
    return f"{printable(found.source)}: {printable(told)}"


def remarks_of(found: Inspection) -> list[str]:
    """What stands below the table, one sentence a line."""
    told: dict[str, list[str]] = {}
    for layer in found.layers:
        for note in layer.notes if layer.linear else ():
            told.setdefault(note, []).append(layer.name)
    lines = []
    if not found.layers and not found.skipped:
        looked = _LOOKED_FOR.get(found.form, _WEIGHTS)
        lines.append(f"no layer was found; looked for: {looked}")
    lines += [
        f"{layer.name}: {layer.not_finite:,} of its weights and biases are not finite"
        for layer in found.layers
        if layer.not_finite
    ]
    lines += [f"{', '.join(names)}: {note}" for note, names in told.items()]
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
        count = len(found.skipped)
        lines.append(f"skipped, {count} layer{'s' * (count != 1)}:")
        lines += [f"  {name}: {reason}" for name, reason in found.skipped.items()]
    if found.others:
        count = sum(found.others.values())
        kinds = ", ".join(f"{kind} {n}" for kind, n in found.others.items())
        lines.append(f"without a matrix here, {count}: {kinds}")
    return [printable(line) for line in (*lines, *found.notes)]
