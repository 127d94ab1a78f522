"""Drawn files, kept from one build to the next under the hash of what they show."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import matplotlib as mpl

from convmat import figures
from convmat.figures.film import Film
from convmat.figures.gallery import draw, spec_hash
from convmat.files import whole_file

__all__ = ["Drawing", "Spec", "versions"]


@dataclass(frozen=True)
class Spec:
    """What a page asks for.

    Attributes
    ----------
    name : str
        Of the figure.
    options : mapping of str to str
        As they stand in the page.
    """

    name: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Drawing:
    """A file in the cache.

    Attributes
    ----------
    path : Path
    alt : str
        What it shows, in words.
    width : float
        Inches.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> spec = Spec("matrix_plot", {"input": "3", "kernel": "2"})
    >>> with TemporaryDirectory() as folder:
    ...     drawing = Drawing.of(spec, "light", "svg", Path(folder))
    ...     drawing.path.suffix, drawing.alt.split(":")[0]
    ('.svg', 'The matrix of geometry((3,), (2,))')
    """

    path: Path
    alt: str
    width: float

    @classmethod
    def of(cls, spec: Spec, theme: str, suffix: str, folder: Path) -> Drawing:
        """The file of a figure, drawn unless it lies in `folder` already.

        Parameters
        ----------
        spec : Spec
        theme : str
            `"light"` or `"dark"`.
        suffix : str
            `"svg"`, which a film has as GIF, or `"pdf"`, which has a film's last frame.
        folder : Path

        Raises
        ------
        ConvmatError
            As `gallery.draw`; options are named as pages write them.
        """
        asked = spec_hash(spec.name, spec.options, theme, prefix=":")
        key = f"{asked} {suffix} {versions()}"
        stem = f"convmat-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
        note = folder / f"{stem}.json"
        if note.is_file():
            known = json.loads(note.read_text(encoding="utf-8"))
            path = folder / known["file"]
            if path.is_file():
                return cls(path, known["alt"], known["width"])
        shown = draw(spec.name, spec.options, theme=theme, prefix=":")
        alt = str(shown.convmat["alt"])  # type: ignore[union-attr]  # the figure's note
        if isinstance(shown, Film):
            last = shown.draw(len(shown) - 1)
            width = last.get_figwidth()
            suffix, what = ("gif", shown) if suffix == "svg" else (suffix, last)
        else:
            width, what = shown.get_figwidth(), shown
        folder.mkdir(parents=True, exist_ok=True)
        path = figures.save(what, folder / f"{stem}.{suffix}")
        with whole_file(note) as file:
            told = {"file": path.name, "alt": alt, "width": float(width)}
            file.write(json.dumps(told).encode())
        return cls(path, alt, float(width))

    def copied(self, folder: Path) -> str:
        """Its name in a folder of the pages, where it lies from now on."""
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / self.path.name
        if not target.exists():
            shutil.copyfile(self.path, target)
        return target.name


@lru_cache(maxsize=1)
def versions() -> str:
    """A digest of all that draws: this package's own code, and matplotlib's version.

    Examples
    --------
    >>> len(versions())
    64
    """
    digest = hashlib.sha256(mpl.__version__.encode())
    for path in _sources(files("convmat")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(folder: Traversable) -> list[Traversable]:
    """All Python files below, in the same order each time."""
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.is_dir():
            found += _sources(path)
        elif path.name.endswith(".py"):
            found.append(path)
    return found
