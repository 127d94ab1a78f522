"""What structure a matrix has: a convolution, Toeplitz, circulant, banded.

`recognize` tells the geometry and the kernel of a matrix, or the nearest convolution.
`entries` reads a matrix, `readings` its shapes and `orders` the order of its rows and
columns; `projection` looks at one axis, `fit` finds what the axis may be, `search`
brings the axes together. `reading` gets the kernel out and `same` holds the result
against every entry; `family` says what could be otherwise, `nearest` what is closest.
`toeplitz` has the checks that come with a certificate or a counterexample.
"""

from convmat.structure.recognition import Broken, Nearest, Recognition
from convmat.structure.recognize import recognize
from convmat.structure.toeplitz import (
    Certificate,
    Counterexample,
    check_banded,
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
