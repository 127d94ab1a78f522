"""The names of taps, inputs and outputs, for symbols, figures and the terminal alike.

The case of Kleinsmith's article keeps his names: image `A ... H, J` (no I), kernel
alpha to delta, outputs `P, Q, R, S`. Small cases of one channel follow his pattern as
far as the alphabets go; all others are numbered by their position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import overload

from convmat.arrays import Shape
from convmat.geometry import Geometry

__all__ = ["GREEK", "GREEK_LETTERS", "Labels", "Names", "labels"]

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

GREEK_LETTERS = dict(zip(GREEK, "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
"""The letter of each name."""
_IMAGE = "ABCDEFGHJKLMN"  # no I, which looks like 1; O is left out for 0
_OUTPUT = "PQRSTUVWXYZ"


@dataclass(frozen=True)
class Names(Sequence[str]):
    """The names of all positions of a shape in C order, each made when asked for.

    So a name of a huge input costs no more than one of a small one. A slice is a tuple.

    Attributes
    ----------
    shape : tuple of int
    prefix : str
        What a numbered name begins with.
    letters : tuple of str
        The names themselves, where there are as many as positions.

    Examples
    --------
    >>> Names((10**9, 10**9), "x")[-1]
    'x_999999999_999999999'
    >>> Names((2, 3), "x")[2:4]
    ('x_0_2', 'x_1_0')
    """

    shape: Shape
    prefix: str
    letters: tuple[str, ...] = ()

    def __len__(self) -> int:
        return prod(self.shape)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...

    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        flat = range(prod(self.shape))[index]  # of any size, unlike len()
        if isinstance(flat, range):
            return tuple(map(self._name, flat))
        return self._name(flat)

    def _name(self, flat: int) -> str:
        if self.letters:
            return self.letters[flat]
        position = []
        for size in reversed(self.shape):
            flat, index = divmod(flat, size)
            position.append(str(index))
        return "_".join((self.prefix, *reversed(position)))


@dataclass(frozen=True)
class Labels:
    """Names in C order: `taps[t]`, `inputs[c]` and `outputs[r]` of flat indices.

    Attributes
    ----------
    taps, inputs, outputs : sequence of str
        ASCII names, fit for SymPy: `alpha`, `w_0_1`, `x_1_0_2`.

    Examples
    --------
    >>> from convmat import geometry
    >>> names = labels(geometry((3, 3), (2, 2)))
    >>> names.inputs[4], names.outputs[0], names.taps[0], names.letter(0)
    ('E', 'P', 'alpha', 'α')
    """

    taps: Sequence[str]
    inputs: Sequence[str]
    outputs: Sequence[str]

    def letter(self, tap: int) -> str:
        """The name of a tap as one reads it: `α` for `alpha`, else the name itself."""
        return GREEK_LETTERS.get(self.taps[tap], self.taps[tap])


def labels(geometry: Geometry) -> Labels:
    """The names of everything in `geometry`, which are made when they are asked for.

    Examples
    --------
    >>> from convmat import geometry
    >>> names = labels(geometry((3, 3), (2, 2)))
    >>> names.taps[:]
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


def _named(shape: Shape, letters: str | list[str], prefix: str) -> Names:
    count = prod(shape)
    return Names(shape, prefix, tuple(letters[:count] if count <= len(letters) else ()))
