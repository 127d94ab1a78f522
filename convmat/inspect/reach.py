"""`Reach`: the receptive field of a tensor on the way through a graph.

`convmat.receptive` has the recurrence. Where two ways meet, the field is the union of
two intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from convmat.arrays import Shape
from convmat.geometry import Geometry
from convmat.receptive import Cells, Field, Window, transposed_window, window_of

__all__ = ["Reach", "begin", "everything", "joined", "through", "through_transposed"]


@dataclass(frozen=True)
class Reach:
    """The receptive fields of one tensor, on one input of the network.

    Attributes
    ----------
    source : str
        Name of that input.
    fields : tuple of Field
        One for each spatial axis.
    """

    source: str
    fields: tuple[Field, ...]

    @property
    def first(self) -> tuple[Cells, ...]:
        """Where the field of the first activation begins, per axis."""
        return tuple(field.start for field in self.fields)

    @property
    def size(self) -> tuple[int, ...]:
        """Cells from the first to the last that an activation depends on, per axis."""
        return tuple(floor(field.size) for field in self.fields)

    @property
    def jump(self) -> tuple[Cells, ...]:
        """Cells between neighbouring fields, per axis."""
        return tuple(field.jump for field in self.fields)


def begin(source: str, size: Shape) -> Reach:
    """An input: each of its cells is its own field."""
    return Reach(source, tuple(map(Field.of_input, size)))


def through(reach: Reach | None, g: Geometry) -> Reach | None:
    """Behind a convolution or windows.

    Examples
    --------
    >>> from convmat import geometry
    >>> one = through(begin("x", (9,)), geometry(9, 3, stride=2, padding=1))
    >>> two = through(one, geometry(5, 3))
    >>> two.size, two.jump, two.first
    ((7,), (2,), (-1,))
    """
    moves = [window_of(axis) for axis in g.axes]
    return _moved(reach, g.input_size, g.output_size, moves)


def through_transposed(reach: Reach | None, g: Geometry) -> Reach | None:
    """Behind a transposed convolution whose paired geometry is `g`."""
    moves = [transposed_window(axis) for axis in g.axes]
    return _moved(reach, g.output_size, g.input_size, moves)


def everything(reach: Reach | None) -> Reach | None:
    """Behind what reads all cells: one activation with one field."""
    if reach is None:
        return None
    counts = tuple(field.count for field in reach.fields)
    moves = [Window(count - 1, 1) for count in counts]
    return _moved(reach, counts, (1,) * len(counts), moves)


def joined(reaches: Sequence[Reach | None]) -> Reach | None:
    """Where several ways meet entry by entry: the union of their fields.

    None where one of them is not known, they come from several inputs, or neighbouring
    fields lie differently far apart.

    Examples
    --------
    >>> from convmat import geometry
    >>> x = begin("x", (9,))
    >>> sides = [through(x, geometry(9, 3, padding=[p])) for p in ((2, 0), (0, 2))]
    >>> joined(sides).size
    (5,)
    """
    known = [reach for reach in reaches if reach is not None]
    if not known or len(known) < len(reaches):
        return None
    source, rank = known[0].source, len(known[0].fields)
    if any(r.source != source or len(r.fields) != rank for r in known):
        return None
    fields = []
    for axis in range(rank):
        sides = [r.fields[axis] for r in known]
        count = max(field.count for field in sides)
        many = {field.jump for field in sides if field.count == count}
        if len(many) != 1 or any(field.count not in (1, count) for field in sides):
            return None
        first = min(field.start for field in sides)
        size = max(field.start + field.size for field in sides) - first
        if count > 1 and any(field.count == 1 for field in sides):
            size = max(size, _at_the_end(sides, count))
        fields.append(Field(size, many.pop(), first, count))
    return Reach(source, tuple(fields))


def _at_the_end(sides: Sequence[Field], count: int) -> Cells:
    """The size of the union for the last activation.

    The one field of a gate is spread over all activations and does not move with them,
    so the union is larger at one of the two ends than anywhere between.
    """
    moved = [
        (
            field.start + (count - 1) * field.jump
            if field.count == count
            else field.start
        )
        for field in sides
    ]
    ends = [start + field.size for start, field in zip(moved, sides, strict=True)]
    return max(ends) - min(moved)


def _moved(
    reach: Reach | None, counts: Shape, after: Shape, moves: Sequence[Window]
) -> Reach | None:
    if reach is None or tuple(f.count for f in reach.fields) != tuple(counts):
        return None
    fields = tuple(
        field.through(window, count)
        for field, window, count in zip(reach.fields, moves, after, strict=True)
    )
    return Reach(reach.source, fields)
