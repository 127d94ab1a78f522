"""A dictionary of realistic wrong convolutions.

Each `Mutant` is wrong in one way and right in all others. `diagnose` finds those that
do what a black box does, and `score` says which check catches which.

>>> MUTANTS["strides-swapped"].words
'the strides swapped between axes'
"""

from convmat.verify.mutants.diagnosis import diagnose
from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.implied import diagnose_reading
from convmat.verify.mutants.likely import Likely
from convmat.verify.mutants.mutant import Mutant
from convmat.verify.mutants.scoring import SCORED, Score, score
from convmat.verify.mutants.suites import SUITES, Suite
from convmat.verify.mutants.tracks import ASKED

__all__ = [
    "ASKED",
    "MUTANTS",
    "SCORED",
    "SUITES",
    "Likely",
    "Mutant",
    "Score",
    "Suite",
    "diagnose",
    "diagnose_reading",
    "score",
]
