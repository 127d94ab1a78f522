"""Layers put together and taken apart.

`compose` merges two layers, convolutions or transposed ones, with their biases. `links`
makes the two alike, `merging` finds the kernel and the geometry; `border` and
`constants` find the outputs where the merged one differs, and `result` holds it all.
`blocks` lets kernels of different groups multiply. `norm` folds a batch norm into the
convolution before it. `separable` splits a kernel into columns and rows, and `report`
says what a kernel is and does.
"""

from convmat.composition.compose import compose
from convmat.composition.norm import Folded, fold_batch_norm
from convmat.composition.report import KernelReport, kernel_report
from convmat.composition.result import Composition
from convmat.composition.separable import (
    Split,
    is_separable,
    kernel_rank,
    split_kernel,
)

__all__ = [
    "Composition",
    "Folded",
    "KernelReport",
    "Split",
    "compose",
    "fold_batch_norm",
    "is_separable",
    "kernel_rank",
    "kernel_report",
    "split_kernel",
]
