"""The plainest geometry that has a matrix: guesses, held against every entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from convmat.matrix.bars import bar
from convmat.structure.entries import Entries
from convmat.structure.found import Found, Task, checked
from convmat.structure.guess import Guess
from convmat.structure.projection import WHOLE, numbers
from convmat.structure.readings import Reading
from convmat.structure.search import NOISE, Search

__all__ = ["plainest"]

_TRIED = 64  # guesses that are held against every entry
_LARGE = 1 << 12  # entries from which the first guess that holds is the answer


def plainest(
    task: Task,
    entries: Entries,
    readings: list[Reading],
    enough: Callable[[], bool] = lambda: False,
) -> Found | None:
    """The plainest geometry that has the matrix.

    Parameters
    ----------
    task : Task
    entries : Entries
        The matrix of the task, or the same in another order.
    readings : list of Reading
    enough : callable
        Asked when a first look has found nothing: whether a closer one is idle.
    """
    rough = numbers(entries)
    # Errors of chance add up along the rows and columns that are summed.
    scale: float = float(entries.largest) or 1.0
    slack = 4 * float(task.tolerance) / scale * float(max(entries.shape)) ** 0.5
    if task.mean:
        return _looked_into(task, entries, rough, readings, enough, slack)
    found = _looked_into(task, entries, rough, readings, enough, 0.0)
    # Short floats: what was added up, in padding filled from the input, was rounded.
    if slack > NOISE and (found is None or found.loose):
        again = _looked_into(task, entries, rough, readings, enough, slack)
        if again is not None and not again.loose:
            return again
    return found


def _looked_into(
    task: Task,
    entries: Entries,
    rough: Entries,
    readings: list[Reading],
    enough: Callable[[], bool],
    slack: float,
) -> Found | None:
    """What is found by looking closer and closer."""
    found, passed = None, True
    for depth in (0, 1, 2) if len(entries.indices) > WHOLE else (0, 1):
        if depth == 1 and not passed:  # there was nothing else to look at
            continue
        search = Search(rough, slack, depth, task.effort)
        found = _searched(task, entries, readings, search) or found
        passed = search.passed
        if found is not None and not (depth == 0 and passed and found.loose):
            break
        if depth == 0 and found is None and enough():
            break
    return found


def _searched(
    task: Task, entries: Entries, readings: list[Reading], search: Search
) -> Found | None:
    guesses: list[tuple[tuple[Any, ...], Guess]] = []
    trivials: list[tuple[tuple[Any, ...], Guess]] = []
    large, found = len(entries.indices) > _LARGE, None
    hidden = None if task.progress is None else not task.progress
    with bar("readings", len(readings), " shapes", hidden=hidden) as shown:
        for number, reading in enumerate(readings):
            for guess in _guesses(search, reading):
                trivial, taps, *rest = guess.rank
                if trivial or taps > search.fewest:
                    trivials.append(((taps, number, *rest), guess))
                elif not large:
                    guesses.append(((taps, number, *rest), guess))
                elif found is None or taps < found.guess.geometry.free_parameters:
                    better = checked(task, entries, guess)
                    if better is not None and not better.trivial:
                        found, search.fewest = better, taps
                        break
            shown.update()
            if found is not None and found.least:
                break
    if found is not None:
        return found
    for some in (guesses, trivials):
        some.sort(key=lambda each: each[0])
        for _, guess in some[:_TRIED]:
            other = checked(task, entries, guess)
            found = found or other
            if other is not None and not other.trivial:
                return other
    return found


def _guesses(search: Search, reading: Reading) -> Iterator[Guess]:
    return search.guesses(
        reading.in_channels,
        reading.inputs,
        reading.outputs,
        reading.has_channels,
        reading.out_channels,
    )
