"""`Outcome`: what a watched call gave, and what went wrong on the way."""

from __future__ import annotations

import contextlib
import io
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import filterfalse, islice
from types import FrameType
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape

__all__ = ["Outcome", "Problem", "watched"]

_LONGEST = 120  # characters of an error or of what was printed, in a sentence


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a call should not have done.

    Attributes
    ----------
    kind : str
        `"raised"`, `"hung"`, `"type"`, `"shape"`: there is no result to speak of; or
        `"printed"`, `"view"`, `"modified"`: there is one, but.
    words : str
        The rest of a sentence whose subject is the implementation.
    """

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a call, or None, and its problems.

    Attributes
    ----------
    result : ndarray or None
        As it came, whatever its dtype; None where there is none of the right shape.
    problems : tuple of Problem
    returned : ndarray or None
        The very array that came, of which `result` is a copy: a later call shows
        whether the implementation still writes to it.
    """

    result: Array | None
    problems: tuple[Problem, ...] = ()
    returned: Array | None = None


class _TimeUpError(BaseException):
    """Raised in the midst of a call; no `except Exception` of it may swallow this."""


def watched(
    function: Callable[..., Any],
    arrays: Sequence[Array],
    arguments: Sequence[Any],
    keywords: dict[str, Any],
    shape: Shape,
    seconds: float,
) -> Outcome:
    """Call `function(*arrays, *arguments, **keywords)` and see what it does.

    What it changes in its arguments is put back. Its warnings are not held against it.

    Parameters
    ----------
    function : callable
    arrays : sequence of ndarray
        The arguments that it may not modify, nor return a view of.
    arguments, keywords
        The other arguments.
    shape : tuple of int
        That the result should have.
    seconds : float
        After which the call is given up. One that never leaves compiled code cannot be
        stopped, only left behind.

    Examples
    --------
    >>> import numpy as np
    >>> outcome = watched(np.negative, [np.ones(3)], [], {}, (2,), seconds=1)
    >>> print(outcome.result, outcome.problems[0].words)
    None returned shape (3,), not (2,)
    """
    before = [array.copy() for array in arrays]
    printed = io.StringIO()
    problems: list[Problem] = []
    value: Any = None
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            value = _within(seconds, lambda: function(*arrays, *arguments, **keywords))
    except _TimeUpError:
        problems.append(Problem("hung", f"did not return within {seconds:g} s"))
    except (Exception, SystemExit) as error:
        told = _short(f"{type(error).__name__}: {error}")
        problems.append(Problem("raised", f"raised {told}"))
    else:
        problems += _of_value(value, arrays, shape)
    lost = any(p.kind in ("raised", "hung", "type", "shape") for p in problems)
    # Before arguments are put back: the result may be a view of one.
    result = None if lost else np.array(value)
    if printed.getvalue():
        problems.append(Problem("printed", f"printed {_short(printed.getvalue())!r}"))
    for number, (array, old) in enumerate(zip(arrays, before, strict=True), 1):
        if not _same(array, old):
            if array.flags.writeable:
                array[...] = old
            problems.append(
                Problem("modified", f"modified its argument number {number}")
            )
    returned = None if lost else np.asarray(value)
    return Outcome(result, tuple(problems), returned)


def _of_value(value: Any, arrays: Sequence[Array], shape: Shape) -> Iterator[Problem]:
    """What is wrong with a value that came back."""
    if not isinstance(value, np.ndarray | np.generic):
        kind = type(value).__name__
        yield Problem("type", f"returned a {kind}, not a NumPy array")
        return
    if value.dtype.kind not in "biufcO":
        yield Problem("type", f"returned {value.dtype} values, not numbers")
    if value.dtype == object:
        for entry in islice(filterfalse(_is_number, np.asarray(value).flat), 1):
            kind = type(entry).__name__
            yield Problem("type", f"returned objects that are no numbers, as a {kind}")
    if value.shape != shape:
        yield Problem("shape", f"returned shape {value.shape}, not {shape}")
    if isinstance(value, np.ndarray):
        for number, array in enumerate(arrays, 1):
            if np.may_share_memory(value, array):
                words = f"returned a view of its argument number {number}"
                yield Problem("view", words)


def _is_number(entry: object) -> bool:
    """Whether an object multiplies, and not as a list does."""
    return hasattr(entry, "__mul__") and not hasattr(entry, "__len__")


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """The value of the call, or `_TimeUpError` once its time is up.

    In the main thread an alarm stops it, if nobody else has set one. Elsewhere, and
    where there are no alarms, the call has a thread of its own, which is left alone.
    """
    main = threading.current_thread() is threading.main_thread()
    if (
        main
        and hasattr(signal, "setitimer")
        and not signal.getitimer(signal.ITIMER_REAL)[0]
    ):
        return _with_alarm(seconds, call)
    return _in_thread(seconds, call)


def _with_alarm(seconds: float, call: Callable[[], Any]) -> Any:
    def up(number: int, frame: FrameType | None) -> None:
        raise _TimeUpError

    old = signal.signal(signal.SIGALRM, up)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return call()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, old)


def _in_thread(seconds: float, call: Callable[[], Any]) -> Any:
    ends: list[tuple[bool, Any]] = []

    def work() -> None:
        try:
            ends.append((True, call()))
        except BaseException as error:
            ends.append((False, error))

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if not ends:
        raise _TimeUpError
    well, value = ends[0]
    if not well:
        raise value
    return value


def _same(array: Array, old: Array) -> bool:
    """Whether nothing was changed; NaN is as it was where it was."""
    if array.dtype == object:
        return bool(np.all(array == old))
    return array.tobytes() == old.tobytes()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
