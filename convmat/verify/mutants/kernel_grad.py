"""Mutants of the gradient by the kernel."""

from __future__ import annotations

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

__all__ = ["KERNEL_GRAD"]

_PART = "kernel_grad"


def _flipped(grad: Array, x: Array, g: Geometry) -> Array:
    return flipped(sliding.kernel_grad(grad, x, g), g)


def _transposed(grad: Array, x: Array, g: Geometry) -> Array:
    return transposed(sliding.kernel_grad(grad, x, g), g)


def _out_in(grad: Array, x: Array, g: Geometry) -> Array:
    return out_in_swapped(sliding.kernel_grad(grad, x, g), g)


def _batch_averaged(grad: Array, x: Array, g: Geometry) -> Array:
    return divided(sliding.kernel_grad(grad, x, g), len(x))


def _last_image(grad: Array, x: Array, g: Geometry) -> Array:
    return sliding.kernel_grad(grad[-1:], x[-1:], g)


def _first_image(grad: Array, x: Array, g: Geometry) -> Array:
    return sliding.kernel_grad(grad[:1], x[:1], g)


def _outputs_averaged(grad: Array, x: Array, g: Geometry) -> Array:
    outputs = int(np.prod(g.output_size))
    return divided(sliding.kernel_grad(grad, x, g), outputs)


def _tie_averaged(grad: Array, x: Array, g: Geometry) -> Array:
    """Each tap's sum divided by the number of outputs that read through it."""
    readers = (right_reads(g).cells >= 0).sum(axis=0).reshape(g.kernel_size)
    return divided(sliding.kernel_grad(grad, x, g), readers)


def _last_output_lost(grad: Array, x: Array, g: Geometry) -> Array:
    short = grad.copy()
    if g.output_size[-1] > 1:
        short[..., -1] = 0
    return sliding.kernel_grad(short, x, g)


_GITHUB = "https://github.com/"

_BENT: dict[str, tuple[str, Bend, tuple[str, ...]]] = {
    "groups-forgotten": (
        "the input channels of the first group used for all",
        groups_forgotten,
        (
            f"{_GITHUB}pytorch/pytorch/issues/51430",
            f"{_GITHUB}tracel-ai/burn/pull/1891",
        ),
    ),
    **{
        name: bends[name]
        for bends, names in (
            (
                STRIDE_BENDS,
                (
                    "strides-swapped",
                    "stride-forgotten",
                    "stride-to-the-end",
                    "stride-dilation-swapped",
                    "dilation-only-in-size",
                ),
            ),
            (PADDING_BENDS, ("pads-sides-swapped", "border-left-out")),
            (MODE_BENDS, ("mode-forgotten",)),
        )
        for name in names
    },
}

_WRONG: dict[str, tuple[str, Map, tuple[str, ...]]] = {
    "flipped": (
        "the gradient flipped on all axes",
        _flipped,
        (f"{_GITHUB}FluxML/NNlib.jl/issues/518",),
    ),
    "transposed": ("the axes of the gradient transposed", _transposed, ()),
    "out-in-swapped": (
        "the gradient written as (in, out, *kernel)",
        _out_in,
        (),
    ),
    "batch-averaged": (
        "the gradient averaged over the batch instead of summed",
        _batch_averaged,
        (),
    ),
    "last-image": ("the gradient of the last image only", _last_image, ()),
    "first-image": ("the gradient of the first image only", _first_image, ()),
    "outputs-averaged": (
        "the gradient averaged over the outputs instead of summed",
        _outputs_averaged,
        (),
    ),
    "tie-averaged": (
        "the gradient averaged over each tie instead of summed",
        _tie_averaged,
        (),
    ),
    "last-output-lost": (
        "the last output of every row left out of the sum",
        _last_output_lost,
        (f"{_GITHUB}pytorch/pytorch/issues/50042",),
    ),
}

KERNEL_GRAD: tuple[Mutant, ...] = (
    *(
        of_map(_PART, _PART, f"kernel-grad-{name}", words, maps(bend)[_PART], sources)
        for name, (words, bend, sources) in _BENT.items()
    ),
    *(
        of_map(_PART, _PART, f"kernel-grad-{name}", words, wrong, sources)
        for name, (words, wrong, sources) in _WRONG.items()
    ),
)
"""The sum over a tie takes in too little, too much, or is divided."""
