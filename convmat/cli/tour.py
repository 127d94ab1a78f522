"""`convmat tour`: the whole idea in one run."""

from __future__ import annotations

import argparse
from typing import Any

from convmat.cli.options import add_command
from convmat.errors import ConvmatError

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat tour                  figures go to convmat-tour
  convmat tour --out pictures
  convmat tour --no-progress
"""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "tour",
        _run,
        "the whole idea in one run, on real digits",
        "Half a minute. Ends with 1 when a claim is not met. NO_COLOR=1 prints no "
        "colours.",
        _EXAMPLES,
    )
    parser.add_argument(
        "--out",
        default="convmat-tour",
        metavar="DIR",
        help="folder for the figures (default: %(default)s)",
    )
    parser.add_argument(
        "--no-progress", action="store_true", help="show no progress bars"
    )


def _run(options: argparse.Namespace) -> int:
    from convmat.tour import run

    try:
        report = run(options.out, progress=not options.no_progress)
    except ConvmatError as error:
        if error.argument != "out":
            raise
        rule, remedy = error.rule, error.remedy
        raise ConvmatError("--out", rule, options.out, remedy) from None
    return 0 if report.passed else 1
