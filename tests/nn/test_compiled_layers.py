"""Pooling, groups and eval mode compiled: exactly the layers, and right gradients."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import geometry
from convmat.nn import (
    AvgPool,
    BatchNorm,
    Compiled,
    Conv,
    Flatten,
    GlobalAvgPool,
    LayerError,
    LeakyReLU,
    Linear,
    MaxPool,
    ReLU,
    Sequential,
)
from convmat.nn.compiled import affine
from convmat.nn.compiled.buffers import Buffers
from convmat.nn.compiled.plan import CHUNK
from convmat.nn.compiled.pools import Maximum
from convmat.verify.strategies import axes


def integers(rng, shape, most=3):
    """Small integers as floats: their sums of products are exact in any order."""
    return rng.integers(-most, most + 1, shape).astype(float)


def fill(model, seed=7):
    """Small integers in place of all parameters; buffers that a norm divides by."""
    rng = np.random.default_rng(seed)
    for array in model.parameters.values():
        array[...] = integers(rng, array.shape)
    for name, array in model.buffers.items():
        if name.endswith("running_mean"):
            array[...] = integers(rng, array.shape)
        elif name.endswith("running_var"):
            array[...] = rng.choice([1.0, 4.0, 0.25], array.shape)
    return model


def assert_same(make, x, *, training=True):
    """Outputs, gradients and buffers are exactly those of the layers."""
    plain, other = fill(make()), fill(make())
    if not training:
        plain.eval()
        other.eval()
    compiled, rng = Compiled(other, threads=2), np.random.default_rng(1)
    for batch in (x, x[::-1] + 1):  # the second finds what the first has left
        y, z = plain.forward(batch), compiled.forward(batch)
        assert compiled.planned
        assert np.array_equal(y, z)
        grad = integers(rng, y.shape)
        plain.backward(grad)
        compiled.backward(grad)
        gradients = plain.gradients
        assert other.gradients.keys() == gradients.keys() == plain.parameters.keys()
        for name, array in gradients.items():
            assert np.array_equal(array, other.gradients[name]), name
        for name, array in plain.buffers.items():
            assert np.array_equal(array, other.buffers[name]), name


# ---------------------------------------------------------------------------- pooling


@st.composite
def pools(draw):
    """Settings of windows, and the sizes of an input."""
    parts = draw(st.lists(axes(max_size=6, max_kernel=3), min_size=1, max_size=2))
    settings = {
        "pool_size": tuple(axis.kernel for axis in parts),
        "stride": tuple(axis.stride for axis in parts),
        "padding": tuple((axis.before, axis.after) for axis in parts),
        "dilation": tuple(axis.dilation for axis in parts),
        "ceil_mode": draw(st.booleans()),
    }
    return settings, tuple(axis.size for axis in parts)


def line(size, pool, **settings):
    given_ = {"stride": (pool,), "padding": ((0, 0),), "dilation": (1,)}
    return given_ | {"pool_size": (pool,), "ceil_mode": False} | settings, (size,)


OVERLAPPING = line(5, 3, stride=(1,))
HANGING = line(5, 2, ceil_mode=True)
ON_PADDING = line(4, 3, stride=(2,), padding=((2, 1),))
APART = line(7, 2, stride=(3,))
UNEQUAL = (
    {
        "pool_size": (2, 3),
        "stride": (2, 1),
        "padding": ((1, 0), (0, 1)),
        "dilation": (1, 1),
        "ceil_mode": True,
    },
    (4, 5),
)


def around(pool, sizes, where):
    """A network with a pooling first, between two convolutions, or last."""
    rank = len(sizes)

    def conv(before, after):
        rng = np.random.default_rng(0)
        return Conv(before, after, (1,) * rank, padding=0, rng=rng)

    orders = {
        "first": lambda: [pool(), conv(2, 3)],
        "between": lambda: [conv(2, 3), pool(), ReLU(), conv(3, 2)],
        "after relu": lambda: [conv(2, 3), LeakyReLU(0.5), pool(), conv(3, 2)],
        "padded": lambda: [
            conv(2, 3),
            pool(),
            Conv(3, 2, (2,) * rank, padding=1, rng=np.random.default_rng(0)),
        ],
        "last": lambda: [conv(2, 3), pool(), Flatten()],
    }
    return lambda: Sequential(orders[where]())


WHERE = st.sampled_from(["first", "between", "after relu", "padded", "last"])
BATCH = st.sampled_from([1, 3, CHUNK, CHUNK + 5])


@given(pools(), WHERE, BATCH, st.sampled_from([1, 3, 99]))
@example(OVERLAPPING, "between", 3, 1)
@example(HANGING, "padded", CHUNK + 5, 3)
@example(ON_PADDING, "between", 3, 99)
@example(APART, "last", 3, 3)
@example(UNEQUAL, "first", 3, 3)
@example(UNEQUAL, "between", CHUNK + 5, 1)
def test_maxima_are_those_of_the_layer_and_so_are_gradients_of_ties(
    case, where, batch, most
):
    settings, sizes = case
    x = integers(np.random.default_rng(0), (batch, 2, *sizes), most)
    make = around(lambda: MaxPool(**settings), sizes, where)
    try:
        make().forward(x)
    except LayerError:
        with pytest.raises(LayerError, match="must leave every window a cell"):
            Compiled(make()).forward(x)
        return
    assert_same(make, x)


@given(pools(), WHERE, BATCH, st.sampled_from([1, -4]))
@example(OVERLAPPING, "between", 3, 1)
@example(HANGING, "padded", CHUNK + 5, -4)
@example(ON_PADDING, "after relu", 3, 1)
@example(APART, "last", 3, 1)
@example(UNEQUAL, "between", 3, -4)
def test_sums_of_windows_are_exactly_those_of_the_layer(case, where, batch, divisor):
    settings, sizes = case
    x = integers(np.random.default_rng(0), (batch, 2, *sizes))
    pool = {**settings, "divisor_override": divisor}
    assert_same(around(lambda: AvgPool(**pool), sizes, where), x)


@pytest.mark.parametrize("where", ["first", "between", "after relu", "last"])
@pytest.mark.parametrize("sizes", [(4,), (2, 4), (1, 1)])
def test_means_of_whole_channels_are_exactly_those_of_the_layer(where, sizes):
    x = integers(np.random.default_rng(0), (CHUNK + 3, 2, *sizes))
    assert_same(around(GlobalAvgPool, sizes, where), x)


def test_a_pooling_whose_settings_change_is_seen():
    x = integers(np.random.default_rng(0), (3, 2, 8))
    for pool in (MaxPool(2), AvgPool(2, divisor_override=1)):
        model = fill(around(lambda pool=pool: pool, (8,), "first")())
        compiled = Compiled(model)
        compiled.forward(x)
        pool.pool_size = 4
        assert np.array_equal(compiled.forward(x), model.forward(x))
        pool.settings = (1, *pool.settings[1:])
        assert np.array_equal(compiled.forward(x), model.forward(x))
        assert compiled.planned


@pytest.mark.parametrize("include", [False, True])
def test_divisors_are_those_of_the_layer(include):
    # Windows of 2 and of 4 cells, so all quotients are exact.
    def pool():
        return AvgPool(2, 2, 1, count_include_pad=include)

    x = integers(np.random.default_rng(0), (3, 2, 4, 6))
    assert_same(around(pool, (4, 6), "between"), x)


@pytest.mark.parametrize("worst", [np.nan, -np.inf, np.inf])
def test_numbers_that_are_not_finite_are_pooled_as_by_the_layer(worst):
    rng, layer = np.random.default_rng(0), MaxPool(3, 2, 1)
    x = np.where(rng.random((5, 2, 9)) < 0.5, worst, integers(rng, (5, 2, 9)))
    grad = integers(rng, (5, 2, 5))
    buffers = Buffers.of(x.dtype, (5,), workers=1, room=10)
    step = Maximum(layer, buffers, (2, 9), first=False)
    y, grad_y = buffers.kept(2, 5), [np.moveaxis(grad, 0, -1)]
    step.join(y, grad_y)
    np.copyto(step.x[0], np.moveaxis(x, 0, -1))
    step.forward(0)
    step.backward(0)
    expected = layer.forward(x)
    assert np.array_equal(np.moveaxis(y[0], -1, 0), expected, equal_nan=True)
    assert np.array_equal(np.moveaxis(step.grad_x[0], -1, 0), layer.backward(grad))


def test_nothing_before_the_first_parameter_gets_a_gradient():
    model = fill(around(lambda: MaxPool(2), (8,), "first")())
    compiled = Compiled(model)
    compiled.backward(compiled.forward(np.ones((3, 2, 8))))
    (plan,) = compiled._plans
    assert [step.grad_x for step in plan.steps] == [[], []]


# ----------------------------------------------------------------------------- blocks


@pytest.mark.parametrize("groups", [1, 2])
def test_blocks_of_a_product_change_no_sum(groups, monkeypatch):
    monkeypatch.setattr(affine, "_FEWEST", 5)
    monkeypatch.setattr(affine, "UNPACKED", 2000)

    def make():
        rng, settings = np.random.default_rng(0), {"padding": 1, "groups": groups}
        return Sequential(
            [
                Conv(2, 4, (3, 3), rng=rng, **settings),
                Conv(4, 6, (3, 2), stride=(2, 1), rng=rng, **settings),
                Flatten(),
                Linear(120, 4, rng=rng),
            ]
        )

    x = integers(np.random.default_rng(0), (40, 2, 7, 4))
    assert_same(make, x)
    compiled = Compiled(make())
    compiled.forward(x)
    cut = [step.columns_blocks[0].shape[1] for step in compiled._plans[0].steps]
    assert min(cut[:2]) > 1


# -------------------------------------------------------------------------- eval mode


def frozen(*layers):
    model = Sequential(layers)
    for _, leaf in model.leaves():
        if isinstance(leaf, BatchNorm):
            leaf.eval()
    return model


ORDERS = {
    "first": lambda rng: [BatchNorm(2, eps=0), Conv(2, 3, (3,), padding=1, rng=rng)],
    "between": lambda rng: [
        Conv(2, 3, (3,), padding=1, rng=rng),
        BatchNorm(3, eps=0),
        ReLU(),
        Conv(3, 2, (2,), padding=1, rng=rng),
    ],
    "last": lambda rng: [Conv(2, 3, (3,), rng=rng), ReLU(), BatchNorm(3, eps=0)],
    "flat": lambda rng: [
        Flatten(),
        Linear(12, 4, rng=rng),
        BatchNorm(4, eps=0),
        ReLU(),
        Linear(4, 2, rng=rng),
    ],
}


@pytest.mark.parametrize("where", ORDERS)
@pytest.mark.parametrize("batch", [1, CHUNK, CHUNK + 7])
def test_eval_mode_is_exactly_the_layers_and_changes_no_buffer(where, batch):
    def make():
        return Sequential(ORDERS[where](np.random.default_rng(0)))

    x = integers(np.random.default_rng(2), (batch, 2, 6))
    assert_same(make, x, training=False)


@pytest.mark.parametrize("where", ORDERS)
def test_a_frozen_norm_among_layers_that_train_is_exactly_the_layer(where):
    x = integers(np.random.default_rng(2), (5, 2, 6))
    assert_same(lambda: frozen(*ORDERS[where](np.random.default_rng(0))), x)


def test_outputs_come_in_pieces_in_eval_mode_and_at_once_in_training():
    model = Sequential(ORDERS["between"](np.random.default_rng(0)))
    twin, compiled = (
        Sequential(ORDERS["between"](np.random.default_rng(0))),
        Compiled(fill(model), threads=2),
    )
    x = np.random.default_rng(2).normal(size=(5 * CHUNK + 7, 2, 6))
    with model.evaluating():
        expected = compiled.forward(x)
        assert np.array_equal(compiled.outputs(x), expected)
        assert max(plan.batch_shape[0] for plan in compiled._plans[1:]) == 2 * CHUNK
        assert compiled.outputs(x[:0]).shape == (0, *expected.shape[1:])
        assert not compiled.planned
    once = compiled.outputs(x)  # by the statistics of all samples
    assert np.array_equal(once, Compiled(fill(twin)).forward(x))


def test_training_and_eval_mode_have_plans_of_their_own():
    model = fill(Sequential(ORDERS["between"](np.random.default_rng(0))))
    compiled, x = Compiled(model), integers(np.random.default_rng(2), (8, 2, 6))
    first = compiled.forward(x)
    with model.evaluating():
        assert np.array_equal(compiled.forward(x), model.forward(x))
    model.buffers["1.running_mean"][...] += 1
    with model.evaluating():  # buffers are read at each pass
        assert np.array_equal(compiled.forward(x), model.forward(x))
    assert np.array_equal(compiled.forward(x), first)


def test_buffers_of_another_dtype_go_through_the_layers():
    model = Sequential(ORDERS["between"](np.random.default_rng(0))).eval()
    norm = model.layers[1]
    norm.buffers["running_mean"] = norm.buffers["running_mean"].astype(np.float32)
    compiled = Compiled(model)
    compiled.forward(np.ones((2, 2, 6)))
    assert not compiled.planned


# --------------------------------------------------------------------------- gradients

GROUPED = geometry((4, 5, 6), (6, 2, 3, 2), stride=(2, 1), padding=1, groups=2)


def deep(rng):
    """Everything with kinks and without, behind a first convolution."""
    return [
        Conv(2, 4, (3, 3), padding=1, rng=rng),
        MaxPool(2, 1),
        ReLU(),
        Conv(4, 6, (3, 2), stride=(2, 1), padding=1, groups=2, rng=rng),
        BatchNorm(6, eps=0).eval(),
        LeakyReLU(0.25),
        AvgPool(2, 1, ((2, 1), (1, 0))),
        GlobalAvgPool(),  # of 4 times 8 cells
        Flatten(),
        Linear(6, 3, rng=rng),
    ]


@pytest.mark.parametrize("name", ["0.weight", "0.bias", "3.weight", "4.weight"])
def test_a_gradient_is_the_exact_slope_between_two_points_without_a_kink(name):
    # All numbers are multiples of a power of two, and few enough bits long that no sum
    # of products is rounded. Between kinks the network is linear in each parameter, so
    # that the difference quotient is the gradient, to the bit.
    rng = np.random.default_rng(0)
    model = fill(Sequential(deep(rng)))
    for array in model.parameters.values():
        array[...] = rng.integers(-64, 65, array.shape) / 64
    x = rng.integers(-64, 65, (3, 2, 5, 8)) / 64
    compiled = Compiled(model)
    y = compiled.forward(x)
    grad = integers(rng, y.shape)
    compiled.backward(grad)
    assert compiled.planned
    found = model.gradients[name]
    step = 2.0**-16 * integers(rng, found.shape)
    model.parameters[name] += step
    moved = compiled.forward(x)
    model.parameters[name] -= 2 * step
    back = compiled.forward(x)
    assert np.array_equal(moved - y, y - back)  # there was no kink
    assert (grad * (moved - y)).sum() == (found * step).sum() != 0
