"""`convmat receptive`: what each layer of a chain sees of the input."""

from __future__ import annotations

import argparse
import json
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, Any

from convmat.arrays import Shape
from convmat.cli.options import add_command
from convmat.errors import ConvmatError
from convmat.shorthand import read_shape

if TYPE_CHECKING:
    from convmat.receptive import ReceptiveField

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat receptive --layer k3s2p1 --layer k3s2p1
  convmat receptive --input 32x32 --layer k5p2 --layer k2s2 --layer k3d2
  convmat receptive --input 7x7 --layer tk4s2p1 --at 3x0
  convmat receptive --chapter13 A
"""

_NOTE = (
    "field: cells from the first to the last, by the recurrence; seen: those of the "
    "widest field that the input has, counted along all paths; start: where the field "
    "of the first output begins."
)


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "receptive",
        _run,
        "what each layer of a chain sees of the input",
        "Sizes, jumps and starts of the receptive fields by the recurrence, and the "
        "cells that are really seen. A layer is k3 (taps), s2 (stride), p1 (padding), "
        "d2 (dilation); t in front for a transposed one, with o1 as its output "
        "padding; k3x5 and p1x0 per axis, p1,0 before and after. A pooling is written "
        "like a convolution.",
        _EXAMPLES,
    )
    parser.add_argument(
        "--input",
        default="28x28",
        metavar="SHAPE",
        help="cells of each axis, without channels (default: %(default)s)",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--layer",
        action="append",
        metavar="SPEC",
        help="one layer, from the input on; give it once for each",
    )
    which.add_argument(
        "--chapter13",
        choices=("A", "B", "C", "D", "E", "F"),
        help="the network of one of fastbook's runs, on 28x28",
    )
    parser.add_argument(
        "--at", metavar="PLACE", help="an output of the last layer, such as 3x0"
    )
    parser.add_argument("--json", action="store_true", help="the same as JSON")


def _run(options: argparse.Namespace) -> int:
    field = _field(options)
    place = None if options.at is None else read_shape("--at", options.at, "28x28")
    sizes = tuple(own.count for own in field.axes)
    if place is not None and (
        len(place) != len(sizes)
        or not all(0 <= n < most for n, most in zip(place, sizes, strict=True))
    ):
        last = "x".join(str(size - 1) for size in sizes)
        rule = f"must be an output, from {'x'.join('0' for _ in sizes)} to {last}"
        raise ConvmatError("--at", rule, options.at)
    told = None if place is None else _at(field, place)
    if options.json:
        print(_as_json(field, place))
        return 0
    width = get_terminal_size().columns
    print(_table(field))
    print(fill(_NOTE, width, subsequent_indent="  "))
    for line in told or ():
        print(fill(line, width, subsequent_indent="  "))
    return 0


def _field(options: argparse.Namespace) -> ReceptiveField:
    if options.chapter13 is not None:
        from convmat.experiments import chain_of
        from convmat.experiments.chapter13 import RUNS, network

        if options.input != "28x28":
            rule = "must be 28x28 beside --chapter13"
            raise ConvmatError("--input", rule, options.input)
        return chain_of(network(RUNS[options.chapter13]), (1, 28, 28))
    from convmat.receptive import receptive_field

    size = read_shape("--input", options.input, "28x28")
    try:
        return receptive_field(options.layer, size)
    except ConvmatError as error:
        names = {"layer": "--layer", "input_shape": "--input"}
        if error.argument not in names:
            raise
        name, rest = names[error.argument], (error.rule, error.value, error.remedy)
        raise ConvmatError(name, *rest) from None


def _rows(field: ReceptiveField) -> list[dict[str, Any]]:
    """What stands in each line."""
    from convmat.receptive import text_of

    rows = []
    for step in field.steps():
        layer = step.layers[-1]
        rows.append(
            {
                "layer": text_of(layer),
                "output": layer.output_size,
                "field": step.size,
                "jump": step.jump,
                "start": step.start,
                "seen": tuple(step.seen(axis) for axis in range(len(step.axes))),
            }
        )
    return rows


def _table(field: ReceptiveField) -> str:
    """One line for each layer; axes that are alike are told once, but for outputs."""
    rows = [
        {
            name: value if name == "layer" else _told(value, name != "output")
            for name, value in row.items()
        }
        for row in _rows(field)
    ]
    heads = {name: name for name in rows[0]}
    wide = {name: max(len(row[name]) for row in [heads, *rows]) for name in heads}
    lines = []
    for row in [heads, *rows]:
        first, *rest = row
        cells = [row[first].ljust(wide[first]), *(row[n].rjust(wide[n]) for n in rest)]
        lines.append("  ".join(cells))
    return "\n".join(lines)


def _told(values: tuple[Any, ...], short: bool) -> str:
    some = values[:1] if short and len(set(values)) == 1 else values
    return "x".join(map(str, some))


def _at(field: ReceptiveField, place: Shape) -> list[str]:
    """What one output sees, by both routes."""
    seen = field.support(place)
    paths = int(field.visits(place).sum())
    head = f"output {'x'.join(map(str, place))} sees {int(seen.sum()):,} of "
    lines = [f"{head}{seen.size:,} cells, by {paths:,} paths"]
    for axis, ends in enumerate(field.ends(place)):
        along = field.along(axis, place[axis])
        cells = along.nonzero()[0]
        told = "sees nothing"
        if cells.size:
            first, last = int(cells[0]), int(cells[-1])
            counts = " ".join(map(str, along[first : last + 1]))
            told = f"cells {first} to {last}, by {counts} paths"
        cut = "" if ends.whole else ", cut on the way"
        lines.append(
            f"axis {axis}: {told}; by the recurrence {ends.first} to {ends.last}{cut}"
        )
    return lines


def _as_json(field: ReceptiveField, place: Shape | None) -> str:
    told: dict[str, Any] = {
        "input": field.layers[0].input_size,
        "layers": [
            {
                name: value if isinstance(value, str) else list(map(_number, value))
                for name, value in row.items()
            }
            for row in _rows(field)
        ],
    }
    if place is not None:
        told["at"] = place
        told["paths"] = [
            [int(n) for n in field.along(axis, out)] for axis, out in enumerate(place)
        ]
    return json.dumps(told)


def _number(value: Any) -> int | str:
    """A part of a cell as `1/2`, which no float is in general."""
    return value if isinstance(value, int) else str(value)
