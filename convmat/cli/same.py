"""`convmat same`: what the word means, by whom."""

from __future__ import annotations

import argparse
from typing import Any

from convmat.cli.options import add_command, add_sizes, read_sizes
from convmat.geometry import same_dialects

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat same --input 7 --kernel 4
  convmat same --input 7 --kernel 4 --stride 2
  convmat same --input 3x224x224 --kernel 64x3x3x3 --stride 2x1
"""


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


def _run(options: argparse.Namespace) -> int:
    print(same_dialects(**read_sizes(options)))
    return 0
