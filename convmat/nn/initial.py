"""The numbers that training starts from.

A way to draw them takes a generator, a shape and the number of terms that are summed to
one output, and returns float64.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.memory import refuse_beyond

__all__ = ["Draw", "initial", "kaiming_normal", "kaiming_uniform", "uniform"]

Draw: TypeAlias = Callable[[np.random.Generator, Shape, int], Array]
"""`draw(rng, shape, fan_in)`: initial weights."""


def uniform(rng: np.random.Generator, shape: Shape, fan_in: int) -> Array:
    """Numbers drawn uniformly from +-1 / sqrt(fan_in): PyTorch's default.

    References
    ----------
    PyTorch, `torch.nn.Linear` and `torch.nn.Conv2d`.
    """
    bound = 1 / sqrt(fan_in)
    return rng.uniform(-bound, bound, shape)


def kaiming_normal(
    rng: np.random.Generator, shape: Shape, fan_in: int, *, slope: float = 0.0
) -> Array:
    """Normal numbers of variance `2 / ((1 + slope**2) * fan_in)`.

    Sums of so many products keep their mean square through a ReLU, or through a leaky
    one with that `slope`.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers", ICCV 2015,
    equations 10 and 15.

    Examples
    --------
    >>> drawn = kaiming_normal(np.random.default_rng(0), (1000, 50), fan_in=50)
    >>> round(float(drawn.std()), 2)  # the root of 2 / 50
    0.2
    """
    return rng.normal(0, sqrt(2 / ((1 + slope**2) * fan_in)), shape)


def kaiming_uniform(
    rng: np.random.Generator, shape: Shape, fan_in: int, *, slope: float = 0.0
) -> Array:
    """Uniform numbers around 0, of the same variance as `kaiming_normal`.

    Examples
    --------
    >>> drawn = kaiming_uniform(np.random.default_rng(0), (1000, 24), fan_in=24)
    >>> round(float(abs(drawn).max()), 3)  # the root of 6 / 24
    0.5
    """
    bound = sqrt(6 / ((1 + slope**2) * fan_in))
    return rng.uniform(-bound, bound, shape)


_DRAWS: dict[str, Draw] = {
    "default": uniform,
    "kaiming_normal": kaiming_normal,
    "kaiming_uniform": kaiming_uniform,
}


def initial(
    rng: np.random.Generator,
    shape: Shape,
    fan_in: int,
    dtype: npt.DTypeLike,
    init: str | Draw = "default",
) -> Array:
    """The initial numbers of one parameter, of a floating dtype.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
    fan_in : int
        Terms that are summed to one output.
    dtype : dtype
    init : {"default", "kaiming_normal", "kaiming_uniform"} or callable
        How they are drawn; a callable takes generator, shape and `fan_in`.

    Returns
    -------
    ndarray

    Raises
    ------
    ConvmatTypeError
        For another dtype: as integers, nearly all of them would be 0. And for what is
        no generator.
    ConvmatError
        For an unknown name.
    ShapeError
        For a callable that draws another shape.
    MatrixTooLargeError
        For more numbers than half of the physical memory holds.

    Examples
    --------
    >>> from functools import partial
    >>> leaky = partial(kaiming_normal, slope=0.1)
    >>> initial(np.random.default_rng(0), (2, 3), 3, "float32", leaky).shape
    (2, 3)
    """
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        rule = "must be floating, because initial numbers are fractions"
        remedy = "for exact numbers, put arrays of Fractions into parameters"
        raise ConvmatTypeError("dtype", rule, str(dtype), remedy)
    if not isinstance(rng, np.random.Generator):
        rule, remedy = "must be a numpy.random.Generator", "np.random.default_rng(0)"
        raise ConvmatTypeError("rng", rule, rng, remedy)
    if isinstance(init, str) and init not in _DRAWS:
        rule = f"must be one of {', '.join(map(repr, _DRAWS))}, or a callable"
        raise ConvmatError("init", rule, init)
    draw = _DRAWS[init] if isinstance(init, str) else init
    needed = prod(shape) * max(8, dtype.itemsize)
    refuse_beyond("the parameter of shape", shape, needed, None, "use a smaller layer")
    numbers = np.asarray(draw(rng, shape, fan_in))
    if numbers.shape != shape:
        raise ShapeError("init", f"must draw numbers of shape {shape}", numbers.shape)
    return numbers.astype(dtype)
