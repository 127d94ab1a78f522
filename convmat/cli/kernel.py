"""The values of the taps, from `--values` or `--seed`."""

from __future__ import annotations

import argparse
from fractions import Fraction

import numpy as np

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond
from convmat.shorthand import Number, read_numbers

__all__ = ["add_values", "as_json_numbers", "as_numbers", "read_values"]


def add_values(parser: argparse.ArgumentParser) -> None:
    """The two options; at most one of them may be given."""
    values = parser.add_mutually_exclusive_group()
    values.add_argument(
        "--values",
        metavar="A,B,...",
        help="values of the taps in C order, such as -1,0.5,1/3; ones; or a file "
        "KERNEL.npy of the kernel's shape",
    )
    values.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="values from a standard normal distribution, by NumPy's generator N",
    )


def read_values(options: argparse.Namespace, g: Geometry) -> Array | None:
    """The kernel, or None where neither option is given.

    Values that are written out come as objects: integers of any size stay exact.

    Raises
    ------
    ConvmatError
        For values that are no kernel of this geometry.
    """
    if options.values is None and options.seed is None:
        return None
    _refuse_beyond(g)
    if options.seed is not None:
        if options.seed < 0:
            raise ConvmatError("--seed", "must be at least 0", options.seed)
        return np.random.default_rng(options.seed).standard_normal(g.kernel_shape)
    text: str = options.values
    if text == "ones":
        return np.ones(g.kernel_shape, dtype=np.int64)
    return _loaded(text, g) if text.endswith(".npy") else _written(text, g)


def _refuse_beyond(g: Geometry) -> None:
    """Before the taps take more memory than they may."""
    taps = 8 * g.free_parameters
    refuse_beyond("the kernel of", g, taps, None, "use a smaller geometry")


def as_numbers(kernel: Array | None, g: Geometry) -> Array:
    """A kernel that the numeric formats carry; by default the taps' numbers, from 1.

    Raises
    ------
    ConvmatError
        When 64 bits do not hold a value, or floats beside it do not.
    """
    if kernel is None:
        _refuse_beyond(g)
        return np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    if kernel.dtype != object:
        return kernel
    values = kernel.reshape(-1).tolist()
    floats = any(not isinstance(value, int) for value in values)
    for value in values:
        held = _as_float(value) == value if floats else -(2**63) <= value < 2**63
        if not held:
            rule = "must fit 64 bits without rounding in this format"
            raise ConvmatError("--values", rule, str(value), _AS_THEY_ARE)
    dtype = np.float64 if floats else np.int64
    return np.array(values, dtype=dtype).reshape(kernel.shape)


def as_json_numbers(kernel: Array | None, g: Geometry) -> Array:
    """A kernel that JSON carries: `as_numbers`, but integers of any size.

    Raises
    ------
    ConvmatError
        For a fraction that no float is equal to.
    """
    if kernel is None or kernel.dtype != object:
        return as_numbers(kernel, g)
    numbers = kernel.copy()
    flat = numbers.reshape(-1)
    for place, value in enumerate(flat.tolist()):
        if isinstance(value, Fraction):
            flat[place] = _as_float(value)
            if flat[place] != value:
                rule = "must be integers and decimals in JSON"
                raise ConvmatError("--values", rule, str(value), _AS_THEY_ARE)
    return numbers


_AS_THEY_ARE = "--format csv writes values as they are"


def _as_float(value: Number) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("nan")


def _written(text: str, g: Geometry) -> Array:
    """`1,-2,0.5,1/3` as an array of objects."""
    numbers = read_numbers("--values", text, ", ones, or a .npy file")
    if len(numbers) != g.free_parameters:
        rule = f"must give one number per tap, {g.free_parameters:,} in all"
        raise ConvmatError("--values", rule, text)
    return np.array(numbers, object).reshape(g.kernel_shape)


def _loaded(path: str, g: Geometry) -> Array:
    """The array in a `.npy` file, of numbers and never by pickle."""
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        rule = "must name a .npy file that can be read"
        why = error.strerror or "this one is cut off or damaged"
        raise ConvmatError("--values", rule, path, why) from None
    except (ValueError, EOFError):
        rule = "must name a .npy file of numbers"
        remedy = "this one is cut off or holds something else; numpy.save writes one"
        raise ConvmatError("--values", rule, path, remedy) from None
    if not isinstance(array, np.ndarray) or array.shape != g.kernel_shape:
        shape = getattr(array, "shape", "several arrays")
        rule = f"must name an array of shape {g.kernel_shape}"
        raise ConvmatError("--values", rule, path, f"this one has {shape}")
    if array.dtype.itemsize > {"f": 8, "c": 16}.get(array.dtype.kind, 8):
        rule = "must hold numbers of at most 64 bits, or complex numbers of two"
        raise ConvmatError("--values", rule, path, f"this one has {array.dtype}")
    if array.dtype.kind in "fc" and not np.isfinite(array).all():
        raise ConvmatError("--values", "must hold finite numbers", path)
    return carried("--values", array)
