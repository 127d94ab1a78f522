"""`sweep`: `prove` over a whole box, in chunks that any machine may compare."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry.integers import integer
from convmat.verify.boxes import Box
from convmat.verify.proof import Proof
from convmat.verify.routes import ROUTES, Route
from convmat.verify.sample import read_seed
from convmat.verify.sweep_chunk import Job, Tally, code_digest, run_chunk
from convmat.verify.sweep_file import SweepFile

__all__ = ["sweep"]

_AHEAD = 512  # chunks that wait at the executor
_CHUNKS = 256  # into which a box falls, when they are neither short nor long
_SHORT, _LONG = 64, 1024


def sweep(
    box: Box,
    *,
    routes: Iterable[Route] | None = None,
    executor: Any = None,
    results: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    chunk: int | None = None,
    seed: int = 0,
) -> Proof:
    """`convmat.verify.prove` over every geometry of a box, on many processes.

    The box is cut into chunks by number. What comes out does not depend on who compared
    a chunk, in which order they came back, or how often the sweep was cut off: a
    failure is the first of the box, and the counts are those up to it.

    Parameters
    ----------
    box : Box
        `Box.of(...)`, or one of `convmat.verify.BOXES`.
    routes : iterable of Route, optional
        All of `convmat.verify.ROUTES` by default. Other routes need functions that
        another process finds by name.
    executor : concurrent.futures.Executor or distributed.Client, optional
        Who compares; by default this process. It is left open.
    results : path, optional
        A file of the chunks that are done, to which each is added. A sweep that was
        killed goes on from it.
    progress : bool, optional
        Whether a run of more than two seconds shows a bar; by default in a terminal
        only.
    chunk : int, optional
        Geometries of a chunk; by default 64 to 1,024.
    seed : int
        Seed of the random integers of the tested part.

    Returns
    -------
    Proof

    Raises
    ------
    ConvmatError
        For a results file of another sweep, a worker that died or runs other code, and
        the like.
    ConvmatTypeError
        For what cannot be sent to another process, and for no executor.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from convmat.verify import Box
    >>> box = Box.of(rank=1, max_size=3, strides=1)
    >>> len(box)
    52
    >>> with ThreadPoolExecutor(2) as threads:
    ...     proof = sweep(box, executor=threads, chunk=10)
    >>> proof.passed, proof.geometries
    (True, 52)
    """
    from tqdm import tqdm

    start = time.perf_counter()
    if not isinstance(box, Box):
        remedy = "Box.of(...) makes one; prove takes any geometries"
        raise ConvmatTypeError("box", "must be a Box", box, remedy)
    chosen = list(ROUTES.values() if routes is None else routes)
    job = Job.of(box, chosen, read_seed(seed))
    size = len(box)
    step = _step(chunk, size)
    with ExitStack() as stack:
        file = None
        if results is not None:
            file = stack.enter_context(SweepFile(Path(results), job.header()))
        tallies = [] if file is None else list(file.done)
        resumed = sum(tally.geometries for tally in tallies)
        if executor is None:
            fresh = _here(job, _missing(tallies, size, step))
        else:
            fresh = _elsewhere(job, _missing(tallies, size, step), executor, stack)
        # None shows the bar on a terminal only.
        hidden = None if progress is None else not progress
        bar = tqdm(desc="prove", total=size, initial=resumed, delay=2, disable=hidden)
        with bar:
            for tally in fresh:
                if file is not None:
                    file.append(tally)
                tallies.append(tally)
                bar.update(tally.geometries)
    return _proof(job, tallies, resumed, time.perf_counter() - start)


def _step(chunk: int | None, size: int) -> int:
    if chunk is None:
        return max(_SHORT, min(_LONG, size // _CHUNKS))
    if (step := integer("chunk", chunk, chunk)) < 1:
        raise ConvmatError("chunk", "must be at least 1", step)
    return step


def _missing(done: list[Tally], size: int, step: int) -> Iterator[tuple[int, int]]:
    """What is not done, in chunks.

    Yields
    ------
    (int, int)
        Start and stop, in the order of the box.
    """
    place = 0
    for gap, after in [*((t.start, t.stop) for t in done), (size, size)]:
        for start in range(place, gap, step):
            yield start, min(start + step, gap)
        place = after


def _here(job: Job, chunks: Iterator[tuple[int, int]]) -> Iterator[Tally]:
    for start, stop in chunks:
        tally = run_chunk(job, start, stop)
        yield tally
        if tally.failure is not None:
            return


def _elsewhere(
    job: Job, chunks: Iterator[tuple[int, int]], executor: Any, stack: ExitStack
) -> Iterator[Tally]:
    """The tallies in the order in which they come back.

    Once there is a failure, only chunks before it are waited for.

    Raises
    ------
    ConvmatError
        When a process of the executor ends.

    Yields
    ------
    Tally
    """
    pool = _executor(executor, stack)
    if not isinstance(pool, ThreadPoolExecutor):
        job.check_travels()
    waiting: dict[Future[Tally], int] = {}
    stack.callback(_cancel, waiting)  # also when the sweep is stopped
    limit = len(job.box)
    more = True
    try:
        while more or waiting:
            while more and len(waiting) < _AHEAD:
                start, stop = next(chunks, (limit, limit))
                more = start < limit
                if more:
                    waiting[pool.submit(run_chunk, job, start, stop)] = start
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                if waiting.pop(future) > limit:
                    continue
                tally = future.result()
                _check_code(job, tally)
                yield tally
                if tally.failure is not None:
                    limit = min(limit, tally.start)
            for future, start in list(waiting.items()):
                if start > limit:
                    future.cancel()
                    del waiting[future]
    except BrokenExecutor as error:
        rule = "must stay alive; one of its processes ended, killed or out of memory"
        remedy = "sweep again with the same results file, and it goes on from there"
        raise ConvmatError("executor", rule, str(error), remedy) from error


def _executor(executor: Any, stack: ExitStack) -> Executor:
    """The executor itself, or that of a Dask client."""
    if isinstance(executor, Executor):
        return executor
    if callable(getattr(executor, "get_executor", None)):
        client: Executor = stack.enter_context(executor.get_executor(pure=False))
        return client
    rule = "must be a concurrent.futures.Executor or a distributed.Client"
    raise ConvmatTypeError("executor", rule, executor)


def _cancel(waiting: dict[Future[Tally], int]) -> None:
    for future in waiting:
        future.cancel()


def _check_code(job: Job, tally: Tally) -> None:
    if tally.code != code_digest(job.routes):
        rule = "must run the same code as this process"
        remedy = "install the same version of convmat on all machines"
        raise ConvmatError("executor", rule, f"a worker of {tally.code}", remedy)


def _proof(job: Job, tallies: list[Tally], resumed: int, seconds: float) -> Proof:
    """The sum of all tallies up to the first failure."""
    failed = [tally for tally in tallies if tally.failure is not None]
    first = min(failed, key=lambda tally: tally.start, default=None)
    counted = [t for t in tallies if first is None or t.start <= first.start]
    return Proof(
        box=job.box.name,
        routes=job.route_names(),
        geometries=sum(tally.geometries for tally in counted),
        entries=sum(tally.entries for tally in counted),
        tested=sum(tally.tested for tally in counted),
        seed=job.seed,
        seconds=seconds,
        failure=None if first is None else first.failure,
        resumed=resumed,
    )
