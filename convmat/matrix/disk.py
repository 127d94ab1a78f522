"""Files on the disk: whole or not there at all, and one sentence for damage."""

from __future__ import annotations

import errno
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.files import whole_file
from convmat.matrix import market, npz
from convmat.matrix.source import Source

__all__ = [
    "FORMATS",
    "Format",
    "source_of",
    "target_of",
    "trusting",
    "write_whole",
]


@dataclass(frozen=True)
class Format:
    """The functions of one file format."""

    write: Callable[..., None]  # (file, source, name, *, hidden)
    read: Callable[..., Any]  # (path, *, hidden)
    bytes_of: Callable[[Path], int]
    geometry_in: Callable[[Path], Any]


FORMATS = {
    ".npz": Format(npz.write_npz, npz.read_npz, npz.npz_bytes, npz.npz_geometry),
    ".mtx": Format(
        market.write_market,
        market.read_market,
        market.market_bytes,
        market.market_geometry,
    ),
}


def _path(path: object) -> Path:
    """`path`, when its suffix names a format."""
    if not isinstance(path, (str, os.PathLike)):
        raise ConvmatTypeError("path", "must be a path", path)
    named = Path(path)
    if named.suffix.lower() not in FORMATS:
        rule = "must end in .npz or .mtx"
        raise ConvmatError("path", rule, str(named))
    return named


def target_of(path: object) -> Path:
    """Where to write; a link is followed, so that it stays a link."""
    target = Path(os.path.realpath(_path(path)))
    if not target.parent.is_dir():
        rule = "must lie in a folder that exists"
        remedy = "make it with path.parent.mkdir(parents=True)"
        raise ConvmatError("path", rule, str(path), remedy)
    return _not_a_folder(target)


def source_of(path: object) -> Path:
    """Where to read, once the system has let it be opened.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    """
    source = _not_a_folder(_path(path))
    try:
        with source.open("rb") as file:  # an OSError says more than SciPy would
            file.read(0)
    except FileNotFoundError:
        sentence = (
            f"path must name a file that exists, got path={str(path)!r}; "
            "save_matrix(path, matrix) writes one"
        )
        error = FileNotFoundError(sentence)
        error.errno = errno.ENOENT
        raise error from None
    return source


def _not_a_folder(path: Path) -> Path:
    if path.is_dir():
        raise ConvmatError("path", "must be a file, not a folder", str(path))
    return path


def trusting(path: Path, read: Callable[[Path], Any]) -> Any:
    """`read(path)`, with one sentence for whatever a file can be that holds no matrix.

    Raises
    ------
    ConvmatError
        When it is cut off, damaged, or of something else.
    """
    try:
        return read(path)
    except _DAMAGE as error:
        raise ConvmatError(
            "path",
            f"must hold a whole {path.suffix.lower()} matrix, but {_reason(error)}",
            str(path),
            "write it again with save_matrix",
        ) from None


_DAMAGE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    OverflowError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)

# What zipfile, NumPy, SciPy and zlib say, and what it means.
_MEANINGS = (
    ("not a zip file", "this one is cut off, or something else"),
    (r"no item named '(\w+)\.npy'", r"it has no array {0}"),
    (r"(\w+) is not a file in the archive", r"it has no array {0}"),
    (r"Bad CRC-32 for file '(\w+)\.npy'", r"its array {0} is damaged"),
    (r"Error -\d+ while decompressing", "its compressed data are damaged"),
    ("Object arrays cannot be loaded|allow_pickle", "it holds Python objects"),
    ("Missing banner", "its first line is not that of a Matrix Market file"),
    (r"^Line (\d+): (.*?)[.,]*$", "line {0} says: {1}"),
)


def _reason(error: Exception) -> str:
    """What is wrong with a file, as the end of a sentence."""
    if isinstance(error, ConvmatError):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return "its note on the geometry is damaged"
    text = " ".join(str(error).split())
    for pattern, meaning in _MEANINGS:
        if found := re.search(pattern, text):
            return meaning.format(*found.groups())
    if isinstance(error, EOFError):
        return "it ends too early"
    return text.rstrip(".,") or "it is damaged"


def write_whole(target: Path, source: Source, progress: bool | None) -> Path:
    """Write a matrix to `target` in one step: a whole file, or none."""
    write = FORMATS[target.suffix.lower()].write
    hidden = None if progress is None else not progress
    with whole_file(target) as file:
        write(file, source, target.name, hidden=hidden)
    return target
