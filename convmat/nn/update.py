"""One step of a rule on a model, with weight decay where it is asked for."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from convmat.errors import ConvmatError
from convmat.nn.composite import Composite
from convmat.nn.norm import BatchNorm
from convmat.optim import Rule, step_together

__all__ = ["Decay", "undecayed", "update"]

Decay: TypeAlias = Literal["all", "weights"]
"""Which parameters weight decay acts on."""


def undecayed(model: Composite, decay: Decay) -> frozenset[str]:
    """The parameters that weight decay leaves alone.

    Parameters
    ----------
    model : Composite
    decay : {"all", "weights"}
        With "weights", biases and all parameters of batch norm are left alone.

    Raises
    ------
    ConvmatError
        For another word.

    References
    ----------
    fastai 2, `norm_bias_params`, by which its learner decays (`wd_bn_bias=False`).

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.nn import BatchNorm, Linear, Sequential
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential([Linear(2, 3, rng=rng), BatchNorm(3)])
    >>> sorted(undecayed(model, "weights"))
    ['0.bias', '1.bias', '1.weight']
    """
    if decay not in get_args(Decay):
        raise ConvmatError("decay", "must be 'all' or 'weights'", decay)
    return frozenset(
        f"{name}.{own}"
        for name, leaf in model.leaves()
        for own in leaf.parameters
        if decay == "weights" and (own == "bias" or isinstance(leaf, BatchNorm))
    )


def update(model: Composite, rule: Rule, free: frozenset[str]) -> None:
    """One step of the rule on the gradients that there are; none of `free` decays."""
    parameters, gradients = model.parameters, model.gradients
    if not free or not rule.weight_decay:
        step_together(rule, parameters, gradients)
        return
    step_together(
        rule, {n: a for n, a in parameters.items() if n not in free}, gradients
    )
    decay = rule.weight_decay
    rule.weight_decay = 0
    try:
        step_together(
            rule, {n: parameters[n] for n in parameters if n in free}, gradients
        )
    finally:
        rule.weight_decay = decay
