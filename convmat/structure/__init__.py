"""What structure a matrix has: a convolution, Toeplitz, circulant, banded.

`recognize` tells the geometry and the kernel of a matrix, or the nearest convolution.
It is made of these parts:

- the matrix: `entries` reads it, `tolerance` says which entries are equal, `readings`
  what its columns may count, `orders` in which order rows and columns may be;
- one axis: `projection` gets it out of the matrix, `cut` leaves out the middle of a
  long one, `axis_fit` is what it may be, found by `zero_fit` for zeros in the padding,
  by `filled_fit` for padding filled from the input, and by `fit` for all modes;
- all axes: `search` brings them together as a `guess`, as long as its `effort` lasts;
- the proof: `reading` gets the kernel out, `same` holds it against every entry, and
  `found` is what passed, `evidence` how many entries speak for it; `plainest` picks
  the fewest taps, `other_orders` looks again in other orders and in the transpose;
- the answer: `answer` has `recognize` itself, `recognition` is what it tells, `told`
  in words; `family` says what could be otherwise, and `members` are the other
  geometries, axis by axis from `axis_family`;
- where there is none: `vote` elects a geometry by the `median` over each tie, `nearest`
  projects on it.

`toeplitz` and `banded` have the checks that answer with a `certificate` or a
counterexample; `diagonals` compares the entries for them.
"""

from convmat.structure.answer import recognize
from convmat.structure.banded import check_banded
from convmat.structure.certificate import Certificate, Counterexample
from convmat.structure.evidence import Evidence
from convmat.structure.members import Family, Member
from convmat.structure.recognition import Broken, Nearest, Recognition
from convmat.structure.toeplitz import (
    check_block_circulant,
    check_block_toeplitz,
    check_circulant,
    check_doubly_block_toeplitz,
    check_toeplitz,
)

__all__ = [
    "Broken",
    "Certificate",
    "Counterexample",
    "Evidence",
    "Family",
    "Member",
    "Nearest",
    "Recognition",
    "check_banded",
    "check_block_circulant",
    "check_block_toeplitz",
    "check_circulant",
    "check_doubly_block_toeplitz",
    "check_toeplitz",
    "recognize",
]
