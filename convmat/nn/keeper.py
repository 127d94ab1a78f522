"""`Keeper`: the last good state of a model and its rule, to go back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from convmat.arrays import Array
from convmat.nn.composite import Composite
from convmat.nn.recorder import Recorder
from convmat.optim import Rule

__all__ = ["Keeper", "generators"]


class Keeper:
    """Copies of what a step changes, taken before it is changed.

    A step may end at any moment: by Ctrl-C, by an error, by a loss that is not finite.
    `undo` then leaves all as after the last whole step: parameters, buffers, what the
    rule remembers, the generators of dropout, and the record. `step_back` goes back
    one more step, to the weights of the last finite loss.

    Each step says `begin` before its forward pass, `keep` before its update, and `done`
    once it is recorded.
    """

    def __init__(self, model: Composite, rule: Rule, recorder: Recorder) -> None:
        self._model = model
        self._rule = rule
        self._recorder = recorder
        self._draws = [rng for _, rng in generators(model)]
        self._phase: Literal["idle", "pass", "update"] = "idle"
        self._length = 0
        self._buffers: dict[str, Array] = {}
        self._drawn: list[Any] = []
        # The state before the last update, once there was one.
        self._whole = False
        self._kept: dict[str, dict[str, Array]] = {}
        self._kept_drawn: list[Any] = []

    def begin(self) -> None:
        """A forward pass comes: it may change buffers and generators."""
        _copy(self._model.buffers, self._buffers)
        self._drawn = [rng.bit_generator.state for rng in self._draws]
        self._length = len(self._recorder.steps)
        self._phase = "pass"

    def keep(self) -> None:
        """An update comes: it changes parameters and what the rule remembers."""
        self._whole = False
        for name, arrays in self._changing().items():
            _copy(arrays, self._kept.setdefault(name, {}))
        _copy(self._buffers, self._kept.setdefault("buffers", {}))
        self._kept_drawn = self._drawn
        self._whole = True
        self._phase = "update"

    def done(self) -> None:
        """The step is whole."""
        self._phase = "idle"

    def undo(self) -> None:
        """Undo what a step has done that did not come to its end."""
        if self._phase == "idle":
            return
        if self._phase == "update":
            self._put_back()
        else:
            _fill(self._model.buffers, self._buffers)
            self._set_generators(self._drawn)
        del self._recorder.steps[self._length :]
        self._phase = "idle"

    def step_back(self) -> None:
        """Go back to the weights of the last finite loss, if there was one."""
        if self._whole:
            self._put_back()
            self._phase = "idle"
        else:
            self.undo()

    def _changing(self) -> dict[str, dict[str, Array]]:
        memories = {name: getattr(self._rule, name) for name in self._rule.memories}
        return {"parameters": self._model.parameters, **memories}

    def _put_back(self) -> None:
        _fill(self._model.parameters, self._kept["parameters"])
        _fill(self._model.buffers, self._kept["buffers"])
        for memory in self._rule.memories:
            arrays = getattr(self._rule, memory)
            arrays.clear()
            arrays.update({k: a.copy() for k, a in self._kept[memory].items()})
        self._set_generators(self._kept_drawn)

    def _set_generators(self, states: list[Any]) -> None:
        for rng, state in zip(self._draws, states, strict=True):
            rng.bit_generator.state = state


def generators(model: Composite) -> Iterator[tuple[str, np.random.Generator]]:
    """The generators that layers hold, such as those of dropout.

    Yields
    ------
    (str, numpy.random.Generator)
        With the name of the layer and the attribute, as `"3.rng"`.
    """
    for name, leaf in model.leaves():
        for attribute, value in vars(leaf).items():
            if isinstance(value, np.random.Generator):
                yield f"{name}.{attribute}", value


def _copy(arrays: dict[str, Array], into: dict[str, Array]) -> None:
    """Make `into` a copy of `arrays`, in the arrays it has where they fit."""
    for name in into.keys() - arrays.keys():
        del into[name]
    for name, array in arrays.items():
        there = into.get(name)
        if there is None or there.shape != array.shape or there.dtype != array.dtype:
            into[name] = array.copy()
        else:
            np.copyto(there, array)


def _fill(arrays: dict[str, Array], kept: dict[str, Array]) -> None:
    """Put the numbers of `kept` into the arrays themselves."""
    for name, array in kept.items():
        arrays[name][...] = array
