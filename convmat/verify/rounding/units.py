"""Arithmetic on numbers that two runs have computed: values, and how far apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError

__all__ = ["OWN", "Gapped", "Gaps", "Unit", "gamma"]

Gaps = Mapping[str, Array]

OWN = 1 + 1e-6
"""The bound's own rounding: sums of fewer than 1e9 non-negative terms."""


def gamma(terms: int, u: float = 2.0**-53) -> float:
    """`n u / (1 - n u)`: the relative error of a sum of `n` products, in any order.

    Raises
    ------
    ConvmatError
        When `n u` is 1 or more: so long a sum may lose every digit.

    Examples
    --------
    >>> gamma(9) / 2.0**-53
    9.000000000000009
    """
    if terms * u >= 1:
        raise ConvmatError("terms", f"must be fewer than {1 / u:.0f}", terms)
    return terms * u / (1 - terms * u)


@dataclass(frozen=True)
class Gapped:
    """An array of two runs, entry by entry.

    What either run has is within `gap` of `values`, and within `gap` of what the other
    one has.
    """

    values: Array
    gap: Array

    @property
    def size(self) -> Array:
        """The largest that an entry may be in either run, without its sign."""
        return np.abs(self.values) + self.gap

    def scaled(self, factor: float) -> Gapped:
        """Each entry times a constant; whoever rounds the product counts that."""
        return Gapped(factor * self.values.astype(float), abs(factor) * self.gap)

    def reshape(self, shape: Shape) -> Gapped:
        """The same entries in another shape."""
        return Gapped(self.values.reshape(shape), self.gap.reshape(shape))


@dataclass(frozen=True)
class Unit:
    """A dtype, its unit roundoff `u` and its smallest number.

    The methods give what an operation leaves of the gaps of its operands, and add what
    rounding it costs in both runs. Their values are of float64.
    """

    dtype: np.dtype[np.floating]
    u: float
    tiny: float

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Unit:
        """The unit of the one dtype that `x` and all other arrays have."""
        dtype = arrays["x"].dtype
        if dtype not in (np.float32, np.float64):  # as OWN and float64 gaps want it
            raise ConvmatTypeError("x", "must be float32 or float64", str(dtype))
        for name, array in arrays.items():
            if array.dtype != dtype:
                rule = f"must be of the dtype of x, {dtype}"
                remedy = "the bound holds for runs in one dtype"
                raise ConvmatTypeError(name, rule, str(array.dtype), remedy)
        info = np.finfo(dtype)
        return cls(dtype, float(info.eps) / 2, float(info.smallest_subnormal))

    def rounding(self, size: Array, terms: int) -> Array:
        """What rounding adds in both runs to a sum of that size in absolute values."""
        return 2 * (gamma(terms, self.u) * size + terms * self.tiny)

    def product(
        self,
        apply: Callable[[Array, Array], Array],
        left: Gapped,
        right: Gapped,
        terms: int,
    ) -> Array:
        """The gap of a sum of `terms` products, where `values` are those of a run."""
        a, a_gap, b, b_gap = left.values, left.gap, right.values, right.gap
        a, b = np.abs(a), np.abs(b)
        drift = apply(a, b_gap) + apply(a_gap, b + b_gap)
        return drift + self.rounding(apply(a + a_gap, b + b_gap), terms)

    def plus(self, one: Gapped, factor: float, other: Gapped) -> Gapped:
        """`one + factor * other`; a factor of `one` may be rounded here too."""
        moved = other.scaled(factor)
        gap = one.gap + moved.gap + self.rounding(one.size + moved.size, 2)
        return Gapped(np.float64(one.values) + moved.values, gap)

    def times(self, one: Gapped, other: Gapped) -> Gapped:
        """`one * other`; each run is within the gap of the values, so gaps meet twice.

        As for `plus`, a factor of `one` may be rounded here too.
        """
        a, b = np.abs(np.float64(one.values)), np.abs(np.float64(other.values))
        drift = a * other.gap + one.gap * (b + 2 * other.gap)
        gap = drift + self.rounding(one.size * other.size, 2)
        return Gapped(np.float64(one.values) * other.values, gap)

    def over(self, one: Gapped, other: Gapped, least: float) -> Gapped:
        """`one / other`, where `other` is positive: at least `least` in both runs.

        Between two numbers of at least `b` that differ by `d`, the inverse changes by
        at most `1 / b - 1 / (b + d) = d / (b (b + d))`.
        """
        low = np.maximum(other.values - other.gap, least)
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = other.gap / (low * (low + other.gap))
            gap = one.gap / low + one.size * inverse
            gap = gap + self.rounding(one.size / low, 1)
            values = np.float64(one.values) / other.values
        return Gapped(values, np.where(low > 0, gap, np.inf))

    def root(self, squares: Gapped, least: float = 0.0) -> Gapped:
        """The square root of what is at least `least`, and 0, in both runs.

        `|sqrt(a) - sqrt(b)| = |a - b| / (sqrt(a) + sqrt(b))`, and at most
        `sqrt(|a - b|)`.
        """
        low = np.sqrt(np.maximum(squares.values - squares.gap, least))
        with np.errstate(divide="ignore", invalid="ignore"):
            flat = np.where(squares.gap > 0, squares.gap / (2 * low), 0)
        gap = np.minimum(np.sqrt(squares.gap), flat)
        gap = gap + self.rounding(np.sqrt(squares.size), 1)
        return Gapped(np.sqrt(np.maximum(squares.values, least)), gap)

    def total(
        self, one: Gapped, axes: tuple[int, ...], divisor: int | None = None
    ) -> Gapped:
        """The sum over some axes, in any order, over a divisor or not."""
        terms = int(np.prod([one.values.shape[axis] for axis in axes]))
        rounds = terms if divisor is None else terms + 1
        size = one.size.sum(axis=axes, dtype=float)
        gap = one.gap.sum(axis=axes) + self.rounding(size, rounds)
        share = 1.0 if divisor is None else 1 / divisor
        values = one.values.sum(axis=axes, dtype=float)
        return Gapped(share * values, share * gap)
