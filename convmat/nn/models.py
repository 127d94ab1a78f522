"""`Sequential`, and the small network that learns the embedded digits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatError, ShapeError
from convmat.nn.convolutions import Conv, MatrixConv
from convmat.nn.layers import Flatten, Layer, Linear, ReLU

__all__ = ["Sequential", "digits_cnn"]


class Sequential:
    """Layers one after the other.

    Parameters and gradients are named as in PyTorch: `"0.weight"` is the weight of the
    first layer.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Linear(4, 3, rng=rng), ReLU(), Linear(3, 2, rng=rng)])
    >>> list(model.parameters)
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> model.forward(np.zeros((5, 4))).shape
    (5, 2)
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers = tuple(layers)

    @property
    def parameters(self) -> dict[str, Array]:
        """The arrays themselves, to be changed in place."""
        return {
            f"{number}.{name}": array
            for number, layer in enumerate(self.layers)
            for name, array in layer.parameters.items()
        }

    @property
    def gradients(self) -> dict[str, Array]:
        """Of the last backward pass."""
        return {
            f"{number}.{name}": array
            for number, layer in enumerate(self.layers)
            for name, array in layer.gradients.items()
        }

    def load(self, parameters: Mapping[str, Array]) -> None:
        """Put copies of `parameters` in place of the present ones.

        Raises
        ------
        ConvmatError
            When the names are not those of this model.
        ShapeError
            When an array has another shape than the one it replaces.
        """
        if set(parameters) != set(self.parameters):
            rule = f"must have the names {', '.join(self.parameters)}"
            raise ConvmatError("parameters", rule, sorted(parameters))
        for name, present in self.parameters.items():
            if parameters[name].shape != present.shape:
                label = f"parameters[{name!r}].shape"
                rule = f"must be {present.shape}"
                raise ShapeError(label, rule, parameters[name].shape)
        for number, layer in enumerate(self.layers):
            for name in layer.parameters:
                layer.parameters[name] = parameters[f"{number}.{name}"].copy()

    def forward(self, x: Array) -> Array:
        """The output of the last layer."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad: Array) -> Array:
        """The gradient by the input; all layers keep theirs."""
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


def digits_cnn(
    route: Literal["sliding", "matrix"] = "sliding",
    *,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float64,
) -> Sequential:
    """Two convolutions and a linear layer for 8x8 digits; 3,818 parameters.

    Parameters
    ----------
    route : {"sliding", "matrix"}
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
    routes: dict[str, Callable[..., Layer]] = {
        "sliding": partial(Conv, route="sliding"),
        "matrix": MatrixConv,
    }
    if route not in routes:
        rule = f"must be one of {', '.join(map(repr, routes))}"
        raise ConvmatError("route", rule, route)
    convolution = routes[route]
    rng = np.random.default_rng(seed)
    return Sequential(
        [
            convolution(1, 8, (3, 3), padding=1, rng=rng, dtype=dtype),
            ReLU(),
            convolution(8, 16, (3, 3), stride=2, padding=1, rng=rng, dtype=dtype),
            ReLU(),
            Flatten(),
            Linear(16 * 4 * 4, 10, rng=rng, dtype=dtype),
        ]
    )
