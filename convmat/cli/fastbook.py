"""`convmat fastbook`: chapter 13 trained, beside the book's numbers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convmat.cli.files import about_out, text_output
from convmat.cli.folder import ready, save_into
from convmat.cli.options import add_command
from convmat.errors import ConvmatError

if TYPE_CHECKING:
    from convmat.nn import Parts

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat fastbook                    on the embedded digits, half a minute
  convmat fastbook --data ~/mnist     on all of MNIST, a minute or two
  convmat fastbook --data ~/mnist --runs E,F --seed 1 --out normed
  convmat fastbook --runs A --theme dark --out dark
  convmat fastbook --no-figures --json chapter.json

runs, in the book's order; each trains a new network:
  A  threes and sevens, batches of 64, 1-cycle to 0.01
  B  all ten digits, batches of 64, a constant rate of 0.06
  C  as B, with batches of 512
  D  as C, with the 1-cycle policy
  E  as D, with batch norm
  F  as E, five epochs, 1-cycle to 0.1

--data:
  a folder with the four IDX files of MNIST, as train-images-idx3-ubyte or
  train-images.idx3-ubyte, with or without .gz. Nothing is downloaded. Without
  it the runs have the 10,000 digits that are embedded, 2,000 of them held out:
  fewer batches, so higher losses than the book's, which are for all of MNIST
"""

_OUT = "convmat-fastbook"


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "fastbook",
        _run,
        "chapter 13 of fastbook: its runs beside the book's numbers",
        "Prints losses and accuracies by epoch, and what the book has wrong with the "
        "right numbers; leaves the chapter's figures as PNG and SVG.",
        _EXAMPLES,
    )
    add = parser.add_argument
    add(
        "--data",
        metavar="DIR",
        help="folder with MNIST (default: the embedded digits)",
    )
    add(
        "--runs",
        default="A,B,C,D,E,F",
        metavar="RUNS",
        help="which to train, with commas between them (default: %(default)s)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of weights and order; B and C depend on it (default: %(default)s)",
    )
    add(
        "--out",
        metavar="DIR",
        help="folder for the figures; files of the same names are replaced "
        f"(default: {_OUT})",
    )
    add(
        "--theme",
        choices=["light", "dark"],
        help="of the figures (default: light)",
    )
    add("--no-figures", action="store_true", help="draw nothing, which saves time")
    add(
        "--json",
        metavar="FILE",
        help="write the numbers to a file too, which is replaced",
    )
    add("--no-progress", action="store_true", help="show no progress bars")


def _run(options: argparse.Namespace) -> int:
    drawn, progress = not options.no_figures, not options.no_progress
    _check(options)
    out = options.out or _OUT
    if drawn:
        ready(out)
    if options.json is not None:
        with about_out(options.json, "--json"):
            pass
    from convmat.experiments import train_chapter

    with _as_options(options):
        chapter = train_chapter(
            _data(options.data),
            runs=_runs(options.runs),
            seed=options.seed,
            watch=drawn,
            progress=progress,
        )
    print(chapter)
    if chapter.stopped:
        raise KeyboardInterrupt
    if options.json is not None:
        with text_output(options.json, "--json") as file:
            json.dump(chapter.as_json(), file, indent=1, allow_nan=False)
            file.write("\n")
    if drawn:
        from convmat.cli.chapter_pictures import of_chapter

        save_into(out, of_chapter(chapter, options.theme or "light"), progress=progress)
    return 0


def _check(options: argparse.Namespace) -> None:
    """Return silently when the options go together.

    Raises
    ------
    ConvmatError
        For options of figures beside `--no-figures`.
    """
    for name in ("out", "theme"):
        given = getattr(options, name)
        if options.no_figures and given is not None:
            raise ConvmatError(f"--{name}", "cannot stand beside --no-figures", given)


def _runs(text: str) -> list[str]:
    """`a,F` as `["A", "F"]`."""
    return [name.strip().upper() for name in text.split(",")]


def _data(folder: str | None) -> Parts | None:
    """MNIST of a folder; None for the embedded digits."""
    from convmat.nn import load_mnist

    return None if folder is None else load_mnist(folder)


@contextmanager
def _as_options(options: argparse.Namespace) -> Iterator[None]:
    """A block whose errors about data, runs and seed name the options.

    Raises
    ------
    ConvmatError
        With what was typed.
    """
    try:
        yield
    except ConvmatError as error:
        rule, value, remedy = error.rule, error.value, error.remedy
        if error.argument == "path":  # of a file of the data
            raise ConvmatError("--data", rule, value, remedy) from None
        if error.argument == "data":
            remedy = f"it holds {value}; {remedy}".removesuffix("; ")
            raise ConvmatError("--data", rule, options.data, remedy) from None
        if error.argument in ("runs", "seed"):
            typed = getattr(options, error.argument)
            raise ConvmatError(f"--{error.argument}", rule, typed, remedy) from None
        raise
