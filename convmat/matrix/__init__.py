"""The matrix of a convolution, as SciPy CSR: whole or in slabs, refilled, and in files.

`csr` builds the matrix straight to its place and refills it, `rows` builds slabs of
consecutive rows where the whole does not fit, `files` saves and loads (`source` is what
is saved, `npz` and `market` are the two formats, `disk` makes a file whole or none,
`bars` is the bar beside it).
"""

from convmat.matrix.csr import (
    conv_matrix,
    from_pattern,
    matrix_bytes,
    refill,
    sparse_dtype,
)
from convmat.matrix.files import (
    load_geometry,
    load_matrix,
    save_matrix,
    save_rows,
)
from convmat.matrix.rows import matrix_rows, matrix_slab, row_ranges

__all__ = [
    "conv_matrix",
    "from_pattern",
    "load_geometry",
    "load_matrix",
    "matrix_bytes",
    "matrix_rows",
    "matrix_slab",
    "refill",
    "row_ranges",
    "save_matrix",
    "save_rows",
    "sparse_dtype",
]
