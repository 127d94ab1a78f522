"""What the tie map makes of arrays, in exact arithmetic whatever the numbers are.

Floats are integers times a power of two. Sums of products of such integers are carried
as doubles while they stay below 2**53, and as Python's integers beyond.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from convmat import tie
from convmat.arrays import Array, IntArray, Shape
from convmat.geometry import Geometry

__all__ = ["Scaled", "exact_forward", "exact_input_grad", "exact_kernel_grad"]

_EXACT = 2.0**53


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """Numbers that are `integers * 2**exponent`, exactly.

    Attributes
    ----------
    integers : ndarray
        Doubles that are integers below 2**53, or Python objects: integers, Fractions.
        Complex numbers are themselves, with exponent 0.
    exponent : int

    Examples
    --------
    >>> Scaled.of(np.array([0.5, 3.25])).fractions()
    array([Fraction(1, 2), Fraction(13, 4)], dtype=object)
    """

    integers: Array
    exponent: int = 0

    @classmethod
    def of(cls, array: Array) -> Scaled:
        """An array of finite numbers of any dtype."""
        if array.dtype.kind in "cO":
            return cls(array.astype(complex) if array.dtype.kind == "c" else array)
        if array.dtype.kind in "iu":
            largest = max(
                map(abs, map(int, (array.max(initial=0), array.min(initial=0))))
            )
            return cls(array.astype(float if largest < _EXACT else object))
        doubles = array.astype(float)
        if np.all(np.abs(doubles) < _EXACT) and np.all(np.rint(array) == array):
            return cls(doubles)
        ratios = [number.as_integer_ratio() for number in array.reshape(-1)]
        scale = max(denominator for _, denominator in ratios)
        integers = np.empty(array.size, object)
        integers[:] = [above * (scale // below) for above, below in ratios]
        return cls(integers.reshape(array.shape), 1 - scale.bit_length())

    def fractions(self) -> Array:
        """The numbers as `Fraction`s."""
        factor = Fraction(2) ** self.exponent
        result = np.empty(self.integers.size, object)
        flat = self.integers.reshape(-1).tolist()
        result[:] = [Fraction(number) * factor for number in flat]
        return result.reshape(self.integers.shape)

    def rounded(self) -> Array:
        """The numbers themselves where no rounding is needed, else the nearest doubles.

        Objects stay objects.
        """
        if self.exponent == 0:
            return self.integers
        below = 1 << -self.exponent  # only fractions of floats have an exponent
        nearest = [number / below for number in map(int, self.integers.flat)]
        return np.array(nearest).reshape(self.integers.shape)

    def errors(self, values: Array) -> Array:
        """How far floats are from the numbers, rounded once; infinite for NaN.

        Examples
        --------
        >>> Scaled.of(np.array([0.5, 2.0])).errors(np.array([0.5, 2.25]))
        array([0.  , 0.25])
        """
        below = 1 << -self.exponent
        errors = np.full(values.size, np.inf)
        pairs = zip(values.reshape(-1), map(int, self.integers.flat), strict=True)
        for place, (value, number) in enumerate(pairs):
            if np.isfinite(value):
                above, under = value.as_integer_ratio()
                errors[place] = abs(above * below - number * under) / (under * below)
        return errors.reshape(values.shape)


def exact_forward(g: Geometry, x: Array, kernel: Array) -> Scaled:
    """The output, `(batch, out_channels, *outs)`.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry((1, 3), (1, 1, 2))
    >>> exact_forward(g, np.array([[[1, 2, 3]]]), np.array([[[1, 10]]])).rounded()
    array([[[21., 32.]]])
    """
    ties = tie.tie_map(g)
    x_flat, taps = Scaled.of(x.reshape(len(x), -1)), Scaled.of(kernel.reshape(1, -1))
    sums = _sums(ties.rows, g.matrix_shape[0], (x_flat, ties.cols), (taps, ties.taps))
    return _shaped(sums, (len(x), g.out_channels, *g.output_size))


def exact_input_grad(g: Geometry, grad: Array, kernel: Array) -> Scaled:
    """The gradient by the input, `(batch, in_channels, *spatial)`."""
    ties = tie.tie_map(g)
    y_flat = Scaled.of(grad.reshape(len(grad), -1))
    taps = Scaled.of(kernel.reshape(1, -1))
    sums = _sums(ties.cols, g.matrix_shape[1], (y_flat, ties.rows), (taps, ties.taps))
    return _shaped(sums, (len(grad), g.in_channels, *g.input_size))


def exact_kernel_grad(g: Geometry, grad: Array, x: Array) -> Scaled:
    """The gradient by the kernel: the sum over each tie, and over the batch."""
    ties = tie.tie_map(g)
    y_flat = Scaled.of(grad.reshape(len(grad), -1))
    x_flat = Scaled.of(x.reshape(len(x), -1))
    taps = g.free_parameters
    sums = _sums(ties.taps, taps, (y_flat, ties.rows), (x_flat, ties.cols))
    total = Scaled(sums.integers.sum(axis=0), sums.exponent)
    return _shaped(total, g.weight_shape)


def _sums(
    into: IntArray,
    count: int,
    one: tuple[Scaled, IntArray],
    other: tuple[Scaled, IntArray],
) -> Scaled:
    """Sums of products, one product for each entry of the tie map.

    `into` says where each goes; both factors are arrays with a batch axis and the
    places in them.
    """
    (a, from_a), (b, from_b) = one, other
    exponent = a.exponent + b.exponent
    first, second = a.integers, b.integers
    if first.dtype == second.dtype == np.float64:
        largest = float(np.abs(first).max(initial=0)) * np.abs(second).max(initial=0)
        if largest * len(into) * max(len(first), len(second)) >= _EXACT:
            first, second = _as_objects(first), _as_objects(second)
    elif object in (first.dtype, second.dtype):
        first, second = _as_objects(first), _as_objects(second)
    products = first[:, from_a] * second[:, from_b]  # (batch, entries)
    if products.dtype == np.float64:
        rows = [np.bincount(into, row, minlength=count) for row in products]
        return Scaled(np.array(rows).reshape(len(products), count), exponent)
    total = np.zeros((count, len(products)), products.dtype)
    np.add.at(total, into, products.T)
    return Scaled(total.T, exponent)


def _as_objects(array: Array) -> Array:
    """Integers of Python, where doubles hold integers."""
    if array.dtype != np.float64:
        return array.astype(object)
    objects = np.empty(array.shape, object)
    objects.reshape(-1)[:] = [*map(int, array.reshape(-1))]
    return objects


def _shaped(sums: Scaled, shape: Shape) -> Scaled:
    return Scaled(sums.integers.reshape(shape), sums.exponent)
