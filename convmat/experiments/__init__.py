"""Experiments that a teacher would run: each a call that returns what happened.

They draw nothing; `convmat.figures` and `convmat constrain` do.
"""

from convmat.experiments.edge import EDGES, Found, learn_kernel, pieces
from convmat.experiments.few_digits import few_digits
from convmat.experiments.ladder import Climb, climb_ladder, moved
from convmat.experiments.normed import Normed, normed
from convmat.experiments.valley import Descents, descend_valley

__all__ = [
    "EDGES",
    "Climb",
    "Descents",
    "Found",
    "Normed",
    "climb_ladder",
    "descend_valley",
    "few_digits",
    "learn_kernel",
    "moved",
    "normed",
    "pieces",
]
