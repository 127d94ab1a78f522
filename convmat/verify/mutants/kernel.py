"""Mutants that read the kernel wrongly: flipped, transposed, in another layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from convmat import sliding
from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.mutants.mutant import Mutant, of_map

__all__ = ["KERNEL", "flipped", "out_in_swapped", "transposed"]

Twist: TypeAlias = Callable[[Array, Geometry], Array]
"""A kernel of the shape `g.weight_shape` to one of the same shape."""


def flipped(kernel: Array, g: Geometry) -> Array:
    """The kernel with every spatial axis reversed."""
    turned: Array = np.flip(kernel, tuple(range(2, kernel.ndim)))
    return turned


def transposed(kernel: Array, g: Geometry) -> Array:
    """The taps in their buffer taken for those of the transposed kernel."""
    spatial = tuple(range(2, kernel.ndim))
    buffer = kernel.reshape(*kernel.shape[:2], *g.kernel_size[::-1])
    return buffer.transpose(0, 1, *spatial[::-1])


def out_in_swapped(kernel: Array, g: Geometry) -> Array:
    """The buffer taken for `(in, out, *kernel)`."""
    out, into = kernel.shape[:2]
    return kernel.reshape(into, out, *g.kernel_size).swapaxes(0, 1)


def _last_flipped(kernel: Array, g: Geometry) -> Array:
    return kernel[..., ::-1]


def _first_flipped(kernel: Array, g: Geometry) -> Array:
    return kernel[:, :, ::-1]


def _channels_last(kernel: Array, g: Geometry) -> Array:
    out, into = kernel.shape[:2]
    return np.moveaxis(kernel.reshape(out, *g.kernel_size, into), -1, 1)


def _last_tap_lost(kernel: Array, g: Geometry) -> Array:
    short = kernel.copy()
    if g.kernel_size[-1] > 1:
        short[..., -1] = 0
    return short


def _square(kernel: Array, g: Geometry) -> Array:
    cut = kernel.copy()
    cut[..., g.kernel_size[0] :] = 0
    return cut


def _first_filter(kernel: Array, g: Geometry) -> Array:
    return np.repeat(kernel[:1], len(kernel), axis=0)


def _first_slice(kernel: Array, g: Geometry) -> Array:
    return np.repeat(kernel[:, :1], kernel.shape[1], axis=1)


def _centred(kernel: Array, g: Geometry) -> Array:
    even = [axis for axis, k in enumerate(g.kernel_size, start=2) if k % 2 == 0]
    return np.roll(kernel, 1, even) if even else kernel


def _three_by_three(kernel: Array, g: Geometry) -> Array:
    fast = g.rank == 2 and g.kernel_size == (3, 3) and g.stride == (1, 1)
    return transposed(kernel, g) if fast and g.dilation == (1, 1) else kernel


def _wrong(
    name: str, words: str, twist: Twist, sources: tuple[str, ...] = ()
) -> Mutant:
    def wrong(x: Array, kernel: Array, g: Geometry) -> Array:
        return sliding.forward(x, twist(kernel, g), g)

    return of_map("kernel", "forward", name, words, wrong, sources)


_GITHUB = "https://github.com/"

KERNEL = (
    _wrong(
        "kernel-flipped",
        "the kernel flipped on all axes",
        flipped,
        (f"{_GITHUB}PTB-MR/mrpro/issues/811",),
    ),
    _wrong("kernel-flipped-last", "the kernel flipped on its last axis", _last_flipped),
    _wrong(
        "kernel-flipped-first", "the kernel flipped on its first axis", _first_flipped
    ),
    _wrong("kernel-transposed", "the axes of the kernel transposed", transposed),
    _wrong(
        "kernel-out-in-swapped",
        "the kernel's buffer taken for (in, out, *kernel)",
        out_in_swapped,
    ),
    _wrong(
        "kernel-channels-last",
        "the kernel's buffer taken for (out, *kernel, in)",
        _channels_last,
    ),
    _wrong(
        "kernel-last-tap-lost", "the last tap of the last axis left out", _last_tap_lost
    ),
    _wrong(
        "kernel-taken-for-square",
        "the kernel's first size taken for its last too",
        _square,
        (f"{_GITHUB}tenstorrent/tt-metal/pull/19542",),
    ),
    _wrong(
        "kernel-first-filter",
        "the filter of output channel 0 used for all",
        _first_filter,
    ),
    _wrong(
        "kernel-first-slice",
        "the kernel's slice of input channel 0 used for all",
        _first_slice,
    ),
    _wrong("kernel-even-rolled", "an even kernel rolled by one tap", _centred),
    _wrong(
        "kernel-three-by-three",
        "the kernel transposed in a branch for 3x3 taps of stride 1",
        _three_by_three,
    ),
)
"""The kernel is read in another order than it is written, or not to its end."""
