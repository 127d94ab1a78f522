"""A layer on each rung is the matrix of the rung, and trains as the matrix does."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    ShapeError,
    conv,
    conv_matrix,
    geometry,
    tie_map,
)
from convmat.constraints import RUNGS, rung_of, train_matrix
from convmat.linear import avg_pool_matrix
from convmat.nn import (
    Conv,
    FixedMatrix,
    HalfSquare,
    Learner,
    Linear,
    Loader,
    RungLayer,
    Sequential,
)
from convmat.optim import SGD
from convmat.verify.strategies import geometries

SMALL = geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4)
UNEVEN = geometry((2, 4, 5), (3, 2, 2, 3), padding=[(0, 2), (1, 0)], dilation=(1, 2))
RNG = np.random.default_rng(0)


@st.composite
def toruses(draw):
    """Geometries that have a circulant matrix, whatever their padding mode."""
    sizes, kernels, pads = [], [], []
    for _ in range(draw(st.integers(1, 2), label="axes")):
        sizes.append(draw(st.integers(1, 4), label="size"))
        kernels.append(draw(st.integers(1, sizes[-1] + 1), label="kernel"))
        before = draw(st.integers(max(0, kernels[-1] - 1 - sizes[-1]), kernels[-1] - 1))
        pads.append((before, kernels[-1] - 1 - before))
    channels = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    return geometry(
        (channels[0], *sizes), (channels[1], channels[0], *kernels), padding=pads
    )


@st.composite
def rungs(draw):
    """Any rung of any small geometry, with or without bias."""
    name = draw(st.sampled_from(RUNGS), label="rung")
    g = draw(toruses() if name == "circulant" else SMALL)
    return rung_of(name, g, bias=draw(st.booleans(), label="bias"))


def fractions(rng, *shape):
    numbers = [Fraction(int(n), 4) for n in rng.integers(-9, 10, int(np.prod(shape)))]
    return np.array(numbers, object).reshape(shape)


def problem(rung, seed, samples=2):
    """Parameters, inputs and a gradient by the outputs, all Fractions."""
    g, rng = rung.geometry, np.random.default_rng(seed)
    theta = fractions(rng, rung.free_parameters)
    x = fractions(rng, samples, g.in_channels, *g.input_size)
    return theta, x, fractions(rng, samples, g.out_channels, *g.output_size)


def entries_by_hand(rung):
    """Which parameters each entry of the matrix holds, without a look at the rung.

    From the tie map of the geometry; the positions of the free entries in C order.
    """
    g = rung.geometry
    rows, columns = g.matrix_shape
    ties = tie_map(g)
    held = {}
    if rung.name == "dense":
        places = product(range(rows), range(columns + rung.bias))
        return {place: [number] for number, place in enumerate(places)}
    for row, column, tap in zip(ties.rows, ties.cols, ties.taps, strict=True):
        held.setdefault((int(row), int(column)), []).append(int(tap))
    if rung.bias:
        per_channel = rows // g.out_channels
        for row in range(rows):
            held[row, columns] = [g.free_parameters + row // per_channel]
    if rung.name == "locally_connected":
        return {place: [number] for number, place in enumerate(sorted(held))}
    return held


def matrix_by_hand(rung, theta):
    g = rung.geometry
    rows, columns = g.matrix_shape
    matrix = np.zeros((rows, columns + rung.bias), theta.dtype)
    for place, numbers in entries_by_hand(rung).items():
        matrix[place] = sum(theta[number] for number in numbers)
    return matrix


def with_ones(rung, x):
    """`(batch, columns)`, and a column of ones for the bias."""
    flat = x.reshape(len(x), -1)
    ones = np.full((len(x), int(rung.bias)), Fraction(1), object)
    return np.concatenate([flat, ones], axis=1)


# ------------------------------------------------------------------------- RungLayer


@settings(max_examples=150)
@given(rungs(), st.integers(0, 99))
def test_forward_is_the_dense_matrix_of_the_rung(rung, seed):
    theta, x, grad = problem(rung, seed)
    layer = RungLayer(rung, theta)
    matrix = matrix_by_hand(rung, theta)
    assert (layer.matrix == matrix).all()
    expected = (with_ones(rung, x) @ matrix.T).reshape(grad.shape)
    assert (layer.forward(x) == expected).all()


@settings(max_examples=150)
@given(rungs(), st.integers(0, 99))
def test_backward_is_the_transpose_and_the_dense_gradient_summed(rung, seed):
    theta, x, grad = problem(rung, seed)
    layer = RungLayer(rung, theta)
    layer.forward(x)
    x_grad = layer.backward(grad)
    errors, matrix = grad.reshape(len(grad), -1), matrix_by_hand(rung, theta)
    columns = rung.geometry.matrix_shape[1]
    assert (x_grad == (errors @ matrix)[:, :columns].reshape(x.shape)).all()
    dense = errors.T @ with_ones(rung, x)
    sums = np.full(len(theta), Fraction(0), object)
    for place, numbers in entries_by_hand(rung).items():
        for number in numbers:
            sums[number] += dense[place]
    assert (layer.gradients["theta"] == sums).all()


@settings(max_examples=60)
@given(rungs(), st.data())
def test_gradients_are_exact_differences(rung, data):
    theta, x, grad = problem(rung, data.draw(st.integers(0, 99), label="seed"))
    layer = RungLayer(rung, theta)
    layer.forward(x)
    x_grad, theta_grad = layer.backward(grad), layer.gradients["theta"]
    for array, gradient in ((x, x_grad), (layer.parameters["theta"], theta_grad)):
        place = data.draw(st.tuples(*(st.integers(0, n - 1) for n in array.shape)))
        before = (layer.forward(x) * grad).sum()
        array[place] += 1
        after = (layer.forward(x) * grad).sum()
        array[place] -= 1
        assert after - before == gradient[place]


@pytest.mark.parametrize("name", RUNGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_gradients_are_complex_differences_to_rounding(name, dtype):
    # Of half the sum of squares. A complex step takes no difference of close numbers,
    # and computes in float64; so what is left is rounding of the given dtype.
    g = geometry((2, 4, 5), (3, 2, 3, 2), padding=[(1, 1), (0, 1)])
    rung = rung_of(name, g, bias=True)
    rng = np.random.default_rng(0)
    theta = rng.normal(size=rung.free_parameters).astype(dtype)
    x = rng.normal(size=(3, *g.input_shape)).astype(dtype)

    def gradients(theta, x):
        layer = RungLayer(rung, theta)
        return layer.backward(layer.forward(x)), layer.gradients["theta"]

    x_grad, theta_grad = gradients(theta, x)
    assert x_grad.dtype == theta_grad.dtype == dtype
    # Both passes are sums of products, of at most so many terms.
    terms = g.matrix_shape[1] + 1 + len(x) * g.matrix_shape[0] + 2
    gamma = terms * np.finfo(dtype).eps
    most_x, most_theta = gradients(abs(theta), abs(x))
    step = 1e-100
    for place in rng.choice(len(theta), 10, replace=False):
        moved = theta.astype(complex)
        moved[place] += 1j * step
        y = RungLayer(rung, moved).forward(x.astype(complex))
        exact = (y * y).sum().imag / 2 / step
        assert abs(exact - theta_grad[place]) <= 2 * gamma * most_theta[place]
    for flat in rng.choice(x.size, 10, replace=False):
        place = np.unravel_index(flat, x.shape)
        moved = x.astype(complex)
        moved[place] += 1j * step
        y = RungLayer(rung, theta.astype(complex)).forward(moved)
        exact = (y * y).sum().imag / 2 / step
        assert abs(exact - x_grad[place]) <= 2 * gamma * most_x[place]


@settings(max_examples=60)
@given(SMALL, st.integers(0, 99))
def test_the_rung_convolution_is_the_layer_conv(g, seed):
    rung = rung_of("convolution", g, bias=True)
    theta, x, grad = problem(rung, seed)
    layer = RungLayer(rung, theta)
    other = Conv(g.in_channels, g.out_channels, g.kernel_size, rng=RNG, **g.keywords)
    weight, bias = theta[: g.free_parameters], theta[g.free_parameters :]
    other.parameters = {"weight": weight.reshape(g.weight_shape), "bias": bias}
    assert (layer.forward(x) == other.forward(x)).all()
    assert (layer.backward(grad) == other.backward(grad)).all()
    own = [array.reshape(-1) for array in other.gradients.values()]
    assert (layer.gradients["theta"] == np.concatenate(own)).all()


@settings(max_examples=40)
@given(SMALL, st.integers(0, 99))
def test_the_rung_dense_is_the_layer_linear_on_the_flat_input(g, seed):
    rung = rung_of("dense", g, bias=True)
    theta, x, grad = problem(rung, seed)
    layer = RungLayer(rung, theta)
    rows, columns = g.matrix_shape
    whole = theta.reshape(rows, columns + 1)
    other = Linear(columns, rows, rng=RNG)
    other.parameters = {"weight": whole[:, :-1].copy(), "bias": whole[:, -1].copy()}
    flat, errors = x.reshape(len(x), -1), grad.reshape(len(x), -1)
    assert (layer.forward(x).reshape(errors.shape) == other.forward(flat)).all()
    assert (layer.backward(grad).reshape(flat.shape) == other.backward(errors)).all()
    own = other.gradients["weight"], other.gradients["bias"][:, None]
    gradient = layer.gradients["theta"].reshape(whole.shape)
    assert (gradient == np.concatenate(own, axis=1)).all()


@settings(max_examples=40)
@given(toruses(), st.integers(0, 99))
def test_the_rung_circulant_is_the_convolution_with_circular_padding(g, seed):
    rung = rung_of("circulant", g, bias=True)
    theta, x, _ = problem(rung, seed)
    kernel, bias = theta[: g.free_parameters], theta[g.free_parameters :]
    keywords = g.keywords | {"padding_mode": "circular"}
    expected = conv(x, kernel.reshape(g.weight_shape), bias, **keywords)
    assert (RungLayer(rung, theta).forward(x) == expected).all()


@settings(max_examples=40)
@given(rungs(), st.integers(0, 99))
def test_training_the_layer_is_training_the_matrix(rung, seed):
    theta, x, y = problem(rung, seed, samples=3)
    rule = Fraction(1, 8), Fraction(1, 2)
    layer = RungLayer(rung, theta)
    learner = Learner(
        Sequential([layer]), Loader(x, y, 3), SGD(*rule), loss=HalfSquare()
    )
    steps = train_matrix(
        rung.geometry,
        theta,
        x,
        y,
        SGD(*rule),
        steps=3,
        rung=rung.name,
        way="reparametrise",
        bias=rung.bias,
    )
    for step in steps:
        learner.fit(1, progress=False)
        assert learner.history.losses[-1] == step.loss
        assert (layer.matrix == step.matrix).all()


def test_a_step_of_the_rule_changes_the_matrix_of_the_next_pass():
    # Parameters are changed in place, and the matrix must not lag behind.
    rung = rung_of("locally_connected", UNEVEN, bias=True)
    rng = np.random.default_rng(0)
    theta = rng.normal(size=rung.free_parameters)
    x = rng.normal(size=(2, *UNEVEN.input_shape))
    grad = rng.normal(size=(2, *UNEVEN.output_shape))
    layer = RungLayer(rung, theta)
    for _ in range(3):
        layer.forward(x)
        layer.backward(grad)
        SGD(0.5).step(layer.parameters, layer.gradients)
        fresh = RungLayer(rung, layer.parameters["theta"])
        assert np.array_equal(layer.matrix, fresh.matrix)
        assert np.array_equal(layer.forward(x), fresh.forward(x))
        assert np.array_equal(layer.backward(grad), fresh.backward(grad))


def test_theta_is_copied():
    rung = rung_of("convolution", geometry(3, 2))
    theta = np.ones(2)
    layer = RungLayer(rung, theta)
    layer.parameters["theta"] *= 3
    assert theta.tolist() == [1, 1]
    assert layer.matrix.tolist() == [[3, 3, 0], [0, 3, 3]]


@pytest.mark.parametrize("name", RUNGS)
def test_dtypes_are_those_of_the_convolution(name):
    g = geometry((1, 4), (2, 1, 3), padding=1)
    rung = rung_of(name, g, bias=True)
    kinds = np.int64, np.float16, np.float32, np.float64, np.complex128, object
    for start, given_ in product(kinds[1:], kinds):
        layer = RungLayer(rung, np.ones(rung.free_parameters, start))
        x = np.ones((2, *g.input_shape), given_)
        y = layer.forward(x)
        expected = np.result_type(np.dtype(start), np.dtype(given_))
        assert y.dtype == layer.backward(y).dtype == expected
        assert layer.gradients["theta"].dtype == expected


def test_finer_parameters_put_in_place_are_not_rounded():
    # As `Sequential.load` does it, and exact tests.
    rung = rung_of("convolution", geometry(3, 2))
    layer = RungLayer(rung, np.ones(2, np.float32))
    layer.forward(np.ones((1, 3), np.float32))
    fine = np.array([1 + 2.0**-50, 3.0])
    layer.parameters["theta"] = fine
    assert layer.forward(np.array([[1.0, 0.0, 0.0]]))[0, 0].tolist() == [fine[0], 0]
    assert layer.matrix[0, 0] == fine[0]
    layer.parameters["theta"] = np.array([Fraction(1, 3), Fraction(1, 7)], object)
    x = np.array([[Fraction(1), Fraction(1), Fraction(0)]], object)
    assert layer.forward(x)[0, 0].tolist() == [Fraction(10, 21), Fraction(1, 3)]
    x_grad = layer.backward(np.array([[[Fraction(1), Fraction(0)]]], object))
    assert x_grad.tolist() == [[Fraction(1, 3), Fraction(1, 7), 0]]


@pytest.mark.parametrize("name", RUNGS)
def test_an_empty_batch_goes_through(name):
    g = geometry((1, 4), (2, 1, 3), padding=1)
    rung = rung_of(name, g, bias=True)
    layer = RungLayer(rung, np.ones(rung.free_parameters))
    y = layer.forward(np.zeros((0, 1, 4)))
    assert y.shape == (0, 2, 4)
    assert layer.backward(y).shape == (0, 1, 4)
    assert not layer.gradients["theta"].any()


def test_what_is_no_parameter_of_the_rung_is_refused():
    rung = rung_of("convolution", geometry(4, 3), bias=True)
    with pytest.raises(ShapeError, match=r"theta.shape must be \(4,\), one for each"):
        RungLayer(rung, np.ones(3))
    with pytest.raises(ConvmatError, match=r"must not be integers.*astype\(float\)"):
        RungLayer(rung, np.ones(4, int))
    with pytest.raises(ConvmatTypeError, match="theta must hold numbers"):
        RungLayer(rung, ["a"] * 4)
    with pytest.raises(ConvmatTypeError, match="rung must be a Rung, as of rung_of"):
        RungLayer("convolution", np.ones(4))


def test_inputs_and_gradients_of_another_shape_are_refused():
    rung = rung_of("convolution", geometry((1, 4), (2, 1, 3)))
    layer = RungLayer(rung, np.ones(6))
    with pytest.raises(ConvmatError, match="must have gone through forward"):
        layer.backward(np.ones((1, 2, 2)))
    for shape in ((1, 4), (1, 2, 4), (1, 1, 5), (4,)):
        with pytest.raises(ShapeError, match=r"x.shape must be \(batch, 1, \*\(4,\)\)"):
            layer.forward(np.ones(shape))
    layer.forward(np.ones((1, 1, 4)))
    with pytest.raises(
        ShapeError, match=r"grad\.shape must be that of the last output"
    ):
        layer.backward(np.ones((1, 2, 3)))


def test_a_batch_without_channel_axis_is_one_channel():
    rung = rung_of("convolution", geometry(4, 3))
    layer = RungLayer(rung, np.arange(3.0))
    x = np.arange(8.0).reshape(2, 4)
    y = layer.forward(x)
    assert np.array_equal(y, layer.forward(x[:, None]))
    layer.forward(x)
    assert layer.backward(y).shape == x.shape


# ----------------------------------------------------------------------- FixedMatrix


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 3), st.integers(0, 99))
def test_backward_of_a_fixed_matrix_is_its_adjoint(rows, columns, batch, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-9, 10, (rows, columns))
    layer = FixedMatrix(matrix)
    x, grad = (
        rng.integers(-9, 10, (batch, columns)),
        rng.integers(-9, 10, (batch, rows)),
    )
    y = layer.forward(x)
    x_grad = layer.backward(grad)
    assert np.array_equal(y, np.einsum("rc,bc->br", matrix, x))
    assert (y * grad).sum() == (x * x_grad).sum()
    assert layer.parameters == layer.gradients == {}


def test_a_sparse_fixed_matrix_is_the_dense_one():
    g = geometry((2, 3, 3), (2, 2, 2, 2), padding=((0, 1), (1, 0)))
    matrix = conv_matrix(
        np.arange(16).reshape(g.weight_shape), g.input_shape, **g.keywords
    )
    x = np.arange(36).reshape(2, 2, 3, 3) % 7
    one, other = FixedMatrix(matrix), FixedMatrix(matrix.toarray())
    y = one.forward(x)
    assert np.array_equal(y, other.forward(x))
    assert np.array_equal(one.backward(y), other.backward(y))
    half = np.array([Fraction(n, 2) for n in range(36)], object).reshape(x.shape)
    exact = one.forward(half)
    assert (exact == other.forward(half)).all()
    assert isinstance(exact.flat[0], Fraction)
    assert (one.backward(exact) == other.backward(exact)).all()


def test_pooling_by_its_matrix_is_the_mean_over_windows():
    x = np.arange(2 * 3 * 4 * 6.0).reshape(2, 3, 4, 6)
    layer = FixedMatrix(avg_pool_matrix((3, 4, 6), (2, 2)))
    y = layer.forward(x)
    assert y.shape == (2, 3 * 2 * 3)
    means = x.reshape(2, 3, 2, 2, 3, 2).mean(axis=(3, 5))  # of 4 integers: exact
    assert np.array_equal(y, means.reshape(2, -1))
    grad = np.arange(y.size).reshape(y.shape) * 4.0
    spread = grad.reshape(means.shape).repeat(2, axis=2).repeat(2, axis=3) / 4
    assert np.array_equal(layer.backward(grad), spread)


def test_what_is_no_matrix_for_the_inputs_is_refused():
    with pytest.raises(ShapeError, match=r"matrix\.shape must have two axes"):
        FixedMatrix(np.ones(3))
    with pytest.raises(ConvmatTypeError, match="matrix must hold numbers"):
        FixedMatrix([["a"]])
    layer = FixedMatrix([[1, 2]])
    with pytest.raises(ShapeError, match="must have 2 numbers per sample"):
        layer.forward(np.ones((1, 3)))
    with pytest.raises(ConvmatError, match="must have gone through forward"):
        layer.backward(np.ones((1, 1)))
    assert layer.forward(np.ones((0, 2))).shape == (0, 1)
