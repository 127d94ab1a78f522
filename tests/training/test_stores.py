"""One gradient by three stores, in rationals and in floats; and what they hold."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import MatrixTooLargeError, conv_matrix, geometry
from convmat.constraints import RUNGS, STORES, rung_of, train_matrix
from convmat.constraints import slots as slots_module
from convmat.constraints.windows import windows_of
from convmat.optim import SGD
from convmat.tie import tie_map
from convmat.verify.rounding import gamma
from convmat.verify.strategies import geometries

SMALL = geometries(max_rank=3, max_channels=2, max_groups=2, max_size=4)

REFLECTED = geometry(
    (2, 4, 3), (4, 1, 2, 3), padding=2, groups=2, padding_mode="reflect"
)
STRIDED = geometry((2, 7), (2, 2, 2), stride=3, padding=[(2, 0)], dilation=2)
AROUND = geometry(4, 3, padding=1, padding_mode="circular")  # columns not by taps
NOTHING = geometry(1, 1, padding=1, stride=2)


def problem(g, seed, count, dtype, samples=4):
    rng = np.random.default_rng(seed)

    def numbers(*shape):
        whole = rng.integers(-9, 10, shape)
        if dtype is object:
            parts = [Fraction(int(n), 3) for n in whole.flat]
            return np.array(parts, object).reshape(shape)
        return (rng.normal(size=shape) if dtype is float else whole / 4).astype(float)

    x = numbers(samples, g.in_channels, *g.input_size)
    return numbers(count), x, numbers(samples, g.out_channels, *g.output_size)


def held(rung, theta, x, y):
    """By store: outputs, gradient by the entries, gradient by the parameters."""
    for name, kind in STORES.items():
        if (name == "pattern" and rung.name == "dense") or (
            name == "free" and not rung.tied
        ):
            continue
        store = kind(rung, theta)
        inputs, wanted = store.inputs(x), store.outputs(y)
        outputs = store.product(inputs)
        errors = outputs - wanted
        by_entry = None
        if name != "free":
            by_entry = store.entries(store.gradient(errors, inputs))
            outputs = outputs.T
        yield outputs.reshape(len(x), -1), by_entry, store.pulled_back(errors, inputs)


@pytest.mark.parametrize("dtype", [object, int], ids=["rationals", "dyadic floats"])
@pytest.mark.parametrize("name", RUNGS[:3])
@settings(max_examples=30)
@given(SMALL, st.integers(0, 999), st.booleans())
@example(g=REFLECTED, seed=0, bias=True)
@example(g=STRIDED, seed=0, bias=True)
@example(g=AROUND, seed=0, bias=False)
@example(g=NOTHING, seed=0, bias=True)
@example(g=NOTHING, seed=0, bias=False)
def test_all_stores_have_one_product_and_one_gradient(dtype, name, g, seed, bias):
    # Quarters of integers below 10: every sum of products is exact in floats, too.
    rung = rung_of(name, g, bias=bias)
    theta, x, y = problem(g, seed, rung.free_parameters, dtype)
    (outputs, entries, sums), *others = held(rung, theta, x, y)
    assert (rung.pull_back(entries) == sums).all()
    for other, by_entry, pulled in others:
        assert (other == outputs).all()
        assert by_entry is None or (by_entry == entries).all()
        assert (pulled == sums).all()


@pytest.mark.parametrize("g", [REFLECTED, STRIDED], ids=str)
def test_blocks_of_outputs_give_what_all_at_once_do(g, monkeypatch):
    rung = rung_of("convolution", g, bias=True)
    theta, x, y = problem(g, 0, rung.free_parameters, int)
    whole = list(held(rung, theta, x, y))
    monkeypatch.setattr(slots_module, "_BYTES", 1)  # one output at a time
    for a, b in zip(whole, held(rung, theta, x, y), strict=True):
        assert all(
            (one == other).all()
            for one, other in zip(a, b, strict=True)
            if one is not None
        )


@settings(max_examples=30)
@given(SMALL, st.integers(0, 999))
@example(REFLECTED, 0)
@example(STRIDED, 0)
def test_in_floats_all_stores_are_within_their_rounding_bound(g, seed):
    rung = rung_of("convolution", g)
    theta, x, y = problem(g, seed, rung.free_parameters, float)
    (outputs, entries, sums), *others = held(rung, theta, x, y)
    # The same with all signs positive bounds every sum; products and sums of at most
    # `terms` numbers, twice over, and each of the two results is off by that.
    (most, most_entries, most_sums), *_ = held(rung, abs(theta), abs(x), -abs(y))
    terms = (
        2 * g.taps_per_row + 2 + len(x) * int(np.prod(g.output_size)) + g.taps_per_row
    )
    for other, by_entry, pulled in others:
        assert (np.abs(other - outputs) <= 2 * gamma(terms) * most).all()
        if by_entry is not None:
            assert (np.abs(by_entry - entries) <= 2 * gamma(terms) * most_entries).all()
        assert (np.abs(pulled - sums) <= 2 * gamma(terms) * most_sums).all()


@settings(max_examples=60)
@given(SMALL)
@example(REFLECTED)
@example(STRIDED)
@example(NOTHING)
def test_the_entries_of_a_rung_are_those_of_the_tie_map(g):
    rung, ties = rung_of("convolution", g), tie_map(g)
    columns = g.matrix_shape[1]
    own = (rung.rows[rung.places] * columns + rung.cols[rung.places], rung.taps)
    theirs = (ties.rows * columns + ties.cols, ties.taps)
    assert sorted(zip(*own, strict=True)) == sorted(zip(*theirs, strict=True))
    assert (np.diff(rung.flat) > 0).all()
    assert len(rung.rows) == g.nnz
    assert rung_of("locally_connected", g).free_parameters == g.nnz
    assert np.array_equal(rung.multiplicity, ties.multiplicity.reshape(-1))
    assert windows_of(g).entries * g.out_channels == g.nnz


@settings(max_examples=30)
@given(SMALL, st.integers(0, 99))
@example(REFLECTED, 0)
def test_the_csr_form_is_that_of_conv_matrix(g, seed):
    theta, x, y = problem(g, seed, g.free_parameters, int)
    (step,) = train_matrix(g, theta, x, y, SGD(0.25), steps=1)
    found = step.csr()
    kernel = step.theta.reshape(g.kernel_shape)
    wanted = conv_matrix(kernel, g.input_shape, **g.keywords)
    assert np.array_equal(found.indptr, wanted.indptr)
    assert np.array_equal(found.indices, wanted.indices)
    assert np.array_equal(found.toarray(), step.matrix)
    if g.padding_mode == "zeros":
        assert np.array_equal(found.data, wanted.data)


def test_the_csr_form_has_what_a_broken_tie_holds():
    g = geometry(3, 2)
    x, y = np.eye(3)[:, None], np.array([[[1.0, 2.0]], [[3.0, 5.0]], [[8.0, 1.0]]])
    (step,) = train_matrix(
        g, np.zeros(4), x, y, SGD(1), steps=1, rung="locally_connected"
    )
    assert not step.violation.holds
    assert np.array_equal(step.csr().toarray(), step.matrix)


def peak(function):
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_large_matrix_is_trained_in_bounded_memory():
    # 3x64x64 -> 16x64x64: the dense matrix would take 6 GiB.
    g = geometry((3, 64, 64), (16, 3, 3, 3), padding=1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 3, 64, 64)).astype(np.float32)
    y = rng.normal(size=(16, 16, 64, 64)).astype(np.float32)
    theta = np.zeros(g.free_parameters, np.float32)
    g.matrix_shape  # noqa: B018 - found once, before memory is watched

    def train(**choices):
        steps = train_matrix(g, theta, x, y, SGD(1e-7), steps=2, **choices)
        assert all(step.violation.holds for step in steps)

    outputs = y.nbytes
    entries = g.nnz * 4
    # Rows, columns, contributions and orders of the ties: 64 bytes an entry of 4 bytes.
    assert peak(train) < 24 * entries + 8 * outputs
    free = peak(lambda: train(way="reparametrise", store="free"))
    assert free < 8 * outputs + 8 * x.nbytes


def test_the_parameters_alone_need_no_positions():
    g = geometry((1, 3000, 3000), (64, 1, 3, 3), padding=1)
    with pytest.raises(MatrixTooLargeError, match="the positions of the convolution"):
        rung_of("convolution", g, max_bytes=10**9)
    small = geometry((3, 32, 32), (4, 3, 3, 3), padding=1)
    x, y = np.zeros((1, 3, 32, 32)), np.zeros((1, 4, 32, 32))
    (step,) = train_matrix(
        small,
        np.zeros(108),
        x,
        y,
        SGD(1),
        steps=1,
        way="reparametrise",
        store="free",
    )
    assert not step.theta.any()
    assert "positions" not in vars(step.store.rung)


def test_the_parameters_alone_become_a_matrix_when_they_are_asked_to():
    x, y = np.eye(4)[:, None], np.ones((4, 1, 3))
    steps = {"steps": 2, "way": "reparametrise"}
    g = geometry(4, 2)
    *_, free = train_matrix(g, [0.5, 1.0], x, y, SGD(0.5), store="free", **steps)
    *_, held = train_matrix(g, [0.5, 1.0], x, y, SGD(0.5), **steps)
    assert np.array_equal(free.csr().toarray(), held.matrix)
    assert np.array_equal(free.matrix, held.matrix)
    store = free.store
    assert np.array_equal(store.filled(store.entries(store.values)), store.values)
    errors = np.ones((4, 1, 3))
    assert np.array_equal(store.gradient(errors, x), store.pulled_back(errors, x))


def test_a_sparse_start_is_welcome_where_it_can_be_dense():
    x, y = np.eye(4)[:, None], np.ones((4, 1, 3))
    start = conv_matrix([0.5, 1.0], 4)
    (sparse,) = train_matrix(geometry(4, 2), start, x, y, SGD(0.5), steps=1)
    (dense,) = train_matrix(geometry(4, 2), start.toarray(), x, y, SGD(0.5), steps=1)
    assert np.array_equal(sparse.matrix, dense.matrix)
    size = (4000, 4000)
    start = conv_matrix(np.ones((1, 1)), size)
    x = np.zeros((1, 1, *size))
    with pytest.raises(MatrixTooLargeError, match="start from the flat parameters"):
        train_matrix(geometry(size, (1, 1)), start, x, x, SGD(1), steps=1)


def test_a_rung_is_written_as_it_is_made():
    g = geometry(4, 2)
    assert repr(rung_of("dense", g)) == "rung_of('dense', geometry((4,), (2,)))"
    tied = rung_of("convolution", g, bias=True)
    assert repr(tied) == "rung_of('convolution', geometry((4,), (2,)), bias=True)"
    assert tied == rung_of("convolution", g, bias=True) != rung_of("convolution", g)
