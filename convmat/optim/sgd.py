"""Gradient descent: momentum, Nesterov's, and weight decay of both kinds."""

from __future__ import annotations

from numbers import Rational
from typing import Any, ClassVar, final

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.optim.pieces import pieces
from convmat.optim.rates import Number, flag
from convmat.optim.rule import Rule

__all__ = ["SGD"]


@final
class SGD(Rule):
    """Gradient descent with momentum: `v = momentum * v + grad`, `p = p - lr * v`.

    The velocity starts at 0 and the gradient enters undampened, as in PyTorch and
    fastai. With `Fraction` parameters and rates every step is exact. In floats the
    operations come in this order, each rounded once::

        g = grad + weight_decay * p          coupled weight decay
        v = momentum * v + g                 v = g, and none remembered, at momentum 0
        d = g + momentum * v                 nesterov; d = v otherwise
        p = p * (1 - lr * weight_decay)      decoupled weight decay, factor in float64
        p = p - lr * d

    Parameters
    ----------
    lr : float or Fraction
        Learning rate, greater than 0. Exact parameters (object arrays) want integers
        or a `Fraction` for all three rates, lest a float spoil them.
    momentum : float or Fraction
        At least 0 and less than 1.
    nesterov : bool
        Whether to step from where the velocity will have led. It wants a momentum
        greater than 0 to start with; a schedule may bring that down to 0 later.
    weight_decay : float or Fraction
        At least 0: the pull towards 0, as a share of the weight.
    decoupled : bool
        Whether weight decay shrinks the weights themselves and never enters the
        velocity. Without momentum the two kinds are the same.

    Attributes
    ----------
    velocity : dict of str to ndarray
        `v` of each parameter that has been updated with momentum, in its dtype.

    Raises
    ------
    ConvmatError
        For rates out of range, and for `nesterov` without momentum.
    ConvmatTypeError
        For rates that are no real numbers, flags that are no bools, and, at a step,
        floats beside exact parameters.

    References
    ----------
    I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of
    initialization and momentum in deep learning", ICML 2013, for both kinds of
    momentum. With Nesterov's, the parameters here are the points they look ahead to, as
    in `torch.optim.SGD`.

    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

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

    memories: ClassVar[tuple[str, ...]] = ("velocity",)
    velocity: dict[str, Array]

    def __init__(
        self,
        lr: Number,
        momentum: Number = 0,
        *,
        nesterov: bool = False,
        weight_decay: Number = 0,
        decoupled: bool = False,
    ) -> None:
        super().__init__(lr, momentum, weight_decay, decoupled)
        self.nesterov = flag("nesterov", nesterov)
        if self.nesterov and self.momentum == 0:
            rule = "must be greater than 0 with nesterov=True"
            raise ConvmatError("momentum", rule, momentum)

    def _update(self, name: str, parameter: Array, gradient: Array) -> None:
        lr, momentum, decay = self._rates(exact=parameter.dtype == object)
        if parameter.dtype == object:  # integers beside it would wrap
            gradient = gradient.astype(object, copy=False)
        if momentum:
            (velocity,) = self._remembered(name, parameter)
        else:
            velocity = gradient
            self.velocity.pop(name, None)
        for p, g, v in pieces(parameter, gradient, velocity):
            if decay and not self.decoupled:
                g = g + decay * p
            if momentum:
                v *= momentum
                v += g
            else:
                v = g
            move = lr * (g + momentum * v if self.nesterov and momentum else v)
            if decay and self.decoupled:
                p *= 1 - lr * decay
            p -= move

    def _rates(self, *, exact: bool) -> list[Any]:
        """The three rates; NumPy makes no floats of Fractions."""
        rates = [self.lr, self.momentum, self.weight_decay]
        return rates if exact else [float(rate) for rate in rates]

    def _forms(self, parameter: Array) -> dict[str, tuple[Shape, np.dtype[Any]]]:
        return {"velocity": (parameter.shape, parameter.dtype)}

    def _check(self, name: str, parameter: Array) -> None:
        if parameter.dtype != object:
            return
        for setting in ("lr", "momentum", "weight_decay"):
            if not isinstance(rate := getattr(self, setting), Rational):
                rule = "must be an integer or a Fraction beside exact parameters"
                remedy = "Fraction(1, 10) is 0.1 exactly"
                raise ConvmatTypeError(setting, rule, rate, remedy)
