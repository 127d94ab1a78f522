"""`receptive_field`: the field of a chain of layers, however these are written."""

from __future__ import annotations

from collections.abc import Iterable

from convmat.geometry import IntOrInts
from convmat.receptive.chain import Spec, read_chain
from convmat.receptive.field import ReceptiveField

__all__ = ["receptive_field"]


def receptive_field(
    layers: Spec | Iterable[Spec], input_shape: IntOrInts | None = None
) -> ReceptiveField:
    """What each output of a chain of layers sees of its input.

    Parameters
    ----------
    layers : Geometry, Layer, str, or an iterable of these
        From the input on. A transposed convolution is `Layer(geometry, True)` with its
        paired geometry. A pooling is its geometry, too. Texts are read by
        `convmat.receptive.layer_from`: `"k3s2p1"`, or `"tk4s2p1"` where transposed.
        Layers that work cell by cell (activations, norms) change nothing: leave them
        out.
    input_shape : int or tuple of int, optional
        `(*spatial)`; needed where the first layer is a text.

    Returns
    -------
    ReceptiveField

    Raises
    ------
    ShapeError
        For layers that do not follow each other.
    ConvmatError, ConvmatTypeError
        For what is no layer.

    References
    ----------
    A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural
    networks", Distill 2019.

    Examples
    --------
    >>> field = receptive_field(["k3s2p1"] * 5, (28, 28))
    >>> field.size, field.jump, field.start
    ((63, 63), (32, 32), (-31, -31))
    >>> [fields[0].size for fields in field.behind]
    [3, 7, 15, 31, 63]
    >>> receptive_field(["k3d2", "k2"], 8).visits((0,))
    array([1, 1, 1, 1, 1, 1, 0, 0])
    """
    return ReceptiveField(read_chain(layers, input_shape))
