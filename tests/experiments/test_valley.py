"""Descent in a valley against the closed form of its recursion."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import ConvmatError, ConvmatTypeError, ShapeError
from convmat.experiments import descend_valley

F = Fraction


def power(matrix, exponent):
    """A 2×2 matrix of fractions to a power, by squaring."""
    result = np.array([[F(1), F(0)], [F(0), F(1)]])
    while exponent:
        if exponent % 2:
            result = result @ matrix
        matrix, exponent = matrix @ matrix, exponent // 2
    return result


def closed_form(start, curvature, lr, momentum, step):
    """Of `z[t+1] = (1 + m - lr c) z[t] - m z[t-1]`: its matrix to a power.

    The velocity is 0 at first, as if the point had been there a step before.
    """
    turn = [[1 + momentum - lr * curvature, -momentum], [F(1), F(0)]]
    return (power(np.array(turn, object), step) @ np.array([start, start]))[0]


shares = st.fractions(0, F(19, 20), max_denominator=20)
positives = st.fractions(F(1, 8), 8, max_denominator=8)


@given(
    momentum=shares,
    curvatures=st.tuples(positives, positives),
    start=st.tuples(st.fractions(-9, 9, max_denominator=3), st.integers(1, 9)),
    part=st.fractions(F(1, 16), F(15, 16), max_denominator=16),
    steps=st.integers(0, 12),
)
@example(F(9, 10), (F(1), F(100)), (F(-10), 1), F(9, 20), 12)  # swings
@example(F(0), (F(3), F(1)), (F(1), 2), F(1, 2), 1)  # steeper along than across
def test_every_point_is_that_of_the_closed_form(
    momentum, curvatures, start, part, steps
):
    lr = part * 2 / max(curvatures)
    (path,) = descend_valley(
        (momentum,), curvatures=curvatures, start=start, lr=lr, steps=steps
    ).paths.values()
    assert path.shape == (steps + 1, 2)
    for step, axis in product(range(steps + 1), range(2)):
        wanted = closed_form(F(start[axis]), curvatures[axis], lr, momentum, step)
        assert path[step, axis] == wanted


def test_floats_that_round_nothing_take_the_exact_steps():
    settings = {"curvatures": (1, 64), "start": (-8, 1), "steps": 6}
    exact = descend_valley((0, F(1, 2)), lr=F(1, 64), **settings)
    floats = descend_valley((0.0, 0.5), lr=1 / 64, **settings)
    for path, near in zip(exact.paths.values(), floats.paths.values(), strict=True):
        assert near.dtype == np.float64
        assert (path == near).all()


def test_distances_and_losses_are_those_of_the_points():
    descents = descend_valley(
        (0,), curvatures=(1, 2), start=(3, 4), lr=F(1, 4), steps=1
    )
    assert descents.distances[0].tolist() == [5.0, 3.010398644698074]
    assert descents.paths[0].tolist() == [[3, 4], [F(9, 4), 2]]
    assert descents.losses[0].tolist() == [F(41, 2), F(209, 32)]


def test_the_defaults_show_what_momentum_does():
    distances = descend_valley().distances
    assert list(distances) == [0, 0.5, 0.9, 0.99]
    last = {factor: values[-1] for factor, values in distances.items()}
    assert last[0.9] < last[0.5] < last[0] < last[0.99]
    # Without momentum: 1 - 0.018 along the valley, 1 - 1.8 across it.
    path = descend_valley().paths[0]
    assert np.abs(path[1:, 0] / path[:-1, 0] - 0.982).max() < 1e-14
    assert np.abs(path[1:20, 1] / path[:19, 1] + 0.8).max() < 1e-12


@pytest.mark.parametrize("momentum", [F(0), F(1, 2), F(9, 10)])
def test_the_largest_rate_is_where_descent_stops_to_descend(momentum):
    bound = 2 * (1 + momentum)
    settings = {"curvatures": (1, 1), "start": (1, 1), "steps": 60}
    below = descend_valley((momentum,), lr=bound * F(9, 10), **settings)
    assert below.distances[momentum][-1] < below.distances[momentum][0]
    with pytest.raises(ConvmatError, match="lr must be less than"):
        descend_valley((momentum,), lr=bound, **settings)
    with pytest.raises(ConvmatError, match="lr must be less than 2 here"):
        descend_valley((0, momentum) if momentum else (0,), lr=2, **settings)


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"momenta": ()}, ShapeError, "momenta must hold at least one momentum"),
        ({"momenta": (0, 0.0)}, ShapeError, "and none twice"),
        ({"momenta": (1,)}, ConvmatError, r"momenta\[0\] must be in \[0, 1\)"),
        ({"momenta": (0, "a")}, ConvmatTypeError, r"momenta\[1\] must be a real"),
        ({"curvatures": (1, 0)}, ConvmatError, r"curvatures\[1\] must be greater"),
        ({"curvatures": 3}, ConvmatTypeError, "curvatures must be a pair"),
        ({"start": (1, 2, 3)}, ConvmatTypeError, "start must be a pair of numbers"),
        ({"start": (0, 0)}, ConvmatError, "start must not be the lowest point"),
        ({"start": (1, np.nan)}, ConvmatError, r"start\[1\] must be finite"),
        ({"lr": 0}, ConvmatError, "lr must be greater than 0"),
        ({"lr": 0.02}, ConvmatError, r"lr must be less than 0\.02 here"),
        ({"steps": 1001}, ConvmatError, "steps must be from 0 to 1000"),
        ({"steps": 2.0}, ConvmatTypeError, "steps must be an integer"),
    ],
    ids=str,
)
def test_settings_that_descend_nowhere_are_refused(settings, error, match):
    with pytest.raises(error, match=match):
        descend_valley(**settings)
