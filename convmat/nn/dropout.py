"""Dropout as a layer."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatTypeError
from convmat.nn import functional
from convmat.nn.facts import Facts
from convmat.nn.layers import Layer
from convmat.optim.rates import Number, share

__all__ = ["Dropout"]


class Dropout(Layer):
    """Entries set to 0 at random in training, and the others divided by `1 - rate`.

    So the mean of an entry is what it was, and in eval mode nothing is to be done.

    Parameters
    ----------
    rate : float or Fraction
        Probability that an entry is dropped, at least 0 and less than 1.
    rng : numpy.random.Generator
        Draws what is dropped. Its state belongs to that of a training run.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For a rate out of range, and for what is no generator.

    References
    ----------
    N. Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting", JMLR 15 (2014), 1929-1958; scaled in training as section 10 has it.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer.forward(np.ones((1, 6)))
    array([[2., 0., 0., 0., 2., 2.]])
    >>> layer.eval().forward(np.ones((1, 6)))
    array([[1., 1., 1., 1., 1., 1.]])
    """

    def __init__(self, rate: Number = 0.5, *, rng: np.random.Generator) -> None:
        super().__init__()
        self.rate = share("rate", rate)
        if not isinstance(rng, np.random.Generator):
            rule, remedy = (
                "must be a numpy.random.Generator",
                "np.random.default_rng(0)",
            )
            raise ConvmatTypeError("rng", rule, rng, remedy)
        self.rng = rng
        self._kept: Array | None = None

    def forward(self, x: Array) -> Array:
        """Any shape; drawn anew at each pass."""
        if not self.training:
            self._kept = None
            return self._remember(x, x)
        self._kept = self.rng.random(x.shape) >= float(self.rate)
        return self._remember(x, functional.dropout(x, self._kept, self.rate))

    def backward(self, grad: Array) -> Array:
        """0 where the entry was dropped."""
        self._recall(grad)
        if self._kept is None:
            return grad
        return functional.dropout_backward(grad, self._kept, self.rate)

    def facts(self, input_shape: Shape) -> Facts:
        """The shape stays; in eval mode all else does too."""
        return Facts(input_shape)
