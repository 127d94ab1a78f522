"""The names of taps, inputs and outputs, for symbols, figures and the terminal alike.

The case of Kleinsmith's article keeps his names: image `A ... H, J` (no I), kernel
alpha to delta, outputs `P, Q, R, S`. Small cases of one channel follow his pattern as
far as the alphabets go; all others are numbered by their position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from convmat.arrays import Shape
from convmat.geometry import Geometry

__all__ = ["GREEK", "Labels", "labels"]

GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]
"""Names of the lower-case Greek letters, which SymPy and LaTeX understand."""

_GREEK_LETTERS = dict(zip(GREEK, "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
_IMAGE = "ABCDEFGHJKLMN"  # no I, which looks like 1; O is left out for 0
_OUTPUT = "PQRSTUVWXYZ"


@dataclass(frozen=True)
class Labels:
    """Names in C order: `taps[t]`, `inputs[c]` and `outputs[r]` of flat indices.

    Attributes
    ----------
    taps, inputs, outputs : tuple of str
        ASCII names, fit for SymPy: `alpha`, `w_0_1`, `x_1_0_2`.
    """

    taps: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def letter(self, tap: int) -> str:
        """The name of a tap as one reads it: `α` for `alpha`, else the name itself."""
        return _GREEK_LETTERS.get(self.taps[tap], self.taps[tap])


def labels(geometry: Geometry) -> Labels:
    """The names of everything in `geometry`.

    Examples
    --------
    >>> from convmat import geometry
    >>> names = labels(geometry((3, 3), (2, 2)))
    >>> names.taps
    ('alpha', 'beta', 'gamma', 'delta')
    >>> "".join(names.inputs), "".join(names.outputs)
    ('ABCDEFGHJ', 'PQRS')
    >>> names.letter(3)
    'δ'
    >>> labels(geometry((2, 4), (1, 2, 3))).taps[-1]
    'w_0_1_2'
    """
    one_channel = geometry.weight_shape[:2] == (1, 1) and geometry.in_channels == 1
    inputs, outputs = geometry.input_shape, geometry.output_shape
    taps = geometry.kernel_shape
    return Labels(
        _named(taps, GREEK if one_channel else "", "w"),
        _named(inputs, _IMAGE if one_channel else "", "x"),
        _named(outputs, _OUTPUT if one_channel else "", "y"),
    )


def _named(shape: Shape, letters: str | list[str], prefix: str) -> tuple[str, ...]:
    if prod(shape) <= len(letters):
        return tuple(letters[: prod(shape)])
    return tuple(_numbered(shape, prefix))


def _numbered(shape: Shape, prefix: str) -> Iterator[str]:
    for position in product(*map(range, shape)):
        yield "_".join((prefix, *map(str, position)))
