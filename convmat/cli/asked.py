"""`Asked`: the matrix that a command line asks for, as the writers take it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array, IntArray, Shape
from convmat.cli.entries import blocks
from convmat.geometry import Geometry
from convmat.matrix import matrix_bytes
from convmat.tie import pattern_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Asked"]


@dataclass(frozen=True, eq=False)
class Asked:
    """The matrix of a geometry, or the transpose of it.

    Attributes
    ----------
    geometry : Geometry
        Of the convolution; where the transposed one is asked for, the paired one.
    kernel : ndarray or None
        Values of the taps; None where each is to be told by its name.
    transposed : bool

    Examples
    --------
    >>> from convmat import geometry
    >>> Asked(geometry(5, 3, stride=2), transposed=True).shape
    (5, 2)
    """

    geometry: Geometry
    kernel: Array | None = None
    transposed: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.geometry.matrix_shape
        return (columns, rows) if self.transposed else (rows, columns)

    @property
    def reads(self) -> Shape:
        """The shape of what a column stands for: the input."""
        g = self.geometry
        return g.output_shape if self.transposed else g.input_shape

    @property
    def gives(self) -> Shape:
        """The shape of what a row stands for: the output."""
        g = self.geometry
        return g.input_shape if self.transposed else g.output_shape

    @property
    def bytes(self) -> int:
        """Bytes of the matrix as CSR, in float64."""
        g = self.geometry
        rows, columns = g.matrix_shape
        more = columns - rows if self.transposed else 0
        index = pattern_of(g).index_dtype.itemsize if more else 0
        return matrix_bytes(g) + more * index

    def summary(self) -> str:
        """The geometry in words."""
        told = self.geometry.summary()
        if not self.transposed:
            return told
        reads, gives = ("x".join(map(str, shape)) for shape in (self.reads, self.gives))
        rows, columns = self.shape
        return (
            f"transposed: {reads} input -> {gives} output, matrix {rows}x{columns}; "
            f"paired convolution: {told}"
        )

    def blocks(self) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
        """`(rows, cols, taps)` in blocks of bounded size.

        They come in the order of the convolution's rows, which here may be columns.

        Yields
        ------
        tuple of ndarray
            Entry `i` says: row `rows[i]` reads column `cols[i]` through tap `taps[i]`.
        """
        for rows, cols, taps in blocks(self.geometry):
            yield (cols, rows, taps) if self.transposed else (rows, cols, taps)

    def arrays(self, numbers: Array) -> dict[str, Any]:
        """`indptr`, `indices` and `data` of the CSR form, of any dtype, objects too."""
        from scipy.sparse import csr_array

        pattern = pattern_of(self.geometry)
        indptr, indices = pattern.structure()
        data = pattern.values(numbers)
        if self.transposed:
            places = np.arange(len(data))
            numbered: csr_array[Any, tuple[int, int]] = csr_array(
                (places, indices, indptr), shape=self.geometry.matrix_shape
            )
            turned = numbered.T.tocsr()
            indptr, indices, data = turned.indptr, turned.indices, data[turned.data]
        return {"indptr": indptr, "indices": indices, "data": data}
