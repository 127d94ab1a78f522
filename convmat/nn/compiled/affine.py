"""The steps that multiply: a convolution and a linear layer."""

from __future__ import annotations

from math import prod

import numpy as np

from convmat.arrays import Array, Shape
from convmat.fast.blocks import UNPACKED
from convmat.geometry import Geometry
from convmat.nn.compiled import arithmetic
from convmat.nn.compiled.buffers import Buffers, in_blocks
from convmat.nn.compiled.cells import folds_of, split_of, windows_of, woven_of
from convmat.nn.compiled.steps import Step
from convmat.nn.convolutions import Conv
from convmat.nn.layers import Layer, Linear

__all__ = ["Affine", "Convolution", "Dense"]

_FEWEST = 128
"""Places of a block below which the calls cost more than the packing."""


class Affine(Step):
    """`matrix @ columns` in each group: what `Convolution` and `Dense` share.

    Parameters
    ----------
    layer : Conv or Linear
    buffers : Buffers
    taps : int
        Numbers that an output reads.
    outs : tuple of int
        Outputs along each spatial axis.
    groups : int
        Parts of the channels that have nothing to do with each other.
    first : bool
        Whether no gradient by the input is needed.
    """

    def __init__(
        self,
        layer: Layer,
        buffers: Buffers,
        taps: int,
        outs: Shape,
        groups: int = 1,
        *,
        first: bool,
    ) -> None:
        self.layer, self.buffers, self.first = layer, buffers, first
        self.shares_blocks: list[Array] = []  # gradients by the columns
        self.taps, self.outs, self.groups = taps, prod(outs), groups
        channels = len(layer.parameters["weight"])
        self.rows = channels // groups
        self.output_shape = channels, *outs
        self.grad_x = []
        bias = "bias" in layer.parameters
        self.matrix = np.zeros((groups, 1, self.rows, taps + bias), buffers.dtype)
        self.columns = buffers.kept(groups, taps + bias, self.outs)
        if bias:
            for columns in self.columns:
                columns[:, taps] = 1
        shape = groups, taps + bias, self.rows
        self.sums = [np.zeros(shape, buffers.dtype) for _ in self.columns]
        # Where parameters and their gradients are, as (groups, rows, taps) and (.., 1).
        places = {"weight": slice(taps), "bias": slice(taps, None)}
        total = self.sums[0].swapaxes(1, 2)
        self.parts = [
            (name, self.matrix[:, 0, :, places[name]], total[..., places[name]])
            for name in layer.parameters
        ]

    def join(self, y: list[Array], grad_y: list[Array]) -> None:
        """Also lay all matrices out in blocks."""
        super().join(y, grad_y)
        made = self.buffers.lent(self.groups * self.rows, self.outs)
        # The product needs rows that lie one after the other; padding is in the way.
        self.made = [
            own.reshape(scratch.shape) if own.flags.c_contiguous else scratch
            for own, scratch in zip(y, made, strict=True)
        ]
        self.columns_blocks, self.made_blocks, self.grad_blocks = (
            [self._blocks(array) for array in arrays]
            for arrays in (self.columns, self.made, grad_y)
        )

    def begin(self) -> None:
        """Put weight and bias side by side."""
        parameters = self.layer.parameters
        for name, part, _ in self.parts:
            part[...] = parameters[name].reshape(part.shape)

    def forward(self, chunk: int) -> None:
        """One product."""
        arithmetic.affine(
            self.matrix, self.columns_blocks[chunk], self.made_blocks[chunk]
        )
        made, y = self.made[chunk], self.y[chunk]
        if not y.flags.c_contiguous:
            np.copyto(y, made.reshape(y.shape))

    def backward(self, chunk: int) -> None:
        """One product for the parameters, and one for the columns."""
        grad = self.grad_blocks[chunk]
        arithmetic.affine_backward(grad, self.columns_blocks[chunk], self.sums[chunk])
        if not self.first:
            weight = self.matrix[..., : self.taps].swapaxes(2, 3)
            arithmetic.affine(weight, grad, self.shares_blocks[chunk])

    def finish(self) -> None:
        """Add up the chunks, always in the same order."""
        first, *others = self.sums
        for sums in others:
            np.add(first, sums, out=first)
        parameters = self.layer.parameters
        self.layer.gradients = {
            name: part.copy().reshape(parameters[name].shape)
            for name, _, part in self.parts
        }

    def _blocks(self, array: Array) -> Array:
        """Entries of all groups as `(groups, blocks, ..., places of a block)`."""
        matrices = array.reshape(self.groups, -1, self.outs * array.shape[-1])
        places, each = matrices.shape[2], self.rows * self.matrix.shape[3]
        for blocks in range(1, places // _FEWEST + 1):
            if places % blocks == 0 and places // blocks * each <= UNPACKED:
                return in_blocks(matrices, blocks)
        return matrices[:, None]


class Convolution(Affine):
    """A convolution: its columns are laid from the padded input, and folded back."""

    def __init__(
        self, layer: Conv, buffers: Buffers, g: Geometry, *, first: bool
    ) -> None:
        taps, groups = g.taps_per_row, g.groups
        super().__init__(layer, buffers, taps, g.output_size, groups, first=first)
        padded = tuple(axis.padded_size for axis in g.axes)
        inside = [slice(a.before, a.before + a.size) for a in g.axes]
        whole = buffers.kept(g.in_channels, *padded)
        self.x = [array[:, *inside] for array in whole]
        shape = (groups, -1, *g.kernel_size, *g.output_size)
        self.windows, self.laid = (
            [array.reshape(*shape, array.shape[-1]) for array in arrays]
            for arrays in (
                [windows_of(array, g) for array in whole],
                [columns[:, :taps] for columns in self.columns],
            )
        )
        if first:
            return
        shares = buffers.lent(groups * taps, self.outs)
        self.shares_blocks = [self._blocks(array) for array in shares]
        self.grad_x = buffers.kept(*g.input_shape)
        behind = groups * taps * self.outs
        split = buffers.lent(g.in_channels, *split_of(g), behind=behind)
        if max(g.stride) == 1:
            split = [
                grad.reshape(part.shape)
                for grad, part in zip(self.grad_x, split, strict=True)
            ]
        shape = (g.in_channels, *g.kernel_size, *g.output_size)
        self.folds = [
            folds_of(part, share.reshape(*shape, share.shape[-1]), g)
            for part, share in zip(split, shares, strict=True)
        ]
        self.woven = [
            woven_of(grad, part, g)
            for grad, part in zip(self.grad_x, split, strict=True)
        ]

    def forward(self, chunk: int) -> None:
        """Lay the columns, then one product."""
        arithmetic.lay(self.windows[chunk], self.laid[chunk])
        super().forward(chunk)

    def backward(self, chunk: int) -> None:
        """The products, then fold the columns back."""
        super().backward(chunk)
        if not self.first:
            arithmetic.fold(*self.folds[chunk])
            arithmetic.weave(self.woven[chunk])


class Dense(Affine):
    """A linear layer: its input is a column already."""

    def __init__(self, layer: Linear, buffers: Buffers, *, first: bool) -> None:
        inputs = layer.parameters["weight"].shape[1]
        super().__init__(layer, buffers, inputs, (), first=first)
        self.x = [columns[0, :inputs, 0] for columns in self.columns]
        if not first:
            self.grad_x = buffers.kept(inputs)
            self.shares_blocks = [self._blocks(array) for array in self.grad_x]
