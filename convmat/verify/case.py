"""`Case`: one geometry, and the calls that compare its maps with the tie map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from convmat import tie
from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.codes import (
    FEW,
    WIDE,
    coded_entries,
    coded_kernels,
    pairs,
    wide_entries,
    wide_pairs,
)
from convmat.verify.readings import refuse_large, units, x_shape, y_shape
from convmat.verify.sample import Sample

__all__ = ["Case", "Check"]

Check: TypeAlias = tuple[Array, Array, Array]
"""The two arrays of a call, and what is to come."""


class Case:
    """One geometry, and the calls that compare its maps with the tie map.

    Parameters
    ----------
    g : Geometry
    seed, number : int
        They choose the random integers.

    Raises
    ------
    MatrixTooLargeError
        When its implied maps would not fit.

    Attributes
    ----------
    geometry : Geometry
    entries : int
        Of an implied map: one for each tap, row and column.

    Examples
    --------
    >>> from convmat import geometry
    >>> case = Case(geometry(3, 2), seed=0, number=0)
    >>> kernel, x, y = case.checks("forward")[0]  # units, and two random inputs
    >>> kernel, x[:3, 0], y[:3, 0]
    (array([[[ -3, 192]]]),
     array([[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
     array([[ -3,   0], [192,  -3], [  0, 192]]))
    """

    def __init__(self, g: Geometry, seed: int, number: int) -> None:
        refuse_large(g)
        rows, columns = g.matrix_shape
        self.geometry = g
        self.entries = g.free_parameters * rows * columns
        self._ties = tie.tie_map(g)
        self._sample = Sample.of(self._ties, seed, number)
        self._coded = coded_entries(self._ties)  # (coded kernels, rows, columns)
        self._checks: dict[tuple[str, bool], list[Check]] = {}

    def random(self, part: str) -> Check:
        """The call on random integers."""
        sample, g = self._sample, self.geometry
        if part != "bias":
            return *sample.arguments(part), sample.results[part]
        bias = np.arange(1, g.out_channels + 1).reshape(-1, *(1,) * g.rank)
        return *sample.arguments("forward"), sample.results["forward"] + bias

    def checks(self, part: str, objects: bool = False) -> list[Check]:
        """All calls that compare a map: on its basis, and on random integers.

        The sum with a bias, which is no map, is compared on random integers only.

        Parameters
        ----------
        part : str
            As in `Counterexample`.
        objects : bool
            Whether the basis of a kernel gradient may be given in Python integers,
            where that saves calls. Random integers are int64 in any case.
        """
        wide = objects and part == "kernel_grad"
        if (part, wide) not in self._checks:
            self._checks[part, wide] = list(self._made(part, wide))
        return self._checks[part, wide]

    def _made(self, part: str, wide: bool) -> Iterator[Check]:
        if part == "bias":
            yield self.random(part)
        elif part == "kernel_grad":
            yield from self._by_wide_pairs() if wide else self._by_pairs()
            yield self.random(part)
        else:
            yield from self._by_kernels(part)

    def _by_kernels(self, part: str) -> Iterator[Check]:
        """Coded kernels beside all units as a batch.

        Where one kernel has room for all taps, the random integers go along in the
        batch; else there is a call with a kernel that has few zeros.

        Yields
        ------
        tuple of ndarray
        """
        g, sample = self.geometry, self._sample
        rows, columns = g.matrix_shape
        kernels = coded_kernels(g.free_parameters).reshape(-1, *g.weight_shape)
        forward = part == "forward"
        random = sample.x if forward else sample.grad
        coded = self._coded.swapaxes(1, 2) if forward else self._coded
        basis = units(columns if forward else rows, random.shape[1:])
        # In other modes a tap may reach a cell from several outputs, and sums of random
        # integers in code might be beyond what doubles hold.
        together = len(kernels) == 1 and (forward or g.padding_mode == "zeros")
        if not together:
            yield self.random(part)
        else:
            # (units and random ones, results of each)
            more = random.reshape(len(random), -1) @ coded[0]
            coded = np.concatenate([coded[0], more])[None]
            basis = np.concatenate([basis, random])
            basis.flags.writeable = False
        shape = (len(basis), *(y_shape(g) if forward else x_shape(g)))
        for kernel, entries in zip(kernels, coded, strict=True):
            expected = entries.reshape(shape)
            yield (kernel, basis, expected) if forward else (basis, kernel, expected)

    def _by_pairs(self) -> Iterator[Check]:
        """Outputs and inputs in code."""
        g = self.geometry
        plan = pairs(*g.matrix_shape)
        grads = plan.grads.reshape(-1, 1, *y_shape(g))
        inputs = plan.inputs.reshape(-1, 1, *x_shape(g))
        coded = plan.coded_entries(self._ties)
        coded = coded.reshape(*coded.shape[:2], *g.weight_shape)
        for grad, by_input in zip(grads, coded, strict=True):
            for x, expected in zip(inputs, by_input, strict=True):
                yield grad, x, expected

    def _by_wide_pairs(self) -> Iterator[Check]:
        """Outputs and inputs in long codes, where that takes fewer calls."""
        g = self.geometry
        rows, columns = g.matrix_shape
        if rows * columns <= FEW or columns > WIDE:
            yield from self._by_pairs()
            return
        grads, inputs = wide_pairs(rows, columns)
        x = inputs.reshape(1, *x_shape(g))
        for grad, expected in zip(grads, wide_entries(self._ties), strict=True):
            yield grad.reshape(1, *y_shape(g)), x, expected.reshape(g.weight_shape)
