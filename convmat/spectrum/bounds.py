"""Every published estimate of the norm beside the truth, and which side it is on.

What is proved of an estimate is proved for one setting: circular padding, or no end at
all. Three lemmas carry it to the finite matrix `W` of any geometry.

- With zeros, `W` is a part of the matrix over the padded input, wrapped to a circle:
  rows are left out by the stride, columns by the zeros. Leaving out never adds.
- With circular padding, `W` is made of rows of the circle's matrix. When an output
  position is visited `r` times, the norm grows by at most the root of `r`.
- In all other modes, `W` is the matrix over the padded input after a map that copies
  each cell at most `c` times, and has norm root `c`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from convmat.arrays import Shape
from convmat.geometry import Geometry, IntOrInts
from convmat.geometry.keywords import known_keywords
from convmat.spectrum import published
from convmat.spectrum.fourier import block_norm
from convmat.spectrum.reading import Read, read
from convmat.spectrum.sizes import copies, has_whole_window, reads, visits, weighed

__all__ = ["Bound", "Label", "bounds", "bounds_of"]

Label: TypeAlias = Literal["upper", "lower", "neither"]


@dataclass(frozen=True)
class Bound:
    """One estimate of the norm.

    Attributes
    ----------
    name : str
    value : float
    label : {"upper", "lower", "neither"}
        Whether it is at least the norm, at most the norm, or can be on either side: a
        matter of the geometry, never of the values.
    source : str
        Where it was published.
    when : str
        Why the label holds for this geometry.
    error : float
        A bound on what rounding did to `value`; an upper one is at least the norm less
        this.

    Examples
    --------
    >>> first, *_ = bounds([[1, 2], [3, 4]], (3, 3))
    >>> first.name, first.label, round(first.value**2, 9)
    ('reshaped kernel', 'lower', 30.0)
    """

    name: str
    value: float
    label: Label
    source: str
    when: str
    error: float

    def holds(self, truth: float, error: float = 0.0) -> bool:
        """Whether the label is true beside a norm that is known up to `error`."""
        slack = self.error + error
        if self.label == "upper":
            return self.value >= truth - slack
        return self.label == "neither" or self.value <= truth + slack


@known_keywords
def bounds(
    kernel: npt.ArrayLike, input_shape: IntOrInts, **keywords: Any
) -> tuple[Bound, ...]:
    """The published estimates of the norm of a convolution, each labelled.

    Parameters
    ----------
    kernel, input_shape, **keywords
        As in `convmat.singular_values`.

    Returns
    -------
    tuple of Bound
        The same names in the same order for every geometry; `convmat.spectral_norm` is
        the truth beside them.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As `convmat.singular_values`.

    Examples
    --------
    >>> for bound in bounds([[1, 2], [3, 4]], (8, 8), padding=1):
    ...     print(f"{bound.value:6.2f} {bound.label:8}{bound.name}")
      5.48 lower   reshaped kernel
     10.95 upper   reshaped kernel, root of reads
     10.93 upper   least of the reshapes
     10.00 neither circular FFT
     10.00 upper   circular FFT, padded
     10.00 upper   Gram iteration, frequencies
     10.00 upper   Gram iteration, kernel
     10.20 upper   Toeplitz
     10.00 upper   1- and inf-norm
     43.82 upper   Frobenius
      5.48 lower   Frobenius over root of side
    """
    return bounds_of(read(kernel, input_shape, keywords))


def bounds_of(given: Read) -> tuple[Bound, ...]:
    """`bounds` of what was read."""
    g = given.geometry
    wraps, factor, why = _circle(g)
    plain, padded = published.circles(g, g.input_size), published.circles(g, wraps)
    kernel_norm, most = published.reshaped(given), reads(g)
    whole = all(map(has_whole_window, g.axes))
    entries = np.conjugate(given.weights) * weighed(given.weights, g)
    frobenius = sqrt(max(0.0, float(entries.sum().real)))
    rounding = _rounding(given)

    def bound(name: str, value: float, label: Label, source: str, when: str) -> Bound:
        value, error = given.unscaled(value), given.unscaled(rounding)
        return Bound(name, value, label, source, when, error)

    reshaped_label, reshaped_when = _reshaped_label(whole, most)
    circular_label, circular_when = _circular_label(g)
    return (
        bound(
            "reshaped kernel",
            kernel_norm,
            reshaped_label,
            "Yoshida and Miyato 2017; Miyato et al. 2018",
            reshaped_when,
        ),
        bound(
            "reshaped kernel, root of reads",
            kernel_norm * sqrt(most),
            "upper",
            "Tsuzuku, Sato, Sugiyama 2018",
            f"no cell is read more than {most} times",
        ),
        bound(
            "least of the reshapes",
            factor * published.reshapes(given),
            "upper",
            "Singla, Feizi 2021",
            why,
        ),
        bound(
            "circular FFT",
            block_norm(given, plain),
            circular_label,
            "Sedghi, Gupta, Long 2019",
            circular_when,
        ),
        bound(
            "circular FFT, padded",
            factor * block_norm(given, padded),
            "upper",
            "Sedghi, Gupta, Long 2019, on the wrapped padded input",
            why,
        ),
        bound(
            "Gram iteration, frequencies",
            factor * published.gram_of_frequencies(given, padded),
            "upper",
            "Delattre, Barthelemy, Araujo, Allauzen 2023",
            why,
        ),
        bound(
            "Gram iteration, kernel",
            factor * published.gram_of_kernel(given),
            "upper",
            "Delattre, Barthelemy, Allauzen 2024",
            why,
        ),
        bound(
            "Toeplitz",
            factor * published.toeplitz(given),
            "upper",
            "Araujo, Negrevergne, Chevaleyre, Atif 2021",
            why,
        ),
        bound(
            "1- and inf-norm",
            published.one_and_inf(given),
            "upper",
            "Schur's test; Golub, Van Loan, section 2.3.3",
            "for every matrix",
        ),
        bound(
            "Frobenius",
            frobenius,
            "upper",
            "Golub, Van Loan, section 2.3.2",
            "for every matrix",
        ),
        bound(
            "Frobenius over root of side",
            frobenius / sqrt(given.count),
            "lower",
            "Golub, Van Loan, section 2.3.2",
            "for every matrix: the root mean square of all values",
        ),
    )


def _circle(g: Geometry) -> tuple[Shape, float, str]:
    """Cells of the circle that the matrix is a part of, a factor, and why."""
    if g.padding_mode == "circular":
        times = prod(map(visits, g.axes))
        why = "the matrix is made of rows of the circle's matrix"
        if times > 1:
            why += f", each at most {times} times: root of {times}"
        return g.input_size, sqrt(times), why
    # No further than where a window leaves the input: beyond there is nothing to wrap.
    wraps = tuple(
        min(axis.padded_size, axis.size + axis.span - 1)
        if g.padding_mode == "zeros"
        else axis.padded_size
        for axis in g.axes
    )
    times = prod(map(copies, g.axes))
    why = "the matrix is a part of that over the padded input on a circle"
    if times > 1:
        why += f", which copies a cell at most {times} times: root of {times}"
    return wraps, sqrt(times), why


def _reshaped_label(whole: bool, most: int) -> tuple[Label, str]:
    if whole:
        return "lower", "some window has all its taps on cells of their own"
    if most <= 1:
        return "upper", "no cell is read twice"
    return "neither", "no window has all its taps on cells of their own"


def _circular_label(g: Geometry) -> tuple[Label, str]:
    around = g.padding_mode == "circular"
    if around and all(visits(axis) == 1 for axis in g.axes):
        return "upper", "rows of the circle's matrix, all of them or those of a stride"
    inside = all(
        axis.before == 0 and (axis.out_size - 1) * axis.stride + axis.span <= axis.size
        for axis in g.axes
    )
    if inside:
        return "upper", "no padding is read: the matrix is a part of the circle's"
    return "neither", "the padding that is read is no circle"


def _rounding(given: Read) -> float:
    """A bound on the rounding of every estimate: relative to sums of absolute taps.

    Those are at least each number on the way, and no estimate takes more roundings of
    one number than there are taps, channels and steps.
    """
    g = given.geometry
    sizes = np.abs(given.by_group)
    each = sizes.reshape(*sizes.shape[:3], -1).sum(axis=3)
    largest = sqrt(float(each.sum(axis=2).max() * each.sum(axis=1).max()))
    cells = prod(axis.padded_size / axis.size for axis in g.axes)
    roundings = g.free_parameters + sum(g.weight_shape[:2]) + 200
    return float(np.finfo(np.float64).eps) * roundings * largest * max(1.0, cells)
