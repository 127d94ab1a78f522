"""Batch normalisation: closed forms in fractions, derivatives by the complex step."""

from fractions import Fraction

import numpy as np
import pytest

from convmat.nn import BatchNorm, Sequential, functional
from convmat.verify.rounding import gamma

# Mean 0 and mean square 1, so that a root is exact: (1 + 49 + 1 + 49) / 4 = 25.
UNIT = np.array([Fraction(n, 5) for n in (1, 7, -1, -7)], object)


def exactly(array):
    return np.frompyfunc(Fraction, 1, 1)(np.asarray(array).astype(object))


def exact_case():
    """A batch `(2, 2, 2)` whose two channels have deviations 3 and 1/2."""
    means, roots = exactly([4, -2]), np.array([Fraction(3), Fraction(1, 2)], object)
    x = means[:, None] + roots[:, None] * np.stack([UNIT, UNIT[::-1]])
    x = x.reshape(2, 2, 2).swapaxes(0, 1)  # (batch, channels, spatial)
    gamma_, beta = exactly([2, -3]), np.array([Fraction(1, 3), Fraction(7)], object)
    return x, gamma_, beta, means, roots


def jacobian(roots, scale, normalised):
    """Entry `[i, j]`: how output `i` of a channel follows input `j`, in closed form.

    From y = g (x - m) / s with m = sum x / n and s^2 = sum (x - m)^2 / n, whose
    derivatives are 1 / n and (x_j - m) / (n s).
    """
    n = len(normalised)
    ones = exactly(np.ones((n, n), int))
    outer = np.multiply.outer(normalised, normalised)
    return scale / roots * (exactly(np.eye(n, dtype=int)) - (ones + outer) / n)


def test_normalised_numbers_are_exact_where_the_root_is():
    x, gamma_, beta, means, roots = exact_case()
    y, mean, var = functional.batch_norm(x, gamma_, beta, 0)
    assert mean.tolist() == means.tolist()
    assert var.tolist() == (roots * roots).tolist()
    for channel, units in enumerate((UNIT, UNIT[::-1])):
        expected = gamma_[channel] * units + beta[channel]
        assert y[:, channel].ravel().tolist() == expected.tolist()


def test_eps_is_added_to_the_variance():
    x, gamma_, beta, _, _ = exact_case()
    eps = Fraction(4**2 - 3**2)  # 9 + 7 = 16 in the first channel
    y, _, _ = functional.batch_norm(x[:, :1], gamma_[:1], beta[:1], eps)
    expected = gamma_[0] * UNIT * 3 / 4 + beta[0]
    assert y.ravel().tolist() == expected.tolist()


def test_the_gradient_is_the_transposed_jacobian_exactly():
    x, gamma_, beta, mean, roots = exact_case()
    _, mean, var = functional.batch_norm(x, gamma_, beta, 0)
    grad = exactly(np.array([3, -1, 4, 1, -5, 9, 2, -6]).reshape(2, 2, 2))
    x_grad, gamma_grad, beta_grad = functional.batch_norm_backward(
        grad, x, gamma_, mean, var, 0
    )
    for channel, units in enumerate((UNIT, UNIT[::-1])):
        own = grad[:, channel].ravel()
        J = jacobian(roots[channel], gamma_[channel], units)
        assert x_grad[:, channel].ravel().tolist() == (J.T @ own).tolist()
        assert gamma_grad[channel] == own @ units
        assert beta_grad[channel] == own.sum()


def test_the_gradient_in_eval_mode_is_that_of_a_diagonal_matrix():
    x, gamma_, beta, mean, roots = exact_case()
    var, grad = roots * roots, exactly(np.arange(8).reshape(2, 2, 2))
    y = functional.normalise(x, gamma_, beta, mean, var, 0)
    found = functional.normalise_backward(grad, x, gamma_, mean, var, 0)
    slopes = (gamma_ / roots)[:, None]
    assert np.array_equal(found[0], grad * slopes)
    assert np.array_equal(y - beta[:, None], (x - mean[:, None]) * slopes)
    normalised = (x - mean[:, None]) / roots[:, None]
    assert found[1].tolist() == (grad * normalised).sum(axis=(0, 2)).tolist()
    assert found[2].tolist() == grad.sum(axis=(0, 2)).tolist()


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (2, 3, 4, 3), (2, 3, 2, 1, 3)])
def test_all_gradients_are_the_complex_step_derivatives(shape):
    # Im f(x + ih) / h has no cancellation: exact to rounding for analytic f.
    rng, h = np.random.default_rng(1), 1e-30
    x = rng.normal(size=shape)
    gamma_, beta = rng.normal(size=3), rng.normal(size=3)
    grad, eps = rng.normal(size=shape), 1e-5
    _, mean, var = functional.batch_norm(x, gamma_, beta, eps)
    found = functional.batch_norm_backward(grad, x, gamma_, mean, var, eps)
    # Sums of n terms, each below `size`, computed twice in two ways.
    n = x.size // 3
    size = 40 * np.abs(grad).max() * max(1, np.abs(gamma_).max()) / var.min() ** 1.5
    bound = gamma(6 * n + 40) * size * n
    for number, array in enumerate((x, gamma_, beta)):
        for place in np.ndindex(array.shape):
            moved = [x.astype(complex), gamma_.astype(complex), beta.astype(complex)]
            moved[number][place] += 1j * h
            y, _, _ = functional.batch_norm(*moved, eps)
            derivative = (y * grad).sum().imag / h
            assert abs(derivative - found[number][place]) <= bound
    assert bound < 1e-9


def test_what_is_remembered_is_the_mean_and_the_unbiased_variance():
    layer = BatchNorm(2, momentum=0.25)
    x = np.array([[[0.0, 2.0], [1.0, 5.0]]])  # variances 1 and 4, unbiased 2 and 8
    layer.forward(x)
    assert layer.buffers["running_mean"].tolist() == [0.25, 0.75]
    assert layer.buffers["running_var"].tolist() == [0.75 + 0.5, 0.75 + 2]
    assert layer.buffers["num_batches_tracked"] == 1
    layer.forward(x)
    assert layer.buffers["running_mean"].tolist() == [0.4375, 1.3125]
    assert layer.buffers["num_batches_tracked"] == 2
    assert layer.buffers["num_batches_tracked"].shape == ()


def test_in_eval_mode_the_remembered_statistics_normalise_and_nothing_is_tracked():
    layer = BatchNorm(1, eps=0).eval()
    layer.buffers["running_mean"][:], layer.buffers["running_var"][:] = 3, 4
    layer.parameters["weight"][:], layer.parameters["bias"][:] = 2, 1
    before = {name: array.copy() for name, array in layer.buffers.items()}
    assert layer.forward(np.array([[7.0], [1.0]])).tolist() == [[5], [-1]]
    assert layer.backward(np.array([[1.0], [2.0]])).tolist() == [[1], [2]]
    assert layer.gradients["weight"].tolist() == [2 - 2]
    assert layer.gradients["bias"].tolist() == [3]
    assert all(np.array_equal(before[n], a) for n, a in layer.buffers.items())


def test_the_mode_of_the_forward_pass_is_that_of_its_backward_pass():
    x, grad = np.array([[1.0], [2.0], [6.0]]), np.array([[1.0], [0.0], [0.0]])
    layer, other = BatchNorm(1), BatchNorm(1)
    layer.forward(x)
    other.forward(x)
    layer.eval()
    assert np.array_equal(layer.backward(grad), other.backward(grad))


def test_buffers_are_no_parameters():
    layer = BatchNorm(3)
    assert list(layer.parameters) == ["weight", "bias"]
    assert list(layer.buffers) == ["running_mean", "running_var", "num_batches_tracked"]
    assert layer.parameters["weight"].tolist() == [1, 1, 1]
    assert layer.parameters["bias"].tolist() == [0, 0, 0]
    assert layer.buffers["running_var"].tolist() == [1, 1, 1]
    assert (layer.eps, layer.momentum) == (1e-5, 0.1)


def test_a_layer_of_fractions_is_exact():
    x, gamma_, beta, means, roots = exact_case()
    layer = BatchNorm(2, eps=0, momentum=Fraction(1, 10))
    layer.parameters = {"weight": gamma_, "bias": beta}
    layer.buffers |= {"running_mean": exactly([0, 0]), "running_var": exactly([1, 1])}
    y = layer.forward(x)
    assert isinstance(y[0, 0, 0], Fraction)
    assert layer.buffers["running_mean"].tolist() == (means / 10).tolist()
    expected = Fraction(9, 10) + roots * roots * Fraction(4, 3) / 10
    assert layer.buffers["running_var"].tolist() == expected.tolist()


def test_floats_beside_exact_numbers_and_roots_that_are_none_are_refused():
    x, gamma_, beta, _, _ = exact_case()
    with pytest.raises(TypeError, match="eps must be an integer or a Fraction"):
        functional.batch_norm(x, gamma_, beta, 1e-5)
    with pytest.raises(ValueError, match=r"var \+ eps must be the square of a Frac"):
        functional.batch_norm(x, gamma_, beta, 1)


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, "channels must be at least 1", {"channels": 0}),
        (TypeError, "channels must be an integer", {"channels": 1.0}),
        (ValueError, "eps must be at least 0", {"eps": -1}),
        (ValueError, "momentum must be at most 1", {"momentum": 1.5}),
        (TypeError, "momentum must be a real number", {"momentum": None}),
        (TypeError, "dtype must be floating", {"dtype": int}),
    ],
)
def test_settings_out_of_range_are_named(error, message, arguments):
    with pytest.raises(error, match=message):
        BatchNorm(**({"channels": 2} | arguments))


def test_shapes_without_a_variance_are_named():
    layer = BatchNorm(2)
    with pytest.raises(ValueError, match=r"must be \(batch, 2, \*spatial\), got .*3"):
        layer.forward(np.zeros((1, 3, 4)))
    for empty in ((1, 2), (1, 2, 1, 1), (0, 2, 5)):
        with pytest.raises(ValueError, match=r"at least two numbers .* or eval\(\)"):
            layer.forward(np.zeros(empty))
    assert layer.eval().forward(np.zeros((1, 2))).shape == (1, 2)
    with pytest.raises(ValueError, match=r"layer 0 \(BatchNorm\): input_shape must be"):
        Sequential([BatchNorm(2)]).summary((3, 4))
