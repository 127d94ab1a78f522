"""Experiments that a teacher would run: each a call that returns what happened.

They draw nothing; `convmat.figures`, `convmat constrain` and `convmat fastbook` do.
`chapter13` has the runs of fastbook's chapter one by one, and `train_chapter` all of
them beside the book's numbers.
"""

from convmat.experiments.chapter import Chapter, Trained
from convmat.experiments.edge import EDGES, Found, learn_kernel, pieces
from convmat.experiments.errata import Erratum, errata
from convmat.experiments.ladder import Climb, climb_ladder, moved
from convmat.experiments.reproduce import train_chapter

__all__ = [
    "EDGES",
    "Chapter",
    "Climb",
    "Erratum",
    "Found",
    "Trained",
    "climb_ladder",
    "errata",
    "learn_kernel",
    "moved",
    "pieces",
    "train_chapter",
]
