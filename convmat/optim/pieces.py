"""Arrays of one shape, taken piece by piece, so that a step's temporaries are small."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convmat.arrays import Array

__all__ = ["pieces"]

_PIECE = 1 << 18  # entries: enough to hide the calls, few enough to stay in a cache


def pieces(written: Array, *arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Views of the same entries of all arrays, which together cover each entry once.

    A formula that works entry by entry gives the same bits on the pieces as on the
    whole. Arrays that are not C-contiguous come whole, and so does all when another
    array may lie over a part of the one that is written.

    Parameters
    ----------
    written : ndarray
        The array that the formula changes.
    *arrays : ndarray
        Of its shape.

    Yields
    ------
    tuple of ndarray
        `written` and `arrays`, in this order.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.zeros((2, 262144)), np.ones((2, 262144))
    >>> [(p.shape, q.shape) for p, q in pieces(a, b)]
    [((262144,), (262144,)), ((262144,), (262144,))]
    """
    together = (written, *arrays)
    apart = all(a is written or not np.may_share_memory(a, written) for a in arrays)
    if (
        written.size <= _PIECE
        or not apart
        or not all(a.flags.c_contiguous for a in together)
    ):
        yield together
        return
    flat = [a.reshape(-1) for a in together]
    for start in range(0, written.size, _PIECE):
        yield tuple(a[start : start + _PIECE] for a in flat)
