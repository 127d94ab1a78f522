"""The transpose: `<conv x, g> = <x, conv^T g>`, exactly."""

import numpy as np
from hypothesis import given

from convmat import conv_input_grad, conv_matrix, conv_operator
from convmat.verify import Route
from convmat.verify.strategies import Case, cases


def gaussian(case: Case) -> Case:
    """The case with Gaussian integers: products of complex numbers that stay exact."""
    g, *arrays = case
    return Case(g, *(array + 1j * np.roll(array, 1) for array in arrays))


def keywords(case: Case) -> dict[str, object]:
    g = case.geometry
    return {
        **g.keywords,
    }


@given(cases())
def test_input_gradient_is_the_transpose(input_route: Route, case):
    g, kernel, x, grad = case
    y = input_route.apply(kernel, x, g)
    assert (y * grad).sum() == (x * input_route.input_grad(grad, kernel, g)).sum()


@given(cases())
def test_input_gradient_of_complex_numbers_conjugates_nothing(input_route: Route, case):
    g, kernel, x, grad = gaussian(case)
    y = input_route.apply(kernel, x, g)
    assert (y * grad).sum() == (x * input_route.input_grad(grad, kernel, g)).sum()


@given(cases(batch=1))
def test_adjoint_of_the_operator_is_the_conjugate_transpose(case):
    g, kernel, x, grad = gaussian(case)
    operator = conv_operator(kernel, (g.in_channels, *g.input_size), **keywords(case))
    x, grad = x.ravel(), grad.ravel()
    assert np.vdot(grad, operator @ x) == np.vdot(operator.H @ grad, x)


@given(cases(batch=3))
def test_operator_takes_columns_as_a_batch_both_ways(case):
    g, kernel, x, grad = gaussian(case)
    operator = conv_operator(kernel, (g.in_channels, *g.input_size), **keywords(case))
    columns, grads = x.reshape(3, -1).T, grad.reshape(3, -1).T
    forward = np.stack([operator.matvec(column) for column in columns.T], axis=1)
    backward = np.stack([operator.rmatvec(column) for column in grads.T], axis=1)
    assert np.array_equal(operator.matmat(columns), forward)
    assert np.array_equal(operator.rmatmat(grads), backward)


@given(cases(batch=1))
def test_public_input_gradient_is_the_transposed_matrix(case):
    g, kernel, _, grad = case
    shape = (g.in_channels, *g.input_size)
    W = conv_matrix(kernel, shape, **keywords(case))
    x_grad = conv_input_grad(grad[0], kernel, shape, **keywords(case))
    assert x_grad.shape == shape
    assert np.array_equal(W.T @ grad.ravel(), x_grad.ravel())
