"""Batch normalisation as a layer."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.costs import Cost
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.nn import functional
from convmat.nn.counts import count
from convmat.nn.facts import Facts
from convmat.nn.functional.settings import beside
from convmat.nn.layers import Layer
from convmat.optim.rates import Number, not_negative

__all__ = ["BatchNorm"]


class BatchNorm(Layer):
    """Batch normalisation of each channel, over the batch and any number of axes.

    In training the batch's mean and biased variance normalise. What is remembered is
    the mean and the *unbiased* variance, each as a running mean: `momentum` of the new
    value and the rest of the old one. In eval mode the remembered ones normalise.

    Parameters
    ----------
    channels : int
    eps : float or Fraction
        Added to the variance, at least 0.
    momentum : float or Fraction
        Share of the present batch in what is remembered, from 0 to 1.
    dtype : dtype
        Of parameters and buffers; a floating one.

    Attributes
    ----------
    parameters : dict of str to ndarray
        `"weight"` (gamma, 1 at first) and `"bias"` (beta, 0 at first), `(channels,)`.
    buffers : dict of str to ndarray
        `"running_mean"` (0 at first) and `"running_var"` (1 at first), `(channels,)`,
        and `"num_batches_tracked"`, a count; named as in PyTorch.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For settings out of range, and at a forward pass for floats beside exact
        numbers, or a variance without an exact root.
    ShapeError
        For an input of another number of channels and, in training, one with fewer than
        two numbers for each: they have no variance.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch Normalization", ICML 2015. PyTorch,
    `torch.nn.BatchNorm2d`: defaults, and which variance is remembered.

    Examples
    --------
    >>> layer = BatchNorm(1)
    >>> y = layer.forward(np.array([[1.0], [3.0]]))
    >>> y.round(4)
    array([[-1.],
           [ 1.]])
    >>> layer.buffers["running_mean"], layer.buffers["running_var"]
    (array([0.2]), array([1.1]))
    """

    def __init__(
        self,
        channels: int,
        *,
        eps: Number = 1e-5,
        momentum: Number = 0.1,
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        super().__init__()
        shape = (count("channels", channels, 1),)
        kind = np.dtype(dtype)
        if kind.kind != "f":
            rule = "must be floating, because normalised numbers are fractions"
            remedy = "for exact numbers, put arrays of Fractions into parameters"
            raise ConvmatTypeError("dtype", rule, str(kind), remedy)
        self.eps = not_negative("eps", eps)
        self.momentum = not_negative("momentum", momentum)
        if self.momentum > 1:
            raise ConvmatError("momentum", "must be at most 1", momentum)
        self.parameters = {
            "weight": np.ones(shape, kind),
            "bias": np.zeros(shape, kind),
        }
        self.buffers = {
            "running_mean": np.zeros(shape, kind),
            "running_var": np.ones(shape, kind),
            "num_batches_tracked": np.zeros((), np.int64),
        }
        self._statistics: tuple[bool, Array, Array] | None = None

    def forward(self, x: Array) -> Array:
        """`(batch, channels, *spatial)`; in training the statistics are remembered."""
        channels = len(self.parameters["weight"])
        if x.ndim < 2 or x.shape[1] != channels:
            rule = f"must be (batch, {channels}, *spatial)"
            raise ShapeError("x.shape", rule, x.shape)
        gamma, beta = self.parameters["weight"], self.parameters["bias"]
        if self.training:
            entries = x.size // channels
            if entries < 2:
                rule = "must hold at least two numbers for each channel in training"
                remedy = "use a larger batch, or eval()"
                raise ShapeError("x.shape", rule, x.shape, remedy)
            y, mean, var = functional.batch_norm(x, gamma, beta, self.eps)
            self.track(mean, var, entries)
        else:
            mean, var = self.buffers["running_mean"], self.buffers["running_var"]
            y = functional.normalise(x, gamma, beta, mean, var, self.eps)
        self._statistics = self.training, mean, var
        return self._remember(x, y)

    def backward(self, grad: Array) -> Array:
        """Through mean and variance where the batch's own were taken."""
        x = self._recall(grad)
        assert self._statistics is not None  # as x is there, so are they
        own, mean, var = self._statistics
        back = functional.batch_norm_backward if own else functional.normalise_backward
        gamma = self.parameters["weight"]
        x_grad, *gradients = back(grad, x, gamma, mean, var, self.eps)
        self.gradients = dict(zip(("weight", "bias"), gradients, strict=True))
        return x_grad

    def facts(self, input_shape: Shape) -> Facts:
        """In eval mode it is a diagonal matrix, and an offset."""
        channels = len(self.parameters["weight"])
        if input_shape[:1] != (channels,):
            raise ShapeError(
                "input_shape", f"must be ({channels}, *spatial)", input_shape
            )
        size = prod(input_shape)
        return Facts(input_shape, Cost(size, size), (size, size), size)

    def track(self, mean: Array, var: Array, entries: int) -> None:
        """Remember the statistics of one batch, in place."""
        unbiased = var * entries / (entries - 1)
        for name, new in (("running_mean", mean), ("running_var", unbiased)):
            running = self.buffers[name]
            share: Any = beside("momentum", self.momentum, running)
            running[...] = (1 - share) * running + share * new
        self.buffers["num_batches_tracked"] += 1
