"""Refusing a word that is not known, with the nearest one that is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from convmat.errors import ConvmatError

__all__ = ["refuse_unknown"]


def refuse_unknown(
    argument: str, rule: str, word: str, known: Iterable[str], value: str | None = None
) -> None:
    """Return silently when a word is known.

    Parameters
    ----------
    argument, rule : str
        For the error.
    word : str
    known : iterable of str
    value : str, optional
        What the error says has come; by default the word.

    Raises
    ------
    ConvmatError
        If not, with the nearest one that is.
    """
    words = list(known)
    if word not in words:
        close = get_close_matches(str(word), words, 1)
        remedy = f"did you mean {close[0]}?" if close else ""
        raise ConvmatError(argument, rule, word if value is None else value, remedy)
