"""Files of others: what can go wrong with any of them, said in one sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from convmat.errors import ConvmatError, ConvmatTypeError

__all__ = [
    "DEFLATE_MOST",
    "DataError",
    "as_folder",
    "as_path",
    "entries",
    "fill",
    "opened",
]

DEFLATE_MOST = 1032
"""Bytes that one byte of deflated data can stand for, at most (zlib's own figure)."""

_CHUNK = 1 << 20  # bytes that are read at a time


class DataError(ConvmatError):
    """A file or a folder that does not hold the data that it should.

    `value` is its path, `rule` what it must be, and `remedy` what it is instead.

    Examples
    --------
    >>> from convmat.nn import read_idx
    >>> read_idx("no-such-file")
    Traceback (most recent call last):
        ...
    convmat.nn.data.files.DataError: path must name a file that exists, got
    path='no-such-file'
    """

    def __init__(self, path: Path, rule: str, remedy: str = "") -> None:
        super().__init__("path", rule, str(path), remedy)
        self.args = (path, rule, remedy)  # what pickling calls __init__ with


def as_path(path: str | os.PathLike[str]) -> Path:
    """`path` as a `Path`.

    Raises
    ------
    ConvmatTypeError
        For what names no file, such as an open one or bytes.
    """
    if not isinstance(path, str | os.PathLike):
        rule = f"must be a path, as str or Path, not {type(path).__name__}"
        raise ConvmatTypeError("path", rule, path)
    return Path(path)


def as_folder(path: str | os.PathLike[str]) -> Path:
    """`path` as the `Path` of a folder that exists.

    Raises
    ------
    DataError
        When there is none.
    """
    folder = as_path(path)
    if not folder.is_dir():
        raise DataError(folder, "must name a folder that exists")
    return folder


def entries(folder: Path) -> list[Path]:
    """What lies in the folder, sorted by name; hidden entries are left out.

    Raises
    ------
    DataError
        When the system refuses to list it.
    """
    try:
        return sorted(e for e in folder.iterdir() if not e.name.startswith("."))
    except OSError as error:
        rule, reason = "must name a folder that can be read", error.strerror or ""
        raise DataError(folder, rule, reason) from None


def fill(left: memoryview, content: IO[bytes]) -> int:
    """Read `content` into `left`, piece by piece; bytes that stay without content."""
    while left and (chunk := content.read(min(_CHUNK, len(left)))):
        left[: len(chunk)] = chunk
        left = left[len(chunk) :]
    return len(left)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file, open for reading bytes.

    Yields
    ------
    file

    Raises
    ------
    DataError
        When there is none, or the system refuses to open it or to read on.
    """
    if path.is_dir():
        raise DataError(path, "must name a file", "it is a folder")
    if not path.exists():
        raise DataError(path, "must name a file that exists")
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(path, "must name a file that can be read", reason) from None
