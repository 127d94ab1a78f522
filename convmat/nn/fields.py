"""Receptive fields along a network, by the recurrence of sizes and jumps."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from convmat.arrays import Shape
from convmat.nn.facts import Facts, Reads, Window

__all__ = ["Cells", "Field", "Place", "after", "start"]

Cells: TypeAlias = Fraction | int


@dataclass(frozen=True)
class Field:
    """The receptive field of one activation along one spatial axis of the input.

    Attributes
    ----------
    size : Fraction or int
        Cells of input from the first that it depends on to the last, those beside the
        input included. Behind a transposed convolution fields differ, and no field has
        more whole cells than this.
    jump : Fraction or int
        Cells of input between the fields of neighbouring activations.
    count : int
        Activations along the axis.
    """

    size: Cells
    jump: Cells
    count: int

    def through(self, window: Window, count: int) -> Field:
        """The field of an activation that reads a window of such as this one.

        References
        ----------
        A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional
        neural networks", Distill 2019, equations 2 and 3.

        Examples
        --------
        >>> Field(3, 2, 14).through(Window(reach=2, stride=2), 7)
        Field(size=7, jump=4, count=7)
        """
        size = self.size + window.reach * self.jump
        return Field(_plain(size), _plain(self.jump * window.stride), count)


@dataclass(frozen=True)
class Place:
    """What stands between two layers: the shape, and the fields where known."""

    shape: Shape
    fields: tuple[Field, ...] | None


def start(input_shape: Shape) -> Place:
    """Where a network begins: every cell of the input is its own field."""
    return Place(input_shape, tuple(Field(1, 1, n) for n in input_shape[1:]))


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


def _plain(number: Cells) -> Cells:
    return int(number) if number == int(number) else number
