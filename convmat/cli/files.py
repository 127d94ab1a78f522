"""Files that appear whole or not at all, and the bar beside them."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from convmat.errors import ConvmatError

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["bar", "text_output", "whole_file"]


@contextmanager
def whole_file(path: str) -> Iterator[Path]:
    """A path beside `path`, whose file is renamed onto it when the block ends well.

    An error, or Ctrl-C, leaves what was there before, and nothing beside it.

    Yields
    ------
    Path
        Where to write. It ends as `path` does, which SciPy goes by.

    Raises
    ------
    ConvmatError
        When it cannot be written there.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        rule = "must name a file"
        remedy = "leave --out away to print to the terminal"
        raise ConvmatError("--out", rule, path, remedy)
    if not target.parent.is_dir():
        rule = "must lie in a folder that exists"
        raise ConvmatError("--out", rule, path, f"make it: mkdir -p {target.parent}")
    beside = target.with_name(f".{uuid.uuid4().hex}{target.suffix}")
    try:
        yield beside
        beside.replace(target)
    except OSError as error:
        rule = "must name a file that can be written"
        raise ConvmatError("--out", rule, path, str(error.strerror)) from None
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def text_output(path: str | None) -> Iterator[TextIO]:
    """Where text goes: to the terminal, or into a file that appears once whole."""
    if path is None:
        yield sys.stdout
        return
    with (
        whole_file(path) as beside,
        beside.open("w", encoding="utf-8", newline="\n") as file,
    ):
        yield file


def bar(total: int, unit: str, out: str | None) -> tqdm[Any]:
    """A bar on stderr for what takes longer than two seconds.

    None is shown where stderr is no terminal, nor between lines that go to one.
    """
    from tqdm import tqdm

    return tqdm(
        None,
        "convmat matrix" if out is None else Path(out).name,
        total,
        unit=f" {unit}",
        unit_scale=total > 10**4,
        delay=2,
        disable=True if out is None and sys.stdout.isatty() else None,
        leave=False,
    )
