"""`SweepFile`: the chunks of a sweep that are done, a line each, safe to be cut off."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, BinaryIO

from convmat.errors import ConvmatError
from convmat.files import whole_file
from convmat.verify.sweep_chunk import Tally

__all__ = ["SweepFile"]

_MARK = "convmat sweep"
_FORMAT = 1
_COUNTS = ("start", "stop", "geometries", "entries", "tested")


class SweepFile:
    """The results of a sweep on disk: JSON lines, the first of which says of what.

    A line is written at once and is on the disk before the next chunk is counted. What
    a killed process leaves of its last line is dropped when the file is opened again.

    Parameters
    ----------
    path : Path
        Made when it is not there.
    header : dict
        What the sweep is of; a file with another header is refused.

    Raises
    ------
    ConvmatError
        For a file that is no results file, is of another sweep, or is damaged.

    Attributes
    ----------
    done : list of Tally
        Chunks without a failure, in the order of the box; none overlaps another.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "results.jsonl"
    ...     with SweepFile(path, {"geometries": 9}) as file:
    ...         file.append(Tally(0, 5, 5, 100, 10, 0.1, ""))
    ...     with SweepFile(path, {"geometries": 9}) as file:
    ...         print([(tally.start, tally.stop) for tally in file.done])
    [(0, 5)]
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._path = path
        first = {_MARK: _FORMAT, **header}
        if not path.exists() or path.stat().st_size == 0:
            with whole_file(path) as file:
                file.write(_line(first))
        whole = path.read_bytes()
        *lines, torn = whole.split(b"\n")
        self._check_header(lines[0] if lines else torn, first)
        self.done = self._read(lines[1:], header["geometries"])
        self._file: BinaryIO = path.open("r+b")
        self._file.truncate(len(whole) - len(torn))
        self._file.seek(0, os.SEEK_END)

    def append(self, tally: Tally) -> None:
        """Add a chunk. One with a failure is kept for readers, and not counted."""
        told: dict[str, Any] = {name: getattr(tally, name) for name in _COUNTS}
        told["seconds"] = round(tally.seconds, 6)
        if tally.failure is not None:
            told["failure"] = str(tally.failure)
        self._file.write(_line(told))
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> SweepFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def _check_header(self, line: bytes, expected: dict[str, Any]) -> None:
        found = _object(line)
        if found is None or _MARK not in found:
            rule = "must be the results of a sweep"
            remedy = "name a file that is not there yet"
            raise ConvmatError("results", rule, str(self._path), remedy)
        for name, value in expected.items():
            if found.get(name) != value:
                rule = f"must be of the same sweep, whose {name} is {value!r} and not "
                rule += repr(found.get(name))
                remedy = "name another file, or remove this one"
                if name == "code":
                    rule = "must be of this code, which has changed since"
                raise ConvmatError("results", rule, str(self._path), remedy)

    def _read(self, lines: list[bytes], geometries: int) -> list[Tally]:
        found = []
        for number, line in enumerate(lines, start=2):
            told = _object(line)
            tally = None if told is None else _tally(told, geometries)
            if told is None or tally is None:
                rule = f"must hold a chunk on every line; line {number} is damaged"
                remedy = "remove that line, or the file"
                raise ConvmatError("results", rule, str(self._path), remedy)
            if "failure" not in told:
                found.append(tally)
        done: list[Tally] = []
        for tally in sorted(found, key=lambda each: each.start):
            # Two sweeps that ran at a time may both have done a chunk.
            if not done or tally.start >= done[-1].stop:
                done.append(tally)
        return done


def _tally(told: dict[str, Any], geometries: int) -> Tally | None:
    counts = [told.get(name) for name in _COUNTS]
    if not all(type(count) is int and count >= 0 for count in counts):
        return None
    start, stop, compared = told["start"], told["stop"], told["geometries"]
    whole = compared == stop - start or "failure" in told
    if not (start < stop <= geometries and whole):
        return None
    seconds = told.get("seconds", 0.0)
    return Tally(start, stop, compared, told["entries"], told["tested"], seconds, "")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode() + b"\n"
