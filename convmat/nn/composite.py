"""`Composite`: layers that make one, with one set of names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self, TypeAlias

from convmat.arrays import Array, Shape
from convmat.errors import (
    ConvmatError,
    ConvmatTypeError,
    GeometryError,
    ShapeError,
)
from convmat.geometry.shorthand import read_shape
from convmat.nn.fields import Place, start
from convmat.nn.layers import Layer
from convmat.nn.mismatch import LayerError, at_layer
from convmat.nn.summary import Row, Summary, row_of

__all__ = ["Composite", "Part"]

Part: TypeAlias = "Layer | Composite"
"""What networks are made of."""


class Composite(ABC):
    """Layers that make one.

    Parameters, gradients and buffers are named as in PyTorch, from the outside in:
    `"2.body.0.weight"` is a weight in part `"2"`.

    Parameters
    ----------
    parts : mapping of str to Layer or Composite
        In the order of the forward pass, by their names.

    Raises
    ------
    ConvmatTypeError
        For what is no layer.
    ConvmatError
        For one layer in two places: it remembers the input of one only, so its gradient
        would be wrong without a word.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.nn import ReLU
    >>> class Doubled(Composite):
    ...     def forward(self, x):
    ...         return 2 * self.parts["body"].forward(x)
    ...
    ...     def backward(self, grad):
    ...         return self.parts["body"].backward(2 * grad)
    ...
    ...     def rows(self, prefix, place):
    ...         return [], place
    >>> model = Doubled({"body": ReLU()})
    >>> model.forward(np.array([[-1.0, 3.0]])), model.backward(np.array([[1.0, 1.0]]))
    (array([[0., 6.]]), array([[0., 2.]]))
    """

    def __init__(self, parts: Mapping[str, Part]) -> None:
        for name, part in parts.items():
            if not isinstance(part, (Layer, Composite)):
                remedy = "make one: ReLU()" if isinstance(part, type) else ""
                argument = f"layers[{name!r}]"
                raise ConvmatTypeError(argument, "must be a layer", part, remedy)
        self.parts = dict(parts)
        seen: dict[int, str] = {}
        for name, leaf in self.leaves():
            if id(leaf) in seen:
                rule = f"must not hold the layer of {seen[id(leaf)]!r} once more"
                remedy = "a layer remembers one input: make another one"
                raise ConvmatError("layers", rule, name, remedy)
            seen[id(leaf)] = name

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """The output, `(batch, ...)`; what the backward pass needs is kept.

        Raises
        ------
        LayerError
            Where a shape does not fit a layer: it names both.
        """

    @abstractmethod
    def backward(self, grad: Array) -> Array:
        """The gradient by the input; all layers keep theirs."""

    @abstractmethod
    def rows(self, prefix: str, place: Place) -> tuple[list[Row], Place]:
        """The rows of a summary, with names after `prefix`, and what stands behind."""

    def leaves(self) -> Iterator[tuple[str, Layer]]:
        """All layers with their names, however deep inside.

        Yields
        ------
        (str, Layer)
            In the order of the parts.
        """
        for name, part in self.parts.items():
            if isinstance(part, Layer):
                yield name, part
            else:
                for inner, leaf in part.leaves():
                    yield f"{name}.{inner}", leaf

    @property
    def parameters(self) -> dict[str, Array]:
        """The arrays themselves, to be changed in place."""
        return {
            f"{name}.{own}": array
            for name, leaf in self.leaves()
            for own, array in leaf.parameters.items()
        }

    @property
    def gradients(self) -> dict[str, Array]:
        """Of the last backward pass."""
        return {
            f"{name}.{own}": array
            for name, leaf in self.leaves()
            for own, array in leaf.gradients.items()
        }

    @property
    def buffers(self) -> dict[str, Array]:
        """What the layers remember of the data; the arrays themselves."""
        return {
            f"{name}.{own}": array
            for name, leaf in self.leaves()
            for own, array in leaf.buffers.items()
        }

    def state(self) -> dict[str, Array]:
        """Parameters and buffers, copied, with the names of PyTorch's `state_dict`.

        Each layer's parameters come before its buffers, as they do there.
        """
        return {
            f"{name}.{own}": array.copy()
            for name, leaf in self.leaves()
            for own, array in (leaf.parameters | leaf.buffers).items()
        }

    def load(self, parameters: Mapping[str, Array]) -> None:
        """Put copies of `parameters` in place of the present ones; buffers stay.

        Raises
        ------
        ConvmatError
            When the names are not those of this model.
        ShapeError
            When an array has another shape than the one it replaces. Nothing is changed
            then.
        """
        _check("parameters", parameters, self.parameters)
        for name, leaf in self.leaves():
            for own in leaf.parameters:
                leaf.parameters[own] = parameters[f"{name}.{own}"].copy()

    def load_state(self, state: Mapping[str, Array]) -> None:
        """Put copies in place of all parameters and buffers, as `state` names them.

        Raises
        ------
        ConvmatError
            When the names are not those of this model.
        ShapeError
            When an array has another shape than the one it replaces. Nothing is changed
            then.
        """
        _check("state", state, self.parameters | self.buffers)
        for name, leaf in self.leaves():
            for own in leaf.parameters:
                leaf.parameters[own] = state[f"{name}.{own}"].copy()
            for own in leaf.buffers:
                leaf.buffers[own] = state[f"{name}.{own}"].copy()

    def train(self) -> Self:
        """Let every layer act as in training from now on."""
        for _, leaf in self.leaves():
            leaf.train()
        return self

    def eval(self) -> Self:
        """Let every layer act as after training from now on."""
        for _, leaf in self.leaves():
            leaf.eval()
        return self

    @contextmanager
    def evaluating(self) -> Iterator[Self]:
        """Within `with`, every layer acts as after training; then as it did before.

        Yields
        ------
        Composite
            This one.

        Examples
        --------
        >>> from convmat.nn import BatchNorm, Sequential
        >>> model = Sequential([BatchNorm(3)])
        >>> with model.evaluating():
        ...     print(model.layers[0].training)
        False
        >>> model.layers[0].training
        True
        """
        modes = [(leaf, leaf.training) for _, leaf in self.leaves()]
        self.eval()
        try:
            yield self
        finally:
            for leaf, mode in modes:
                leaf.training = mode

    def summary(self, input_shape: Shape) -> Summary:
        """The network in numbers, for inputs of one shape.

        Parameters
        ----------
        input_shape : tuple of int
            `(channels, *spatial)` or `(features,)`: without the batch axis.

        Returns
        -------
        Summary

        Raises
        ------
        ShapeError
            Where the shape does not fit a layer: a `LayerError` that names both.
        """
        shape = read_shape("input_shape", input_shape)
        if not shape or min(shape) < 1:
            rule = "must have at least one axis, and at least 1 on every axis"
            raise ShapeError("input_shape", rule, shape)
        rows, _ = self.rows("", start(shape))
        return Summary(shape, tuple(rows))

    def _into(self, name: str, x: Array) -> Array:
        """The output of one part."""
        part = self.parts[name]
        try:
            return part.forward(x)
        except (ShapeError, GeometryError) as error:
            raise at_layer(name, type(part).__name__, error) from None

    def _back(self, name: str, grad: Array) -> Array:
        """The gradient by the input of one part."""
        part = self.parts[name]
        try:
            return part.backward(grad)
        except (ShapeError, GeometryError) as error:
            raise at_layer(name, type(part).__name__, error) from None

    def _rows(self, name: str, prefix: str, place: Place) -> tuple[list[Row], Place]:
        """The rows of one part."""
        part, path = self.parts[name], f"{prefix}{name}"
        try:
            if isinstance(part, Composite):
                return part.rows(f"{path}.", place)
            row, after = row_of(path, part, place)
        except LayerError:  # its path is whole
            raise
        except (ShapeError, GeometryError) as error:
            raise at_layer(path, type(part).__name__, error) from None
        return [row], after


def _check(
    argument: str, arrays: Mapping[str, Array], present: Mapping[str, Array]
) -> None:
    """Refuse other names and other shapes than those that are there."""
    if not isinstance(arrays, Mapping):
        rule = "must map names to arrays"
        raise ConvmatTypeError(argument, rule, type(arrays).__name__)
    if set(arrays) != set(present):
        missing = sorted(set(present) - set(arrays))
        unknown = sorted(set(arrays) - set(present))
        rule = f"must have the names {', '.join(present)}"
        told = [("missing", missing), ("unknown", unknown)]
        remedy = "; ".join(
            f"{what}: {', '.join(names)}" for what, names in told if names
        )
        raise ConvmatError(argument, rule, sorted(arrays), remedy)
    for name, array in present.items():
        if arrays[name].shape != array.shape:
            label = f"{argument}[{name!r}].shape"
            raise ShapeError(label, f"must be {array.shape}", arrays[name].shape)
