"""Receptive fields of chains of layers: by a recurrence, and exactly.

`windows` says what an output of one layer reads, `recurrence` carries that through
layers as size, jump and start; `ends` rounds that for one output. `layers` carries
counts of paths along each axis, and `paths` puts the axes together. `field` holds both,
with the `extents` of all outputs; `product` finds the same counts in another way, as
the product of the layers' matrices. `usage` counts how often cells are read and written
to. `chain` reads what people write, and `door` makes a field of it.
"""

from convmat.receptive.chain import Spec, layer_from, read_chain, text_of
from convmat.receptive.door import receptive_field
from convmat.receptive.ends import Ends
from convmat.receptive.field import ReceptiveField
from convmat.receptive.layers import Layer
from convmat.receptive.product import path_matrix
from convmat.receptive.recurrence import Field
from convmat.receptive.usage import Overlap, overlap, overlap_map, usage_map
from convmat.receptive.windows import Cells, Window, transposed_window, window_of

__all__ = [
    "Cells",
    "Ends",
    "Field",
    "Layer",
    "Overlap",
    "ReceptiveField",
    "Spec",
    "Window",
    "layer_from",
    "overlap",
    "overlap_map",
    "path_matrix",
    "read_chain",
    "receptive_field",
    "text_of",
    "transposed_window",
    "usage_map",
    "window_of",
]
