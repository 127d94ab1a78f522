"""`Facts`: what one layer does to inputs of one shape, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from convmat.arrays import Shape
from convmat.costs import Cost, costs
from convmat.geometry import Geometry
from convmat.receptive import Window, window_of

__all__ = ["NONE", "Facts", "Reads", "conv_facts"]

NONE = Cost(0, 0)
"""Nothing to multiply."""


Reads: TypeAlias = tuple[Window, ...] | Literal["cell", "all"] | None
"""What an output reads: a window on each spatial axis, the cell at its own place, all,
or nobody knows.
"""


@dataclass(frozen=True)
class Facts:
    """What one layer does to inputs of one shape, in numbers.

    Attributes
    ----------
    output_shape : tuple of int
        Without the batch axis.
    multiplications : Cost
        For one sample in eval mode, without bias. `padded` counts taps on zeros of the
        padding too, `effective` does not.
    matrix_shape : tuple of int, optional
        Rows and columns of the layer's matrix. A layer that is not linear has none.
    nnz : int, optional
        Stored entries of that matrix.
    reads : Reads
        What an output reads of the layer's input.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat.nn import Conv
    >>> layer = Conv(1, 1, (2, 2), rng=np.random.default_rng(0))
    >>> facts = layer.facts((1, 3, 3))
    >>> facts.output_shape, facts.matrix_shape, facts.nnz
    ((1, 2, 2), (4, 9), 16)
    >>> facts.multiplications
    Cost(padded=16, effective=16)
    """

    output_shape: Shape
    multiplications: Cost = NONE
    matrix_shape: tuple[int, int] | None = None
    nnz: int | None = None
    reads: Reads = "cell"


def conv_facts(g: Geometry) -> Facts:
    """The facts of a convolution."""
    return Facts(
        (g.out_channels, *g.output_size),
        costs(g).im2col,
        g.matrix_shape,
        g.nnz,
        tuple(map(window_of, g.axes)),
    )
