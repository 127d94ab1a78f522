"""Calls at the edge: infinities and NaN, a batch of nothing, and what fits nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.black_box.outcome import watched
from convmat.verify.checks.check import Finding, Trial
from convmat.verify.checks.compare import as_floats, checked, shown
from convmat.verify.checks.maps import maps_of
from convmat.verify.checks.numbers import generator

__all__ = ["bad_input_refused", "empty_batch", "not_finite_spread"]


@checked(
    "not-finite-spread",
    "Infinities and NaN reach exactly the numbers that read them, through a weight of "
    "0 as well.",
    "Zeros are skipped, NaN is swallowed, or structural zeros are multiplied.",
    "forward",
    applies=lambda implementation, g: (
        implementation.supports.not_finite
        and implementation.supports.accuracy == "componentwise"
        and implementation.supports.dtype.kind == "f"
    ),
)
def not_finite_spread(implementation: Implementation, trial: Trial) -> Finding | None:
    """The forward map and the input gradient, with one number that is not finite.

    The kernel gradient is left out: whether a tap on the padding multiplies a zero is
    for the implementation to choose, and a zero times NaN is NaN.
    """
    g = trial.geometry
    random = generator(trial.seed, "not finite")
    for one in maps_of(implementation, ("forward", "input_grad")):
        first, second = (array.copy() for array in one.arrays(trial))
        place = int(random.integers(first[0].size))
        mark = np.zeros_like(first)
        mark.reshape(-1)[place] = 1
        second.reshape(-1)[:: 2 + second.size // 9] = 0
        reads = one.exact(g, mark, np.ones_like(second)).rounded() != 0
        for number in (np.nan, np.inf):
            first.reshape(-1)[place] = number
            got = as_floats(one.result(implementation, first, second, g))
            touched = np.isnan(got) if np.isnan(number) else ~np.isfinite(got)
            wrong = np.argwhere(touched != reads)
            if len(wrong):
                at = tuple(map(int, wrong[0]))
                should = "not finite" if reads[at] else "finite"
                words = (
                    f"{one.said(at)} is {shown(got[at])} where one number of "
                    f"{one.names[0]} is {number}, and it should be {should}"
                )
                arrays = dict(zip(one.names, (first, second), strict=True))
                return Finding(
                    "not-finite-spread",
                    one.part,
                    words,
                    g,
                    arrays,
                    should,
                    shown(got[at]),
                    at,
                )
    return None


@checked(
    "empty-batch",
    "A batch of no samples gives a batch of no samples, and a gradient of zeros.",
    "Code that divides by the batch, or asks for its first sample, fails on the last "
    "batch of somebody's data.",
    "forward",
    applies=lambda implementation, g: implementation.supports.batch,
)
def empty_batch(implementation: Implementation, trial: Trial) -> Finding | None:
    """All maps."""
    g = trial.geometry
    for one in maps_of(implementation):
        first, second = (
            array if name == "kernel" else array[:0]
            for name, array in zip(one.names, one.arrays(trial), strict=True)
        )
        outcome = one.call(implementation, first, second, g)
        arrays = dict(zip(one.names, (first, second), strict=True))
        if outcome.result is None:
            words = f"{one.words} of an empty batch {outcome.problems[0].words}"
            return Finding("empty-batch", one.part, words, g, arrays)
        if np.any(outcome.result != 0):
            words = f"{one.words} of an empty batch is not 0"
            return Finding("empty-batch", one.part, words, g, arrays)
    return None


@checked(
    "bad-input-refused",
    "Arguments that fit no convolution raise an error.",
    "A mistake of the caller goes on as a wrong answer.",
    "forward",
)
def bad_input_refused(implementation: Implementation, trial: Trial) -> Finding | None:
    """Arrays that do not fit each other, and settings that mean nothing."""
    g = trial.geometry
    for words, arrays, settings in _bad(implementation, trial):
        outcome = watched(
            implementation.forward,
            list(arrays.values()),
            (),
            settings,
            (),
            implementation.seconds,
        )
        if any(problem.kind == "raised" for problem in outcome.problems):
            continue
        hung = [p.words for p in outcome.problems if p.kind == "hung"]
        did = hung[0] if hung else "returned a result"
        said = f"the forward map {did} for {words}, which should be refused"
        return Finding("bad-input-refused", "forward", said, g, arrays)
    return None


def _bad(
    implementation: Implementation, trial: Trial
) -> Iterator[tuple[str, dict[str, Array], dict[str, Any]]]:
    """What is wrong, the arrays of the call, and its settings."""
    g, x, kernel = trial.geometry, trial.x, trial.kernel
    settings = implementation.settings(g)
    supports = implementation.supports
    yield (
        "a kernel that does not fit",
        {"x": x, "kernel": _too_long(g, kernel)},
        settings,
    )
    if supports.channels:
        more = np.concatenate([kernel, kernel[:, :1]], axis=1)
        words = "a kernel of one more input channel"
        yield words, {"x": x, "kernel": more}, settings
    words = "a kernel of one more axis than x"
    yield words, {"x": x, "kernel": kernel[..., None]}, settings
    if supports.bias:
        bias = np.concatenate([trial.bias, trial.bias[:2], trial.bias[:1]])
        arrays = {"x": x, "kernel": kernel, "bias": bias}
        yield "a bias of too many numbers", arrays, settings
    for name in ("stride", "dilation"):
        if getattr(supports, name) and name in settings:
            yield (
                f"{name} 0",
                {"x": x, "kernel": kernel},
                settings | {name: (0,) * g.rank},
            )
    if supports.groups and "groups" in settings:
        groups = g.in_channels + 1
        words = f"{groups} groups of {g.in_channels} input channels"
        yield words, {"x": x, "kernel": kernel}, settings | {"groups": groups}


def _too_long(g: Geometry, kernel: Array) -> Array:
    """The kernel repeated along its last axis until it is beyond the padded input."""
    axis = g.axes[-1]
    longest = (axis.padded_size - 1) // axis.dilation + 1  # taps that fit
    times = longest // axis.kernel + 1
    return np.concatenate([kernel] * times, axis=-1)[..., : longest + 1]
