"""`conv_operator`: the matrix without its entries, as SciPy sees it."""

import numpy as np
import pytest
from hypothesis import given
from scipy.sparse.linalg import LinearOperator, lsqr, svds

from convmat import conv_matrix, conv_operator
from convmat.verify.strategies import cases


def pair(case):
    g = case.geometry
    shape = (g.in_channels, *g.input_size)
    settings = {
        **g.keywords,
    }
    return (
        conv_operator(case.kernel, shape, **settings),
        conv_matrix(case.kernel, shape, **settings),
    )


@given(cases())
def test_operator_has_the_shape_and_dtype_of_the_matrix(case):
    operator, W = pair(case)
    assert isinstance(operator, LinearOperator)
    assert operator.shape == W.shape
    assert operator.dtype == W.dtype


@given(cases())
def test_operator_on_the_identity_is_the_matrix(case):
    operator, W = pair(case)
    rows, columns = W.shape
    assert np.array_equal(operator @ np.eye(columns, dtype=int), W.toarray())
    assert np.array_equal(operator.H @ np.eye(rows, dtype=int), W.toarray().T)
    assert np.array_equal(operator.T @ np.eye(rows, dtype=int), W.toarray().T)


@given(cases(batch=1))
def test_vectors_may_be_flat_or_a_column(case):
    operator, W = pair(case)
    x = case.x.ravel()
    assert np.array_equal(operator @ x, W @ x)
    assert np.array_equal(operator @ x[:, None], (W @ x)[:, None])


@given(cases(batch=0))
def test_an_empty_batch_of_columns_stays_empty(case):
    operator, W = pair(case)
    rows, columns = W.shape
    assert (operator @ np.zeros((columns, 0), int)).shape == (rows, 0)
    assert (operator.H @ np.zeros((rows, 0), int)).shape == (columns, 0)


@given(cases(batch=1))
def test_operators_add_scale_and_chain_as_matrices_do(case):
    operator, W = pair(case)
    x = case.x.ravel()
    assert np.array_equal((operator + 2 * operator) @ x, 3 * (W @ x))
    assert np.array_equal((operator.H @ operator) @ x, W.T @ (W @ x))


def test_operator_keeps_its_own_copy_of_the_kernel():
    kernel = np.array([1, 2])
    operator = conv_operator(kernel, 3)
    kernel[:] = 0
    assert (operator @ np.array([1, 1, 1])).tolist() == [3, 3]


def test_operator_stores_the_kernel_only():
    operator = conv_operator(np.ones((3, 3)), (10**6, 10**6))
    assert operator.shape == ((10**6 - 2) ** 2, 10**12)


def test_scipy_solves_with_the_operator():
    kernel = np.array([2.0, 1.0])
    operator, W = conv_operator(kernel, 8), conv_matrix(kernel, 8)
    expected = np.linalg.svd(W.toarray(), compute_uv=False)[0]
    (largest,) = svds(operator, k=1, return_singular_vectors=False, random_state=0)
    # ARPACK stops when its residual is below eps * largest; both are backward stable.
    assert abs(largest - expected) <= 100 * np.finfo(float).eps * expected
    x = lsqr(operator, W @ np.arange(8.0), atol=0, btol=0, conlim=0)[0]
    assert operator @ x == pytest.approx(W @ np.arange(8.0), rel=1e-12)
