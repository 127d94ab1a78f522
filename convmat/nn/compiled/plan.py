"""A plan: the steps of one model for batches of one shape, and the order they go in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from math import prod
from typing import Any, TypeAlias

import numpy as np

from convmat.arrays import Array, Shape
from convmat.memory import refuse_beyond
from convmat.nn.compiled.affine import Affine, Convolution, Dense
from convmat.nn.compiled.buffers import Buffers
from convmat.nn.compiled.cells import room_to_fold
from convmat.nn.compiled.norms import FixedNorm, Norm
from convmat.nn.compiled.pools import GlobalMean, Maximum, Mean
from convmat.nn.compiled.reading import mark_of
from convmat.nn.compiled.steps import Activation, Step
from convmat.nn.compiled.workers import Workers
from convmat.nn.convolutions import Conv
from convmat.nn.global_pooling import GlobalAvgPool
from convmat.nn.layers import Layer, LeakyReLU, Linear, ReLU
from convmat.nn.norm import BatchNorm
from convmat.nn.pooling import AvgPool, MaxPool

__all__ = ["CHUNK", "Plan"]

CHUNK = 64
"""Samples of a chunk: enough to hide the calls, few enough to stay in a cache."""

MOST = 1 << 30
"""Bytes of a plan. The layers themselves never hold all columns at once."""

Phase: TypeAlias = tuple[list[Callable[[int], None]], Callable[[], None]]
"""What each chunk goes through, and what joins the chunks afterwards."""


class Plan:
    """A model on batches of one shape, with all buffers made beforehand.

    Parameters
    ----------
    layers : list of Layer
        As from `convmat.nn.compiled.reading.layers_of`.
    batch_shape : tuple of int
        `(batch, channels, *spatial)` or `(batch, features)`.
    dtype : dtype
        Of the batch and all parameters.
    workers : Workers
        Who share the chunks.

    Raises
    ------
    ShapeError, GeometryError
        Where a shape does not fit a layer.
    MatrixTooLargeError
        When the buffers would take more than `MOST` bytes.
    """

    def __init__(
        self,
        layers: list[Layer],
        batch_shape: Shape,
        dtype: np.dtype[Any],
        workers: Workers,
    ) -> None:
        self.batch_shape, self.dtype, self.workers = batch_shape, dtype, workers
        marks = map(mark_of, layers)
        # Settings may be changed where they are.
        self.marks = [
            (own, deepcopy(settings), arrays) for own, settings, arrays in marks
        ]
        batch, *shape = batch_shape
        sizes = [min(CHUNK, batch - start) for start in range(0, batch, CHUNK)]
        shapes = _shapes(layers, tuple(shape))
        room = max(_rooms(layers, shapes))
        needed = 4 * batch * dtype.itemsize * sum(_rooms(layers, shapes))
        refuse_beyond("buffers for", layers, needed, MOST, "use a smaller batch")
        buffers = Buffers.of(dtype, tuple(sizes), workers.threads, room)
        self.steps = list(_steps(layers, shapes, buffers))
        self.batch, self.output_shape = batch, shapes[-1]
        self.bounds = [slice(CHUNK * n, CHUNK * n + s) for n, s in enumerate(sizes)]
        self.output = buffers.kept(*self.output_shape)
        self.grad = buffers.kept(*self.output_shape)
        self._join()
        self.ahead, self.back = _ahead(self.steps), _back(_trained(self.steps))

    def forward(self, x: Array) -> Array:
        """The output, `(batch, ...)`, an array of its own."""
        for step in self.steps:
            step.begin()
        first = self.steps[0]
        for own, bounds in zip(first.x, self.bounds, strict=True):
            np.copyto(own, _last(x[bounds]).reshape(own.shape))
        self._run(self.ahead)
        y = np.empty((self.batch, *self.output_shape), x.dtype)
        for own, bounds in zip(self.output, self.bounds, strict=True):
            _last(y[bounds])[...] = own
        return y

    def backward(self, grad: Array) -> None:
        """Leave the gradients by all parameters in the layers."""
        for own, bounds in zip(self.grad, self.bounds, strict=True):
            np.copyto(own, _last(grad[bounds]))
        self._run(self.back)
        for step in self.steps:
            step.finish()

    def _join(self) -> None:
        """Let each step write into the input of the next one."""
        y, grad_y = self.output, self.grad
        for step in reversed(self.steps):
            step.join(
                [array.reshape(*step.output_shape, array.shape[-1]) for array in y],
                [
                    array.reshape(*step.output_shape, array.shape[-1])
                    for array in grad_y
                ],
            )
            y, grad_y = step.x, step.grad_x

    def _run(self, phases: list[Phase]) -> None:
        for functions, join in phases:
            self.workers.share(len(self.bounds), functions)
            join()


def _shapes(layers: list[Layer], shape: Shape) -> list[Shape]:
    """Without the batch: of the input, and of each layer's output."""
    shapes = [shape]
    for layer in layers:
        shapes.append(layer.facts(shapes[-1]).output_shape)
    return shapes


def _rooms(layers: list[Layer], shapes: list[Shape]) -> Iterator[int]:
    """Entries of scratch that each layer needs for one sample."""
    for layer, before, after in zip(layers, shapes, shapes[1:], strict=False):
        yield prod(after)
        if isinstance(layer, Conv):
            g = layer.geometry(before)
            yield g.groups * g.taps_per_row * prod(g.output_size) + room_to_fold(g)


def _steps(
    layers: list[Layer], shapes: list[Shape], buffers: Buffers
) -> Iterator[Step]:
    first = True  # until there is something to train, no gradient by the input counts
    for layer, shape in zip(layers, shapes, strict=False):
        if isinstance(layer, Conv):
            yield Convolution(layer, buffers, layer.geometry(shape), first=first)
        elif isinstance(layer, Linear):
            yield Dense(layer, buffers, first=first)
        elif isinstance(layer, BatchNorm):
            kind = Norm if layer.training else FixedNorm
            yield kind(layer, buffers, shape)
        elif isinstance(layer, (ReLU, LeakyReLU)):
            yield Activation(layer, buffers, shape)
        elif isinstance(layer, MaxPool):
            yield Maximum(layer, buffers, shape, first=first)
        elif isinstance(layer, AvgPool):
            yield Mean(layer, buffers, shape, first=first)
        elif isinstance(layer, GlobalAvgPool):
            yield GlobalMean(buffers, shape, first=first)
        else:
            continue  # Flatten: arrays in C order are flat already
        first = first and not layer.parameters


def _trained(steps: list[Step]) -> list[Step]:
    """From the first one with parameters on: none before it has a backward pass."""
    places = [
        n for n, step in enumerate(steps) if isinstance(step, (Affine, Norm, FixedNorm))
    ]
    return steps[places[0] :] if places else []


def _ahead(steps: list[Step]) -> list[Phase]:
    """The forward pass: a phase ends where a norm needs the whole batch."""
    phases: list[Phase] = [([], _nothing)]
    for step in steps:
        if isinstance(step, Norm):
            phases[-1] = ([*phases[-1][0], step.measure], step.merge)
            phases.append(([], _nothing))
        phases[-1][0].append(step.forward)
    return phases


def _back(steps: list[Step]) -> list[Phase]:
    """The backward pass, likewise."""
    phases: list[Phase] = [([], _nothing)]
    for step in reversed(steps):
        if isinstance(step, Norm):
            phases[-1] = ([*phases[-1][0], step.measure_back], step.merge_back)
            phases.append(([], _nothing))
        phases[-1][0].append(step.backward)
    return phases


def _last(array: Array) -> Array:
    """`(batch, ...)` as a view `(..., batch)`."""
    return array.transpose(*range(1, array.ndim), 0)


def _nothing() -> None:
    pass
