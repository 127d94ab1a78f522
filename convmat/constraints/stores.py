"""The forms of a matrix in training: the whole, its entries, or its parameters alone.

All forms have the same methods, so that a way to train is written once. A store brings
inputs and wanted outputs into the form that it computes on: the matrix has the batch
innermost, `(columns, batch)` and `(rows, batch)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Protocol

import numpy as np

from convmat import maps
from convmat.arrays import Array
from convmat.constraints.rungs import Rung
from convmat.constraints.slots import Slots
from convmat.constraints.violation import Violation
from convmat.memory import refuse_beyond

__all__ = ["STORES", "FullMatrix", "MatrixFree", "OnPattern", "Store"]


class Store(Protocol):
    """A matrix of a rung, in training.

    Attributes
    ----------
    rung : Rung
    values : ndarray
        What an update rule changes in place, where it changes the matrix itself.
    """

    rung: Rung
    values: Array

    def inputs(self, x: Array) -> Array:
        """`(batch, *input)` in the form of this store."""

    def outputs(self, y: Array) -> Array:
        """`(batch, *output)` in the form of this store."""

    def product(self, x: Array) -> Array:
        """The outputs of `inputs`."""

    def gradient(self, errors: Array, x: Array) -> Array:
        """The gradient by the matrix, in the form of `values`."""

    def pulled_back(self, errors: Array, x: Array) -> Array:
        """The gradient by the parameters."""

    def entries(self, values: Array) -> Array:
        """What `values` hold at the positions of the rung."""

    def filled(self, entries: Array) -> Array:
        """The `values` of the matrix with these entries, 0 elsewhere."""

    def take(self, theta: Array) -> None:
        """Become the matrix with the parameters `theta`."""

    def breach(self, of: Rung) -> Violation:
        """The breach of a rung that has the same positions or fewer."""

    def theta(self) -> Array:
        """A copy of the parameters."""

    def dense(self) -> Array:
        """A copy of the whole matrix, `(rows, columns)`."""


class FullMatrix:
    """The whole matrix, structural zeros included, as a dense layer holds it."""

    def __init__(self, rung: Rung, theta: Array) -> None:
        rows, columns = rung.shape
        remedy = "store='pattern' holds the entries only"
        needed = 2 * rows * columns * theta.dtype.itemsize  # and the gradient
        refuse_beyond("the dense matrix of", rung.geometry, needed, None, remedy)
        self.rung = rung
        self.values = self.filled(rung.embed(theta))

    def inputs(self, x: Array) -> Array:
        """`(columns, batch)`; a bias has a last row of ones."""
        columns = x.reshape(len(x), self.rung.geometry.matrix_shape[1]).T
        if self.rung.bias:
            ones = np.full((1, len(x)), 1, x.dtype)
            return np.concatenate([columns, ones])
        return np.ascontiguousarray(columns)

    def outputs(self, y: Array) -> Array:
        """`(rows, batch)`."""
        return np.ascontiguousarray(y.reshape(len(y), self.rung.shape[0]).T)

    def product(self, x: Array) -> Array:
        """A GEMM."""
        return np.asarray(self.values @ x)

    def gradient(self, errors: Array, x: Array) -> Array:
        """A GEMM; entry `[r, c]` is `sum(errors[r] * x[c])`."""
        return np.asarray(errors @ x.T)

    def pulled_back(self, errors: Array, x: Array) -> Array:
        """The dense gradient, summed over each tie."""
        return self.rung.pull_back(self.gradient(errors, x))

    def entries(self, values: Array) -> Array:
        """A copy of the entries."""
        return values.take(self.rung.flat)

    def filled(self, entries: Array) -> Array:
        """The dense matrix of the entries."""
        matrix = np.zeros(self.rung.shape, entries.dtype)
        matrix.reshape(-1)[self.rung.flat] = entries
        return matrix

    def take(self, theta: Array) -> None:
        """Write every entry anew."""
        self.values[...] = self.filled(self.rung.embed(theta))

    def theta(self) -> Array:
        """The parameters of the nearest matrix of the rung."""
        return self.rung.extract(self.entries(self.values))

    def breach(self, of: Rung) -> Violation:
        """Of structural zeros and of ties."""
        entries = self.values.take(of.flat)
        outside = None
        if np.count_nonzero(self.values) > np.count_nonzero(entries):
            outside = self.values.copy()
            outside.reshape(-1)[of.flat] = 0
        return Violation.of(of, outside, entries, of.expected(entries))

    def dense(self) -> Array:
        """A copy of the matrix."""
        return self.values.copy()


class OnPattern:
    """The entries only, in the order of CSR: structural zeros are not stored at all."""

    def __init__(self, rung: Rung, theta: Array) -> None:
        self.rung = rung
        self.values = rung.embed(theta)

    def inputs(self, x: Array) -> Array:
        """`(columns, batch)`, a row of ones for a bias, and a row of zeros.

        Where padding drops a tap, its output reads the zeros.
        """
        rung = self.rung
        columns = np.zeros((rung.shape[1] + 1, len(x)), x.dtype)
        inputs = rung.geometry.matrix_shape[1]
        columns[:inputs] = x.reshape(len(x), inputs).T
        if rung.bias:
            columns[-2] = 1
        return columns

    def outputs(self, y: Array) -> Array:
        """`(rows, batch)`."""
        return np.ascontiguousarray(y.reshape(len(y), self.rung.shape[0]).T)

    def product(self, x: Array) -> Array:
        """The product with the matrix."""
        return self._slots.product(self.values, x)

    def gradient(self, errors: Array, x: Array) -> Array:
        """Of the entries only: `sum(errors[row] * x[column])` of each."""
        slots = self._slots
        return slots.entries(slots.gradient(errors, x))

    def pulled_back(self, errors: Array, x: Array) -> Array:
        """The gradient by the entries, summed over each tie."""
        slots = self._slots
        gradient = slots.gradient(errors, x)
        return slots.sums(gradient) if self.rung.tied else slots.entries(gradient)

    def entries(self, values: Array) -> Array:
        """`values` themselves."""
        return values

    def filled(self, entries: Array) -> Array:
        """`entries` themselves."""
        return entries

    def take(self, theta: Array) -> None:
        """Write every entry anew."""
        self.values[...] = self.rung.embed(theta)

    def theta(self) -> Array:
        """The parameters of the nearest matrix of the rung."""
        return self.rung.extract(self.values)

    def breach(self, of: Rung) -> Violation:
        """Of ties; nothing is stored at structural zeros.

        `of` has the positions of the rung itself.
        """
        return Violation.of(of, None, self.values, of.expected(self.values))

    def dense(self) -> Array:
        """The dense matrix, made now."""
        rows, columns = self.rung.shape
        needed = rows * columns * self.values.dtype.itemsize
        remedy = "MatrixStep.csr() gives the entries only"
        refuse_beyond("the dense matrix of", self.rung.geometry, needed, None, remedy)
        matrix = np.zeros(self.rung.shape, self.values.dtype)
        matrix.reshape(-1)[self.rung.flat] = self.values
        return matrix

    @cached_property
    def _slots(self) -> Slots:
        return Slots(self.rung.geometry, self.rung.bias)


class MatrixFree:
    """The parameters of a convolution only: the maps stand in for the matrix.

    It serves the rungs with tied weights, where the parameters are trained.
    """

    def __init__(self, rung: Rung, theta: Array) -> None:
        self.rung = rung
        self.values = theta.copy()

    def inputs(self, x: Array) -> Array:
        """As they are, `(batch, in_channels, *spatial)`."""
        return x

    def outputs(self, y: Array) -> Array:
        """As they are, `(batch, out_channels, *outs)`."""
        return y

    def product(self, x: Array) -> Array:
        """The convolution."""
        g = self.rung.geometry
        kernel = self.values[: g.free_parameters].reshape(g.weight_shape)
        y = maps.forward(x, kernel, g)
        if self.rung.bias:
            y += self.values[g.free_parameters :].reshape(-1, *(1,) * g.rank)
        return y

    def gradient(self, errors: Array, x: Array) -> Array:
        """The gradient by the parameters: there is no other."""
        return self.pulled_back(errors, x)

    def pulled_back(self, errors: Array, x: Array) -> Array:
        """The gradient by the kernel, then those by the biases."""
        g = self.rung.geometry
        sums = maps.kernel_grad(errors, x, g).reshape(-1)
        if not self.rung.bias:
            return np.asarray(sums)
        by_channel = errors.swapaxes(0, 1).reshape(g.out_channels, -1)
        return np.concatenate([sums, by_channel.sum(axis=1)])

    def entries(self, values: Array) -> Array:
        """Those of the matrix of `values`."""
        return self.rung.embed(values)

    def filled(self, entries: Array) -> Array:
        """The parameters of the matrix with these entries."""
        return self.rung.extract(entries)

    def take(self, theta: Array) -> None:
        """Copy the parameters."""
        self.values[...] = theta

    def theta(self) -> Array:
        """A copy of the parameters, dead taps and all."""
        return self.values.copy()

    def breach(self, of: Rung) -> Violation:
        """None: a kernel can break no tie."""
        return Violation(0, 0, None, None)

    def dense(self) -> Array:
        """The dense matrix, made now."""
        return OnPattern(self.rung, self.values).dense()


STORES: Mapping[str, type[FullMatrix] | type[OnPattern] | type[MatrixFree]] = (
    MappingProxyType({"full": FullMatrix, "pattern": OnPattern, "free": MatrixFree})
)
"""The whole matrix, its entries in the order of CSR, and the parameters alone."""
