"""Two outside suites, whose score stands beside that of the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry, geometry
from convmat.verify.black_box import Implementation
from convmat.verify.mutants.mutant import box
from convmat.verify.mutants.probes import Call

__all__ = ["SUITES", "Suite"]

Calls: TypeAlias = Callable[[], Iterator[tuple[Call, tuple[str, ...]]]]
Same: TypeAlias = Callable[[Array, Array], bool]


@dataclass(frozen=True, slots=True)
class Suite:
    """Examples with their right results.

    Attributes
    ----------
    name : str
    words : str
        What is in it.
    calls : callable
        The calls, and for each of them the maps that are looked at.
    same : callable
        `same(got, wanted)`: whether it is content with a result.

    Examples
    --------
    >>> from convmat.verify.mutants import MUTANTS
    >>> SUITES["onnx"].catches(MUTANTS["kernel-flipped"].build())
    False
    """

    name: str
    words: str
    calls: Calls
    same: Same

    def catches(self, implementation: Implementation) -> bool:
        """Whether one of its examples fails."""
        for call, part, wanted in _expected(self.calls):
            # Only the result is looked at: what happens to an argument is not.
            got = call.outcome(implementation, part).result
            if got is None or not self.same(got, wanted):
                return True
        return False


@cache
def _expected(calls: Calls) -> list[tuple[Call, str, Array]]:
    """Every call with a map and its right result."""
    right = box("right")
    outcomes = (
        (call, part, call.outcome(right, part).result)
        for call, parts in calls()
        for part in parts
    )
    return [(call, part, got) for call, part, got in outcomes if got is not None]


_ONES = (1, 1, 3, 3)

_ONNX = (
    geometry((1, 5, 5), _ONES, padding=1),
    geometry((1, 5, 5), _ONES),
    geometry((1, 7, 5), _ONES, padding=1, stride=2),
    geometry((1, 7, 5), _ONES, stride=2),
    geometry((1, 7, 5), _ONES, padding=(1, 0), stride=2),
    geometry((1, 5, 5), _ONES, padding="same_lower", stride=2),
)


def _onnx() -> Iterator[tuple[Call, tuple[str, ...]]]:
    for g in _ONNX:
        x = np.arange(np.prod(g.input_size), dtype=np.float32)
        kernel = np.ones(g.weight_shape, np.float32)
        x = x.reshape(1, *g.input_shape)
        yield Call(g, x, kernel, x), ("forward",)


def _onnx_same(got: Array, wanted: Array) -> bool:
    close = np.allclose(got, wanted, rtol=1e-3, atol=1e-7)
    return got.dtype == wanted.dtype and bool(close)


def _symmetric_geometries() -> Iterator[Geometry]:
    options = product((5, 8), (1, 3), (1, 2), (0, 1), (1, 2))
    for size, kernel, stride, padding, dilation in options:
        yield geometry(
            (1, size, size),
            (1, 1, kernel, kernel),
            stride=stride,
            padding=padding,
            dilation=dilation,
        )


def _symmetric() -> Iterator[tuple[Call, tuple[str, ...]]]:
    rng = np.random.default_rng(0)
    for g in _symmetric_geometries():
        shapes = (g.input_shape, g.kernel_shape[1:], g.output_shape, (1,))
        x, kernel, grad, bias = (rng.normal(size=(1, *shape)) for shape in shapes)
        call = Call(g, x, kernel, grad, bias[0])
        yield call, ("forward", "input_grad", "kernel_grad")


def _symmetric_same(got: Array, wanted: Array) -> bool:
    return bool(np.allclose(got, wanted))


SUITES: Mapping[str, Suite] = MappingProxyType(
    {
        suite.name: suite
        for suite in (
            Suite(
                "onnx",
                "the six examples of `Conv` in the operator tests of ONNX: one "
                "channel, a kernel of 3x3 ones, the numbers 0, 1, 2, ..., equal "
                "strides; only the forward map, within 1e-3",
                _onnx,
                _onnx_same,
            ),
            Suite(
                "symmetric",
                "32 geometries with the same on both axes: one channel, one image of "
                "5x5 or 8x8, kernel 1 or 3, stride 1 or 2, padding 0 or 1, dilation 1 "
                "or 2; random numbers, a bias, and both gradients, by `np.allclose`",
                _symmetric,
                _symmetric_same,
            ),
        )
    }
)
"""The suites by name.

Sources: onnx/onnx, `onnx/backend/test/case/node/conv.py`, with the tolerances of
`onnx/backend/test/runner`; the second is ours, as such tests are often written.
"""
