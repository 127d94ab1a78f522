"""Plans of networks: values from which equal networks are built, for every route."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat import nn, optim
from convmat.arrays import Array, Shape
from convmat.errors import ConvmatTypeError
from convmat.nn.composite import Part
from convmat.nn.kernels import LayerRoute
from convmat.nn.update import Decay
from convmat.verify.agreement import set_rates

__all__ = ["EXACT", "Call", "NetworkPlan"]

EXACT = frozenset(
    {
        "AvgPool",
        "Constant",
        "Conv",
        "ConvTranspose",
        "Dropout",
        "Flatten",
        "GlobalAvgPool",
        "HalfSquare",
        "LeakyReLU",
        "Linear",
        "LinearOneCycle",
        "MaxPool",
        "MeanSquare",
        "ReLU",
        "Residual",
        "SGD",
    }
)
"""What leaves rationals rational: neither a root, nor an exponential, nor a cosine."""

_GIVEN = {
    "Conv": ("rng", "route", "dtype"),
    "ConvTranspose": ("rng", "route", "dtype"),
    "Linear": ("rng", "dtype"),
    "BatchNorm": ("dtype",),
    "Dropout": ("rng",),
}
"""What a layer is made with, beside its own arguments."""


@dataclass(frozen=True)
class Call:
    """A layer, loss or rule by its name, and what it is called with.

    Parameters
    ----------
    name : str
        In `convmat.nn` or `convmat.optim`.
    arguments : tuple
    keywords : tuple of (str, object)
    parts : tuple of tuple of Call
        The layers of a residual block: of its body, and of its shortcut where there is
        one.

    Examples
    --------
    >>> Call("MaxPool", (2,), (("ceil_mode", True),))
    MaxPool(2, ceil_mode=True)
    """

    name: str
    arguments: tuple[Any, ...] = ()
    keywords: tuple[tuple[str, Any], ...] = ()
    parts: tuple[tuple[Call, ...], ...] = ()

    def __repr__(self) -> str:
        shown = [repr(list(part)) for part in self.parts]
        shown += [repr(argument) for argument in self.arguments]
        shown += [f"{name}={value!r}" for name, value in self.keywords]
        return f"{self.name}({', '.join(shown)})"

    @property
    def names(self) -> frozenset[str]:
        """Its own name, and those in its parts."""
        inner = (call.names for part in self.parts for call in part)
        return frozenset({self.name}).union(*inner)

    def make(self, **known: Any) -> Any:
        """The object; of `known` it takes what its kind is made with."""
        kind = getattr(nn, self.name, None) or getattr(optim, self.name)
        given = {name: known[name] for name in _GIVEN.get(self.name, ())}
        parts = [nn.Sequential(c.make(**known) for c in part) for part in self.parts]
        return kind(*parts, *self.arguments, **dict(self.keywords), **given)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of what a layer gives, without the batch."""
        rng = np.random.default_rng(0)
        layer: Part = self.make(rng=rng, route="fast", dtype=float)
        return nn.Sequential([layer]).summary(input_shape).rows[-1].output_shape


@dataclass(frozen=True)
class NetworkPlan:
    """A network, what trains it, and on what: all but the route and the numbers' dtype.

    Everything drawn is a multiple of a tenth or of a smaller fraction, so that floats
    round it and Fractions do not. Networks of one plan are equal in every route; in
    several dtypes they are equal up to the rounding of their first weights.

    Attributes
    ----------
    input_shape : tuple of int
        `(channels, *spatial)`.
    layers : tuple of Call
    outputs : int
        Numbers that the last layer gives for a sample.
    loss, rule : Call
        As `HalfSquare()` and `SGD(Fraction(1, 10))`.
    plan : Plan
        How learning rate and momentum move.
    batch, steps : int
        Samples of a batch, and how many batches there are.
    decay : {"all", "weights"}
        As of `Learner`.
    seed : int
        Of weights, samples, and what layers draw.

    Examples
    --------
    >>> plan = NetworkPlan(
    ...     input_shape=(1, 3),
    ...     layers=(Call("Conv", (1, 2, (2,))), Call("Flatten")),
    ...     outputs=4,
    ...     loss=Call("HalfSquare"),
    ...     rule=Call("SGD", (Fraction(1, 10),)),
    ...     plan=optim.Constant(),
    ...     batch=2,
    ...     steps=3,
    ... )
    >>> one, other = (plan.train(route, object) for route in ("sliding", "matrix"))
    >>> one.history.losses == other.history.losses
    True
    """

    input_shape: Shape
    layers: tuple[Call, ...]
    outputs: int
    loss: Call
    rule: Call
    plan: optim.Plan
    batch: int
    steps: int
    decay: Decay = "all"
    seed: int = 0

    @property
    def names(self) -> frozenset[str]:
        """The kinds of all that it is made of."""
        kinds = frozenset({type(self.plan).__name__})
        return kinds.union(*(c.names for c in (*self.layers, self.loss, self.rule)))

    @property
    def exact(self) -> bool:
        """Whether every number of a run is rational, so that dtype may be object."""
        return self.names <= EXACT

    def build(
        self, route: LayerRoute = "fast", dtype: npt.DTypeLike = np.float64
    ) -> nn.Sequential:
        """The network, in training mode.

        Raises
        ------
        ConvmatTypeError
            For objects, where a layer leaves the rationals.
        """
        exact = np.dtype(dtype) == object
        if exact and not self.exact:
            names = ", ".join(sorted(self.names - EXACT))
            rule = f"must be floats, because of {names}"
            raise ConvmatTypeError("dtype", rule, str(np.dtype(dtype)))
        rng = np.random.default_rng(self.seed)
        kind = np.dtype(float) if exact else np.dtype(dtype)
        model = nn.Sequential(
            layer.make(rng=rng, route=route, dtype=kind) for layer in self.layers
        )
        rng = np.random.default_rng(self.seed)
        for _, leaf in model.leaves():
            for own, array in leaf.parameters.items():
                # a tenth of an integer, less where sums are long: outputs stay small
                per = 10 * (1 + isqrt(prod(array.shape[1:]) - 1))
                values = _tenths(rng, array.shape, 9, per, dtype)
                if isinstance(leaf, nn.BatchNorm) and own == "weight":
                    values = values / 2 + 1
                leaf.parameters[own] = values
        return model

    def samples(self, dtype: npt.DTypeLike = np.float64) -> tuple[Array, Array]:
        """Inputs and targets of all batches."""
        rng = np.random.default_rng([self.seed, 1])
        count, exact = self.batch * self.steps, np.dtype(dtype) == object
        x = _tenths(rng, (count, *self.input_shape), 20, 10, dtype)
        if self.loss.name == "CrossEntropy":
            return x, rng.integers(0, self.outputs, count)
        y = _tenths(rng, (count, self.outputs), 10, 10, dtype)
        return x, y if exact or self.loss.name != "BinaryCrossEntropy" else np.abs(y)

    def learner(
        self, route: LayerRoute = "fast", dtype: npt.DTypeLike = np.float64
    ) -> nn.Learner:
        """The network with its rule, its loss, and its batches in order."""
        x, y = self.samples(dtype)
        return nn.Learner(
            self.build(route, dtype),
            nn.Loader(x, y, self.batch, seed=None),
            self.rule.make(),
            loss=self.loss.make(),
            decay=self.decay,
        )

    def train(
        self, route: LayerRoute = "fast", dtype: npt.DTypeLike = np.float64
    ) -> nn.Learner:
        """A learner that has taken all steps; `history` has the losses."""
        learner = self.learner(route, dtype)
        for done, (x, y) in enumerate(learner.loader.epoch(0)):
            set_rates(self.plan, done, self.steps, learner.rule)
            learner.step(x, y)
        return learner


def _tenths(
    rng: np.random.Generator, shape: Shape, most: int, per: int, dtype: npt.DTypeLike
) -> Array:
    """Integers up to `most` in size over `per`."""
    whole = rng.integers(-most, most + 1, shape)
    if np.dtype(dtype) != object:
        return (whole / per).astype(dtype)
    exact: Array = whole.astype(object) * Fraction(1, per)
    return exact
