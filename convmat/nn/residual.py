"""`Residual`: what a body makes of its input, added to the input."""

from __future__ import annotations

from collections.abc import Mapping

from convmat.arrays import Array, Shape
from convmat.errors import ShapeError
from convmat.nn.composite import Composite, Part
from convmat.nn.fields import Place
from convmat.nn.summary import Row, combined

__all__ = ["Residual"]


class Residual(Composite):
    """`body(x) + shortcut(x)`, or `body(x) + x` without a shortcut.

    Parameters
    ----------
    body : Layer or Composite
        Parameters in it are named `"body.weight"`, or `"body.0.weight"` in a sequence.
    shortcut : Layer or Composite, optional
        Where the body changes the shape: often a convolution with one tap.

    Raises
    ------
    ConvmatTypeError
        For what is no layer.
    ShapeError
        In the forward pass, where the two shapes are not the same.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition",
    CVPR 2016, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.nn import Conv, ReLU, Sequential
    >>> rng = np.random.default_rng(0)
    >>> body = Sequential([Conv(2, 2, (3,), padding=1, rng=rng), ReLU()])
    >>> model = Sequential([Residual(body), Conv(2, 1, (1,), rng=rng)])
    >>> list(model.parameters)
    ['0.body.0.weight', '0.body.0.bias', '1.weight', '1.bias']
    >>> model.forward(np.zeros((4, 2, 5))).shape
    (4, 1, 5)
    """

    def __init__(self, body: Part, shortcut: Part | None = None) -> None:
        parts: Mapping[str, Part] = {"body": body}
        if shortcut is not None:
            parts = {"body": body, "shortcut": shortcut}
        super().__init__(parts)

    def forward(self, x: Array) -> Array:
        """The sum of both ways."""
        y = self._into("body", x)
        other = self._into("shortcut", x) if "shortcut" in self.parts else x
        self._check(y.shape[1:], other.shape[1:])
        return y + other

    def backward(self, grad: Array) -> Array:
        """The sum of the gradients by both ways."""
        x_grad = self._back("body", grad)
        other = self._back("shortcut", grad) if "shortcut" in self.parts else grad
        return x_grad + other

    def rows(self, prefix: str, place: Place) -> tuple[list[Row], Place]:
        """Those of the body, of the shortcut, and one of the sum."""
        rows, one = self._rows("body", prefix, place)
        other = place
        if "shortcut" in self.parts:
            others, other = self._rows("shortcut", prefix, place)
            rows += others
        self._check(one.shape, other.shape)
        row, after = combined(prefix.removesuffix("."), self, one, other)
        return [*rows, row], after

    def _check(self, one: Shape, other: Shape) -> None:
        if one != other:
            who = "the shortcut gives" if "shortcut" in self.parts else "the input has"
            remedy = "give a shortcut that changes the shape as the body does"
            rule = f"must be {other}, as {who}"
            raise ShapeError("shape of the body's output", rule, one, remedy)
