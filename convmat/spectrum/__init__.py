"""The matrix as an instrument: its singular values, and what follows from them.

`values` chooses the way: `axes` and `fourier` where the matrix falls into blocks,
`dense` where it is small, `lanczos` and `leading` for the largest few of any. For the
small end of a large one, `order` and `band` lay it along a diagonal; `triangle` and
`smallest` find the least value, `definite` and `inertia` prove bounds and counts.
`conditions`, `ranks`, `nulls`, `determinants` and `inverse` are what follows. `exact`
computes without rounding, through `elimination` modulo `primes`, or `bareiss`.
`published` computes the estimates of the literature, `bounds` says which side of the
truth each is on, `table` lays them out. `frequency` is for pictures.
"""

from convmat.spectrum.bounds import Bound, bounds
from convmat.spectrum.conditions import condition_number, smallest_value
from convmat.spectrum.determinants import Determinant, determinant
from convmat.spectrum.frequency import frequency_norms
from convmat.spectrum.inverse import Solution, null_space_apply, pseudo_inverse_apply
from convmat.spectrum.nulls import NullSpace, null_space
from convmat.spectrum.ranks import Rank, rank
from convmat.spectrum.results import Estimate, Spectrum
from convmat.spectrum.sizes import squared_frobenius
from convmat.spectrum.table import BoundTable, compare_bounds
from convmat.spectrum.values import singular_values, spectral_norm

__all__ = [
    "Bound",
    "BoundTable",
    "Determinant",
    "Estimate",
    "NullSpace",
    "Rank",
    "Solution",
    "Spectrum",
    "bounds",
    "compare_bounds",
    "condition_number",
    "determinant",
    "frequency_norms",
    "null_space",
    "null_space_apply",
    "pseudo_inverse_apply",
    "rank",
    "singular_values",
    "smallest_value",
    "spectral_norm",
    "squared_frobenius",
]
