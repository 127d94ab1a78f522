"""The steps of pooling: windows of each channel by itself."""

from __future__ import annotations

from math import prod

import numpy as np

from convmat.arrays import Array, Shape
from convmat.nn.compiled import arithmetic
from convmat.nn.compiled.buffers import Buffers
from convmat.nn.compiled.steps import Step
from convmat.nn.functional.pooling import first_taps, taps_of
from convmat.nn.pooling import AvgPool, MaxPool, refuse_empty

__all__ = ["GlobalMean", "Maximum", "Mean"]


class Maximum(Step):
    """`MaxPool`: the tap of each maximum is kept for the way back."""

    def __init__(
        self, layer: MaxPool, buffers: Buffers, shape: Shape, *, first: bool
    ) -> None:
        windows = layer.windows(shape)
        refuse_empty(windows)
        g = windows.geometry
        self.output_shape = shape[0], *g.output_size
        self.x = buffers.kept(*shape)
        self.grad_x = [] if first else buffers.kept(*shape)
        self.places = list(taps_of(g))
        self.firsts = first_taps(g)[0][..., None]
        kind = np.min_scalar_type(-prod(g.kernel_size))
        self.taps = [
            np.zeros((*self.output_shape, size), kind) for size in buffers.sizes
        ]

    def join(self, y: list[Array], grad_y: list[Array]) -> None:
        """Also find the cells of each tap."""
        super().join(y, grad_y)
        self.cells, self.cells_back = (
            [
                [
                    (number, inner[:, *cells], outer[:, *outs], taps[:, *outs])
                    for number, outs, cells in self.places
                ]
                for inner, outer, taps in zip(*arrays, self.taps, strict=False)
            ]
            for arrays in ((self.x, y), (self.grad_x, grad_y))
        )

    def forward(self, chunk: int) -> None:
        """The largest numbers, and their taps."""
        taps = self.taps[chunk]
        arithmetic.max_pool(self.cells[chunk], self.firsts, self.y[chunk], taps)

    def backward(self, chunk: int) -> None:
        """Each gradient to its tap."""
        arithmetic.max_pool_backward(self.cells_back[chunk], self.grad_x[chunk])


class Mean(Step):
    """`AvgPool`: a sum of cells, and a division."""

    def __init__(
        self, layer: AvgPool, buffers: Buffers, shape: Shape, *, first: bool
    ) -> None:
        windows = layer.windows(shape)
        g = windows.geometry
        self.output_shape = shape[0], *g.output_size
        self.x = buffers.kept(*shape)
        self.grad_x = [] if first else buffers.kept(*shape)
        self.shares = buffers.lent(*self.output_shape)
        self.places = list(taps_of(g))
        self.divisors = layer.divisors(windows).astype(buffers.dtype)[..., None]

    def join(self, y: list[Array], grad_y: list[Array]) -> None:
        """Also find the cells of each tap."""
        super().join(y, grad_y)
        self.cells = [
            [(sums[:, *outs], x[:, *cells]) for _, outs, cells in self.places]
            for sums, x in zip(y, self.x, strict=True)
        ]
        self.cells_back = [
            [(grad[:, *cells], shares[:, *outs]) for _, outs, cells in self.places]
            for grad, shares in zip(self.grad_x, self.shares, strict=False)
        ]

    def forward(self, chunk: int) -> None:
        """The means."""
        arithmetic.avg_pool(self.cells[chunk], self.divisors, self.y[chunk])

    def backward(self, chunk: int) -> None:
        """Equal shares."""
        arithmetic.avg_pool_backward(
            self.grad_y[chunk],
            self.divisors,
            self.shares[chunk],
            self.cells_back[chunk],
            self.grad_x[chunk],
        )


class GlobalMean(Step):
    """`GlobalAvgPool`: one mean of each channel."""

    def __init__(self, buffers: Buffers, shape: Shape, *, first: bool) -> None:
        self.output_shape = shape[0], *(1,) * len(shape[1:])
        self.x = buffers.kept(*shape)
        self.grad_x = [] if first else buffers.kept(*shape)
        self.cells = prod(shape[1:])

    def forward(self, chunk: int) -> None:
        """The means."""
        x, y = self.x[chunk], self.y[chunk]
        np.sum(x, axis=tuple(range(1, x.ndim - 1)), keepdims=True, out=y)
        np.divide(y, self.cells, out=y)

    def backward(self, chunk: int) -> None:
        """Equal shares."""
        np.divide(self.grad_y[chunk], self.cells, out=self.grad_x[chunk])
