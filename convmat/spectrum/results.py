"""What is returned: numbers that say how they were obtained and how far off they are.

`How` names the ways. `"exact"`: without rounding. `"fourier"`: the matrix falls into
small blocks, and the values of all blocks are computed; `"dense"`: the matrix is
written out; both know every value up to rounding. `"lanczos"`: a few of the largest
values by iteration, each with its residual. `"enclosed"`: a number between two bounds
that are proved, by a direction and by a factorization. `"inverse"`: the smallest value
by iteration on the inverse, with its residual; no bound below it is proved.
`"inertia"`: values were counted by a factorization, and not computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array

__all__ = ["WAYS", "Estimate", "How", "Spectrum"]

How: TypeAlias = Literal[
    "exact", "fourier", "dense", "lanczos", "enclosed", "inverse", "inertia"
]

WAYS: dict[str, str] = {
    "exact": "exact, modulo primes",
    "fourier": "exact up to rounding, by Fourier blocks",
    "dense": "exact up to rounding, by a dense decomposition",
    "lanczos": "iterative, by Golub-Kahan Lanczos",
    "enclosed": "enclosed, by a direction and a factorization",
    "inverse": "iterative, by Lanczos on the inverse",
    "inertia": "counted, by the signs of a factorization",
}
"""Each way in words."""


@dataclass(frozen=True)
class Estimate:
    """One number, how it was obtained, and how far from the truth it may be.

    Attributes
    ----------
    value : float
    how : {"exact", "fourier", "dense", "lanczos", "enclosed", "inverse"}
        See `convmat.spectrum.results`.
    error : float
        A bound on how far off it is. With `"lanczos"` and `"inverse"` the residual:
        some singular value lies within it.
    steps : int
        Steps of the iteration; 0 where there was none.

    Examples
    --------
    >>> from convmat import spectral_norm
    >>> norm = spectral_norm([1, 1], 8, padding=[(0, 1)], padding_mode="circular")
    >>> norm
    Estimate(2, exact up to rounding, by Fourier blocks: error at most ...)
    >>> round(float(norm), 12)
    2.0
    """

    value: float
    how: How
    error: float
    steps: int = 0

    def __float__(self) -> float:
        return self.value

    @property
    def told(self) -> str:
        """How it was obtained, in words."""
        return _told(self.how, self.error, self.steps)

    def __repr__(self) -> str:
        return f"Estimate({self.value:.10g}, {self.told})"


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Singular values, largest first, and how they were obtained.

    `numpy.asarray(spectrum)` is `values`; `len(spectrum)` their number.

    Attributes
    ----------
    values : ndarray of float64, shape (n,)
        Read-only, descending, each as often as it occurs.
    how : {"fourier", "dense", "lanczos"}
        See `convmat.spectrum.results`.
    errors : ndarray of float64, shape (n,)
        Entry `[i]` belongs to `values[i]`: a bound on its rounding, or with `"lanczos"`
        its residual, within which some singular value lies.
    matrix_shape : (int, int)
        Rows and columns of the matrix.
    steps : int
        Steps of the iteration; 0 where there was none.

    Examples
    --------
    >>> from convmat import singular_values
    >>> spectrum = singular_values([1, 2], 3)
    >>> spectrum
    Spectrum(all 2 of a 2x3 matrix, 2.64575 to 1.73205; exact up to rounding, by a dense
    decomposition: error at most ...)
    >>> spectrum.complete, (spectrum.values**2).round(9).tolist()
    (True, [7.0, 3.0])
    """

    values: Array
    how: How
    errors: Array = field(repr=False)
    matrix_shape: tuple[int, int]
    steps: int = 0

    def __post_init__(self) -> None:
        self.values.flags.writeable = False
        self.errors.flags.writeable = False

    @property
    def complete(self) -> bool:
        """Whether these are all values of the matrix: as many as its shorter side."""
        return len(self.values) == min(self.matrix_shape)

    @property
    def norm(self) -> Estimate:
        """The largest value: the norm of the matrix."""
        first, error = float(self.values[0]), float(self.errors[0])
        return Estimate(first, self.how, error, self.steps)

    def __len__(self) -> int:
        return len(self.values)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> Array:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        rows, columns = self.matrix_shape
        many = "all" if self.complete else "the largest"
        ends = f"{self.values[0]:.6g} to {self.values[-1]:.6g}"
        told = _told(self.how, float(self.errors.max()), self.steps)
        count = len(self.values)
        return f"Spectrum({many} {count} of a {rows}x{columns} matrix, {ends}; {told})"

    def _repr_html_(self) -> str:
        from convmat.spectrum.display import spectrum_html

        return spectrum_html(self)


def _told(how: str, error: float, steps: int) -> str:
    if error == inf:
        return f"{WAYS[how]}: rounding hides how near it is"
    if how in ("lanczos", "inverse"):
        return f"{WAYS[how]}: residual {error:.2g} after {steps} steps"
    return f"{WAYS[how]}: error at most {error:.2g}"
