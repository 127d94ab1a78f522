"""Files that appear whole or not at all, and the terminal in place of one."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from convmat.errors import ConvmatError
from convmat.files import whole_file
from convmat.matrix.bars import bar

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["about_out", "progress", "text_output"]


@contextmanager
def about_out(path: str, option: str = "--out") -> Iterator[Path]:
    """The target of `--out`, or of another option; errors about it name the option.

    Yields
    ------
    Path
        With links followed.

    Raises
    ------
    ConvmatError
        When it cannot be written there.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        rule = "must name a file"
        remedy = (
            "leave --out away to print to the terminal" if option == "--out" else ""
        )
        raise ConvmatError(option, rule, path, remedy)
    if not target.parent.is_dir():
        rule = "must lie in a folder that exists"
        folder = Path(path).parent
        raise ConvmatError(option, rule, path, f"make it: mkdir -p {folder}")
    try:
        yield target
    except OSError as error:
        rule = "must name a file that can be written"
        raise ConvmatError(option, rule, path, str(error.strerror)) from None


@contextmanager
def text_output(path: str | None, option: str = "--out") -> Iterator[TextIO]:
    """Where text goes: to the terminal, or into a file that appears once whole.

    Yields
    ------
    text file

    Raises
    ------
    OSError
        When there is no standard output to write to.
    """
    if path is None:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        yield sys.stdout
        return
    with about_out(path, option) as target, whole_file(target) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
        try:
            yield text
        finally:
            text.detach()  # which flushes it, and leaves the file open


def progress(total: int, out: str | None) -> tqdm[Any]:
    """A bar for what is written as text; none between lines that go to a terminal."""
    name = "convmat matrix" if out is None else Path(out).name
    between = out is None and sys.stdout.isatty()
    return bar(name, total, " entries", hidden=True if between else None)
