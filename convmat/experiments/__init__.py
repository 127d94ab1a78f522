"""Experiments that a teacher would run: each a call that returns what happened.

They draw nothing; `convmat.figures` and `convmat constrain` do.
"""

from convmat.experiments.edge import EDGES, Found, learn_kernel, pieces
from convmat.experiments.few_digits import few_digits
from convmat.experiments.ladder import Climb, climb_ladder, moved

__all__ = [
    "EDGES",
    "Climb",
    "Found",
    "climb_ladder",
    "few_digits",
    "learn_kernel",
    "moved",
    "pieces",
]
