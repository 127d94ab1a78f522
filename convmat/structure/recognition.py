"""`Recognition`: what a matrix was found to be, and `Nearest`, what it almost is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.geometry import Geometry, require_geometry
from convmat.geometry.integers import integer
from convmat.structure.evidence import Evidence, numbers_of
from convmat.structure.members import Family, family_of
from convmat.structure.reading import read_kernel
from convmat.structure.same import same
from convmat.structure.told import told

if TYPE_CHECKING:
    from convmat.structure.entries import Entries

__all__ = ["Broken", "Nearest", "Recognition"]


@dataclass(frozen=True)
class Broken:
    """The first entry, row by row, that keeps a matrix from being a convolution.

    Attributes
    ----------
    row, column : int
    value, expected : number
        What stands there, and what would.
    tap : int or None
        Flat index of the tap that the position holds; None at a structural zero.
    beside : (int, int) or None
        Row and column of another entry of the same tie, which is as expected.

    Examples
    --------
    >>> from convmat.structure import recognize
    >>> W = [[1, 2, 0, 0, 0], [0, 1, 2, 0, 0], [0, 0, 1, 2, 0], [0, 0, 0, 9, 2]]
    >>> broken = recognize(W, 5).nearest.broken
    >>> broken.row, broken.column, broken.value, broken.expected, broken.tap
    (3, 3, 9, 1, 0)
    """

    row: int
    column: int
    value: Any
    expected: Any
    tap: int | None
    beside: tuple[int, int] | None

    def __str__(self) -> str:
        here = f"row {self.row}, column {self.column} holds {self.value}"
        if self.tap is None:
            return f"{here}, where a structural zero belongs"
        tied = f"tied to {self.expected}"
        if self.beside is not None:
            tied += f" at row {self.beside[0]}, column {self.beside[1]}"
        return f"{here}, but tap {self.tap} is {tied}"


@dataclass(frozen=True, eq=False)
class Nearest:
    """A convolution close to a matrix: its orthogonal projection on one geometry.

    Attributes
    ----------
    geometry : Geometry
        The plainest that most entries agree with. Another geometry, with more taps,
        may have a matrix that is closer still.
    kernel : ndarray of shape `geometry.kernel_shape`
        The mean over each tie: of all kernels of the geometry, that with the least
        distance. Exact for integers, as `Fraction`.
    distance : float
        Root of the sum of squares of what is left, the Frobenius norm.
    relative : float
        The distance over the Frobenius norm of the matrix.
    broken : Broken
        The first entry that is off the value that most entries of its tie have.
    wrong : int
        How many entries are.
    entries : int
        Entries of the matrix that are not 0.

    Examples
    --------
    >>> from convmat.structure import recognize
    >>> W = [[1, 2, 0, 0, 0], [0, 1, 2, 0, 0], [0, 0, 1, 2, 0], [0, 0, 0, 9, 2]]
    >>> nearest = recognize(W, 5).nearest
    >>> nearest.geometry, nearest.wrong, nearest.kernel.tolist()
    (geometry((5,), (2,)), 1, [Fraction(3, 1), Fraction(2, 1)])
    """

    geometry: Geometry
    kernel: Array
    distance: float
    relative: float
    broken: Broken | None
    wrong: int
    entries: int

    @property
    def close(self) -> bool:
        """Whether few taps tell all but a few entries, no more than one in twenty."""
        few = 2 * numbers_of(self.kernel) <= self.entries
        return few and 20 * self.wrong <= self.entries


@dataclass(frozen=True, eq=False)
class Recognition:
    """Whether a matrix is a convolution, and which.

    It is true in a condition when the matrix is a convolution, and not only in the
    sense in which any matrix is one: `trivial` or `overfitted`.

    Attributes
    ----------
    matrix_shape : (int, int)
    geometry : Geometry or None
        With the fewest taps; None when the matrix is no convolution.
    kernel : ndarray of shape `geometry.kernel_shape`, or None
        A tap whose value the matrix does not tell is 0.
    trivial : bool
        Whether the geometry ties nothing along some axis, because no tap stands in two
        entries there: with one output of many channels, or with a stride as large as
        the input, any matrix is a convolution.
    overfitted : bool
        Whether `nearest` tells the matrix in fewer numbers: its taps, with place and
        value of each entry that is off. So it is with a convolution in which a few
        entries were changed.
    evidence : Evidence or None
        How many taps account for how many entries.
    tolerance : number
        Entries that differ by no more were taken as equal; 0 is exact.
    row_order, column_order : str
        `"C"`, the order of convmat, `(channel, *spatial)`; `"channels last"`;
        `"swapped"`, with the spatial axes the other way round; `"Fortran"`, both;
        `"flipped"`, counted backwards along each spatial axis. The geometry is that of
        the matrix with its rows and columns put in C order.
    transposed : bool
        Whether it is the transpose that is a convolution: the matrix is that of a
        transposed convolution, and the geometry the paired one.
    freedoms : tuple of str
        Why the answer is not unique, one sentence each: what could be otherwise in the
        geometry without any entry changing, or which taps can't be known.
    unknown_taps : tuple of int
        Flat indices of the taps whose value the matrix does not tell.
    nearest : Nearest or None
        When the matrix is no convolution, or only a trivial or an overfitted one.
    searched : str
        What was tried, in words.

    Examples
    --------
    >>> from convmat.structure import recognize
    >>> found = recognize([[5, 7, 0, 0], [0, 5, 7, 0], [0, 0, 5, 7]], 4)
    >>> bool(found), found.geometry, found.kernel, found.tolerance
    (True, geometry((4,), (2,)), array([5, 7]), 0)
    """

    matrix_shape: tuple[int, int]
    geometry: Geometry | None
    kernel: Array | None
    trivial: bool
    overfitted: bool
    evidence: Evidence | None
    tolerance: Any
    row_order: str
    column_order: str
    transposed: bool
    freedoms: tuple[str, ...]
    unknown_taps: tuple[int, ...]
    nearest: Nearest | None
    searched: str
    _entries: Entries = field(repr=False)

    def __bool__(self) -> bool:
        return self.geometry is not None and not (self.trivial or self.overfitted)

    @property
    def unique(self) -> bool:
        """Whether no freedom is known, among geometries of the same padding mode.

        Taps of value 0 may always be added at the rim, with as much more padding. On
        axes of a few cells another mode may have the same matrix by coincidence; ask
        `includes`.
        """
        return self.geometry is not None and not self.freedoms

    @property
    def distance(self) -> float:
        """Frobenius distance to the convolution that is told."""
        if self or self.nearest is None:
            return 0.0
        return self.nearest.distance

    def includes(self, geometry: Geometry) -> bool:
        """Whether the matrix, in C order, is one of another geometry as well.

        Examples
        --------
        >>> from convmat import conv_matrix, geometry
        >>> from convmat.structure import recognize
        >>> found = recognize(conv_matrix([1, 2], 3), 3)
        >>> found.includes(geometry(3, 4, padding=1))
        True
        >>> found.includes(geometry(3, 2, padding=1, stride=3))
        False
        """
        require_geometry(geometry)
        entries = self._entries
        if geometry.matrix_shape != entries.shape:
            return False
        try:
            kernel = read_kernel(entries, geometry)
            return same(entries, kernel, geometry, self.tolerance)
        except ConvmatError:  # a sum of what was read is beyond int64
            return False

    def family(self, most: int = 100) -> Family:
        """Other geometries that have the very same matrix, with their kernels.

        They have the shapes of the answer, and no more taps on any axis; rows and
        columns are in C order.

        Parameters
        ----------
        most : int
            Members that are made, at most.

        Raises
        ------
        ConvmatError
            For a negative number.

        Examples
        --------
        >>> from convmat.structure import recognize
        >>> found = recognize([[1, 2, 0, 0], [0, 0, 1, 2]], 4)
        >>> for other in found.family(2):
        ...     print(other.geometry)
        geometry((4,), (2,), stride=2, padding_mode='circular')
        geometry((4,), (2,), stride=2, padding_mode='reflect')
        """
        most = integer("most", most, most)
        if most < 0:
            raise ConvmatError("most", "must be at least 0", most)
        if self.geometry is None or self.kernel is None:
            return Family((), ())
        g, kernel = self.geometry, self.kernel
        return family_of(self._entries, g, kernel, self.tolerance, most)

    def _repr_html_(self) -> str:
        from convmat.structure.display import recognition_html

        return recognition_html(self)

    def __str__(self) -> str:
        return told(self)
