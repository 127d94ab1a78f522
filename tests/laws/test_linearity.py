"""Linearity in each argument, of each map; the bias, and the batch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convmat import conv
from convmat.verify import Route
from convmat.verify.strategies import cases, inputs, kernels, outputs

scalars = st.integers(-9, 9)


@given(cases(), st.data(), scalars)
def test_forward_is_linear_in_the_input(route: Route, case, data, scalar):
    g, kernel, x, _ = case
    other = data.draw(inputs(g))
    both = route.apply(kernel, scalar * x + other, g)
    apart = scalar * route.apply(kernel, x, g) + route.apply(kernel, other, g)
    assert np.array_equal(both, apart)


@given(cases(), st.data(), scalars)
def test_forward_is_linear_in_the_kernel(route: Route, case, data, scalar):
    g, kernel, x, _ = case
    other = data.draw(kernels(g)).reshape(g.weight_shape)
    both = route.apply(scalar * kernel + other, x, g)
    apart = scalar * route.apply(kernel, x, g) + route.apply(other, x, g)
    assert np.array_equal(both, apart)


@given(cases(), st.data(), scalars)
def test_input_gradient_is_linear_in_both(input_route: Route, case, data, scalar):
    g, kernel, _, grad = case
    other = data.draw(outputs(g))
    bank = data.draw(kernels(g)).reshape(g.weight_shape)
    apply = input_route.input_grad
    assert np.array_equal(
        apply(scalar * grad + other, kernel, g),
        scalar * apply(grad, kernel, g) + apply(other, kernel, g),
    )
    assert np.array_equal(
        apply(grad, scalar * kernel + bank, g),
        scalar * apply(grad, kernel, g) + apply(grad, bank, g),
    )


@given(cases(), st.data(), scalars)
def test_kernel_gradient_is_linear_in_both(kernel_route: Route, case, data, scalar):
    g, _, x, grad = case
    image, other = data.draw(inputs(g)), data.draw(outputs(g))
    apply = kernel_route.kernel_grad
    assert np.array_equal(
        apply(scalar * grad + other, x, g),
        scalar * apply(grad, x, g) + apply(other, x, g),
    )
    assert np.array_equal(
        apply(grad, scalar * x + image, g),
        scalar * apply(grad, x, g) + apply(grad, image, g),
    )


@given(cases(), st.data())
def test_bias_is_added_to_every_output_of_its_channel(case, data):
    g, kernel, x, _ = case
    bias = np.array(data.draw(st.lists(scalars, min_size=1, max_size=1))) + np.arange(
        g.out_channels
    )
    keywords = {
        **g.keywords,
    }
    added = conv(x, kernel, bias, **keywords) - conv(x, kernel, **keywords)
    assert (np.moveaxis(added, 1, -1) == bias).all()


@given(cases(batch=3))
def test_images_of_a_batch_do_not_see_each_other(route: Route, case):
    g, kernel, x, _ = case
    alone = [route.apply(kernel, image[None], g) for image in x]
    assert np.array_equal(route.apply(kernel, x, g), np.concatenate(alone))


@given(cases(batch=3))
def test_input_gradients_of_a_batch_do_not_see_each_other(input_route: Route, case):
    g, kernel, _, grad = case
    alone = [input_route.input_grad(one[None], kernel, g) for one in grad]
    assert np.array_equal(
        input_route.input_grad(grad, kernel, g), np.concatenate(alone)
    )


@given(cases(batch=3))
def test_kernel_gradient_is_summed_over_the_batch(kernel_route: Route, case):
    g, _, x, grad = case
    pairs = zip(grad, x, strict=True)
    alone = [
        kernel_route.kernel_grad(one[None], image[None], g) for one, image in pairs
    ]
    assert np.array_equal(kernel_route.kernel_grad(grad, x, g), sum(alone))
