"""Everything about a convolution but its values: sizes, windows, counts.

`axis` holds the one formula on one axis, `value` the frozen `Geometry` that combines
the axes (`checks` says what its fields must be, `wording` puts it in words),
`shorthand` the function `geometry` that reads what people write, `transposed` the same
for a transposed convolution, `layout` the reading of batch and channel axes. `dialects`
lists what others mean by "same" padding, by the rules of `same_rules`; `same` compares
two of them, `dialect_table` all.
"""

from convmat.geometry.axis import PADDING_MODES, Axis
from convmat.geometry.dialect_table import DialectRow, DialectTable, same_dialects
from convmat.geometry.dialects import DIALECTS, Dialect, dialect
from convmat.geometry.layout import Layout, read_beside
from convmat.geometry.same import DialectDifference, same_difference, same_pads
from convmat.geometry.shorthand import IntOrInts, geometry
from convmat.geometry.transposed import transposed_geometry
from convmat.geometry.value import Geometry, require_geometry

__all__ = [
    "DIALECTS",
    "PADDING_MODES",
    "Axis",
    "Dialect",
    "DialectDifference",
    "DialectRow",
    "DialectTable",
    "Geometry",
    "IntOrInts",
    "Layout",
    "dialect",
    "geometry",
    "read_beside",
    "require_geometry",
    "same_dialects",
    "same_difference",
    "same_pads",
    "transposed_geometry",
]
