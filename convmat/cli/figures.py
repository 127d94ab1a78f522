"""`convmat figures`: the gallery as files, its list, and the check of files."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from convmat.cli.figure_check import print_check
from convmat.cli.figure_list import print_list
from convmat.cli.folder import ready, writing_to
from convmat.cli.options import add_command
from convmat.errors import ConvmatError
from convmat.figures.gallery import Entry, entry, names, spec_hash
from convmat.figures.gallery.words import refuse_unknown
from convmat.figures.style import THEMES
from convmat.matrix.bars import bar
from convmat.shorthand import read_integer

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat figures --list
  convmat figures --out pictures
  convmat figures matrix_plot --list
  convmat figures matrix_plot --input 5x5 --kernel 3x3 --padding 1 --out out
  convmat figures wires matrix_equation --format svg,pdf --out pictures
  convmat figures --preset padding_strides --out pictures
  convmat figures --check pictures
"""

_FEW = 2  # figures that an option names


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "figures",
        _run,
        "figures for documentation, drawn from the operator",
        "Without a name the whole gallery. Each file is NAME-THEME.FORMAT, or after a "
        "preset without a figure PRESET-THEME.FORMAT, and carries how it was asked "
        "for; --check draws it again and tells files that were edited or have gone "
        "stale, and ends with 1 if there are any.",
        _EXAMPLES,
    )
    # All options by their names are no line that one reads.
    parser.usage = (
        "convmat figures [FIGURE ...] --out DIR [--format FORMATS]\n"
        "                       [--theme THEMES] [--dpi N] [--no-progress]\n"
        "                       [--preset PRESET] [options of figures]\n"
        "       convmat figures [FIGURE ...] --list [--json]\n"
        "       convmat figures --check DIR [--json]"
    )
    add = parser.add_argument
    add(
        "names", nargs="*", metavar="FIGURE", help="which figures; all if none is named"
    )
    add("--out", metavar="DIR", help="the folder for the files; made if missing")
    add(
        "--format",
        metavar="FORMATS",
        help="kinds of file, such as svg,png (default: svg, and gif for what moves)",
    )
    add(
        "--theme",
        default="light,dark",
        metavar="THEMES",
        help="light, dark or both (default: %(default)s)",
    )
    add("--dpi", default="150", metavar="N", help="dots per inch of a PNG")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--list",
        action="store_true",
        help="names, captions and presets; of FIGURE, options",
    )
    what.add_argument("--check", metavar="DIR", help="check the files below a folder")
    add("--json", action="store_true", help="the list, or the check, as JSON")
    add("--no-progress", action="store_true", help="show no progress bar")
    own = parser.add_argument_group(
        "options of figures",
        "Each figure has some of them, and its own defaults: FIGURE --list shows them.",
    )
    own.add_argument(
        "--preset",
        metavar="PRESET",
        help="settings with a name; without FIGURE the figure that they were made for",
    )
    for name, told in _options().items():
        own.add_argument(f"--{name}", metavar=name.upper(), help=told)


def _options() -> dict[str, str]:
    """The options of all figures: what most of them say, and of which, if of few."""
    users: dict[str, list[tuple[str, str]]] = {}
    for name in names():
        for option in entry(name).options:
            users.setdefault(option.name, []).append((name, option.help))
    told = {}
    for option_name, all_of in users.items():
        ((usual, _),) = Counter(words for _, words in all_of).most_common(1)
        few = [name for name, _ in all_of] if len(all_of) <= _FEW else []
        told[option_name] = f"{usual} ({', '.join(few)})" if few else usual
    return told


def _run(options: argparse.Namespace) -> int:
    for name in options.names:
        rule = "must be a figure of the gallery, as convmat figures --list shows them"
        refuse_unknown("FIGURE", rule, name, names())
    if options.check is not None:
        beside = ["FIGURE"] if options.names else [f"--{o}" for o in _given(options)]
        beside += ["--out"] if options.out is not None else []
        if beside:
            raise ConvmatError(beside[0], "must not stand beside --check", None)
        hidden = options.no_progress or None
        return print_check(options.check, as_json=options.json, hidden=hidden)
    asked = [entry(name) for name in dict.fromkeys(options.names)]
    if options.list:
        print_list(asked, as_json=options.json)
        return 0
    return _draw(options, asked)


def _draw(options: argparse.Namespace, asked: list[Entry]) -> int:
    """Draw and save; everything that can be refused is refused before."""
    if options.json:
        raise ConvmatError("--json", "must stand beside --list or --check", None)
    stem = None
    if options.preset and not asked:
        asked, stem = [entry(_made_for(options.preset))], options.preset
    formats = None
    if options.format is not None:
        formats = _listed("--format", options.format, _formats(asked or _all()))
    themes = _listed("--theme", options.theme, THEMES)
    dpi = read_integer("--dpi", options.dpi, 1, 2400)
    given = _given(options)
    if not options.out:
        rule = "must name a folder for the files"
        raise ConvmatError("--out", rule, options.out)
    if given and not asked:
        option = f"--{next(iter(given))}"
        raise ConvmatError(option, "must stand beside the name of a figure", None)
    for one in asked:
        spec_hash(one.name, given)  # which refuses an option that it does not have
        for suffix in formats or ():
            rule = f"must be a format of {one.name}: {', '.join(one.formats)}"
            refuse_unknown("--format", rule, suffix, one.formats)
    files = [
        (
            one,
            theme,
            [suffix for suffix in formats or one.formats[:1] if suffix in one.formats],
        )
        for one in asked or _all()
        for theme in themes
    ]
    ready(options.out)
    count = _save(files, given, options.out, stem, dpi, hidden=options.no_progress)
    plural = "file" if count == 1 else "files"
    print(f"{count} {plural} in {Path(options.out).resolve()}")
    return 0


def _save(
    files: list[tuple[Entry, str, list[str]]],
    given: Mapping[str, str],
    out: str,
    stem: str | None,
    dpi: int,
    *,
    hidden: bool,
) -> int:
    """How many files were written."""
    from convmat import figures

    total = sum(len(suffixes) for _, _, suffixes in files)
    progress = bar("convmat figures", total, " files", hidden=hidden or None)
    with progress, writing_to(out):
        for one, theme, suffixes in files:
            if not suffixes:
                continue
            drawn: Any = figures.gallery.draw(one.name, given, theme=theme)
            for suffix in suffixes:
                path = Path(out) / f"{stem or one.name}-{theme}.{suffix}"
                figures.save(drawn, path, dpi=dpi)
                progress.update()
    return total


def _given(options: argparse.Namespace) -> dict[str, str]:
    """The options of figures that were typed."""
    known = vars(options)
    return {
        name: known[name.replace("-", "_")]
        for name in ("preset", *_options())
        if known[name.replace("-", "_")] is not None
    }


def _made_for(name: str) -> str:
    """The figure of a preset.

    Raises
    ------
    ConvmatError
        For a preset that there is not.
    """
    from convmat.figures.gallery import PRESETS

    rule = "must be a preset of the gallery, as convmat figures --list shows them"
    refuse_unknown("--preset", rule, name, PRESETS)
    return PRESETS[name].figure


def _all() -> list[Entry]:
    return [entry(name) for name in names()]


def _formats(asked: Iterable[Entry]) -> list[str]:
    """What at least one of the figures can be saved as."""
    return list(dict.fromkeys(suffix for one in asked for suffix in one.formats))


def _listed(option: str, text: str, allowed: Iterable[str]) -> list[str]:
    """`svg,png` as a list; each word once.

    Raises
    ------
    ConvmatError
        For a word that is not allowed.
    """
    known = list(allowed)
    words = [word.strip() for word in text.split(",")]
    for word in words:
        rule = f"must be of {', '.join(known)}, with commas between them"
        refuse_unknown(option, rule, word, known)
    return list(dict.fromkeys(words))
