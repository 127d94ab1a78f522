"""`BOXES`: named, finite boxes of geometries, each walked from plain to asymmetric.

A proof over a box says what it covers by the box's name. A box holds every geometry of
its description that is a convolution; whoever adds a bound multiplies the count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from types import MappingProxyType
from typing import overload

from convmat.arrays import Pads, Shape
from convmat.geometry import PADDING_MODES, Geometry, geometry
from convmat.verify.bounds import Bounds, read_bounds

__all__ = ["BOXES", "Box"]


@dataclass(frozen=True, slots=True)
class Box:
    """A finite, named set of geometries, each with a number.

    Attributes
    ----------
    name, description : str
        The description says which geometries are in, in one line.
    geometries : callable or sequence
        `geometries()` walks the box anew; nothing is kept. A sequence also knows how
        many there are, and each by its number.

    Examples
    --------
    >>> box = BOXES["axis-6"]
    >>> print(box.description)
    every 1-D geometry: sizes 1-6; kernels 1-6; strides 1-3; dilations 1-2; pads 0-2
    before and after
    >>> next(iter(box)), len(box), box[-1]
    (geometry((1,), (1,)), 1278, geometry((6,), (5,), stride=3, padding=2, dilation=2))
    """

    name: str
    description: str
    geometries: Callable[[], Iterator[Geometry]] | Sequence[Geometry]

    @classmethod
    def of(
        cls,
        *,
        rank: int = 2,
        max_size: int = 6,
        max_kernel: int = 3,
        strides: int | Iterable[int] = (1, 2),
        dilations: int | Iterable[int] = (1, 2),
        pads: int | Iterable[int] = (0, 1),
        groups: int | Iterable[int] = 1,
        channels: int | Iterable[int] = 1,
        modes: str | Iterable[str] = "zeros",
        name: str | None = None,
    ) -> Box:
        """The box of every geometry within bounds; it is as large as it says.

        How many geometries there are is known at once, and any of them can be asked for
        by its number; no list is made.

        Parameters
        ----------
        rank : int
            Number of spatial axes. Each makes its choice without regard to the others.
        max_size, max_kernel : int
            Cells and taps of an axis, from 1 upwards.
        strides, dilations : int or iterable of int
        pads : int or iterable of int
            Cells of padding: each pair of them stands before and after.
        groups, channels : int or iterable of int
            Channels are those of one group: each pair of them comes in and goes out.
            A geometry with one channel in and out is written without channels.
        modes : str or iterable of str
            Padding modes.
        name : str, optional
            By default one that says the bounds.

        Returns
        -------
        Box

        Raises
        ------
        ConvmatError, ConvmatTypeError
            For bounds that no geometry can have.

        Examples
        --------
        >>> box = Box.of(rank=2, max_size=8)
        >>> len(box)
        116964
        >>> box[100_000]
        geometry((6, 2), (2, 1), stride=2, padding=((0, 1), (1, 0)), dilation=(2, 1))
        >>> print(box.name)
        2-D sizes 1-8 kernels 1-3 strides 1-2 dilations 1-2 pads 0-1
        """
        bounds = read_bounds(
            rank,
            max_size,
            max_kernel,
            strides,
            dilations,
            pads,
            groups,
            channels,
            modes,
        )
        return cls(bounds.name() if name is None else name, str(bounds), bounds)

    def __iter__(self) -> Iterator[Geometry]:
        return self.geometries() if callable(self.geometries) else iter(self.geometries)

    def __len__(self) -> int:
        if callable(self.geometries):
            return sum(1 for _ in self.geometries())
        return len(self.geometries)

    @overload
    def __getitem__(self, number: int) -> Geometry: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Geometry]: ...
    def __getitem__(self, number: int | slice) -> Geometry | Sequence[Geometry]:
        """Geometry `number`, counted from 0, or several."""
        known = self.geometries
        return (list(known()) if callable(known) else known)[number]

    def between(self, start: int, stop: int) -> Iterator[Geometry]:
        """Geometries `start` to `stop`, one after another.

        Examples
        --------
        >>> list(BOXES["axis-6"].between(1, 3))
        [geometry((2,), (1,)), geometry((3,), (1,))]
        """
        known = self.geometries
        if callable(known):
            return islice(known(), start, stop)
        numbers = range(start, min(stop, len(known)))
        if isinstance(known, Bounds):
            return known.walk(numbers)
        return (known[number] for number in numbers)


def _plane() -> Iterator[Geometry]:
    sizes, kernels = [(1, 4), (3, 3), (4, 3)], [(1, 1), (2, 1), (2, 3), (3, 2)]
    strides, dilations = [(1, 1), (1, 2), (3, 2)], [(1, 1), (2, 1)]
    pads = [((0, 0), (0, 0)), ((1, 0), (0, 2)), ((0, 2), (1, 1))]
    for pad, dilation, stride in product(pads, dilations, strides):
        for kernel, size in product(kernels, sizes):
            if _fits(size, kernel, dilation, pad):
                yield geometry(
                    size, kernel, stride=stride, padding=pad, dilation=dilation
                )


def _channels() -> Iterator[Geometry]:
    """Channels per group on both sides; one input channel a group is depthwise."""
    spaces = [
        ((4,), (2,), (1,), ((0, 0),), (1,)),
        ((3,), (2,), (2,), ((2, 1),), (1,)),
        ((5,), (2,), (1,), ((0, 1),), (2,)),
        ((2, 3), (1, 2), (1, 1), ((0, 0), (0, 0)), (1, 1)),
        ((3, 2), (2, 2), (2, 1), ((0, 1), (1, 0)), (1, 1)),
    ]
    for groups, into, out_of in product((1, 2, 3), (1, 2), (1, 2, 3)):
        for size, kernel, stride, pad, dilation in spaces:
            yield geometry(
                (into * groups, *size),
                (out_of * groups, into, *kernel),
                stride=stride,
                padding=pad,
                dilation=dilation,
                groups=groups,
            )


def _volume() -> Iterator[Geometry]:
    yield geometry((2, 2, 2), (1, 1, 1))
    yield geometry((2, 3, 4), (2, 1, 3))
    yield geometry((3, 1, 2), (2, 3, 1), padding=[(1, 0), (1, 1), (0, 2)])
    yield geometry((3, 2, 4), (2, 2, 2), stride=(2, 1, 3), dilation=(1, 1, 2))
    yield geometry((2, 2, 2, 2), (1, 1, 2, 1))
    yield geometry(
        (2, 2, 3, 2), (3, 1, 2, 2), padding=[(0, 1), 0, (1, 0), 0], stride=(1, 2, 2, 1)
    )
    yield geometry(
        (4, 2, 1, 2), (2, 2, 1, 1, 2), padding=[0, (2, 0), 0], stride=2, groups=2
    )


def _modes() -> Iterator[Geometry]:
    """The whole cross product on one axis; two groups have a channel each."""
    pads = [(b, a) for b in range(3) for a in range(3) if b != a]
    settings = product((1, 2), PADDING_MODES, (1, 2), (1, 2, 3), pads)
    for groups, mode, dilation, stride, pad in settings:
        for kernel, size in product((1, 2, 3), (1, 2, 3)):
            deep = max(pad) + (mode == "reflect") <= size
            endless = mode in ("zeros", "replicate")
            if (deep or endless) and _fits((size,), (kernel,), (dilation,), (pad,)):
                alone = groups == 1
                yield geometry(
                    (size,) if alone else (groups, size),
                    (kernel,) if alone else (groups, 1, kernel),
                    stride=stride,
                    padding=[pad],
                    dilation=dilation,
                    groups=groups,
                    padding_mode=mode,
                )


def _witnesses() -> Iterator[Geometry]:
    """Unequal in everything, so that no two axes, pads or groups can be mistaken."""
    none, late, early, wide = (0, 0), (0, 1), (1, 0), (2, 1)
    planes: list[tuple[Shape, Shape, Shape, Shape, Pads]] = [
        # input, kernel, stride, dilation, pads
        ((2, 3), (2, 3), (1, 2), (1, 1), (early, (1, 2))),
        ((3, 4), (2, 2), (2, 1), (1, 2), (wide, (0, 3))),
        ((4, 3), (3, 2), (1, 3), (1, 2), (late, wide)),
        ((3, 2), (1, 3), (2, 1), (1, 1), (none, (1, 0))),
        ((4, 2), (2, 1), (3, 2), (2, 1), ((2, 0), late)),
        ((2, 5), (2, 4), (1, 1), (1, 1), (late, (0, 2))),
    ]
    volumes: list[tuple[Shape, Shape, Shape, Shape, Pads]] = [
        ((2, 3, 2), (2, 1, 2), (1, 2, 1), (1, 1, 1), (early, none, late)),
        ((3, 2, 3), (1, 2, 2), (2, 1, 3), (1, 1, 2), (late, early, wide)),
        ((2, 2, 3), (2, 3, 2), (1, 3, 3), (1, 1, 1), (none, late, wide)),
    ]
    for mode, (size, kernel, stride, dilation, pads) in product(
        PADDING_MODES, planes + volumes
    ):
        for channels, bank, groups in _BANKS:
            yield geometry(
                (*channels, *size),
                (*bank, *kernel),
                stride=stride,
                padding=pads,
                dilation=dilation,
                groups=groups,
                padding_mode=mode,
            )


_BANKS: tuple[tuple[Shape, Shape, int], ...] = (
    ((), (), 1),
    ((2,), (4, 1), 2),
)
"""Channels of the input, channel axes of the kernel, groups."""


def _fits(
    size: Iterable[int],
    kernel: Iterable[int],
    dilation: Iterable[int],
    pads: Iterable[tuple[int, int]],
) -> bool:
    axes = zip(size, kernel, dilation, pads, strict=True)
    return all(d * (k - 1) < n + sum(pad) for n, k, d, pad in axes)


BOXES: Mapping[str, Box] = MappingProxyType(
    {
        box.name: box
        for box in (
            Box.of(
                rank=1,
                max_size=6,
                max_kernel=6,
                strides=(1, 2, 3),
                pads=(0, 1, 2),
                name="axis-6",
            ),
            Box(
                "plane",
                "2-D: sizes to 4x3, kernels to 3x2, unequal strides, pads and dilation",
                _plane,
            ),
            Box(
                "channels",
                "1-D and 2-D with 1-3 groups, 1-2 input and 1-3 output channels each",
                _channels,
            ),
            Box(
                "modes",
                "every 1-D geometry: 5 modes, size 1-3, kernel 1-3, stride 1-3, "
                "dilation 1-2, all unequal pads 0-2, groups 1-2",
                _modes,
            ),
            Box(
                "witnesses",
                "2-D and 3-D in all 5 modes: unequal strides, pads and dilation, with "
                "and without groups",
                _witnesses,
            ),
            Box("volume", "a few 3-D and 4-D geometries, one with groups", _volume),
        )
    }
)
"""The boxes by name."""
