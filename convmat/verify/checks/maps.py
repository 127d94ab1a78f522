"""The three maps of an implementation, seen alike: each is bilinear in two arrays.

So a law is written once and holds for the forward map and for both gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import log2, prod
from types import MappingProxyType

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation, Outcome
from convmat.verify.checks.check import Finding, Trial
from convmat.verify.checks.exact_sums import (
    Scaled,
    exact_forward,
    exact_input_grad,
    exact_kernel_grad,
)
from convmat.verify.checks.numbers import roundoff
from convmat.verify.rounding import gamma, most_reads

__all__ = ["MAPS", "BilinearMap", "CallLostError", "maps_of"]

_FFT = 24  # roundings in a step of an FFT, for factors up to 11


class CallLostError(Exception):
    """A call that gave nothing to look at.

    Attributes
    ----------
    finding : Finding
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class BilinearMap:
    """One of the three maps.

    Attributes
    ----------
    part : str
        `"forward"`, `"input_grad"` or `"kernel_grad"`.
    words : str
        The map, as the subject of a sentence.
    names : tuple of str
        Of the two arrays that it takes, as in `Trial`. A kernel comes second.
    call : callable
        `call(implementation, first, second, geometry) -> Outcome`.
    exact : callable
        `exact(geometry, first, second) -> Scaled`: what the tie map makes of the two.
    """

    part: str
    words: str
    names: tuple[str, str]
    call: Callable[[Implementation, Array, Array, Geometry], Outcome]
    exact: Callable[[Geometry, Array, Array], Scaled]

    def arrays(self, trial: Trial) -> tuple[Array, Array]:
        """The two arrays of a trial."""
        first, second = (getattr(trial, name) for name in self.names)
        return first, second

    def result(
        self, implementation: Implementation, first: Array, second: Array, g: Geometry
    ) -> Array:
        """What comes back.

        Raises
        ------
        CallLostError
            When there is no result to speak of.
        """
        outcome = self.call(implementation, first, second, g)
        return self.kept(outcome, g, first, second)

    def kept(self, outcome: Outcome, g: Geometry, first: Array, second: Array) -> Array:
        """The result of a call that was made.

        Raises
        ------
        CallLostError
            When there is none.
        """
        if outcome.result is not None:
            return outcome.result
        arrays = dict(zip(self.names, (first, second), strict=True))
        words = f"{self.words} {outcome.problems[0].words}"
        raise CallLostError(Finding("call", self.part, words, g, arrays))

    def one_by_one(
        self, implementation: Implementation, first: Array, second: Array, g: Geometry
    ) -> Array:
        """The result for a batch, asked for in one call, or in one for each sample.

        The kernel gradient sums over the batch and is asked for in one call always.
        """
        if implementation.supports.batch or len(first) == 1:
            return self.result(implementation, first, second, g)
        rows = [self.result(implementation, row[None], second, g) for row in first]
        return np.concatenate(rows)

    def terms(self, g: Geometry, batch: int) -> int:
        """At most so many products make one number of the result."""
        if self.part == "forward":
            return g.taps_per_row
        if self.part == "kernel_grad":
            return batch * prod(g.output_size)
        readers = prod(map(most_reads, g.axes))
        return max(1, g.out_channels // g.groups * readers)

    def bound(
        self,
        implementation: Implementation,
        g: Geometry,
        first: Array,
        second: Array,
        *,
        more: int = 3,
    ) -> Array:
        """How far rounding may take each number of a right result; 0 for integers.

        `gamma(terms + more) * |first| |second|`, the error of a sum in any order, or,
        for normwise claims, the error of the same through FFTs.

        References
        ----------
        N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM
        2002, section 3.1 and theorem 24.2.
        """
        dtype = np.result_type(first, second)
        u, terms = roundoff(dtype), self.terms(g, len(first)) + more
        if not u:
            return np.zeros((), float)
        if implementation.supports.accuracy == "normwise":
            return self._normwise(u, g, first, second)
        if dtype.kind == "c":
            terms = 2 * (terms + 2)  # a product of complex numbers is rounded like four
        if terms * u >= 1:
            return np.full((), np.inf)
        size = self.exact(g, np.abs(first), np.abs(second)).rounded().astype(float)
        tiny = terms * float(np.finfo(dtype).smallest_subnormal)
        bound: Array = gamma(terms, u) * size * (1 + 1e-6) + tiny
        return bound

    def _normwise(self, u: float, g: Geometry, first: Array, second: Array) -> Array:
        """The bound through FFTs of the padded arrays, one for each pair of channels.

        An FFT of length N errs by `24 u log2(N)` of its norm, with room for factors
        other than 2. Two go forward and one comes back, whose norm is at most that of
        the arrays times the root of the terms.
        """
        steps = log2(prod(2 * (axis.padded_size + axis.span) for axis in g.axes))
        copies = prod(1 + axis.before + axis.after for axis in g.axes)
        root = self.terms(g, len(first)) ** 0.5 + copies**0.5
        factor = (3 + root) * _FFT * u * steps + (
            3 + g.in_channels + g.out_channels
        ) * u
        axes = tuple(range(1, first.ndim))
        sizes = np.sqrt((np.abs(first.astype(float)) ** 2).sum(axis=axes))
        total = float(np.sqrt((np.abs(second.astype(float)) ** 2).sum()))
        if self.part == "kernel_grad":
            return np.array(copies**0.5 * factor * total * np.linalg.norm(sizes))
        bound: Array = copies**0.5 * factor * total * sizes
        return bound.reshape(-1, *(1,) * (first.ndim - 1))

    def said(self, place: tuple[int, ...]) -> str:
        """A number of the result, in words."""
        first, second, *rest = place
        at = tuple(rest)
        if self.part == "forward":
            return f"output channel {second} at {at} of sample {first}"
        if self.part == "input_grad":
            words = f"the gradient by input channel {second} at {at}"
            return f"{words} of sample {first}"
        return (
            f"the gradient by tap {at} between output channel {first} and input "
            f"channel {second} of its group"
        )


MAPS: Mapping[str, BilinearMap] = MappingProxyType(
    {
        one.part: one
        for one in (
            BilinearMap(
                "forward",
                "the forward map",
                ("x", "kernel"),
                lambda implementation, x, kernel, g: implementation.apply(x, kernel, g),
                exact_forward,
            ),
            BilinearMap(
                "input_grad",
                "the input gradient",
                ("grad", "kernel"),
                lambda implementation, grad, kernel, g: (
                    implementation.gradient_by_input(grad, kernel, g)
                ),
                exact_input_grad,
            ),
            BilinearMap(
                "kernel_grad",
                "the kernel gradient",
                ("grad", "x"),
                lambda implementation, grad, x, g: implementation.gradient_by_kernel(
                    grad, x, g
                ),
                exact_kernel_grad,
            ),
        )
    }
)
"""The maps by the names of parts."""


def maps_of(
    implementation: Implementation, only: Iterable[str] = tuple(MAPS)
) -> list[BilinearMap]:
    """The maps that an implementation has."""
    return [MAPS[part] for part in only if part in implementation.parts]
