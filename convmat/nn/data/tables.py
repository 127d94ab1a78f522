"""`read_csv`: a data set from a table of text, one image a line."""

from __future__ import annotations

import io
import itertools
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO, TypeAlias

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.errors import ConvmatError, ShapeError
from convmat.memory import refuse_beyond
from convmat.nn.counts import count
from convmat.nn.data.dataset import Dataset
from convmat.nn.data.files import DataError, as_path, opened

__all__ = ["read_csv"]

_Line: TypeAlias = tuple[int, str]
_LINES = 512  # that are read at a time
_LONGEST = 1 << 24  # characters of a line
_LABEL_NAMES = {"label", "labels", "class", "target", "digit", "y"}


def read_csv(
    path: str | os.PathLike[str],
    label: str | None = None,
    *,
    shape: Sequence[int] | None = None,
    classes: int | Sequence[str] | None = None,
    pixel_range: tuple[float, float] | None = None,
    max_bytes: int | None = None,
) -> Dataset:
    r"""The data set in a CSV file: a label and the pixels of an image on each line.

    Parameters
    ----------
    path : path
        Of a text file with commas between numbers. A first line without a number, or
        with a name for the label, is a header; empty lines are passed over.
    label : {"first", "last"}, optional
        Where the label stands. It may be left out where the header says it, by a column
        named label, labels, class, target, digit or y.
    shape : sequence of int, optional
        `(height, width)` or `(channels, *spatial)` of the images, in C order. By
        default they are square.
    classes, pixel_range
        As in `Dataset.of`.
    max_bytes : int or None
        Bytes that reading may take; None means half of the physical memory.

    Returns
    -------
    Dataset
        Its images are uint8 where all pixels are whole numbers from 0 to 255, else
        float64.

    Raises
    ------
    DataError
        When the file is missing, no text or empty; when a line has another number of
        columns or holds what is no number, by its number; when the pixels make no
        square.
    ConvmatError
        When `label` is no side, or the header says the other one; and, as the two
        below, where `Dataset.of` says so.
    ConvmatTypeError, ShapeError
    MatrixTooLargeError
        When reading would take more than `max_bytes`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "two.csv"
    ...     _ = path.write_text("label,p0,p1,p2,p3\n1,0,255,0,255\n0,255,0,255,0\n")
    ...     data = read_csv(path)
    >>> data.images[0, 0], data.assumed
    (array([[  0, 255],
           [  0, 255]], dtype=uint8), ('line 1 read as a header, the label first',
    'integers taken as 0 to 255'))
    """
    if label not in (None, "first", "last"):
        raise ConvmatError("label", 'must be "first" or "last"', label)
    where = as_path(path)
    with opened(where) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig") as file:
        try:
            lines = _lines(where, file)
            rows, columns, side, note = _layout(where, lines, label)
            labels, pixels = _numbers(where, rows, columns, side, max_bytes)
        except UnicodeDecodeError:
            rule, remedy = "must be text in UTF-8", "unpack it where it is packed"
            raise DataError(where, rule, remedy) from None
    full = _image_shape(where, columns - 1, shape)
    return Dataset.of(
        pixels.reshape(-1, *full),
        labels,
        classes=classes,
        pixel_range=pixel_range,
        channels="first",
        source=str(where),
        assumed=note,
    )


# ------------------------------------------------------------------------------ lines


def _lines(path: Path, file: TextIO) -> Iterator[_Line]:
    """`(number, text)` of each line that is not empty, numbered from 1."""
    number = 0
    while line := file.readline(_LONGEST):
        number += 1
        if len(line) == _LONGEST:
            rule = f"must hold lines of fewer than {_LONGEST:,} characters"
            raise DataError(path, rule, f"line {number} is longer")
        if not line.isspace():
            yield number, line


def _layout(
    path: Path, lines: Iterator[_Line], label: str | None
) -> tuple[Iterator[_Line], int, str, tuple[str, ...]]:
    """`(lines of numbers, columns, side of the label, what was assumed)`."""
    number, first = next(lines, (0, ""))
    fields = [field.strip().strip("\"'").lower() for field in first.split(",")]
    if len(fields) < 2:
        rule = "must hold a label and pixels on each line, with commas between"
        held = f"line {number} holds {first[:40].strip()!r}" if first else "it is empty"
        raise DataError(path, rule, held)
    ends = fields[0] in _LABEL_NAMES, fields[-1] in _LABEL_NAMES
    if not any(ends) and any(map(_is_number, fields)):
        if label is None:
            rule = 'must be "first" or "last" where no header names its column'
            raise ConvmatError("label", rule, label)
        return itertools.chain([(number, first)], lines), len(fields), label, ()
    if label is None:
        if ends[0] == ends[1]:
            rule = 'must be "first" or "last" where the header does not tell'
            raise ConvmatError("label", rule, label, f"its columns are {first[:40]!r}")
        label = "first" if ends[0] else "last"
    elif any(ends) and not ends[0 if label == "first" else 1]:
        other, name = ("first", fields[0]) if ends[0] else ("last", fields[-1])
        rule = f"must be {other!r}, where the header says {name!r}"
        raise ConvmatError("label", rule, label)
    note = f"line {number} read as a header, the label {label}"
    return lines, len(fields), label, (note,)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------------------- numbers


def _numbers(
    path: Path,
    lines: Iterator[_Line],
    columns: int,
    side: str,
    max_bytes: int | None,
) -> tuple[IntArray, Array]:
    """Labels (n,) and pixels (n, columns - 1) of all lines."""
    labels, pixels, kept = [], [], 0
    while block := list(itertools.islice(lines, _LINES)):
        table = _parsed(path, block, columns)
        at = 0 if side == "first" else columns - 1
        labels.append(_whole(path, block, table[:, at]))
        pixels.append(_narrowed(np.delete(table, at, axis=1)))
        kept += pixels[-1].nbytes + labels[-1].nbytes
        # Twice: all blocks, and the one array that they become.
        refuse_beyond("the images in", str(path), 2 * kept, max_bytes, "read fewer")
    if not labels:
        raise DataError(path, "must hold lines of numbers", "it holds a header only")
    return np.concatenate(labels), np.concatenate(pixels)


def _parsed(path: Path, block: list[_Line], columns: int) -> Array:
    """The block as float64 of (lines, columns)."""
    for number, line in block:
        found = line.count(",") + 1
        if found != columns:
            rule = f"must hold {columns} columns on each line"
            raise DataError(path, rule, f"line {number} has {found}")
    try:
        table = np.loadtxt(
            [line for _, line in block], delimiter=",", comments=None, ndmin=2
        )
    except ValueError:
        raise _culprit(path, block) from None
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        remedy = f"line {block[row][0]}, column {column + 1} is {table[row, column]}"
        raise DataError(path, "must hold finite numbers", remedy)
    return table


def _culprit(path: Path, block: list[_Line]) -> DataError:
    """The error that names the first field that is no number."""
    for number, line in block:
        for column, field in enumerate(line.split(","), 1):
            # What Python reads and C does not: 1_000, and digits of other scripts.
            if not _is_number(field) or "_" in field or not field.isascii():
                remedy = f"line {number}, column {column} is {field.strip()[:40]!r}"
                return DataError(path, "must hold numbers after its header", remedy)
    return DataError(path, "must hold numbers", f"not so near line {block[0][0]}")


def _whole(path: Path, block: list[_Line], labels: Array) -> IntArray:
    wrong = (labels != np.rint(labels)) | (np.abs(labels) >= 1 << 53)
    if wrong.any():
        row = int(wrong.argmax())
        remedy = f"line {block[row][0]} has {labels[row]:g}; is the label at that end?"
        raise DataError(path, "must hold whole numbers as labels", remedy)
    return labels.astype(np.int64)


def _narrowed(pixels: Array) -> Array:
    """uint8 where that holds all of them."""
    narrow = pixels.clip(0, 255).astype(np.uint8)
    return narrow if np.array_equal(narrow, pixels) else pixels


def _image_shape(path: Path, pixels: int, shape: Sequence[int] | None) -> Shape:
    """`(channels, *spatial)` of as many pixels as a line has."""
    if shape is None:
        side = math.isqrt(pixels)
        if side * side != pixels:
            rule = "must hold square images where shape is not given"
            raise DataError(path, rule, f"{pixels} pixels are no square")
        return (1, side, side)
    sizes = tuple(count("shape", size, 1) for size in shape)
    if math.prod(sizes) != pixels or len(sizes) < 2:
        rule = f"must be (height, width) or (channels, *spatial) of {pixels} pixels"
        raise ShapeError("shape", rule, sizes)
    return (1, *sizes) if len(sizes) == 2 else sizes
