"""The runs of chapter 13: their networks, their settings, and that they learn."""

import numpy as np
import pytest

from convmat.experiments.chapter13 import BOOK, RUNS, learner_of, network, run
from convmat.nn import BatchNorm, Conv, Flatten, Parts, ReLU, load_mnist10k
from convmat.optim import Constant, OneCycle

SIZES = {"A": 6722, "B": 30282, "C": 30282, "D": 30282, "E": 30542, "F": 30542}


@pytest.mark.parametrize("name", RUNS)
def test_networks_have_the_parameters_of_the_book(name):
    model = network(RUNS[name])
    assert sum(a.size for a in model.parameters.values()) == SIZES[name]
    assert {a.dtype for a in model.parameters.values()} == {np.dtype(np.float32)}
    scores = model.forward(np.zeros((2, 1, 28, 28), np.float32))
    assert scores.shape == (2, 2 if name == "A" else 10)


def test_layers_come_in_the_order_of_the_book():
    plain = [type(layer) for layer in network(RUNS["D"]).layers]
    assert plain == [Conv, ReLU] * 4 + [Conv, Flatten]
    normed = [type(layer) for layer in network(RUNS["E"]).layers]
    assert normed == [Conv, ReLU, BatchNorm] * 4 + [Conv, BatchNorm, Flatten]
    # Counted from the end as the chapter does, among layers with parameters.
    assert [k for k in normed if k in (Conv, BatchNorm)][-4:-2] == [Conv, BatchNorm]


def test_each_epoch_of_the_book_has_its_numbers():
    assert {name: len(rows) for name, rows in BOOK.items()} == {
        name: setting.epochs for name, setting in RUNS.items()
    }


def test_the_learner_is_fastais():
    trained = learner_of("F")
    rule = trained.rule
    assert (rule.betas, rule.eps) == ((0.9, 0.99), 1e-5)
    assert (rule.weight_decay, rule.decoupled) == (0.01, True)
    assert trained.loader.drop_last
    assert "0.weight" not in trained.undecayed
    assert {"0.bias", "2.weight", "2.bias"} <= trained.undecayed
    x, _ = next(trained.loader.epoch(0))
    # The first batch gave mean and spread; 512 * 784 float32 numbers, summed in pairs.
    assert abs(x.mean(dtype=float)) < 1e-5
    assert abs(x.std(dtype=float) - 1) < 1e-5


@pytest.mark.parametrize(
    ("name", "plan"), [("C", Constant(0.06)), ("D", OneCycle(0.06))]
)
def test_rates_are_those_of_the_book(name, plan):
    train, test = load_mnist10k()
    some = Parts(train.take(range(1100)), test.take(range(64)))
    recorder = run(name, some, progress=False)
    assert len(recorder.steps) == 2  # of 512 digits, the rest is dropped
    assert recorder.lrs == [plan.rates(done / 2).lr or 0.06 for done in range(2)]
    momenta = [plan.rates(done / 2).momentum or 0.9 for done in range(2)]
    assert recorder.momenta == momenta


def test_a_tells_threes_from_sevens():
    recorder = run("A", progress=False)
    assert len(recorder.accuracies) == 2
    assert recorder.accuracies[-1] > 0.9
    assert recorder == run("A", progress=False)


def test_another_name_is_refused():
    with pytest.raises(ValueError, match=r"name must be one of A, B, C, D, E, F, got"):
        learner_of("G")
