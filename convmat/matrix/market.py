"""Matrix Market files (`.mtx`): text, written slab by slab, in SciPy's own lines.

The text holds an exact value for each entry. What it cannot hold by itself, the dtype
and the geometry, stands in a comment, which other programs leave alone.

References
----------
R. Boisvert, R. Pozo, K. Remington, "The Matrix Market Exchange Formats: Initial
Design", NISTIR 5935, 1996.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import IO, Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.matrix.bars import Counted, bar
from convmat.matrix.source import AT_ONCE, Source, arguments, row_numbers

__all__ = [
    "check_market_dtype",
    "market_bytes",
    "market_geometry",
    "read_market",
    "write_market",
]

_NOTES = "convmat "
_LONGEST = 1 << 16  # bytes of a comment line

# float32 is written as the float64 that it is exactly: in its own shortest digits other
# programs would read another number.
_WRITTEN = {
    np.dtype(np.int64): np.int64,
    np.dtype(np.float32): np.float64,
    np.dtype(np.float64): np.float64,
    np.dtype(np.complex64): np.complex128,
    np.dtype(np.complex128): np.complex128,
}


def write_market(
    file: IO[bytes], source: Source, name: str, *, hidden: bool | None
) -> None:
    """Write the matrix to an open file; the same matrix gives the same bytes.

    Parameters
    ----------
    file : binary file
    source : Source
        Of a dtype that `check_market_dtype` lets pass.
    name : str
        Of the file, for the bar.
    hidden : bool or None
        Whether no bar is shown; None hides it outside a terminal.
    """
    file.write(_head(source))
    first = 0
    with bar(name, source.nnz, " entries", hidden=hidden) as shown:
        for slab in source.slabs():
            rows = row_numbers(slab, first)
            data: Array = slab.data.astype(_WRITTEN[source.dtype], copy=False)
            for start in range(0, slab.nnz, AT_ONCE):
                chosen = slice(start, start + AT_ONCE)
                entries = data[chosen], (rows[chosen], slab.indices[chosen])
                file.write(_lines(entries, source.shape))
                shown.update(len(entries[0]))
            first += slab.shape[0]


def check_market_dtype(dtype: np.dtype[Any]) -> None:
    """Refuse a dtype that the text cannot give back.

    Raises
    ------
    ConvmatTypeError
        For a dtype such as long double.
    """
    if dtype not in _WRITTEN:
        allowed = ", ".join(map(str, _WRITTEN))
        rule = f"must be of one of the dtypes {allowed} in a .mtx file"
        remedy = "convert it with matrix.astype, or write a .npz file"
        raise ConvmatTypeError("matrix", rule, f"dtype {dtype}", remedy)


def _head(source: Source) -> bytes:
    """The lines before the entries: the kind, the notes, the sizes."""
    kind = {"i": "integer", "f": "real", "c": "complex"}[source.dtype.kind]
    notes: dict[str, Any] = {"dtype": str(source.dtype)}
    if source.geometry is not None:
        notes["geometry"] = arguments(source.geometry)
    rows, columns = source.shape
    lines = (
        f"%%MatrixMarket matrix coordinate {kind} general",
        f"%{_NOTES}{json.dumps(notes)}",
        f"{rows} {columns} {source.nnz}",
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _lines(entries: tuple[Any, Any], shape: tuple[int, int]) -> bytes:
    """The lines of some entries, as SciPy writes them."""
    from scipy.io import mmwrite
    from scipy.sparse import coo_array

    buffer = io.BytesIO()
    mmwrite(buffer, coo_array(entries, shape=shape), symmetry="general")
    text = buffer.getvalue()
    start = 0
    while text.startswith(b"%", start):
        start = text.index(b"\n", start) + 1
    return text[text.index(b"\n", start) + 1 :]  # after the line of sizes


def market_bytes(path: Path) -> int:
    """Bytes that reading a file takes, by the sizes in its first lines.

    Raises
    ------
    ValueError
        For a file that holds no sparse matrix.
    """
    from scipy.io import mminfo

    rows, columns, entries, kind, field, symmetry = mminfo(path)
    if kind != "coordinate":
        message = "it holds a dense matrix"
        raise ValueError(message)
    if symmetry != "general":
        entries *= 2
    largest = max(rows, columns, entries)
    index = 4 if largest <= np.iinfo(np.int32).max else 8
    value = 16 if field == "complex" else 8
    # The triplets as they are read, and the CSR arrays made of them.
    return entries * (2 * value + 3 * index) + (rows + 1) * index


def read_market(path: Path, *, hidden: bool | None) -> Any:
    """The sparse matrix of a file, in the dtype that its notes name.

    Raises
    ------
    ValueError
        For a file that ends before its last line does, and what SciPy refuses.
    """
    from scipy.io import mmread

    notes = _notes(path)
    if notes and not _ends_in_a_line(path):
        message = "its last line is cut off"
        raise ValueError(message)
    with (
        path.open("rb") as file,
        bar(path.name, path.stat().st_size, "B", hidden=hidden) as shown,
    ):
        # SciPy reads faster by itself than through us.
        matrix = mmread(str(path) if shown.disable else Counted(file, shown))
    known: dict[str, Any] = {str(dtype): dtype for dtype in _WRITTEN}
    return matrix.astype(known[notes["dtype"]], copy=False) if notes else matrix


def market_geometry(path: Path) -> Any:
    """What the file says about the geometry, unchecked; None where it says nothing."""
    return _notes(path).get("geometry")


def _notes(path: Path) -> dict[str, Any]:
    """The dtype and the geometry that `write_market` noted; empty in other files."""
    with path.open("rb") as file:
        while (line := file.readline(_LONGEST)).startswith(b"%"):
            text = line[1:].decode(errors="replace")
            if text.startswith(_NOTES):
                notes = json.loads(text[len(_NOTES) :])
                return dict(notes)
    return {}


def _ends_in_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        return file.read() == b"\n"
