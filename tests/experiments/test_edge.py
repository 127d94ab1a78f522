"""Learning a secret kernel: what is found, how fast, and by which ways."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    GeometryError,
    ShapeError,
    conv,
    geometry,
)
from convmat.constraints import WAYS, train_matrix
from convmat.errors import DivergedError
from convmat.experiments import EDGES, learn_kernel, pieces
from convmat.nn import load_digits
from convmat.optim import SGD

DIGITS = load_digits(dtype=np.int64).train_images[:40]
MOST = 5_000  # steps that a test may take


class Theory:
    """What descent with momentum does to a quadratic, worked out along eigenvectors.

    Nothing here is trained, nor convolved: the Hessian is made of windows, and the
    error along each of its eigenvectors obeys a recursion of two terms.
    """

    def __init__(self, images, secret, momentum):
        pixels = np.asarray(images)[:, 0] / np.abs(images).max()
        self.secret = np.asarray(secret, float)
        windows = sliding_window_view(pixels, self.secret.shape, axis=(1, 2))
        self.windows = windows.reshape(-1, self.secret.size)
        self.samples = len(pixels)
        self.hessian = self.windows.T @ self.windows / self.samples
        curvatures, self.vectors = np.linalg.eigh(self.hessian)
        self.curvatures = np.maximum(curvatures, 0)
        self.rate = self.samples / ((pixels * pixels).sum() * self.secret.size)
        self.momentum = momentum

    def factors(self, steps, before=1.0):
        """Entry `[n]` multiplies the error along each eigenvector after `n` steps."""
        past = np.full(len(self.curvatures), before)
        held = [np.ones(len(self.curvatures))]
        for _ in range(steps):
            ahead = held[-1] - self.rate * self.curvatures * held[-1]
            held.append(ahead + self.momentum * (held[-1] - past))
            past = held[-2]
        return np.array(held)

    def kernels(self, steps):
        along = self.vectors.T @ -self.secret.ravel()
        errors = self.factors(steps) * along @ self.vectors.T
        return (self.secret.ravel() + errors).reshape(-1, *self.secret.shape)

    def enough(self):
        """Steps after which every tap is within 1/4 of the secret one."""
        errors = np.abs(self.kernels(MOST) - self.secret).max(axis=(1, 2))
        assert (errors < 0.25).any(), "too flat for a test"
        return int(np.argmax(errors < 0.25))

    def rounding(self, kernels):
        """How far rounding drives the taps apart, at most.

        Each step computes a gradient, to `gamma` times the sum of the magnitudes, and
        adds numbers of the size of its taps. An error made once lives on by the factors
        of a recursion that begins with nothing, and is spread over the taps.
        """
        magnitudes = np.abs(self.windows).T @ np.abs(self.windows) / self.samples
        most = np.abs(kernels).max() + np.abs(self.secret).max()
        gradient = (magnitudes @ np.full(len(magnitudes), most)).max()
        gamma = (len(self.windows) + 2 * self.secret.size + 8) * 2.0**-53
        speed = 2 * most / (1 - self.momentum)
        made = gamma * self.rate * gradient + 8 * 2.0**-53 * (most + speed)
        living = np.abs(self.factors(len(kernels), before=0.0)).max(axis=1).sum()
        return made * living * np.sqrt(self.secret.size) / (1 - self.momentum)


@pytest.mark.parametrize("name", EDGES)
def test_every_edge_is_found_exactly_when_theory_says_so(name):
    theory = Theory(DIGITS, EDGES[name], 0.9)
    steps = theory.enough()
    assert steps < 100
    found = learn_kernel(DIGITS, EDGES[name], steps=steps, progress=False)
    assert found.exact
    assert np.array_equal(found.rounded, EDGES[name])
    assert found.rounded.dtype == found.secret.dtype == np.int64
    assert not learn_kernel(DIGITS, EDGES[name], steps=2, progress=False).exact


@st.composite
def lessons(draw):
    """A kernel, pictures that tell all its taps apart, and a momentum."""
    high, wide = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    taps = st.lists(st.integers(-9, 9), min_size=high * wide, max_size=high * wide)
    kernel = np.array(draw(taps, label="kernel")).reshape(high, wide)
    seed = draw(st.integers(0, 999), label="seed")
    shape = 2, 1, 2 * high + 1, 2 * wide + 1
    noise = np.random.default_rng(seed).integers(-3, 4, shape)
    dot = np.zeros_like(noise[:1])
    dot[0, 0, high - 1, wide - 1] = 9  # every tap reads it once
    momentum = draw(st.sampled_from([0.0, 0.5, 0.9]), label="momentum")
    return np.concatenate([noise, dot]), kernel, momentum


@settings(max_examples=40)
@given(lessons())
def test_every_integer_kernel_is_found_exactly(lesson):
    images, kernel, momentum = lesson
    steps = Theory(images, kernel, momentum).enough()
    found = learn_kernel(images, kernel, steps=steps, momentum=momentum, progress=False)
    assert found.exact
    assert np.array_equal(found.rounded, kernel)


@settings(max_examples=25)
@given(lessons(), st.sampled_from(sorted(WAYS)))
def test_every_way_takes_the_steps_that_theory_predicts(lesson, way):
    images, kernel, momentum = lesson
    found = learn_kernel(
        images, kernel, steps=40, momentum=momentum, way=way, progress=False
    )
    theory = Theory(images, kernel, momentum)
    bound = theory.rounding(found.kernels)
    assert bound < 1e-6  # a bound of 1 would hold too, and say nothing
    assert np.abs(found.kernels - theory.kernels(40)).max() <= bound


@settings(max_examples=25)
@given(lessons())
def test_the_learning_rate_is_below_the_largest_curvature(lesson):
    images, kernel, _ = lesson
    theory = Theory(images, np.ones_like(kernel), 0.0)
    first = learn_kernel(
        images, np.ones_like(kernel), steps=1, momentum=0.0, progress=False
    ).kernels[1]
    slope = (theory.hessian @ np.ones(kernel.size)).reshape(kernel.shape)
    place = np.unravel_index(np.abs(slope).argmax(), slope.shape)
    rate = first[place] / slope[place]
    # Rounding of sums over all windows, in the rate and in the curvature.
    slack = 1 + 8 * len(theory.windows) * 2.0**-53
    assert rate * theory.curvatures.max() <= slack


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize(("share", "steps"), [(0.98, 1_500), (1.02, 20_000)])
def test_descent_converges_exactly_below_twice_one_plus_momentum(
    momentum, share, steps
):
    # One tap and one picture of a single 1: the curvature is 1.
    g, x = geometry(1, 1), np.ones((1, 1, 1))
    rule = SGD(share * 2 * (1 + momentum), momentum)
    run = train_matrix(g, [0.0], x, x, rule, steps=steps, way="reparametrise")
    if share < 1:
        (last,) = deque(run, maxlen=1)
        assert abs(last.theta[0] - 1) < 1e-9
    else:
        with pytest.raises(DivergedError, match="loss must be finite"):
            deque(run, maxlen=0)


def test_losses_are_those_before_each_step():
    found = learn_kernel(DIGITS, EDGES["left"], steps=5, progress=False)
    maps = conv(DIGITS, np.array(EDGES["left"])) / 16
    for kernel, loss in zip(found.kernels, found.losses, strict=False):
        errors = conv(DIGITS / 16, kernel) - maps
        expected = (errors * errors).sum() / len(DIGITS) / 2
        # A map of 9 products, summed in another order, in two runs.
        size = 2 * (np.abs(maps).max() + 9 * np.abs(kernel).max()) ** 2 * 36
        assert abs(loss - expected) <= 2**-53 * (errors.size + 40) * size
    assert len(found.losses) == 5
    assert found.losses == sorted(found.losses, reverse=True)


def test_without_a_step_nothing_is_found():
    found = learn_kernel(DIGITS, EDGES["top"], steps=0, progress=False)
    assert found.kernels.tolist() == [[[0] * 3] * 3]
    assert found.losses == []
    assert not found.exact
    assert learn_kernel(DIGITS, [[0, 0]], steps=0, progress=False).exact


def test_taps_that_see_nothing_are_not_found_and_not_needed():
    images = np.zeros((1, 1, 4, 4), int)
    images[..., 0, 0] = 5  # only the first tap ever reads it
    found = learn_kernel(images, EDGES["top"], steps=500, progress=False)
    assert found.exact
    assert found.rounded.tolist() == [[-1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_bytes_are_pictures_too():
    wide = learn_kernel(DIGITS, [[1, -2]], steps=3, progress=False)
    narrow = learn_kernel(DIGITS.astype(np.uint8), [[1, -2]], steps=3, progress=False)
    assert np.array_equal(wide.kernels, narrow.kernels)


@pytest.mark.parametrize(
    ("given_", "error", "message"),
    [
        ({"images": DIGITS / 16}, ConvmatTypeError, "images must hold integers"),
        ({"secret": [[0.5]]}, ConvmatTypeError, "secret must hold integers"),
        ({"images": DIGITS[0]}, ShapeError, r"must be \(batch, 1, high, wide\)"),
        ({"images": DIGITS[:0]}, ShapeError, "with at least one picture"),
        ({"images": DIGITS.repeat(2, 1)}, ShapeError, r"\(batch, 1, high, wide\)"),
        ({"secret": [1, 2]}, ShapeError, "secret.shape must have two axes"),
        ({"secret": np.ones((9, 9), int)}, GeometryError, "must fit the padded"),
        ({"images": 0 * DIGITS}, ConvmatError, "images must not be all zeros"),
        ({"momentum": 1.0}, ConvmatError, "momentum must be"),
        ({"way": "median"}, ConvmatError, "way must be one of"),
        ({"steps": -1}, ConvmatError, "steps must be at least 0"),
        ({"steps": 1.5}, ConvmatTypeError, "steps must be an integer"),
        ({"secret": [[2**62, 2**62]]}, ConvmatError, "int64"),
    ],
)
def test_bad_input_is_named(given_, error, message):
    arguments = {"images": DIGITS, "secret": EDGES["top"], "steps": 1} | given_
    with pytest.raises(error, match=message):
        learn_kernel(**arguments, progress=False)


def test_the_bar_counts_steps_and_is_closed_by_ctrl_c(monkeypatch):
    from convmat.experiments import edge

    bars, right = [], edge.tqdm

    def recorded(*args, **keywords):
        bars.append(right(*args, **keywords))
        return bars[-1]

    monkeypatch.setattr(edge, "tqdm", recorded)
    learn_kernel(DIGITS, steps=3, progress=False)
    assert (bars[0].total, bars[0].disable) == (3, True)

    def interrupted(*args, **keywords):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(edge, "train_matrix", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learn_kernel(DIGITS, steps=3, progress=False)


def test_edges_are_those_of_the_chapter():
    # Chapter 13, in full: its left edge is not the difference across two pixels.
    assert EDGES == {
        "top": ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
        "left": ((-1, 1, 0), (-1, 1, 0), (-1, 1, 0)),
        "diagonal 1": ((0, -1, 1), (-1, 1, 0), (1, 0, 0)),
        "diagonal 2": ((1, -1, 0), (0, 1, -1), (0, 0, 1)),
    }


# ---------------------------------------------------------------------------- pieces


@given(st.integers(1, 4), st.integers(0, 9), st.integers(0, 9))
def test_pieces_are_the_squares_of_a_picture(side, more_high, more_wide):
    high, wide = side + more_high, side + more_wide
    picture = np.arange(high * wide).reshape(high, wide)
    found = pieces(picture, side=side)
    rows, columns = high // side, wide // side
    cut = picture[: rows * side, : columns * side]
    expected = cut.reshape(rows, side, columns, side).swapaxes(1, 2)
    assert np.array_equal(found, expected.reshape(-1, 1, side, side))


def test_few_pieces_are_taken_from_the_whole_picture():
    picture = np.arange(400).reshape(20, 20)
    every = pieces(picture, side=2)
    assert len(every) == 100
    some = pieces(picture, side=2, most=4)
    assert np.array_equal(some, every[[0, 33, 66, 99]])
    assert np.array_equal(pieces(picture, side=2, most=1), every[:1])


@pytest.mark.parametrize(
    ("given_", "error", "message"),
    [
        ({"picture": [1, 2]}, ShapeError, r"must be \(high, wide\), of 2 pixels"),
        ({"picture": [[1, 2]]}, ShapeError, "of 2 pixels at least on each side"),
        ({"side": 0}, ConvmatError, "side must be at least 1"),
        ({"most": 0}, ConvmatError, "most must be at least 1"),
        ({"most": 2.0}, ConvmatTypeError, "most must be an integer"),
    ],
)
def test_bad_pictures_are_named(given_, error, message):
    with pytest.raises(error, match=message):
        pieces(**{"picture": np.eye(4), "side": 2} | given_)
