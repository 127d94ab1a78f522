"""A compiled model: the sums of the layers, on buffers that are made once."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import geometry
from convmat.nn import (
    BatchNorm,
    Compiled,
    Conv,
    CrossEntropy,
    Dropout,
    Flatten,
    HalfSquare,
    LayerError,
    LeakyReLU,
    Learner,
    Linear,
    Loader,
    ReLU,
    Residual,
    Sequential,
)
from convmat.nn.compiled import plan
from convmat.nn.compiled.plan import CHUNK
from convmat.nn.compiled.workers import Workers
from convmat.optim import SGD
from convmat.verify.agreement import compare_training
from convmat.verify.rounding import gamma
from convmat.verify.strategies import geometries

BATCHES = [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3]
"""Part of a chunk, a whole one, and several of unequal size."""


def integers(rng, shape, dtype=np.float64):
    """Small integers as floats: their sums of products are exact in any order."""
    return rng.integers(-3, 4, shape).astype(dtype)


def conv_of(g, seed, dtype=np.float64, *, bias=True):
    return Conv(
        g.in_channels,
        g.out_channels,
        g.kernel_size,
        rng=np.random.default_rng(seed),
        dtype=dtype,
        bias=bias,
        **g.keywords,
    )


def twins(make):
    """Two models with the same small integers as parameters."""
    models = make(), make()
    rng = np.random.default_rng(7)
    state = {
        k: integers(rng, v.shape, v.dtype) for k, v in models[0].parameters.items()
    }
    for model in models:
        model.load(state)
    return models


def passes(model, x, grad):
    """Output and all gradients of a training step."""
    y = model.forward(x)
    model.backward(grad(y.shape))
    owner = model.model if isinstance(model, Compiled) else model
    return y, owner.gradients


def assert_same(make, shape, batches, dtype=np.float64):
    """Exactly equal outputs, gradients and buffers, on batches of every size."""
    plain, other = twins(make)
    compiled = Compiled(other)
    for number, batch in enumerate(batches):
        rng = np.random.default_rng(number)
        x = integers(rng, (batch, *shape), dtype)
        grads = {}

        def grad(shape, rng=rng, grads=grads):
            return grads.setdefault(shape, integers(rng, shape, dtype))

        y, gradients = passes(plain, x, grad)
        z, others = passes(compiled, x, grad)
        assert compiled.planned
        assert z.dtype == dtype
        assert (y == z).all()
        assert others.keys() == gradients.keys()
        for name, array in gradients.items():
            assert others[name].dtype == dtype, name
            assert others[name].shape == array.shape, name
            assert (others[name] == array).all(), name
        for name, array in plain.buffers.items():
            assert (array == other.buffers[name]).all(), name


WITNESS = geometry(
    (2, 5, 4), (3, 2, 3, 2), stride=(2, 1), padding=((1, 2), (0, 1)), dilation=(1, 2)
)
DEAD = geometry((1, 1), (2, 1, 3), padding=1)
GAPS = geometry((2, 7), (1, 2, 2), stride=3)
GROUPED = geometry((4, 5, 4), (6, 2, 3, 2), stride=(2, 1), padding=1, groups=2)
DEPTHWISE = geometry((3, 4), (6, 1, 2), padding=((1, 2),), groups=3)


@settings(max_examples=40)
@given(
    geometries(max_rank=3, max_channels=3, max_groups=3, max_size=5, modes=["zeros"]),
    st.sampled_from([*BATCHES]),
    st.booleans(),
)
@example(g=WITNESS, batch=65, bias=True)
@example(g=DEAD, batch=3, bias=False)
@example(g=GAPS, batch=64, bias=True)
@example(g=GROUPED, batch=65, bias=True)
@example(g=DEPTHWISE, batch=3, bias=False)
def test_two_convolutions_of_any_geometry_are_exactly_the_layers(g, batch, bias):
    second = geometry(
        (g.out_channels, *g.output_size), (2, g.out_channels, *(1,) * g.rank), padding=1
    )

    def make():
        # The second hands its gradient on through the first layer's ReLU.
        return Sequential(
            [conv_of(g, 0, bias=bias), ReLU(), conv_of(second, 1), Flatten()]
        )

    assert_same(make, (g.in_channels, *g.input_size), [batch])


@settings(max_examples=25)
@given(
    geometries(max_rank=2, max_channels=3, max_groups=3, max_size=5, modes=["zeros"])
)
@example(WITNESS)
@example(GAPS)
@example(GROUPED)
@example(DEPTHWISE)
def test_the_gradient_by_the_input_of_any_geometry_is_exact(g):
    channels, rank = g.in_channels, g.rank

    def make():
        first = Conv(
            channels, channels, (1,) * rank, rng=np.random.default_rng(0), dtype=float
        )
        return Sequential([first, conv_of(g, 1)])

    assert_same(make, (g.in_channels, *g.input_size), [3])


def net(*, norm=False, dtype=np.float64, slope=0.5):
    """As net F of the book: convolutions with stride 2, down to scores."""
    rng = np.random.default_rng(0)
    layers = []
    for before, after in [(1, 4), (4, 3), (3, 5)]:
        conv = Conv(before, after, (3, 3), stride=2, padding=1, rng=rng, dtype=dtype)
        layers += [conv, ReLU() if after == 3 else LeakyReLU(slope)]
        if norm:
            layers.append(BatchNorm(after, dtype=dtype))
    linear = Linear(5 * 4, 3, rng=rng, dtype=dtype)
    return Sequential([Sequential(layers), Flatten(), linear])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_is_exactly_its_layers_whatever_the_batch(dtype):
    assert_same(lambda: net(dtype=dtype), (1, 9, 15), BATCHES, dtype)


def test_only_linear_layers_are_exact_too():
    rng = np.random.default_rng(0)

    def make():
        hidden = Linear(6, 5, rng=rng, bias=False)
        return Sequential([Flatten(), hidden, ReLU(), Linear(5, 2, rng=rng)])

    assert_same(make, (2, 3), [5, CHUNK + 6])


@pytest.mark.parametrize("where", ["first", "between", "before relu", "last"])
def test_norms_are_exact_where_mean_and_variance_are_powers_of_two(where):
    # Half of each channel is 2 above its mean and half 2 below, the variance is 4 and
    # eps 0, so nothing is rounded; chunks have means of their own.
    batch = 2 * CHUNK
    order = np.random.default_rng(0)
    signs = (
        order.permuted(np.repeat([-2.0, 2.0], batch * 4)),
        order.permuted(np.repeat([-2.0, 2.0], batch * 4)),
    )
    x = np.stack([s.reshape(batch, 2, 4) for s in signs], axis=1)
    x += np.array([5.0, -3.0])[:, None, None]

    def make():
        rng = np.random.default_rng(0)
        conv = Conv(2, 2, (1, 1), rng=rng)
        tail = [Conv(2, 3, (3, 3), padding=1, rng=rng), Flatten()]
        norm = BatchNorm(2, eps=0)
        orders = {
            "first": [norm, conv, ReLU(), *tail],
            "between": [conv, norm, *tail],
            "before relu": [conv, norm, ReLU(), *tail],
            "last": [conv, norm],
        }
        return Sequential(orders[where])

    plain, other = twins(make)
    swap = np.array([[0.0, 1.0], [-1.0, 0.0]]).reshape(2, 2, 1, 1)
    for model in (plain, other):
        for name, array in model.parameters.items():
            if array.shape == swap.shape and where != "first":
                model.load({**model.parameters, name: swap})
    compiled = Compiled(other)

    def grad(shape):
        return integers(np.random.default_rng(1), shape)

    for _ in range(2):
        y, gradients = passes(plain, x, grad)
        z, others = passes(compiled, x, grad)
        assert compiled.planned
        assert (y == z).all()
        assert all((array == others[k]).all() for k, array in gradients.items())
        assert all((v == other.buffers[k]).all() for k, v in plain.buffers.items())


class CompiledLearner(Learner):
    """A learner whose steps go through a compiled model."""

    def step(self, x, y):
        self.compiled = getattr(self, "compiled", None) or Compiled(self.model)
        loss, grad = self.loss(self.compiled.forward(x), y)
        self.compiled.backward(grad)
        assert self.compiled.planned
        self.rule.step(self.model.parameters, self.model.gradients)
        return loss


@settings(max_examples=20)
@given(
    geometries(max_rank=2, max_channels=3, max_groups=1, modes=["zeros"]),
    st.integers(0, 999),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([4, CHUNK + 2]),
)
@example(WITNESS, 0, np.float32, CHUNK + 2)
def test_each_step_of_training_is_within_its_rounding_bound(g, seed, dtype, batch):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2 * batch, *(g.in_channels, *g.input_size))).astype(dtype)
    labels = rng.integers(0, 2, 2 * batch)
    loss = CrossEntropy() if seed % 2 else HalfSquare()
    y = labels if seed % 2 else np.eye(2, dtype=dtype)[labels]

    def make():
        outputs = int(g.out_channels * np.prod(g.output_size))
        linear = Linear(outputs, 2, rng=np.random.default_rng(seed), dtype=dtype)
        return Sequential([conv_of(g, seed, dtype), ReLU(), Flatten(), linear])

    one, other = (
        kind(make(), Loader(x, y, batch), SGD(0.1, 0.9), loss=loss)
        for kind in (Learner, CompiledLearner)
    )
    assert compare_training(one, other, 2, progress=False).holds


def norm_and_bound(x, grad, gamma_, beta, eps):
    """Results of batch normalisation with what rounding may have done to them.

    In float64; `x` and `grad` are `(channels, places)`. First come all values, then
    the bounds, each at least twice the error of one run. Sums are of at most `n` terms
    and five more roundings, for the merge of chunks. A quantity with error `e` is at
    most `|q| + e`.
    """
    n = x.shape[1]
    g = 2 * gamma(n + 8)
    mean = x.mean(axis=1, keepdims=True)
    # Deviations from a chunk's mean, and from the batch's, are below twice the largest.
    most = 2 * np.abs(x).max(axis=1, keepdims=True)
    e_mean = g * most
    apart = x - mean
    e_apart = e_mean + g * most
    var = (apart**2).mean(axis=1, keepdims=True)
    e_var = 2 * most * e_apart + e_apart**2 + 2 * g * (most + e_apart) ** 2
    root = np.sqrt(var + eps)
    e_root = e_var / root + g * root  # |sqrt(a) - sqrt(b)| <= |a - b| / sqrt(a)
    scale = np.abs(gamma_[:, None]) / root
    e_scale = scale * (2 * e_root / root + g)  # as e_root is below half of the root
    assert (e_root < root / 2).all()
    y = gamma_[:, None] / root * apart + beta[:, None]
    e_y = scale * e_apart + e_scale * (np.abs(apart) + e_apart)
    e_y += g * (scale * np.abs(apart) + np.abs(beta[:, None]) + e_y)
    by_beta = grad.sum(axis=1, keepdims=True)
    total = np.abs(grad).sum(axis=1, keepdims=True)
    e_beta = g * total
    with_apart = (grad * apart).sum(axis=1, keepdims=True)
    size = (np.abs(grad) * (np.abs(apart) + e_apart)).sum(axis=1, keepdims=True)
    e_with = (np.abs(grad) * e_apart).sum(axis=1, keepdims=True) + g * size
    by_gamma = with_apart / root
    e_gamma = 2 * e_with / root + (size / root) * (2 * e_root / root + g)
    values = y, by_gamma[:, 0], by_beta[:, 0]
    return values, (e_y, e_gamma[:, 0], e_beta[:, 0])


@pytest.mark.parametrize("batch", [3, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_a_norm_is_within_its_rounding_bound(batch):
    rng = np.random.default_rng(batch)
    # Means that are large beside the spread: one pass over the squares would fail.
    x = rng.normal(size=(batch, 2, 3, 5)) + np.array([50.0, -3.0])[:, None, None]
    grad = rng.normal(size=x.shape)
    model = Sequential([BatchNorm(2)])
    model.load({"0.weight": np.array([1.5, -0.25]), "0.bias": np.array([2.0, 0.125])})
    rows, grads = (np.moveaxis(a, 1, 0).reshape(2, -1) for a in (x, grad))
    parameters = model.parameters["0.weight"], model.parameters["0.bias"]
    values, bounds = norm_and_bound(rows, grads, *parameters, 1e-5)
    compiled = Compiled(model)
    y = compiled.forward(x)
    compiled.backward(grad)
    assert compiled.planned
    found = np.moveaxis(y, 1, 0).reshape(2, -1), *model.gradients.values()
    for value, bound, array in zip(values, bounds, found, strict=True):
        assert (np.abs(array - value) <= bound).all()
        assert bound.max() < 1e-3  # a bound of 1 would hold too, and say nothing


def test_what_norms_remember_is_what_the_layers_remember():
    # Integers in float64: sums are exact, only the last quotients are rounded.
    plain, other = twins(
        lambda: Sequential(
            [BatchNorm(3), Flatten(), Linear(12, 2, rng=np.random.default_rng(0))]
        )
    )
    x = integers(np.random.default_rng(0), (2 * CHUNK + 7, 3, 4))
    plain.forward(x)
    Compiled(other).forward(x)
    for name, array in plain.buffers.items():
        unit = 2.0**-53
        assert np.allclose(array, other.buffers[name], rtol=0, atol=gamma(x.size, unit))
    assert other.buffers["0.num_batches_tracked"] == 1


RNG = np.random.default_rng(0)


def conv(**keywords):
    return Conv(2, 2, (3, 3), padding=1, rng=RNG, **keywords)


class Doubling(ReLU):
    def forward(self, x):
        return 2 * super().forward(x)


def listening():
    layer = conv()
    layer.forward = lambda x: Conv.forward(layer, x)
    return layer


UNPLANNED = {
    "windows": [conv(route="sliding")],
    "matrix": [conv(route="matrix")],
    "circular": [conv(padding_mode="circular")],
    "dropout": [conv(), Dropout(0, rng=np.random.default_rng(0))],
    "two activations": [conv(), ReLU(), ReLU()],
    "steep activation": [conv(), LeakyReLU(2.0)],
    "activation first": [ReLU(), conv()],
    "nothing to multiply": [Flatten()],
    "residual": [Residual(conv())],
    "subclass": [conv(), Doubling()],
    "mixed dtypes": [conv(), BatchNorm(2, dtype=np.float32)],
    "listened to": [listening()],
}


@pytest.mark.parametrize("layers", UNPLANNED.values(), ids=UNPLANNED)
def test_what_has_no_plan_goes_through_the_layers(layers):
    model = Sequential(layers)
    compiled, x = Compiled(model), RNG.normal(size=(3, 2, 4, 4))
    y, z = compiled.forward(x), model.forward(x)
    assert not compiled.planned
    assert (y == z).all()
    compiled.backward(np.ones_like(y))
    assert model.gradients.keys() == model.parameters.keys()


@pytest.mark.parametrize("x", [np.ones((2, 2, 4, 4), int), np.ones((0, 2, 4, 4))])
def test_integers_and_empty_batches_go_through_the_layers(x):
    model = Sequential([conv()])
    compiled = Compiled(model)
    assert compiled.forward(x).shape == x.shape
    assert not compiled.planned


def test_a_plan_beyond_its_memory_is_not_made(monkeypatch):
    monkeypatch.setattr(plan, "MOST", 50_000)
    compiled = Compiled(Sequential([conv()]))
    compiled.forward(np.ones((2, 2, 4, 4)))
    assert compiled.planned
    compiled.forward(np.ones((20, 2, 4, 4)))
    assert not compiled.planned


def test_shapes_that_do_not_fit_are_refused_in_the_words_of_the_model():
    compiled = Compiled(Sequential([conv(), Flatten(), Linear(7, 2, rng=RNG)]))
    with pytest.raises(LayerError, match=r"layer 2 \(Linear\): x.shape must be"):
        compiled.forward(np.ones((2, 2, 4, 4)))
    with pytest.raises(ValueError, match="at least two numbers for each channel"):
        Compiled(Sequential([BatchNorm(2)])).forward(np.ones((1, 2)))


def test_each_forward_pass_gives_one_backward_pass():
    compiled, x = Compiled(Sequential([conv()])), np.ones((2, 2, 4, 4))
    with pytest.raises(ValueError, match="through forward before each backward"):
        compiled.backward(x)
    compiled.forward(x)
    with pytest.raises(ValueError, match=r"grad.shape must be .*\(2, 2, 4, 4\)"):
        compiled.backward(x[:1])
    compiled.backward(x)
    with pytest.raises(ValueError, match="through forward before each backward"):
        compiled.backward(x)


def test_a_model_may_change_between_steps():
    model, x = Sequential([conv(), ReLU(), conv()]), RNG.normal(size=(3, 2, 4, 4))
    compiled = Compiled(model)
    compiled.forward(x)
    model.load({name: array + 1 for name, array in model.parameters.items()})
    assert np.allclose(compiled.forward(x), model.forward(x), rtol=1e-12)
    model.parts["1"] = LeakyReLU(0.5)
    assert np.allclose(compiled.forward(x), model.forward(x), rtol=1e-12)
    model.parts["1"].slope = 0.25
    assert np.allclose(compiled.forward(x), model.forward(x), rtol=1e-12)
    model.layers[0].keywords["dilation"] = 2
    model.layers[0].keywords["padding"] = 2
    assert np.allclose(compiled.forward(x), model.forward(x), rtol=1e-12)


def test_outputs_and_gradients_are_arrays_of_their_own():
    model, x = Sequential([conv(), BatchNorm(2)]), RNG.normal(size=(3, 2, 4, 4))
    compiled = Compiled(model)
    y = compiled.forward(x)
    compiled.backward(y)
    kept = {"y": y, **model.gradients}
    copies = {name: array.copy() for name, array in kept.items()}
    z = compiled.forward(2 * x + 1)
    compiled.backward(-z)
    for name, array in kept.items():
        assert (array == copies[name]).all(), name


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_no_bit(threads):
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(n, 1, 9, 15)) for n in (3 * CHUNK + 5, CHUNK, 200)]
    one, other = twins(lambda: net(norm=True))
    alone, together = Compiled(one), Compiled(other, threads=threads)
    for x in batches * 3:
        y, z = alone.forward(x), together.forward(x)
        assert (y == z).all()
        alone.backward(y)
        together.backward(z)
        assert together.planned
        for name, array in one.gradients.items():
            assert (array == other.gradients[name]).all(), name


def test_an_error_in_a_thread_is_raised_once_all_have_stopped():
    workers, done = Workers(3), []

    def work(chunk):
        done.append(chunk)
        if chunk == 1:
            raise ValueError("chunk 1")

    with pytest.raises(ValueError, match="chunk 1"):
        workers.share(6, [work])
    assert sorted(done) == [0, 1, 2, 3, 5]  # 4 was to come after 1
    with pytest.raises(ValueError, match="threads must be at least 1"):
        Compiled(Sequential([conv()]), threads=0)
