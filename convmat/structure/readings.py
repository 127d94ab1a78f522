"""What the columns of a matrix may count: its input shape, given or searched for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from convmat.arrays import Shape
from convmat.errors import ShapeError
from convmat.structure.search import divisors

__all__ = ["MOST", "Reading", "given", "possible"]

MOST = 64
"""Input shapes that are tried when none is given."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of the columns.

    Attributes
    ----------
    in_channels : int
    inputs : tuple of int
        Cells of each spatial axis.
    has_channels : bool
        Whether shapes are written with their channel axes.
    outputs : tuple of int or None
    out_channels : int or None
        None where they are searched for.
    """

    in_channels: int
    inputs: Shape
    has_channels: bool
    outputs: Shape | None = None
    out_channels: int | None = None

    @property
    def input_shape(self) -> Shape:
        """As the caller writes it."""
        return (self.in_channels, *self.inputs) if self.has_channels else self.inputs


def given(
    shape: Shape,
    output_shape: Shape | None,
    channels: bool | None,
    matrix_shape: tuple[int, int],
) -> list[Reading]:
    """The readings of a shape that is given, the likelier first.

    Raises
    ------
    ShapeError
        When the shapes contradict the matrix or each other.

    Examples
    --------
    >>> [reading.in_channels for reading in given((3, 8, 8), None, None, (9, 192))]
    [3, 1, 1]
    """
    rows, columns = matrix_shape
    for name, value, side, count in (
        ("input_shape", shape, "columns", columns),
        ("output_shape", output_shape, "rows", rows),
    ):
        if value is None:
            continue
        if not value or min(value) < 1:
            raise ShapeError(name, "must be at least 1 on every axis", value)
        if prod(value) != count:
            rule = f"must have as many cells as the matrix has {side}, {count:,}"
            raise ShapeError(name, rule, value, f"it has {prod(value):,}")
    if channels and len(shape) < 2:
        rule = "must be (in_channels, *spatial) with channels=True"
        raise ShapeError("input_shape", rule, shape)
    plain = Reading(1, shape, has_channels=False, outputs=output_shape, out_channels=1)
    first = Reading(shape[0], shape[1:], has_channels=True)
    banks = [first] if len(shape) > 1 else []
    if channels is None and rows > 1:
        banks.append(Reading(1, shape, has_channels=True))
    if output_shape is not None:
        banks = [
            replace(bank, outputs=output_shape[1:], out_channels=output_shape[0])
            for bank in banks
            if len(output_shape) == len(bank.inputs) + 1
        ]
    fits = output_shape is None or len(output_shape) == len(shape)
    plains = [plain] if channels is not True and fits else []
    banks = [] if channels is False else banks
    readings = plains + banks if len(shape) < 3 else banks[:1] + plains + banks[1:]
    if not readings:
        rule = f"must have as many axes as input_shape={shape}"
        raise ShapeError("output_shape", rule, output_shape)
    return readings


def possible(
    output_shape: Shape | None,
    channels: bool | None,
    matrix_shape: tuple[int, int],
) -> tuple[list[Reading], bool]:
    """Readings of columns that nothing is said about, and whether they are all.

    One and two spatial axes, with channels and without; squares come first. More axes
    are not tried.

    Raises
    ------
    ShapeError
        When the shape of the output contradicts the matrix.
    """
    columns = matrix_shape[1]
    shapes: list[tuple[int, Shape]] = [(1, (columns,))]
    for count in divisors(columns):
        cells = columns // count
        shapes += [(count, (h, cells // h)) for h in divisors(cells) if 1 < h < cells]
        if 1 < count < columns:
            shapes.append((count, (cells,)))

    def likely(each: tuple[int, Shape]) -> tuple[bool, int, int]:
        count, sizes = each
        square = len(set(sizes)) == 1 and len(sizes) == 2
        return not square and sizes != (columns,), count, max(sizes) - min(sizes)

    shapes.sort(key=likely)
    found = []
    for count, sizes in shapes[:MOST]:
        written = (count, *sizes) if count > 1 else sizes
        try:
            readings = given(written, output_shape, channels, matrix_shape)
        except ShapeError as error:
            if error.argument == "output_shape" and not error.rule.endswith(
                f"={written}"
            ):
                raise
            continue
        wanted = [r for r in readings if (r.in_channels, r.inputs) == (count, sizes)]
        found += wanted
    return found, len(shapes) <= MOST
