"""The rules behind the dialects of "same": padding on one axis, as exact integers.

Each is `(size, kernel, stride, dilation) -> (before, after)`; a rule looks at what its
dialect looks at, and leaves the rest of its arguments alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = [
    "Rule",
    "half",
    "kernel_alone",
    "longer",
    "longer_mirrored",
    "lower",
    "odd_after",
    "odd_before",
    "static",
    "upper",
]

Rule: TypeAlias = Callable[[int, int, int, int], tuple[int, int]]
"""`(before, after)` from the size, the kernel, the stride and the dilation."""


def _span(kernel: int, dilation: int) -> int:
    return dilation * (kernel - 1) + 1


def _least(size: int, kernel: int, stride: int, dilation: int) -> int:
    """The least padding in all that gives ceil(size / stride) outputs."""
    out_size = -(-size // stride)
    return max(0, (out_size - 1) * stride + _span(kernel, dilation) - size)


def upper(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """The least padding for ceil(size / stride) outputs, the odd cell after."""
    cells = _least(size, kernel, stride, dilation)
    return cells // 2, cells - cells // 2


def lower(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """The least padding for ceil(size / stride) outputs, the odd cell before."""
    before, after = upper(size, kernel, stride, dilation)
    return after, before


def odd_after(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """One cell less than the span, the odd one after."""
    cells = _span(kernel, dilation) - 1
    return cells // 2, cells - cells // 2


def odd_before(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """One cell less than the span, the odd one before."""
    before, after = odd_after(size, kernel, stride, dilation)
    return after, before


def half(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Half of the span on both sides."""
    return (_span(kernel, dilation) // 2,) * 2


def static(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Half of stride - 1 + dilation * (kernel - 1) on both sides."""
    return ((stride - 1 + _span(kernel, dilation) - 1) // 2,) * 2


def kernel_alone(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Half of kernel - 1 on both sides."""
    return ((kernel - 1) // 2,) * 2


def longer(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """As many outputs as the longer one has cells, from the middle of all.

    The full convolution has `size + span - 1` outputs. The middle leaves out
    `shorter - 1` of them, the odd one at the end.
    """
    span = _span(kernel, dilation)
    cut = min(size, span) - 1
    return span - 1 - cut // 2, span - 1 - (cut - cut // 2)


def longer_mirrored(
    size: int, kernel: int, stride: int, dilation: int
) -> tuple[int, int]:
    """As `longer`, but a longer kernel leaves the odd output out at the start."""
    before, after = longer(size, kernel, stride, dilation)
    return (after, before) if _span(kernel, dilation) > size else (before, after)
