"""`Comparison`: the maps of some routes against the tie map, over many geometries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from convmat import sliding
from convmat.arrays import Array, Shape
from convmat.geometry import Geometry
from convmat.verify.case import Case, Check
from convmat.verify.counterexample import Counterexample
from convmat.verify.readings import (
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
from convmat.verify.sample import Sample

__all__ = ["Comparison", "in_blocks"]

_TOGETHER = 64  # geometries whose calls of one kind follow each other
_ENTRIES = 1 << 21  # of implied maps that are there at once


@dataclass(slots=True)
class Comparison:
    """Compares geometry after geometry, and counts what it compared.

    Each map is first compared in code, in as few calls as there can be. Only where that
    shows a difference is it read entry by entry, to name the first that is wrong.

    Attributes
    ----------
    routes : tuple of Route
    seed : int
        Of the random integers.
    geometries, entries, tested : int
        What was compared; see `convmat.verify.Proof`.

    Examples
    --------
    >>> from convmat import geometry
    >>> comparison = Comparison((ROUTES["fast"],), seed=0)
    >>> comparison.first_wrong([geometry(3, 2)], first=0) is None
    True
    >>> comparison.entries, comparison.tested
    (36, 12)
    """

    routes: tuple[Route, ...]
    seed: int
    geometries: int = field(default=0, init=False)
    entries: int = field(default=0, init=False)
    tested: int = field(default=0, init=False)

    def first_wrong(
        self, geometries: Sequence[Geometry], first: int
    ) -> Counterexample | None:
        """The first wrong number of the first geometry that has one, or None.

        The number of each geometry, counted from `first`, chooses its random integers.
        Calls of one kind follow each other, which takes less time than all calls of one
        geometry.

        Raises
        ------
        Exception
            When a geometry cannot be compared, and none before it is wrong.
        """
        cases, error = self._prepared(geometries, first)
        if self._all_right(cases):
            self.geometries += len(cases)
            for each in self._maps():
                for case in cases:
                    self._count(each.part, case)
        else:
            for case in cases:
                self.geometries += 1
                for each in self._maps():
                    found = each.first_wrong(case)
                    if found is not None:
                        return found
                    self._count(each.part, case)
        if error is not None:
            raise error
        return None

    def _prepared(
        self, geometries: Sequence[Geometry], first: int
    ) -> tuple[list[Case], Exception | None]:
        """The cases with all their calls, up to one that cannot be made.

        What keeps it from being made, such as a geometry that is too large, is an error
        of its own; but a wrong number before it comes first.
        """
        parts = dict.fromkeys((each.part, each.objects) for each in self._maps())
        cases: list[Case] = []
        for number, g in enumerate(geometries, start=first):
            try:
                case = Case(g, self.seed, number)
                for part, objects in parts:
                    case.checks(part, objects)
            except Exception as error:
                return cases, error
            cases.append(case)
        return cases, None

    def _all_right(self, cases: Sequence[Case]) -> bool:
        return all(
            is_right(each.function, check, case.geometry)
            for each in self._maps()
            for case in cases
            for check in case.checks(each.part, each.objects)
        )

    def _maps(self) -> Iterator[_Mapped]:
        for route in self.routes:
            objects = np.dtype(object) in route.carries
            yield _Mapped(route.name, "forward", route.apply, objects)
            if (input_grad := route.input_grad) is not None:
                yield _Mapped(route.name, "input_grad", input_grad, objects)
            if (kernel_grad := route.kernel_grad) is not None:
                yield _Mapped(route.name, "kernel_grad", kernel_grad, objects)
        if ROUTES["sliding"] in self.routes:
            yield _Mapped("conv", "bias", _biased, objects=True)

    def _count(self, part: str, case: Case) -> None:
        self.entries += 0 if part == "bias" else case.entries
        self.tested += case.random(part)[2].size


def in_blocks(geometries: Iterable[Geometry]) -> Iterator[list[Geometry]]:
    """The geometries in lists that are compared together.

    Yields
    ------
    list of Geometry
        Not empty; of many small ones or a few larger.
    """
    block: list[Geometry] = []
    entries = 0
    for g in geometries:
        rows, columns = g.matrix_shape
        more = g.free_parameters * rows * columns
        if block and (len(block) == _TOGETHER or entries + more > _ENTRIES):
            yield block
            block, entries = [], 0
        block.append(g)
        entries += more
    if block:
        yield block


def is_right(function: Map, check: Check, g: Geometry) -> bool:
    """Whether a call gives what is to come, in the same dtype."""
    first, second, expected = check
    try:
        got = function(first, second, g)
        same_kind = got.dtype == expected.dtype and got.shape == expected.shape
        return same_kind and bool((got == expected).all())
    except Exception:  # what it is will be seen when the map is read
        return False


def _biased(kernel: Array, x: Array, g: Geometry) -> Array:
    """`conv` with the bias 1, 2, 3, ..., through the public door."""
    return sliding.conv(x, kernel, np.arange(1, g.out_channels + 1), **g.keywords)


@dataclass(frozen=True, slots=True)
class _Mapped:
    """One map of one route.

    Attributes
    ----------
    route, part : str
    function : callable
    objects : bool
        Whether it carries Python integers.
    """

    route: str
    part: str
    function: Map
    objects: bool

    def first_wrong(self, case: Case) -> Counterexample | None:
        """The first wrong number: of its basis, or in a call as a whole."""
        g = case.geometry
        checks = case.checks(self.part, self.objects)
        wrong = (check for check in checks if not is_right(self.function, check, g))
        first = next(wrong, None)
        if first is None:
            return None
        try:
            found = None if self.part == "bias" else self._entry(g)
            for check in (case.random(self.part), first):
                found = found or self._result(check, g)
        except UnreadableError as error:
            arguments, expected, got = error.arguments, error.expected, error.got
            return Counterexample(g, self.route, self.part, arguments, expected, got)
        return found

    def _entry(self, g: Geometry) -> Counterexample | None:
        """The first wrong entry of the implied map, in the order of taps."""
        ties = one_hot(g)
        reading = _READINGS[self.part](self.function, g)
        if np.array_equal(reading, ties):
            return None
        tap, row, column = (int(i) for i in np.argwhere(reading != ties)[0])
        return Counterexample(
            g,
            self.route,
            self.part,
            _unit_arguments(self.part, g, row, column, tap),
            int(ties[tap, row, column]),
            int(reading[tap, row, column]),
            row,
            column,
            tap,
        )

    def _result(self, check: Check, g: Geometry) -> Counterexample | None:
        """The first wrong number of one call."""
        first, second, expected = check
        got = call(self.function, first, second, g, expected.shape, expected.dtype)
        if np.array_equal(expected, got):
            return None
        place = int(np.flatnonzero(expected != got)[0])
        right, wrong = int(expected.flat[place]), int(got.flat[place])
        part = self.part
        index = {"input_grad": "column", "kernel_grad": "tap"}.get(part, "row")
        found = {index: place}
        return Counterexample(
            g, self.route, part, (first, second), right, wrong, **found
        )


_READINGS: dict[str, Callable[[Map, Geometry], Array]] = {
    "forward": read_forward,
    "input_grad": read_input_grad,
    "kernel_grad": read_kernel_grad,
}


def _unit_arguments(
    part: str, g: Geometry, row: int, column: int, tap: int
) -> tuple[Array, Array]:
    """The two arrays, 1 in one place each, whose result shows one entry of a map."""
    kernel = _unit(tap, g.weight_shape)
    x = _unit(column, (1, *x_shape(g)))
    grad = _unit(row, (1, *y_shape(g)))
    return Sample(kernel, x, grad, {}).arguments(part)


def _unit(place: int, shape: Shape) -> Array:
    array = np.zeros(shape, np.int64)
    array.flat[place] = 1
    return array
