"""Experiments that a teacher would run: each a call that returns what happened.

They draw nothing; `convmat.figures`, `convmat constrain` and `convmat fastbook` do.
`chapter13` has the runs of fastbook's chapter one by one, and `train_chapter` all of
them beside the book's numbers.
"""

from convmat.experiments.chains import chain_of
from convmat.experiments.chapter import Chapter, Trained
from convmat.experiments.edge import EDGES, Found, learn_kernel, pieces
from convmat.experiments.effective import EffectiveField, effective_field
from convmat.experiments.errata import Erratum, errata
from convmat.experiments.few_digits import few_digits
from convmat.experiments.ladder import Climb, climb_ladder, moved
from convmat.experiments.normed import Normed, normed
from convmat.experiments.reproduce import train_chapter
from convmat.experiments.valley import Descents, descend_valley

__all__ = [
    "EDGES",
    "Chapter",
    "Climb",
    "Descents",
    "EffectiveField",
    "Erratum",
    "Found",
    "Normed",
    "Trained",
    "chain_of",
    "climb_ladder",
    "descend_valley",
    "effective_field",
    "errata",
    "few_digits",
    "learn_kernel",
    "moved",
    "normed",
    "pieces",
    "train_chapter",
]
