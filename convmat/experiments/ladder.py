"""One network on every rung of the ladder: what each constraint costs and buys.

Digits of 8x8 pixels stand in the middle of a frame of 10x10. The first layer of a small
network is a matrix from the frame to 24 maps of the same size, on one rung after the
other: dense, locally connected, convolution, circulant. All start from the same kernel,
see the same batches, and have the same head: the mean of each map, and a linear layer.
They are tested on held-out digits where the others stood, and on the same digits moved
by a pixel, which none of them has seen. On the circulant rung a moved digit gives moved
maps of the same means, so it is read as well as one that stands still, to the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.constraints import RUNGS, ConvConstraint, Rung, rung_of
from convmat.errors import ConvmatError
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
from convmat.optim import SGD

__all__ = ["Climb", "climb_ladder", "moved"]

_MAPS, _TAPS = 24, 5
_FRAME = 1  # pixels of paper around a digit
_LR, _MOMENTUM, _BATCH = 0.3, 0.9, 64


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
        (Frobenius norms): at the start, and after each epoch. Biases are left out.
    matrix : ndarray
        The trained matrix, `(rows, columns)`, without the bias.
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

    Parameters
    ----------
    rungs : sequence of str
        Names from `convmat.constraints.RUNGS`.
    epochs : int
        Times that each network sees the digits.
    samples : int, optional
        Digits to train on, by default all 1,437: with few of them, sharing pays most.
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
        For an unknown rung, or numbers out of range.

    Examples
    --------
    >>> climbs = climb_ladder(["convolution"], epochs=1, samples=64, progress=False)
    >>> climbs["convolution"].free_parameters, climbs["convolution"].distances
    (624, [0.0, 0.0])
    """
    for name in rungs:
        if name not in RUNGS:
            rule = f"must be of {', '.join(map(repr, RUNGS))}"
            raise ConvmatError("rungs", rule, name)
    count("epochs", epochs, 0)
    digits = load_digits(dtype=np.float32)
    most = len(digits.train_images)
    samples = most if samples is None else count("samples", samples, 1, most)
    x, labels = _framed(digits.train_images[:samples]), digits.train_labels[:samples]
    test, right = _framed(digits.test_images), digits.test_labels
    g = geometry(x.shape[1:], (_MAPS, 1, _TAPS, _TAPS), padding="same")
    climbs = {}
    # None shows the bar on a terminal only.
    hidden = None if progress else True
    with tqdm(total=epochs * len(rungs), unit="epoch", disable=hidden, delay=1) as bar:
        for name in rungs:
            bar.set_description(name)
            rung = rung_of(name, g, bias=True)
            loader = Loader(x, labels, min(_BATCH, samples), seed)
            learner = _learner(rung, g, loader, seed)
            climbs[name] = climb = Climb(rung)
            climb.distances.append(_distance(learner, g))
            for _ in range(epochs):
                seen = len(learner.history.losses)
                learner.fit(1, progress=False)
                climb.losses.append(float(np.mean(learner.history.losses[seen:])))
                climb.distances.append(_distance(learner, g))
                climb.accuracies.append(accuracy(learner.model.forward(test), right))
                climb.moved_accuracies.append(_moved_accuracy(learner, test, right))
                bar.update()
                bar.set_postfix(accuracy=f"{climb.accuracies[-1]:.1%}", refresh=False)
            climb.matrix = _matrix(learner)
    return climbs


def _framed(images: Array) -> Array:
    """`(batch, 1, high, wide)` with paper (0) around."""
    return np.pad(images, ((0, 0), (0, 0), (_FRAME, _FRAME), (_FRAME, _FRAME)))


def moved(images: Array, down: int, right: int) -> Array:
    """`images` `(..., high, wide)` moved by some pixels, paper (0) coming in.

    Examples
    --------
    >>> moved(np.arange(1, 5).reshape(2, 2), 0, 1)
    array([[0, 1],
           [0, 3]])
    """
    result = np.zeros_like(images)
    high, wide = images.shape[-2:]
    to_rows, from_rows = _overlap(down, high)
    to_cols, from_cols = _overlap(right, wide)
    result[..., to_rows, to_cols] = images[..., from_rows, from_cols]
    return result


def _overlap(move: int, size: int) -> tuple[slice, slice]:
    """Where cells go, and where they come from, along one axis."""
    return (
        slice(max(move, 0), size + min(move, 0)),
        slice(max(-move, 0), size + min(-move, 0)),
    )


def _learner(rung: Rung, g: Geometry, loader: Loader, seed: int) -> Learner:
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
    layers = [RungLayer(rung, theta), ReLU(), FixedMatrix(means), head]
    return Learner(Sequential(layers), loader, SGD(_LR, _MOMENTUM))


def _matrix(learner: Learner) -> Array:
    """Of the first layer, without its bias."""
    layer = learner.model.layers[0]
    assert isinstance(layer, RungLayer)
    return layer.matrix[:, :-1]


def _distance(learner: Learner, g: Geometry) -> float:
    """Of the first layer's matrix from the nearest convolution, over its own norm."""
    matrix = _matrix(learner)
    rest = matrix - ConvConstraint(g).project(matrix)
    return float(np.linalg.norm(rest) / np.linalg.norm(matrix))


def _moved_accuracy(learner: Learner, images: Array, labels: Array) -> float:
    """The mean over the eight moves by a pixel."""
    moves = [(d, r) for d in (-1, 0, 1) for r in (-1, 0, 1) if d or r]
    scores = [
        accuracy(learner.model.forward(moved(images, *move)), labels) for move in moves
    ]
    return float(np.mean(scores))
