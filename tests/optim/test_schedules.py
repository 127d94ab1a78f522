"""Schedules: their ends, their pieces, and the 1-cycle policy's published numbers."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat.optim import SGD, combined, constant, cosine, linear

RATES = st.floats(1e-6, 10)
PIECES = {"linear": linear, "cosine": cosine}
POSITIONS = st.floats(0, 1)
QUARTERS = [0.25, 0.75]


@pytest.mark.parametrize("piece", PIECES)
@given(RATES, RATES, POSITIONS, POSITIONS)
@example(0.2, 0.9, 0.5, 0.5)  # 0.2 + (0.9 - 0.2) is not 0.9
def test_a_piece_meets_its_ends_to_the_bit_and_stays_between(piece, start, end, a, b):
    schedule = PIECES[piece](start, end)
    assert (schedule(0), schedule(1)) == (start, end)
    # Two products, a sum and the cosine, each rounded, in both.
    slack = 8 * 2.0**-53 * max(start, end)
    low, high = sorted((start, end))
    first, second = schedule(min(a, b)), schedule(max(a, b))
    assert low - slack <= first <= high + slack
    assert (second - first) * (end - start) >= -slack * abs(end - start)


@given(RATES, RATES, POSITIONS)
def test_a_cosine_is_as_far_from_one_end_as_its_mirror_from_the_other(start, end, x):
    there, back = cosine(start, end)(x), cosine(end, start)(1 - x)
    # 1 - x, pi, its product and the cosine are rounded: at most 4 units each, and the
    # cosine is 1-Lipschitz. Then two products and a sum.
    assert abs(there - back) <= 16 * 2.0**-53 * max(start, end)


def test_a_cosine_by_hand():
    found = [cosine(3, 1)(x) for x in (0, 1 / 3, 0.5, 2 / 3, 1)]
    assert np.abs(np.array(found) - [3, 2.5, 2, 1.5, 1]).max() <= 2.0**-50


@given(
    st.fractions(0, 2, max_denominator=9),
    st.fractions(0, 2, max_denominator=9),
    st.fractions(0, 1, max_denominator=9),
)
def test_a_line_through_fractions_is_exact(start, end, position):
    found = linear(start, end)(position)
    assert found == start + (end - start) * position
    assert isinstance(found, (int, Fraction))


def test_a_constant_is_the_same_everywhere():
    assert [constant(0.1)(x) for x in (0, 0.5, 1)] == [0.1, 0.1, 0.1]


def test_pieces_follow_one_another_exactly():
    thirds = [Fraction(1, 3), Fraction(1, 6), Fraction(1, 2)]
    schedule = combined(thirds, [linear(0, 6), constant(9), linear(4, 1)])
    at = [0, Fraction(1, 6), Fraction(1, 3), Fraction(5, 12), Fraction(1, 2), 1]
    assert [schedule(x) for x in at] == [0, 3, 9, 9, 4, 1]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), POSITIONS)
def test_every_piece_is_asked_for_positions_from_0_to_1(parts, position):
    asked = []

    def piece(number):
        return lambda x: asked.append((number, x)) or float(number)

    shares = [part / sum(parts) for part in parts]
    schedule = combined(shares, [piece(i) for i in range(len(parts))])
    starts = np.cumsum([0, *parts])[:-1] / sum(parts)
    for x in (0, *starts, position, 1):
        schedule(x)
    assert all(0 <= x <= 1 for _, x in asked)
    assert asked[0] == (0, 0)
    assert asked[-1] == (len(parts) - 1, 1)


def test_the_one_cycle_policy_has_the_rates_that_fastai_records():
    # 117 batches of an epoch at 0.06, position done / 117 before each; the figures are
    # those of fit_one_cycle in fastai 2.8.12, as many digits as are given here.
    top, total = 0.06, 117
    rate = combined(QUARTERS, [cosine(top / 25, top), cosine(top, top / 1e5)])
    mass = combined(QUARTERS, [cosine(0.95, 0.85), cosine(0.85, 0.95)])
    rates, masses = ([s(n / total) for n in range(total)] for s in (rate, mass))
    assert rates[0] == top / 25
    assert (int(np.argmax(rates)), round(max(rates), 7)) == (29, 0.0599896)
    assert float(f"{rates[-1]:.3g}") == 1.98e-5
    assert (masses[0], round(min(masses), 6)) == (0.95, 0.850018)
    assert round(masses[-1], 6) == 0.949968


@pytest.mark.parametrize("position", [-0.1, 1.1, Fraction(3, 2), math.nan, math.inf])
@pytest.mark.parametrize(
    "schedule",
    [constant(1), linear(1, 2), cosine(1, 2), combined([1], [constant(1)])],
    ids=["constant", "linear", "cosine", "combined"],
)
def test_positions_outside_the_run_are_refused(schedule, position):
    with pytest.raises(ValueError, match=r"position must be (in \[0, 1\]|finite), got"):
        schedule(position)


@pytest.mark.parametrize(
    "make",
    [constant, lambda r: linear(r, 1), lambda r: cosine(1, r)],
    ids=["constant", "linear", "cosine"],
)
def test_rates_of_a_schedule_are_finite_numbers(make):
    with pytest.raises(ValueError, match=r"(rate|start|end) must be finite, got"):
        make(math.nan)
    with pytest.raises(TypeError, match=r"(rate|start|end) must be a real number, got"):
        make("0.1")


@pytest.mark.parametrize(
    ("shares", "schedules", "error", "message"),
    [
        (
            [0.5],
            [constant(1)] * 2,
            ValueError,
            "must be as many as schedules, 2",
        ),
        (
            [],
            [],
            ValueError,
            "must be as many as schedules, 0, and at least",
        ),
        (
            [0.5, 0.4],
            [constant(1)] * 2,
            ValueError,
            "shares must sum to 1, got",
        ),
        (
            [1.5, -0.5],
            [constant(1)] * 2,
            ValueError,
            r"shares\[1\] must be greater",
        ),
        (
            [1, 1e-300],
            [constant(1)] * 2,
            ValueError,
            "must each be more than rounding",
        ),
        (["1"], [constant(1)], TypeError, r"shares\[0\] must be a real number"),
        ([1], [0.1], TypeError, r"schedules\[0\] must be callable, got"),
    ],
)
def test_pieces_that_do_not_fill_the_run_are_refused(shares, schedules, error, message):
    with pytest.raises(error, match=message):
        combined(shares, schedules)


def test_ten_tenths_are_the_whole_run():
    schedule = combined([0.1] * 10, [constant(n) for n in range(10)])
    assert [schedule(x) for x in (0, 0.05, 0.95, 1)] == [0, 0, 9, 9]


def test_a_schedule_that_ends_at_zero_is_refused_by_the_rule_not_the_schedule():
    rule, schedule = SGD(0.1), linear(0.1, 0)
    with pytest.raises(ValueError, match="lr must be greater than 0, got lr=0"):
        rule.lr = schedule(1)
