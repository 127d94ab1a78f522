"""Every route of every map is held against the definition."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import fast, geometry, sliding
from convmat.fast.routes import FORWARD, INPUT_GRAD, KERNEL_GRAD
from convmat.verify.rounding import gamma
from convmat.verify.strategies import cases, geometries, inputs, kernels, outputs

_BOUNDS = {
    "columns": {},
    "batch-last": {},
    "shifted": {"max_stride": 1},
    "tiles": {"max_stride": 1, "min_rank": 2, "max_rank": 2, "max_groups": 1},
}
"""What a route carries, in the words of the strategies."""

forward_routes = pytest.mark.parametrize("route", FORWARD)
input_routes = pytest.mark.parametrize("route", INPUT_GRAD)
kernel_routes = pytest.mark.parametrize("route", KERNEL_GRAD)


@st.composite
def gathered_cases(draw, batch):
    """Cases with padding up to what a window may hang over, and no strided dilation."""
    strided = draw(st.booleans())
    bounds = {"max_dilation": 1} if strided else {"max_stride": 1}
    g = draw(geometries(max_padding=0, modes=["zeros"], **bounds))
    pads = []
    for axis in g.axes:
        most = (-(-axis.kernel // axis.stride) - 1) * axis.dilation
        # Whole outputs may hang over the end, but never begin beyond it.
        before = draw(st.integers(0, min(2, most * axis.stride)))
        pads.append((before, draw(st.integers(0, min(2, axis.span - 1)))))
    g = replace(g, padding=tuple(pads))
    kernel = draw(kernels(g)).reshape(g.weight_shape)
    return g, kernel, draw(inputs(g, batch)), draw(outputs(g, batch))


def drawn(data, route, dtype=np.int64):
    if route == "gathered":
        return data.draw(gathered_cases(data.draw(st.integers(1, 3))))
    batch = data.draw(st.integers(1, 3))
    return data.draw(cases(dtype, batch=batch, modes=["zeros"], **_BOUNDS[route]))


def doubles(*arrays):
    return [array.astype(float) for array in arrays]


@forward_routes
@given(st.data())
def test_forward_is_exact_on_integers_in_float64(route, data):
    g, kernel, x, _ = drawn(data, route)
    assert FORWARD[route].fits(g)
    y = FORWARD[route].apply(*doubles(x, kernel), g)
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, sliding.forward(x, kernel, g))


@input_routes
@given(st.data())
def test_input_grad_is_exact_on_integers_in_float64(route, data):
    g, kernel, _, grad = drawn(data, route)
    assert INPUT_GRAD[route].fits(g)
    x_grad = INPUT_GRAD[route].apply(*doubles(grad, kernel), g)
    np.testing.assert_array_equal(x_grad, sliding.input_grad(grad, kernel, g))


@kernel_routes
@given(st.data())
def test_kernel_grad_is_exact_on_integers_in_float64(route, data):
    g, _, x, grad = drawn(data, route)
    assert KERNEL_GRAD[route].fits(g)
    total = KERNEL_GRAD[route].apply(*doubles(grad, x), g)
    np.testing.assert_array_equal(total, sliding.kernel_grad(grad, x, g))


@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_gathering_carries_padding_up_to_the_span(before, dilation, groups, stride):
    g = geometry(
        (2 * groups, 7, 5),
        (3 * groups, 2, 3, 2),
        padding=[(before, 2 - before), (1, 0)],
        dilation=(1, dilation),
        stride=(stride, 1),
        groups=groups,
    )
    rng = np.random.default_rng(0)
    kernel = rng.integers(-9, 9, g.weight_shape)
    grad = rng.integers(-9, 9, (3, g.out_channels, *g.output_size))
    assert INPUT_GRAD["gathered"].fits(g)
    x_grad = INPUT_GRAD["gathered"].apply(*doubles(grad, kernel), g)
    np.testing.assert_array_equal(x_grad, sliding.input_grad(grad, kernel, g))


@pytest.mark.parametrize(
    "g",
    [
        geometry(5, 2, padding=[(2, 0)]),
        geometry(5, 2, padding=[(0, 2)]),
        geometry(9, 3, stride=2, dilation=2),
    ],
    ids=repr,
)
def test_gathering_refuses_what_its_convolution_cannot_express(g):
    assert not INPUT_GRAD["gathered"].fits(g)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@given(st.data())
def test_the_plans_own_routes_stay_within_the_rounding_bound(dtype, data):
    dtype = np.dtype(dtype)
    batch = data.draw(st.sampled_from([0, 1, 2, 9]))
    g = data.draw(geometries(modes=["zeros"]))
    kernel = data.draw(kernels(g, dtype)).reshape(g.weight_shape)
    x = data.draw(inputs(g, batch, dtype))
    grad = data.draw(outputs(g, batch, dtype))
    per_input = g.free_parameters // g.in_channels
    per_tap = batch * int(np.prod(g.output_size))
    for name, arrays, terms in (
        ("forward", (x, kernel), g.taps_per_row),
        ("input_grad", (grad, kernel), per_input),
        ("kernel_grad", (grad, x), per_tap),
    ):
        check_within_rounding(name, arrays, g, terms)


def check_within_rounding(name, arrays, g, terms):
    """Both routes sum the same products; each errs by `gamma * sum |w| |x|` at most.

    The parts of a complex sum are real sums of twice as many products.
    """
    of = getattr(sliding, name)
    quick = getattr(fast, name)(*arrays, g)
    slow = of(*arrays, g)
    assert quick.dtype == slow.dtype
    assert quick.shape == slow.shape
    dtype = quick.dtype
    size = of(*(np.abs(array).astype(float) for array in arrays), g)
    parts = 2 if dtype.kind == "c" else 1
    unit = float(np.finfo(dtype).eps) / 2
    bound = 2 * parts * gamma(parts * terms, unit) * size
    assert (np.abs(quick - slow) <= bound * (1 + 1e-6)).all()


@pytest.mark.parametrize(
    "g",
    [
        geometry((64, 14, 15), (64, 64, 3, 3), padding=1),
        geometry((300, 301), (3, 3), padding=1),
        geometry((259, 300), (5, 4), padding=[(2, 1), (0, 3)], dilation=(2, 1)),
        geometry((1, 270, 300), (2, 1, 3, 3)),
        geometry((6, 40, 50), (6, 1, 3, 3), groups=6, stride=2, padding=1),
        geometry((4, 9, 10, 11), (6, 2, 3, 2, 3), groups=2, padding=1),
        geometry((1, 40_001), (2, 1, 7), stride=3, padding=[(2, 0)]),
    ],
    ids=repr,
)
def test_sizes_of_many_blocks_stay_within_the_rounding_bound(g):
    rng = np.random.default_rng(1)
    kernel = rng.standard_normal(g.weight_shape, dtype=np.float32)
    x = rng.standard_normal((2, g.in_channels, *g.input_size), dtype=np.float32)
    grad = rng.standard_normal((2, g.out_channels, *g.output_size), dtype=np.float32)
    outputs = 2 * int(np.prod(g.output_size))
    check_within_rounding("forward", (x, kernel), g, g.taps_per_row)
    per_input = g.free_parameters // g.in_channels
    check_within_rounding("input_grad", (grad, kernel), g, per_input)
    check_within_rounding("kernel_grad", (grad, x), g, outputs)
