"""`LayerError`: which layer of a network does not fit what comes to it."""

from __future__ import annotations

from convmat.errors import ConvmatError, ShapeError

__all__ = ["LayerError", "at_layer"]


class LayerError(ShapeError):
    """A shape that does not fit the layer of a network that it comes to.

    Attributes
    ----------
    layer : str
        Where the layer stands, as in the names of its parameters: `"3"`, `"2.body.0"`.
    kind : str
        The name of its class.
    argument, rule, value, remedy
        As of every `ConvmatError`, and as the layer says it.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.nn import Linear, ReLU, Sequential
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Linear(4, 8, rng=rng), ReLU(), Linear(9, 2, rng=rng)])
    >>> model.forward(np.zeros((5, 4)))
    Traceback (most recent call last):
        ...
    convmat.nn.mismatch.LayerError: layer 2 (Linear): x.shape must be (batch, 9), got
    x.shape=(5, 8)
    """

    def __init__(
        self,
        layer: str,
        kind: str,
        argument: str,
        rule: str,
        value: object,
        remedy: str = "",
    ) -> None:
        super().__init__(argument, rule, value, remedy)
        self.args = (layer, kind, argument, rule, value, remedy)  # for pickling
        self.layer = layer
        self.kind = kind

    def __str__(self) -> str:
        return f"layer {self.layer} ({self.kind}): {super().__str__()}"


def at_layer(name: str, kind: str, error: ConvmatError) -> LayerError:
    """`error`, told of the layer `name`, or of the layer inside it that raised it."""
    parts = error.argument, error.rule, error.value, error.remedy
    if isinstance(error, LayerError):
        return LayerError(f"{name}.{error.layer}", error.kind, *parts)
    return LayerError(name, kind, *parts)
