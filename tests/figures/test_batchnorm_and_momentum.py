"""Histograms are of the data, marks at the layer's numbers, paths at their steps."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from convmat import ConvmatError, ConvmatTypeError, ShapeError
from convmat.experiments import Descents, descend_valley, normed
from convmat.figures import batchnorm, momentum
from convmat.nn import BatchNorm, functional

RNG = np.random.default_rng(2)
X = RNG.normal([[[3.0], [-1.0]]], [[[2.0], [0.5]]], (64, 2, 5))


@pytest.fixture(scope="module")
def layer():
    """A batch norm of two channels that remembers ten other batches."""
    layer = BatchNorm(2)
    layer.parameters["weight"][:] = 1.5, -2.0
    layer.parameters["bias"][:] = 0.5, 1.0
    for _ in range(10):
        layer.forward(RNG.normal(2.0, 1.0, (16, 2, 3)))
    return layer


def drawn(layer, **settings):
    seen = normed(layer, X)
    others = {"normalised": seen.normalised, "evaluated": seen.evaluated}
    return batchnorm(seen.before, seen.after, layer, **others | settings)


# ----------------------------------------------------------------------- batchnorm


@pytest.mark.parametrize("channel", [0, 1])
def test_each_histogram_counts_the_numbers_of_its_channel(artists, layer, channel):
    seen, known = normed(layer, X), artists(drawn(layer, channel=channel))
    for key in ("before", "normalised", "after", "evaluated"):
        counts, edges, _ = known[f"hist[{key}]"].get_data()
        numbers = getattr(seen, key)[:, channel]
        assert counts.sum() == numbers.size
        assert counts.tolist() == np.histogram(numbers, edges)[0].tolist()


@pytest.mark.parametrize("channel", [0, 1])
def test_marks_lie_at_the_statistics_of_training_and_of_eval(artists, layer, channel):
    known = artists(drawn(layer, channel=channel))
    gamma, beta = (layer.parameters[name] for name in ("weight", "bias"))
    _, mean, var = functional.batch_norm(X, gamma, beta, layer.eps)

    def mark(name, suffix):
        low, high = known[f"{name}{suffix[1]}"].get_xdata()
        return known[f"{name}{suffix[0]}"].get_xdata()[0], (low + high) / 2, high - low

    center, middle, wide = mark("", ("mean[before]", "std[before]"))
    near = 1e-12  # of sums of 320 numbers below 10
    assert abs(center - mean[channel]) < near
    assert abs(middle - mean[channel]) < near
    assert abs(wide - 2 * var[channel] ** 0.5) < near
    center, middle, wide = mark("running.", ("mean", "std"))
    assert center == layer.buffers["running_mean"][channel]
    assert abs(middle - center) < near
    assert abs(wide - 2 * layer.buffers["running_var"][channel] ** 0.5) < near


def test_gamma_and_beta_are_the_spread_and_the_middle_after_training(artists, layer):
    for channel in (0, 1):
        known = artists(drawn(layer, channel=channel))
        assert known["told[normalised]"].get_text() == "mean 0, std 1"
        gamma = abs(layer.parameters["weight"][channel])
        beta = layer.parameters["bias"][channel]
        assert known["told[after]"].get_text() == f"mean {beta:g}, std {gamma:g}"
    note = drawn(layer, channel=1).convmat["alt"]
    assert "gamma is -2, beta 1." in note


def test_two_arrays_are_enough_and_the_rest_is_left_out(artists, layer):
    seen = normed(layer, X)
    figure = batchnorm(seen.before, seen.after)
    known = artists(figure)
    assert figure.convmat["params"]["panels"] == ["before", "after"]
    assert "running.mean" not in known
    assert "hist[normalised]" not in known
    assert "remembers" not in figure.convmat["alt"]


def test_all_but_the_first_panel_have_one_range(artists, layer):
    known = artists(drawn(layer))
    ends = {
        tuple(known[f"hist[{key}]"].get_data().edges[[0, -1]])
        for key in ("normalised", "after", "evaluated")
    }
    assert len(ends) == 1


def test_exact_numbers_and_constants_have_histograms(artists):
    constant = np.full((3, 1), Fraction(1, 2))
    known = artists(batchnorm(constant, 0 * constant))
    assert known["hist[before]"].get_data().values.sum() == 3
    assert known["told[before]"].get_text() == "mean 0.5, std 0"


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"before": [1, 2]}, ShapeError, r"before\.shape must be \(batch, channels"),
        ({"before": np.ones((0, 2, 5))}, ShapeError, "without an axis of 0"),
        ({"after": X[:3]}, ShapeError, r"after\.shape must be \(64, 2, 5\), as before"),
        ({"evaluated": X[..., :1]}, ShapeError, r"evaluated\.shape must be"),
        (
            {"normalised": np.full(X.shape, np.inf)},
            ShapeError,
            "normalised must be finite",
        ),
        ({"channel": 2}, ConvmatError, "channel must be from 0 to 1"),
        ({"channel": -1}, ConvmatError, "channel must be from 0 to 1"),
        ({"channel": 0.0}, ConvmatTypeError, "channel must be an integer"),
        ({"layer": BatchNorm(3)}, ShapeError, "layer must have 2 channels"),
        ({"layer": 3}, ConvmatTypeError, "layer must be a BatchNorm"),
    ],
    ids=[
        "flat",
        "empty",
        "fewer",
        "narrower",
        "infinite",
        "above",
        "below",
        "a float",
        "another layer",
        "no layer",
    ],
)
def test_arrays_that_do_not_fit_are_refused(settings, error, match):
    with pytest.raises(error, match=match):
        batchnorm(**{"before": X, "after": X} | settings)


# ------------------------------------------------------------------------ momentum

DESCENTS = descend_valley((0, 0.5, 0.9), steps=25)


def test_paths_and_distances_are_those_of_the_descents(artists):
    known = artists(momentum(DESCENTS))
    for factor, path in DESCENTS.paths.items():
        x, y = known[f"path[{factor:g}]"].get_data()
        assert np.array_equal(np.stack([x, y], axis=1), path)
        steps, distances = known[f"curve[momentum {factor:g}]"].get_data()
        assert steps.tolist() == list(range(26))
        assert distances.tolist() == DESCENTS.distances[factor].tolist()
        (x,), (y,) = known[f"start[{factor:g}]"].get_data()
        assert (x, y) == (-10, 1.5)
        (x,), (y,) = known[f"goal[{factor:g}]"].get_data()
        assert (x, y) == (0, 0)
        assert known[f"head[{factor:g}]"].get_text() == f"momentum {factor:g}"
    assert known["distance"].get_yscale() == "log"


def test_the_loss_is_equal_along_each_level_and_the_start_lies_on_the_first(artists):
    known = artists(momentum(DESCENTS))
    a, b = DESCENTS.curvatures
    first = (a * 10**2 + b * 1.5**2) / 2
    for place, part in enumerate((1.0, 0.5, 0.2, 0.05, 0.005)):
        level = known[f"level[0.9,{place}]"]
        x, y = level.width / 2, level.height / 2
        assert a * x**2 / 2 == pytest.approx(part * first, rel=1e-12)
        assert b * y**2 / 2 == pytest.approx(part * first, rel=1e-12)
        assert tuple(level.center) == (0, 0)


def test_curves_of_distance_have_the_colors_of_their_paths(artists):
    known = artists(momentum(DESCENTS))
    names = ("0", "0.5", "0.9")
    paths = [known[f"path[{name}]"].get_color() for name in names]
    curves = [known[f"curve[momentum {name}]"] for name in names]
    assert paths == [curve.get_color() for curve in curves]
    assert len({curve.get_linestyle() for curve in curves}) == 3
    assert known["name[momentum 0.9]"].get_text() == "momentum 0.9"


def test_valleys_have_one_scale_and_show_every_point(artists):
    known = artists(momentum(DESCENTS))
    axes = [known[f"valley[{name}]"] for name in ("0", "0.5", "0.9")]
    assert len({(*ax.get_xlim(), *ax.get_ylim()) for ax in axes}) == 1
    low, high = axes[0].get_xlim()
    points = np.concatenate(list(DESCENTS.paths.values()))
    assert low < points[:, 0].min()
    assert points[:, 0].max() < high
    low, high = axes[0].get_ylim()
    assert low < points[:, 1].min()
    assert points[:, 1].max() < high


def test_a_distance_of_0_is_a_gap(artists):
    there = descend_valley((0,), curvatures=(1, 1), start=(4, 0), lr=1, steps=3)
    known = artists(momentum(there))
    y = known["curve[momentum 0]"].get_ydata()
    assert y[0] == 4
    assert np.isnan(y[1:]).all()
    assert known["name[momentum 0]"].xy == (0.0, 4.0)
    assert "from 4 to 0." in momentum(there).convmat["alt"]


def test_what_are_no_descents_is_refused():
    with pytest.raises(ConvmatTypeError, match=r"must be Descents.*descend_valley"):
        momentum({0: [[1, 2]]})
    for factors in ((), range(6)):
        many = replace(DESCENTS, paths={n: np.ones((2, 2)) for n in factors})
        with pytest.raises(ShapeError, match="descents must hold from 1 to 5 paths"):
            momentum(many)
    for path in ([[1, 2, 3]], [[np.inf, 1]], [[0, 0]], [1, 2], np.ones((0, 2))):
        wrong = Descents((1, 2), 0.1, {0.5: np.array(path)})
        with pytest.raises(ShapeError, match=r"paths\[0\.5\] must be \(steps \+ 1, 2"):
            momentum(wrong)
