"""The smallest trial on which a check still fails.

Hypothesis shrinks what it drew. Trials here come from lists of witnesses as well, so
they are made smaller by themselves: setting after setting goes to its plainest value,
as long as the failure stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.checks import Check, Finding, Trial

__all__ = ["plainer", "smallest"]

_TRIES = 300  # runs of the check at most


def smallest(
    check: Check, implementation: Implementation, trial: Trial, finding: Finding
) -> tuple[Trial, Finding]:
    """A trial that is as plain as it gets while the check finds something.

    Parameters
    ----------
    check, implementation, trial, finding
        A check that failed, and what it found.

    Returns
    -------
    tuple of Trial and Finding
        The same ones where nothing plainer fails.
    """
    tries = _TRIES
    at_rest = False
    while not at_rest and tries > 0:
        at_rest = True
        for candidate in _candidates(trial):
            tries -= 1
            found = _claimed(check, implementation, candidate)
            if found is not None and _alike(found, finding):
                trial, finding, at_rest = candidate, found, False
                break
            if tries <= 0:
                break
    return trial, finding


def plainer(g: Geometry) -> Iterator[Geometry]:
    """Geometries with one setting nearer to the plainest, the boldest steps first.

    Yields
    ------
    Geometry

    Examples
    --------
    >>> from convmat import geometry
    >>> for g in plainer(geometry((4,), (2,), stride=2)):
    ...     print(g)
    geometry((2,), (2,), stride=2)
    geometry((3,), (2,), stride=2)
    geometry((4,), (1,), stride=2)
    geometry((4,), (2,))
    """
    for changes in _changes(g):
        try:
            candidate = replace(g, **changes)
        except ConvmatError:  # the kernel no longer fits, say
            continue
        if min(candidate.output_size) > 0:
            yield candidate


def _claimed(
    check: Check, implementation: Implementation, trial: Trial
) -> Finding | None:
    g = trial.geometry
    if implementation.supports.lacks(g, batch=len(trial.x)) is not None:
        return None
    return (
        check.run(implementation, trial) if check.applies(implementation, g) else None
    )


def _alike(one: Finding, other: Finding) -> bool:
    """Whether both are a wrong number, or a call without a result, or neither."""
    return one.check == other.check and bool(one.place) == bool(other.place)


def _candidates(trial: Trial) -> Iterator[Trial]:
    """Plainer trials: in geometry, then a sample alone, then in numbers."""
    for g in plainer(trial.geometry):
        yield _refitted(trial, g, len(trial.x))
    for sample in range(len(trial.x) if len(trial.x) > 1 else 0):
        alone = slice(sample, sample + 1)
        yield replace(trial, x=trial.x[alone], grad=trial.grad[alone])
    for name in ("kernel", "x", "grad", "bias"):
        array: Array = getattr(trial, name)
        small = np.sign(array)
        if array.dtype != object and not np.array_equal(small, array):
            fewer: dict[str, Any] = {name: small}
            yield replace(trial, **fewer)


def _refitted(trial: Trial, g: Geometry, batch: int) -> Trial:
    """The trial's numbers in arrays that fit another geometry: corners of the old."""

    def corner(array: Array, shape: Shape) -> Array:
        return np.ascontiguousarray(np.resize(array, shape))

    return replace(
        trial,
        geometry=g,
        kernel=corner(trial.kernel, g.weight_shape),
        x=corner(trial.x, (batch, g.in_channels, *g.input_size)),
        grad=corner(trial.grad, (batch, g.out_channels, *g.output_size)),
        bias=corner(trial.bias, (g.out_channels,)),
    )


def _changes(g: Geometry) -> Iterator[dict[str, Any]]:
    """One setting at a time, as fields of a geometry."""
    if g.rank > 1:
        for axis in range(g.rank):
            yield {
                name: _without(getattr(g, name), axis)
                for name in (
                    "input_size",
                    "kernel_size",
                    "stride",
                    "padding",
                    "dilation",
                )
            }
    if g.groups > 1:
        into, out = g.in_channels // g.groups, g.out_channels // g.groups
        for groups in sorted({1, 2, g.groups - 1} - {g.groups}):
            yield {
                "groups": groups,
                "in_channels": into * groups,
                "out_channels": out * groups,
            }
    for name in ("in_channels", "out_channels"):
        for channels in _below(getattr(g, name), g.groups, g.groups):
            yield {name: channels}
    for name, least in (("input_size", 1), ("kernel_size", 1)):
        yield from _entries(g, name, least)
    for name in ("stride", "dilation"):
        yield from _entries(g, name, 1)
    for axis, (before, after) in enumerate(g.padding):
        for pad in (
            (0, 0),
            (before, 0),
            (0, after),
            (before - 1, after),
            (before, after - 1),
        ):
            if min(pad) >= 0 and pad != (before, after):
                yield {"padding": _with(g.padding, axis, pad)}
    if g.padding_mode != "zeros":
        yield {"padding_mode": "zeros"}


def _entries(g: Geometry, name: str, least: int) -> Iterator[dict[str, Any]]:
    values: Shape = getattr(g, name)
    for axis, value in enumerate(values):
        for less in _below(value, least, 1):
            yield {name: _with(values, axis, less)}


def _below(value: int, least: int, step: int) -> list[int]:
    """The least value, the half, and one step less; each only if it is less."""
    half = max(least, value // 2 // step * step)
    return sorted({least, half, max(least, value - step)} - {value})


def _with(values: tuple[Any, ...], axis: int, value: Any) -> tuple[Any, ...]:
    return (*values[:axis], value, *values[axis + 1 :])


def _without(values: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    return (*values[:axis], *values[axis + 1 :])
