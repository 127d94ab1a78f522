"""The parser, and how a run ends."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from convmat import __version__
from convmat.cli import (
    certify,
    completion,
    constrain,
    fastbook,
    figures,
    inspect,
    lemmas,
    matrix,
    prove,
    receptive,
    recognize,
    same,
    spectrum,
    tour,
    verify,
)
from convmat.cli.parser import Parser
from convmat.cli.spoken import sentence
from convmat.errors import ConvmatError, ConvmatTypeError

__all__ = ["main", "parser"]

_NEGATIVE = ("--values", "--padding", "--seed", "--x", "--bias", "--layer")


class _Ended(BaseException):
    """A signal that ends the process, as an exception: files are cleaned up."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 when all is well, 1 when the tour, a proof or a check has a FAIL, 2 for a bad
        argument, a missing extra, or output that cannot be written, 130 after Ctrl-C,
        143 after SIGTERM.

    Examples
    --------
    >>> main(["matrix", "--input", "3", "--kernel", "2"])
      A B C
    P α β ·
    Q · α β
    <BLANKLINE>
    3 input, 2 kernel -> 2 output: (3 + 2*0 - 2)//1 + 1 = 2; matrix 2x3, 4 stored, 2
    structural zeros, 2 free parameters
    0
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # one without Greek prints "?"
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _signals_as_exceptions():
            try:
                return _command(given)
            finally:  # what waits in the buffer may not go out
                if sys.stdout is not None:
                    sys.stdout.flush()
    except (ConvmatError, ConvmatTypeError, ImportError) as error:
        return _failed(sentence(error), 2)
    except BrokenPipeError:  # the reader has seen enough: convmat matrix | head
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        what = "the output" if error.filename is None else error.filename
        return _failed(f"cannot write {what}: {error.strerror or error}", 2)
    except KeyboardInterrupt:
        return _failed("stopped", 130)
    except _Ended as ended:
        return _failed("stopped", 128 + int(ended.args[0]))


def _command(given: list[str]) -> int:
    known = parser()
    if not given:
        known.print_help()
        return 2
    options = known.parse_args(_with_negative_values(given))
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _failed(words: str, code: int) -> int:
    print(f"convmat: {words}", file=sys.stderr)
    return code


def _drop_output() -> None:
    """What is left in the buffer goes nowhere; Python would try again at its end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):  # no file behind it
        pass


@contextmanager
def _signals_as_exceptions() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP raise, unless someone else minds them."""

    def end(number: int, frame: FrameType | None) -> None:
        raise _Ended(number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    whole = Parser(
        prog="convmat",
        description="The convolution as a matrix: built, explained, trained, proved.",
        epilog="convmat COMMAND --help shows examples",
    )
    whole.add_argument("--version", action="version", version=f"convmat {__version__}")
    completion.add_to(whole)
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in (
        tour,
        matrix,
        same,
        recognize,
        spectrum,
        receptive,
        inspect,
        constrain,
        fastbook,
        figures,
        verify,
        prove,
        lemmas,
        certify,
    ):
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
