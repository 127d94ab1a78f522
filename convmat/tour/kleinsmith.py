"""Part (a): the 3x3 image and 2x2 kernel of Kleinsmith's article, as a matrix."""

from __future__ import annotations

import numpy as np

from convmat.figures.text import equation_text, matrix_text
from convmat.geometry import geometry
from convmat.matrix import conv_matrix
from convmat.sliding import conv
from convmat.tour.report import Report

__all__ = ["show"]

KERNEL = np.array([[1, 2], [3, 4]])
IMAGE = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])


def show(report: Report) -> None:
    """Print the matrix, count what is in it, and multiply."""
    report.heading("(a) A convolution is a matrix: 3x3 image, 2x2 kernel")
    g = geometry(IMAGE.shape, KERNEL.shape)
    report.block(matrix_text(g, color=report.color))
    report.line()
    matrix = conv_matrix(KERNEL, IMAGE.shape)
    dense = matrix.toarray()
    shape = "x".join(map(str, matrix.shape))
    zeros = int((dense == 0).sum())  # no tap of this kernel is 0
    free = len(np.unique(matrix.data))
    report.find(
        "a 4x9 matrix: 16 stored entries, 20 structural zeros, 4 free parameters",
        f"{shape}: {matrix.nnz} stored entries, {zeros} structural zeros, "
        f"{free} free parameters",
        passed=(matrix.shape, matrix.nnz, zeros, free) == ((4, 9), 16, 20, 4),
    )
    report.line()
    report.block(equation_text(g, KERNEL, IMAGE))
    report.line()
    by_matrix = matrix @ IMAGE.ravel()
    by_windows = conv(IMAGE, KERNEL)
    report.find(
        "W @ x is what the sliding window gives, exactly",
        f"{by_matrix.tolist()} and {by_windows.ravel().tolist()}",
        passed=bool((by_matrix == by_windows.ravel()).all()),
    )
