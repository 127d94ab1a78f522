"""Update rules and their schedules, one for matrices and networks alike.

A rule changes arrays in place and never asks what they mean: a dense matrix, the values
of a sparse one, a kernel or the weights of a network. Every rule works entry by entry,
so entries that are tied, with equal gradients, stay equal to the bit.

`rule` is what all rules share, `sgd` and `adam` are the rules. `schedules` says how a
rate moves in training, `plans` how learning rate and momentum move together. `rates`
checks the settings, `pieces` keeps the steps light, and `together` takes the steps of
many small arrays at once.
"""

from convmat.optim.adam import Adam, AdamW
from convmat.optim.plans import (
    Constant,
    FlatCosine,
    LinearOneCycle,
    OneCycle,
    Plan,
    Rates,
)
from convmat.optim.rule import Rule
from convmat.optim.schedules import Schedule, combined, constant, cosine, linear
from convmat.optim.sgd import SGD
from convmat.optim.together import step_together

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "FlatCosine",
    "LinearOneCycle",
    "OneCycle",
    "Plan",
    "Rates",
    "Rule",
    "Schedule",
    "combined",
    "constant",
    "cosine",
    "linear",
    "step_together",
]
