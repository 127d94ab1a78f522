"""Determinants and ranks of integers and Fractions, without rounding.

The matrix of each group is eliminated modulo primes. A determinant is known once the
product of the primes is more than twice what Hadamard's bound allows. A rank modulo a
prime is never above the true one, and reaches it unless the prime divides every minor
of that size: with as many primes as exceed the bound on a minor, it can't.

References
----------
J. Hadamard, "Resolution d'une question relative aux determinants", 1893. J. von zur
Gathen, J. Gerhard, "Modern computer algebra", section 5.5: determinants by primes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, lcm
from numbers import Rational

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond
from convmat.spectrum.elimination import Band, Residues, eliminated, work
from convmat.spectrum.order import orders
from convmat.spectrum.primes import BITS, joined, primes
from convmat.tie import tie_map

__all__ = ["Exact", "exact_determinant", "exact_of", "exact_rank"]

_QUICK = 300_000_000  # changed entries of all primes that take a few seconds
_LONG = 100 * _QUICK  # those that take some minutes
_ENTRIES = 1 << 22  # of a matrix that is looked at unasked


@dataclass(frozen=True, eq=False)
class Exact:
    """A kernel of integers over one denominator, and where its taps stand in a band.

    Attributes
    ----------
    geometry : Geometry
    taps : tuple of tuple of int
        The taps of each group in C order, times `denominator`.
    denominator : int
    band : Band
        Of the matrix of any group.
    places : ndarray of int
        Entry `[i]` is the tap at entry `i` of `band`.
    order : (ndarray, ndarray)
        The row and the column of the matrix that each entry is at, unlike in `band`.
    sign : int
        1 or -1: what the order of rows and columns does to a determinant.
    """

    geometry: Geometry
    taps: tuple[tuple[int, ...], ...]
    denominator: int
    band: Band
    places: IntArray
    order: tuple[IntArray, IntArray]
    sign: int

    def remainders(self, group: int, modulus: IntArray) -> Array:
        """The entries of `band` modulo each prime, `(primes, entries)`."""
        taps = np.array(self.taps[group], object)
        table = np.array([taps % int(p) for p in modulus]).astype(np.int64)
        return table.reshape(len(modulus), -1)[:, self.places]

    def matrices(self) -> Iterator[Array]:
        """The dense matrix of each group, times `denominator`, as Python's integers."""
        for taps in self.taps:
            whole = np.zeros(self.band.shape, object)
            values = np.array(taps, object)[self.places]
            np.add.at(whole, (self.order[0], self.order[1]), values)
            yield whole

    def bits(self, group: int, size: int) -> int:
        """The logarithm to base 2 of what no minor of that size exceeds, rounded up.

        By Hadamard's bound: the product of the lengths of its longest rows, or columns.
        """
        band, taps = self.band, [abs(tap) for tap in self.taps[group]]
        shift = max(0, max(tap.bit_length() for tap in taps) - 500)
        sizes = np.array([float((tap >> shift) + 1) if tap else 0.0 for tap in taps])
        entries = sizes[self.places]
        logs = []
        for lines, count in ((band.rows, band.shape[0]), (band.cols, band.shape[1])):
            # A root of a sum of squares is at most the sum; taps that share a place
            # are added, so that they must not be squared apart.
            squares = (
                np.bincount(lines, entries, count) ** 2
                if self.geometry.shared
                else np.bincount(lines, entries**2, count)
            )
            each = np.log2(np.maximum(squares, 1.0)) / 2 + shift * (squares > 0)
            logs.append(float(np.sort(each)[::-1][:size].sum()))
        return ceil(min(logs) * (1 + 1e-9)) + 1


def exact_of(
    kernel: npt.ArrayLike, g: Geometry, *, asked: bool | None, max_bytes: int | None
) -> Exact | None:
    """The kernel as integers over one denominator; None where that is not wanted.

    Parameters
    ----------
    kernel : array_like
    g : Geometry
    asked : bool or None
        False for None as the answer; None for that with other numbers, and with
        matrices that are large.
    max_bytes : int or None
        Bytes that the entries may take.

    Raises
    ------
    ConvmatTypeError
        For other numbers, and an `asked` that is neither.
    MatrixTooLargeError
        When the entries would not fit.

    Examples
    --------
    >>> from convmat import geometry
    >>> g, settings = geometry(4, 2), {"asked": None, "max_bytes": None}
    >>> found = exact_of([Fraction(1, 2), 3], g, **settings)
    >>> found.taps, found.denominator
    (((1, 6),), 2)
    >>> exact_of([0.5, 3.0], g, **settings) is None
    True
    """
    if asked is not None and not isinstance(asked, bool):
        rule = "must be True, False, or None for where it is quick"
        raise ConvmatTypeError("exact", rule, asked)
    if asked is False:
        return None
    array = carried("kernel", kernel)
    if array.dtype.kind == "i":
        numbers = array.reshape(-1).tolist()
    elif array.dtype == object and all(_is_rational(one) for one in array.flat):
        numbers = [
            Fraction(int(one.numerator), int(one.denominator)) for one in array.flat
        ]
    elif asked:
        remedy = "or leave out exact=True"
        rule = "must hold integers or Fractions beside exact=True"
        raise ConvmatTypeError("kernel", rule, array, remedy)
    else:
        return None
    if not asked and g.contributions > _ENTRIES * g.groups:
        return None
    denominator = lcm(*(one.denominator for one in numbers))
    whole = [int(one * denominator) for one in numbers]
    many = len(whole) // g.groups
    taps = tuple(tuple(whole[i : i + many]) for i in range(0, len(whole), many))
    return Exact(g, taps, denominator, *_placed(g, max_bytes))


def exact_determinant(exact: Exact, *, quick: bool) -> int | Fraction | None:
    """The determinant of a square matrix; None where `quick`, and it would take long.

    Raises
    ------
    MatrixTooLargeError
        When the residues would not fit.
    """
    size = exact.band.shape[0]
    needed = [ceil((exact.bits(g, size) + 1) / BITS) for g in range(len(exact.taps))]
    if quick and work(exact.band) * sum(needed) > _QUICK:
        return None
    product = 1
    for group, count in enumerate(needed):
        modulus = primes(count)
        found = _residues(exact, group, modulus).determinants
        product *= exact.sign * joined(found.tolist(), modulus.tolist())
    if exact.denominator == 1:
        return product
    return Fraction(product, exact.denominator ** (size * len(needed)))


def exact_rank(exact: Exact, *, quick: bool) -> tuple[int, bool] | None:
    """The rank, and whether it is proved; if not, the rank is at least that.

    None where `quick`, and it would take long to prove.

    Raises
    ------
    MatrixTooLargeError
        When the residues would not fit.
    """
    each, total, proved = work(exact.band), 0, True
    most = min(exact.band.shape)
    if quick and each * len(exact.taps) > _QUICK:
        return None
    for group in range(len(exact.taps)):
        found, count = -1, 1
        ranks = _residues(exact, group, primes(count)).ranks
        while found < int(ranks.max()) < most:  # again, after an unlucky prime
            found = int(ranks.max())
            # Minors of the next size are 0 when they are 0 modulo so many primes.
            count = max(count, ceil(exact.bits(group, found + 1) / BITS))
            if each * count > (_QUICK if quick else _LONG):
                if quick:
                    return None
                proved = False
                break
            ranks = _residues(exact, group, primes(count)).ranks
        total += int(ranks.max())
    return total, proved


def _residues(exact: Exact, group: int, modulus: IntArray) -> Residues:
    needed = 8 * len(modulus) * len(exact.places)
    remedy = "use a smaller input, or a kernel of floats"
    refuse_beyond("the residues of", exact.geometry, needed, None, remedy)
    return eliminated(exact.band, exact.remainders(group, modulus), modulus)


def _placed(
    g: Geometry, max_bytes: int | None
) -> tuple[Band, IntArray, tuple[IntArray, IntArray], int]:
    """The band of the matrix of a group, its taps, and the sign of the order."""
    per = g.out_channels // g.groups, g.in_channels // g.groups
    alone = replace(g, groups=1, out_channels=per[0], in_channels=per[1])
    remedy = "use a smaller input, or a kernel of floats"
    refuse_beyond("the matrix of", alone, 64 * alone.contributions, max_bytes, remedy)
    ties = tie_map(alone)
    by_row, by_column = orders(g)
    rows, columns = _inverse(by_row), _inverse(by_column)
    band, order, entries = Band.of(
        alone.matrix_shape, rows[ties.rows], columns[ties.cols]
    )
    sign = _parity(by_row) * _parity(by_column) * _parity(order)
    whole = ties.rows[entries], ties.cols[entries]
    return band, ties.taps[entries], whole, sign


def _inverse(order: IntArray) -> IntArray:
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place


def _parity(order: Sequence[int] | IntArray) -> int:
    """1 for an even permutation, -1 for an odd one."""
    rest = [int(place) for place in order]
    sign = 1
    for place in range(len(rest)):
        while rest[place] != place:
            other = rest[place]
            rest[place], rest[other] = rest[other], rest[place]
            sign = -sign
    return sign


def _is_rational(number: object) -> bool:
    return isinstance(number, Rational) and not isinstance(number, bool)
