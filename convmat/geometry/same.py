"""The dialects of "same" side by side: pads by name, a table, a smallest difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from string import ascii_uppercase
from textwrap import fill

from convmat.arrays import Pads, Shape
from convmat.geometry.axis import Axis
from convmat.geometry.dialects import DIALECTS, Dialect, dialect
from convmat.geometry.shorthand import IntOrInts, geometry
from convmat.geometry.value import Geometry
from convmat.geometry.wording import times

__all__ = [
    "DialectDifference",
    "DialectRow",
    "DialectTable",
    "same_dialects",
    "same_difference",
    "same_pads",
]

_WIDTH = 80  # characters of a line of the table


def same_pads(
    name: str,
    input_shape: IntOrInts,
    kernel_shape: IntOrInts,
    stride: IntOrInts = 1,
    dilation: IntOrInts = 1,
) -> Pads:
    """The padding that a dialect of "same" means, in numbers.

    Parameters
    ----------
    name : str
        A name or an alias of `DIALECTS`.
    input_shape, kernel_shape, stride, dilation
        As in `convmat.geometry`.

    Returns
    -------
    tuple of (int, int)
        Cells `(before, after)` of each spatial axis: what `padding=` takes.

    Raises
    ------
    GeometryError
        For an unknown name, and for a stride or dilation that the dialect refuses.
    ConvmatError, ConvmatTypeError
        As `convmat.geometry`.

    Examples
    --------
    >>> same_pads("tensorflow", 7, 4), same_pads("scipy", 7, 4)
    (((1, 2),), ((2, 1),))
    >>> same_pads("half", (5, 6), (2, 3))
    ((1, 1), (1, 1))
    """
    chosen = dialect(name)
    g = _read(input_shape, kernel_shape, stride, dilation, 1)
    return _pads([_padded(chosen, axis) for axis in g.axes])


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
    g = _read(input_shape, kernel_shape, stride, dilation, groups)
    letters: dict[object, str] = {}
    rows = []
    for entry in DIALECTS.values():
        why = _refusal(entry, max(g.stride), max(g.dilation))
        if why:
            rows.append(DialectRow(entry, None, None, "", why))
            continue
        axes = [_padded(entry, axis) for axis in g.axes]
        size = tuple(axis.out_size for axis in axes)
        if not all(map(_fits, axes)):
            why = "the kernel does not fit the padded input"
            rows.append(DialectRow(entry, _pads(axes), None, "", why))
            continue
        # Padding after the last window is never read: it makes no other matrix.
        matrix = tuple(axis.before for axis in axes), size
        letter = letters.setdefault(matrix, ascii_uppercase[len(letters)])
        rows.append(DialectRow(entry, _pads(axes), size, letter, ""))
    return DialectTable(g.input_size, g.kernel_size, g.stride, g.dilation, tuple(rows))


@dataclass(frozen=True)
class DialectDifference:
    """A geometry of one axis on which two dialects give different matrices.

    Attributes
    ----------
    size, kernel, stride, dilation : int
    first, second : (int, int)
        The padding `(before, after)` of each.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    first: tuple[int, int]
    second: tuple[int, int]


def same_difference(first: str, second: str) -> DialectDifference | None:
    """The smallest geometry on which two dialects give different matrices.

    Smallest by stride, then dilation, then kernel, then size. All strides and dilations
    to 3 are tried, with 6 taps and 12 cells; a refusal is not a difference.

    Returns
    -------
    DialectDifference or None
        None where the two agree on all of these.

    Raises
    ------
    GeometryError
        For an unknown name.

    Examples
    --------
    >>> same_difference("tensorflow", "half")
    DialectDifference(size=1, kernel=2, stride=1, dilation=1, first=(0, 1),
                      second=(1, 1))
    >>> same_difference("torch", "matlab") is None
    True
    """
    one, two = dialect(first), dialect(second)
    box = product(range(1, 4), range(1, 4), range(1, 7), range(1, 13))
    for stride, dilation, kernel, size in box:
        if _refusal(one, stride, dilation) or _refusal(two, stride, dilation):
            continue
        bare = Axis(size, kernel, stride, 0, 0, dilation)
        a, b = _padded(one, bare), _padded(two, bare)
        if (a.before, a.out_size) != (b.before, b.out_size):
            pads = (a.before, a.after), (b.before, b.after)
            return DialectDifference(size, kernel, stride, dilation, *pads)
    return None


def _read(
    input_shape: IntOrInts,
    kernel_shape: IntOrInts,
    stride: IntOrInts,
    dilation: IntOrInts,
    groups: int,
) -> Geometry:
    """The arguments, checked; any kernel fits with full padding."""
    return geometry(
        input_shape,
        kernel_shape,
        stride=stride,
        padding="full",
        dilation=dilation,
        groups=groups,
    )


def _pads(axes: Sequence[Axis]) -> Pads:
    return tuple((axis.before, axis.after) for axis in axes)


def _padded(entry: Dialect, axis: Axis) -> Axis:
    """The axis with the padding of a dialect."""
    pads = entry.pads(axis.size, axis.kernel, axis.stride, axis.dilation)
    return replace(axis, before=pads[0], after=pads[1])


def _refusal(entry: Dialect, stride: int, dilation: int) -> str:
    """Why the dialect says nothing about these; empty where it does."""
    if stride > 1 and entry.no_stride:
        return f"stride must be 1, since {entry.no_stride}"
    if dilation > 1 and entry.no_dilation:
        return f"dilation must be 1, since {entry.no_dilation}"
    return ""


def _fits(axis: Axis) -> bool:
    return axis.span <= axis.padded_size


def _written(padding: Pads) -> str:
    """As the command line takes it: `1,2x0,1`."""
    return "x".join(f"{before},{after}" for before, after in padding)
