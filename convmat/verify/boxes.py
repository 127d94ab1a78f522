"""`BOXES`: named, finite boxes of geometries, each walked from plain to asymmetric.

A proof over a box says what it covers by the box's name. A box holds every geometry of
its description that is a convolution; whoever adds a bound multiplies the count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from convmat.arrays import Pads, Shape
from convmat.geometry import PADDING_MODES, Geometry, geometry

__all__ = ["BOXES", "Box"]


@dataclass(frozen=True, slots=True)
class Box:
    """A finite, named set of geometries.

    Attributes
    ----------
    name, description : str
        The description says which geometries are in, in one line.
    geometries : callable
        `geometries()` walks the box anew; nothing is kept.

    Examples
    --------
    >>> box = BOXES["axis-6"]
    >>> print(box.description)
    every 1-D geometry: size 1-6, kernel 1-6, stride 1-3, dilation 1-2, pads 0-2
    >>> next(iter(box))
    geometry((1,), (1,))
    """

    name: str
    description: str
    geometries: Callable[[], Iterator[Geometry]]

    def __iter__(self) -> Iterator[Geometry]:
        return self.geometries()

    def __len__(self) -> int:
        return sum(1 for _ in self.geometries())


def _axis() -> Iterator[Geometry]:
    sizes, kernels = range(1, 7), range(1, 7)
    pads = [(before, after) for before in range(3) for after in range(3)]
    for dilation, stride, pad in product((1, 2), (1, 2, 3), pads):
        for kernel, size in product(kernels, sizes):
            if _fits((size,), (kernel,), (dilation,), (pad,)):
                yield geometry(
                    (size,),
                    (kernel,),
                    stride=stride,
                    padding=[pad],
                    dilation=dilation,
                )


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
            Box(
                "axis-6",
                "every 1-D geometry: size 1-6, kernel 1-6, stride 1-3, dilation 1-2, "
                "pads 0-2",
                _axis,
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
