"""Mutants that mix the images of a batch, or remember earlier calls."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from convmat import sliding
from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.geometry.doors import Map
from convmat.verify.black_box import Implementation
from convmat.verify.mutants.mutant import Mutant, box, of_map

__all__ = ["STATE"]


def _first_for_all(x: Array, kernel: Array, g: Geometry) -> Array:
    return np.repeat(sliding.forward(x[:1], kernel, g), len(x), axis=0)[: len(x)]


def _batch_inside(x: Array, kernel: Array, g: Geometry) -> Array:
    """Written as (out, batch) and taken for (batch, out)."""
    y = sliding.forward(x, kernel, g)
    return y.swapaxes(0, 1).reshape(y.shape)


def _odd_image_lost(x: Array, kernel: Array, g: Geometry) -> Array:
    y = sliding.forward(x, kernel, g).copy()
    if len(y) > 1 and len(y) % 2:
        y[-1] = 0
    return y


def _summed(x: Array, kernel: Array, g: Geometry) -> Array:
    """A buffer that is not emptied between the images."""
    return np.cumsum(sliding.forward(x, kernel, g), axis=0)


def _mean_taken(x: Array, kernel: Array, g: Geometry) -> Array:
    """The mean of the batch taken off first, as a normalisation would."""
    if x.dtype.kind != "f" or len(x) < 2:
        return sliding.forward(x, kernel, g)
    return sliding.forward(x - x.mean(axis=0, dtype=x.dtype), kernel, g)


def _stale_output() -> Map:
    """The buffer of the output is kept, and added to where its shape is the same."""
    kept: list[Array] = []

    def wrong(x: Array, kernel: Array, g: Geometry) -> Array:
        y = sliding.forward(x, kernel, g)
        same = kept and kept[0].shape == y.shape and kept[0].dtype == y.dtype
        total = kept[0] + y if same else y
        kept[:] = [total.copy()]
        return total

    return wrong


def _stale_kernel() -> Map:
    """The kernel is packed once for each shape."""
    packed: dict[object, Array] = {}

    def wrong(x: Array, kernel: Array, g: Geometry) -> Array:
        key = kernel.shape, kernel.dtype
        return sliding.forward(x, packed.setdefault(key, kernel.copy()), g)

    return wrong


def _stale_plan() -> Map:
    """What was worked out for the first geometry of a shape serves for all of it."""
    plans: dict[object, Geometry] = {}

    def wrong(x: Array, kernel: Array, g: Geometry) -> Array:
        key = g.input_shape, g.weight_shape, g.output_size
        return sliding.forward(x, kernel, plans.setdefault(key, g))

    return wrong


def _every_third() -> Map:
    """A race: now and then the last output is not there yet."""
    calls = 0

    def wrong(x: Array, kernel: Array, g: Geometry) -> Array:
        nonlocal calls
        calls += 1
        y = sliding.forward(x, kernel, g).copy()
        if calls % 3 == 0 and len(y):
            y[-1, ..., -1] = 0
        return y

    return wrong


def _chatty(x: Array, kernel: Array, g: Geometry) -> Array:
    """The right result, and a line that was left in from looking for a bug."""
    sys.stderr.write(f"{x.shape}\n")
    return sliding.forward(x, kernel, g)


def _accumulated() -> Map:
    """The gradient is added to that of the last call, which nobody cleared."""
    kept: list[Array] = []

    def wrong(grad: Array, x: Array, g: Geometry) -> Array:
        total = sliding.kernel_grad(grad, x, g)
        same = kept and kept[0].shape == total.shape and kept[0].dtype == total.dtype
        kept[:] = [kept[0] + total if same else total]
        return kept[0].copy()

    return wrong


def _remembering(
    part: str,
    name: str,
    words: str,
    fresh: Callable[[], Map],
    sources: tuple[str, ...] = (),
) -> Mutant:
    def build() -> Implementation:
        return box(name, **{part: fresh()})

    return Mutant(name, words, part, "state", build, sources)


_GITHUB = "https://github.com/"

STATE = (
    of_map(
        "state",
        "forward",
        "batch-first-for-all",
        "the result of the first image given for all",
        _first_for_all,
    ),
    of_map(
        "state",
        "forward",
        "batch-inside-channels",
        "the output written as (out, batch) and read as (batch, out)",
        _batch_inside,
        (f"{_GITHUB}ggml-org/ggml/pull/737",),
    ),
    of_map(
        "state",
        "forward",
        "batch-odd-lost",
        "the last of an odd number of images left at zero",
        _odd_image_lost,
        (f"{_GITHUB}NervanaSystems/neon/issues/361",),
    ),
    of_map(
        "state",
        "forward",
        "batch-summed",
        "each image added to those before it",
        _summed,
    ),
    of_map(
        "state",
        "forward",
        "batch-mean-taken",
        "the mean of the batch taken off the input",
        _mean_taken,
    ),
    of_map("state", "forward", "chatty", "a line printed in every call", _chatty),
    _remembering(
        "forward",
        "stale-output",
        "the output added to that of the last call",
        _stale_output,
    ),
    _remembering(
        "forward",
        "stale-kernel",
        "the first kernel of a shape kept for all later calls",
        _stale_kernel,
    ),
    _remembering(
        "forward",
        "stale-plan",
        "the first settings of a shape kept for all later calls",
        _stale_plan,
    ),
    _remembering(
        "forward",
        "race",
        "the last outputs missing in every third call",
        _every_third,
    ),
    _remembering(
        "kernel_grad",
        "kernel-grad-accumulated",
        "the gradient added to that of the last call",
        _accumulated,
    ),
)
"""Right for one image in a fresh process."""
