"""`Rule`: what all update rules share, from the checks before a step to the memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np

from convmat.arrays import Array, Shape
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.optim.rates import Number, Rate, flag, not_negative, positive, share

__all__ = ["Rule"]


class Rule(ABC):
    """A way to update parameters by their gradients, in place and entry by entry.

    A rule remembers arrays by the names of the parameters, so it belongs to one model.
    Where the shapes or dtypes of another model differ it refuses; where they agree it
    can't tell, and would go on from what it remembers. Make a new rule for a new model.

    Attributes
    ----------
    lr, momentum, weight_decay : float or Fraction
        May be set between steps, by a schedule say; checked whenever they are set.
    decoupled : bool
        Whether weight decay shrinks the weights themselves; if not, it is added to the
        gradient.
    memories : tuple of str
        Names of the attributes that remember: each is a dict from the names of
        parameters to arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.optim import SGD, cosine
    >>> rule, schedule = SGD(lr=0.5), cosine(0.5, 0.0)
    >>> parameters = {"w": np.array([4.0])}
    >>> for done in range(2):
    ...     rule.lr = schedule(done / 2)
    ...     rule.step(parameters, {"w": np.array([2.0])})
    ...     print(rule.lr, parameters["w"])
    0.5 [3.]
    0.25 [2.5]
    """

    memories: ClassVar[tuple[str, ...]] = ()
    lr = Rate(positive)
    momentum = Rate(share)
    weight_decay = Rate(not_negative)

    @abstractmethod
    def __init__(
        self, lr: Number, momentum: Number, weight_decay: Number, decoupled: bool
    ) -> None:
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.decoupled = flag("decoupled", decoupled)
        for memory in self.memories:
            setattr(self, memory, {})

    @final
    def step(
        self, parameters: Mapping[str, Array], gradients: Mapping[str, Array]
    ) -> None:
        """Update each parameter in place by the gradient of the same name.

        All is checked before the first change, so after an error every parameter and
        everything remembered is as it was.

        Parameters
        ----------
        parameters : mapping of str to ndarray
            What to update, all of the model or some of it.
        gradients : mapping of str to ndarray
            One for each parameter, of its shape; more do no harm. They do not change.

        Raises
        ------
        ShapeError
            When a gradient has another shape than its parameter, or what the rule
            remembers has.
        ConvmatError
            When a parameter has no gradient or can't be written to.
        ConvmatTypeError
            For what is no mapping of arrays, for integer parameters, for gradients that
            do not fit their parameter's dtype, and for numbers that the rule does not
            carry.
        """
        _check_mapping("parameters", parameters)
        _check_mapping("gradients", gradients)
        for name, parameter in parameters.items():
            if name not in gradients:
                rule = f"must have one for each parameter, {name!r} too"
                raise ConvmatError("gradients", rule, list(gradients))
            _check_parameter(f"parameters[{name!r}]", parameter)
            _check_gradient(f"gradients[{name!r}]", gradients[name], parameter)
            self._check_memory(name, parameter)
            self._check(name, parameter)
        for name, parameter in parameters.items():
            self._update(name, parameter, gradients[name])

    @final
    def state(self) -> dict[str, Array]:
        """What the rule remembers, copied; with its rates, all that a file has to hold.

        Returns
        -------
        dict of str to ndarray
            Named `"velocity.w"` for the velocity of the parameter `w`.
        """
        return {
            f"{memory}.{name}": array.copy()
            for memory in self.memories
            for name, array in getattr(self, memory).items()
        }

    @final
    def load_state(self, state: Mapping[str, Array]) -> None:
        """Remember a copy of `state`, from `state()`, and nothing else.

        Whether it fits the parameters is checked by the next step.

        Parameters
        ----------
        state : mapping of str to ndarray
            An empty one makes the rule forget all.

        Raises
        ------
        ConvmatError
            When a name is not of this rule, or a parameter lacks a part of its memory.
            What the rule remembers is as it was then.
        ConvmatTypeError
            When `state` is no mapping.
        """
        _check_mapping("state", state)
        loaded: dict[str, dict[str, Array]] = {memory: {} for memory in self.memories}
        for label, array in state.items():
            memory, _, name = label.partition(".")
            if memory not in loaded:
                rule = f"must be of {type(self).__name__}, which remembers "
                remedy = "load it into a rule of the kind that saved it"
                rule += ", ".join(self.memories)
                raise ConvmatError("state", rule, label, remedy)
            loaded[memory][name] = np.array(array)
        for memory, arrays in loaded.items():
            for name in set().union(*loaded.values()) - set(arrays):
                rule = f"must hold {memory}.{name} beside the rest of {name}"
                raise ConvmatError("state", rule, list(state))
        for memory, arrays in loaded.items():
            setattr(self, memory, arrays)

    @final
    def _check_memory(self, name: str, parameter: Array) -> None:
        remedy = "make a new rule for another model"
        for memory, (shape, dtype) in self._forms(parameter).items():
            if name not in getattr(self, memory):
                continue
            array, label = getattr(self, memory)[name], f"{memory}[{name!r}]"
            if array.shape != shape:
                raise ShapeError(
                    f"{label}.shape", f"must be {shape}", array.shape, remedy
                )
            if array.dtype != dtype:
                found = str(array.dtype)
                raise ConvmatTypeError(label, f"must be of {dtype}", found, remedy)

    @final
    def _remembered(self, name: str, parameter: Array) -> list[Array]:
        """The arrays that are remembered of a parameter; new ones are 0."""
        found = []
        for memory, (shape, dtype) in self._forms(parameter).items():
            arrays = getattr(self, memory)
            if name not in arrays:
                arrays[name] = np.zeros(shape, dtype)
            found.append(arrays[name])
        return found

    @abstractmethod
    def _forms(self, parameter: Array) -> dict[str, tuple[Shape, np.dtype[Any]]]:
        """Shape and dtype of what is remembered of a parameter, by `memories`."""

    @abstractmethod
    def _check(self, name: str, parameter: Array) -> None:
        """Refuse a parameter whose numbers this rule does not carry."""

    @abstractmethod
    def _update(self, name: str, parameter: Array, gradient: Array) -> None:
        """Change one parameter in place; everything has been checked."""


def _check_mapping(argument: str, arrays: Mapping[str, Array]) -> None:
    if not isinstance(arrays, Mapping):
        rule = "must be a mapping of names to arrays"
        raise ConvmatTypeError(argument, rule, type(arrays).__name__)


def _check_parameter(label: str, parameter: Array) -> None:
    if not isinstance(parameter, np.ndarray):
        remedy = "a step changes arrays in place"
        found = type(parameter).__name__
        raise ConvmatTypeError(label, "must be an ndarray", found, remedy)
    if parameter.dtype.kind in "iub":
        remedy = "use .astype(float), or .astype(object) with Fractions as rates"
        found = str(parameter.dtype)
        raise ConvmatTypeError(label, "must not be integers", found, remedy)
    carried(label, parameter)
    if not parameter.flags.writeable:
        rule, remedy = "must be writeable", "a step changes arrays in place; copy it"
        raise ConvmatError(label, rule, parameter, remedy)


def _check_gradient(label: str, gradient: Array, parameter: Array) -> None:
    if not isinstance(gradient, np.ndarray):
        found = type(gradient).__name__
        raise ConvmatTypeError(label, "must be an ndarray", found)
    if gradient.shape != parameter.shape:
        rule = f"must be that of the parameter, {parameter.shape}"
        raise ShapeError(f"{label}.shape", rule, gradient.shape)
    carried(label, gradient)
    spoils = parameter.dtype == object and gradient.dtype.kind in "fc"
    if spoils or not np.can_cast(gradient.dtype, parameter.dtype, "same_kind"):
        rule = f"must fit the parameter's dtype, {parameter.dtype}"
        raise ConvmatTypeError(label, rule, str(gradient.dtype))
