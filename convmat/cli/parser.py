"""A parser whose errors are one sentence, as those of the library are."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

__all__ = ["Parser"]

# What argparse says, in all versions, and how we say it.
_SENTENCES = (
    (r"argument (.+?): expected (?:one|1) argument", r"\1 needs a value"),
    (r"argument (.+?): not allowed with argument (.+)", r"\1 cannot stand beside \2"),
    (r"argument (.+?): invalid int value: (.*)", r"\1 must be an integer, got \2"),
    (r"argument (.+?): ignored explicit argument (.*)", r"\1 takes no value, got \2"),
    (r"ambiguous option: (.+?) could match (.+)", r"\1 is short for several: \2"),
    (r"the following arguments are required: (.+)", r"\1 is missing"),
)
_CHOICE = r"argument (.+?): invalid choice: (.+?) \(choose from (.+)\)"


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that says what is wrong, what was meant, where to read on.

    It exits with 2, as any does.

    Examples
    --------
    >>> parser = Parser(prog="convmat matrix")
    >>> _ = parser.add_argument("--input")
    >>> parser.sentence("unrecognized arguments: --inpt 3x3")
    '--inpt is no option; did you mean --input?'
    """

    def parse_known_args(  # type: ignore[override]  # the base has overloads
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Refuse unknown words here: argparse leaves them to the parser above.

        It does not know the options of this one, and shows another help.
        """
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

    def _print_message(self, message: str, file: Any = None) -> None:
        """As the base, which would not say that help cannot be written."""
        if message:
            (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Print one sentence, and end with 2."""
        sentence = self.sentence(message)
        print(f"convmat: {sentence} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)

    def sentence(self, message: str) -> str:
        """What argparse says, in our words."""
        first, _, words = message.partition("unrecognized arguments: ")
        if words and not first:
            return self._unknown(words)
        if found := re.fullmatch(_CHOICE, message):
            name, got, choices = found.groups()
            got, allowed = got.strip("'"), re.sub("'", "", choices)
            rule = f"{name} must be one of {allowed}, got {got}"
            return rule + _meant(got, allowed.split(", "))
        for pattern, ours in _SENTENCES:
            if re.fullmatch(pattern, message):
                return re.sub(pattern, ours, message)
        return message

    def _unknown(self, words: str) -> str:
        word = words.split()[0]
        if not word.startswith("-"):
            return f"{word} is one word too many"
        word = word.partition("=")[0]
        return f"{word} is no option" + _meant(word, list(self._option_string_actions))


def _meant(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, 1)
    return f"; did you mean {close[0]}?" if close else ""
