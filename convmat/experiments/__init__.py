"""Experiments that a teacher would run: each a call that returns what happened.

They draw nothing; `convmat.figures` and `convmat constrain` do.
"""

from convmat.experiments.edge import EDGES, Found, learn_kernel, pieces
from convmat.experiments.ladder import Climb, climb_ladder, moved

__all__ = [
    "EDGES",
    "Climb",
    "Found",
    "climb_ladder",
    "learn_kernel",
    "moved",
    "pieces",
]
