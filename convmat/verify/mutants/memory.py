"""Mutants that mistake how arrays lie in memory, or write where they may not."""

from __future__ import annotations

import numpy as np

from convmat import sliding
from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.geometry.doors import Map
from convmat.verify.mutants.kernel import flipped
from convmat.verify.mutants.mutant import Mutant, of_map

__all__ = ["MEMORY"]


def _buffer(array: Array) -> Array:
    """The entries as they lie in memory, taken for C order."""
    return array.ravel(order="K").reshape(array.shape)


def _raw_input(x: Array, kernel: Array, g: Geometry) -> Array:
    return sliding.forward(_buffer(x), kernel, g)


def _raw_kernel(x: Array, kernel: Array, g: Geometry) -> Array:
    return sliding.forward(x, _buffer(kernel), g)


def _raw_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    return sliding.input_grad(_buffer(grad), kernel, g)


def _raw_grad_for_kernel(grad: Array, x: Array, g: Geometry) -> Array:
    return sliding.kernel_grad(_buffer(grad), x, g)


def _from_the_base(x: Array, kernel: Array, g: Geometry) -> Array:
    """A view is read from the start of the array that it looks into."""
    owner = x.base
    if (
        isinstance(owner, np.ndarray)
        and owner.dtype == x.dtype
        and owner.size >= x.size
    ):
        x = owner.ravel()[: x.size].reshape(x.shape)
    return sliding.forward(x, kernel, g)


def _written(array: Array) -> Array:
    """The array, so that it can be written to as a kernel in C does."""
    if not array.flags.writeable:
        return array.copy()
    return array


def _flipped_in_place(x: Array, kernel: Array, g: Geometry) -> Array:
    """The right result, after which the caller's kernel is the flipped one."""
    y = sliding.forward(x, kernel, g)
    owned = _written(kernel)
    owned[...] = flipped(kernel, g).copy()
    return y


def _border_zeroed_in_place(x: Array, kernel: Array, g: Geometry) -> Array:
    """The right result, after which the first cells of the input are padding."""
    y = sliding.forward(x, kernel, g)
    _written(x)[..., :1] = 0
    return y


def _grad_in_place(grad: Array, x: Array, g: Geometry) -> Array:
    total = sliding.kernel_grad(grad, x, g)
    owned = _written(grad)
    owned[...] = owned + owned
    return total


def _view(x: Array, kernel: Array, g: Geometry) -> Array:
    """Where it fits, the result is put in the place of the input."""
    y = sliding.forward(x, kernel, g)
    if y.shape != x.shape or y.dtype != x.dtype or not x.flags.writeable:
        return y
    x[...] = y
    return x


_GITHUB = "https://github.com/"

_WRONG: dict[str, tuple[str, str, Map, tuple[str, ...]]] = {
    "buffer-input": (
        "forward",
        "the input's buffer read as if it lay in C order",
        _raw_input,
        (f"{_GITHUB}pytorch/pytorch/issues/77299",),
    ),
    "buffer-kernel": (
        "forward",
        "the kernel's buffer read as if it lay in C order",
        _raw_kernel,
        (f"{_GITHUB}pytorch/pytorch/issues/192212",),
    ),
    "buffer-base": (
        "forward",
        "a view read from the start of what it looks into",
        _from_the_base,
        (f"{_GITHUB}pytorch/pytorch/issues/180984",),
    ),
    "input-grad-buffer": (
        "input_grad",
        "the gradient's buffer read as if it lay in C order",
        _raw_grad,
        (),
    ),
    "kernel-grad-buffer": (
        "kernel_grad",
        "the gradient's buffer read as if it lay in C order",
        _raw_grad_for_kernel,
        (),
    ),
    "kernel-flipped-in-place": (
        "forward",
        "the caller's kernel flipped in place",
        _flipped_in_place,
        (),
    ),
    "input-written-in-place": (
        "forward",
        "the first cells of the caller's input set to zero",
        _border_zeroed_in_place,
        (),
    ),
    "kernel-grad-in-place": (
        "kernel_grad",
        "the caller's gradient doubled in place",
        _grad_in_place,
        (),
    ),
    "result-in-the-input": (
        "forward",
        "the result put in the caller's input where it fits",
        _view,
        (),
    ),
}

MEMORY: tuple[Mutant, ...] = tuple(
    of_map("memory", part, name, words, wrong, sources)
    for name, (part, words, wrong, sources) in _WRONG.items()
)
"""Right on fresh arrays in C order."""
