"""Update rules: the sums, roots and quotients that a step is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.optim import SGD, Adam, Rule
from convmat.verify.rounding.units import OWN, Gapped, Unit

__all__ = ["Entry", "Moved", "moved"]


@dataclass(frozen=True)
class Entry:
    """One parameter before a step.

    Attributes
    ----------
    name : str
    weight, grad : Gapped
        The parameter and its gradient.
    memory : mapping of str to Gapped
        What the rule remembers of it, by the rule's `memories`; empty at first.
    decays : bool
        Whether the rule's weight decay acts on it.
    """

    name: str
    weight: Gapped
    grad: Gapped
    memory: Mapping[str, Gapped]
    decays: bool


@dataclass(frozen=True)
class Moved:
    """Gaps of one parameter after a step, and of what the rule remembers of it."""

    weight: Array
    memory: Mapping[str, Array]


@singledispatch
def moved(rule: Rule, unit: Unit, entry: Entry) -> Moved:
    """The gaps after one step of a rule."""
    wanted = "must be SGD or Adam to have a bound"
    raise ConvmatTypeError("rule", wanted, type(rule).__name__)


@moved.register
def _(rule: SGD, unit: Unit, entry: Entry) -> Moved:
    """Every term of `plus` is rounded twice: times its factor, and in the sum."""
    momentum = float(rule.momentum)
    velocity = grad = _decayed(rule, unit, entry)
    if momentum and "velocity" in entry.memory:
        velocity = unit.plus(grad, momentum, entry.memory["velocity"])
    move = unit.plus(grad, momentum, velocity) if rule.nesterov else velocity
    weight = unit.plus(_kept(rule, entry), -float(rule.lr), move)
    return Moved(OWN * weight.gap, {"velocity": OWN * velocity.gap})


@moved.register
def _(rule: Adam, unit: Unit, entry: Entry) -> Moved:
    """Its quotient is finite because the root is not negative in either run.

    So what it divides by is at least `eps`. Where the root itself is above its gap,
    the quotient is as sure as the gradients are.
    """
    grad = _decayed(rule, unit, entry)
    beta1, beta2 = map(float, rule.betas)
    steps = int(rule.steps.get(entry.name, 0)) + 1
    none = Gapped(np.zeros(grad.values.shape), np.zeros(grad.values.shape))
    first = entry.memory.get("first_moment", none)
    second = entry.memory.get("second_moment", none)
    first = unit.plus(first.scaled(beta1), 1 - beta1, grad)
    second = unit.plus(second.scaled(beta2), 1 - beta2, unit.times(grad, grad))
    root = unit.root(second).scaled(1 / math.sqrt(1 - beta2**steps))
    eps = float(rule.eps)
    own_eps = Gapped(np.full(root.values.shape, eps), np.zeros(()))
    least = float(unit.dtype.type(eps)) * (1 - 4 * unit.u)
    quotient = unit.over(first, unit.plus(root, 1, own_eps), least)
    rate = float(rule.lr) / (1 - beta1**steps)
    weight = unit.plus(_kept(rule, entry), -rate, quotient)
    memory = {"first_moment": OWN * first.gap, "second_moment": OWN * second.gap}
    return Moved(OWN * weight.gap, memory)


def _decayed(rule: Rule, unit: Unit, entry: Entry) -> Gapped:
    """The gradient, with the weight's share where decay is coupled."""
    decay = float(rule.weight_decay)
    if not decay or rule.decoupled or not entry.decays:
        return entry.grad
    return unit.plus(entry.grad, decay, entry.weight)


def _kept(rule: Rule, entry: Entry) -> Gapped:
    """The weight, made smaller where decay is decoupled."""
    decay = float(rule.weight_decay)
    if not decay or not rule.decoupled or not entry.decays:
        return entry.weight
    return entry.weight.scaled(1 - float(rule.lr) * decay)
