"""Mutants of the gradient by the input, which is the transposed convolution."""

from __future__ import annotations

from math import prod

import numpy as np

from convmat import sliding
from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.geometry.doors import Map
from convmat.verify.mutants.channels import groups_forgotten
from convmat.verify.mutants.kernel import flipped, out_in_swapped, transposed
from convmat.verify.mutants.modes import MODE_BENDS
from convmat.verify.mutants.mutant import Mutant, divided, of_map
from convmat.verify.mutants.padding import PADDING_BENDS
from convmat.verify.mutants.reads import Bend, maps, right_reads
from convmat.verify.mutants.stride import STRIDE_BENDS

__all__ = ["INPUT_GRAD"]

_PART = "input_grad"


def _flipped(grad: Array, kernel: Array, g: Geometry) -> Array:
    return sliding.input_grad(grad, flipped(kernel, g), g)


def _transposed(grad: Array, kernel: Array, g: Geometry) -> Array:
    return sliding.input_grad(grad, transposed(kernel, g), g)


def _out_in(grad: Array, kernel: Array, g: Geometry) -> Array:
    return sliding.input_grad(grad, out_in_swapped(kernel, g), g)


def _overwritten(grad: Array, kernel: Array, g: Geometry) -> Array:
    """A cell keeps the share of the last tap that reaches it."""
    reads = right_reads(g)
    taps = kernel.reshape(g.groups, -1, kernel.shape[1], prod(g.kernel_size))
    per_group = g.out_channels // g.groups
    grads = grad.reshape(len(grad), g.groups, per_group, len(reads.cells))
    dtype = np.result_type(grad, kernel)
    shape = (len(grad), g.groups, kernel.shape[1], prod(g.input_size) + 1)
    total = np.zeros(shape, dtype)
    for tap, cells in enumerate(reads.cells.T):
        total[..., cells] = np.einsum("bgor,goc->bgcr", grads, taps[..., tap])
    return total[..., :-1].reshape(len(grad), g.in_channels, *g.input_size)


def _averaged(grad: Array, kernel: Array, g: Geometry) -> Array:
    """Each cell's sum divided by the number of taps that read it."""
    total = sliding.input_grad(grad, kernel, g)
    readers = np.bincount(right_reads(g).cells.ravel() + 1, minlength=1)
    counts = np.zeros(prod(g.input_size), np.int64)
    counts[: len(readers) - 1] = readers[1:]
    each = counts.reshape(g.input_size)
    return divided(total, each)


def _batch_averaged(grad: Array, kernel: Array, g: Geometry) -> Array:
    total = sliding.input_grad(grad, kernel, g)
    return divided(total, len(grad))


def _border_lost(grad: Array, kernel: Array, g: Geometry) -> Array:
    """Cells beside the padding get nothing."""
    total = sliding.input_grad(grad, kernel, g).copy()
    for axis, (before, after) in enumerate(g.padding, start=2):
        lines = np.moveaxis(total, axis, 0)
        lines[: int(before > 0)] = 0
        lines[len(lines) - int(after > 0) :] = 0
    return total


def _rectified(grad: Array, kernel: Array, g: Geometry) -> Array:
    """Only what is positive is handed back: guided backpropagation, no gradient."""
    total = sliding.input_grad(grad, kernel, g)
    return np.where(total < 0, np.zeros((), total.dtype), total)


_GITHUB = "https://github.com/"

_BENT: dict[str, tuple[str, Bend, tuple[str, ...]]] = {
    "output-padding-first": (
        "the cells that the stride leaves over, or output padding, put at the start",
        STRIDE_BENDS["stride-to-the-end"][1],
        (),
    ),
    "groups-forgotten": (
        "all groups handing their gradient to the first",
        groups_forgotten,
        (),
    ),
    **{
        name: bends[name]
        for bends, names in (
            (
                STRIDE_BENDS,
                (
                    "strides-swapped",
                    "stride-forgotten",
                    "stride-dilation-swapped",
                    "dilation-only-in-size",
                ),
            ),
            (PADDING_BENDS, ("pads-sides-swapped", "pads-axes-swapped")),
            (MODE_BENDS, ("mode-forgotten",)),
        )
        for name in names
    },
}

_WRONG: dict[str, tuple[str, Map, tuple[str, ...]]] = {
    "kernel-not-turned": (
        "the gradient convolved with the kernel as it is, which must be turned",
        _flipped,
        (),
    ),
    "kernel-transposed": ("the axes of the kernel transposed", _transposed, ()),
    "kernel-out-in-swapped": (
        "the kernel's buffer taken for (in, out, *kernel)",
        _out_in,
        (),
    ),
    "overwritten": (
        "overlapping windows overwriting each other instead of adding up",
        _overwritten,
        (),
    ),
    "averaged": ("the shares of a cell averaged instead of summed", _averaged, ()),
    "rectified": ("negative gradients cut off at zero", _rectified, ()),
    "batch-averaged": (
        "the gradient divided by the size of the batch",
        _batch_averaged,
        (),
    ),
    "border-lost": (
        "the gradient of cells beside the padding lost",
        _border_lost,
        (f"{_GITHUB}pytorch/pytorch/issues/25101",),
    ),
}

INPUT_GRAD: tuple[Mutant, ...] = (
    *(
        of_map(_PART, _PART, f"input-grad-{name}", words, maps(bend)[_PART], sources)
        for name, (words, bend, sources) in _BENT.items()
    ),
    *(
        of_map(_PART, _PART, f"input-grad-{name}", words, wrong, sources)
        for name, (words, wrong, sources) in _WRONG.items()
    ),
)
"""Every output hands its window back: to other cells, turned, or too often."""
