"""The layer by a fast route and the layer by the definition: one trajectory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convmat.nn import Conv, Flatten, Learner, Linear, Loader, ReLU, Sequential
from convmat.optim import SGD
from convmat.verify.agreement import compare_training
from convmat.verify.strategies import geometries


def learner(route, g, seed, dtype, x, y):
    rng = np.random.default_rng(seed)
    sizes = g.in_channels, g.out_channels, g.kernel_size
    outputs = g.out_channels * int(np.prod(g.output_size))
    layers = [
        Conv(*sizes, rng=rng, dtype=dtype, route=route, **g.keywords),
        ReLU(),
        Flatten(),
        Linear(outputs, 3, rng=rng, dtype=dtype),
    ]
    return Learner(Sequential(layers), Loader(x, y, 4), SGD(0.1, 0.9))


@settings(max_examples=20)
@given(st.data())
def test_each_step_of_both_is_within_its_rounding_bound(data):
    g = data.draw(geometries())
    seed = data.draw(st.integers(0, 999), label="seed")
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(8, g.in_channels, *g.input_size)).astype(dtype)
    y = rng.integers(0, 3, 8)
    one, other = (learner(route, g, seed, dtype, x, y) for route in ("sliding", "fast"))
    assert compare_training(one, other, 2, progress=False).holds


def test_the_routes_are_the_definition_and_the_choice():
    from convmat import fast, sliding

    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 16, 33, 40)).astype(np.float32)
    results = {}
    for route in ("sliding", "fast"):
        layer = Conv(
            16, 20, (3, 3), rng=np.random.default_rng(1), dtype="f4", route=route
        )
        results[route] = layer.forward(x)
        g, weight = layer.geometry(x.shape[1:]), layer.parameters["weight"]
        module = {"sliding": sliding, "fast": fast}[route]
        bias = layer.parameters["bias"].reshape(-1, 1, 1)
        assert np.array_equal(results[route], module.forward(x, weight, g) + bias)
    assert not np.array_equal(results["sliding"], results["fast"])  # rounding differs


def test_an_unknown_route_is_refused():
    message = "route must be one of 'fast', 'matrix', 'sliding', got route='dense'"
    with pytest.raises(ValueError, match=message):
        Conv(1, 1, (3,), rng=np.random.default_rng(0), route="dense")
