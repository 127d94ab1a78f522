"""`convmat same`: what the word means, by whom."""

from __future__ import annotations

import argparse
from shutil import get_terminal_size
from textwrap import fill
from typing import Any

from convmat.cli.options import add_command, add_sizes, read_sizes
from convmat.cli.spoken import in_options
from convmat.geometry import DialectTable, same_dialects

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat same --input 7 --kernel 4
  convmat same --input 7 --kernel 4 --stride 2
  convmat same --input 3x224x224 --kernel 64x3x3x3 --stride 2x1
  convmat same --input 7 --kernel 4 --aliases    keras, jax, pytorch, ...
"""

_ONE_AXIS = ("numpy", "numpy-correlate")  # functions of 1-D arrays


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "same",
        _run,
        "what padding 'same' means to whom, in numbers",
        "Each dialect with the padding it gives on this geometry, written as --padding "
        "takes it, and the size of the output. Dialects with the same letter give the "
        "same matrix.",
        _EXAMPLES,
    )
    add_sizes(parser)
    parser.add_argument(
        "--aliases",
        action="store_true",
        help="list the other names of each dialect, which same:NAME takes too",
    )


def _run(options: argparse.Namespace) -> int:
    sizes = read_sizes(options)
    with in_options(options):
        table = same_dialects(**sizes)
    print(table)
    width = get_terminal_size().columns
    if len(table.input_size) > 1:
        who = ", ".join(_ONE_AXIS)
        note = f"{who}: functions of one axis; shown is what they do on each axis."
        print(fill(note, width, subsequent_indent="  "))
    if options.aliases:
        print(f"\n{_aliases(table, width)}")
    return 0


def _aliases(table: DialectTable, width: int) -> str:
    """The other names of each dialect that has some."""
    known = {row.dialect.name: row.dialect.aliases for row in table.rows}
    margin = 2 + max(map(len, known))
    lines = [f"{'dialect':<{margin}}also known as"]
    for name, aliases in known.items():
        if aliases:
            lines.append(
                fill(
                    ", ".join(aliases),
                    max(width, 2 * margin),
                    initial_indent=name.ljust(margin),
                    subsequent_indent=" " * margin,
                    break_on_hyphens=False,
                )
            )
    return "\n".join(lines)
