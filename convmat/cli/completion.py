"""`--print-completion`: a script that teaches a shell our commands and options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from convmat.figures.gallery import entry, names
from convmat.geometry import DIALECTS

__all__ = ["SHELLS", "add_to"]

SHELLS = ("bash", "zsh", "tcsh")
_PADS = ("valid", "same", "same_lower", "full")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the option to the parser of the whole command line."""
    parser.add_argument(
        "--print-completion",
        choices=SHELLS,
        action=_Print,
        help="print a completion script; source it, or put it where your shell looks "
        "(needs the extra completion)",
    )


class _Print(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        try:
            import shtab
        except ImportError:
            need = (
                'shell completion needs shtab: pip install "convmat[completion]", '
                'or in a clone pip install -e ".[completion]"'
            )
            parser.exit(2, f"convmat: {need}\n")
        kinds = {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY}
        words = _words()
        for action in _actions(parser):
            if action.metavar in kinds:
                action.complete = kinds[action.metavar]  # type: ignore[attr-defined]
            elif action.metavar == "PADS":
                # Numbers would not pass as choices, but this run reads no padding.
                colon = r"\:" if values == "zsh" else ":"
                action.choices = (*_PADS, *(f"same{colon}{name}" for name in DIALECTS))
            elif action.metavar in words:
                action.choices = words[action.metavar]
        print(shtab.complete(parser, shell=str(values)))
        parser.exit(0)


def _words() -> dict[object, tuple[str, ...]]:
    """What may stand for a word of the help, where lists of them may stand too."""
    from convmat.experiments.chapter13 import RUNS
    from convmat.figures.gallery import PRESETS

    formats = (one for name in names() for one in entry(name).formats)
    options = [option for name in names() for option in entry(name).options]
    return {
        **{option.name.upper(): option.choices for option in options if option.choices},
        "RUNS": tuple(RUNS),
        "FIGURE": names(),
        "PRESET": tuple(PRESETS),
        "FORMATS": tuple(dict.fromkeys(formats)),
        "THEMES": ("light", "dark"),
    }


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The arguments of a parser and of those below it."""
    found = []
    for action in parser._actions:
        found.append(action)
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                found += _actions(below)
    return found
