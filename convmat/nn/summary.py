"""`Summary`: a network in numbers, layer by layer, before any data is seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor

from convmat.arrays import Shape
from convmat.costs import Cost
from convmat.nn.facts import Facts
from convmat.nn.fields import Cells, Place, after
from convmat.nn.layers import Layer

__all__ = ["Row", "Summary", "combined", "row_of"]


@dataclass(frozen=True)
class Row:
    """One layer of a summary.

    Attributes
    ----------
    name : str
        Where it stands, as in the names of its parameters.
    layer : str
        Name of its class.
    output_shape : tuple of int
        Without the batch axis.
    parameters : int
        Numbers to be trained.
    multiplications : Cost
        For one sample in eval mode, without bias.
    matrix_shape : tuple of int, optional
        None where the layer is not linear, or leaves everything as it is.
    nnz : int, optional
        Stored entries of the matrix.
    receptive_field : tuple of int, optional
        Cells of input along each spatial axis that an output depends on at most, those
        beside the input included; None where that is not known.
    jump : tuple, optional
        Cells of input between the fields of neighbouring outputs; a `Fraction` where
        there are more outputs than inputs.

    Examples
    --------
    >>> from convmat.nn import digits_cnn
    >>> row = digits_cnn().summary((1, 8, 8)).rows[0]
    >>> row.name, row.layer, row.output_shape, row.parameters
    ('0', 'Conv', (8, 8, 8), 80)
    >>> row.matrix_shape, row.nnz, row.receptive_field
    ((512, 64), 3872, (3, 3))
    """

    name: str
    layer: str
    output_shape: Shape
    parameters: int
    multiplications: Cost
    matrix_shape: tuple[int, int] | None
    nnz: int | None
    receptive_field: tuple[int, ...] | None
    jump: tuple[Cells, ...] | None


@dataclass(frozen=True)
class Summary:
    """A network in numbers. `print` shows a table.

    Attributes
    ----------
    input_shape : tuple of int
        Without the batch axis.
    rows : tuple of Row
        One for each layer, in the order of the forward pass.

    Examples
    --------
    >>> from convmat.nn import digits_cnn
    >>> print(digits_cnn().summary((1, 8, 8)))
    input 1x8x8; multiplications padded, effective
    layer      output  parameters  padded  effective   matrix  stored  field  jump
    0 Conv      8x8x8          80   4,608      3,872   512x64   3,872      3     1
    1 ReLU      8x8x8           0       0          0                       3     1
    2 Conv     16x4x4       1,168  18,432     15,488  256x512  15,488      5     2
    3 ReLU     16x4x4           0       0          0                       5     2
    4 Flatten     256           0       0          0                       5     2
    5 Linear       10       2,570   2,560      2,560   10x256   2,560     11     2
    total                   3,818  25,600     21,920           21,920
    """

    input_shape: Shape
    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        """Numbers to be trained, in all."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiplications(self) -> Cost:
        """For one sample in eval mode, in all."""
        costs = [row.multiplications for row in self.rows]
        return Cost(
            sum(cost.padded for cost in costs), sum(cost.effective for cost in costs)
        )

    @property
    def nnz(self) -> int:
        """Stored entries of all matrices."""
        return sum(row.nnz or 0 for row in self.rows)

    def __str__(self) -> str:
        cost = self.multiplications
        total = ["total", "", f"{self.parameters:,}", f"{cost.padded:,}"]
        total += [f"{cost.effective:,}", "", f"{self.nnz:,}", "", ""]
        table = [list(_HEADS), *map(_told, self.rows), total]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [f"input {_times(self.input_shape)}; multiplications padded, effective"]
        for first, *others in table:
            cells = [f"{first:<{widths[0]}}"]
            cells += [
                f"{c:>{width}}" for c, width in zip(others, widths[1:], strict=True)
            ]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)


_HEADS = (
    "layer",
    "output",
    "parameters",
    "padded",
    "effective",
    "matrix",
    "stored",
    "field",
    "jump",
)


def row_of(name: str, layer: Layer, place: Place) -> tuple[Row, Place]:
    """The row of one layer, and what stands after it."""
    facts = layer.facts(place.shape)
    behind = Place(facts.output_shape, after(place.fields, facts))
    parameters = sum(array.size for array in layer.parameters.values())
    return _row(name, layer, parameters, facts, behind), behind


def combined(name: str, sum_of: object, one: Place, other: Place) -> tuple[Row, Place]:
    """The row of a sum, entry by entry, of what two ways lead to.

    The field is the larger one of the two on each axis.
    """
    fields = None
    if one.fields is not None and other.fields is not None:
        both = zip(one.fields, other.fields, strict=True)
        fields = tuple(max(pair, key=lambda field: field.size) for pair in both)
    behind = Place(one.shape, fields)
    return _row(name, sum_of, 0, Facts(one.shape), behind), behind


def _row(name: str, layer: object, parameters: int, facts: Facts, place: Place) -> Row:
    fields = place.fields
    return Row(
        name,
        type(layer).__name__,
        facts.output_shape,
        parameters,
        facts.multiplications,
        facts.matrix_shape,
        facts.nnz,
        None if fields is None else tuple(floor(field.size) for field in fields),
        None if fields is None else tuple(field.jump for field in fields),
    )


def _told(row: Row) -> list[str]:
    cost = row.multiplications
    return [
        f"{row.name} {row.layer}",
        _times(row.output_shape),
        f"{row.parameters:,}",
        f"{cost.padded:,}",
        f"{cost.effective:,}",
        "" if row.matrix_shape is None else _times(row.matrix_shape),
        "" if row.nnz is None else f"{row.nnz:,}",
        _alike(row.receptive_field),
        _alike(row.jump),
    ]


def _alike(numbers: Sequence[Cells] | None) -> str:
    """One number where all axes have the same."""
    if numbers is None:
        return "?"
    return _times(numbers[:1] if len(set(numbers)) == 1 else numbers)


def _times(numbers: Iterable[Cells]) -> str:
    return "x".join(map(str, numbers))
