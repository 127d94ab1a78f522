"""The numbers of a geometry, for `convmat matrix --info`: counted, nothing built."""

from __future__ import annotations

from itertools import product
from math import prod
from textwrap import wrap

from convmat.costs import costs
from convmat.geometry import Geometry
from convmat.matrix import matrix_bytes

__all__ = ["info"]

_WIDTH = 80
_SMALL = 7  # taps along an axis whose multiplicities are listed
_MANY = 10**6  # products that are told apart


def info(g: Geometry) -> str:
    """The numbers of a geometry, one a line, and the table of its costs.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(info(geometry(3, 2)))
    geometry                 geometry((3,), (2,))
    in words                 3 input, 2 kernel -> 2 output: (3 + 2*0 - 2)//1 + 1 =
                             2; matrix 2x3, 4 stored, 2 structural zeros, 2 free
                             parameters
    matrix                   2 x 3
    stored entries           4
    density                  66.6667%
    structural zeros         2 untouched
    taps dropped by padding  0
    taps sharing an entry    0
    free parameters          2, of which 0 dead
    multiplicity of a tap    2
    bytes as CSR             60 in float64
    <BLANKLINE>
    multiplications          padded  effective
    dense matrix                  6          6
    sparse matrix                 4          4
    im2col and GEMM               4          4
    FFT, estimated               28         28
    FFT of the kernel, once       8          8
    """
    rows, columns = g.matrix_shape
    counts = [axis.tap_counts() for axis in g.axes]
    lines = {
        "geometry": [repr(g)],
        "in words": [g.summary()],
        "matrix": [f"{rows:,} x {columns:,}"],
        "stored entries": [f"{g.nnz:,}"],
        "density": [f"{g.nnz / (rows * columns):.4%}"],
        "structural zeros": [f"{g.untouched:,} untouched"],
        "taps dropped by padding": [f"{g.dropped:,}"],
        "taps sharing an entry": [f"{g.shared:,}"],
        "free parameters": [f"{g.free_parameters:,}, of which {g.dead_taps:,} dead"],
        "multiplicity of a tap": _multiplicity(counts),
        "bytes as CSR": [f"{matrix_bytes(g):,} in float64"],
    }
    width = max(map(len, lines))
    lines["in words"] = wrap(g.summary(), _WIDTH - width - 2)
    told = []
    for name, values in lines.items():
        told.append(f"{name:<{width}}  {values[0]}")
        told += [f"{'':<{width}}  {value}" for value in values[1:]]
    return "\n".join([*told, "", str(costs(g))])


def _multiplicity(counts: list[tuple[int, ...]]) -> list[str]:
    """How often the taps are used; the same for each pair of channels.

    `counts` holds, for each axis, the number of outputs that each tap reads through. A
    tap's multiplicity is the product over the axes.
    """
    least, most = (prod(map(one, counts)) for one in (min, max))
    if least == most:
        return [f"{least:,}"]
    choices = [sorted(set(axis)) for axis in counts]
    told = f"{least:,} to {most:,}"
    if prod(map(len, choices)) <= _MANY:
        told += f", {len(set(map(prod, product(*choices)))):,} distinct"
    lines = [told]
    if len(counts) <= 2 and max(map(len, counts)) <= _SMALL:
        outer = counts[0] if len(counts) == 2 else (1,)
        table = [[f"{a * b}" for b in counts[-1]] for a in outer]
        cell = max(len(text) for line in table for text in line)
        lines += [" ".join(text.rjust(cell) for text in line) for line in table]
    return lines
