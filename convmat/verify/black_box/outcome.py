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
_AGAIN = 0.1  # seconds after which a call that survived its alarm gets another
_NUMBERS = "iufc"  # kinds of dtype


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

    Examples
    --------
    >>> problem = Problem("shape", "returned shape (3,), not (2,)")
    >>> f"mine {problem.words}"
    'mine returned shape (3,), not (2,)'
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

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> from convmat.verify import implementation
    >>> def mine(x, kernel):
    ...     return x
    >>> x, kernel = np.ones((1, 1, 3)), np.ones((1, 1, 2))
    >>> outcome = implementation(mine).apply(x, kernel, geometry((1, 3), (1, 1, 2)))
    >>> outcome.result is None, outcome.problems[0].words
    (True, 'returned shape (1, 1, 3), not (1, 1, 2)')
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
        After which the call is given up. One that never leaves compiled code, or that
        catches whatever is raised in it for ever, cannot be stopped, only left behind.

    Examples
    --------
    >>> import numpy as np
    >>> outcome = watched(np.negative, [np.ones(3)], [], {}, (2,), seconds=1)
    >>> print(outcome.result, outcome.problems[0].words)
    None returned shape (3,), not (2,)
    """
    before = [array.copy() for array in arrays]
    # Views, so that a shape or a flag that is set stays with the call.
    given = [array.view() for array in arrays]
    printed = io.StringIO()
    problems: list[Problem] = []
    value: Any = None

    def attempt() -> tuple[Any, BaseException | None]:
        try:
            return function(*given, *arguments, **keywords), None
        except (Exception, SystemExit, GeneratorExit) as error:
            # Others are raised by handlers of signals, and are not the call's own.
            return None, error

    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            value, error = _within(seconds, attempt)
    except _TimeUpError:
        problems.append(Problem("hung", f"did not return within {seconds:g} s"))
    else:
        if error is None:
            problems += _of_value(value, arrays, shape)
        else:
            problems.append(Problem("raised", f"raised {_told(error)}"))
    lost = any(p.kind in ("raised", "hung", "type", "shape") for p in problems)
    # Before arguments are put back: the result may be a view of one.
    result = None if lost else np.array(value)
    if printed.getvalue():
        problems.append(Problem("printed", f"printed {_short(printed.getvalue())!r}"))
    sets = zip(arrays, given, before, strict=True)
    for number, (array, handed, old) in enumerate(sets, 1):
        words = f"its argument number {number}"
        if not _same(array, old):
            if array.flags.writeable:
                array[...] = old
            problems.append(Problem("modified", f"modified {words}"))
        if (handed.shape, handed.dtype) != (array.shape, array.dtype):
            told = f"set another shape or dtype on {words}"
            problems.append(Problem("modified", told))
        if handed.flags.writeable != array.flags.writeable:
            problems.append(Problem("modified", f"set the write flag of {words}"))
    returned = None if lost else np.asarray(value)
    return Outcome(result, tuple(problems), returned)


def _of_value(value: Any, arrays: Sequence[Array], shape: Shape) -> Iterator[Problem]:
    """What is wrong with a value that came back."""
    if not isinstance(value, np.ndarray | np.generic):
        kind = type(value).__name__
        article = "an" if kind[0] in "aeiouAEIOU" else "a"
        yield Problem("type", f"returned {article} {kind}, not a NumPy array")
        return
    objects = value.dtype == object and any(array.dtype == object for array in arrays)
    if value.dtype.kind not in _NUMBERS and not objects:
        yield Problem("type", f"returned an array of {value.dtype}, not of numbers")
    for entry in islice(filterfalse(_is_number, value.flat if objects else ()), 1):
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
        signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        raise _TimeUpError

    old = signal.signal(signal.SIGALRM, up)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return call()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        # Once more: an alarm may have come in the midst of the line above.
        signal.setitimer(signal.ITIMER_REAL, 0)
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


def _told(error: BaseException) -> str:
    """The error in words; its class alone where it cannot be put into any."""
    name = type(error).__name__
    try:
        return _short(f"{name}: {error}")
    except Exception:
        return name


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."
