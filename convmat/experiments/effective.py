"""How much of its receptive field an output of a network really uses."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ShapeError
from convmat.experiments.chains import chain_of
from convmat.geometry.shorthand import IntOrInts, read_shape
from convmat.nn import Sequential
from convmat.receptive import ReceptiveField

__all__ = ["EffectiveField", "effective_field"]

TAIL = 1 - 0.9545
"""The share of its largest value that a pixel has to have: a Gaussian's within two
standard deviations, as its authors count.
"""


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """The gradient of one output by its input, beside the cells that it may see.

    Attributes
    ----------
    gradient : ndarray, `(channels, *spatial)`
        The mean over the inputs of the sizes of the derivatives.
    support : ndarray of bool, `(channels, *spatial)`
        The cells on which the output depends, by the geometry: elsewhere the gradient
        is 0.
    field : ReceptiveField
        Of all outputs.
    out : tuple of int
        The output that was asked for.

    Examples
    --------
    >>> from convmat.nn import Conv
    >>> layer = Conv(1, 1, (3,), bias=False, rng=np.random.default_rng(0))
    >>> layer.parameters["weight"][:] = [1, -2, 0]
    >>> used = effective_field(Sequential([layer]), np.zeros((1, 1, 5)))
    >>> used.image, used.support.astype(int)
    (array([0., 1., 2., 0., 0.]), array([[0, 1, 1, 1, 0]]))
    >>> used.cells, used.share
    (2, 0.6666666666666666)
    """

    gradient: Array
    support: npt.NDArray[np.bool_]
    field: ReceptiveField
    out: Shape

    @property
    def image(self) -> Array:
        """The gradient without channels, `(*spatial)`: summed over them."""
        return np.asarray(self.gradient.sum(axis=0))

    @property
    def cells(self) -> int:
        """Cells of space whose share is more than 4.55% of the largest one's.

        References
        ----------
        W. Luo, Y. Li, R. Urtasun and R. Zemel, "Understanding the effective receptive
        field in deep convolutional neural networks", NeurIPS 2016.
        """
        image = self.image
        return int(np.count_nonzero(image > TAIL * image.max()))

    @property
    def share(self) -> float:
        """`cells` over the cells that the output may see; 0 where it sees none."""
        seen = int(np.count_nonzero(self.support.any(axis=0)))
        return self.cells / seen if seen else 0.0


def effective_field(
    network: Sequential, inputs: npt.ArrayLike, out: IntOrInts | None = None
) -> EffectiveField:
    """What one output of a network uses of its input, by its true gradient.

    Parameters
    ----------
    network : Sequential
        In eval mode while it is asked. Its layers keep the gradients of this pass.
    inputs : array_like, `(batch, channels, *spatial)`
        Over which the gradients are averaged: a ReLU lets some of them through only.
    out : int or tuple of int, optional
        The output, without the batch; by default the middle one of channel 0.

    Raises
    ------
    ShapeError
        For other inputs, and an output that there is not.
    ConvmatError
        When the network computes in other than floats.
    ConvmatTypeError
        For a network that branches; see `chain_of`.

    References
    ----------
    W. Luo, Y. Li, R. Urtasun and R. Zemel, "Understanding the effective receptive field
    in deep convolutional neural networks", NeurIPS 2016.

    Examples
    --------
    >>> from convmat.nn import Conv
    >>> rng = np.random.default_rng(0)
    >>> layers = [Conv(1, 1, (3,), padding=1, bias=False, rng=rng) for _ in range(3)]
    >>> for layer in layers:
    ...     layer.parameters["weight"][:] = 1
    >>> used = effective_field(Sequential(layers), np.zeros((1, 1, 9)))
    >>> used.gradient.astype(int)
    array([[0, 1, 3, 6, 7, 6, 3, 1, 0]])
    """
    x = carried("inputs", inputs)
    if x.ndim < 3 or not x.size:
        rule = "must be (batch, channels, *spatial), without an axis of 0"
        raise ShapeError("inputs.shape", rule, x.shape)
    field = chain_of(network, x.shape[1:])
    with network.evaluating():
        y = network.forward(x)
        if y.dtype.kind != "f":
            raise ConvmatError("inputs", "must make floats of the output", str(y.dtype))
        place = _middle(y.shape[1:]) if out is None else read_shape("out", out)
        inside = len(place) == y.ndim - 1 and all(
            0 <= n < most for n, most in zip(place, y.shape[1:], strict=True)
        )
        if not inside:
            rule = f"must be an output of shape {y.shape[1:]}"
            raise ShapeError("out", rule, place)
        chosen = np.zeros_like(y)
        chosen.reshape(len(y), -1)[:, np.ravel_multi_index(place, y.shape[1:])] = 1
        gradients = np.abs(network.backward(chosen))
    seen = _seen(field, y.shape[1:], place)
    return EffectiveField(gradients.mean(axis=0), seen, field, place)


def _middle(shape: Shape) -> Shape:
    return (0, *(n // 2 for n in shape[1:]))


def _seen(field: ReceptiveField, shape: Shape, place: Shape) -> npt.NDArray[np.bool_]:
    """The support of an output, which the network may have flattened."""
    if prod(shape) != prod(field.output_shape):
        rule = f"must give {field.output_shape}, as its layers say"
        raise ShapeError("network", rule, shape)
    flat = int(np.ravel_multi_index(place, shape))
    own = np.unravel_index(flat, field.output_shape)
    return field.support(tuple(int(n) for n in own))
