"""Matrices in files: written whole or not at all, read without trust."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import Geometry, IntOrInts, geometry, require_geometry
from convmat.matrix.disk import (
    FORMATS,
    source_of,
    target_of,
    trusting,
    write_whole,
)
from convmat.matrix.market import check_market_dtype
from convmat.matrix.rows import read_kernel, row_ranges
from convmat.matrix.source import of_kernel, of_matrix
from convmat.memory import refuse_beyond

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["load_geometry", "load_matrix", "save_matrix", "save_rows"]


def save_matrix(
    path: str | os.PathLike[str],
    matrix: csr_array[Any, tuple[int, int]],
    geometry: Geometry | None = None,
    *,
    progress: bool | None = None,
) -> Path:
    """Write a matrix to a file, `.npz` (binary) or `.mtx` (Matrix Market, text).

    The file is written beside its target and renamed onto it when it is whole and on
    the disk: an error or Ctrl-C leaves the old file as it was, and nothing beside it.
    Only a process that is killed outright, as SIGTERM does by default, leaves a hidden
    `.NAME.XXXXXXXX.part`, which may be deleted once nothing writes there. The same
    matrix gives the same bytes.

    Parameters
    ----------
    path : path-like
        Ends in `.npz` or `.mtx`; its folder exists. `scipy.sparse.load_npz` and
        `scipy.io.mmread` read it too. A `.mtx` file holds the exact value of each
        entry, and its dtype in a comment; other programs read integers, double
        precision or complex numbers from it.
    matrix : scipy.sparse.csr_array
        Of integers, floats or complex numbers; in a `.mtx` file of int64, float32,
        float64, complex64 or complex128.
    geometry : Geometry, optional
        Kept in the file for `load_geometry`. Its `matrix_shape` must be the matrix's;
        more is not compared.
    progress : bool, optional
        Whether more than two seconds of work show a bar; by default in a terminal only.

    Returns
    -------
    Path
        Where it lies.

    Raises
    ------
    ConvmatError
        For another suffix, or a folder that does not exist.
    ShapeError
        For a matrix of another shape than the geometry's.
    ConvmatTypeError
        For what is no CSR matrix, and a dtype that the file would not give back.
    OSError
        When the system does not let the file be written.

    See Also
    --------
    save_rows : The same for a matrix that does not fit in memory.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from convmat import conv_matrix, geometry
    >>> W = conv_matrix([[1, 2], [3, 4]], (3, 3))
    >>> with TemporaryDirectory() as folder:
    ...     path = save_matrix(f"{folder}/W.npz", W, geometry((3, 3), (2, 2)))
    ...     (load_matrix(path) != W).nnz, load_geometry(path)
    (0, geometry((3, 3), (2, 2)))
    """
    target = target_of(path)
    if getattr(matrix, "format", None) != "csr":
        remedy = "make it one with matrix.tocsr()"
        raise ConvmatTypeError("matrix", "must be a CSR array", type(matrix), remedy)
    if matrix.dtype.kind not in "iufc":
        rule = "must hold integers, floats or complex numbers"
        remedy = "convert it with matrix.astype"
        raise ConvmatTypeError("matrix", rule, f"dtype {matrix.dtype}", remedy)
    if target.suffix.lower() == ".mtx":
        check_market_dtype(matrix.dtype)
    if geometry is not None:
        require_geometry(geometry)
        if matrix.shape != geometry.matrix_shape:
            rule = f"must be {geometry.matrix_shape}, as the geometry's"
            raise ShapeError("matrix.shape", rule, matrix.shape)
    return write_whole(target, of_matrix(matrix, geometry), progress)


def save_rows(
    path: str | os.PathLike[str],
    kernel: npt.ArrayLike,
    input_shape: IntOrInts,
    *,
    block: int | None = None,
    max_bytes: int | None = None,
    progress: bool | None = None,
    **keywords: Any,
) -> Path:
    """Write the matrix of a kernel to a file, slab by slab, with its geometry.

    It gives the file that `save_matrix` would give of the whole matrix, with no more in
    memory than a slab. A `.npz` file takes three passes, one for each array.

    Parameters
    ----------
    path, progress
        As in `save_matrix`.
    kernel, input_shape, block, max_bytes, **keywords
        As in `matrix_rows`.

    Returns
    -------
    Path
        Where it lies.

    Raises
    ------
    ConvmatError, ConvmatTypeError, OSError
        As in `save_matrix` and `matrix_rows`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = save_rows(f"{folder}/W.mtx", [5, 7], 3, block=1)
    ...     print(path.read_text())
    %%MatrixMarket matrix coordinate integer general
    %convmat {"dtype": "int64", "geometry": {"input_shape": [3], ...}}
    2 3 4
    1 1 5
    1 2 7
    2 2 5
    2 3 7
    """
    target = target_of(path)
    g, weights = read_kernel(kernel, input_shape, keywords)
    weights = weights.copy()
    if target.suffix.lower() == ".mtx":
        check_market_dtype(weights.dtype)
    ranges = partial(row_ranges, g, weights.dtype, block=block, max_bytes=max_bytes)
    ranges()  # or refused, before there is a file
    return write_whole(target, of_kernel(g, weights, ranges, max_bytes), progress)


def load_matrix(
    path: str | os.PathLike[str],
    *,
    max_bytes: int | None = None,
    progress: bool | None = None,
) -> csr_array[Any, tuple[int, int]]:
    """The matrix in a `.npz` or `.mtx` file, in canonical form.

    Any CSR matrix that SciPy wrote, and any sparse Matrix Market file will do. Nothing
    in a file is run: it never comes to pickle.

    Parameters
    ----------
    path : path-like
    max_bytes : int, optional
        Bytes that reading may take, by what the file declares; by default half of the
        physical memory.
    progress : bool, optional
        Whether more than two seconds of reading show a bar; by default in a terminal
        only.

    Returns
    -------
    scipy.sparse.csr_array
        Of the dtype that was saved. Columns ascend in each row, no position is stored
        twice, zeros that are stored stay stored.

    Raises
    ------
    ConvmatError
        For another suffix, and a file that is cut off, damaged, or of something else.
    MatrixTooLargeError
        When reading would take more than `max_bytes`; nothing is read then.
    FileNotFoundError
        When there is no such file.
    OSError
        When the system does not let it be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from convmat import conv_matrix
    >>> with TemporaryDirectory() as folder:
    ...     path = save_matrix(f"{folder}/W.mtx", conv_matrix([1, 2], 3))
    ...     load_matrix(path).toarray()
    array([[1, 2, 0],
           [0, 1, 2]])
    """
    from scipy.sparse import csr_array

    source = source_of(path)
    form = FORMATS[source.suffix.lower()]
    needed = trusting(source, form.bytes_of)
    remedy = "allow more with max_bytes"
    refuse_beyond("the matrix in", str(source), needed, max_bytes, remedy)

    def read(name: Path) -> Any:
        hidden = None if progress is None else not progress
        matrix = csr_array(form.read(name, hidden=hidden))
        matrix.check_format(full_check=True)  # before anything walks along the indices
        matrix.sum_duplicates()
        return matrix

    matrix: csr_array[Any, tuple[int, int]] = trusting(source, read)
    return matrix


def load_geometry(path: str | os.PathLike[str]) -> Geometry:
    """The geometry that `save_matrix` or `save_rows` kept beside a matrix.

    Raises
    ------
    ConvmatError
        For a file that holds none, and as in `load_matrix`.
    FileNotFoundError
        When there is no such file.
    OSError
        When the system does not let it be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     load_geometry(save_rows(f"{folder}/W.mtx", [1, 2], 9, stride=2))
    geometry((9,), (2,), stride=2)
    """
    source = source_of(path)

    def read(name: Path) -> Geometry | None:
        found = FORMATS[source.suffix.lower()].geometry_in(name)
        return None if found is None else geometry(**found)

    g: Geometry | None = trusting(source, read)
    if g is None:
        remedy = "save it with save_matrix(path, matrix, geometry)"
        raise ConvmatError("path", "must hold a geometry too", str(source), remedy)
    return g
