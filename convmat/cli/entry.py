"""The parser, and how a run ends."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence

from convmat import __version__
from convmat.cli import completion, constrain, matrix, same, tour
from convmat.errors import ConvmatError, ConvmatTypeError

__all__ = ["main", "parser"]

_NEGATIVE = ("--values", "--padding", "--seed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 when all is well, 1 when the tour has a FAIL, 2 for a bad argument or a
        missing extra, 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # one without Greek prints "?"
    known = parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        known.print_help()
        return 2
    options = known.parse_args(_with_negative_values(given))
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (ConvmatError, ConvmatTypeError, ImportError) as error:
        print(f"convmat: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has seen enough: convmat matrix | head
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("convmat: stopped", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    whole = argparse.ArgumentParser(
        prog="convmat",
        description="The convolution as a matrix: built, explained, trained, proved.",
        epilog="convmat COMMAND --help shows examples",
    )
    whole.add_argument("--version", action="version", version=f"convmat {__version__}")
    completion.add_to(whole)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in (tour, matrix, same, constrain):
        command.add_to(commands)
    return whole


def _with_negative_values(given: list[str]) -> list[str]:
    """`--values -1,0,1` as `--values=-1,0,1`, which argparse does not take for options.

    Kernels that find edges begin with negative numbers.
    """
    for place, word in enumerate(given[:-1]):
        value = given[place + 1]
        if word in _NEGATIVE and value[:1] == "-" and value[1:2] != "-":
            return [
                *given[:place],
                f"{word}={value}",
                *_with_negative_values(given[place + 2 :]),
            ]
    return given
