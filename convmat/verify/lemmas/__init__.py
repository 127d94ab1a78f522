"""The index arithmetic behind the matrix, proved for all integers at once.

A proof over a box of geometries ends where the box does. These lemmas do not: each is a
statement about all sizes, strides, pads and so on, which an SMT solver proves, beside
the code that relies on it and the small changes that make it false. `prove_all` needs
Z3, the extra `proofs`; the statements themselves need nothing.

`lemma` says what a lemma is, `formula` how its text is read, `solver` asks Z3,
`report` collects. The lemmas are in the files `windows`, `sizes`, `counts`, `folds`,
`transposed`, `order` and `stacks`.

>>> from convmat.verify.lemmas import LEMMAS, prove_all
>>> print(LEMMAS["reads stay inside"].sentence)
Every tap of every output lies on a cell of the padded input.
>>> prove_all([LEMMAS["reads stay inside"]]).passed
True
"""

from __future__ import annotations

from convmat.verify.lemmas.lemma import Bend, Lemma
from convmat.verify.lemmas.report import LEMMAS, Report, prove_all
from convmat.verify.lemmas.solver import Verdict, decide, refute

__all__ = [
    "LEMMAS",
    "Bend",
    "Lemma",
    "Report",
    "Verdict",
    "decide",
    "prove_all",
    "refute",
]
