"""Threads that share the chunks of a batch: the only ones there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from convmat.nn.counts import count

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["Workers"]


class Workers:
    """A number of threads, the calling one among them.

    Which worker takes a chunk is fixed, and what chunks sum up to is added in their
    order, so results are the same to the bit for any number of workers.

    Parameters
    ----------
    threads : int
        At least 1; with 1 no thread is made.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For what is no such number.

    Examples
    --------
    >>> done = []
    >>> Workers(1).share(3, [done.append, lambda n: done.append(-n)])
    >>> done
    [0, 0, 1, -1, 2, -2]
    """

    def __init__(self, threads: int) -> None:
        self.threads = count("threads", threads, 1)
        self._pool: ThreadPoolExecutor | None = None
        self._others: list[Future[Any]] = []

    def share(self, chunks: int, functions: Iterable[Callable[[int], None]]) -> None:
        """Call all functions on each chunk; return when the last one has."""
        threads = min(self.threads, chunks)
        if threads < 2:
            _work(range(chunks), functions)
            return
        from concurrent.futures import ThreadPoolExecutor, wait

        wait(self._others)  # Ctrl-C may have come while they were waited for
        self._pool = self._pool or ThreadPoolExecutor(self.threads - 1)
        self._others = [
            self._pool.submit(_work, range(worker, chunks, threads), functions)
            for worker in range(1, threads)
        ]
        try:
            _work(range(0, chunks, threads), functions)
        finally:
            wait(self._others)  # nobody may write to a buffer that is used anew
        for other in self._others:
            other.result()


def _work(chunks: range, functions: Iterable[Callable[[int], None]]) -> None:
    for chunk in chunks:
        for function in functions:
            function(chunk)
