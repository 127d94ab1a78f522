"""`Mutant`: a wrong convolution with a name, and how one is made from a right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from convmat import sliding
from convmat.arrays import Array, IntArray
from convmat.dtypes import exact_plus, quiet
from convmat.geometry import PADDING_MODES, Geometry, read_beside
from convmat.geometry.doors import (
    Map,
    conv_by,
    input_grad_by,
    kernel_grad_by,
    read_bias,
)
from convmat.verify.black_box import Implementation, Supports

__all__ = ["Biased", "Mutant", "box", "divided", "of_map"]

Biased: TypeAlias = Callable[[Array, Array, Geometry], Array]
"""`(y, bias, geometry)` to the sum, `(batch, out_channels, *outs)`."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One realistic bug: a convolution of which one map is wrong and the rest right.

    Attributes
    ----------
    name : str
        As in `"strides-swapped"`.
    words : str
        What is wrong, as the end of "this looks like ...".
    part : str
        The map that is wrong: `"forward"`, `"input_grad"` or `"kernel_grad"`.
    family : str
        What it is about, as in `"padding"`: the file that it stands in.
    build : callable
        `build() -> Implementation`, which has no memory of earlier calls.
    sources : tuple of str
        Addresses of threads in which it was reported of somebody's software, or one
        much like it.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> from convmat.verify.mutants import MUTANTS
    >>> g = geometry((1, 3), (1, 1, 2))
    >>> mutant = MUTANTS["kernel-flipped"]
    >>> x, kernel = np.array([[[1, 10, 100]]]), np.array([[[1, 2]]])
    >>> mutant.words, mutant.build().apply(x, kernel, g).result
    ('the kernel flipped on all axes', array([[[ 12, 120]]]))
    """

    name: str
    words: str
    part: str
    family: str
    build: Callable[[], Implementation]
    sources: tuple[str, ...] = ()


def _added(y: Array, bias: Array, g: Geometry) -> Array:
    return exact_plus(y, read_bias(bias, g.out_channels, g))


def box(
    name: str,
    *,
    forward: Map = sliding.forward,
    input_grad: Map = sliding.input_grad,
    kernel_grad: Map = sliding.kernel_grad,
    biased: Biased = _added,
) -> Implementation:
    """A black box of three maps and the sum with a bias; all right unless given.

    Bad input is refused as by `convmat.conv`, and every claim is made.
    """

    def convolve(
        x: Array, kernel: Array, bias: Array | None = None, **settings: Any
    ) -> Array:
        with quiet():
            y = conv_by(forward, x, kernel, None, settings)
            if bias is None:
                return y
            return biased(y, bias, read_beside(x.shape, kernel.shape, **settings))

    def by_input(grad: Array, kernel: Array, size: Any, **settings: Any) -> Array:
        with quiet():
            return input_grad_by(input_grad, grad, kernel, size, settings)

    def by_kernel(grad: Array, x: Array, size: Any, **settings: Any) -> Array:
        with quiet():
            return kernel_grad_by(kernel_grad, grad, x, size, settings)

    return Implementation(
        name,
        convolve,
        by_input,
        by_kernel,
        Supports(modes=PADDING_MODES, dtypes=("float64", "float32", "int64")),
    )


def of_map(
    family: str,
    part: str,
    name: str,
    words: str,
    wrong: Map,
    sources: tuple[str, ...] = (),
) -> Mutant:
    """The mutant whose map `part` is `wrong`."""

    def build() -> Implementation:
        return box(name, **{part: wrong})

    return Mutant(name, words, part, family, build, sources)


def divided(total: Array, many: int | IntArray) -> Array:
    """A sum turned into a mean; integers stay integers, rounded down."""
    counts = np.maximum(many, 1)
    whole = total.dtype.kind == "i"
    mean: Array = total // counts if whole else total / counts.astype(total.dtype)
    return mean
