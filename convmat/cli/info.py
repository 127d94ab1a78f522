"""The numbers of a matrix, for `convmat matrix --info`: counted, nothing built."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import product
from math import prod
from textwrap import wrap

from convmat.cli.asked import Asked
from convmat.costs import Costs, costs
from convmat.matrix.source import arguments

__all__ = ["info", "info_json"]

_SMALL = 7  # taps along an axis whose multiplicities are listed
_MANY = 10**6  # products that are told apart
_LEAST = 20  # characters that the values have, however narrow the terminal is


def info(asked: Asked, width: int = 80) -> str:
    """The numbers of a matrix, one a line, and the table of its costs.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(info(Asked(geometry(3, 2))))
    geometry                 geometry((3,), (2,))
    in words                 3 input, 2 kernel -> 2 output: (3 + 2*0 - 2)//1 + 1 =
                             2; matrix 2x3, 4 stored, 2 structural zeros, 2 free
                             parameters
    matrix                   2 x 3
    stored entries           4
    density                  66.6667%
    structural zeros         2 positions that no tap reaches
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
    g = asked.geometry
    rows, columns = asked.shape
    lines: dict[str, str | list[str]] = {"geometry": repr(g), "in words": g.summary()}
    if asked.transposed:
        reads, gives = (
            "x".join(map(str, shape)) for shape in (asked.reads, asked.gives)
        )
        lines = {
            "transposed": f"{reads} input -> {gives} output",
            "paired geometry": repr(g),
            "in words, paired": g.summary(),
        }
    lines |= {
        "matrix": f"{rows:,} x {columns:,}",
        "stored entries": f"{g.nnz:,}",
        "density": f"{g.nnz / (rows * columns):.4%}",
        "structural zeros": f"{g.untouched:,} positions that no tap reaches",
        "taps dropped by padding": f"{g.dropped:,}",
        "taps sharing an entry": f"{g.shared:,}",
        "free parameters": f"{g.free_parameters:,}, of which {g.dead_taps:,} dead",
        "multiplicity of a tap": [],
        "bytes as CSR": f"{asked.bytes:,} in float64",
    }
    margin = max(map(len, lines)) + 2
    room = max(_LEAST, width - margin)
    lines["multiplicity of a tap"] = _multiplicity(asked, room)
    told = []
    for name, value in lines.items():
        first, *rest = wrap(value, room) if isinstance(value, str) else value
        told.append(f"{name:<{margin}}{first}")
        told += [f"{'':<{margin}}{line}" for line in rest]
    return "\n".join([*told, "", _cost_table(costs(g), width)])


def info_json(asked: Asked) -> str:
    """The same numbers as one JSON object.

    Examples
    --------
    >>> from convmat import geometry
    >>> numbers = json.loads(info_json(Asked(geometry(3, 2))))
    >>> numbers["matrix_shape"], numbers["stored_entries"], numbers["multiplicity"]
    ([2, 3], 4, {'least': 2, 'most': 2, 'distinct': 1})
    """
    g = asked.geometry
    rows, columns = asked.shape
    counts = _counts(asked)
    numbers = {
        "geometry": arguments(g),
        "transposed": asked.transposed,
        "input_shape": asked.reads,
        "output_shape": asked.gives,
        "matrix_shape": asked.shape,
        "stored_entries": g.nnz,
        "density": g.nnz / (rows * columns),
        "structural_zeros": g.untouched,
        "taps_dropped_by_padding": g.dropped,
        "taps_sharing_an_entry": g.shared,
        "free_parameters": g.free_parameters,
        "dead_taps": g.dead_taps,
        "multiplicity": {
            "least": prod(map(min, counts)),
            "most": prod(map(max, counts)),
            "distinct": _distinct(counts),
        },
        "bytes_as_csr": asked.bytes,
        "multiplications": asdict(costs(g)),
    }
    lines = (
        f" {json.dumps(name)}: {json.dumps(told)}" for name, told in numbers.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def _counts(asked: Asked) -> list[tuple[int, ...]]:
    """For each axis, the number of outputs that each tap reads through.

    A tap's multiplicity is the product over the axes; each pair of channels has the
    same.
    """
    return [axis.tap_counts() for axis in asked.geometry.axes]


def _distinct(counts: list[tuple[int, ...]]) -> int | None:
    """Number of different multiplicities; None where that takes long to find."""
    choices = [sorted(set(axis)) for axis in counts]
    if prod(map(len, choices)) > _MANY:
        return None
    return len(set(map(prod, product(*choices))))


def _multiplicity(asked: Asked, room: int) -> list[str]:
    """How often the taps are used, as lines; a small kernel's as a table."""
    counts = _counts(asked)
    least, most = (prod(map(one, counts)) for one in (min, max))
    if least == most:
        return [f"{least:,}"]
    distinct = _distinct(counts)
    told = f"{least:,} to {most:,}"
    lines = wrap(told if distinct is None else f"{told}, {distinct:,} distinct", room)
    if len(counts) > 2 or max(map(len, counts)) > _SMALL:
        return lines
    outer = counts[0] if len(counts) == 2 else (1,)
    table = [[f"{a * b}" for b in counts[-1]] for a in outer]
    cell = max(len(text) for line in table for text in line)
    rows = [" ".join(text.rjust(cell) for text in line) for line in table]
    if max(map(len, rows)) <= room:
        return lines + rows
    for number, axis in enumerate(counts):  # too wide: the factors
        words = f"axis {number}: {' '.join(map(str, axis))}"
        lines += wrap(words, room, subsequent_indent="  ")
    return [*lines, *wrap("and a tap's is the product over the axes", room)]


def _cost_table(counted: Costs, width: int) -> str:
    """The table, or where it is too wide two numbers below each name."""
    table = str(counted).splitlines()
    if max(map(len, table)) <= width:
        return "\n".join(table)
    lines = []
    for line in table[1:]:
        name, padded, effective = line.rsplit(maxsplit=2)
        lines += [name, f"  padded     {padded}", f"  effective  {effective}"]
    return "\n".join(["multiplications", *lines])
