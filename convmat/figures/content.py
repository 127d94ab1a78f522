"""What a figure says about a geometry, as text: names, numbers, ids, captions.

Nothing here draws. Positions come from the tie map, values from the matrix.
"""

from __future__ import annotations

from math import prod
from numbers import Integral

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray, Shape
from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.geometry import Geometry
from convmat.labels import Labels, labels
from convmat.matrix import conv_matrix
from convmat.tie import tie_map

__all__ = [
    "caption",
    "cell_id",
    "cells_read",
    "dense_matrix",
    "ends_told",
    "flat_input",
    "flat_kernel",
    "input_cells",
    "many",
    "number",
    "padded_counts",
    "shape_told",
    "short",
    "sums_told",
    "tap_texts",
]

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def flat_kernel(geometry: Geometry, kernel: npt.ArrayLike) -> Array:
    """`kernel` as one flat array of taps.

    Raises
    ------
    ShapeError
        When it is no kernel of this geometry.
    """
    array = carried("kernel", kernel)
    if array.shape not in (geometry.kernel_shape, geometry.weight_shape):
        rule = f"must be {geometry.kernel_shape}"
        raise ShapeError("kernel.shape", rule, array.shape)
    return array.reshape(-1)


def flat_input(geometry: Geometry, x: npt.ArrayLike) -> Array:
    """`x` as one flat array of inputs; a figure shows one input, no batch.

    Raises
    ------
    ShapeError
        When it is no input of this geometry.
    """
    array = carried("x", x)
    whole = (geometry.in_channels, *geometry.input_size)
    if array.shape not in (geometry.input_shape, whole):
        raise ShapeError("x.shape", f"must be {geometry.input_shape}", array.shape)
    return array.reshape(-1)


def dense_matrix(geometry: Geometry, taps: Array) -> Array:
    """The matrix of the flat kernel `taps`, dense, for small geometries.

    `conv_matrix` makes it; dtypes that SciPy does not carry, such as `Fraction`, are
    laid out by the tie map.
    """
    kernel = taps.reshape(geometry.weight_shape)
    whole = (geometry.in_channels, *geometry.input_size)
    try:
        return conv_matrix(kernel, whole, **geometry.keywords).toarray()
    except ConvmatTypeError:
        ties = tie_map(geometry)
        dense = np.zeros(geometry.matrix_shape, taps.dtype)
        np.add.at(dense, (ties.rows, ties.cols), taps[ties.taps])
        return dense


def input_cells(geometry: Geometry) -> IntArray:
    """Entry `[c]` is the flat cell of the padded input at which input `c` lies."""
    inside = np.zeros((geometry.in_channels, *_padded_size(geometry)), dtype=bool)
    space = tuple(slice(axis.before, axis.before + axis.size) for axis in geometry.axes)
    inside[:, *space] = True
    return np.flatnonzero(inside)


def cells_read(geometry: Geometry, rows: IntArray, taps: IntArray) -> IntArray:
    """Entry `[i]` is the flat cell of the padded input under tap `[i]` of row `[i]`.

    Taps that read one input through padding that repeats it have cells of their own.
    """
    out, *outs = np.unravel_index(rows, (geometry.out_channels, *geometry.output_size))
    weights = geometry.weight_shape[1:]
    channel, *places = np.unravel_index(taps % geometry.taps_per_row, weights)
    cells: IntArray = out * geometry.groups // geometry.out_channels * weights[0]
    cells += channel
    for axis, at, place in zip(geometry.axes, outs, places, strict=True):
        cells = cells * axis.padded_size + axis.padded_cells()[at, place]
    return cells


def padded_counts(geometry: Geometry) -> tuple[int, int]:
    """Columns of the matrix over the padded input, and untouched zeros in it."""
    columns = geometry.in_channels * prod(_padded_size(geometry))
    return columns, geometry.matrix_shape[0] * (columns - geometry.taps_per_row)


def _padded_size(geometry: Geometry) -> Shape:
    return tuple(axis.padded_size for axis in geometry.axes)


def number(value: object, digits: int = 4) -> str:
    """A value in few characters: integers and fractions in full, floats to `digits`.

    Examples
    --------
    >>> number(12), number(0.123456), number(-0.0)
    ('12', '0.1235', '0')
    """
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return f"{float(value) + 0.0:.{digits}g}"
    if isinstance(value, (complex, np.complexfloating)):
        return f"{complex(value):.{digits}g}"
    return str(value)


def ends_told(values: npt.ArrayLike) -> str:
    """The first and the last finite value, in words.

    Examples
    --------
    >>> ends_told([np.nan, 4.0, 1.0]), ends_told([np.nan])
    ('from 4 to 1', 'nowhere finite')
    """
    array = np.asarray(values, np.float64)
    seen = array[np.isfinite(array)]
    if not seen.size:
        return "nowhere finite"
    return f"from {number(seen[0])} to {number(seen[-1])}"


def shape_told(shape: Shape | None) -> str:
    """A shape as people write it.

    Examples
    --------
    >>> shape_told((8, 14, 14))
    '8×14×14'
    """
    return "" if shape is None else "×".join(map(str, shape))


def short(name: str) -> str:
    """A numbered name with its indices set low: `w_0_1` as `w₀₁`.

    Examples
    --------
    >>> short("w_0_1"), short("x_12_3"), short("A")
    ('w₀₁', 'x₁₂,₃', 'A')
    """
    letter, *indices = name.split("_")
    comma = "," if any(len(index) > 1 for index in indices) else ""
    return letter + comma.join(indices).translate(_SUBSCRIPTS)


def tap_texts(
    geometry: Geometry, taps: Array | None, names: Labels | None = None
) -> list[str]:
    """Entry `[t]` is what a cell with tap `t` says: its value, or else its letter."""
    if taps is not None:
        return [number(value) for value in taps]
    known = names or labels(geometry)
    return [short(known.letter(tap)) for tap in range(geometry.free_parameters)]


def cell_id(prefix: str, shape: Shape, flat: int) -> str:
    """The id of an artist by its position, such as `x[0,2]`.

    Examples
    --------
    >>> cell_id("x", (3, 3), 5)
    'x[1,2]'
    """
    position = np.unravel_index(flat, shape)
    return f"{prefix}[{','.join(str(int(index)) for index in position)}]"


def many(count: int, what: str) -> str:
    """A number of things, in words.

    Examples
    --------
    >>> many(1, "wire"), many(1234, "wire")
    ('1 wire', '1,234 wires')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def sums_told(count: int) -> str:
    """How many entries are sums of taps, in words.

    Examples
    --------
    >>> sums_told(1), sums_told(2)
    ('1 entry is a sum of taps', '2 entries are sums of taps')
    """
    what = "entry is a sum" if count == 1 else "entries are sums"
    return f"{count:,} {what} of taps"


def caption(
    geometry: Geometry,
    padding: bool = False,
    cells: bool = True,
    *,
    sums: int = 0,
    repeated: int = 0,
) -> list[str]:
    """The counts of a matrix in three short lines, and one each for what is rare.

    Parameters
    ----------
    geometry : Geometry
    padding : bool
        Whether the matrix is the one over the padded input.
    cells : bool
        Whether positions are drawn as cells with text, or as dots of colour only.
    sums : int
        Number of entries that are sums of taps.
    repeated : int
        Number of entries in columns of padding that repeats the input.

    Examples
    --------
    >>> from convmat import geometry
    >>> caption(geometry((3, 3), (2, 2)))
    ['4×9 matrix: 16 stored, density 0.444', '4 free parameters',
    '20 structural zeros, untouched (0, dotted)']
    """
    rows, columns = geometry.matrix_shape
    untouched, dropped, where = geometry.untouched, geometry.dropped, ""
    entries = geometry.nnz
    if padding:
        columns, untouched = padded_counts(geometry)
        entries = rows * columns - untouched - dropped
        where = " over the padded input"
    free = geometry.free_parameters
    zeros = f"{untouched:,} structural zeros, untouched"
    zeros += " (0, dotted)" if cells else " (background)"
    if dropped and padding:
        zeros += f"; {dropped:,} dropped by padding"
        zeros += " (×, dashed)" if cells else " (grey)"
    elif dropped:
        zeros += f"; {dropped:,} more taps fall on padding, which has no column"
    density = entries / (rows * columns)
    stored = f"{entries:,} stored, density {density:.3g}"
    lines = [
        f"{rows:,}×{columns:,} matrix{where}: {stored}",
        many(free, "free parameter"),
        zeros,
    ]
    if sums:
        mark = " (filled corner)" if cells else " (in the colour of the first)"
        lines.append(sums_told(sums) + mark)
    if repeated:
        mark = " (dashed)" if cells else ""
        lines.append(f"{repeated:,} stored over padding that repeats the input{mark}")
    return lines
