"""One network on every rung of the ladder: what each constraint costs and buys.

Digits of 8x8 pixels stand in the middle of a frame of 10x10. The first layer of a small
network is a matrix from the frame to 24 maps of the same size, on one rung after the
other: dense, locally connected, convolution, circulant. All start from the same kernel,
see the same batches, and have the same head: the mean of each map, and a linear layer.
They are tested on held-out digits where the others stood, and on the same digits moved
by a pixel, which none of them has seen.

On the circulant rung a digit that has moved gets the scores of one that stands still.
The frame leaves room, so no ink leaves it, and the move is a turn of the torus; the
matrix commutes with turns; ReLU acts on each number by itself; and the mean of a map
does not change when the map turns. In exact arithmetic the scores are equal. In floats
they differ by the rounding of sums in another order, and the accuracies with them only
where two scores of a digit are that close. The other rungs lack one step of this: the
convolution loses at the border what the torus wraps around.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.constraints import RUNGS, ConvConstraint, Rung, rung_of
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ShapeError
from convmat.geometry import Geometry, geometry
from convmat.linear import avg_pool_matrix
from convmat.nn import (
    FixedMatrix,
    Learner,
    Linear,
    Loader,
    ReLU,
    RungLayer,
    Sequential,
    accuracy,
    load_digits,
)
from convmat.nn.counts import count
from convmat.optim import SGD, cosine

__all__ = ["Climb", "climb_ladder", "moved"]

_MAPS, _TAPS = 24, 5
_FRAME = 1  # pixels of paper around a digit
_LR, _MOMENTUM, _BATCH = 1.0, 0.9, 64


@dataclass
class Climb:
    """How the network fared on one rung.

    Attributes
    ----------
    rung : Rung
        Of the first layer, with its bias.
    losses : list of float
        Mean over the batches of each epoch.
    accuracies, moved_accuracies : list of float
        After each epoch: on held-out digits, and on the same ones moved by a pixel to
        each of the eight sides.
    distances : list of float
        How far the matrix is from the nearest convolution, over its own size
        (Frobenius norms): at the start, and after each epoch. Biases are left out. The
        convolution has zeros in its padding; so a circulant matrix is as far from it as
        its entries that wrap around are large.
    matrix : ndarray
        The trained matrix, `(rows, columns)`, without the bias.

    Examples
    --------
    >>> climbs = climb_ladder(["dense"], epochs=1, samples=64, progress=False)
    >>> climb = climbs["dense"]
    >>> climb.free_parameters, climb.matrix.shape, len(climb.losses)
    (242400, (2400, 100), 1)
    """

    rung: Rung
    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    moved_accuracies: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)
    matrix: Array = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def free_parameters(self) -> int:
        """Of the first layer, biases included."""
        return self.rung.free_parameters


def climb_ladder(
    rungs: Sequence[str] = RUNGS,
    *,
    epochs: int = 30,
    samples: int | None = None,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Climb]:
    """Train the same network on each rung, on the embedded digits.

    By gradient descent with Nesterov's momentum; the learning rate falls to 0 along a
    cosine, epoch by epoch.

    Parameters
    ----------
    rungs : sequence of str
        Names from `convmat.constraints.RUNGS`, each at most once.
    epochs : int
        Times that each network sees the digits.
    samples : int, optional
        Digits to train on, the first of them; by default all 1,437.
    seed : int
        Of the first weights and the order of the digits.
    progress : bool
        Whether to show a bar, on a terminal.

    Returns
    -------
    dict of str to Climb
        One for each rung, in their order.

    Raises
    ------
    ConvmatError
        For an unknown rung, one that comes twice, or numbers out of range.
    ConvmatTypeError
        For numbers that are no integers.

    Examples
    --------
    >>> climbs = climb_ladder(["convolution"], epochs=1, samples=64, progress=False)
    >>> climbs["convolution"].free_parameters, climbs["convolution"].distances
    (624, [0.0, 0.0])
    """
    names = _checked(rungs)
    epochs, seed = count("epochs", epochs, 0), count("seed", seed, 0)
    digits = load_digits(dtype=np.float32)
    most = len(digits.train_images)
    samples = most if samples is None else count("samples", samples, 1, most)
    x, labels = _framed(digits.train_images[:samples]), digits.train_labels[:samples]
    loader = Loader(x, labels, min(_BATCH, samples), seed)
    test, right = _framed(digits.test_images), digits.test_labels
    g = geometry(x.shape[1:], (_MAPS, 1, _TAPS, _TAPS), padding="same")
    rate = cosine(_LR, 0.0)
    climbs = {}
    # None shows the bar on a terminal only.
    hidden = None if progress else True
    with tqdm(total=epochs * len(names), unit="epoch", disable=hidden, delay=1) as bar:
        for name in names:
            bar.set_description(name.replace("_", " "))
            rung = rung_of(name, g, bias=True)
            layer, learner = _learner(rung, g, loader, seed)
            climbs[name] = climb = Climb(rung)
            climb.distances.append(_distance(layer, g))
            for epoch in range(epochs):
                learner.rule.lr = rate(epoch / epochs)
                seen = len(learner.history.losses)
                learner.fit(1, progress=False)
                climb.losses.append(float(np.mean(learner.history.losses[seen:])))
                climb.distances.append(_distance(layer, g))
                climb.accuracies.append(accuracy(learner.model.forward(test), right))
                climb.moved_accuracies.append(_moved_accuracy(learner, test, right))
                bar.set_postfix(accuracy=f"{climb.accuracies[-1]:.1%}", refresh=False)
                bar.update()
            climb.matrix = layer.matrix[:, :-1]
    return climbs


def _checked(rungs: Sequence[str]) -> list[str]:
    """The names, each known and none twice; one name alone is not a list of letters."""
    names = [rungs] if isinstance(rungs, str) else list(rungs)
    for place, name in enumerate(names):
        if name not in RUNGS or name in names[:place]:
            rule = f"must be of {', '.join(map(repr, RUNGS))}, each at most once"
            raise ConvmatError("rungs", rule, name)
    return names


def _framed(images: Array) -> Array:
    """`(batch, 1, high, wide)` with paper (0) around."""
    return np.pad(images, ((0, 0), (0, 0), (_FRAME, _FRAME), (_FRAME, _FRAME)))


def moved(images: npt.ArrayLike, down: int, right: int) -> Array:
    """`images` moved by some pixels; paper (0) comes in, and what leaves is gone.

    Parameters
    ----------
    images : array_like, `(..., high, wide)`
    down, right : int
        Pixels to move by, negative for up and left; at most the size of an image.

    Returns
    -------
    ndarray
        Of the same shape. Entry `[..., i, j]` is that of `images` at
        `[..., i - down, j - right]`, or 0 where there is none.

    Raises
    ------
    ShapeError
        For images without two axes.
    ConvmatError, ConvmatTypeError
        For a move that is no integer, or larger than an image.

    Examples
    --------
    >>> moved([[1, 2], [3, 4]], 0, 1)
    array([[0, 1],
           [0, 3]])
    """
    array = carried("images", images)
    if array.ndim < 2:
        raise ShapeError("images.shape", "must be (..., high, wide)", array.shape)
    high, wide = array.shape[-2:]
    to_rows, from_rows = _overlap(count("down", down, -high, high), high)
    to_cols, from_cols = _overlap(count("right", right, -wide, wide), wide)
    result = np.zeros_like(array)
    result[..., to_rows, to_cols] = array[..., from_rows, from_cols]
    return result


def _overlap(move: int, size: int) -> tuple[slice, slice]:
    """Where cells go, and where they come from, along one axis."""
    return (
        slice(max(move, 0), size + min(move, 0)),
        slice(max(-move, 0), size + min(-move, 0)),
    )


def _learner(
    rung: Rung, g: Geometry, loader: Loader, seed: int
) -> tuple[RungLayer, Learner]:
    """The network with its first layer on a rung; the seed draws the same weights."""
    rng = np.random.default_rng(seed)
    bound = 1 / np.sqrt(g.taps_per_row)
    drawn = rng.uniform(-bound, bound, g.free_parameters + g.out_channels)
    taps: Array = drawn.astype(np.float32)
    theta = taps
    if not rung.tied:
        # The matrix of the kernel, of which every entry is then free.
        whole = rung_of("convolution", g, bias=True)
        matrix = np.zeros(whole.shape, np.float32)
        matrix[whole.rows, whole.cols] = whole.embed(taps)
        theta = matrix[rung.rows, rung.cols]
    means = avg_pool_matrix(g.output_shape, g.output_size, dtype=np.float32)
    head = Linear(_MAPS, 10, rng=rng, dtype=np.float32)
    layer = RungLayer(rung, theta)
    model = Sequential([layer, ReLU(), FixedMatrix(means), head])
    return layer, Learner(model, loader, SGD(_LR, _MOMENTUM, nesterov=True))


def _distance(layer: RungLayer, g: Geometry) -> float:
    """Of the layer's matrix from the nearest convolution, over its own norm."""
    matrix = layer.matrix[:, :-1].astype(np.float64)
    rest = matrix - ConvConstraint(g).project(matrix)
    return float(np.linalg.norm(rest) / np.linalg.norm(matrix))


def _moved_accuracy(learner: Learner, images: Array, labels: Array) -> float:
    """The mean over the eight moves by a pixel."""
    moves = [(d, r) for d in (-1, 0, 1) for r in (-1, 0, 1) if d or r]
    scores = [
        accuracy(learner.model.forward(moved(images, *move)), labels) for move in moves
    ]
    return float(np.mean(scores))
