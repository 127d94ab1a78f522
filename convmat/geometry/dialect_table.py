"""What each dialect of "same" makes of one geometry, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from textwrap import fill

from convmat.arrays import Pads, Shape
from convmat.geometry.axis import Axis
from convmat.geometry.dialects import DIALECTS, Dialect
from convmat.geometry.same import pads_of, read_sizes
from convmat.geometry.shorthand import IntOrInts
from convmat.geometry.wording import times

__all__ = ["DialectRow", "DialectTable", "same_dialects"]

_WIDTH = 80  # characters of a line of the table


@dataclass(frozen=True)
class DialectRow:
    """What one dialect makes of a geometry.

    Attributes
    ----------
    dialect : Dialect
    padding : tuple of (int, int), or None
        None where it refuses.
    output_size : tuple of int, or None
        None where it refuses, or where the kernel does not fit even so.
    group : str
        A letter; rows that share it give the same matrix. Empty without an output.
    note : str
        Why there is no padding or no output; else empty.

    Examples
    --------
    >>> row = same_dialects(8, 3, stride=2).rows[0]
    >>> row.dialect.name, row.padding, row.output_size, row.group
    ('tensorflow', ((0, 1),), (4,), 'A')
    """

    dialect: Dialect
    padding: Pads | None
    output_size: Shape | None
    group: str
    note: str


@dataclass(frozen=True)
class DialectTable:
    """What each dialect of "same" makes of one geometry. `print` shows it.

    Attributes
    ----------
    input_size, kernel_size, stride, dilation : tuple of int
        Per spatial axis.
    rows : tuple of DialectRow
        In the order of `DIALECTS`.

    Examples
    --------
    >>> table = same_dialects(8, 3, stride=2)
    >>> [row.dialect.name for row in table.rows if row.group == "A"]
    ['tensorflow', 'paddle']
    >>> table.input_size, table.stride
    ((8,), (2,))
    """

    input_size: Shape
    kernel_size: Shape
    stride: Shape
    dilation: Shape
    rows: tuple[DialectRow, ...]

    def __str__(self) -> str:
        given = f"input {times(self.input_size)}, kernel {times(self.kernel_size)}"
        for name in ("stride", "dilation"):
            values: Shape = getattr(self, name)
            if max(values) > 1:
                given += f", {name} {times(values)}"
        cells = [("", "dialect", "padding", "output")]
        for row in self.rows:
            if row.padding is not None:
                size = "-" if row.output_size is None else times(row.output_size)
                cells.append((row.group, row.dialect.name, _written(row.padding), size))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [given, ""]
        for line in cells:
            padded = map(str.ljust, line, widths)
            lines.append("  ".join(padded).rstrip())
        if any(row.group for row in self.rows):
            lines += ["", "The same letter means the same matrix."]
        lines += self._notes()
        return "\n".join(lines)

    def _notes(self) -> list[str]:
        """Each reason once, with the dialects that give it."""
        names: dict[str, list[str]] = {}
        for row in self.rows:
            if row.note:
                names.setdefault(row.note, []).append(row.dialect.name)
        return [
            fill(f"{', '.join(who)}: {note}.", _WIDTH, subsequent_indent="  ")
            for note, who in names.items()
        ]


def same_dialects(
    input_shape: IntOrInts,
    kernel_shape: IntOrInts,
    *,
    stride: IntOrInts = 1,
    dilation: IntOrInts = 1,
    groups: int = 1,
) -> DialectTable:
    """What each dialect of "same" makes of a geometry, and which of them agree.

    Parameters
    ----------
    input_shape, kernel_shape, stride, dilation, groups
        As in `convmat.geometry`.

    Returns
    -------
    DialectTable

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As `convmat.geometry`. A dialect that refuses has a row that says so.

    Examples
    --------
    >>> print(same_dialects(8, 3, stride=2))
    input 8, kernel 3, stride 2
    <BLANKLINE>
       dialect     padding  output
    A  tensorflow  0,1      4
    B  onnx-lower  1,0      4
    A  paddle      0,1      4
    B  half        1,1      4
    B  fastai      1,1      4
    B  timm        1,1      4
    B  flux        1,1      4
    <BLANKLINE>
    The same letter means the same matrix.
    torch: stride must be 1, since PyTorch refuses padding='same' with any other.
    scipy, scipy-correlate2d, numpy, numpy-correlate, matlab: stride must be 1,
      since the functions have none, and an output can be cut in more ways than one.
    """
    g = read_sizes(input_shape, kernel_shape, stride, dilation, groups)
    letters: dict[object, str] = {}
    rows = []
    for entry in DIALECTS.values():
        why = entry.refusal(max(g.stride), max(g.dilation))
        if why:
            rows.append(DialectRow(entry, None, None, "", why))
            continue
        axes = [entry.padded(axis) for axis in g.axes]
        size = tuple(axis.out_size for axis in axes)
        if not all(map(_fits, axes)):
            why = "the kernel does not fit the padded input"
            rows.append(DialectRow(entry, pads_of(axes), None, "", why))
            continue
        # Padding after the last window is never read: it makes no other matrix.
        matrix = tuple(axis.before for axis in axes), size
        letter = letters.setdefault(matrix, ascii_uppercase[len(letters)])
        rows.append(DialectRow(entry, pads_of(axes), size, letter, ""))
    return DialectTable(g.input_size, g.kernel_size, g.stride, g.dilation, tuple(rows))


def _fits(axis: Axis) -> bool:
    return axis.span <= axis.padded_size


def _written(padding: Pads) -> str:
    """As the command line takes it: `1,2x0,1`."""
    return "x".join(f"{before},{after}" for before, after in padding)
