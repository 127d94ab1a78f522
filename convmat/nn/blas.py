"""One thread for BLAS, while a learner works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_blas_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within the block BLAS multiplies in one thread; then as before.

    The products of small networks are too short to share: two threads of OpenBLAS take
    longer than one, and much longer where other processes run. And the last bits of a
    sum depend on how many share it, which a machine decides and a seed does not.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
