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
        """Update each parameter in place by the gradient of the same name.

        Raises
        ------
        ShapeError
            When a gradient has another shape than its parameter.
        ConvmatError
            When a parameter has no gradient.
        ConvmatTypeError
            For integer parameters, and for floats where parameters are exact. No
            parameter has changed then, as with the other errors.
        """
        for name, parameter in parameters.items():
            if name not in gradients:
                rule = f"must have one for each parameter, {name!r} too"
                raise ConvmatError("gradients", rule, list(gradients))
            self._check(name, parameter, gradients[name])
        for name, parameter in parameters.items():
            self._update(name, parameter, gradients[name])

    def _update(self, name: str, parameter: Array, gradient: Array) -> None:
        exact = parameter.dtype == object  # NumPy makes no floats of Fractions
        lr: Any = self.lr if exact else float(self.lr)
        momentum: Any = self.momentum if exact else float(self.momentum)
        velocity = gradient.copy()
        if name in self.velocity:
            velocity = momentum * self.velocity[name] + gradient
        self.velocity[name] = velocity
        parameter -= lr * velocity

    def _check(self, name: str, parameter: Array, gradient: Array) -> None:
        label = f"gradients[{name!r}]"
        if gradient.shape != parameter.shape:
            rule = f"must be that of the parameter, {parameter.shape}"
            raise ShapeError(f"{label}.shape", rule, gradient.shape)
        if parameter.dtype.kind in "iub":
            remedy = "use .astype(float), or .astype(object) with Fractions as rates"
            rule, found = "must not be integers", str(parameter.dtype)
            raise ConvmatTypeError(f"parameters[{name!r}]", rule, found, remedy)
        exact = parameter.dtype == object
        spoils = exact and gradient.dtype.kind in "fc"
        if spoils or not np.can_cast(gradient.dtype, parameter.dtype, "same_kind"):
            rule = f"must fit the parameter's dtype, {parameter.dtype}"
            raise ConvmatTypeError(label, rule, str(gradient.dtype))
        if exact:
            self._check_exact()

    def _check_exact(self) -> None:
        for name, rate in (("lr", self.lr), ("momentum", self.momentum)):
            if not isinstance(rate, Rational):
                rule = "must be an integer or a Fraction beside exact parameters"
                remedy = "Fraction(1, 10) is 0.1 exactly"
                raise ConvmatTypeError(name, rule, rate, remedy)


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
