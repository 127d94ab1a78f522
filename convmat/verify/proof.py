"""`prove`: the maps of every route, compared entry by entry in exact integers.

A convolution is bilinear: linear in the kernel and linear in the input. Such a map is
known from its values on a basis, and those are finitely many integers. They are read
from each route and compared with the tie map; agreement on the whole basis is a proof
for all kernels and inputs, *given* that the route is bilinear. Bilinearity is a
statement about all numbers; it is tested, on random integers, and reported as tested.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field

import numpy as np

from convmat import sliding
from convmat.arrays import Array, Shape
from convmat.geometry import Geometry
from convmat.verify.boxes import Box
from convmat.verify.counterexample import Counterexample
from convmat.verify.readings import (
    BASE,
    UnreadableError,
    call,
    one_hot,
    read_forward,
    read_input_grad,
    read_kernel_grad,
    x_shape,
    y_shape,
)
from convmat.verify.routes import ROUTES, Map, Route

__all__ = ["Proof", "prove"]

_BOUND = 9  # random integers run from -9 to 9
_BATCH = 2


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
    failure : Counterexample or None

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
    seconds: float
    failure: Counterexample | None

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
            f"proved, given bilinearity: {self.entries:,} entries of forward maps, "
            f"input gradients and (below {BASE - 1} in size) kernel gradients"
        )
        tested = (
            f"tested: bilinearity and bias, {self.tested:,} results on random "
            f"integers, seed {self.seed}"
        )
        return f"{head}\n  {proved}\n  {tested}"


def prove(
    what: Box | Geometry | Iterable[Geometry],
    *,
    routes: Iterable[Route] | None = None,
    progress: bool | None = None,
    seed: int = 0,
) -> Proof:
    """The exact comparison of routes with the tie map, over a set of geometries.

    For each geometry and route the implied maps are read on a basis, in integers, and
    compared entry by entry with the tie map, whose entry `[tap, row, column]` is 1
    where the matrix holds the tap, and else 0. Forward maps and input gradients are
    read one unit kernel at a time, with all unit inputs as a batch. Kernel gradients
    are read one unit output at a time, with seven inputs coded as digits in base 256:
    a wrong entry goes unseen only if it is at least 255 in size. The comparison stops
    at the first wrong number.

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
      proved, given bilinearity: 840 entries of ... gradients
      tested: bilinearity and bias, 188 results on random integers, seed 0
    """
    from tqdm import tqdm

    what = [what] if isinstance(what, Geometry) else what
    chosen = tuple(ROUTES.values() if routes is None else routes)
    name = what.name if isinstance(what, Box) else "geometries"
    total = len(what) if isinstance(what, Sized) else None
    hidden = None if progress is None else not progress
    comparison = _Comparison(chosen, np.random.default_rng(seed))
    start = time.perf_counter()
    failure = None
    for geometry in tqdm(what, name, total=total, delay=2, disable=hidden):
        failure = comparison.first_wrong(geometry)
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


@dataclass(slots=True)
class _Comparison:
    """Compares geometry after geometry, and counts what it compared."""

    routes: tuple[Route, ...]
    random: np.random.Generator
    geometries: int = field(default=0, init=False)
    entries: int = field(default=0, init=False)
    tested: int = field(default=0, init=False)

    def first_wrong(self, g: Geometry) -> Counterexample | None:
        """The first wrong number of any route, or None."""
        self.geometries += 1
        ties = one_hot(g)
        sample = _Sample.of(g, ties, self.random)
        for route in self.routes:
            for part, (function, read) in _maps(route).items():
                try:
                    found = self._map(route, part, read(function, g), g, ties)
                    found = found or self._bilinear(route, part, function, g, sample)
                except UnreadableError as error:
                    found = Counterexample(
                        g, route.name, part, error.arguments, error.expected, error.got
                    )
                if found is not None:
                    return found
        return self._bias(g, sample) if ROUTES["sliding"] in self.routes else None

    def _map(
        self, route: Route, part: str, reading: Array, g: Geometry, ties: Array
    ) -> Counterexample | None:
        """The first wrong entry of an implied map, in the order of taps."""
        self.entries += ties.size
        if np.array_equal(reading, ties):
            return None
        tap, row, column = (int(i) for i in np.argwhere(reading != ties)[0])
        return Counterexample(
            g,
            route.name,
            part,
            _unit_arguments(part, g, row, column, tap),
            int(ties[tap, row, column]),
            int(reading[tap, row, column]),
            row,
            column,
            tap,
        )

    def _bilinear(
        self, route: Route, part: str, function: Map, g: Geometry, sample: _Sample
    ) -> Counterexample | None:
        """The first result on random integers that is not the map's."""
        first, second = sample.arguments(part)
        expected = sample.results[part]
        got = call(function, first, second, g, expected.shape)
        return self._result(route.name, part, (first, second), expected, got, g)

    def _bias(self, g: Geometry, sample: _Sample) -> Counterexample | None:
        """The first sum with a bias that is not the map's plus the bias."""
        bias = np.arange(1, g.out_channels + 1)
        expected = sample.results["forward"] + bias.reshape(-1, *(1,) * g.rank)
        arguments = sample.arguments("forward")

        def biased(kernel: Array, x: Array, g: Geometry) -> Array:
            return sliding.conv(x, kernel, bias, **g.keywords)

        try:
            got = call(biased, *arguments, g, expected.shape)
        except UnreadableError as error:
            return Counterexample(
                g, "conv", "bias", arguments, error.expected, error.got
            )
        return self._result("conv", "bias", arguments, expected, got, g)

    def _result(
        self,
        route: str,
        part: str,
        arguments: tuple[Array, Array],
        expected: Array,
        got: Array,
        g: Geometry,
    ) -> Counterexample | None:
        self.tested += expected.size
        if np.array_equal(expected, got):
            return None
        place = int(np.flatnonzero(expected != got)[0])
        right, wrong = int(expected.flat[place]), int(got.flat[place])
        index = {"input_grad": "column", "kernel_grad": "tap"}.get(part, "row")
        return Counterexample(g, route, part, arguments, right, wrong, **{index: place})


@dataclass(frozen=True, slots=True)
class _Sample:
    """Random integers for one geometry, and what the tie map makes of them."""

    kernel: Array
    x: Array
    grad: Array
    results: dict[str, Array]

    @classmethod
    def of(cls, g: Geometry, ties: Array, random: np.random.Generator) -> _Sample:
        taps, rows, cols = ties.shape

        def draw(*shape: int) -> Array:
            return random.integers(-_BOUND, _BOUND, shape, endpoint=True)

        kernel, x, grad = draw(taps), draw(_BATCH, cols), draw(_BATCH, rows)
        matrix = np.tensordot(kernel, ties, 1)  # (rows, columns)
        kernel_grad = np.tensordot(ties, grad.T @ x, 2)
        return cls(
            kernel.reshape(g.weight_shape),
            x.reshape(_BATCH, *x_shape(g)),
            grad.reshape(_BATCH, *y_shape(g)),
            {
                "forward": (x @ matrix.T).reshape(_BATCH, *y_shape(g)),
                "input_grad": (grad @ matrix).reshape(_BATCH, *x_shape(g)),
                "kernel_grad": kernel_grad.reshape(g.weight_shape),
            },
        )

    def arguments(self, part: str) -> tuple[Array, Array]:
        """The two arrays that a map takes."""
        return {
            "forward": (self.kernel, self.x),
            "input_grad": (self.grad, self.kernel),
            "kernel_grad": (self.grad, self.x),
        }[part]


def _maps(route: Route) -> dict[str, tuple[Map, Callable[[Map, Geometry], Array]]]:
    """The maps that a route has, each with the function that reads it."""
    maps = {
        "forward": (route.apply, read_forward),
        "input_grad": (route.input_grad, read_input_grad),
        "kernel_grad": (route.kernel_grad, read_kernel_grad),
    }
    return {
        part: (function, read)
        for part, (function, read) in maps.items()
        if function is not None
    }


def _unit_arguments(
    part: str, g: Geometry, row: int, column: int, tap: int
) -> tuple[Array, Array]:
    """The two arrays, 1 in one place each, whose result shows one entry of a map."""
    kernel = _unit(tap, g.weight_shape)
    x = _unit(column, (1, *x_shape(g)))
    grad = _unit(row, (1, *y_shape(g)))
    return _Sample(kernel, x, grad, {}).arguments(part)


def _unit(place: int, shape: Shape) -> Array:
    array = np.zeros(shape, np.int64)
    array.flat[place] = 1
    return array
