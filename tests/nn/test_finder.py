"""The learning rate finder: its rates, its suggestions, and that it leaves nothing."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat.nn import (
    BatchNorm,
    Dropout,
    Flatten,
    Learner,
    Linear,
    Loader,
    ReLU,
    Sequential,
    load_digits,
)
from convmat.nn.finder import minimum, slide, steep, valley
from convmat.optim import SGD, Adam

DIGITS = load_digits()


def learner(rule=None):
    rng = np.random.default_rng(0)
    model = Sequential(
        [
            Flatten(),
            Linear(64, 20, rng=rng),
            ReLU(),
            BatchNorm(20),
            Dropout(0.1, rng=rng),
            Linear(20, 10, rng=rng),
        ]
    )
    loader = Loader(DIGITS.train_images[:320], DIGITS.train_labels[:320], 32)
    return Learner(model, loader, Adam(0.01) if rule is None else rule)


def snapshot(trained):
    arrays = trained.model.state() | trained.rule.state()
    drawn = trained.model.layers[4].rng.bit_generator.state
    rates = trained.rule.lr, trained.rule.momentum
    return {n: a.tobytes() for n, a in arrays.items()}, drawn, rates, trained.epochs


@pytest.mark.parametrize("trained_before", [False, True])
def test_everything_is_as_it_was(trained_before):
    trained, twin = learner(), learner()
    if trained_before:
        for one in (trained, twin):
            one.fit(1, progress=False)
    before, arrays = snapshot(trained), dict(trained.model.parameters)
    trained.lr_find(progress=False)
    assert snapshot(trained) == before
    assert all(trained.model.parameters[n] is a for n, a in arrays.items())
    assert trained.fit(1, progress=False) == twin.fit(1, progress=False)
    assert snapshot(trained) == snapshot(twin)


def test_a_model_in_eval_mode_is_not_searched():
    trained = learner()
    trained.model.eval()
    with pytest.raises(ValueError, match=r"model must be in training .*model.train"):
        trained.lr_find(progress=False)


def test_everything_is_as_it_was_after_ctrl_c_too():
    trained = learner()
    before = snapshot(trained)

    def interrupt(*_):
        raise KeyboardInterrupt

    vars(trained.model.layers[1])["backward"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        trained.lr_find(progress=False)
    assert snapshot(trained) == before


def test_rates_grow_by_a_constant_factor_and_losses_are_the_recorders():
    trained, twin = learner(), learner()
    found = trained.lr_find(1e-6, 1e-2, 25, progress=False)
    assert found.lrs == tuple(1e-6 * (1e-2 / 1e-6) ** (i / 25) for i in range(25))
    # The same steps by hand: 25 batches of epochs 0, 1 and 2.
    batches = [b for epoch in range(3) for b in twin.loader.epoch(epoch)][:25]
    for lr, (x, y) in zip(found.lrs, batches, strict=True):
        twin.rule.lr = lr
        twin.step(x, y)
    assert found.losses == tuple(twin.recorder.smooth_losses)


def test_it_ends_where_the_loss_is_four_times_its_best():
    found = learner(SGD(0.1)).lr_find(end=1e6, progress=False)
    losses = np.array(found.losses)
    best = np.minimum.accumulate(losses)
    assert len(losses) < 100
    assert losses[-1] > 4 * best[-1]
    assert (losses[:-1] <= 4 * best[:-1]).all()


def test_it_ends_before_a_loss_that_is_not_finite():
    trained = learner(SGD(0.1))
    right = trained.loss
    calls = []

    def loss(scores, y):
        calls.append(1)
        value, grad = right(scores, y)
        return (np.nan if len(calls) == 30 else value), grad

    trained.loss = loss
    found = trained.lr_find(progress=False)
    assert (len(found.losses), len(calls)) == (29, 30)
    assert np.isfinite(found.losses).all()


def test_too_few_steps_suggest_nothing():
    found = learner().lr_find(steps=6, progress=False)
    assert len(found.losses) == 6
    assert (found.slide, found.steep) == (None, None)
    assert found.minimum == found.lrs[0] / 10


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_the_valley_is_the_longest_fall_by_brute_force(losses):
    n = len(losses)
    falls = [
        places
        for size in range(1, n + 1)
        for places in combinations(range(n), size)
        if all(losses[a] > losses[b] for a, b in pairwise(places))
    ]
    longest = max(len(places) for places in falls)
    end = min(places[-1] for places in falls if len(places) == longest)
    start = 0 if longest == 1 else end - longest
    third = 0 if longest == 1 else longest / 3
    expected = max(start + int(third) + int(third / 2), 0)
    assert valley(range(n), losses) == (0 if longest == 1 else expected)


@given(st.lists(st.floats(0, 5), min_size=17, max_size=40))
def test_slide_stops_at_the_first_pair_of_like_slopes(losses):
    slopes = np.gradient(losses)
    n = len(losses)
    like = [r for r in range(15, n) if abs(slopes[r] - slopes[r - 15]) <= 0.005]
    left = max(like) - 15 if like else -1
    expected = min(left + 1, n - 1 - 15)  # one to the right of it, if it slid at all
    assert slide(range(n), losses) == expected


def test_the_other_suggestions_by_hand():
    assert minimum([1.0, 2.0, 4.0], [3, 1, 1]) == 0.2
    assert steep([1.0, 2.0, 8.0, 16.0], [9, 8, 6.5, 4]) == 8.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 10), "start must be greater than 0"),
        ((1, 1, 10), "start must be less than end=1.0"),
        ((1, 2, 5), "steps must be at least 6"),
    ],
)
def test_what_is_no_range_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        learner().lr_find(*arguments)
