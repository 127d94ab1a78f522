"""A dictionary of realistic wrong convolutions.

Each `Mutant` is wrong in one way and right in all others.

>>> MUTANTS["strides-swapped"].words
'the strides swapped between axes'
"""

from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.mutant import Mutant

__all__ = ["MUTANTS", "Mutant"]
