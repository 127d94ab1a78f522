"""`Plan`: which route each of the three maps takes, decided before values are seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import quiet
from convmat.errors import ConvmatError
from convmat.fast import choice
from convmat.fast.choice import Choice
from convmat.fast.routes import FORWARD, INPUT_GRAD, KERNEL_GRAD
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond

__all__ = ["Plan", "carries", "plan_for"]

_CARRIED = frozenset(map(np.dtype, ("f4", "f8", "c8", "c16")))


def carries(dtype: npt.DTypeLike) -> bool:
    """Whether the fast routes carry a dtype; they carry every geometry.

    They carry what BLAS multiplies: integers and objects must stay exact, and float16
    and extended precision have no BLAS. `convmat.sliding` carries all else.

    Examples
    --------
    >>> carries("float32"), carries("int64"), carries(object)
    (True, False, False)
    """
    return np.dtype(dtype) in _CARRIED


@dataclass(frozen=True, repr=False)
class Plan:
    """The routes of the three maps for one geometry, batch size and dtype.

    Attributes
    ----------
    geometry : Geometry
    batch : int
    dtype : numpy.dtype
    by_forward, by_input_grad, by_kernel_grad : Choice
        The name of each map's route, and why it is that one.

    Examples
    --------
    >>> from convmat import geometry
    >>> plan_for(geometry((64, 56, 56), (64, 64, 5, 5), padding=2), 1, "float32")
    Plan of geometry((64, 56, 56), (64, 64, 5, 5), padding=2), batch 1, float32:
      forward      shifted: ...
      input_grad   gathered: ...
      kernel_grad  columns: ...
    """

    geometry: Geometry
    batch: int
    dtype: np.dtype[np.generic]
    by_forward: Choice
    by_input_grad: Choice
    by_kernel_grad: Choice

    def forward(self, x: Array, kernel: Array) -> Array:
        """`convmat.sliding.forward` by this plan's route."""
        apply = FORWARD[self.by_forward.route].apply
        with quiet():
            return apply(self._read(x), self._read(kernel), self.geometry)

    def input_grad(self, grad: Array, kernel: Array) -> Array:
        """`convmat.sliding.input_grad` by this plan's route."""
        apply = INPUT_GRAD[self.by_input_grad.route].apply
        with quiet():
            return apply(self._read(grad), self._read(kernel), self.geometry)

    def kernel_grad(self, grad: Array, x: Array) -> Array:
        """`convmat.sliding.kernel_grad` by this plan's route."""
        apply = KERNEL_GRAD[self.by_kernel_grad.route].apply
        with quiet():
            return apply(self._read(grad), self._read(x), self.geometry)

    def _read(self, array: Array) -> Array:
        """`array` in this plan's dtype; a copy only where it has another one."""
        return array if array.dtype == self.dtype else array.astype(self.dtype)

    def __repr__(self) -> str:
        lines = [f"Plan of {self.geometry!r}, batch {self.batch}, {self.dtype}:"]
        for name in ("forward", "input_grad", "kernel_grad"):
            chosen = getattr(self, f"by_{name}")
            lines.append(f"  {name:<12} {chosen.route}: {chosen.why}")
        return "\n".join(lines)


@lru_cache(maxsize=256)
def plan_for(geometry: Geometry, batch: int, dtype: npt.DTypeLike) -> Plan:
    """The plan of a geometry, from its sizes alone, and the same one every time.

    Parameters
    ----------
    geometry : Geometry
    batch : int
        Number of images.
    dtype : dtype
        Of the result; one that `carries` accepts.

    Returns
    -------
    Plan

    Raises
    ------
    ConvmatError
        For a dtype that the fast routes do not carry.
    MatrixTooLargeError
        When padded input and output together would not fit half of the memory.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry((8, 14, 14), (16, 8, 3, 3), stride=2)
    >>> plan_for(g, 64, "float32").by_forward.route
    'batch-last'
    >>> plan_for(g, 64, "float32") is plan_for(g, 64, "float32")
    True
    """
    g = geometry
    if not carries(dtype):
        rule = "must be of single or double precision, real or complex"
        raise ConvmatError("dtype", rule, str(np.dtype(dtype)), "use convmat.sliding")
    cells = g.in_channels * prod(axis.padded_size for axis in g.axes)
    needed = batch * (cells + g.matrix_shape[0]) * np.dtype(dtype).itemsize
    remedy = "use a smaller batch, or apply the kernel to parts of the input"
    # In the words of `sliding`: which route refuses is no matter to the caller.
    refuse_beyond("the windows of", g, needed, None, remedy)
    return Plan(
        g,
        batch,
        np.dtype(dtype),
        choice.forward(g, batch),
        choice.input_grad(g, batch),
        choice.kernel_grad(g, batch),
    )
