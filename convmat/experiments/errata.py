"""What chapter 13 of fastbook has wrong or leaves out, with the right numbers.

The book's numbers are those that it prints, or that its code and its rules give. The
right ones are computed here, through the geometry, the sliding window, the matrix and
the networks of `chapter13`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from convmat.arrays import Shape
from convmat.costs import costs
from convmat.experiments.chapter13 import RUNS, network
from convmat.experiments.edge import EDGES
from convmat.geometry import Geometry, geometry
from convmat.matrix import conv_matrix
from convmat.nn import BatchNorm, Conv, Flatten, ReLU, mnist10k
from convmat.sliding import conv

__all__ = ["Erratum", "errata"]

Numbers: TypeAlias = tuple[int | None, ...]
"""One number for each thing that is counted; None where nothing is said."""

_IMAGE = (1, 28, 28)
_THREE = 12  # of mnist10k: the digit that the chapter convolves


@dataclass(frozen=True)
class Erratum:
    """One number or more that a reader should not take from the book.

    Attributes
    ----------
    name : str
        To find it by.
    kind : {"error", "unsaid"}
        Whether the book has it wrong, or only does not say it.
    claim : str
        What the numbers are.
    book : tuple of int or None
        The book's numbers; None where it has none.
    right : tuple of int
        The right ones, as many.
    where : str
        Section of the chapter, and the issue on the book's own tracker if there is one.
    why : str
        How the two come to differ.

    Examples
    --------
    >>> erratum = next(e for e in errata() if e.name == "centres")
    >>> erratum.kind, erratum.book, erratum.right
    ('error', (1, 5), (1, 4))
    """

    name: str
    kind: Literal["error", "unsaid"]
    claim: str
    book: Numbers
    right: tuple[int, ...]
    where: str
    why: str


def errata() -> tuple[Erratum, ...]:
    """All of them, in the order of the chapter.

    References
    ----------
    J. Howard, S. Gugger, *Deep Learning for Coders with fastai and PyTorch* (2020),
    chapter 13, and the issues 292, 437 and 539 of github.com/fastai/fastbook.

    S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by
    reducing internal covariate shift", ICML 2015, section 3.2, for its place.

    Examples
    --------
    >>> for erratum in errata():
    ...     if erratum.name == "multiplications":
    ...         print(erratum.book, erratum.right)
    (None, 56448, 56448, None, None) (7056, 14112, 18432, 18432, 576)
    """
    return (
        _cell(),
        _signs(),
        _centres(),
        _sums(),
        _axes(),
        _multiplications(),
        _zeros(),
        _field("A", "A", (None, 7, None, None, None)),
        _field("B", "B to F", (None,) * 5),
        _norms(),
    )


# ------------------------------------------------------------------- kernels on images


def _cell() -> Erratum:
    """Which cell the code looks at, found by where each window begins."""
    three = mnist10k().images[_THREE, 0]
    edges = conv(three, np.array(EDGES["top"]), padding=1)
    first = np.zeros((3, 3), int)
    first[0, 0] = 1  # gives each cell the number of the pixel that its window begins at
    begins = conv(np.arange(three.size).reshape(three.shape), first, padding=1)
    ((row, column),) = np.argwhere(begins == 4 * three.shape[1] + 6)
    told, found, right = edges[5, 8], edges[row, column], edges[8, 18]
    return Erratum(
        "cell",
        "error",
        "row and column of the cell that is called a top edge",
        (5, 8),
        (int(row), int(column)),
        "The Magic of Convolutions",
        f"The code takes rows 4 to 6 and columns 6 to 8. Both cells give {found}"
        f"{'' if told == found else f' and {told}'}, so the slip does not show; cell "
        f"8,18 gives {right}, as printed.",
    )


def _signs() -> Erratum:
    row = conv_matrix(EDGES["top"], (3, 3)).toarray()[0]
    return Erratum(
        "signs",
        "error",
        "factors of the pixels a1 to a9 under the top edge kernel",
        (1, 1, 1, 0, 0, 0, -1, -1, -1),
        tuple(row.tolist()),
        "The Magic of Convolutions; issues 292 and 437",
        "The kernel takes the upper row away from the lower one. So it finds small "
        "numbers above large ones, and not the reverse.",
    )


def _centres() -> Erratum:
    (size, _) = geometry((5, 5), (3, 3)).output_size
    return Erratum(
        "centres",
        "error",
        "range of the centres of 3x3 windows in a 5x5 image",
        (1, 5),
        (1, 1 + size),
        "Mapping a Convolution Kernel",
        f"There are {size} centres along an axis. The window at 4 would read row 5, "
        "which is not there.",
    )


def _sums() -> Erratum:
    names = ("top", "left", "diagonal 1", "diagonal 2")
    flat = np.ones((3, 3), int)
    return Erratum(
        "sums",
        "error",
        "answers of the four edge kernels to an image of ones",
        (0, 0, 0, 0),
        tuple(int(conv(flat, np.array(EDGES[name]))[0, 0]) for name in names),
        "Convolutions in PyTorch",
        "A kernel that finds edges should not see a flat image. The two diagonal ones "
        "add their brightness to the edge.",
    )


def _axes() -> Erratum:
    edges = np.array([EDGES[name] for name in EDGES])
    maps, into = len(edges), _IMAGE[0]
    layer = Conv(into, maps, edges.shape[1:], rng=np.random.default_rng(0))
    return Erratum(
        "axes",
        "error",
        "shape of the four edge kernels for images of one channel",
        (into, maps, *edges.shape[1:]),
        layer.parameters["weight"].shape,
        "Convolutions in PyTorch",
        "The order is out, in, rows, columns. The unit axis of unsqueeze(1) is the "
        "second one.",
    )


# ---------------------------------------------------------------------------- networks


def _layers(name: str) -> list[Geometry]:
    """The geometry of each convolution of a run's network."""
    setting = RUNS[name]
    shape: Shape = _IMAGE
    found = []
    for place, (into, out) in enumerate(pairwise(setting.channels)):
        taps = setting.first if place == 0 else 3
        kernel = (out, into, taps, taps)
        found.append(geometry(shape, kernel, stride=2, padding=taps // 2))
        shape = (out, *found[-1].output_size)
    return found


def _multiplications() -> Erratum:
    return Erratum(
        "multiplications",
        "error",
        "multiplications of the five convolutions of A, without bias",
        (None, 56_448, 56_448, None, None),
        tuple(costs(g).im2col.padded for g in _layers("A")),
        "Understanding Convolution Arithmetic; issue 539",
        "A kernel is applied once for each cell that it gives, not for each that it "
        "reads. So half the grid and twice the filters leave the work as it is only "
        "from the third layer to the fourth.",
    )


def _zeros() -> Erratum:
    layers = _layers("A")
    return Erratum(
        "zeros",
        "unsaid",
        "multiplications for one pair of channels, by layer",
        tuple(_per_pair(g, costs(g).im2col.padded) for g in layers),
        tuple(_per_pair(g, g.nnz) for g in layers),
        "Understanding Convolution Arithmetic",
        "Cells times taps count the taps on zeros of the padding, which need no "
        "multiplication. The stored entries of the matrix do not.",
    )


def _per_pair(g: Geometry, number: int) -> int:
    return number // (g.in_channels * g.out_channels)


def _field(name: str, networks: str, book: Numbers) -> Erratum:
    """Receptive fields, by the recurrence along the network."""
    rows = network(RUNS[name]).summary(_IMAGE).rows
    fields = [row.receptive_field for row in rows if row.layer == Conv.__name__]
    sizes = tuple(int(field[0]) for field in fields if field is not None)
    beside = sum(size > _IMAGE[1] for size in sizes)
    return Erratum(
        f"field {name}",
        "unsaid",
        f"receptive field behind each convolution of {networks}, in pixels",
        book,
        sizes,
        "Receptive Fields",
        f"The last {beside} are larger than the image, {_IMAGE[1]} pixels: all outputs "
        "there see the padding.",
    )


def _norms() -> Erratum:
    """How often a batch norm stands where its paper has none."""
    plain = [type(layer) for layer in network(RUNS["D"]).layers]
    paper: list[type] = []
    for kind, following in zip(plain, [*plain[1:], None], strict=True):
        paper.append(kind)
        if kind is Conv and following is ReLU:
            paper.append(BatchNorm)
    pairs = list(pairwise(paper))
    scores = paper[paper.index(Flatten) - 1 :]
    return Erratum(
        "norms",
        "unsaid",
        "batch norms of E behind a ReLU, and behind the scores",
        (4, 1),
        (pairs.count((ReLU, BatchNorm)), scores.count(BatchNorm)),
        "Batch Normalization; Further Research",
        "The paper on batch norm puts it before the activation, and none behind the "
        "last layer. The book asks to compare the two; its own order is the other one.",
    )
