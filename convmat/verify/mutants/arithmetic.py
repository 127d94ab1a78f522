"""Mutants that take the right numbers and compute with them wrongly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convmat import sliding
from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.geometry.doors import Map
from convmat.verify.mutants.mutant import Mutant, of_map

__all__ = ["ARITHMETIC"]

_TINY = 1e-8


def _right(x: Array, kernel: Array, g: Geometry) -> Array:
    return sliding.forward(x, kernel, g)


def _inside(dtype: npt.DTypeLike) -> Map:
    """The map in another dtype, its result as if nothing had happened."""

    def wrong(x: Array, kernel: Array, g: Geometry) -> Array:
        y = sliding.forward(x.astype(dtype), kernel.astype(dtype), g)
        return y.astype(np.result_type(x, kernel))

    return wrong


def _cut(array: Array) -> Array:
    """Floats with the 10 bits of mantissa that TensorFloat-32 reads."""
    if array.dtype.kind != "f":
        return array
    bits = array.astype(np.float32).view(np.uint32) & np.uint32(0xFFFFE000)
    return bits.view(np.float32).astype(array.dtype)


def _tensor_float(x: Array, kernel: Array, g: Geometry) -> Array:
    return _right(_cut(x), _cut(kernel), g)


def _noisy(x: Array, kernel: Array, g: Geometry) -> Array:
    y = _right(x, kernel, g)
    if y.dtype.kind != "f":
        return y
    noisy: Array = y * y.dtype.type(1 + 1e-9)
    return noisy


def _flushed(x: Array, kernel: Array, g: Geometry) -> Array:
    y = _right(x, kernel, g)
    return np.where(np.abs(y) < _TINY, np.zeros((), y.dtype), y)


def _nan_swallowed(x: Array, kernel: Array, g: Geometry) -> Array:
    y = _right(x, kernel, g)
    return np.nan_to_num(y, nan=0.0) if y.dtype.kind == "f" else y


def _zeros_skipped(x: Array, kernel: Array, g: Geometry) -> Array:
    """Taps that are 0 are not multiplied, so that infinities beside them are lost."""
    if kernel.dtype.kind != "f" or not np.any(kernel == 0):
        return _right(x, kernel, g)
    finite = np.where(np.isfinite(x), x, np.zeros((), x.dtype))
    return _right(finite, kernel, g)


def _wrapped(x: Array, kernel: Array, g: Geometry) -> Array:
    if np.result_type(x, kernel) != np.int64:
        return _right(x, kernel, g)
    return sliding.forward(x.astype(np.int32), kernel.astype(np.int32), g).astype(
        np.int64
    )


def _saturated(x: Array, kernel: Array, g: Geometry) -> Array:
    y = _right(x, kernel, g)
    if y.dtype.kind != "i":
        return y
    return np.clip(y, np.iinfo(np.int32).min, np.iinfo(np.int32).max)


def _through_doubles(x: Array, kernel: Array, g: Geometry) -> Array:
    if np.result_type(x, kernel) != np.int64:
        return _right(x, kernel, g)
    y = sliding.forward(x.astype(np.float64), kernel.astype(np.float64), g)
    return y.astype(np.int64)


def _widened(x: Array, kernel: Array, g: Geometry) -> Array:
    y = _right(x, kernel, g)
    return y.astype(np.float64) if y.dtype == np.float32 else y


def _integers_as_floats(x: Array, kernel: Array, g: Geometry) -> Array:
    y = _right(x, kernel, g)
    return y.astype(np.float64) if y.dtype.kind == "i" else y


def _rectified(x: Array, kernel: Array, g: Geometry) -> Array:
    y = _right(x, kernel, g)
    return np.where(y < 0, np.zeros((), y.dtype), y)


def _kernel_whole(x: Array, kernel: Array, g: Geometry) -> Array:
    """The taps kept in whole sixteenths, as a quantised kernel is."""
    if kernel.dtype.kind != "f":
        return _right(x, kernel, g)
    return _right(x, (np.round(kernel * 16) / 16).astype(kernel.dtype), g)


def _grad_in_singles(grad: Array, x: Array, g: Geometry) -> Array:
    singles = grad.astype(np.float32), x.astype(np.float32)
    return sliding.kernel_grad(*singles, g).astype(np.result_type(grad, x))


_GITHUB = "https://github.com/"

_WRONG: dict[str, tuple[str, Map, tuple[str, ...]]] = {
    "float32-inside": ("float32 inside", _inside(np.float32), ()),
    "float16-inside": (
        "float16 inside",
        _inside(np.float16),
        (f"{_GITHUB}ml-explore/mlx/pull/4242",),
    ),
    "tensor-float-inside": (
        "factors cut to the 10 bits of TensorFloat-32",
        _tensor_float,
        (f"{_GITHUB}pytorch/pytorch/issues/107514",),
    ),
    "relative-noise": ("a relative error of 1e-9", _noisy, ()),
    "small-flushed": ("results below 1e-8 flushed to zero", _flushed, ()),
    "nan-swallowed": (
        "NaN turned into zero",
        _nan_swallowed,
        (f"{_GITHUB}tensorflow/tensorflow/issues/63391",),
    ),
    "zeros-skipped": (
        "products with a zero tap skipped, and infinities with them",
        _zeros_skipped,
        (),
    ),
    "int32-wrapped": ("integers wrapped at 32 bits", _wrapped, ()),
    "int32-saturated": ("integers saturated at 32 bits", _saturated, ()),
    "int64-through-float64": (
        "integers taken through float64, which holds them up to 2**53",
        _through_doubles,
        (),
    ),
    "float32-widened": ("float64 returned for float32", _widened, ()),
    "int64-as-float64": ("float64 returned for integers", _integers_as_floats, ()),
    "rectified": ("negative results cut off at zero", _rectified, ()),
    "kernel-quantised": ("taps rounded to sixteenths", _kernel_whole, ()),
}

ARITHMETIC: tuple[Mutant, ...] = (
    *(
        of_map("arithmetic", "forward", name, words, wrong, sources)
        for name, (words, wrong, sources) in _WRONG.items()
    ),
    of_map(
        "arithmetic",
        "kernel_grad",
        "kernel-grad-float32-inside",
        "float32 inside",
        _grad_in_singles,
    ),
)
"""Numbers rounded, wrapped, cut off, or of another dtype."""
