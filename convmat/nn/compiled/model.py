"""`Compiled`: a model that trains on buffers made beforehand."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array, Shape
from convmat.dtypes import carried
from convmat.errors import ConvmatError, GeometryError, MatrixTooLargeError, ShapeError
from convmat.nn.compiled.plan import CHUNK, Plan
from convmat.nn.compiled.reading import fits, layers_of, mark_of, watched
from convmat.nn.compiled.workers import Workers
from convmat.nn.composite import Composite

__all__ = ["Compiled"]

_PLANS = 4
"""Shapes that a model keeps buffers for: the batches of a loader and its last one, in
training and for held-out data."""


class Compiled:
    """The same forward and backward pass as a model's own, in less time.

    Parameters, gradients and buffers stay where they are, in the layers of the model,
    and so does everything else: only the two passes are to be called here. The sums
    are the same ones in another order, so results differ by rounding.

    A batch goes through a plan, which is made at the first batch of a shape: for models
    of float32 or float64 throughout, in any mode, that are a `Sequential` of `Conv`
    (`route="fast"`, zeros as padding), `Linear`, `ReLU`, `LeakyReLU` (slope above 0, at
    most 1), `MaxPool`, `AvgPool`, `GlobalAvgPool`, `BatchNorm` and `Flatten`. What does
    not fit goes through the layers of the model themselves.

    Parameters
    ----------
    model : Composite
        Trained in place. It may be changed at any time between two steps.
    threads : int
        How many share the chunks of a batch, 64 samples each; smaller batches have one.
        Results are the same to the bit. OpenBLAS has threads of its own, which do not
        help here: set `OPENBLAS_NUM_THREADS=1` before Python starts.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        When `threads` is no integer of at least 1.

    Attributes
    ----------
    model : Composite
    planned : bool
        Whether the last batch went through a plan.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.nn import CrossEntropy, digits_cnn
    >>> model, loss = digits_cnn("fast"), CrossEntropy()
    >>> x, labels = np.ones((64, 1, 8, 8)), np.arange(64) % 10
    >>> compiled = Compiled(model)
    >>> value, grad = loss(compiled.forward(x), labels)
    >>> compiled.backward(grad)
    >>> compiled.planned, np.allclose(value, loss(model.forward(x), labels)[0])
    (True, True)
    """

    def __init__(self, model: Composite, *, threads: int = 1) -> None:
        self.model = model
        self._workers = Workers(threads)
        self.planned = False
        self._plans: list[Plan] = []
        self._plan: Plan | None = None
        self._awaited: Shape | None = None  # of the gradient

    def forward(self, x: Array) -> Array:
        """The output, `(batch, ...)`, an array of its own.

        Raises
        ------
        LayerError
            Where a shape does not fit a layer, as from the model itself.
        """
        x = carried("x", x)
        self._awaited = None
        self._plan = self._plan_for(x)
        self.planned = self._plan is not None
        y = self._plan.forward(x) if self._plan else self.model.forward(x)
        self._awaited = y.shape
        return y

    def backward(self, grad: Array) -> None:
        """Leave the gradients by all parameters in the layers.

        The gradient by the input is not computed: a step has no use for it.

        Raises
        ------
        ConvmatError
            When no forward pass went before: each gives one backward pass, which
            overwrites what it needs.
        ShapeError
            For a gradient that has not the shape of the last output.
        """
        if self._awaited is None:
            rule = "must have gone through forward before each backward"
            raise ConvmatError("x", rule, None, "call forward(x) first")
        if grad.shape != self._awaited:
            rule = f"must be that of the last output, {self._awaited}"
            raise ShapeError("grad.shape", rule, grad.shape)
        self._awaited = None
        if self._plan:
            self._plan.backward(grad)
        else:
            self.model.backward(grad)

    def outputs(self, x: Array) -> Array:
        """The output in eval mode, in pieces that take little memory.

        No backward pass comes after it. Each sample has the bits that `forward` gives.
        A model of which any layer is in training has its whole batch at once.

        Raises
        ------
        LayerError
            As `forward`.
        """
        size = CHUNK * self._workers.threads
        x = carried("x", x)
        training = any(leaf.training for _, leaf in self.model.leaves())
        if training or len(x) <= size or not self._plan_for(x[:size]):
            return self.forward(x)
        pieces = (x[start : start + size] for start in range(0, len(x), size))
        return np.concatenate([self.forward(piece) for piece in pieces])

    def _plan_for(self, x: Array) -> Plan | None:
        """The plan for batches like this one; None where the layers have to do it."""
        if x.dtype.char not in "fd" or not x.size:
            return None
        # Layers may be exchanged, and their settings changed, between two steps.
        layers = layers_of(self.model)
        if any(map(watched, layers)):
            return None
        marks = [mark_of(layer) for layer in layers]
        for plan in self._plans:
            if (plan.batch_shape, plan.dtype, plan.marks) == (x.shape, x.dtype, marks):
                return plan
        if not layers or not all(fits(layer, x.dtype) for layer in layers):
            return None
        try:
            plan = Plan(layers, x.shape, x.dtype, self._workers)
        except (ShapeError, GeometryError, MatrixTooLargeError):
            return None  # the model words the first two better, and does the third
        self._plans = [*self._plans[1 - _PLANS :], plan]
        return plan
