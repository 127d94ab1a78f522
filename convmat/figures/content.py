"""What a figure says about a geometry: entries, names, numbers, ids, captions.

Nothing here draws. Positions come from the tie map, values from the matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    "Entries",
    "caption",
    "cell_id",
    "cells_read",
    "dense_matrix",
    "entry_texts",
    "flat_input",
    "flat_kernel",
    "input_cells",
    "number",
    "padded_counts",
    "short",
    "tap_texts",
]

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_MOST_TERMS = 9  # of a sum that is written out


@dataclass(frozen=True, eq=False)
class Entries:
    """The stored entries of a matrix: taps at one position are one entry, their sum.

    That happens where padding repeats the input: two taps of a row read one input.

    Attributes
    ----------
    rows, cols : ndarray of int, shape (entries,)
        Position of each entry, in C order of the matrix.
    taps : ndarray of int, shape (entries,)
        Its first tap, which gives it its colour.
    counts : ndarray of int, shape (entries,)
        How many taps it is the sum of.
    terms : ndarray of int
        The taps of all entries, one entry after the other.

    Examples
    --------
    >>> import numpy as np
    >>> entries = Entries.of(np.array([0, 0, 0]), np.array([1, 0, 1]), np.arange(3))
    >>> entries.cols, entries.taps, entries.counts, entries.terms
    (array([0, 1]), array([1, 0]), array([1, 2]), array([1, 0, 2]))
    """

    rows: IntArray
    cols: IntArray
    taps: IntArray
    counts: IntArray
    terms: IntArray

    @classmethod
    def of(cls, rows: IntArray, cols: IntArray, taps: IntArray) -> Entries:
        """The entries of a list of contributions: taps and where they add up."""
        if not _ascend(rows, cols):
            order = np.lexsort((taps, cols, rows))
            rows, cols, taps = rows[order], cols[order], taps[order]
        fresh = np.ones(len(rows), dtype=bool)
        fresh[1:] = (np.diff(rows) != 0) | (np.diff(cols) != 0)
        starts = np.flatnonzero(fresh)
        counts = np.diff(starts, append=len(rows))
        return cls(rows[starts], cols[starts], taps[starts], counts, taps)

    @property
    def sums(self) -> npt.NDArray[np.bool_]:
        """Whether each entry is a sum of several taps."""
        return self.counts > 1

    def numbers(self, shape: tuple[int, int]) -> IntArray:
        """Entry `[r, c]` is the number of the entry there, or -1."""
        numbers: IntArray = np.full(shape, -1)
        numbers[self.rows, self.cols] = np.arange(len(self.rows))
        return numbers


def _ascend(rows: IntArray, cols: IntArray) -> bool:
    """Whether positions are in C order and none comes twice: most geometries'."""
    down, right = np.diff(rows), np.diff(cols)
    return bool(((down > 0) | ((down == 0) & (right > 0))).all())


def entry_texts(
    entries: Entries, taps: Array | None, letter: Callable[[int], str]
) -> list[str]:
    """What each entry says: its value, or else its letters, such as `α+γ`.

    Of a very long sum only the first and the last letter are written.
    """
    texts = []
    stops = np.cumsum(entries.counts)
    for terms in np.split(entries.terms, stops[:-1]) if len(stops) else []:
        if taps is not None:
            texts.append(number(taps[terms].sum()))
        elif len(terms) <= _MOST_TERMS:
            texts.append("+".join(map(letter, terms.tolist())))
        else:
            texts.append(f"{letter(int(terms[0]))}+…+{letter(int(terms[-1]))}")
    return texts


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
        f"{free:,} free parameter{'' if free == 1 else 's'}",
        zeros,
    ]
    if sums:
        what = "1 entry is a sum" if sums == 1 else f"{sums:,} entries are sums"
        mark = " (filled corner)" if cells else " (in the colour of the first)"
        lines.append(f"{what} of taps{mark}")
    if repeated:
        mark = " (dashed)" if cells else ""
        lines.append(f"{repeated:,} stored over padding that repeats the input{mark}")
    return lines
