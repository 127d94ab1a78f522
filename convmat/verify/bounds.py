"""`Bounds`: every geometry within some bounds, numbered, without a list of them.

An axis is a choice of size, kernel, stride, dilation and pads that is a convolution;
the axes choose independently of each other, and of channels and groups. So a geometry
is a number in a mixed base, whose digits say which choice each axis makes, and the
number of geometries is a power of the number of choices.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TypeAlias, overload

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ConvmatTypeError, GeometryError
from convmat.geometry import PADDING_MODES, Axis, Geometry
from convmat.geometry.checks import MOST_AXES, check_fit, check_mode, check_reach
from convmat.geometry.integers import integer, listed

__all__ = ["Bounds", "read_bounds"]


_Line: TypeAlias = tuple[int, int, int, tuple[int, int], int]
"""The choice of an axis: size, kernel, stride, pads, dilation."""


@dataclass(frozen=True, slots=True)
class Bounds(Sequence[Geometry]):
    """Every geometry within bounds, in a fixed order, each made when it is asked for.

    The order goes from plain to asymmetric: by padding mode, by groups and channels,
    and then axis by axis, the last one fastest; along an axis by dilation, stride,
    pads, kernel and size. `read_bounds` makes one from what people write.

    Attributes
    ----------
    rank : int
        Number of spatial axes.
    sizes, kernels, strides, dilations : tuple of int
        What each axis may have.
    pads : tuple of int
        Cells of padding; each pair of them may stand before and after.
    groups : tuple of int
    channels : tuple of int
        Channels of a group; each pair of them may come in and go out.
    modes : tuple of str

    Examples
    --------
    >>> bounds = Bounds(2, (1, 2, 3), (1, 2), (1,), (1,), (0,), (1,), (1,), ("zeros",))
    >>> len(bounds), bounds[0], bounds[-1]
    (25, geometry((1, 1), (1, 1)), geometry((3, 3), (2, 2)))
    """

    rank: int
    sizes: Shape
    kernels: Shape
    strides: Shape
    dilations: Shape
    pads: Shape
    groups: Shape
    channels: Shape
    modes: tuple[str, ...]

    def __len__(self) -> int:
        return sum(self._counts())

    @overload
    def __getitem__(self, number: int) -> Geometry: ...
    @overload
    def __getitem__(self, number: slice) -> list[Geometry]: ...
    def __getitem__(self, number: int | slice) -> Geometry | list[Geometry]:
        chosen = range(len(self))[number]  # which knows negative numbers
        if isinstance(chosen, range):
            return list(self.walk(chosen))
        return next(self.walk([chosen]))

    def __iter__(self) -> Iterator[Geometry]:
        return self.walk(range(len(self)))

    def walk(self, numbers: Iterable[int]) -> Iterator[Geometry]:
        """The geometries of these numbers, one after another.

        Yields
        ------
        Geometry
        """
        counts = self._counts()
        lines = [_lines(self, mode) for mode in self.modes]
        for number in numbers:
            place, rest = 0, number
            while rest >= counts[place]:
                rest -= counts[place]
                place += 1
            yield self._made(rest, lines[place], self.modes[place])

    def _counts(self) -> list[int]:
        """How many geometries there are of each mode."""
        banks = len(self.groups) * len(self.channels) ** 2
        return [banks * len(_lines(self, mode)) ** self.rank for mode in self.modes]

    def _made(self, number: int, lines: Sequence[_Line], mode: str) -> Geometry:
        axes = []
        for _ in range(self.rank):
            number, digit = divmod(number, len(lines))
            axes.append(lines[digit])
        number, out_of = divmod(number, len(self.channels))
        number, into = divmod(number, len(self.channels))
        groups = self.groups[number]
        ins, outs = groups * self.channels[into], groups * self.channels[out_of]
        sizes, kernels, strides, pads, dilations = zip(*reversed(axes), strict=True)
        return Geometry(
            input_size=sizes,
            kernel_size=kernels,
            stride=strides,
            padding=pads,
            dilation=dilations,
            in_channels=ins,
            out_channels=outs,
            groups=groups,
            padding_mode=mode,
            has_channels=(ins, outs) != (1, 1),
        )

    def __str__(self) -> str:
        told = self._told()
        told["pads"] += " before and after"
        if "channels" in told:
            told["channels"] += " a group, in and out"
        words = "; ".join(f"{what} {choices}" for what, choices in told.items())
        return f"every {self.rank}-D geometry: {words}"

    def name(self) -> str:
        """The bounds in a few words, the same ones for the same bounds.

        Examples
        --------
        >>> read_bounds(2, 6, 3, (1, 2), 1, 0, 1, 1, "zeros").name()
        '2-D sizes 1-6 kernels 1-3 strides 1-2 dilations 1 pads 0'
        """
        words = [f"{what} {choices}" for what, choices in self._told().items()]
        return " ".join([f"{self.rank}-D", *words])

    def _told(self) -> dict[str, str]:
        """Each bound by its name; those of plain geometries are left out."""
        told = {
            "sizes": _told(self.sizes),
            "kernels": _told(self.kernels),
            "strides": _told(self.strides),
            "dilations": _told(self.dilations),
            "pads": _told(self.pads),
        }
        if self.groups != (1,):
            told["groups"] = _told(self.groups)
        if self.channels != (1,):
            told["channels"] = _told(self.channels)
        if self.modes != ("zeros",):
            told["modes"] = ",".join(self.modes)
        return told


@lru_cache(maxsize=32)
def _lines(bounds: Bounds, mode: str) -> tuple[_Line, ...]:
    """The choices of one axis."""
    found = []
    for dilation, stride, before, after, kernel, size in product(
        bounds.dilations,
        bounds.strides,
        bounds.pads,
        bounds.pads,
        bounds.kernels,
        bounds.sizes,
    ):
        axis = Axis(size, kernel, stride, before, after, dilation, mode)
        if _is_convolution(axis):
            found.append((size, kernel, stride, (before, after), dilation))
    return tuple(found)


def _is_convolution(axis: Axis) -> bool:
    try:
        check_reach(0, axis)
        check_fit(0, axis)
    except GeometryError:
        return False
    return True


def read_bounds(
    rank: int,
    max_size: int,
    max_kernel: int,
    strides: int | Iterable[int],
    dilations: int | Iterable[int],
    pads: int | Iterable[int],
    groups: int | Iterable[int],
    channels: int | Iterable[int],
    modes: str | Iterable[str],
) -> Bounds:
    """Bounds from what people write: checked, each choice once, in ascending order.

    Raises
    ------
    ConvmatError
        For numbers that no geometry can have, and bounds within which there are none or
        more than can be numbered.
    ConvmatTypeError
        For what is no integer, and modes that are no names.

    Examples
    --------
    >>> print(read_bounds(1, 4, 3, [2, 1], 1, (0, 1), 1, 1, "zeros"))
    every 1-D geometry: sizes 1-4; kernels 1-3; strides 1-2; dilations 1; pads 0-1
    before and after
    """
    axes = _at_least("rank", rank, 1)
    if axes > MOST_AXES:
        raise ConvmatError("rank", f"must be at most {MOST_AXES}", axes)
    bounds = Bounds(
        axes,
        tuple(range(1, _at_least("max_size", max_size, 1) + 1)),
        tuple(range(1, _at_least("max_kernel", max_kernel, 1) + 1)),
        _choices("strides", strides, 1),
        _choices("dilations", dilations, 1),
        _choices("pads", pads, 0),
        _choices("groups", groups, 1),
        _choices("channels", channels, 1),
        _modes(modes),
    )
    choices = sum(len(_lines(bounds, mode)) ** axes for mode in bounds.modes)
    if choices * len(bounds.groups) * len(bounds.channels) ** 2 > sys.maxsize:
        rule = f"must leave at most {sys.maxsize:,} geometries"
        raise ConvmatError("rank", rule, axes, "set closer bounds")
    return bounds


def _at_least(name: str, value: object, least: int) -> int:
    number = integer(name, value, value)
    if number < least:
        raise ConvmatError(name, f"must be at least {least}", number)
    return number


def _choices(name: str, value: object, least: int) -> Shape:
    """The integers of a list, or a lone one."""
    each = listed(value)
    entries = (value,) if each is None else each
    numbers = {integer(name, entry, value) for entry in entries}
    if not numbers or min(numbers) < least:
        rule = f"must be one or more integers of at least {least}"
        raise ConvmatError(name, rule, value)
    return tuple(sorted(numbers))


def _modes(value: object) -> tuple[str, ...]:
    each = (value,) if isinstance(value, str) else listed(value)
    if not each:
        rule = "must be one or more names of padding modes"
        raise ConvmatTypeError("modes", rule, value)
    for mode in each:
        check_mode(mode)
    return tuple(mode for mode in PADDING_MODES if mode in each)


def _told(numbers: Shape) -> str:
    """`1-3` for a run, else `1,3`."""
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 1 and numbers == tuple(range(first, last + 1)):
        return f"{first}-{last}"
    return ",".join(map(str, numbers))
