"""`exact`: one geometry of a black box, with every entry of the matrix that it implies.

A bilinear map is known from its values on pairs of unit arrays; these are read and
compared with the tie map. That a black box is bilinear can't be proved from outside, so
it is tested and said to be tested, unless it takes symbols.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from math import ceil, log2
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation, implementation
from convmat.verify.checks import CHECKS
from convmat.verify.checks.check import Finding
from convmat.verify.checks.compare import first_beyond, shown
from convmat.verify.checks.maps import MAPS, CallLostError, maps_of
from convmat.verify.checks.numbers import generator, largest_integer, roundoff
from convmat.verify.entrywise.codes import code_for
from convmat.verify.entrywise.reading import Reader, require_claimed
from convmat.verify.entrywise.symbolic import LARGEST, by_symbols, products
from convmat.verify.entrywise.verdict import Verdict
from convmat.verify.rounding import gamma
from convmat.verify.trial_list import trial

__all__ = ["exact"]

_TESTED = (
    "equal-to-the-matrix",
    "input-gradient-is-the-adjoint",
    "kernel-gradient-is-the-tie-sum",
    "bias-is-added",
    "linear-in-x",
    "linear-in-the-kernel",
    "input-gradient-is-linear",
    "kernel-gradient-is-linear",
)
_SAFE = 60  # bits of the chance that probes miss a wrong map


def exact(
    what: Implementation | Callable[..., Any],
    geometry: Geometry,
    *,
    dtype: npt.DTypeLike | None = None,
    thorough: bool = False,
    seed: int = 0,
    progress: bool | None = None,
) -> Verdict:
    """A certificate for one geometry: the whole matrix of a black box, entry by entry.

    The forward map and the input gradient are read from a few calls, on all unit arrays
    beside kernels in code, and every weight is compared with the tie map. The kernel
    gradient is held against random integers, or read as well. Where arrays of objects
    are claimed, symbols go through all three, and polynomials are compared: then
    nothing is assumed.

    Parameters
    ----------
    what : Implementation or callable
        A function is taken as `convmat.verify.implementation` takes it.
    geometry : Geometry
        Within what is claimed.
    dtype : dtype, optional
        Of the arrays of all calls but those with symbols; by default the first that is
        claimed.
    thorough : bool
        Whether the kernel gradient is read entry by entry, which takes a call for each
        output and each few inputs.
    seed : int
        Of the tested part.
    progress : bool, optional
        Whether a run of more than two seconds shows a bar; by default in a terminal
        only.

    Returns
    -------
    Verdict

    Raises
    ------
    ConvmatError
        For a geometry or a dtype that is not claimed, and for a dtype whose rounding
        errors are too large to read anything.

    References
    ----------
    J. T. Schwartz, "Fast probabilistic algorithms for verification of polynomial
    identities", J. ACM 27 (1980), for the chance that random integers miss a wrong
    kernel gradient.

    Examples
    --------
    >>> from convmat import conv
    >>> import convmat
    >>> g = convmat.geometry((1, 3, 4), (1, 1, 2, 2))
    >>> print(exact(conv, g))
    PASS convmat.maps.conv on geometry((1, 3, 4), (1, 1, 2, 2)), float64, ... s
      proved, given bilinearity: 288 weights of the forward map, if below 255 in size
      tested, seed 0: equal-to-the-matrix, bias-is-added, ...
      not there: the input gradient and the kernel gradient
    >>> def turned(x, kernel, **settings):
    ...     return conv(x, kernel.swapaxes(-1, -2), **settings)
    >>> print(exact(turned, g).finding.words)
    output channel 0 at (0, 0) reads input channel 0 at (0, 1) through tap (0, 1) with
    weight 0; it should be 1
    """
    black_box = what if isinstance(what, Implementation) else implementation(what)
    kind = require_claimed(black_box, geometry, dtype)
    start = time.perf_counter()
    run = _Run(black_box, geometry, kind, seed, progress)
    finding = run.finding(thorough)
    return Verdict(
        name=black_box.name,
        geometry=geometry,
        dtype=str(kind),
        parts=black_box.parts,
        read=tuple(run.read),
        entries=run.entries,
        calls=run.calls,
        digits=run.digits,
        probes=run.probes,
        chance=run.chance,
        polynomials=run.polynomials,
        tested=tuple(run.tested),
        seed=seed,
        seconds=time.perf_counter() - start,
        finding=finding,
    )


@dataclass(slots=True)
class _Run:
    """Reads, probes and tests, and counts what it did."""

    black_box: Implementation
    g: Geometry
    dtype: np.dtype[Any]
    seed: int
    progress: bool | None
    read: list[str] = field(default_factory=list)
    entries: int = 0
    calls: int = 0
    digits: int = 0
    probes: int = 0
    chance: float = 0.0
    polynomials: int = 0
    tested: list[str] = field(default_factory=list)

    def finding(self, thorough: bool) -> Finding | None:
        """The first thing that is wrong, or None."""
        try:
            found = self._symbols()
            for one in maps_of(self.black_box):
                if found is not None:
                    return found
                if one.part == "kernel_grad" and not thorough:
                    found = self._probe()
                else:
                    found = self._read(one.part)
            return found or self._test()
        except CallLostError as lost:
            return lost.finding

    def _symbols(self) -> Finding | None:
        if not self.black_box.supports.takes(object) or products(self.g) > LARGEST:
            return None
        self.polynomials, found = by_symbols(self.black_box, self.g)
        return found

    def _read(self, part: str) -> Finding | None:
        """The first wrong weight of a map, in the order of rows, columns and taps."""
        one = MAPS[part]
        code = code_for(self.black_box, one, self.g, self.dtype)
        reader = Reader(self.black_box, one, self.g, code)
        self.read.append(part)
        self.digits = max(self.digits, code.digits)
        first: tuple[Any, ...] | None = None
        for chunk, held, got in self._told(reader.readings(), one.words, reader.calls):
            self.calls += 1
            right = reader.expected(chunk, held)
            self.entries += right.size * (held.stop - held.start)
            wrong = code.beyond(got, right)
            if np.any(wrong):
                unit, result = map(int, np.argwhere(wrong)[0])
                places = unit + chunk.start, result, held, got[unit, result]
                entry = reader.entry(places[0], held.start, result)
                key = entry.row, entry.col, entry.tap
                if first is None or key < first[0]:
                    first = key, *places
        return None if first is None else self._named(reader, *first[1:])

    def _named(
        self, reader: Reader, unit: int, result: int, held: slice, got: object
    ) -> Finding:
        """The finding at the first of the units in code whose weight is wrong."""
        one, g = reader.one, self.g
        for coded in range(held.start, held.stop):
            weight, right = (
                reader.weight(unit, coded, result),
                reader.right(unit, coded, result),
            )
            off = reader.code.beyond(np.array([weight]), np.array([right]))
            if off[0]:
                value = shown(weight)
                words = reader.entry(unit, coded, result).said(g, value, right)
                return Finding("exact", one.part, words, g, {}, right, value)
        together = held.stop - held.start
        words = (
            f"{one.words} is not linear: units by themselves give the right weights, "
            f"and {together} of them together {shown(got)}"
        )
        alone, whole = reader.alone(unit, held, result)
        if not reader.code.beyond(np.array([alone]), np.array([whole]))[0]:
            words = (
                f"{one.words} mixes the samples of a batch: one of them alone gives "
                f"{shown(alone)}, as it should, and {shown(got)} among others"
            )
        return Finding("exact", one.part, words, g)

    def _probe(self) -> Finding | None:
        """The kernel gradient on random integers, as large as rounding allows.

        Two bilinear maps that differ agree on random arrays, each number one of `q`,
        with a chance of at most `2 / q`.
        """
        one, g = MAPS["kernel_grad"], self.g
        size = _probe_size(self.dtype, one.terms(g, 1))
        count = ceil(_SAFE / log2((2 * size + 1) / 2))
        self.probes, self.chance = count, (2 / (2 * size + 1)) ** count
        random = generator(self.seed, "probes")
        for _ in range(count):
            grad, x = (
                random.integers(-size, size, (1, *shape), endpoint=True).astype(
                    self.dtype
                )
                for shape in (
                    (g.out_channels, *g.output_size),
                    (g.in_channels, *g.input_size),
                )
            )
            got = one.result(self.black_box, grad, x, g)
            right = one.exact(g, grad, x).rounded()
            place = first_beyond(
                got,
                right,
                lambda: one.bound(self.black_box, g, grad, x),  # noqa: B023 - asked at once
            )
            if place is not None:
                return self._read("kernel_grad") or self._differs(
                    grad, x, got, right, place
                )
        return None

    def _differs(
        self, grad: Array, x: Array, got: Array, right: Array, place: tuple[int, ...]
    ) -> Finding:
        one = MAPS["kernel_grad"]
        value, expected = shown(got[place]), shown(right[place])
        words = f"{one.said(place)} is {value}, and it should be {expected}"
        arrays = {"grad": grad, "x": x}
        return Finding("exact", one.part, words, self.g, arrays, expected, value, place)

    def _test(self) -> Finding | None:
        """Bilinearity and the bias, by the checks that are about them."""
        others = (name for name in self.black_box.supports.dtypes if name != self.dtype)
        claims = replace(self.black_box.supports, dtypes=(self.dtype.name, *others))
        sample = trial(self.g, claims, seed=self.seed)
        for name in _TESTED:
            check = CHECKS[name]
            if {*check.parts} - {*self.black_box.parts}:
                continue
            if not check.applies(self.black_box, self.g):
                continue
            self.tested.append(name)
            found = check(self.black_box, sample)
            if found is not None:
                return found
        return None

    def _told(self, steps: Iterable[Any], words: str, total: int) -> Iterable[Any]:
        from tqdm import tqdm

        hidden = None if self.progress is None else not self.progress
        return tqdm(steps, words, total=total, delay=2, disable=hidden, leave=False)


def _probe_size(dtype: np.dtype[Any], terms: int) -> int:
    """The largest integers whose sums of products are known to within a quarter.

    Raises
    ------
    ConvmatError
        When there are none.
    """
    most, u = largest_integer(dtype), roundoff(dtype)
    if most is None:
        return 1 << 30
    room = most / max(1, terms)
    if u:
        wide = terms + 3
        room = 0.25 / (gamma(wide, u) * wide) if wide * u < 1 else 0.0
    size = min(int(room**0.5), 1 << 30)
    if size < 1:
        rule = "must hold sums of this geometry to within a quarter"
        raise ConvmatError("dtype", rule, str(dtype), "use a dtype with more digits")
    return size
