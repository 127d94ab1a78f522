"""`Engine`: who computes the two passes of a learner's model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.nn.callbacks import Callback
from convmat.nn.compiled import Compiled, obstacle
from convmat.nn.composite import Composite
from convmat.nn.counts import count

__all__ = ["Engine", "EngineName"]

EngineName: TypeAlias = Literal["auto", "layers", "compiled"]
"""Who shall compute the passes: the layers, buffers made beforehand, or who can."""


class Engine:
    """Forward and backward pass of a model, by its layers or by `Compiled`.

    Both compute the same sums in another order, so they differ by rounding.

    Parameters
    ----------
    model : Composite
    callbacks : sequence of Callback
        The learner's own list: one that `needs_layers` has them.
    asked : {"auto", "layers", "compiled"}
        With "auto" it is `Compiled` wherever that carries the model and the batch.
    threads : int
        Of `Compiled`. They change no bit.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For another word, a number of threads that is none, and for "compiled" with a
        model or callbacks that only the layers serve.

    Examples
    --------
    >>> from convmat.nn import digits_cnn
    >>> Engine(digits_cnn("fast"), []).name
    'compiled'
    >>> Engine(digits_cnn("sliding"), []).name
    'layers'
    """

    def __init__(
        self,
        model: Composite,
        callbacks: Sequence[Callback],
        asked: EngineName = "auto",
        threads: int = 1,
    ) -> None:
        if asked not in get_args(EngineName):
            rule = "must be 'auto', 'layers' or 'compiled'"
            raise ConvmatError("engine", rule, asked)
        self.asked = asked
        self.threads = count("threads", threads, 1)
        self._model, self._callbacks = model, callbacks
        self._compiled = Compiled(model, threads=threads)
        self._last: Composite | Compiled = model
        self._batch = ""
        if asked == "compiled":
            self._refuse(self._obstacle())

    @property
    def name(self) -> Literal["layers", "compiled"]:
        """Who computes the passes of this model with these callbacks.

        A batch may want the layers all the same; `last` tells.
        """
        if self.asked == "layers" or self._obstacle():
            return "layers"
        return "compiled"

    @property
    def last(self) -> Literal["layers", "compiled"]:
        """Who computed the last batch of a training step."""
        compiled = self._last is self._compiled and self._compiled.planned
        return "compiled" if compiled else "layers"

    def forward(self, x: Array) -> Array:
        """The output, `(batch, ...)`.

        Raises
        ------
        LayerError
            Where a shape does not fit a layer.
        """
        self._last = self._model if self._by_layers() else self._compiled
        self._batch = f"a batch of {x.dtype} {x.shape}"
        return self._last.forward(x)

    def outputs(self, x: Array) -> Array:
        """The output in eval mode, of which no backward pass comes.

        Raises
        ------
        LayerError
            Where a shape does not fit a layer.
        """
        if self._by_layers():
            return self._model.forward(x)
        return self._compiled.outputs(x)

    def backward(self, grad: Array) -> None:
        """Leave the gradients by all parameters in the layers.

        Raises
        ------
        ConvmatError
            When "compiled" was asked for and does not carry the batch.
        """
        if self.asked == "compiled" and self.last == "layers":
            self._refuse(self._obstacle() or self._batch)
        self._last.backward(grad)

    def _by_layers(self) -> bool:
        return self.asked == "layers" or bool(self._looking())

    def _looking(self) -> str:
        """The callback that needs the layers; empty where none does."""
        for callback in self._callbacks:
            if callback.needs_layers:
                return f"{type(callback).__name__}, which looks into the layers"
        return ""

    def _obstacle(self) -> str:
        """What only the layers serve; empty where there is nothing."""
        return self._looking() or obstacle(self._model)

    def _refuse(self, why: str) -> None:
        if why:
            rule = f"must be 'auto' or 'layers' for {why}"
            raise ConvmatError("engine", rule, self.asked)
