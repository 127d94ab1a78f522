"""What batch norm makes of a batch, against the layer itself in both modes."""

from copy import deepcopy
from fractions import Fraction

import numpy as np
import pytest

from convmat import ConvmatTypeError, ShapeError
from convmat.experiments import normed
from convmat.nn import BatchNorm


def layer_of(channels, seed=0):
    rng, layer = np.random.default_rng(seed), BatchNorm(channels)
    layer.parameters["weight"][:] = rng.normal(size=channels)
    layer.parameters["bias"][:] = rng.normal(size=channels)
    layer.forward(rng.normal(3, 2, (8, channels, 2)))
    return layer


@pytest.mark.parametrize("shape", [(2, 1), (1, 3, 2), (5, 2, 3, 4), (4, 1, 2, 1, 2)])
def test_training_and_eval_are_those_of_the_layer(shape):
    layer, x = layer_of(shape[1]), np.random.default_rng(1).normal(1, 2, shape)
    seen, own = normed(layer, x), deepcopy(layer)
    assert np.array_equal(seen.before, x)
    assert np.array_equal(seen.evaluated, own.eval().forward(x))
    assert np.array_equal(seen.after, own.train().forward(x))


def test_the_layer_remembers_nothing_of_it():
    layer = layer_of(2)
    held = {name: array.copy() for name, array in layer.buffers.items()}
    normed(layer, np.arange(12.0).reshape(3, 2, 2))
    for name, array in layer.buffers.items():
        assert np.array_equal(array, held[name])


def test_gamma_and_beta_act_on_the_normalised_batch_exactly():
    layer = BatchNorm(2, eps=0)
    layer.parameters["weight"] = np.array([Fraction(3), Fraction(-1, 2)], object)
    layer.parameters["bias"] = np.array([Fraction(1), Fraction(1, 3)], object)
    for name, value in (("running_mean", 1), ("running_var", 4)):
        layer.buffers[name] = np.array([Fraction(value)] * 2, object)
    # Variances 1 and 4: the squares of fractions, whose roots are exact.
    x = np.array([[1, 3], [3, 7]], object) + Fraction(0)
    seen = normed(layer, x)
    assert seen.normalised.tolist() == [[-1, -1], [1, 1]]
    gamma, beta = layer.parameters["weight"], layer.parameters["bias"]
    assert (seen.after == gamma * seen.normalised + beta).all()
    assert seen.evaluated.tolist() == [[1, Fraction(-1, 6)], [4, Fraction(-7, 6)]]


def test_what_is_no_batch_of_the_layer_is_refused():
    with pytest.raises(ConvmatTypeError, match="layer must be a BatchNorm"):
        normed("bn", [[1.0]])
    for shape in ((4,), (4, 3), (1, 2), (0, 2, 5)):
        with pytest.raises(ShapeError, match=r"x\.shape must be \(batch, 2, \*spatial"):
            normed(BatchNorm(2), np.zeros(shape))
