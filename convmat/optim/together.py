"""One step on many small arrays as a step on one: the same bits, fewer calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from operator import is_
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from convmat.arrays import Array
from convmat.optim.rule import Rule

__all__ = ["step_together"]

_SMALL = 1 << 13
"""Entries of an array that takes longer to call for than to copy."""


def step_together(
    rule: Rule, parameters: Mapping[str, Array], gradients: Mapping[str, Array]
) -> None:
    """`rule.step(parameters, gradients)`, in less time where arrays are small.

    A rule works entry by entry, so small parameters, their gradients and what is
    remembered of them may lie one after the other in one array, and come back with the
    same bits. Where those are of several dtypes, or the rule has not seen them equally
    often, all go the usual way, and so does whatever the rule refuses.

    Parameters
    ----------
    rule : Rule
        Keeps what it remembers by the names of the parameters, as ever.
    parameters, gradients : mapping of str to ndarray
        As for `Rule.step`.

    Raises
    ------
    ConvmatError, ConvmatTypeError, ShapeError
        As `Rule.step` does.

    Examples
    --------
    >>> from convmat.optim import SGD
    >>> parameters = {"w": np.zeros((2, 2)), "b": np.zeros(3)}
    >>> rule = SGD(lr=0.5, momentum=0.9)
    >>> step_together(rule, parameters, {"w": np.ones((2, 2)), "b": np.ones(3)})
    >>> parameters["b"], rule.velocity["w"].shape
    (array([-0.5, -0.5, -0.5]), (2, 2))
    """
    names = _small(parameters)
    arrays = [parameters[name] for name in names]
    if not _alike(names, arrays, gradients):
        rule.step(parameters, gradients)
        return
    all_names = "\n".join(names)  # no parameter's own name
    small = set(names)
    others = {n: array for n, array in parameters.items() if n not in small}
    one = copy(rule)  # its settings, with memories of its own
    laid = _LAID.setdefault(rule, {})
    for memory in rule.memories:
        known = dict(getattr(rule, memory))
        found = [known.pop(name) for name in names if name in known]
        if found:
            whole = _whole(laid.get((memory, all_names)), found, arrays)
            if whole is None:
                rule.step(parameters, gradients)
                return
            known[all_names] = whole
        setattr(one, memory, known)
    flat = _joined(arrays)
    joined = _joined([gradients[name] for name in names])
    one.step({all_names: flat} | others, {**gradients, all_names: joined})
    for array, part in zip(arrays, _views(flat, arrays), strict=True):
        array[...] = part  # to where they came from
    for memory in rule.memories:
        new, known = getattr(one, memory), getattr(rule, memory)
        together, key = new.pop(all_names, None), (memory, all_names)
        laid[key] = _remember(laid.get(key), known, names, arrays, together)
        for name in others:
            _keep(known, name, new.get(name))


class _Laid(NamedTuple):
    """What is remembered of several parameters: in one array, and as views of it."""

    whole: Array
    views: list[Array]


_LAID: WeakKeyDictionary[Rule, dict[tuple[str, str], _Laid | None]]
_LAID = WeakKeyDictionary()
"""By the name of the memory and those of the parameters."""


def _small(parameters: Mapping[str, Array]) -> list[str]:
    if not isinstance(parameters, Mapping):
        return []
    return [
        name
        for name, array in parameters.items()
        if isinstance(array, np.ndarray) and array.size <= _SMALL
    ]


def _alike(
    names: Sequence[str], arrays: Sequence[Array], gradients: Mapping[str, Array]
) -> bool:
    """Whether these are several float arrays of one dtype, as are their gradients."""
    if len(names) < 2 or not isinstance(gradients, Mapping):
        return False
    dtype = arrays[0].dtype
    for name, array in zip(names, arrays, strict=True):
        gradient = gradients.get(name)
        if not isinstance(gradient, np.ndarray) or array.shape != gradient.shape:
            return False
        if array.dtype != dtype or gradient.dtype != dtype:
            return False
        if not array.flags.writeable:
            return False
    return dtype.kind == "f"


def _whole(
    laid: _Laid | None, memory: Sequence[Array], parameters: Sequence[Array]
) -> Array | None:
    """What is remembered of all parameters, in one array; None where it does not fit.

    Where the rule still remembers the views that it was given, that array is there.
    """
    views = laid.views if laid else []
    if laid and len(memory) == len(views) and all(map(is_, memory, views)):
        return laid.whole
    if len(memory) != len(parameters) or len({array.dtype for array in memory}) > 1:
        return None
    if all(array.shape == () for array in memory):  # counts, which have to be equal
        return memory[0].copy() if len({a.item() for a in memory}) == 1 else None
    if any(m.shape != p.shape for m, p in zip(memory, parameters, strict=True)):
        return None
    return _joined(memory)


def _joined(arrays: Sequence[Array]) -> Array:
    """All entries, one array after the other."""
    return np.concatenate(arrays, axis=None)


def _remember(
    laid: _Laid | None,
    known: dict[str, Array],
    names: Sequence[str],
    parameters: Sequence[Array],
    whole: Array | None,
) -> _Laid | None:
    """What was remembered of all together, by the names of the parameters."""
    if whole is None or whole.shape == ():  # nothing, or a count: each has its own
        for name in names:
            _keep(known, name, None if whole is None else whole.copy())
        return None
    if laid is None or whole is not laid.whole:
        laid = _Laid(whole, list(_views(whole, parameters)))
        known.update(zip(names, laid.views, strict=True))
    return laid


def _views(whole: Array, arrays: Sequence[Array]) -> Iterator[Array]:
    """Its parts, one after the other, with the shapes of the arrays."""
    start = 0
    for array in arrays:
        stop = start + array.size
        yield whole[start:stop].reshape(array.shape)
        start = stop


def _keep(known: dict[str, Array], name: str, new: Array | None) -> None:
    """What was remembered of one; nothing, if that is so."""
    if new is None:
        known.pop(name, None)
    else:
        known[name] = new
