"""Everything about a convolution but its values: sizes, windows, counts.

`axis` holds the one formula on one axis, `value` the frozen `Geometry` that combines
the axes (`checks` says what its fields must be, `wording` puts it in words),
`shorthand` the function `geometry` that reads what people write, `layout` the reading
of batch and channel axes, `doors` what the public functions do with both.
"""

from convmat.geometry.axis import PADDING_MODES, Axis
from convmat.geometry.layout import Layout, read_beside
from convmat.geometry.shorthand import IntOrInts, geometry
from convmat.geometry.value import Geometry, require_geometry

__all__ = [
    "PADDING_MODES",
    "Axis",
    "Geometry",
    "IntOrInts",
    "Layout",
    "geometry",
    "read_beside",
    "require_geometry",
]
