"""One step on many small arrays as a step on one: the same bits, fewer calls."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from itertools import accumulate
from operator import is_
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
    if isinstance(parameters, Mapping) and isinstance(gradients, Mapping):
        joints = _JOINTS.setdefault(rule, {})
        names = tuple(parameters)
        joint = joints.get(names)
        if joint is None or not all(map(is_, parameters.values(), joint.known)):
            joint = joints[names] = _Joint(parameters)
        if joint.step(rule, gradients):
            return
    rule.step(parameters, gradients)


class _Joint:
    """Parameters of which the small ones lie in one array, one after the other.

    Attributes
    ----------
    known : list of ndarray
        All parameters, as they were given.
    """

    def __init__(self, parameters: Mapping[str, Array]) -> None:
        self.known = list(parameters.values())
        arrays = {n: a for n, a in parameters.items() if isinstance(a, np.ndarray)}
        self._small = {n: a for n, a in arrays.items() if a.size <= _SMALL}
        self._others = {n: a for n, a in parameters.items() if n not in self._small}
        self._name = "\n".join(self._small)  # no parameter's own name
        self._dtypes = {array.dtype for array in self._small.values()}
        self._fits = len(self._small) > 1 and len(self._dtypes) == 1
        if self._fits:
            self._whole = np.concatenate(list(self._small.values()), axis=None)
            self._views = _views(self._whole, self._small)
            self._fits = self._whole.dtype.kind == "f"
        self._memories: dict[str, tuple[Array, list[Array]]] = {}

    def step(self, rule: Rule, gradients: Mapping[str, Array]) -> bool:
        """A step on all parameters; False, with nothing done, where it can't be."""
        one = copy(rule)  # its settings, with memories of its own
        if not self._fits or not self._alike(gradients):
            return False
        for memory in rule.memories:
            if not self._join(memory, getattr(rule, memory), one):
                return False
        np.concatenate(list(self._small.values()), axis=None, out=self._whole)
        joined = np.concatenate([gradients[name] for name in self._small], axis=None)
        one.step(
            {self._name: self._whole, **self._others},
            {**gradients, self._name: joined},
        )
        for array, part in zip(self._small.values(), self._views, strict=True):
            array[...] = part
        for memory in rule.memories:
            self._part(memory, getattr(one, memory), getattr(rule, memory))
        return True

    def _alike(self, gradients: Mapping[str, Array]) -> bool:
        """Whether the gradients have the shapes and the dtype of their parameters."""
        for name, array in self._small.items():
            gradient = gradients.get(name)
            if not isinstance(gradient, np.ndarray) or gradient.shape != array.shape:
                return False
            if gradient.dtype != array.dtype or not array.flags.writeable:
                return False
        return True

    def _join(self, memory: str, known: dict[str, Array], one: Rule) -> bool:
        """What is remembered of the small ones as one; whether that can be."""
        found = [known[name] for name in self._small if name in known]
        own = {name: known[name] for name in self._others if name in known}
        setattr(one, memory, own)
        if not found:
            return True
        whole, views = self._memories.get(memory, (None, []))
        if whole is None or len(found) != len(views) or not all(map(is_, found, views)):
            whole = self._laid(found)
        if whole is None:
            return False
        own[self._name] = whole
        return True

    def _laid(self, memory: list[Array]) -> Array | None:
        """Entries one after the other, or one count for all; None where neither is."""
        if len(memory) != len(self._small) or len({a.dtype for a in memory}) > 1:
            return None
        if all(array.shape == () for array in memory):  # counts, which have to be equal
            return memory[0].copy() if len({a.item() for a in memory}) == 1 else None
        pairs = zip(memory, self._small.values(), strict=True)
        if any(one.shape != array.shape for one, array in pairs):
            return None
        return np.concatenate(memory, axis=None)

    def _part(
        self, memory: str, new: dict[str, Array], known: dict[str, Array]
    ) -> None:
        """What is remembered now, by the names of the parameters."""
        whole = new.get(self._name)
        if whole is None:
            for name in self._small:
                known.pop(name, None)
        elif whole.shape == ():  # each has a count of its own
            known.update((name, whole.copy()) for name in self._small)
        elif whole is not self._memories.get(memory, (None,))[0]:
            views = _views(whole, self._small)
            self._memories[memory] = whole, views
            known.update(zip(self._small, views, strict=True))
        for name in self._others:
            if name in new:
                known[name] = new[name]
            else:
                known.pop(name, None)


_JOINTS: WeakKeyDictionary[Rule, dict[tuple[str, ...], _Joint]] = WeakKeyDictionary()
"""Of each rule, by the names of the parameters."""


def _views(whole: Array, arrays: Mapping[str, Array]) -> list[Array]:
    """Its parts, one after the other, with the shapes of the arrays."""
    ends = accumulate(array.size for array in arrays.values())
    parts = np.split(whole, list(ends)[:-1])
    pairs = zip(parts, arrays.values(), strict=True)
    return [part.reshape(array.shape) for part, array in pairs]
