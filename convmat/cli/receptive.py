"""`convmat receptive`: what each layer of a chain sees of the input."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Callable
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, Any

from convmat.arrays import Shape
from convmat.cli.files import text_output
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
  convmat receptive --chapter13 A --format markdown --out fields.md
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
    parser.add_argument(
        "--format",
        default="text",
        choices=("text", "markdown", "json", "csv"),
        help="of the table (default: %(default)s)",
    )
    parser.add_argument(
        "--out", metavar="FILE", help="write there instead of to the terminal"
    )


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
    if place is not None and options.format == "csv":
        rule = "must be left out beside --format csv, which has a line for each layer"
        raise ConvmatError("--at", rule, options.at)
    told = _TOLD[options.format](field, place)
    with text_output(options.out) as file:
        print(told, file=file)
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


def _as_text(field: ReceptiveField, place: Shape | None) -> str:
    """One line for each layer; axes that are alike are told once, but for outputs."""
    heads, *cells = _cells(field, short=True)
    wide = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    lines = []
    for first, *rest in [heads, *cells]:
        sides = [cell.rjust(n) for cell, n in zip(rest, wide[1:], strict=True)]
        lines.append("  ".join([first.ljust(wide[0]), *sides]))
    width = get_terminal_size().columns
    notes = [_NOTE] if place is None else [_NOTE, *_at(field, place)]
    lines += [fill(note, width, subsequent_indent="  ") for note in notes]
    return "\n".join(lines)


def _as_markdown(field: ReceptiveField, place: Shape | None) -> str:
    """The same as a table of Markdown, with each axis told."""
    heads, *cells = _cells(field, short=False)
    sides = [":--", *["--:"] * (len(heads) - 1)]
    lines = [f"| {' | '.join(row)} |" for row in (heads, sides, *cells)]
    if place is not None:
        lines += ["", *(f"- {line}" for line in _at(field, place))]
    return "\n".join(lines)


def _as_csv(field: ReceptiveField, place: Shape | None) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(_cells(field, short=False))
    return file.getvalue().rstrip("\n")


def _cells(field: ReceptiveField, *, short: bool) -> list[list[str]]:
    """Heads, then a row for each layer."""
    rows = _rows(field)
    cells = [
        [
            value if name == "layer" else _told(value, short and name != "output")
            for name, value in row.items()
        ]
        for row in rows
    ]
    return [list(rows[0]), *cells]


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


_TOLD: dict[str, Callable[[ReceptiveField, Shape | None], str]] = {
    "text": _as_text,
    "markdown": _as_markdown,
    "json": _as_json,
    "csv": _as_csv,
}


def _number(value: Any) -> int | str:
    """A part of a cell as `1/2`, which no float is in general."""
    return value if isinstance(value, int) else str(value)
