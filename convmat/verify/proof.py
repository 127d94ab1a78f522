"""`prove`: the maps of every route, compared entry by entry in exact integers.

A convolution is bilinear: linear in the kernel and linear in the input. Such a map is
known from its values on a basis, and those are finitely many integers. They are read
from each route and compared with the tie map; agreement on the whole basis is a proof
for all kernels and inputs, *given* that the route is bilinear. Bilinearity is a
statement about all numbers; it is tested, on random integers, and reported as tested.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sized
from dataclasses import dataclass, field

from convmat.geometry import Geometry
from convmat.verify.boxes import Box
from convmat.verify.codes import LEAST
from convmat.verify.comparison import Comparison, in_blocks
from convmat.verify.counterexample import Counterexample
from convmat.verify.routes import ROUTES, Route
from convmat.verify.sample import read_seed

__all__ = ["Proof", "prove"]


@dataclass(frozen=True, slots=True)
class Proof:
    """What `prove` compared, and the first number that was wrong, if any.

    `str(proof)` tells apart what is proved and what is tested.

    Attributes
    ----------
    box : str
        Name of the box, or "geometries" where they came without a name.
    routes : tuple of str
    geometries : int
        Number of geometries compared, the failing one included.
    entries : int
        Number of entries of implied maps that were compared: one for each `(tap, row,
        column)` of the forward map, input gradient and kernel gradient of each route.
    tested : int
        Number of results compared on random integers, for bilinearity and, where
        `sliding` is among the routes, for the bias of `conv`.
    seed : int
        Seed of the random integers.
    seconds : float
        Two proofs are equal whatever time they took.
    failure : Counterexample or None
    resumed : int
        Number of geometries that were not compared in this run but read from its
        results file; equality does not look at it either.

    Examples
    --------
    >>> from convmat import geometry
    >>> proof = prove([geometry((3, 3), (2, 2))])
    >>> proof.passed, proof.geometries, proof.entries
    (True, 1, 2016)
    """

    box: str
    routes: tuple[str, ...]
    geometries: int
    entries: int
    tested: int
    seed: int
    seconds: float = field(compare=False)
    failure: Counterexample | None
    resumed: int = field(default=0, compare=False)

    @property
    def passed(self) -> bool:
        """Whether every number was right."""
        return self.failure is None

    def __str__(self) -> str:
        head = (
            f"{'PASS' if self.passed else 'FAIL'} {self.box}: {self.geometries:,} "
            f"geometries, routes {', '.join(self.routes)}, {self.seconds:.1f} s"
        )
        if self.failure is not None:
            return f"{head}\n{self.failure}"
        proved = (
            f"proved, given bilinearity and entries below {LEAST - 1} in size: "
            f"{self.entries:,} entries of forward maps, input and kernel gradients"
        )
        tested = (
            f"tested: bilinearity and bias, {self.tested:,} results on random "
            f"integers, seed {self.seed}"
        )
        lines = [head, f"  {proved}", f"  {tested}"]
        if self.resumed:
            lines.append(f"  {self.resumed:,} of the geometries were done before")
        return "\n".join(lines)


def prove(
    what: Box | Geometry | Iterable[Geometry],
    *,
    routes: Iterable[Route] | None = None,
    progress: bool | None = None,
    seed: int = 0,
) -> Proof:
    """The exact comparison of routes with the tie map, over a set of geometries.

    For each geometry and route the implied maps are compared on a basis, in integers,
    with the tie map, whose entry `[tap, row, column]` is 1 where the matrix holds the
    tap, and else 0. Every call holds several entries of a map, as digits of a number.
    So a wrong one goes unseen only where it cancels another, and one of the two is at
    least 63 in size. The route itself runs on every geometry, in int64; where it
    carries Python integers too, the basis of its kernel gradient comes in those.

    The comparison stops at the first wrong number, which is then looked for one unit
    array at a time. `convmat.verify.sweep` does the same on many processes.

    Parameters
    ----------
    what : Box, Geometry or iterable of Geometry
        See `convmat.verify.BOXES`.
    routes : iterable of Route, optional
        All of `convmat.verify.ROUTES` by default.
    progress : bool, optional
        Whether a run of more than two seconds shows a bar; by default in a terminal
        only.
    seed : int
        Seed of the random integers of the tested part.

    Returns
    -------
    Proof

    Examples
    --------
    >>> from convmat import geometry
    >>> prove(geometry(5, 2)).passed
    True
    >>> print(prove([geometry(5, 2), geometry(5, 2, stride=3)]))
    PASS geometries: 2 geometries, routes sliding, matrix, operator, dense, fast, ... s
      proved, given bilinearity and entries below 63 in size: 840 entries ...
      tested: bilinearity and bias, 188 results on random integers, seed 0
    """
    from tqdm import tqdm

    what = [what] if isinstance(what, Geometry) else what
    chosen = tuple(ROUTES.values() if routes is None else routes)
    name = what.name if isinstance(what, Box) else "geometries"
    total = len(what) if isinstance(what, Sized) else None
    hidden = None if progress is None else not progress
    comparison = Comparison(chosen, read_seed(seed))
    start = time.perf_counter()
    failure = None
    # An iterator may be read on by others: nothing is taken from it ahead.
    blocks = in_blocks(what) if isinstance(what, Box) else ([g] for g in what)
    with tqdm(desc=name, total=total, delay=2, disable=hidden) as bar:
        for block in blocks:
            failure = comparison.first_wrong(block, comparison.geometries)
            bar.update(len(block))
            if failure is not None:
                break
    return Proof(
        box=name,
        routes=tuple(route.name for route in chosen),
        geometries=comparison.geometries,
        entries=comparison.entries,
        tested=comparison.tested,
        seed=seed,
        seconds=time.perf_counter() - start,
        failure=failure,
    )
