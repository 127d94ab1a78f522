"""An empty batch goes through every store: it has no outputs, and no gradient."""

import numpy as np
import pytest

from convmat import geometry
from convmat.constraints import STORES, rung_of, train_matrix
from convmat.optim import SGD

GEOMETRIES = {
    "windows": geometry((1, 5), (2, 1, 2)),
    "dropped taps": geometry((2, 4), (4, 1, 3), padding=[(2, 0)], stride=2, groups=2),
}


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", GEOMETRIES)
def test_an_empty_batch_has_no_outputs_and_a_gradient_of_zeros(name, store, bias):
    g = GEOMETRIES[name]
    rung = rung_of("convolution", g, bias=bias)
    held = STORES[store](rung, np.ones(rung.free_parameters))
    x = held.inputs(np.zeros((0, g.in_channels, *g.input_size)))
    errors = held.outputs(np.zeros((0, g.out_channels, *g.output_size)))
    y = held.product(x)
    assert y.shape == errors.shape
    assert y.size == 0
    by_values = held.gradient(errors, x)
    assert by_values.shape == held.values.shape
    assert not by_values.any()
    pulled = held.pulled_back(errors, x)
    assert pulled.shape == (rung.free_parameters,)
    assert not pulled.any()


@pytest.mark.parametrize("store", ["full", "pattern"])
def test_training_on_no_sample_is_refused_in_words(store):
    g = GEOMETRIES["windows"]
    x, y = np.zeros((0, 1, 5)), np.zeros((0, 2, 4))
    with pytest.raises(ValueError, match="x must hold at least one sample"):
        train_matrix(g, np.ones(4), x, y, SGD(1), steps=1, store=store)
