"""`kernel_report`: what a kernel does to flat, slow and fast changes of an image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.composition.separable import kernel_rank
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ShapeError
from convmat.memory import refuse_beyond

__all__ = ["KernelReport", "kernel_report"]


@dataclass(frozen=True, eq=False)
class KernelReport:
    """What a kernel is, in numbers and words.

    Attributes
    ----------
    kernel : ndarray, `(*taps)`
    total : number
        The sum of its taps: what it makes of a flat image of ones (the DC gain).
    symmetry : tuple of str
        For each axis `"even"`, `"odd"` or `"none"`: the kernel reversed along it is the
        same, its negative, or another one.
    rank : int or None
        As a matrix, nothing rounded; None for other than two axes.

    Examples
    --------
    >>> report = kernel_report([[1, 2, 1], [0, 0, 0], [-1, -2, -1]])
    >>> report.total, report.symmetry, report.rank, report.separable
    (0, ('odd', 'even'), 1, True)
    """

    kernel: Array
    total: Any
    symmetry: tuple[Literal["even", "odd", "none"], ...]
    rank: int | None

    @property
    def separable(self) -> bool:
        """Whether it is one column times one row; one axis always is."""
        return self.kernel.ndim == 1 or (self.rank is not None and self.rank <= 1)

    @cached_property
    def gains(self) -> dict[tuple[int, ...], Any]:
        """What it makes of the slowest and fastest waves along each axis.

        Key `(0, 1)` is the wave that is flat along axis 0 and changes its sign from
        cell to cell along axis 1; its gain is the sum of the taps with those signs.
        """
        found = {}
        for wave in product((0, 1), repeat=self.kernel.ndim):
            signs = np.ones((), int)
            for fast, taps in zip(wave, self.kernel.shape, strict=True):
                signs = np.multiply.outer(signs, (1 - 2 * fast) ** np.arange(taps))
            found[wave] = _total(self.kernel * signs)
        return found

    def response(self, size: int = 64) -> Array:
        """The factor by which a wave grows, for each of `size` frequencies per axis.

        Returns
        -------
        ndarray of float, `(size,) * axes`
            Entry `[i, j]` is `|sum of taps * exp(2 pi 1j (i u + j v) / size)|` over the
            taps `[u, v]`: the waves have `i` and `j` periods in `size` cells.

        Raises
        ------
        ConvmatError
            For a size that is smaller than the kernel, and taps beyond float64.
        """
        most = max(self.kernel.shape)
        if isinstance(size, bool) or not isinstance(size, int) or size < most:
            rule = f"must be an integer of at least {most}, as the kernel"
            raise ConvmatError("size", rule, size)
        needed = 32 * size**self.kernel.ndim
        refuse_beyond("the response of", self, needed, None, "use a smaller size")
        try:
            floats = self.kernel.astype(np.float64)
        except OverflowError:
            rule, remedy = "must hold numbers that float64 can hold", "scale it first"
            raise ConvmatError("kernel", rule, self.kernel, remedy) from None
        axes = tuple(range(floats.ndim))
        return np.abs(np.fft.fftn(floats, (size,) * floats.ndim, axes=axes))

    @property
    def kind(
        self,
    ) -> Literal["zero", "edge", "copy", "smoothing", "sharpening", "mixed"]:
        """What it is for, by its taps.

        `edge` sums to 0 and so gives 0 where the image is flat. `smoothing` has no
        negative tap: a weighted sum of neighbours. `sharpening` is even along all axes
        and makes the fastest changes larger than flat parts. `mixed` adds brightness to
        an edge. `copy` has one tap.
        """
        taps = self.kernel
        used = int(np.count_nonzero(taps != 0))
        if used == 0:
            return "zero"
        if self.total == 0:
            return "edge"
        if used == 1:
            return "copy"
        if not np.asarray(taps < 0).any():
            return "smoothing"
        fastest = max(abs(gain) for wave, gain in self.gains.items() if any(wave))
        even = all(one == "even" for one in self.symmetry)
        return "sharpening" if even and fastest > abs(self.total) else "mixed"

    def __str__(self) -> str:
        """All of it, a line each."""
        flat = {
            "zero": "no tap is used: everything gives 0",
            "edge": "finds edges: a flat image gives 0",
            "copy": f"copies: a flat image gives {self.total} times itself",
            "smoothing": f"smooths: a flat image gives {self.total} times itself",
            "sharpening": f"sharpens: a flat image gives {self.total} times itself",
            "mixed": "mixes an edge with brightness: a flat image gives "
            f"{self.total} times itself",
        }[self.kind]
        lines = [f"sum        {self.total}: {flat}"]
        told = [f"axis {axis} {one}" for axis, one in enumerate(self.symmetry)]
        lines.append(f"symmetry   {', '.join(told)}")
        if self.rank is not None:
            split = "a column times a row" if self.separable else "not separable"
            lines.append(f"rank       {self.rank}, {split}")
        fast = [f"{list(wave)}: {gain}" for wave, gain in self.gains.items()]
        lines.append(f"gains      {', '.join(fast)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from convmat.composition.display import kernel_report_html

        return kernel_report_html(self)


def kernel_report(kernel: npt.ArrayLike) -> KernelReport:
    """What a kernel is and does, in numbers and words.

    Parameters
    ----------
    kernel : array_like, `(*taps)`
        Real, of one pair of channels.

    Raises
    ------
    ShapeError
        For a kernel without taps.
    ConvmatError
        For taps that are complex or not finite.
    ConvmatTypeError
        For what are no numbers.

    Examples
    --------
    >>> print(kernel_report([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]))
    sum        0: finds edges: a flat image gives 0
    symmetry   axis 0 odd, axis 1 even
    rank       1, a column times a row
    gains      [0, 0]: 0, [0, 1]: 0, [1, 0]: 0, [1, 1]: 0
    >>> kernel_report([1, 2, 1]).kind
    'smoothing'
    """
    array = carried("kernel", kernel)
    if not array.ndim or not array.size or array.ndim > 6:
        rule = "must be (*taps), of one pair of channels, with 1 to 6 axes"
        raise ShapeError("kernel.shape", rule, array.shape)
    if array.dtype.kind == "c" or (
        array.dtype.kind == "f" and not np.isfinite(array).all()
    ):
        raise ConvmatError("kernel", "must be real and finite", array)
    rank = kernel_rank(array) if array.ndim == 2 else None
    symmetry = tuple(_symmetry(array, axis) for axis in range(array.ndim))
    return KernelReport(array, _total(array), symmetry, rank)


def _total(array: Array) -> Any:
    """The sum; of integers one of any size."""
    return (array.astype(object) if array.dtype.kind == "i" else array).sum()


def _symmetry(array: Array, axis: int) -> Literal["even", "odd", "none"]:
    turned = np.flip(array, axis)
    if np.asarray(array == turned).all():
        return "even"
    return "odd" if np.asarray(array == -turned).all() else "none"
