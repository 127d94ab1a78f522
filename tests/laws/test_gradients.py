"""Gradients: the tie sum, the transposed matrix, the exact difference quotient."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import conv_kernel_grad, conv_matrix, geometry, tie_map
from convmat.verify import Route
from convmat.verify.strategies import Case, cases, inputs, kernels


@given(cases())
def test_kernel_gradient_is_the_tie_sum_of_the_dense_gradient(kernel_route, case):
    g, _, x, grad = case
    dense = grad.reshape(2, -1).T @ x.reshape(2, -1)  # (rows, columns)
    ties = tie_map(g)
    sums = [dense[ties.where(tap)].sum() for tap in range(g.free_parameters)]
    assert kernel_route.kernel_grad(grad, x, g).ravel().tolist() == sums


@given(cases())
def test_gradient_by_a_dead_tap_is_zero(kernel_route, case):
    g, _, x, grad = case
    gradient = kernel_route.kernel_grad(grad, x, g).ravel()
    assert not gradient[tie_map(g).dead_taps].any()


@given(cases(batch=1))
def test_input_gradient_is_the_transposed_matrix(input_route, case):
    g, kernel, _, grad = case
    W = conv_matrix(
        kernel,
        (g.in_channels, *g.input_size),
        **g.keywords,
    )
    x_grad = input_route.input_grad(grad, kernel, g)
    assert np.array_equal(x_grad.ravel(), W.toarray().T @ grad.ravel())


@given(cases(), st.data())
def test_kernel_gradient_is_the_exact_difference_quotient(
    kernel_route: Route, case: Case, data
):
    g, kernel, x, grad = case
    step = data.draw(kernels(g)).reshape(g.weight_shape)
    before = (kernel_route.apply(kernel, x, g) * grad).sum()
    after = (kernel_route.apply(kernel + step, x, g) * grad).sum()
    assert after - before == (kernel_route.kernel_grad(grad, x, g) * step).sum()


@given(cases(), st.data())
def test_input_gradient_is_the_exact_difference_quotient(
    input_route: Route, case: Case, data
):
    g, kernel, x, grad = case
    step = data.draw(inputs(g))
    before = (input_route.apply(kernel, x, g) * grad).sum()
    after = (input_route.apply(kernel, x + step, g) * grad).sum()
    assert after - before == (input_route.input_grad(grad, kernel, g) * step).sum()


@given(cases())
@example(
    Case(
        geometry((1, 4), (1, 1, 2), stride=3),
        np.array([[[1, 2]]]),
        np.array([[[1, 2, 3, 4]]] * 2),
        np.array([[[5]]] * 2),
    )
)
def test_public_kernel_gradient_has_the_shape_of_the_kernel(case):
    g, kernel, x, grad = case
    gradient = conv_kernel_grad(
        grad,
        x,
        kernel.shape,
        **g.keywords,
    )
    ties = tie_map(g)
    dense = grad.reshape(2, -1).T @ x.reshape(2, -1)
    sums = np.zeros(g.free_parameters, int)
    np.add.at(sums, ties.taps, dense[ties.rows, ties.cols])
    assert gradient.shape == kernel.shape
    assert np.array_equal(gradient.ravel(), sums)
