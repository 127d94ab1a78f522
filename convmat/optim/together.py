"""One step on many small arrays as a step on one: the same bits, fewer calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

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
    for memory in rule.memories:
        known = dict(getattr(rule, memory))
        found = [known.pop(name) for name in names if name in known]
        if len(found) not in {0, len(names)} or not _joins(found, arrays):
            rule.step(parameters, gradients)
            return
        setattr(one, memory, known | ({all_names: _joined(found)} if found else {}))
    flat = _joined(arrays)
    joined = _joined([gradients[name] for name in names])
    one.step({all_names: flat} | others, {**gradients, all_names: joined})
    _hand_back(flat, arrays)
    for memory in rule.memories:
        new, known = getattr(one, memory), getattr(rule, memory)
        together = new.pop(all_names, None)
        _remember(known, names, arrays, together)
        for name in others:
            _keep(known, name, new.get(name))


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


def _joins(memory: Sequence[Array], parameters: Sequence[Array]) -> bool:
    """Whether what is remembered has an entry for each of a parameter, or one count."""
    if len({array.dtype for array in memory}) > 1:
        return False
    if all(array.shape == () for array in memory):
        return len({array.item() for array in memory}) <= 1
    return all(m.shape == p.shape for m, p in zip(memory, parameters, strict=True))


def _joined(arrays: Sequence[Array]) -> Array:
    """All entries, one array after the other; of counts, which are equal, the first."""
    if arrays[0].shape == ():
        return arrays[0].copy()
    return np.concatenate([array.reshape(-1) for array in arrays])


def _hand_back(flat: Array, arrays: Sequence[Array]) -> None:
    """The entries to where they came from."""
    start = 0
    for array in arrays:
        stop = start + array.size
        array[...] = flat[start:stop].reshape(array.shape)
        start = stop


def _remember(
    known: dict[str, Array],
    names: Sequence[str],
    parameters: Sequence[Array],
    new: Array | None,
) -> None:
    """What was remembered of all together, by the names of the parameters."""
    if new is None:
        for name in names:
            _keep(known, name, None)
        return
    if new.shape == ():  # a count, which each has for itself
        for name in names:
            known[name] = new.copy()
        return
    start = 0
    for name, parameter in zip(names, parameters, strict=True):
        stop = start + parameter.size
        known[name] = new[start:stop].reshape(parameter.shape)
        start = stop


def _keep(known: dict[str, Array], name: str, new: Array | None) -> None:
    """What was remembered of one; nothing, if that is so."""
    if new is None:
        known.pop(name, None)
    else:
        known[name] = new
