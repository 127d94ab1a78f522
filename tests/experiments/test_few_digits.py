"""Ten thousand digits and their neighbours a pixel away."""

import numpy as np

from convmat.experiments.few_digits import few_digits
from convmat.nn import Loader, mnist10k


def few(learner, batches=12):
    """The same learner on the first batches of its loader."""
    loader = learner.loader
    count = batches * loader.batch_size
    learner.loader = Loader(
        loader.inputs[:count],
        loader.targets[:count],
        loader.batch_size,
        loader.seed,
        loader.drop_last,
        loader.transforms,
    )
    return learner


def test_it_learns_within_an_epoch_and_the_same_from_the_same_seed():
    test = mnist10k().take(np.arange(9_000, 9_500))
    runs = [
        few(few_digits(test, seed=3)).fit_one_cycle(2, 0.03, progress=False)
        for _ in range(2)
    ]
    assert runs[0].losses == runs[1].losses
    assert runs[0].accuracies[-1] > 0.7  # of ten classes


def test_held_out_digits_are_not_trained_on_and_not_shifted():
    learner = few_digits()
    assert len(learner.loader.inputs) == 8_000
    assert len(learner.held_out.inputs) == 2_000
    kinds = [type(t).__name__ for t in learner.loader.transforms]
    assert kinds == ["Scale", "Shift", "Normalize"]
    held_out = [type(t).__name__ for t in learner.held_out.transforms]
    assert held_out == ["Scale", "Normalize"]
    assert learner.held_out.transforms[-1] is learner.loader.transforms[-1]


def test_all_digits_are_trained_on_where_others_are_held_out():
    test = mnist10k().take(np.arange(100))
    assert len(few_digits(test).loader.inputs) == 10_000
