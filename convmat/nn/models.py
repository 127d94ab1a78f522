"""`Sequential`, and the small network that learns the embedded digits."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.nn.composite import Composite, Part
from convmat.nn.convolutions import Conv
from convmat.nn.fields import Place
from convmat.nn.kernels import LayerRoute
from convmat.nn.layers import Flatten, Linear, ReLU
from convmat.nn.summary import Row

__all__ = ["Sequential", "digits_cnn"]


class Sequential(Composite):
    """Layers one after the other.

    Parameters, gradients and buffers are named as in PyTorch: `"0.weight"` is the
    weight of the first layer.

    Parameters
    ----------
    layers : iterable of Layer or Composite
        Sequences and residual blocks may be among them.

    Raises
    ------
    ConvmatTypeError
        For what is no layer.
    ConvmatError
        For one layer in two places.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Linear(4, 3, rng=rng), ReLU(), Linear(3, 2, rng=rng)])
    >>> list(model.parameters)
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> model.forward(np.zeros((5, 4))).shape
    (5, 2)
    """

    def __init__(self, layers: Iterable[Part]) -> None:
        if not isinstance(layers, Iterable):
            remedy = "Sequential([Flatten(), Linear(...)])"
            raise ConvmatTypeError("layers", "must be a list of layers", layers, remedy)
        super().__init__({str(number): part for number, part in enumerate(layers)})

    @property
    def layers(self) -> tuple[Part, ...]:
        """The parts, in their order."""
        return tuple(self.parts.values())

    def forward(self, x: Array) -> Array:
        """The output of the last layer."""
        x = _read_batch(x)
        for name in self.parts:
            x = self._into(name, x)
        return x

    def backward(self, grad: Array) -> Array:
        """The gradient by the input; all layers keep theirs."""
        for name in reversed(self.parts):
            grad = self._back(name, grad)
        return grad

    def rows(self, prefix: str, place: Place) -> tuple[list[Row], Place]:
        """Those of all parts."""
        rows: list[Row] = []
        for name in self.parts:
            own, place = self._rows(name, prefix, place)
            rows += own
        return rows, place


def digits_cnn(
    route: LayerRoute = "sliding",
    *,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float64,
) -> Sequential:
    """Two convolutions and a linear layer for 8x8 digits; 3,818 parameters.

    Parameters
    ----------
    route : {"fast", "matrix", "sliding"}
        How the convolutions are computed. The same seed draws the same weights.
    seed : int
        Of the initial weights.
    dtype : dtype
        Of the parameters.

    Returns
    -------
    Sequential
        `(batch, 1, 8, 8)` to `(batch, 10)` scores.

    Raises
    ------
    ConvmatError
        For an unknown route.

    Examples
    --------
    >>> model = digits_cnn("matrix")
    >>> sum(array.size for array in model.parameters.values())
    3818
    """
    rng = np.random.default_rng(seed)
    return Sequential(
        [
            Conv(1, 8, (3, 3), padding=1, rng=rng, dtype=dtype, route=route),
            ReLU(),
            Conv(
                8,
                16,
                (3, 3),
                stride=2,
                padding=1,
                rng=rng,
                dtype=dtype,
                route=route,
            ),
            ReLU(),
            Flatten(),
            Linear(16 * 4 * 4, 10, rng=rng, dtype=dtype),
        ]
    )


def _read_batch(x: Array) -> Array:
    """`x` as an array of numbers with a batch axis.

    Raises
    ------
    ConvmatTypeError
        For what are no numbers.
    ShapeError
        For a single number.
    """
    array = carried("x", x)
    if array.ndim == 0:
        raise ShapeError("x.shape", "must begin with the batch", array.shape)
    return array
