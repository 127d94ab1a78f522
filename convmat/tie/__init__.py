"""Which tap sits at which row and column of the matrix.

`ties` says it entry by entry (`TieMap`); `pattern` writes it straight into CSR arrays,
by the few `steps` of a geometry. They find the same pattern in two independent ways.
"""

from convmat.tie.pattern import Pattern, index_dtype, pattern_of
from convmat.tie.ties import TieMap, tie_map

__all__ = ["Pattern", "TieMap", "index_dtype", "pattern_of", "tie_map"]
