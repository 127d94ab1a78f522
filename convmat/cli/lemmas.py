"""`convmat lemmas`: the index arithmetic, proved for all integers."""

from __future__ import annotations

import argparse
from shutil import get_terminal_size
from textwrap import fill
from typing import Any

from convmat.cli.options import add_command
from convmat.errors import ConvmatError

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat lemmas
  convmat lemmas --only "reads stay inside"
  convmat lemmas --code           and the functions that rely on each
  convmat lemmas --seconds 60     time for each claim, on a slow machine
"""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "lemmas",
        _run,
        "the index arithmetic behind the matrix, proved for all integers",
        "Prints each lemma with the time that the solver took. Ends with 1 when one is "
        "not proved. Needs the extra proofs.",
        _EXAMPLES,
    )
    parser.add_argument("--only", metavar="NAME", help="one lemma, by its name")
    parser.add_argument(
        "--code", action="store_true", help="print the functions that rely on each"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=10.0,
        metavar="S",
        help="time for each claim; later it is unknown, which fails (default: 10)",
    )


def _run(options: argparse.Namespace) -> int:
    from convmat.verify.lemmas import LEMMAS, prove_all

    if not 0 < options.seconds < 1e6:
        rule = "must be more than 0 and less than a million"
        raise ConvmatError("--seconds", rule, options.seconds)
    chosen = list(LEMMAS.values())
    if options.only is not None:
        if options.only not in LEMMAS:
            names = ", ".join(map(repr, LEMMAS))
            raise ConvmatError("--only", f"must be one of {names}", options.only)
        chosen = [LEMMAS[options.only]]
    report = prove_all(chosen, seconds=options.seconds)
    width = get_terminal_size().columns
    for verdict in report.verdicts:
        for line in str(verdict).splitlines():
            print(fill(line, width, subsequent_indent=" " * 15))
        if options.code:
            for place in verdict.lemma.relied_on_by:
                print(f"    {place}")
    print(report.summary())
    return 0 if report.passed else 1
