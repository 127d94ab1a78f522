"""Adam and AdamW: steps scaled by how large the gradients of each entry have been."""

from __future__ import annotations

import math
from typing import Any, ClassVar, final

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.optim.pieces import pieces
from convmat.optim.rates import Number, Rate, positive, share
from convmat.optim.rule import Rule

__all__ = ["Adam", "AdamW"]


@final
class Adam(Rule):
    """A step of about `lr` in every entry, whatever the size of its gradient.

    The mean of the gradients over the root of the mean of their squares, both corrected
    for starting at 0. The operations come in this order, each rounded once, except that
    all factors are made in float64 first; `t` counts the steps of a parameter from 1::

        g = grad + weight_decay * p          coupled weight decay
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + ((1 - beta2) * g) * g
        d = sqrt(s) / sqrt(1 - beta2**t) + eps
        p = p * (1 - lr * weight_decay)      decoupled weight decay
        p = p - (lr / (1 - beta1**t)) * (m / d)

    It divides by square roots, which leave the rationals, so exact parameters are
    refused. The scale of an entry's gradients drops out of its step, up to `eps`: the
    sum over a tie and the mean over it move a kernel alike.

    Parameters
    ----------
    lr : float or Fraction
        Learning rate, greater than 0.
    betas : pair of float or Fraction
        Shares of the old in the new mean and in the new mean of squares, each at least
        0 and less than 1.
    eps : float or Fraction
        Added to the root, outside of it; greater than 0 in the dtype that the moments
        are kept in.
    weight_decay : float or Fraction
        At least 0: the pull towards 0, as a share of the weight.
    decoupled : bool
        Whether weight decay shrinks the weights themselves, unscaled. See `AdamW`.

    Attributes
    ----------
    first_moment, second_moment : dict of str to ndarray
        `m` and `s` of each parameter, in its dtype; float32 for float16, whose squares
        and `eps` would vanish. A float16 parameter is updated in float32 and rounded
        once.
    steps : dict of str to ndarray
        `t` of each parameter: an array without axes, int64.

    Raises
    ------
    ConvmatError
        For rates out of range.
    ConvmatTypeError
        For rates that are no real numbers, and, at a step, for exact and for complex
        parameters.

    References
    ----------
    D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015,
    algorithm 1, with `eps` where `torch.optim.Adam` has it. Where a schedule changes a
    beta, the corrections take its present value for all steps, as there.

    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = {"w": np.zeros(3)}
    >>> Adam(lr=0.1).step(parameters, {"w": np.array([1e-3, -20.0, 0.0])})
    >>> parameters["w"].round(4)
    array([-0.1,  0.1,  0. ])
    """

    memories: ClassVar[tuple[str, ...]] = ("first_moment", "second_moment", "steps")
    beta2 = Rate(share)
    eps = Rate(positive)
    first_moment: dict[str, Array]
    second_moment: dict[str, Array]
    steps: dict[str, Array]

    def __init__(
        self,
        lr: Number = 0.001,
        betas: tuple[Number, Number] = (0.9, 0.999),
        eps: Number = 1e-8,
        *,
        weight_decay: Number = 0,
        decoupled: bool = False,
    ) -> None:
        self.betas = betas
        self.eps = eps
        super().__init__(lr, self.momentum, weight_decay, decoupled)

    @property
    def betas(self) -> tuple[Number, Number]:
        """`(momentum, beta2)`: the first goes by the name that rules share."""
        return self.momentum, self.beta2

    @betas.setter
    def betas(self, betas: tuple[Number, Number]) -> None:
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ConvmatTypeError("betas", "must be a pair of numbers", betas)
        first, second = (share(f"betas[{i}]", beta) for i, beta in enumerate(betas))
        self.momentum, self.beta2 = first, second

    def _update(self, name: str, parameter: Array, gradient: Array) -> None:
        first_moment, second_moment, steps = self._remembered(name, parameter)
        steps += 1
        lr, decay, eps = map(float, (self.lr, self.weight_decay, self.eps))
        beta1, beta2 = map(float, self.betas)
        rate = lr / (1 - beta1 ** int(steps))
        root = math.sqrt(1 - beta2 ** int(steps))
        for p, g, m, s in pieces(parameter, gradient, first_moment, second_moment):
            w = p.astype(m.dtype, copy=False)  # p itself, but for float16
            g = g.astype(m.dtype, copy=False)
            if decay and not self.decoupled:
                g = g + decay * w
            m *= beta1
            m += (1 - beta1) * g
            s *= beta2
            s += (1 - beta2) * g * g
            move = rate * (m / (np.sqrt(s) / root + eps))
            if decay and self.decoupled:
                w *= 1 - lr * decay
            w -= move
            if w is not p:
                p[...] = w

    def _forms(self, parameter: Array) -> dict[str, tuple[Shape, np.dtype[Any]]]:
        moment = parameter.shape, _dtype_of_moments(parameter)
        count = (), np.dtype(np.int64)
        return {"first_moment": moment, "second_moment": moment, "steps": count}

    def _check(self, name: str, parameter: Array) -> None:
        label = f"parameters[{name!r}]"
        kind, found = parameter.dtype.kind, str(parameter.dtype)
        if kind == "O":
            remedy = (
                "Adam divides by square roots, which leave the rationals; SGD is exact"
            )
            raise ConvmatTypeError(label, "must be floats", found, remedy)
        if kind == "c":
            remedy = "give real and imaginary parts as floats, .view(float) of a copy"
            raise ConvmatTypeError(label, "must be real floats", found, remedy)
        dtype = _dtype_of_moments(parameter)
        if not dtype.type(float(self.eps)) > 0:
            rule = f"must be greater than 0 in {dtype}, or a gradient of 0 gives NaN"
            raise ConvmatError("eps", rule, self.eps)
        if (count := self.steps.get(name, 0)) < 0:
            raise ConvmatError(f"steps[{name!r}]", "must be at least 0", count)


def AdamW(
    lr: Number = 0.001,
    betas: tuple[Number, Number] = (0.9, 0.999),
    eps: Number = 1e-8,
    *,
    weight_decay: Number = 0.01,
) -> Adam:
    """`Adam` with decoupled weight decay, by the name it has in PyTorch and fastai.

    Parameters
    ----------
    lr, betas, eps
        As for `Adam`.
    weight_decay : float or Fraction
        At least 0.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As for `Adam`.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = {"w": np.array([100.0])}
    >>> AdamW(lr=0.1).step(parameters, {"w": np.zeros(1)})
    >>> parameters["w"]  # 100 * (1 - 0.1 * 0.01)
    array([99.9])
    """
    return Adam(lr, betas, eps, weight_decay=weight_decay, decoupled=True)


def _dtype_of_moments(parameter: Array) -> np.dtype[Any]:
    return np.promote_types(parameter.dtype, np.float32)
