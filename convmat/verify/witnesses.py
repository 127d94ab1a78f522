"""`WITNESSES`: geometries that tell wrong convolutions apart, by what they show.

A symmetric geometry hides swapped axes, swapped pads and flipped kernels. These are
unequal in everything that they are about, and go where fast kernels have branches of
their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from convmat.geometry import PADDING_MODES, Geometry, geometry

__all__ = ["WITNESSES"]


def _lines() -> Iterator[tuple[str, Geometry]]:
    """One spatial axis."""

    def line(
        name: str, size: Any, kernel: Any, **settings: Any
    ) -> tuple[str, Geometry]:
        return f"1-D {name}", geometry(size, kernel, **settings)

    yield line("plain", (1, 5), (1, 1, 3))
    yield line("channels", (2, 6), (3, 2, 2))
    yield line("unequal pads", (1, 4), (2, 1, 3), padding=[(2, 1)])
    yield line("pads before only", (2, 4), (2, 2, 3), padding=[(2, 0)])
    yield line("stride that leaves a remainder", (1, 8), (1, 1, 3), stride=2)
    yield line("dilation", (2, 9), (2, 2, 3), dilation=3, padding=[(1, 0)])
    # As many outputs as without dilation, which a wrong size does not give away.
    yield line("dilation beside a long stride", (1, 9), (1, 1, 3), stride=4, dilation=2)
    yield line("groups", (4, 6), (6, 2, 3), groups=2, padding=[(1, 0)])
    yield line("groups with a stride", (4, 7), (6, 2, 2), groups=2, stride=3)
    yield line("depthwise", (3, 6), (3, 1, 2), groups=3)
    yield line("depthwise with a multiplier", (2, 6), (6, 1, 3), groups=2, stride=2)
    yield line("pointwise", (3, 5), (4, 3, 1), stride=2)
    yield line("stride beyond the kernel", (2, 11), (2, 2, 2), stride=4)
    yield line("dead taps", (2, 1), (2, 2, 3), padding=1)
    yield line("windows of padding alone", (1, 2), (2, 1, 2), padding=[(4, 3)])
    yield line("kernel longer than the input", (1, 3), (1, 1, 5), padding=[(3, 1)])
    yield line(
        "all at once",
        (4, 7),
        (4, 2, 3),
        stride=2,
        padding=[(3, 1)],
        dilation=2,
        groups=2,
    )
    for width in (7, 9, 15, 17, 31, 33):
        yield line(f"width {width}", (1, width), (2, 1, 4), padding=[(1, 2)])
    yield line("long sums", (24, 6), (2, 24, 5))


def _planes() -> Iterator[tuple[str, Geometry]]:
    """Two spatial axes."""

    def plane(
        name: str, size: Any, kernel: Any, **settings: Any
    ) -> tuple[str, Geometry]:
        return f"2-D {name}", geometry(size, kernel, **settings)

    yield plane("plain", (1, 4, 5), (1, 1, 2, 3))
    yield plane("channels", (2, 3, 5), (3, 2, 2, 3))
    yield plane("as many channels out as in", (2, 4, 3), (2, 2, 3, 2))
    yield plane("square", (2, 4, 4), (2, 2, 3, 3), padding=1)
    yield plane("unequal pads", (1, 3, 4), (2, 1, 2, 3), padding=[(1, 0), (0, 2)])
    yield plane("unequal axes of padding", (2, 4, 4), (2, 2, 3, 3), padding=(2, 1))
    yield plane("unequal strides", (1, 6, 6), (1, 1, 2, 2), stride=(2, 1))
    yield plane(
        "strides that leave a remainder", (2, 6, 7), (1, 2, 3, 2), stride=(2, 3)
    )
    yield plane("unequal dilation", (1, 6, 6), (2, 1, 2, 2), dilation=(1, 3))
    yield plane(
        "dilation, stride and pads",
        (2, 7, 6),
        (3, 2, 3, 2),
        stride=(2, 1),
        dilation=(2, 3),
        padding=[(2, 1), (0, 1)],
    )
    yield plane("groups", (4, 3, 4), (6, 2, 2, 3), groups=2, padding=(1, 0))
    yield plane("as many groups as channels in each", (4, 3, 3), (4, 2, 2, 2), groups=2)
    yield plane(
        "groups with a stride", (4, 5, 6), (6, 2, 2, 3), groups=2, stride=(2, 3)
    )
    yield plane("depthwise", (3, 4, 5), (3, 1, 3, 2), groups=3, padding=1)
    yield plane(
        "depthwise with a multiplier", (2, 5, 4), (6, 1, 2, 3), groups=2, stride=(1, 2)
    )
    yield plane(
        "depthwise with dilation", (3, 6, 5), (6, 1, 3, 2), groups=3, dilation=(2, 1)
    )
    yield plane("pointwise", (3, 3, 4), (4, 3, 1, 1))
    yield plane("pointwise, channels kept", (2, 3, 4), (2, 2, 1, 1))
    yield plane("pointwise with a stride", (3, 4, 5), (2, 3, 1, 1), stride=(3, 2))
    yield plane("stride beyond the kernel", (2, 8, 7), (2, 2, 2, 1), stride=(4, 3))
    yield plane("even kernels", (1, 5, 6), (2, 1, 4, 2), padding=[(1, 2), (0, 1)])
    yield plane("dead taps", (2, 1, 4), (2, 2, 3, 2), padding=[(1, 1), (0, 0)])
    yield plane(
        "windows of padding alone", (1, 2, 2), (1, 1, 2, 2), padding=[(3, 0), (2, 3)]
    )
    yield plane(
        "kernel larger than the input", (1, 2, 3), (1, 1, 4, 5), padding=[(1, 2), 2]
    )
    yield plane("one output", (2, 3, 2), (3, 2, 3, 2))
    yield plane("one row", (2, 1, 9), (2, 2, 1, 3), padding=[(0, 0), (0, 2)])
    yield plane("one column", (2, 9, 1), (2, 2, 3, 1), stride=(2, 1))
    for width in (7, 9, 15, 17, 31, 33):
        yield plane(f"width {width}", (2, 3, width), (3, 2, 2, 3), padding=[0, (1, 1)])
    yield plane("wide dilation", (1, 9, 12), (2, 1, 2, 3), dilation=(7, 5))
    yield plane("long sums", (16, 4, 5), (2, 16, 3, 4))
    yield plane("many channels out", (2, 3, 3), (17, 2, 2, 2))


def _volumes() -> Iterator[tuple[str, Geometry]]:
    """Three spatial axes."""
    yield "3-D plain", geometry((1, 2, 3, 4), (1, 1, 2, 1, 3))
    yield (
        "3-D unequal",
        geometry(
            (2, 4, 3, 5),
            (2, 2, 2, 1, 3),
            stride=(1, 2, 3),
            padding=[(1, 0), (0, 0), (2, 1)],
            dilation=(2, 1, 1),
        ),
    )
    yield (
        "3-D groups with a stride",
        geometry((4, 3, 4, 3), (4, 2, 2, 2, 1), groups=2, stride=(1, 2, 2)),
    )
    yield (
        "3-D depthwise",
        geometry((3, 2, 3, 2), (3, 1, 2, 2, 2), groups=3, padding=[(0, 1), (1, 0), 0]),
    )


def _modes() -> Iterator[tuple[str, Geometry]]:
    """All that stands in the padding but zeros; uneven, deep, with a stride."""
    for mode in PADDING_MODES[1:]:
        yield (
            f"1-D {mode}",
            geometry((2, 4), (2, 2, 3), padding=[(3, 1)], padding_mode=mode),
        )
        yield (
            f"1-D {mode} with a stride",
            geometry(
                (4, 5),
                (4, 2, 2),
                padding=[(2, 3)],
                stride=2,
                groups=2,
                padding_mode=mode,
            ),
        )
        yield (
            f"2-D {mode}",
            geometry(
                (1, 3, 4),
                (2, 1, 2, 3),
                padding=[(1, 2), (3, 0)],
                padding_mode=mode,
            ),
        )
        yield (
            f"2-D {mode} with stride and dilation",
            geometry(
                (2, 4, 5),
                (2, 2, 2, 2),
                padding=[(2, 1), (1, 3)],
                stride=(1, 2),
                dilation=(2, 1),
                padding_mode=mode,
            ),
        )


WITNESSES: Mapping[str, Geometry] = MappingProxyType(
    {name: g for family in (_planes, _lines, _modes, _volumes) for name, g in family()}
)
"""The witnesses by what they show, the plainest of each rank first."""
