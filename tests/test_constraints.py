"""The two constraints: embedding, projection, the gradient's way back, violation."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvConstraint, conv, conv_kernel_grad, conv_matrix, geometry
from convmat.constraints import train_matrix
from convmat.optim import SGD
from convmat.verify.rounding import gamma
from convmat.verify.strategies import geometries, inputs, kernels, outputs

SMALL = geometries(max_rank=2, max_channels=2, max_groups=2)


def fractions(array):
    return np.array([Fraction(int(v)) for v in array.flat], object).reshape(array.shape)


def matrices(g):
    # Large ones come from a seed: Hypothesis draws no lists of thousands.
    size = g.matrix_shape[0] * g.matrix_shape[1]
    if size > 256:
        seeds = st.integers(0, 2**32 - 1).map(np.random.default_rng)
        return seeds.map(lambda rng: rng.integers(-9, 10, g.matrix_shape))
    numbers = st.lists(st.integers(-9, 9), min_size=size, max_size=size)
    return numbers.map(lambda values: np.array(values, int).reshape(g.matrix_shape))


@given(st.data())
def test_embedding_is_the_dense_form_of_the_matrix(data):
    g = data.draw(SMALL)
    kernel = data.draw(kernels(g))
    embedded = ConvConstraint(g).embed(kernel)
    sparse = conv_matrix(kernel, g.input_shape, **g.keywords)
    assert embedded.dtype == np.int64
    assert np.array_equal(embedded, sparse.toarray())


@given(st.data())
def test_pull_back_is_the_transpose_of_embed(data):
    # <embed(kernel), matrix> == <kernel, pull_back(matrix)>, in integers
    g = data.draw(SMALL)
    kernel = data.draw(kernels(g))
    matrix = np.arange(np.prod(g.matrix_shape)).reshape(g.matrix_shape) % 19 - 9
    constraint = ConvConstraint(g)
    left = (constraint.embed(kernel) * matrix).sum()
    pulled = constraint.pull_back(matrix)
    assert pulled.shape == g.kernel_shape
    assert left == (kernel.reshape(g.kernel_shape) * pulled).sum()


@given(st.data())
def test_pull_back_of_the_dense_gradient_is_the_kernel_gradient(data):
    g = data.draw(SMALL)
    x, grad = data.draw(inputs(g)), data.draw(outputs(g))
    rows, columns = grad.reshape(len(x), -1).T, x.reshape(len(x), -1)
    constraint = ConvConstraint(g)
    dense = constraint.pull_back(rows @ columns)
    windows = conv_kernel_grad(grad, x, g.weight_shape, **g.keywords)
    assert np.array_equal(dense.reshape(g.weight_shape), windows)
    assert np.array_equal(constraint.pull_back_product(rows, columns), dense)


def test_a_large_dense_gradient_is_pulled_back_in_slabs(monkeypatch):
    from convmat.constraints import constraint as module

    g = geometry((2, 5, 6), (3, 2, 2, 3), padding=1)
    rng = np.random.default_rng(0)
    left = rng.integers(-9, 9, (g.matrix_shape[0], 4))
    right = rng.integers(-9, 9, (4, g.matrix_shape[1]))
    whole = ConvConstraint(g).pull_back(left @ right)
    monkeypatch.setattr(module, "_SLAB", 7 * g.matrix_shape[1])  # 7 rows at a time
    assert np.array_equal(ConvConstraint(g).pull_back_product(left, right), whole)


@given(st.data())
def test_projection_is_orthogonal_in_rationals(data):
    g = data.draw(geometries(max_rank=1, max_channels=2, max_groups=1))
    matrix = fractions(data.draw(matrices(g)))
    kernel = fractions(data.draw(kernels(g)))
    constraint = ConvConstraint(g)
    rest = matrix - constraint.project(matrix)
    # The rest is orthogonal to every matrix that obeys: this is what nearest means.
    assert (rest * constraint.embed(kernel)).sum() == 0


@given(st.data())
def test_projection_obeys_both_constraints_exactly(data):
    g = data.draw(SMALL)
    constraint = ConvConstraint(g)
    for matrix in (data.draw(matrices(g)), fractions(data.draw(matrices(g)))):
        assert constraint.violation(constraint.project(matrix)).holds


@given(st.data())
def test_projection_leaves_an_obeying_matrix_as_it_is(data):
    g = data.draw(geometries(max_rank=2, max_channels=2, modes=["zeros"]))
    kernel = data.draw(kernels(g, np.float64))
    constraint = ConvConstraint(g)
    matrix = constraint.embed(kernel)
    assert np.array_equal(constraint.project(matrix), matrix)  # to the bit
    assert constraint.violation(matrix).holds


@given(st.data())
def test_projection_is_exact_on_integers_in_every_mode(data):
    g = data.draw(SMALL)
    constraint = ConvConstraint(g)
    matrix = constraint.embed(data.draw(kernels(g)))
    assert (constraint.project(matrix) == matrix).all()
    assert constraint.violation(matrix).holds
    other = data.draw(matrices(g))
    assert not constraint.pull_back(other - constraint.project(other)).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.float16])
def test_nearest_kernel_of_shared_entries_solves_the_normal_equations(dtype):
    g = geometry((2, 4, 3), (2, 2, 3, 2), padding=1, padding_mode="reflect")
    constraint = ConvConstraint(g)
    rng = np.random.default_rng(0)
    matrix = rng.integers(-9, 9, g.matrix_shape)
    exact = constraint.extract(matrix)
    assert not constraint.pull_back(matrix - constraint.embed(exact)).any()
    found = constraint.extract(matrix.astype(dtype))
    assert found.dtype == dtype
    # Sums of at most 24 integers below 9 are exact even in float16. What rounds is the
    # solution of 6 equations, of condition 3: at most 3 n**2 cond eps, relatively
    # (Higham, section 9.3, where the growth factor of a dominant matrix is below 2).
    bound = 3 * 6**2 * 3 * np.finfo(dtype).eps * 9
    assert np.abs(found - exact.astype(complex)).max() <= bound


def test_taps_that_cannot_be_told_apart_share_what_is_there():
    # Around one cell, all three taps read it: only their sum is in the matrix.
    g = geometry(1, 3, padding=1, padding_mode="circular")
    constraint = ConvConstraint(g)
    assert constraint.embed([1, 2, 4]).tolist() == [[7]]
    assert constraint.extract([[7]]).tolist() == [7, 0, 0]
    assert constraint.violation([[7]]).holds


def test_integers_beyond_the_reach_of_int64_differences_are_told_apart():
    constraint = ConvConstraint(geometry(3, 2))
    violation = constraint.violation([[2**62, 0, 0], [0, -(2**62), 0]])
    assert (violation.ties, violation.tie_at) == (2**63, (1, 1))
    edge = np.zeros((2, 3), int)
    edge[0, 2] = -(2**63)
    assert constraint.violation(edge).zeros == 2**63
    large = constraint.embed([2**53 + 1, 0])
    assert (constraint.project(large) == large).all()


def test_a_nan_among_objects_is_a_breach():
    constraint = ConvConstraint(geometry(3, 2))
    matrix = constraint.embed(np.array([Fraction(1), Fraction(2)], object))
    matrix[0, 2] = float("nan")
    assert constraint.violation(matrix).zero_at == (0, 2)


def test_a_sparse_matrix_too_large_to_be_dense_is_refused():
    size = (4000, 4000)
    matrix = conv_matrix(np.ones((1, 1)), size)
    with pytest.raises(MemoryError, match=r"the dense matrix of .* needs"):
        ConvConstraint(geometry(size, (1, 1))).violation(matrix)


def test_extract_takes_the_mean_of_each_tie_and_0_for_dead_taps():
    constraint = ConvConstraint(geometry(1, 3, padding=1))
    assert constraint.extract(np.array([[5.0]])).tolist() == [0, 5, 0]
    constraint = ConvConstraint(geometry(3, 2))
    assert constraint.extract([[1, 5, 9], [9, 2, 7]]).tolist() == [Fraction(3, 2), 6]


def test_projection_of_fractions_and_python_integers_is_exact():
    constraint = ConvConstraint(geometry(4, 2))
    matrix = np.zeros((3, 4), object)
    matrix[0, 0] = 1
    assert constraint.extract(matrix).tolist() == [Fraction(1, 3), 0]


@given(st.data())
def test_violation_names_the_entry_that_breaks(data):
    g = data.draw(geometries(max_rank=2, max_channels=2, modes=["zeros"]))
    constraint = ConvConstraint(g)
    matrix = constraint.embed(data.draw(kernels(g)))
    row = data.draw(st.integers(0, g.matrix_shape[0] - 1))
    column = data.draw(st.integers(0, g.matrix_shape[1] - 1))
    tap = constraint.ties.pattern()[row, column]
    matrix[row, column] += 5
    violation = constraint.violation(matrix)
    if tap < 0:
        assert (violation.zeros, violation.zero_at) == (5, (row, column))
        assert violation.ties == 0
    elif constraint.ties.multiplicity.flat[tap] > 1:
        assert violation.ties == 5
        assert violation.zeros == 0
        assert str(violation).startswith("entry at row")
    else:
        assert violation.holds  # alone in its tie, it may have any value


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_never_holds(bad):
    constraint = ConvConstraint(geometry(4, 2))
    matrix = constraint.embed([1.0, 2.0])
    matrix[0, 0] = bad
    assert not constraint.violation(matrix).holds
    matrix = constraint.embed([1.0, 2.0])
    matrix[0, 3] = bad
    assert not constraint.violation(matrix).holds
    assert "structural zero at row 0, column 3" in str(constraint.violation(matrix))


def test_complex_matrices_are_embedded_and_measured():
    constraint = ConvConstraint(geometry(3, 2))
    matrix = constraint.embed([1j, 2])
    assert constraint.violation(matrix).holds
    matrix[0, 0] += 3
    assert constraint.violation(matrix).ties == 3


def test_sparse_matrices_are_welcome():
    g = geometry(4, 3, padding=1)
    matrix = conv_matrix([1, 2, 3], 4, padding=1)
    constraint = ConvConstraint(g)
    assert constraint.violation(matrix).holds
    assert constraint.extract(matrix).tolist() == [1, 2, 3]


@given(st.data())
def test_matrix_and_kernel_take_the_same_steps_in_rationals(data):
    g = data.draw(geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4))
    x = fractions(data.draw(inputs(g)))
    y = fractions(data.draw(outputs(g)))
    kernel = fractions(data.draw(kernels(g)))
    momentum = data.draw(st.sampled_from([Fraction(0), Fraction(9, 10)]))
    lr = Fraction(1, 7)
    constraint, rule = ConvConstraint(g), SGD(lr, momentum)
    start = constraint.embed(kernel)
    for step in train_matrix(g, start, x, y, SGD(lr, momentum), steps=3):
        errors = conv(x, kernel, **g.keywords) - y
        grad = conv_kernel_grad(
            errors * Fraction(1, len(x)), x, kernel.shape, **g.keywords
        )
        rule.step({"kernel": kernel}, {"kernel": grad})
        assert step.violation.holds
        assert (step.matrix == constraint.embed(kernel)).all()


def test_one_float_step_stays_within_its_rounding_bound():
    # One step from 0: matrix and kernel each within gamma of -lr * sum errors * x.
    g = geometry((6, 5), (3, 2), padding=[(1, 0), (0, 1)], stride=(1, 2))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 1, 6, 5)), rng.normal(size=(8, 1, *g.output_size))
    constraint = ConvConstraint(g)
    start = constraint.embed(np.zeros(g.kernel_shape))
    (step,) = train_matrix(g, start, x, y, SGD(0.1), steps=1)
    kernel = -0.1 * conv_kernel_grad(-y / 8, x, g.kernel_shape, **g.keywords)
    size = 0.1 * conv_kernel_grad(abs(y) / 8, abs(x), g.kernel_shape, **g.keywords)
    terms = 8 * np.prod(g.output_size) + 3  # products, and three more roundings
    found = np.abs(constraint.extract(step.matrix) - kernel)
    assert (found <= 2 * gamma(terms) * size).all()


def test_without_constraints_zeros_fill_and_ties_part():
    g = geometry(5, 2)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(4, 1, 5)), rng.normal(size=(4, 1, 4))
    start = np.zeros(g.matrix_shape)
    (step,) = train_matrix(g, start, x, y, SGD(0.1), steps=1, rung="dense")
    assert step.violation.zeros > 0
    assert step.violation.ties > 0
    # One step from 0 is the plain gradient of half the mean square, everywhere.
    errors = y.reshape(4, -1).T @ x.reshape(4, -1) / 4
    terms = gamma(4 + 3) * (abs(y.reshape(4, -1).T) @ abs(x.reshape(4, -1)))
    assert (np.abs(step.matrix - 0.1 * errors) <= 2 * 0.1 * terms).all()


def test_training_does_not_change_its_start():
    g = geometry(3, 2)
    start = ConvConstraint(g).embed([1.0, 1.0])
    list(
        train_matrix(g, start, np.eye(3)[:, None], np.ones((3, 1, 2)), SGD(1), steps=2)
    )
    assert np.array_equal(start, ConvConstraint(g).embed([1.0, 1.0]))


def test_integer_starts_train_as_floats():
    g = geometry(3, 2)
    x, y = np.eye(3, dtype=int)[:, None], np.ones((3, 1, 2), int)
    (step,) = train_matrix(g, np.zeros((2, 3), int), x, y, SGD(1), steps=1)
    assert step.matrix.dtype == np.float64


def bad_calls():
    g = geometry(3, 2)
    x, y, rule = np.ones((2, 1, 3)), np.ones((2, 1, 2)), SGD(0.1)
    obeys = ConvConstraint(g).embed([1.0, 2.0])
    return {
        "must be a Geometry": (TypeError, lambda: ConvConstraint("3x3")),
        r"kernel.shape must be \(2,\)": (
            ValueError,
            lambda: ConvConstraint(g).embed([1, 2, 3]),
        ),
        r"matrix.shape must be \(2, 3\)": (
            ValueError,
            lambda: ConvConstraint(g).project(np.ones((3, 2))),
        ),
        r"matrix_grad.shape must be \(2, 3\)": (
            ValueError,
            lambda: ConvConstraint(g).pull_back(np.ones(6)),
        ),
        "needs .*max_bytes allows 10 bytes": (
            ValueError,
            lambda: ConvConstraint(g).embed([1, 2], max_bytes=10),
        ),
        r"must obey the constraints.*ConvConstraint.geometry..project": (
            ValueError,
            lambda: train_matrix(g, np.ones((2, 3)), x, y, rule, steps=1),
        ),
        "must hold one output per input, 2 in all": (
            ValueError,
            lambda: train_matrix(g, obeys, x, y[:1], rule, steps=1),
        ),
        "x.shape must be": (
            ValueError,
            lambda: train_matrix(g, obeys, x[..., :2], y, rule, steps=1),
        ),
        "must be real": (
            TypeError,
            lambda: train_matrix(g, obeys, x * 1j, y, rule, steps=1),
        ),
        "steps must be": (
            (TypeError, ValueError),
            lambda: train_matrix(g, obeys, x, y, rule, steps=-1),
        ),
        "must be finite at step": (
            ValueError,
            lambda: list(train_matrix(g, obeys, x, y, SGD(1e200), steps=9)),
        ),
    }


@pytest.mark.parametrize("message", bad_calls())
def test_bad_input_is_named(message):
    error, call = bad_calls()[message]
    with pytest.raises(error, match=message), np.errstate(over="ignore"):
        call()
