"""The bar of a training run, and sentences above it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self, TypeAlias

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Bar", "bar", "say"]

Bar: TypeAlias = "tqdm[Any] | NoBar"
"""A bar of tqdm, or none with the same methods."""


class NoBar:
    """Nothing. tqdm takes as long to load as all layers together."""

    disable = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self) -> None:
        """One more is done."""

    def set_description(self, desc: str, *, refresh: bool) -> None:
        """What is shown before the bar."""

    def set_postfix(self, ordered_dict: dict[str, str], *, refresh: bool) -> None:
        """What is shown behind it."""


def bar(name: str, total: int, *, initial: int = 0, unit: str, progress: bool) -> Bar:
    """A bar on stderr for what takes longer than a second.

    Parameters
    ----------
    name : str
        Shown before the bar.
    total, initial : int
        How many there are, and how many are done.
    unit : str
        What is counted.
    progress : bool
        Whether there is one, on a terminal.
    """
    if not progress or not sys.stderr.isatty():
        return NoBar()
    from tqdm.auto import tqdm

    return tqdm(
        None, name or None, total, initial=initial, unit=unit, disable=None, delay=1
    )


def say(sentence: str) -> None:
    """One line on stderr, above any bar."""
    from tqdm.auto import tqdm

    tqdm.write(sentence, file=sys.stderr)
