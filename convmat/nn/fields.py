"""Receptive fields along a network, through the layers that say what they read."""

from __future__ import annotations

from dataclasses import dataclass

from convmat.arrays import Shape
from convmat.nn.facts import Facts, Reads
from convmat.receptive import Cells, Field, Window

__all__ = ["Cells", "Place", "after", "start"]


@dataclass(frozen=True)
class Place:
    """What stands between two layers: the shape, and the fields where known."""

    shape: Shape
    fields: tuple[Field, ...] | None


def start(input_shape: Shape) -> Place:
    """Where a network begins: every cell of the input is its own field."""
    return Place(input_shape, tuple(map(Field.of_input, input_shape[1:])))


def after(fields: tuple[Field, ...] | None, facts: Facts) -> tuple[Field, ...] | None:
    """The fields of what a layer gives, where they are known."""
    reads: Reads = facts.reads
    if fields is None or reads is None:
        return None
    if reads == "cell":  # also where axes are flattened: the fields stay apart
        return fields
    if reads == "all":
        return tuple(f.through(Window(f.count - 1, 1), 1) for f in fields)
    counts = facts.output_shape[1:]
    moves = zip(fields, reads, counts, strict=True)
    return tuple(field.through(window, count) for field, window, count in moves)
