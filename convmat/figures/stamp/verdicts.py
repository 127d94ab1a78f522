"""Checking files: as they should be, edited, stale, or without a stamp."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import matplotlib as mpl

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.draw import save
from convmat.figures.gallery.drawing import draw
from convmat.figures.gallery.presets import PRESETS
from convmat.figures.gallery.registry import names
from convmat.figures.stamp.containers import SUFFIXES, take
from convmat.figures.stamp.data import data_digest
from convmat.figures.stamp.note import content_digest, read
from convmat.figures.stamp.same import same_picture
from convmat.figures.style import THEMES
from convmat.version import own_version

__all__ = ["Checked", "Verdict", "check", "checked", "files_in"]

Verdict: TypeAlias = Literal["fine", "edited", "stale", "unknown"]
"""What `check` finds of a file."""

_DRAWN = {
    **{name: name for name in names()},
    **{n: p.figure for n, p in PRESETS.items()},
}
_NAMES = {f"{n}-{t}": f"{figure}-{t}" for n, figure in _DRAWN.items() for t in THEMES}
"""What `convmat figures` calls its files, without their suffix, and what they show."""

_TRACES = b'xmlns="urn:convmat"', b'convmat {"content":"'
_LARGEST = 1 << 27  # bytes of a file that is read
_LONGEST = 2000  # characters of an option
_DPI = 2400
_NAME = b"convmat"  # which every stamp begins with


@dataclass(frozen=True)
class Checked:
    """What was found of one file.

    Attributes
    ----------
    path : Path
    verdict : str
        "fine"; "edited" when the file is not as it was written, or has the name of
        another figure, or has lost its stamp as far as its name or its rest tell;
        "stale" when the figure that its stamp asks for is another one by now;
        "unknown" when it has no stamp, as what is none of the gallery's.
    why : str
        In a few words; empty where all is fine, and was compared.

    Examples
    --------
    >>> fine, stale = Checked(Path("a.svg"), "fine"), Checked(Path("b.svg"), "stale")
    >>> fine.ok, stale.ok
    (True, False)
    """

    path: Path
    verdict: Verdict
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is nothing to mend: no stamp is nothing wrong."""
        return self.verdict in ("fine", "unknown")


def check(folder: str | os.PathLike[str]) -> list[Checked]:
    """Every figure below a folder, drawn again and compared.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    list of Checked
        Of all files that may carry a stamp, by their paths.

    Raises
    ------
    ConvmatError
        For what is no folder that can be read.

    Examples
    --------
    >>> from convmat.figures import gallery, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(gallery.draw("matrix_plot", {}), f"{folder}/matrix.svg")
    ...     before = [found.verdict for found in check(folder)]
    ...     size = path.write_bytes(path.read_bytes().replace(b"#e69f00", b"#ff0000"))
    ...     after = [found.verdict for found in check(folder)]
    >>> before, after
    (['fine'], ['edited'])
    """
    return list(checked(files_in(folder)))


def checked(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Checked]:
    """Each file as `check` sees it; neighbours of one figure have it drawn once.

    Yields
    ------
    Checked

    Raises
    ------
    ConvmatError
        For a file that can't be read.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "notes.txt")
    ...     size = path.write_text("no figure")
    ...     [found.verdict for found in checked([path])]
    ['unknown']
    """
    again = _Again()
    for path in paths:
        yield _judged(Path(path), again)


def files_in(folder: str | os.PathLike[str]) -> list[Path]:
    """The files below a folder that may carry a stamp, in order.

    Raises
    ------
    ConvmatError
        For what is no folder that can be read.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.svg", "a.png", "c.csv"):
    ...         Path(folder, name).touch()
    ...     [path.name for path in files_in(folder)]
    ['a.png', 'b.svg']
    """
    top = Path(folder)
    if not top.is_dir():
        raise ConvmatError("folder", "must be a folder that exists", str(folder))
    try:
        return sorted(_below(top))
    except OSError as error:
        why = error.strerror or ""
        raise ConvmatError("folder", "must be readable", str(folder), why) from None


def _below(top: Path) -> Iterator[Path]:
    for path in top.iterdir():
        hidden = path.name.startswith(".")
        if path.is_dir() and not path.is_symlink() and not hidden:
            yield from _below(path)
        elif path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield path


def _judged(file: Path, again: _Again) -> Checked:
    """The verdict of one file, whatever it holds.

    Raises
    ------
    ConvmatError
        For a file that can't be read.
    """
    suffix = file.suffix.lower()
    try:
        if file.stat().st_size > _LARGEST:
            return Checked(file, "unknown", "larger than any of the gallery's")
        content = file.read_bytes()
    except OSError as error:
        rule = "must be a file that can be read"
        raise ConvmatError("path", rule, str(file), str(error.strerror)) from None
    try:
        note = read(content, suffix)
        if note is None:
            lost = _lost(file, content)
            return Checked(file, "edited" if lost else "unknown", lost or "no stamp")
        rest = take(content, suffix)[1]
    except ConvmatError as error:
        why = f"the {error.argument} {error.rule}"
        ours = _NAME in content or _lost(file, content)
        return Checked(file, "edited" if ours else "unknown", why)
    if note.get("content") != content_digest(rest, note):
        return Checked(file, "edited", "its content is not what was written")
    wrong = _malformed(note)
    if wrong:
        return Checked(file, "edited", wrong)
    asked = f"{note['spec']['figure']}-{note['spec']['theme']}"
    if _NAMES.get(file.stem, asked) != asked:
        return Checked(file, "edited", f"by its stamp it is {asked!r}")
    verdict, why = again.verdict(content, suffix, note)
    return Checked(file, verdict, why)


def _lost(file: Path, content: bytes) -> str:
    """Why a file without a stamp must have had one; empty where nothing says so."""
    if any(trace in content for trace in _TRACES):
        return "its stamp is not as it was written"
    if file.stem in _NAMES:
        return "it has the name of a figure of the gallery, and no stamp"
    return ""


def _malformed(note: Mapping[str, Any]) -> str:
    """What is not as a stamp has it; empty where all is."""
    spec, dpi = note.get("spec"), note.get("dpi")
    if not isinstance(spec, dict) or set(spec) != {"figure", "options", "theme"}:
        return "the stamp has no specification"
    options = spec["options"]
    texts = [spec["figure"], spec["theme"]]
    if isinstance(options, dict):
        texts += [*options, *options.values()]
    if not isinstance(options, dict) or not all(isinstance(t, str) for t in texts):
        return "the specification in the stamp is not made of texts"
    if max(map(len, texts)) > _LONGEST:
        return f"a text in the stamp has more than {_LONGEST:,} characters"
    if not isinstance(dpi, int) or isinstance(dpi, bool) or not 0 < dpi <= _DPI:
        return f"the dpi in the stamp are no whole number from 1 to {_DPI:,}"
    return ""


class _Again:
    """The figure that was drawn again last."""

    def __init__(self) -> None:
        self.spec: Mapping[str, Any] | None = None
        self.drawn: Any = None
        self.data = ""

    def draw(self, spec: Mapping[str, Any]) -> None:
        """Draw what is asked for, unless it was the last."""
        if spec != self.spec:
            self.spec = None
            self.drawn = draw(spec["figure"], spec["options"], theme=spec["theme"])
            self.data, self.spec = data_digest(self.drawn), spec

    def verdict(
        self, content: bytes, suffix: str, note: Mapping[str, Any]
    ) -> tuple[Verdict, str]:
        """What the specification gives today, beside what the file holds."""
        try:
            self.draw(note["spec"])
        except (ConvmatError, ConvmatTypeError) as error:
            return "stale", f"it is drawn no more: {error}"
        if note.get("data") != self.data:
            return "stale", "the same options give another figure today"
        made_by = note.get("convmat"), note.get("matplotlib")
        if made_by != (own_version(), mpl.__version__):
            return "fine", "of other versions: its data is the same, no more is known"
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / f"figure{suffix}"
            try:
                save(self.drawn, target, dpi=note["dpi"])
            except ConvmatError as error:
                return "stale", f"it is saved so no more: {error}"
            if same_picture(content, target.read_bytes(), suffix):
                return "fine", ""
        return "stale", "drawn again by the same versions it is another file"
