"""Plans: the published numbers, the defining formulas, and what is refused."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat.optim import Constant, FlatCosine, LinearOneCycle, OneCycle, Rates

PARTS = st.floats(0.01, 0.99)
POSITIONS = st.floats(0, 1)
SLACK = 16 * 2.0**-53  # a dozen operations, each rounded, on numbers of this size


def fastai_cosines(share, start, middle, end, position):
    # sched_cos and combined_cos as fastbook.md gives them, by themselves.
    def cos(s, e, p):
        return s + (1 + math.cos(math.pi * (1 - p))) * (e - s) / 2

    if position >= share:
        return cos(middle, end, (position - share) / (1 - share))
    return cos(start, middle, position / share)


def test_the_one_cycle_of_chapter_13_has_its_numbers():
    rates = [OneCycle(0.06).rates(batch / 117) for batch in range(117)]
    lrs, momenta = zip(*rates, strict=True)
    assert lrs[0] == 0.06 / 25 == 0.0024
    assert lrs.index(max(lrs)) == 29
    assert round(max(lrs), 7) == 0.0599896
    assert float(f"{lrs[-1]:.2e}") == 1.98e-5  # and not 6e-7
    assert momenta[0] == 0.95
    assert round(min(momenta), 6) == 0.850018
    assert round(momenta[-1], 6) == 0.949968


@given(PARTS, POSITIONS)
@example(0.25, 0.25)
@example(0.25, 1.0)
def test_one_cycle_is_fastais_formula(share, position):
    plan = OneCycle(0.5, pct_start=share)
    lr, momentum = plan.rates(position)
    expected = fastai_cosines(share, 0.5 / 25, 0.5, 0.5 / 1e5, position)
    # A position near a corner is divided by a share of at least 0.01, and the cosine is
    # pi-Lipschitz.
    assert abs(lr - expected) <= 400 * SLACK
    expected = fastai_cosines(share, 0.95, 0.85, 0.95, position)
    assert abs(momentum - expected) <= 400 * SLACK


@given(PARTS, POSITIONS)
def test_flat_cosine_is_fastais_formula(share, position):
    lr, momentum = FlatCosine(0.5, pct_start=share).rates(position)
    expected = fastai_cosines(share, 0.5, 0.5, 0.5 / 1e5, position)
    assert abs(lr - expected) <= 400 * SLACK
    assert momentum is None


def test_the_linear_cycle_goes_up_down_and_far_below():
    plan = LinearOneCycle(1.0, div=4, div_final=1024, pct_cycle=0.5)
    found = [plan.rates(x) for x in (0, 0.125, 0.25, 0.375, 0.5, 0.75, 1)]
    lrs, momenta = zip(*found, strict=True)
    below = 1 / 1024
    assert lrs == (0.25, 0.625, 1, 0.625, 0.25, (0.25 + below) / 2, below)
    expected = (0.95, 0.9, 0.85, 0.9, 0.95, 0.95, 0.95)
    assert all(abs(m - e) < SLACK for m, e in zip(momenta, expected, strict=True))


def test_constant_rates_are_the_rules_own_by_default():
    assert Constant().rates(0.5) == Rates(None, None)
    assert Constant(0.1, 0.9).rates(1) == Rates(0.1, 0.9)


@pytest.mark.parametrize("plan", [OneCycle(1.0, momenta=None), LinearOneCycle(1.0)])
def test_plans_are_values(plan):
    plan.rates(0.5)  # what is cached makes no difference
    assert plan == type(plan)(1.0, momenta=plan.momenta)
    assert plan != type(plan)(2.0, momenta=plan.momenta)
    if isinstance(plan, OneCycle):
        assert plan.rates(0.5).momentum is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: OneCycle(0),
            ValueError,
            "lr_max must be greater than 0, got lr_max=0",
        ),
        (lambda: OneCycle("1"), TypeError, "lr_max must be a real number"),
        (lambda: OneCycle(1, div=-1), ValueError, "div must be greater than 0"),
        (
            lambda: OneCycle(1, pct_start=1),
            ValueError,
            "pct_start must be between 0 and 1, got pct_start=1",
        ),
        (
            lambda: OneCycle(1, momenta=(0.9, 0.8)),
            TypeError,
            "momenta must be a tuple of 3 numbers",
        ),
        (
            lambda: OneCycle(1, momenta=(0.9, 1, 0.8)),
            ValueError,
            r"momenta\[1\] must be in \[0, 1\)",
        ),
        (
            lambda: LinearOneCycle(1, pct_cycle=0),
            ValueError,
            "pct_cycle must be between 0 and 1",
        ),
        (lambda: FlatCosine(-1), ValueError, "lr must be greater than 0"),
        (lambda: FlatCosine(1, pct_start=2), ValueError, "pct_start must be between"),
        (lambda: Constant(0), ValueError, "lr must be greater than 0, got lr=0"),
        (lambda: Constant(1, 1), ValueError, r"momentum must be in \[0, 1\)"),
        (lambda: FlatCosine(1).rates(1.5), ValueError, r"position must be in \[0, 1\]"),
    ],
)
def test_what_is_no_plan_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
