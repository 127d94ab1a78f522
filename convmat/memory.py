"""How much may be asked for, and the refusal before anything is allocated."""

from __future__ import annotations

import operator
import os
from functools import cache

from convmat.errors import ConvmatError, ConvmatTypeError, MatrixTooLargeError

__all__ = ["SHARE", "physical_bytes", "refuse_beyond"]

SHARE = 0.5
"""Share of physical memory that one result may take when the caller names no limit."""

_ASSUMED = 4 << 30  # where the system does not tell its size


@cache
def physical_bytes() -> int:
    """Physical memory of this machine in bytes; 4 GiB where it cannot be asked.

    Examples
    --------
    >>> physical_bytes() > 0
    True
    """
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows, and some sandboxes
        return _ASSUMED


def refuse_beyond(
    what: str, subject: object, needed: int, max_bytes: int | None, remedy: str
) -> None:
    """Return silently when `needed` bytes are allowed.

    Parameters
    ----------
    what : str
        What would be built, for the error: "the matrix of".
    subject : object
        What it would be built of; written out only when refused.
    needed : int
        Bytes that it takes.
    max_bytes : int or None
        Bytes that it may take; None means half of the physical memory.
    remedy : str
        What to use instead.

    Raises
    ------
    MatrixTooLargeError
        When `needed` exceeds the limit.
    ConvmatError, ConvmatTypeError
        When `max_bytes` is no non-negative integer.

    Examples
    --------
    >>> refuse_beyond("the matrix of", "a layer", 800, 1000, "use conv")
    >>> refuse_beyond("the matrix of", "a layer", 800, 100, "use conv")
    Traceback (most recent call last):
        ...
    convmat.errors.MatrixTooLargeError: the matrix of 'a layer' needs 800 bytes,
    max_bytes allows 100 bytes; use conv
    """
    allowed = _limit(max_bytes)
    if needed > allowed:
        raise MatrixTooLargeError(f"{what} {subject!r}", needed, allowed, remedy)


def _limit(max_bytes: int | None) -> int:
    if max_bytes is None:
        return int(SHARE * physical_bytes())
    try:
        limit = operator.index(max_bytes)
    except TypeError:
        limit = None
    if limit is None or isinstance(max_bytes, bool):
        rule = "must be an integer number of bytes, or None for half of the memory"
        raise ConvmatTypeError("max_bytes", rule, max_bytes) from None
    if limit < 0:
        raise ConvmatError("max_bytes", "must be at least 0", max_bytes)
    return limit
