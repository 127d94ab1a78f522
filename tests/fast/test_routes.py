"""Every route of every map is held against the definition."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import fast, geometry, sliding
from convmat.fast import columns, lines, lines_grad, shifted, windows
from convmat.fast.routes import FORWARD, INPUT_GRAD, KERNEL_GRAD
from convmat.geometry import PADDING_MODES
from convmat.verify.rounding import gamma
from convmat.verify.strategies import cases, geometries, inputs, kernels, outputs

_BOUNDS = {
    "columns": {},
    "batch-last": {},
    "shifted": {"max_stride": 1},
    "tiles": {"max_stride": 1, "min_rank": 2, "max_rank": 2, "max_groups": 1},
    "lines": {"min_rank": 2, "max_dilation": 1},
}
"""What a route carries, in the words of the strategies."""

_GRADIENT_BOUNDS = {**_BOUNDS, "lines": {"min_rank": 2, "max_stride": 1}}

forward_routes = pytest.mark.parametrize("route", FORWARD)
input_routes = pytest.mark.parametrize("route", INPUT_GRAD)
kernel_routes = pytest.mark.parametrize("route", KERNEL_GRAD)


@st.composite
def gathered_cases(draw, batch):
    """Cases with padding up to what a window may hang over, and no strided dilation.

    Zeros only: other padding is added back, and may be as wide as it likes.
    """
    strided = draw(st.booleans())
    bounds = {"max_dilation": 1} if strided else {"max_stride": 1}
    if draw(st.booleans()):
        return draw(cases(np.int64, batch=batch, modes=PADDING_MODES[1:], **bounds))
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


def drawn(data, route, bounds=_BOUNDS):
    if route == "gathered":
        return data.draw(gathered_cases(data.draw(st.integers(1, 3))))
    # To `batch-last` the batch is an axis, which is never empty where it is chosen.
    batch = data.draw(st.integers(int(route == "batch-last"), 3))
    return data.draw(cases(np.int64, batch=batch, **bounds[route]))


def singles(*arrays):
    """Integers small enough for sums of their products to be exact in float32."""
    return [array.astype(np.float32) for array in arrays]


@pytest.fixture(params=["as much as the cache holds", "as little as possible"])
def held(request):
    """Blocks of a usual size, and blocks of one line or one output each."""
    if request.param == "as much as the cache holds":
        yield
        return
    caches = [module._sizes.cache_clear for module in (columns, lines, lines_grad)]
    with pytest.MonkeyPatch.context() as patch:
        for module in (columns, windows, shifted):
            patch.setattr(module, "_BYTES", 1)
        for clear in caches:
            clear()
        yield
    for clear in caches:
        clear()


@forward_routes
@pytest.mark.usefixtures("held")
@given(st.data())
def test_forward_is_exact_on_integers_in_float32(route, data):
    g, kernel, x, _ = drawn(data, route)
    assert FORWARD[route].fits(g)
    y = FORWARD[route].apply(*singles(x, kernel), g)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, sliding.forward(x, kernel, g))


@input_routes
@pytest.mark.usefixtures("held")
@given(st.data())
def test_input_grad_is_exact_on_integers_in_float32(route, data):
    g, kernel, _, grad = drawn(data, route)
    assert INPUT_GRAD[route].fits(g)
    x_grad = INPUT_GRAD[route].apply(*singles(grad, kernel), g)
    assert x_grad.dtype == np.float32
    np.testing.assert_array_equal(x_grad, sliding.input_grad(grad, kernel, g))


@kernel_routes
@pytest.mark.usefixtures("held")
@given(st.data())
def test_kernel_grad_is_exact_on_integers_in_float32(route, data):
    g, _, x, grad = drawn(data, route, _GRADIENT_BOUNDS)
    assert KERNEL_GRAD[route].fits(g)
    total = KERNEL_GRAD[route].apply(*singles(grad, x), g)
    assert total.dtype == np.float32
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
    x_grad = INPUT_GRAD["gathered"].apply(*singles(grad, kernel), g)
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
    g = data.draw(geometries())
    kernel = data.draw(kernels(g, dtype)).reshape(g.weight_shape)
    x = data.draw(inputs(g, batch, dtype))
    grad = data.draw(outputs(g, batch, dtype))
    per_input = products_per_input(g)
    per_tap = batch * int(np.prod(g.output_size))
    for name, arrays, terms in (
        ("forward", (x, kernel), g.taps_per_row),
        ("input_grad", (grad, kernel), per_input),
        ("kernel_grad", (grad, x), per_tap),
    ):
        check_within_rounding(name, arrays, g, terms)


def products_per_input(g):
    """At most so many products are summed in the gradient by one input."""
    reads = 1
    for axis in g.axes:
        sources = axis.sources()
        reads *= np.bincount(sources[sources >= 0], minlength=1).max()
    return g.out_channels // g.groups * int(reads)


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
        geometry((16, 40, 50), (20, 16, 3, 3), padding=2, padding_mode="reflect"),
        geometry((20, 40, 50), (6, 10, 3, 3), stride=(3, 1), groups=2),
        geometry((3, 90, 70), (5, 3, 2, 3), dilation=(2, 3), padding=3),
        geometry((300, 310), (6, 6), padding=4, padding_mode="circular"),
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
    per_input = products_per_input(g)
    check_within_rounding("input_grad", (grad, kernel), g, per_input)
    check_within_rounding("kernel_grad", (grad, x), g, outputs)
