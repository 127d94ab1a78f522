"""The folder that a command leaves its figures in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from convmat.errors import ConvmatError

if TYPE_CHECKING:
    from convmat.cli.pictures import Pictures

__all__ = ["ready", "save_into", "writing_to"]

_DPI = 200  # 3 dots for each of the 100 rows and columns of a matrix


def ready(out: str) -> None:
    """Return silently when figures can be drawn, and saved in the folder.

    It is made where it is missing. This comes before the training, not after it.

    Raises
    ------
    ConvmatError
        For a path where nothing can be written.
    """
    from convmat import figures

    _ = figures.save  # which needs matplotlib, and says so
    with writing_to(out):
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


def save_into(out: str, pictures: Pictures, *, progress: bool = True) -> None:
    """Save each figure as PNG and SVG, in place of files of its name; print a list.

    Raises
    ------
    ConvmatError
        For what cannot be written.
    """
    from convmat import figures

    folder = Path(out)
    # None shows the bar on a terminal only.
    hidden = None if progress else True
    with writing_to(out):
        for name in tqdm(pictures, unit="figure", disable=hidden, delay=1, leave=False):
            for suffix in ("png", "svg"):
                path = folder / f"{name}.{suffix}"
                figures.save(pictures[name][0], path, dpi=_DPI)
    print(f"\nFigures, as PNG and SVG, in {folder.resolve()}:")
    width = max(16, *map(len, pictures))
    for name, (_, meaning) in pictures.items():
        print(f"  {name:{width}}  {meaning}")


@contextmanager
def writing_to(out: str) -> Iterator[None]:
    """A block whose failures are those of `--out`.

    Raises
    ------
    ConvmatError
        For a path where nothing can be written.
    """
    try:
        yield
    except OSError as error:
        rule = "must be a folder to write to, or a path where one can be made"
        raise ConvmatError("--out", rule, out, str(error)) from None
