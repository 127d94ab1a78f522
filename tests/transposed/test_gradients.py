"""Gradients of the transposed convolution are the other maps of the paired one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convmat import conv, conv_kernel_grad
from convmat.transposed import conv_transpose
from convmat.verify.strategies import cases, kernels, outputs


def loss(y, kernel, g, weights):
    result = conv_transpose(y, kernel, output_shape=g.input_shape, **g.keywords)
    return (result * weights).sum()


@given(cases(), st.data())
def test_gradient_by_the_input_is_the_convolution(case, data):
    g, kernel, weights, y = case
    step = data.draw(outputs(g))
    gradient = conv(weights, kernel, **g.keywords)
    change = loss(y + step, kernel, g, weights) - loss(y, kernel, g, weights)
    assert change == (gradient * step).sum()


@given(cases(), st.data())
def test_gradient_by_the_kernel_swaps_the_arguments(case, data):
    g, kernel, weights, y = case
    step = data.draw(kernels(g)).reshape(g.weight_shape)
    gradient = conv_kernel_grad(y, weights, kernel.shape, **g.keywords)
    change = loss(y, kernel + step, g, weights) - loss(y, kernel, g, weights)
    assert change == (gradient * step).sum()


@given(cases())
def test_gradient_by_the_bias_is_the_sum_over_its_channel(case):
    g, kernel, weights, y = case
    bias = np.arange(1, g.in_channels + 1)
    settings = {"output_shape": g.input_shape, **g.keywords}
    added = conv_transpose(y, kernel, bias, **settings)
    change = (added * weights).sum() - loss(y, kernel, g, weights)
    assert (
        change == (np.moveaxis(weights, 1, -1).reshape(-1, g.in_channels) @ bias).sum()
    )
