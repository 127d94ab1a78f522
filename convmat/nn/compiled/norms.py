"""The steps of batch normalisation: in training, and after it."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ShapeError
from convmat.nn.compiled import arithmetic
from convmat.nn.compiled.buffers import Buffers
from convmat.nn.compiled.steps import Step
from convmat.nn.norm import BatchNorm

__all__ = ["FixedNorm", "Norm"]


class Norm(Step):
    """Batch normalisation by the exact statistics of the whole batch.

    They are known after the last chunk has been measured, so the work of each direction
    comes in three: `measure` each chunk, `merge`, then go on with each chunk.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise
    algorithm for computing sample variances", COMPSTAT 1982: the merge.
    """

    def __init__(self, layer: BatchNorm, buffers: Buffers, shape: Shape) -> None:
        self.layer, self.output_shape = layer, shape
        self.x = buffers.kept(*shape)
        self.apart = [_flat(array) for array in buffers.kept(*shape)]
        self.counts = [array.shape[1] for array in self.apart]
        if sum(self.counts) < 2:
            rule = "must hold at least two numbers for each channel in training"
            raise ShapeError("x.shape", rule, self.x[0].shape)
        self.ones = [np.ones(count, buffers.dtype) for count in self.counts]
        self.parts: list[tuple[Array, Array]] = [(self.apart[0],) * 2] * len(self.x)

    def join(self, y: list[Array], grad_y: list[Array]) -> None:
        """The gradient stays where it is."""
        super().join(y, grad_y)
        self.grad_x = grad_y

    def measure(self, chunk: int) -> None:
        """Mean and squares of one chunk."""
        x, ones = _flat(self.x[chunk]), self.ones[chunk]
        self.parts[chunk] = arithmetic.statistics(x, ones, self.apart[chunk])

    def merge(self) -> None:
        """Mean and variance of the batch, from those of the chunks."""
        count = sum(self.counts)
        self.mean, squares = self.parts[0]
        if len(self.parts) > 1:
            means, within = map(np.array, zip(*self.parts, strict=True))
            counts = np.array(self.counts, means.dtype)[:, None]
            self.mean = (counts * means).sum(axis=0) / count
            between = counts * (means - self.mean) ** 2
            squares = (within + between).sum(axis=0)
        var = squares / count
        self.layer.track(self.mean, var, count)
        self.roots = np.sqrt(var + float(self.layer.eps))
        self.scale = self.layer.parameters["weight"] / self.roots

    def forward(self, chunk: int) -> None:
        """Normalise one chunk."""
        apart, y = self.apart[chunk], self.y[chunk]
        if len(self.x) > 1:  # they are from the chunk's own mean
            np.subtract(_flat(self.x[chunk]), self.mean[:, None], out=apart)
        scale, shift = self.scale, self.layer.parameters["bias"]
        arithmetic.norm(apart.reshape(y.shape), _beside(scale, y), _beside(shift, y), y)

    def measure_back(self, chunk: int) -> None:
        """The sums of one chunk."""
        grad = _flat(self.grad_y[chunk])
        self.parts[chunk] = arithmetic.norm_sums(
            grad, self.ones[chunk], self.apart[chunk]
        )

    def merge_back(self) -> None:
        """Gradients by the parameters, and what is taken out of each entry."""
        with_apart, plain = (sum(p[1:], p[0]) for p in zip(*self.parts, strict=True))
        count, grad = sum(self.counts), with_apart / self.roots
        self.layer.gradients = {"weight": grad, "bias": plain}
        self.slope = (self.scale * grad / (self.roots * count))[:, None]
        self.level = (self.scale * plain / count)[:, None]

    def backward(self, chunk: int) -> None:
        """The gradient of one chunk."""
        grad, apart = _flat(self.grad_y[chunk]), self.apart[chunk]
        scale = self.scale[:, None]
        arithmetic.norm_backward(grad, apart, scale, self.slope, self.level, grad)


class FixedNorm(Step):
    """Batch normalisation by what was remembered: each channel scaled and moved."""

    def __init__(self, layer: BatchNorm, buffers: Buffers, shape: Shape) -> None:
        self.layer, self.output_shape = layer, shape
        self.x = buffers.kept(*shape)
        self.apart = [_flat(array) for array in buffers.kept(*shape)]
        self.ones = [np.ones(a.shape[1], buffers.dtype) for a in self.apart]
        self.parts: list[tuple[Array, Array]] = [(self.apart[0],) * 2] * len(self.x)

    def join(self, y: list[Array], grad_y: list[Array]) -> None:
        """The gradient stays where it is."""
        super().join(y, grad_y)
        self.grad_x = grad_y

    def begin(self) -> None:
        """Read mean and variance."""
        buffers = self.layer.buffers
        self.mean = buffers["running_mean"][:, None]
        self.roots = np.sqrt(buffers["running_var"] + float(self.layer.eps))
        self.scale = self.layer.parameters["weight"] / self.roots
        self.shift = self.layer.parameters["bias"]

    def forward(self, chunk: int) -> None:
        """Normalise one chunk."""
        apart, y = self.apart[chunk], self.y[chunk]
        np.subtract(_flat(self.x[chunk]), self.mean, out=apart)
        arithmetic.norm(
            apart.reshape(y.shape), _beside(self.scale, y), _beside(self.shift, y), y
        )

    def backward(self, chunk: int) -> None:
        """The sums of one chunk, and its gradient."""
        grad = _flat(self.grad_y[chunk])
        self.parts[chunk] = arithmetic.norm_sums(
            grad, self.ones[chunk], self.apart[chunk]
        )
        np.multiply(grad, self.scale[:, None], out=grad)

    def finish(self) -> None:
        """Add up the chunks, always in the same order."""
        with_apart, plain = (sum(p[1:], p[0]) for p in zip(*self.parts, strict=True))
        self.layer.gradients = {"weight": with_apart / self.roots, "bias": plain}


def _beside(numbers: Array, array: Array) -> Array:
    """One number for each channel, in the axes of `array`."""
    return numbers.reshape(-1, *(1,) * (array.ndim - 1))


def _flat(array: Array) -> Array:
    """`(channels, ...)` as a matrix `(channels, places)`, which is a view."""
    return array.reshape(len(array), -1)
