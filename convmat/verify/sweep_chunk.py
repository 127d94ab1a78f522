"""One chunk of a sweep, compared wherever it is sent: `Job` and `Tally`."""

from __future__ import annotations

import hashlib
import inspect
import pickle
import time
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from convmat.errors import ConvmatTypeError
from convmat.verify.bounds import Bounds
from convmat.verify.boxes import Box
from convmat.verify.comparison import Comparison, in_blocks
from convmat.verify.counterexample import Counterexample
from convmat.verify.routes import ROUTES, Route
from convmat.version import own_version

__all__ = ["Job", "Tally", "code_digest", "run_chunk"]


@dataclass(frozen=True, slots=True)
class Tally:
    """What one chunk of a box came to.

    Attributes
    ----------
    start, stop : int
        Numbers of its first geometry, and of the one after its last.
    geometries, entries, tested : int
        What was compared; see `convmat.verify.Proof`.
    seconds : float
        Time that it took where it ran.
    code : str
        Digest of the code that ran.
    failure : Counterexample or None
        The first; what comes after it was not compared.
    """

    start: int
    stop: int
    geometries: int
    entries: int
    tested: int
    seconds: float
    code: str
    failure: Counterexample | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What all chunks of a sweep share; it goes to other processes as it is.

    Attributes
    ----------
    box : Box
    routes : tuple of str or Route
        Those of `convmat.verify.ROUTES` by name.
    seed : int

    Examples
    --------
    >>> from convmat.verify import BOXES
    >>> job = Job.of(BOXES["axis-6"], [ROUTES["fast"]], seed=0)
    >>> job.routes, run_chunk(job, 100, 200).geometries
    (('fast',), 100)
    """

    box: Box
    routes: tuple[str | Route, ...]
    seed: int

    @classmethod
    def of(cls, box: Box, routes: list[Route], seed: int) -> Job:
        """The job, with the routes of the registry by name."""
        known = set(ROUTES.values())
        named = (each.name if each in known else each for each in routes)
        return cls(box, tuple(named), seed)

    def route_names(self) -> tuple[str, ...]:
        """The names of the routes."""
        return tuple(r if isinstance(r, str) else r.name for r in self.routes)

    def header(self) -> dict[str, Any]:
        """What results must have in common to be results of one sweep."""
        return {
            "box": self.box.name,
            "description": self.box.description,
            "geometries": len(self.box),
            "contents": _contents(self.box),
            "routes": list(self.route_names()),
            "seed": self.seed,
            "version": own_version(),
            "code": code_digest(self.routes),
        }

    def check_travels(self) -> None:
        """Refuse a box or a route that cannot be sent to another process.

        Raises
        ------
        ConvmatTypeError
            When it cannot be pickled by name.
        """
        for name, part in (("box", self.box), *(("routes", r) for r in self.routes)):
            try:
                pickle.dumps(part)
            except Exception as error:
                rule = (
                    "must be made of functions that another process finds by name "
                    "beside this executor"
                )
                remedy = "define them with def at the top level of a module"
                told = f"{part.name}: {error}" if not isinstance(part, str) else part
                raise ConvmatTypeError(name, rule, told, remedy) from None


def run_chunk(job: Job, start: int, stop: int) -> Tally:
    """Compare geometries `start` to `stop` of the job's box, up to the first wrong one.

    The numbers do not depend on where it runs, nor on what ran before.
    """
    began = time.perf_counter()
    routes = tuple(ROUTES[r] if isinstance(r, str) else r for r in job.routes)
    comparison = Comparison(routes, job.seed)
    failure = None
    for block in in_blocks(job.box.between(start, stop)):
        failure = comparison.first_wrong(block, start + comparison.geometries)
        if failure is not None:
            break
    return Tally(
        start,
        stop,
        comparison.geometries,
        comparison.entries,
        comparison.tested,
        time.perf_counter() - began,
        code_digest(job.routes),
        None if failure is None else _sendable(failure),
    )


def _sendable(failure: Counterexample) -> Counterexample:
    """The same, with an error that another process can read."""
    try:
        pickle.loads(pickle.dumps(failure.got))  # our own object, made here
    except Exception:
        told = f"{type(failure.got).__name__}: {failure.got}"
        return replace(failure, got=RuntimeError(told))
    return failure


def code_digest(routes: tuple[str | Route, ...]) -> str:
    """Of the sources of this package, and of the modules that other routes are from.

    Two runs with equal digests ran the same code, on whatever machines.
    """
    digest = hashlib.sha256(_package_digest())
    for route in routes:
        if isinstance(route, Route):
            for function in (route.apply, route.input_grad, route.kernel_grad):
                digest.update(_source_of(function))
    return digest.hexdigest()[:16]


@cache
def _package_digest() -> bytes:
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.digest()


def _source_of(function: Any) -> bytes:
    try:
        path = inspect.getsourcefile(function)
        return b"" if path is None else Path(path).read_bytes()
    except (TypeError, OSError):  # built in, or typed at a prompt
        return repr(function).encode()


def _contents(box: Box) -> str:
    """A digest of the geometries, by their bounds or one by one."""
    if isinstance(box.geometries, Bounds):
        return hashlib.sha256(repr(box.geometries).encode()).hexdigest()[:16]
    digest = hashlib.sha256()
    for g in box:
        digest.update(f"{g!r}\n".encode())
    return digest.hexdigest()[:16]
