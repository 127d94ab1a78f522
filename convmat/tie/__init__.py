"""Which tap sits at which row and column of the matrix.

`ties` says it entry by entry (`TieMap`); `pattern` writes it straight into CSR arrays,
by the few `steps` of a geometry, and `slab` does so for some of the rows. They find the
same pattern in two independent ways.
"""

from convmat.tie.index import check_columns, index_dtype, narrowest
from convmat.tie.pattern import Pattern, pattern_of
from convmat.tie.slab import Slab
from convmat.tie.ties import TieMap, tie_map

__all__ = [
    "Pattern",
    "Slab",
    "TieMap",
    "check_columns",
    "index_dtype",
    "narrowest",
    "pattern_of",
    "tie_map",
]
