"""Networks: names, loading, and what a learner does."""

import numpy as np
import pytest

from convmat.nn import (
    Learner,
    Linear,
    Loader,
    ReLU,
    Sequential,
    digits_cnn,
    load_digits,
)
from convmat.optim import SGD


def learner(**keywords):
    digits = load_digits()
    loader = Loader(digits.train_images[:128], digits.train_labels[:128], seed=0)
    return Learner(digits_cnn(), loader, SGD(0.1, 0.9), **keywords)


def test_the_same_seed_draws_the_same_weights_for_both_routes():
    one, other = digits_cnn("sliding", seed=5), digits_cnn("matrix", seed=5)
    assert one.parameters.keys() == other.parameters.keys()
    for name, array in one.parameters.items():
        assert np.array_equal(array, other.parameters[name])
    assert not np.array_equal(
        one.parameters["0.weight"], digits_cnn(seed=6).parameters["0.weight"]
    )


def test_parameters_are_the_arrays_themselves():
    model = digits_cnn()
    model.parameters["0.bias"][:] = 7
    assert model.layers[0].parameters["bias"].tolist() == [7] * 8


def test_loading_copies_and_checks():
    model, other = digits_cnn(seed=0), digits_cnn(seed=1)
    model.load(other.parameters)
    assert np.array_equal(model.parameters["2.weight"], other.parameters["2.weight"])
    model.parameters["2.weight"][:] = 0
    assert other.parameters["2.weight"].any()
    with pytest.raises(ValueError, match=r"parameters must have the names 0\.weight"):
        model.load({"0.weight": np.zeros(3)})
    wrong = {**other.parameters, "0.bias": np.zeros(9)}
    with pytest.raises(
        ValueError, match=r"parameters\['0.bias'\].shape must be \(8,\)"
    ):
        model.load(wrong)


def test_an_unknown_route_is_named():
    with pytest.raises(ValueError, match="route must be one of 'fast', 'matrix', 'sl"):
        digits_cnn("fft")


def test_training_lowers_the_loss_and_is_reproducible_to_the_bit():
    one, other = learner(), learner()
    losses = one.fit(20, progress=False).losses
    assert losses == other.fit(20, progress=False).losses
    assert losses[-1] < 0.5 * losses[0]
    assert len(losses) == 20 * 2


def test_two_fits_are_one_long_fit():
    one, other = learner(), learner()
    one.fit(1, progress=False)
    assert one.fit(2, progress=False).losses == other.fit(3, progress=False).losses


def test_the_held_out_accuracy_is_measured_after_each_epoch():
    digits = load_digits()
    trained = learner(held_out=(digits.test_images, digits.test_labels))
    history = trained.fit(2, progress=False)
    assert len(history.accuracies) == 2
    scores = trained.model.forward(digits.test_images)
    right = sum(scores.argmax(axis=1) == digits.test_labels)
    assert history.accuracies[-1] == right / 360


def test_validation_without_held_out_data_is_refused():
    with pytest.raises(ValueError, match="held_out must be given to validate"):
        learner().validate()


def test_a_loss_that_is_not_finite_stops_before_the_weights_change():
    model = Sequential([Linear(2, 2, rng=np.random.default_rng(0))])
    before = model.parameters["0.weight"].copy()
    trained = Learner(
        model, Loader(np.full((4, 2), np.inf), np.zeros(4, int), 4), SGD(1)
    )
    message = "loss must be finite at step 1"
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=message):
        trained.fit(1, progress=False)
    assert np.array_equal(model.parameters["0.weight"], before)


def test_nan_reaches_the_loss_through_relu():
    rng = np.random.default_rng(0)
    model = Sequential([Linear(2, 2, rng=rng), ReLU(), Linear(2, 2, rng=rng)])
    trained = Learner(model, Loader(np.ones((4, 2)), np.zeros(4, int), 4), SGD(1))
    model.parameters["0.weight"][0, 0] = np.nan
    with pytest.raises(ValueError, match="loss must be finite at step 1"):
        trained.fit(1, progress=False)


@pytest.mark.parametrize(
    ("epochs", "error", "message"),
    [
        (1.5, TypeError, "epochs must be an integer, not float"),
        (True, TypeError, "epochs must be an integer, not bool"),
        (-1, ValueError, "epochs must be at least 0"),
    ],
)
def test_what_is_no_number_of_epochs_is_named(epochs, error, message):
    with pytest.raises(error, match=message):
        learner().fit(epochs, progress=False)
