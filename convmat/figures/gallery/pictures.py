"""Kernels, images and feature maps as pictures."""

from __future__ import annotations

from math import prod

import numpy as np

from convmat import figures
from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.figures.gallery.kinds import Drawn, Entry
from convmat.figures.gallery.options import GEOMETRY, VALUES, changed
from convmat.figures.gallery.reader import Reader

__all__ = ["ENTRIES"]

_KERNEL = tuple(option for option in GEOMETRY if option.name == "kernel")


def _grid(read: Reader) -> Drawn:
    kernels = _kernels(read)
    return figures.kernel_grid(list(kernels.values()), list(kernels), theme=read.theme)


def _kernels(read: Reader) -> dict[str, Array]:
    """Those that are written out, with their numbers; by default the chapter's four."""
    from convmat.experiments import EDGES

    if not read["values"]:
        return {f"{name} edge": np.array(kernel) for name, kernel in EDGES.items()}
    shape = read.shape("kernel")
    given = read.written("values")
    count, rest = divmod(len(given), prod(shape))
    if rest or len(shape) != 2:
        rule = f"must give {prod(shape)} numbers for each kernel of shape {shape}"
        raise ConvmatError(read.named("values"), rule, read["values"])
    arrays = given.reshape(count, *shape)
    return {f"kernel {number}": array for number, array in enumerate(arrays)}


ENTRIES = (
    Entry(
        "kernel_grid",
        "Kernels as pictures, on one range of values.",
        "pictures",
        (*changed(_KERNEL, kernel="3x3"), VALUES),
        _grid,
    ),
)
"""In the order of a page."""
