"""How far rounding alone can drive two runs of one training step apart.

Two runs take the same step with weights that differ by known gaps. This module bounds
the gaps after the step: what the old gaps propagate to, plus what rounding adds in each
run. The rules are those of running error analysis, entry by entry:

* a sum of `n` products, in any order, is computed to within
  `gamma(n) * sum |w| |x|`, with `gamma(n) = n u / (1 - n u)`;
* a product of two perturbed arrays differs by
  `|w| dx + dw (|x| + dx)`;
* ReLU is 1-Lipschitz; where the sign of its input is within the gap, its gradient may
  pass in one run and not in the other;
* a softmax entry changes by at most the factor `exp(2 d)` when scores change by `d`.

The bound starts anew from the gaps that were measured before each step. So it says of
every step of a long run that its drift is explained by rounding, and does not grow with
the length of the run, as a bound from the first step on would.

One unit roundoff `u` serves all sums of a step. So inputs, parameters, velocities and
the gradient of the loss must be of one dtype, float32 or float64; others are refused.

References
----------
N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002,
chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import singledispatch
from math import prod

import numpy as np

from convmat import sliding
from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import Axis
from convmat.nn.composite import Part
from convmat.nn.convolutions import Conv
from convmat.nn.layers import Flatten, Layer, Linear, ReLU
from convmat.nn.losses import CrossEntropy, HalfSquare, Loss
from convmat.nn.models import Sequential
from convmat.optim import SGD

__all__ = ["StepBound", "gamma", "most_reads", "step_bound"]

Gaps = Mapping[str, Array]
_OWN = 1 + 1e-6  # the bound's own rounding: sums of fewer than 1e9 non-negative terms
_EXP_ULPS = 4  # NumPy tests its exp and log to 4 units in the last place


@dataclass(frozen=True)
class StepBound:
    """Bounds on the difference of two runs after a step, entry by entry.

    Attributes
    ----------
    parameters, velocity : dict of str to ndarray
        Named and shaped as the model's parameters.
    loss : float
        Of the loss before the step.
    """

    parameters: dict[str, Array]
    velocity: dict[str, Array]
    loss: float


@dataclass(frozen=True)
class _Unit:
    """A dtype, its unit roundoff `u` and its smallest number."""

    dtype: np.dtype[np.floating]
    u: float
    tiny: float

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> _Unit:
        """The unit of the one dtype that `x` and all other arrays have."""
        dtype = arrays["x"].dtype
        if dtype not in (np.float32, np.float64):  # as _OWN and float64 gaps want it
            raise ConvmatTypeError("x", "must be float32 or float64", str(dtype))
        for name, array in arrays.items():
            if array.dtype != dtype:
                rule = f"must be of the dtype of x, {dtype}"
                remedy = "the bound holds for runs in one dtype"
                raise ConvmatTypeError(name, rule, str(array.dtype), remedy)
        info = np.finfo(dtype)
        return cls(dtype, float(info.eps) / 2, float(info.smallest_subnormal))

    def product(
        self,
        apply: Callable[[Array, Array], Array],
        left: tuple[Array, Array],
        right: tuple[Array, Array],
        terms: int,
    ) -> Array:
        """The gap of a sum of `terms` products; each factor is `(values, gap)`."""
        (a, a_gap), (b, b_gap) = left, right
        a, b = np.abs(a), np.abs(b)
        drift = apply(a, b_gap) + apply(a_gap, b + b_gap)
        return drift + self.rounding(apply(a + a_gap, b + b_gap), terms)

    def plus(
        self, one: tuple[Array, Array], factor: float, other: tuple[Array, Array]
    ) -> tuple[Array, Array]:
        """`one + factor * other`, each `(values, gap)`; all in float64."""
        (a, a_gap), (b, b_gap) = one, (factor * other[0], abs(factor) * other[1])
        size = np.abs(a) + a_gap + np.abs(b) + b_gap
        return a + b, a_gap + b_gap + self.rounding(size, 2)

    def rounding(self, size: Array, terms: int) -> Array:
        """What rounding adds in both runs to a sum of that size in absolute values."""
        return 2 * (gamma(terms, self.u) * size + terms * self.tiny)


def gamma(terms: int, u: float = 2.0**-53) -> float:
    """`n u / (1 - n u)`: the relative error of a sum of `n` products, in any order.

    Raises
    ------
    ConvmatError
        When `n u` is 1 or more: so long a sum may lose every digit.

    Examples
    --------
    >>> gamma(9) / 2.0**-53
    9.000000000000009
    """
    if terms * u >= 1:
        raise ConvmatError("terms", f"must be fewer than {1 / u:.0f}", terms)
    return terms * u / (1 - terms * u)


def step_bound(
    model: Sequential,
    loss: Loss,
    rule: SGD,
    x: Array,
    targets: Array,
    *,
    gaps: Gaps,
    velocity_gaps: Gaps,
) -> StepBound:
    """Bound the difference of two runs after one step of SGD.

    Parameters
    ----------
    model, loss, rule
        Of one of the two runs, before the step; neither weights nor velocity change.
        The other run may compute the same layers by any route that sums products. The
        rule is `SGD`, with any of its options.
    x, targets : ndarray
        The batch, the same in both runs.
    gaps, velocity_gaps : mapping of str to ndarray
        Absolute differences of the weights and velocities before the step.

    Returns
    -------
    StepBound

    Raises
    ------
    ConvmatTypeError
        For a layer or a loss without a rule here, for an update rule other than `SGD`,
        and for arrays of several dtypes, or of another one than float32 and float64.
    ConvmatError
        For a sum of so many terms that its bound is infinite: 2**24 in float32.
    """
    if not isinstance(rule, SGD):
        wanted = "must be SGD to have a bound"
        remedy = "a rule that divides by gradients makes any rounding of them large"
        raise ConvmatTypeError("rule", wanted, type(rule).__name__, remedy)
    arrays = {"x": x}
    arrays |= {f"parameters[{name!r}]": a for name, a in model.parameters.items()}
    arrays |= {f"velocity[{name!r}]": a for name, a in rule.velocity.items()}
    unit = _Unit.of(arrays)
    inputs: list[tuple[Array, Array]] = [(x, np.zeros(x.shape))]
    for number, layer in enumerate(model.layers):
        values, gap = inputs[-1]
        own = _own(gaps, number, layer)
        y = layer.forward(values)
        inputs.append((y, _OWN * _forward(layer, unit, values, gap, own)))
    outputs, gap = inputs[-1]
    value, grad = loss(outputs, targets)
    if grad.dtype != unit.dtype:
        wanted = f"must leave the gradient of the loss {unit.dtype}"
        remedy = f"use .astype(np.{unit.dtype})"
        raise ConvmatTypeError("targets", wanted, str(targets.dtype), remedy)
    loss_gap, gap = _loss(loss, unit, outputs, gap, float(value), grad, targets)
    gradient_gaps: dict[str, Array] = {}
    for number in range(len(model.layers) - 1, -1, -1):
        layer = model.layers[number]
        own = _own(gaps, number, layer)
        grads, (values, value_gap) = (grad, gap), inputs[number]
        gap, of_parameters = _backward(layer, unit, grads, (values, value_gap), own)
        gap = _OWN * gap
        grad = layer.backward(grad)
        for name, array in of_parameters.items():
            gradient_gaps[f"{number}.{name}"] = _OWN * array
    return _update(model, rule, unit, gradient_gaps, gaps, velocity_gaps, loss_gap)


def _own(gaps: Gaps, number: int, layer: Part) -> dict[str, Array]:
    """The gaps of one layer's parameters, by their names in the layer."""
    return {name: gaps[f"{number}.{name}"] for name in layer.parameters}


def _update(
    model: Sequential,
    rule: SGD,
    unit: _Unit,
    gradient_gaps: Gaps,
    gaps: Gaps,
    velocity_gaps: Gaps,
    loss_gap: float,
) -> StepBound:
    """The sums that a step of `SGD` is made of, each with its gap.

    Every term of `plus` is rounded twice: where a product with its factor is rounded,
    and where the sum is. So is a weight that decays by itself.
    """
    lr, momentum = float(rule.lr), float(rule.momentum)
    decay = float(rule.weight_decay)
    parameters, velocities = {}, {}
    for name, array in model.parameters.items():
        weight = array.astype(float), gaps[name]
        grad = model.gradients[name].astype(float), gradient_gaps[name]
        if decay and not rule.decoupled:
            grad = unit.plus(grad, decay, weight)
        velocity = grad
        if momentum and name in rule.velocity:
            old = rule.velocity[name].astype(float), velocity_gaps[name]
            velocity = unit.plus(grad, momentum, old)
        move = unit.plus(grad, momentum, velocity) if rule.nesterov else velocity
        if decay and rule.decoupled:
            keep = 1 - lr * decay
            weight = keep * weight[0], abs(keep) * weight[1]
        velocities[name] = _OWN * velocity[1]
        parameters[name] = _OWN * unit.plus(weight, -lr, move)[1]
    return StepBound(parameters, velocities, _OWN * loss_gap)


@singledispatch
def _forward(layer: Part, unit: _Unit, x: Array, gap: Array, own: Gaps) -> Array:
    """The gap of the layer's output."""
    raise _no_rule("layer", layer)


@singledispatch
def _backward(
    layer: Part,
    unit: _Unit,
    grad: tuple[Array, Array],
    x: tuple[Array, Array],
    own: Gaps,
) -> tuple[Array, dict[str, Array]]:
    """Gaps of the gradients by the input and by each parameter; pairs are with gaps."""
    raise _no_rule("layer", layer)


@_forward.register
def _(layer: Conv, unit: _Unit, x: Array, gap: Array, own: Gaps) -> Array:
    g = layer.geometry(x.shape[1:])
    weight = layer.parameters["weight"], own["weight"]
    terms = g.taps_per_row + 1
    gap = unit.product(lambda w, v: sliding.forward(v, w, g), weight, (x, gap), terms)
    return gap + _bias(layer, unit, own, terms, (-1, *(1,) * g.rank))


@_backward.register
def _(
    layer: Conv,
    unit: _Unit,
    grad: tuple[Array, Array],
    x: tuple[Array, Array],
    own: Gaps,
) -> tuple[Array, dict[str, Array]]:
    g = layer.geometry(x[0].shape[1:])
    weight = layer.parameters["weight"], own["weight"]
    terms = g.out_channels // g.groups * prod(map(most_reads, g.axes))
    x_gap = unit.product(lambda w, v: sliding.input_grad(v, w, g), weight, grad, terms)
    windows = grad[0].size // g.out_channels
    weight_gap = unit.product(
        lambda d, v: sliding.kernel_grad(d, v, g), grad, x, windows
    )
    gaps = {"weight": weight_gap}
    if "bias" in layer.parameters:
        gaps["bias"] = _sum(unit, grad, tuple(i for i in range(g.rank + 2) if i != 1))
    return x_gap, gaps


def most_reads(axis: Axis) -> int:
    """The largest number of `(output, tap)` that read one input of the axis.

    Examples
    --------
    >>> most_reads(Axis(size=4, kernel=3, stride=2, before=0, after=1, dilation=1))
    2
    """
    sources = axis.sources()  # (outs, taps), -1 where none is read
    return int(np.bincount(sources[sources >= 0]).max(initial=0))


@_forward.register
def _(layer: Linear, unit: _Unit, x: Array, gap: Array, own: Gaps) -> Array:
    weight = layer.parameters["weight"], own["weight"]
    terms = x.shape[1] + 1
    gap = unit.product(lambda w, v: v @ w.T, weight, (x, gap), terms)
    return gap + _bias(layer, unit, own, terms, (-1,))


@_backward.register
def _(
    layer: Linear,
    unit: _Unit,
    grad: tuple[Array, Array],
    x: tuple[Array, Array],
    own: Gaps,
) -> tuple[Array, dict[str, Array]]:
    weight = layer.parameters["weight"], own["weight"]
    x_gap = unit.product(lambda w, d: d @ w, weight, grad, grad[0].shape[1])
    weight_gap = unit.product(lambda d, v: d.T @ v, grad, x, len(grad[0]))
    return x_gap, {"weight": weight_gap, "bias": _sum(unit, grad, (0,))}


@_forward.register
def _(layer: ReLU, unit: _Unit, x: Array, gap: Array, own: Gaps) -> Array:
    return gap


@_backward.register
def _(
    layer: ReLU,
    unit: _Unit,
    grad: tuple[Array, Array],
    x: tuple[Array, Array],
    own: Gaps,
) -> tuple[Array, dict[str, Array]]:
    (values, gap), (inputs, input_gap) = grad, x
    passed = np.where(inputs > 0, gap, 0)
    unsure = np.abs(inputs) <= input_gap
    return np.where(unsure, np.abs(values) + gap, passed), {}


@_forward.register
def _(layer: Flatten, unit: _Unit, x: Array, gap: Array, own: Gaps) -> Array:
    return gap.reshape(len(gap), -1)


@_backward.register
def _(
    layer: Flatten,
    unit: _Unit,
    grad: tuple[Array, Array],
    x: tuple[Array, Array],
    own: Gaps,
) -> tuple[Array, dict[str, Array]]:
    return grad[1].reshape(x[0].shape), {}


@singledispatch
def _loss(
    loss: Loss,
    unit: _Unit,
    outputs: Array,
    gap: Array,
    value: float,
    grad: Array,
    targets: Array,
) -> tuple[float, Array]:
    """The gaps of the loss and of its gradient by the outputs."""
    raise _no_rule("loss", loss)


@_loss.register
def _(
    loss: HalfSquare,
    unit: _Unit,
    outputs: Array,
    gap: Array,
    value: float,
    grad: Array,
    targets: Array,
) -> tuple[float, Array]:
    share = 1 / len(outputs)
    size = np.abs(np.float64(outputs) - targets) + gap
    error_gap = gap + unit.rounding(size, 1)
    drift = float((error_gap * (2 * size + error_gap)).sum())
    squares = np.sum((size + error_gap) ** 2)
    loss_gap = (drift + float(unit.rounding(squares, size.size + 3))) * share / 2
    return loss_gap, share * (error_gap + unit.rounding(size, 1))


@_loss.register
def _(
    loss: CrossEntropy,
    unit: _Unit,
    outputs: Array,
    gap: Array,
    value: float,
    grad: Array,
    targets: Array,
) -> tuple[float, Array]:
    if loss.label_smoothing or loss.weight is not None:
        raise _no_rule("loss with label_smoothing or weight", loss)
    count, classes = outputs.shape
    scores = np.float64(outputs)
    scores = scores - scores.max(axis=1, keepdims=True)
    d = gap.max(axis=1, keepdims=True)  # a row's scores change by at most this much
    # exp of a score that is itself rounded, then a sum of that many, then a quotient
    power = (np.abs(scores).max(axis=1, keepdims=True) + 2 * d) * unit.u
    power = np.expm1(power + 2 * _EXP_ULPS * unit.u)
    relative = 2 * power + gamma(classes + 2, unit.u)
    share = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    share_gap = share * (np.expm1(2 * d) + 2 * relative * np.exp(2 * d))
    grad_gap = (share_gap + unit.rounding(1 + share_gap, 2)) / count
    logs = np.log(classes)  # log of the sum is between 0 and this
    each = 2 * d[:, 0] + 2 * relative[:, 0]
    size = logs + np.abs(scores).max(axis=1) + 2 * d[:, 0]
    each = each + unit.rounding(size, 2 * _EXP_ULPS + count + 2)
    return float(each.mean()), grad_gap


def _bias(
    layer: Layer, unit: _Unit, own: Gaps, terms: int, shape: tuple[int, ...]
) -> Array | float:
    """What the bias adds to the gap of an output: its own, and one more rounding."""
    if "bias" not in layer.parameters:
        return 0.0
    gap = own["bias"]
    size = np.abs(layer.parameters["bias"]) + gap
    return (gap + unit.rounding(size, terms)).reshape(shape)


def _sum(unit: _Unit, grad: tuple[Array, Array], axes: tuple[int, ...]) -> Array:
    """The gap of a plain sum over some axes."""
    values, gap = grad
    terms = int(np.prod([values.shape[axis] for axis in axes]))
    size = (np.abs(values) + gap).sum(axis=axes)
    total: Array = gap.sum(axis=axes) + unit.rounding(size, terms)
    return total


def _no_rule(argument: str, value: object) -> ConvmatTypeError:
    rule = "must have a rule of rounding"
    remedy = "register one in convmat.verify.rounding"
    return ConvmatTypeError(argument, rule, type(value).__name__, remedy)
