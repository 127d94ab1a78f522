"""`worker_pool`: processes that compare chunks, and end with the one that asks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor

from convmat.errors import ConvmatError
from convmat.geometry.integers import integer

__all__ = ["worker_pool"]


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """A pool of fresh processes for `sweep`, to be used in a `with` block.

    They do not see Ctrl-C, which is for the process that asks; and they end when it is
    killed outright.

    Raises
    ------
    ConvmatError
        When it is below 1.
    ConvmatTypeError
        When it is no integer.

    Examples
    --------
    >>> from convmat.verify import Box, sweep
    >>> with worker_pool(2) as pool:  # doctest: +SKIP
    ...     proof = sweep(Box.of(max_size=8), executor=pool)
    >>> worker_pool(0)
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: workers must be at least 1, got workers=0
    """
    if (count := integer("workers", workers, workers)) < 1:
        raise ConvmatError("workers", "must be at least 1", count)
    # Spawned: a forked process would share the locks of BLAS and of a progress bar.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # nobody is left to say goodbye to
