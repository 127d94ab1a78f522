"""Layers made of layers: their passes one after the other, or side by side."""

from __future__ import annotations

from convmat.arrays import Array
from convmat.nn.composite import Composite
from convmat.nn.models import Sequential
from convmat.nn.residual import Residual
from convmat.verify.rounding.rules import Pass, named, through
from convmat.verify.rounding.units import OWN, Gapped, Gaps, Unit

__all__: list[str] = []


@through.register
def _(layer: Sequential, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    passes: dict[str, Pass] = {}
    for name in layer.parts:
        passes[name] = _part(layer, name, unit, x, own)
        x = passes[name].output

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        gaps: dict[str, Array] = {}
        for name in reversed(passes):
            grad, found = passes[name].back(grad)
            gaps |= named(name, found)
        return grad, gaps

    return Pass(x, back, _buffers(passes))


@through.register
def _(layer: Residual, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    passes = {name: _part(layer, name, unit, x, own) for name in layer.parts}
    other = passes["shortcut"].output if "shortcut" in passes else x
    y = _sum(unit, passes["body"].output, other)

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        x_grad, found = passes["body"].back(grad)
        gaps, other = named("body", found), grad
        if "shortcut" in passes:
            other, found = passes["shortcut"].back(grad)
            gaps |= named("shortcut", found)
        return _sum(unit, x_grad, other), gaps

    return Pass(y, back, _buffers(passes))


def _part(layer: Composite, name: str, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    """The pass of one part, which knows its own names only."""
    prefix = f"{name}."
    inner = {
        key.removeprefix(prefix): gap
        for key, gap in own.items()
        if key.startswith(prefix)
    }
    return through(layer.parts[name], unit, x, inner)


def _sum(unit: Unit, one: Gapped, other: Gapped) -> Gapped:
    gap = one.gap + other.gap + unit.rounding(one.size + other.size, 1)
    return Gapped(one.values + other.values, OWN * gap)


def _buffers(passes: dict[str, Pass]) -> dict[str, Array]:
    gaps: dict[str, Array] = {}
    for name, one in passes.items():
        gaps |= named(name, one.buffers)
    return gaps
