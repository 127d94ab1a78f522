"""Update rules, one for matrices and networks alike.

A rule changes arrays in place and never asks what they mean: a dense matrix, a kernel
or the weights of a network. With `Fraction` arrays and `Fraction` rates it is exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from numbers import Rational, Real
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError

__all__ = ["SGD"]


class SGD:
    """Gradient descent with momentum: `v = momentum * v + grad`, `p = p - lr * v`.

    The velocity starts at 0 and the gradient enters undampened, as in PyTorch and
    fastai.

    Parameters
    ----------
    lr : float or Fraction
        Learning rate, greater than 0. Exact parameters (object arrays) want an integer
        or a `Fraction`, lest a float spoil them.
    momentum : float or Fraction
        At least 0 and less than 1.

    Attributes
    ----------
    velocity : dict of str to ndarray
        `v` of each parameter that has been updated.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = {"w": np.array([1.0, 2.0])}
    >>> rule = SGD(lr=0.5, momentum=0.5)
    >>> for _ in range(2):
    ...     rule.step(parameters, {"w": np.array([1.0, 0.0])})
    >>> parameters["w"]
    array([-0.25,  2.  ])
    """

    def __init__(self, lr: float | Fraction, momentum: float | Fraction = 0) -> None:
        self.lr = _rate("lr", lr)
        self.momentum = _rate("momentum", momentum)
        if self.lr <= 0:
            raise ConvmatError("lr", "must be greater than 0", lr)
        if not 0 <= self.momentum < 1:
            raise ConvmatError("momentum", "must be in [0, 1)", momentum)
        self.velocity: dict[str, Array] = {}

    def step(
        self, parameters: Mapping[str, Array], gradients: Mapping[str, Array]
    ) -> None:
        """Update each parameter in place by the gradient of the same name."""
        for name, parameter in parameters.items():
            self._update(name, parameter, gradients[name])

    def _update(self, name: str, parameter: Array, gradient: Array) -> None:
        if gradient.shape != parameter.shape:
            rule = f"must be that of the parameter, {parameter.shape}"
            label = f"gradients[{name!r}].shape"
            raise ShapeError(label, rule, gradient.shape)
        self._check_kind(name, parameter)
        lr: Any = self.lr
        momentum: Any = self.momentum
        velocity = gradient.copy()
        if name in self.velocity:
            velocity = momentum * self.velocity[name] + gradient
        self.velocity[name] = velocity
        parameter -= lr * velocity

    def _check_kind(self, parameter: str, array: Array) -> None:
        if array.dtype.kind == "i":
            remedy = "use .astype(float), or .astype(object) with Fractions as rates"
            label = f"parameters[{parameter!r}]"
            raise ConvmatTypeError(label, "must not be integers", "int64", remedy)
        if array.dtype != object:
            return
        for name, rate in (("lr", self.lr), ("momentum", self.momentum)):
            if not isinstance(rate, Rational):
                rule = "must be an integer or a Fraction beside exact parameters"
                raise ConvmatTypeError(
                    name, rule, rate, "Fraction(1, 10) is 0.1 exactly"
                )


def _rate(name: str, value: object) -> float | Fraction:
    """`value` as a finite real number of Python's, which forces no dtype on arrays.

    Raises
    ------
    ConvmatTypeError
        When it is no real number.
    ConvmatError
        When it is not finite.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise ConvmatTypeError(name, "must be a real number", value)
    number = value if isinstance(value, (int, Fraction)) else float(value)
    if not math.isfinite(number):
        raise ConvmatError(name, "must be finite", value)
    return number
