"""`step_bound`: through the layers, the loss, back, and the update."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.nn.losses import Loss
from convmat.nn.models import Sequential
from convmat.optim import Rule
from convmat.verify.rounding.losses import loss_gaps
from convmat.verify.rounding.rules import through
from convmat.verify.rounding.units import OWN, Gapped, Gaps, Unit
from convmat.verify.rounding.updates import Entry, moved

__all__ = ["StepBound", "step_bound"]


@dataclass(frozen=True)
class StepBound:
    """Bounds on the difference of two runs after a step, entry by entry.

    Attributes
    ----------
    parameters : dict of str to ndarray
        Named and shaped as the model's parameters.
    memory : dict of str to ndarray
        What the rule remembers, named as in `Rule.state`: `"velocity.0.weight"`.
    buffers : dict of str to ndarray
        Running statistics, named as the model's buffers; counts are left out.
    loss : float
        Of the loss before the step.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.nn import HalfSquare, Linear, Sequential
    >>> from convmat.optim import SGD
    >>> model = Sequential([Linear(1, 1, rng=np.random.default_rng(0))])
    >>> x, y, none = np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1))
    >>> gaps = {"0.weight": none, "0.bias": none[0]}
    >>> bound = step_bound(
    ...     model, HalfSquare(), SGD(0.5), x, y, gaps=gaps, memory_gaps={}
    ... )
    >>> sorted(bound.parameters), bound.parameters["0.weight"].shape
    (['0.bias', '0.weight'], (1, 1))
    >>> 0 < bound.loss < 1e-14
    True
    """

    parameters: dict[str, Array]
    memory: dict[str, Array]
    buffers: dict[str, Array]
    loss: float


@np.errstate(all="ignore")  # beyond all numbers there is no bound: it is infinite
def step_bound(
    model: Sequential,
    loss: Loss,
    rule: Rule,
    x: Array,
    targets: Array,
    *,
    gaps: Gaps,
    memory_gaps: Gaps,
    undecayed: AbstractSet[str] = frozenset(),
) -> StepBound:
    """Bound the difference of two runs after one step.

    Parameters
    ----------
    model, loss, rule
        Of one of the two runs, before the step; nothing of them changes. The other run
        may compute the same layers by any route that sums products, and exactly too.
        Where a layer draws at random, its generator must be in the same state in both.
        The rule is `SGD` or `Adam`, with any of its options.
    x, targets : ndarray
        The batch, the same in both runs.
    gaps : mapping of str to ndarray
        Absolute differences before the step of the parameters, and of the buffers
        where there are any.
    memory_gaps : mapping of str to ndarray
        Those of what the rule remembers, named as in `Rule.state`.
    undecayed : set of str
        Parameters that weight decay leaves alone, as `Learner.undecayed`.

    Returns
    -------
    StepBound

    Raises
    ------
    ConvmatTypeError
        For a layer, a loss or an update rule without a rule here, and for arrays of
        several dtypes, or of another one than float32 and float64.
    ConvmatError
        When a gap is missing. For a sum of so many terms that its bound is infinite:
        2**24 in float32.

    Examples
    --------
    >>> from convmat.nn import Conv, Flatten, HalfSquare
    >>> from convmat.optim import SGD
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Conv(1, 1, (2,), rng=rng), Flatten()])
    >>> x, y = rng.normal(size=(4, 1, 3)), rng.normal(size=(4, 2))
    >>> gaps = {name: 0 * array for name, array in model.parameters.items()}
    >>> bound = step_bound(
    ...     model, HalfSquare(), SGD(0.1), x, y, gaps=gaps, memory_gaps={}
    ... )
    >>> bool(0 < bound.parameters["0.weight"].max() < 1e-14)
    True
    """
    memory = {
        label: array for label, array in rule.state().items() if array.dtype.kind == "f"
    }
    buffers = {n: a for n, a in model.buffers.items() if a.dtype.kind == "f"}
    unit = _unit(model, x, memory, buffers)
    _check("gaps", gaps, model.parameters | buffers)
    _check("memory_gaps", memory_gaps, memory)
    model = deepcopy(model)  # generators and buffers move in a pass
    run = through(model, unit, Gapped(x, np.zeros(x.shape)), gaps)
    _, grad = loss(run.output.values, targets)
    if grad.dtype != unit.dtype:
        wanted = f"must leave the gradient of the loss {unit.dtype}"
        remedy = f"use .astype(np.{unit.dtype})"
        raise ConvmatTypeError("targets", wanted, str(targets.dtype), remedy)
    loss_gap, gap = loss_gaps(loss, unit, run.output, targets)
    _, gradient_gaps = run.back(Gapped(grad, gap))
    parameters, remembered = {}, {}
    for name, array in model.parameters.items():
        remembers = {
            kind: Gapped(memory[label], memory_gaps[label])
            for kind in rule.memories
            if (label := f"{kind}.{name}") in memory
        }
        weight = Gapped(array, gaps[name])
        gradient = Gapped(model.gradients[name], gradient_gaps[name])
        entry = Entry(name, weight, gradient, remembers, name not in undecayed)
        after = moved(rule, unit, entry)
        parameters[name] = _sure(after.weight)
        for kind, gap in after.memory.items():
            remembered[f"{kind}.{name}"] = _sure(gap)
    after_pass = {name: _sure(gap) for name, gap in run.buffers.items()}
    loss_gap = float(_sure(np.array(OWN * loss_gap)))
    return StepBound(parameters, remembered, after_pass, loss_gap)


def _unit(model: Sequential, x: Array, memory: Gaps, buffers: Gaps) -> Unit:
    """The unit of the one dtype of a run."""
    arrays = {"x": x}
    arrays |= {f"parameters[{name!r}]": a for name, a in model.parameters.items()}
    arrays |= {f"buffers[{name!r}]": a for name, a in buffers.items()}
    arrays |= {f"memory[{label!r}]": a for label, a in memory.items()}
    return Unit.of(arrays)


def _check(argument: str, gaps: Gaps, arrays: Gaps) -> None:
    """Refuse gaps that are not there."""
    for name in arrays:
        if name not in gaps:
            rule = f"must have one for {name!r}"
            remedy = "gaps_between of convmat.verify.agreement measures them"
            raise ConvmatError(argument, rule, list(gaps), remedy)


def _sure(gap: Array) -> Array:
    """Infinite where nothing is known."""
    return np.where(np.isnan(gap), np.inf, gap)
