"""`WITNESSES`: geometries on which any two mutants differ, if they differ at all."""

from __future__ import annotations

from convmat.geometry import Geometry, geometry

__all__ = ["WITNESSES"]

WITNESSES: tuple[Geometry, ...] = (
    # One axis, plain; then stride, padding and dilation that leave something over.
    geometry((1, 5), (1, 1, 2)),
    geometry((1, 9), (1, 1, 3), stride=2, padding=((2, 1),)),
    geometry((1, 8), (1, 1, 2), stride=3),
    geometry((1, 9), (1, 1, 3), dilation=2, padding=((0, 1),)),
    geometry((1, 9), (1, 1, 3), stride=4, dilation=2),
    geometry((1, 1), (1, 1, 3), padding=1),
    # Everything differs between the axes.
    geometry((2, 6, 7), (3, 2, 2, 3), stride=(1, 2), padding=((0, 1), (2, 0))),
    geometry((1, 9, 8), (2, 1, 3, 2), stride=(3, 2), dilation=(2, 1)),
    geometry((3, 5, 6), (2, 3, 3, 3), padding=((1, 2), (0, 3))),
    geometry((1, 7, 7), (1, 1, 3, 3), dilation=2, padding=2),
    geometry((1, 8, 7), (1, 1, 2, 2), stride=(3, 4)),
    geometry((2, 5, 6), (2, 2, 1, 1), stride=(2, 3)),
    # Groups: blocks, depthwise with several outputs each, and strides.
    geometry((4, 5), (6, 2, 2), groups=2, stride=2),
    geometry((3, 6, 5), (6, 1, 3, 2), groups=3, dilation=(2, 1), padding=((1, 0), 1)),
    geometry((6, 4), (4, 3, 3), groups=2, padding=((1, 0),)),
    # What stands in the padding.
    geometry(
        (1, 5, 4), (1, 1, 3, 3), padding=((2, 1), (1, 2)), padding_mode="circular"
    ),
    geometry((1, 6), (1, 1, 4), padding=((3, 2),), stride=2, padding_mode="reflect"),
    geometry((1, 5, 5), (1, 1, 3, 2), padding=((2, 1), 1), padding_mode="symmetric"),
    geometry((2, 5), (1, 2, 3), padding=((1, 2),), padding_mode="replicate"),
    # Three axes.
    geometry((1, 3, 4, 5), (2, 1, 2, 1, 3), stride=(1, 2, 3), padding=(0, 1, 2)),
)
"""Plain ones first, so that the first that shows a bug shows it plainly."""
