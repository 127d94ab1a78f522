"""The geometry of Kleinsmith's article, which a figure shows when it is given none."""

from __future__ import annotations

from convmat.geometry import Geometry, require_geometry

__all__ = ["KLEINSMITH", "given"]

KLEINSMITH = Geometry(
    input_size=(3, 3),
    kernel_size=(2, 2),
    stride=(1, 1),
    padding=((0, 0), (0, 0)),
    dilation=(1, 1),
)
"""A 3×3 input and a 2×2 kernel, which fits in at four places."""


def given(geometry: Geometry | None) -> Geometry:
    """`geometry`, or that of the article.

    Raises
    ------
    ConvmatTypeError
        For what is no geometry, such as a shape.

    Examples
    --------
    >>> given(None)
    geometry((3, 3), (2, 2))
    """
    if geometry is None:
        return KLEINSMITH
    require_geometry(geometry)
    return geometry
