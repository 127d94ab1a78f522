"""The ladder on digits: what is trained, what is measured, and what must be so."""

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvmatError, ConvmatTypeError, ShapeError, geometry, tie_map
from convmat.constraints import RUNGS, rung_of
from convmat.experiments import climb_ladder, ladder, moved
from convmat.nn import ReLU, RungLayer, load_digits

SMALL = {"epochs": 3, "samples": 96, "progress": False}
G = geometry((1, 10, 10), (24, 1, 5, 5), padding=2)
MOVES = [(d, r) for d in (-1, 0, 1) for r in (-1, 0, 1) if (d, r) != (0, 0)]


@pytest.fixture(scope="module")
def climbs():
    return climb_ladder(**SMALL)


def assert_equal(one, other):
    for name in ("losses", "accuracies", "moved_accuracies", "distances"):
        assert getattr(one, name) == getattr(other, name)
    assert np.array_equal(one.matrix, other.matrix)


def test_a_rung_climbs_alike_with_the_others_and_alone(climbs):
    assert list(climbs) == list(RUNGS)
    alone = climb_ladder(["circulant", "convolution"], **SMALL)
    assert list(alone) == ["circulant", "convolution"]
    for name, climb in alone.items():
        assert_equal(climb, climbs[name])
    assert_equal(climb_ladder("convolution", **SMALL)["convolution"], climb)


def test_another_seed_is_another_start():
    starts = [
        climb_ladder("convolution", epochs=0, seed=seed, progress=False)
        for seed in (0, 0, 1)
    ]
    one, again, other = (start["convolution"].matrix for start in starts)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_parameters_are_counted_with_biases(climbs):
    inside = sum(0 <= o + t - 2 < 10 for o in range(10) for t in range(5)) ** 2
    assert {name: climb.free_parameters for name, climb in climbs.items()} == {
        "dense": 2400 * 101,
        "locally_connected": 24 * inside + 2400,
        "convolution": 24 * 25 + 24,
        "circulant": 24 * 25 + 24,
    }


def test_there_is_one_number_for_each_epoch(climbs):
    for climb in climbs.values():
        assert len(climb.losses) == len(climb.accuracies) == 3
        assert len(climb.moved_accuracies) == 3
        assert len(climb.distances) == 4
        assert climb.matrix.shape == (2400, 100)
        assert all(np.isfinite(climb.losses))
        for shares in (climb.accuracies, climb.moved_accuracies):
            assert all(0 <= share <= 1 for share in shares)


def test_without_an_epoch_all_start_as_one_kernel():
    starts = climb_ladder(epochs=0, progress=False)
    kernel = starts["convolution"].matrix
    assert np.array_equal(starts["dense"].matrix, kernel)
    assert np.array_equal(starts["locally_connected"].matrix, kernel)
    inside = kernel != 0
    assert np.array_equal(starts["circulant"].matrix[inside], kernel[inside])
    assert inside.sum() == G.nnz
    assert starts["dense"].losses == starts["dense"].accuracies == []
    assert starts["dense"].distances == [0]


def nearest(matrix):
    """The nearest convolution: zeros outside the pattern, and the mean of each tie."""
    ties, sums = tie_map(G), np.zeros(600)
    np.add.at(sums, ties.taps, matrix[ties.rows, ties.cols].astype(float))
    near = np.zeros(matrix.shape)
    means = sums / ties.multiplicity.ravel()
    near[ties.rows, ties.cols] = means[ties.taps]
    return near


def test_distances_are_from_the_mean_over_each_tie(climbs):
    for climb in climbs.values():
        matrix = climb.matrix.astype(float)
        expected = np.linalg.norm(matrix - nearest(matrix)) / np.linalg.norm(matrix)
        slack = matrix.size * np.finfo(float).eps  # sums of so many squares
        assert abs(climb.distances[-1] - expected) <= slack * expected


def test_the_convolution_stays_one_and_what_is_free_leaves_it(climbs):
    assert climbs["convolution"].distances == [0, 0, 0, 0]
    for name in ("dense", "locally_connected"):
        distances = climbs[name].distances
        assert distances[0] == 0
        assert distances == sorted(set(distances))


def test_what_a_rung_forbids_does_not_happen(climbs):
    pattern = np.zeros((2400, 100), bool)
    ties = tie_map(G)
    pattern[ties.rows, ties.cols] = True
    assert climbs["dense"].matrix[~pattern].any()
    assert not climbs["locally_connected"].matrix[~pattern].any()
    for name in ("convolution", "circulant"):
        held = climbs[name].matrix
        low, high = np.full(600, np.inf), np.full(600, -np.inf)
        np.minimum.at(low, ties.taps, held[ties.rows, ties.cols])
        np.maximum.at(high, ties.taps, held[ties.rows, ties.cols])
        assert np.array_equal(low, high)
    assert not climbs["convolution"].matrix[~pattern].any()
    # What wraps around is all that keeps the circulant matrix from a convolution.
    whole = climbs["circulant"].matrix.astype(float)
    wrapped = np.linalg.norm(whole[~pattern]) / np.linalg.norm(whole)
    slack = whole.size * np.finfo(float).eps
    assert abs(climbs["circulant"].distances[-1] - wrapped) <= slack


def test_on_a_torus_a_moved_digit_is_read_as_one_that_stands_still(climbs):
    climb = climbs["circulant"]
    assert climb.moved_accuracies == climb.accuracies


@pytest.mark.parametrize("name", ["circulant", "convolution", "locally_connected"])
def test_means_of_maps_do_not_move_exactly_on_the_torus_only(name):
    # In integers, so that the order of a sum is no excuse.
    g = geometry((1, 10, 10), (2, 1, 5, 5), padding="same")
    rung = rung_of(name, g, bias=True)
    rng = np.random.default_rng(0)
    theta = rng.integers(-9, 10, rung.free_parameters).astype(object)
    layer, relu = RungLayer(rung, theta), ReLU()
    images = load_digits(dtype=np.int64).train_images[:12]
    framed = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))

    def sums(x):
        return relu.forward(layer.forward(x)).sum(axis=(2, 3))

    still = sums(framed)
    agree = [np.array_equal(sums(moved(framed, *move)), still) for move in MOVES]
    assert agree == [name == "circulant"] * 8


def test_the_frame_leaves_room_for_every_move():
    framed = ladder._framed(load_digits(dtype=np.int64).test_images)
    for down, right in MOVES:
        rolled = np.roll(framed, (down, right), axis=(2, 3))
        assert np.array_equal(moved(framed, down, right), rolled)


def test_moved_digits_are_the_mean_of_eight_moves(monkeypatch):
    seen = []

    def recorded(images, down, right):
        seen.append((down, right))
        return moved(images, down, right)

    monkeypatch.setattr(ladder, "moved", recorded)
    climb_ladder(["convolution"], epochs=1, samples=8, progress=False)
    assert sorted(seen) == sorted(MOVES)


def test_accuracies_are_of_held_out_digits(monkeypatch):
    digits, seen = load_digits(dtype=np.float32), []
    framed = np.pad(digits.test_images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    right, moves = ladder.accuracy, [(0, 0), *MOVES]

    def recorded(scores, labels):
        assert np.array_equal(labels, digits.test_labels)
        seen.append(right(scores, labels))
        return seen[-1]

    inputs, forward = [], RungLayer.forward

    def watched(self, x):
        inputs.append(x)
        return forward(self, x)

    monkeypatch.setattr(ladder, "accuracy", recorded)
    monkeypatch.setattr(RungLayer, "forward", watched)
    (climb,) = climb_ladder(["dense"], epochs=1, samples=64, progress=False).values()
    assert climb.accuracies == seen[:1]
    assert climb.moved_accuracies == [np.mean(seen[1:])]
    assert len(seen) == 9
    for x, move in zip(inputs[1:], moves, strict=True):  # the first is of training
        assert np.array_equal(x, moved(framed, *move))


def test_one_sample_is_enough_to_train_on():
    (climb,) = climb_ladder(["dense"], epochs=1, samples=1, progress=False).values()
    assert len(climb.losses) == 1
    assert climb.distances[1] > 0


def test_the_first_samples_are_taken(monkeypatch):
    loaders, right = [], ladder.Loader

    def recorded(*args):
        loaders.append(right(*args))
        return loaders[-1]

    monkeypatch.setattr(ladder, "Loader", recorded)
    climb_ladder(["convolution"], epochs=0, samples=5, progress=False)
    climb_ladder(["convolution"], epochs=0, seed=7, progress=False)
    few, every = loaders
    assert (few.seed, every.seed) == (0, 7)
    assert len(few.inputs) == few.batch_size == 5
    assert (len(every.inputs), every.batch_size) == (1437, 64)
    digits = load_digits()
    assert np.array_equal(every.inputs[:, :, 1:-1, 1:-1], digits.train_images)
    assert np.array_equal(few.targets, digits.train_labels[:5])


def test_the_learning_rate_falls_along_a_cosine(monkeypatch):
    rates, right = [], ladder.Learner.fit

    def recorded(self, epochs, *, progress):
        rates.append(self.rule.lr)
        return right(self, epochs, progress=progress)

    monkeypatch.setattr(ladder.Learner, "fit", recorded)
    climb_ladder(["convolution"], epochs=4, samples=8, progress=False)
    expected = (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    assert np.abs(np.array(rates) - expected).max() <= 4 * 2.0**-53


class Bar(ladder.tqdm):
    """One that tells what it was asked for, and whether it was closed."""

    made: ClassVar[list["Bar"]] = []

    def __init__(self, *args, **keywords):
        self.asked = keywords
        self.closed = False
        super().__init__(*args, **keywords | {"disable": True})
        Bar.made.append(self)
        self.counted = 0

    def update(self, n=1):
        self.counted += n

    def close(self):
        self.closed = True
        super().close()


@pytest.fixture
def bars(monkeypatch):
    monkeypatch.setattr(ladder, "tqdm", Bar)
    Bar.made.clear()
    return Bar.made


@pytest.mark.parametrize("progress", [False, True])
def test_the_bar_counts_the_epochs_of_all_rungs(bars, progress):
    names = ["convolution", "circulant"]
    climb_ladder(names, epochs=2, samples=8, progress=progress)
    (bar,) = bars
    assert bar.asked["total"] == bar.counted == 4
    assert bar.asked["disable"] is (None if progress else True)  # None: on a terminal
    assert bar.closed


def test_ctrl_c_goes_through_and_closes_the_bar(bars, monkeypatch):
    def interrupted(*args, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(ladder.Learner, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        climb_ladder(["convolution"], epochs=1, samples=8)
    assert bars[0].closed


@pytest.mark.parametrize(
    ("given_", "error", "message"),
    [
        ({"rungs": ["dense", "sparse"]}, ConvmatError, "rungs must be of 'dense', "),
        ({"rungs": ["dense", "dense"]}, ConvmatError, "each at most once"),
        ({"rungs": "sparse"}, ConvmatError, "got rungs='sparse'"),
        ({"epochs": -1}, ConvmatError, "epochs must be at least 0"),
        ({"epochs": 1.0}, ConvmatTypeError, "epochs must be an integer"),
        ({"samples": 0}, ConvmatError, "samples must be from 1 to 1437"),
        ({"samples": 1438}, ConvmatError, "samples must be from 1 to 1437"),
        ({"seed": -1}, ConvmatError, "seed must be at least 0"),
        ({"seed": "a"}, ConvmatTypeError, "seed must be an integer"),
    ],
)
def test_bad_input_is_named_before_training(given_, error, message, monkeypatch):
    monkeypatch.setattr(ladder, "Learner", None)
    with pytest.raises(error, match=message):
        climb_ladder(**{"epochs": 1, "progress": False} | given_)


def test_no_rungs_are_no_climbs():
    assert climb_ladder([], progress=False) == {}


# ----------------------------------------------------------------------------- moved


@given(st.data())
def test_moved_is_a_roll_of_a_larger_sheet(data):
    high, wide = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    down = data.draw(st.integers(-high, high), label="down")
    right = data.draw(st.integers(-wide, wide), label="right")
    images = np.arange(1, 1 + 2 * high * wide).reshape(2, high, wide)
    sheet = np.pad(images, ((0, 0), (high, high), (wide, wide)))
    rolled = np.roll(sheet, (down, right), axis=(1, 2))
    expected = rolled[:, high:-high, wide:-wide]
    result = moved(images, down, right)
    assert np.array_equal(result, expected)
    for i, j in np.ndindex(high, wide):
        inside = 0 <= i - down < high and 0 <= j - right < wide
        source = images[:, i - down, j - right] if inside else 0
        assert (result[:, i, j] == source).all()


def test_moved_leaves_its_argument_and_its_dtype():
    images = np.ones((2, 1, 3, 3), np.float32)
    result = moved(images, 1, 0)
    assert result.dtype == np.float32
    assert images.all()
    assert result[:, :, 0].tolist() == [[[0, 0, 0]]] * 2


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 2], 0, 1), ShapeError, r"images.shape must be \(..., high, wide\)"),
        (([[1, 2]], 2, 0), ConvmatError, "down must be from -1 to 1"),
        (([[1, 2]], 0, -3), ConvmatError, "right must be from -2 to 2"),
        (([[1, 2]], 0.5, 0), ConvmatTypeError, "down must be an integer"),
        (([["a"]], 0, 0), ConvmatTypeError, "images must hold numbers"),
    ],
)
def test_moves_that_are_none_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        moved(*arguments)
