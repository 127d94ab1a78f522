"""Activation statistics, beside the definitions on outputs that are got by hand."""

import numpy as np
import pytest

from convmat.nn import (
    ActivationStats,
    BatchNorm,
    Callback,
    Conv,
    Flatten,
    LayerStats,
    Learner,
    Linear,
    Loader,
    ReLU,
    Sequential,
    load_digits,
)
from convmat.optim import SGD

DIGITS = load_digits()
X, Y = DIGITS.train_images[:96], DIGITS.train_labels[:96]


def network():
    rng = np.random.default_rng(0)
    return Sequential(
        [
            Conv(1, 4, (3, 3), rng=rng),
            ReLU(),
            BatchNorm(4),
            Sequential([Conv(4, 3, (3, 3), rng=rng), ReLU(), Flatten()]),
            Linear(48, 10, rng=rng),
        ]
    )


def learner(*callbacks, **keywords):
    return Learner(
        network(),
        Loader(X, Y, 32),
        SGD(0.1),
        held_out=(X, Y),
        callbacks=callbacks,
        **keywords,
    )


def outputs():
    """Of every layer for every batch of one epoch, by a loop of its own."""
    trained, seen = learner(), []
    for x, y in trained.loader.epoch(0):
        own = {}
        for name, leaf in trained.model.leaves():
            x = own[name] = leaf.forward(x)
        seen.append(own)
        _, grad = trained.loss(x, y)
        trained.model.backward(grad)
        trained.rule.step(trained.model.parameters, trained.model.gradients)
    return seen


def test_all_numbers_are_their_definitions():
    stats = ActivationStats(span=(-1.0, 3.0), bins=8)
    learner(stats).fit(1, progress=False)
    assert [seen.name for seen in stats.layers] == ["0", "2", "3.0", "4"]
    assert [seen.kind for seen in stats.layers] == [
        "Conv",
        "BatchNorm",
        "Conv",
        "Linear",
    ]
    for batch, own in enumerate(outputs()):
        for seen in stats.layers:
            y = own[seen.name].ravel()
            mean = sum(y.tolist()) / len(y)
            slack = 4 * len(y) * 2.0**-53 * max(abs(y)) ** 2
            assert abs(seen.means[batch] - mean) <= slack
            variance = sum((v - mean) ** 2 for v in y.tolist()) / (len(y) - 1)
            assert abs(seen.stds[batch] ** 2 - variance) <= 4 * slack
            assert seen.near_zeros[batch] == sum(v <= 0.05 for v in y) / len(y)
            for number, found in enumerate(seen.histogram()[:, batch]):
                low, high = -1 + number / 2, -1 + (number + 1) / 2
                last = number == 7
                inside = [low <= v < high or (last and v == high) for v in y]
                assert found == sum(inside)


def test_each_layer_knows_the_span_of_its_histograms():
    stats = ActivationStats(span=(-3, 4))
    learner(stats).fit(1, progress=False)
    assert {layer.span for layer in stats.layers} == {(-3.0, 4.0)}


def test_held_out_data_are_not_looked_at_and_layers_are_unhooked():
    stats = ActivationStats()
    trained = learner(stats)
    trained.fit(2, progress=False)
    assert {len(seen.means) for seen in stats.layers} == {2 * 3}
    assert not any("forward" in vars(leaf) for _, leaf in trained.model.leaves())
    trained.lr_find(steps=6, progress=False)
    assert {len(seen.means) for seen in stats.layers} == {2 * 3}


class Measures(Callback):
    def after_batch(self, learner, loss):
        learner.validate()


def test_what_a_callback_measures_is_not_looked_at():
    plain, disturbed = ActivationStats(), ActivationStats()
    learner(plain).fit(1, progress=False)
    learner(Measures(), disturbed).fit(1, progress=False)
    assert plain.layers[0].means == disturbed.layers[0].means


def test_looking_on_changes_nothing_of_what_the_layers_compute():
    plain = learner(engine="layers").fit(2, progress=False)
    assert learner(ActivationStats()).fit(2, progress=False) == plain


def test_after_the_activation_as_many_are_near_zero_and_the_mean_is_larger():
    before, after = ActivationStats(), ActivationStats(where="after")
    learner(before).fit(1, progress=False)
    learner(after).fit(1, progress=False)
    assert [seen.name for seen in after.layers] == ["1", "2", "3.1", "4"]
    assert before[0].near_zeros == after[0].near_zeros  # negatives count too
    assert min(before[0].near_zeros) > 0.1
    assert all(a > b for a, b in zip(after[0].means, before[0].means, strict=True))


def test_all_layers_may_be_watched():
    stats = ActivationStats(include_paramless=True)
    learner(stats).fit(1, progress=False)
    assert [s.name for s in stats.layers] == ["0", "1", "2", "3.0", "3.1", "3.2", "4"]


def test_by_default_negative_numbers_and_those_beyond_ten_are_not_counted():
    stats = ActivationStats()
    y = np.array([-1.0, 0.0, 0.24, 0.25, 10.0, 10.01, np.nan, np.inf])
    seen = LayerStats("0", "Conv")
    with np.errstate(invalid="ignore"):
        seen.see(y, stats.bins, stats.span)
    assert seen.histogram()[[0, 1, 39], 0].tolist() == [2, 1, 1]
    assert seen.histogram().sum() == 4
    seen.see(np.zeros(1), 40, (0, 10))
    assert np.isnan(seen.stds[1])  # of a single number


def test_one_model_is_watched():
    stats = ActivationStats()
    learner(stats).fit(1, progress=False)
    other = Learner(
        Sequential([Flatten(), Linear(64, 10, rng=np.random.default_rng(0))]),
        Loader(X, Y, 32),
        SGD(0.1),
        callbacks=[stats],
    )
    with pytest.raises(ValueError, match="callbacks must watch one model"):
        other.fit(1, progress=False)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"where": "inside"}, ValueError, "where must be 'before' or 'after'"),
        (
            {"where": "after", "include_paramless": True},
            ValueError,
            "where must be 'before' with include_paramless",
        ),
        ({"bins": 0}, ValueError, "bins must be at least 1"),
        ({"span": (1, 1)}, ValueError, "span must go from low to high"),
        ({"span": 3}, TypeError, "span must be a pair of numbers"),
        (
            {"include_paramless": 1},
            TypeError,
            "include_paramless must be True or False",
        ),
    ],
)
def test_settings_out_of_range_are_named(keywords, error, message):
    with pytest.raises(error, match=message):
        ActivationStats(**keywords)
