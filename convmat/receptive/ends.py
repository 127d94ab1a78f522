"""`Ends`: the first and the last cell that an output sees along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from convmat.receptive.layers import Layer

__all__ = ["Ends", "ends_of"]


@dataclass(frozen=True)
class Ends:
    """The first and the last cell that an output sees along one axis.

    Attributes
    ----------
    first, last : int
        Beside the input too, were there no end of any layer.
    whole : bool
        Whether no layer's end cuts the field on the way.

    Examples
    --------
    >>> from convmat.receptive import receptive_field
    >>> (ends,) = receptive_field(["k3p1", "k3p1"], 4).ends((0,))
    >>> ends.first, ends.last, ends.whole  # two cells lie before the input
    (-2, 2, False)
    """

    first: int
    last: int
    whole: bool


def ends_of(layers: tuple[Layer, ...], axis: int, place: int) -> Ends:
    """The ends of one output, layer by layer, each rounded inwards to whole cells.

    Examples
    --------
    >>> from convmat.receptive import read_chain
    >>> ends_of(read_chain(["k3p1", "k2s2"], 8), 0, 0)
    Ends(first=-1, last=2, whole=False)
    """
    first = last = place
    whole = True
    for layer in reversed(layers):
        window = layer.windows[axis]
        first = ceil(window.first + first * window.stride)
        last = floor(window.first + last * window.stride + window.reach)
        whole &= first >= 0 and last < layer.input_size[axis]
    return Ends(first, last, whole)
