"""Batch norm folded into a convolution: exact in Fractions, bounded in floats."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvmatError, ShapeError, conv
from convmat.composition import fold_batch_norm
from convmat.errors import ConvmatTypeError
from convmat.nn import BatchNorm, Conv, Sequential
from convmat.verify.rounding.units import gamma

small = st.integers(-5, 5)
positive = st.fractions(Fraction(1, 9), 9, max_denominator=9)


@st.composite
def layers(draw):
    channels = draw(st.integers(1, 3))
    each = {"min_size": channels, "max_size": channels}
    taps = draw(st.lists(small, min_size=4 * channels, max_size=4 * channels))
    norm = {name: draw(st.lists(small, **each)) for name in ("mean", "gamma", "beta")}
    norm["sigma"] = draw(st.lists(positive, **each))
    kernel = np.array(taps, object).reshape(channels, 2, 2)
    return kernel, np.array(draw(st.lists(small, **each)), object), norm


@given(layers(), st.lists(small, min_size=10, max_size=10))
def test_the_two_layers_and_the_one_agree_in_every_fraction(layer, x):
    kernel, bias, norm = layer
    x = np.array(x, object).reshape(2, 5)
    y = conv(x, kernel, bias, padding=1, stride=2)
    mean, sigma, scale, beta = (
        np.array(norm[name], object)[:, None]
        for name in ("mean", "sigma", "gamma", "beta")
    )
    apart = scale * (y - mean) / sigma + beta
    folded = fold_batch_norm(kernel, bias, **norm)
    together = conv(x, folded.kernel, folded.bias, padding=1, stride=2)
    assert together.tolist() == apart.tolist()


@given(layers())
def test_a_square_variance_gives_its_exact_root(layer):
    kernel, bias, norm = layer
    sigma = norm.pop("sigma")
    eps = Fraction(1, 100)
    var = np.array([s * s - eps for s in sigma], object)
    one = fold_batch_norm(kernel, bias, var=var, eps=eps, **norm)
    other = fold_batch_norm(kernel, bias, sigma=sigma, **norm)
    assert one.kernel.tolist() == other.kernel.tolist()
    assert one.bias.tolist() == other.bias.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_floats_differ_by_no_more_than_both_routes_may_round(dtype, seed):
    draw = np.random.default_rng(seed)
    layer = Conv(3, 4, (3, 3), stride=2, padding=1, groups=1, rng=draw, dtype=dtype)
    norm = BatchNorm(4, dtype=dtype)
    for name, low in (("weight", -2.0), ("bias", -1.0)):
        norm.parameters[name][...] = draw.uniform(low, 2, 4)
    norm.buffers["running_mean"][...] = draw.normal(size=4)
    norm.buffers["running_var"][...] = draw.uniform(0.1, 4, 4)
    model = Sequential([layer, norm])
    model.eval()
    x = draw.normal(size=(2, 3, 9, 9)).astype(dtype)
    parameters = layer.parameters
    folded = fold_batch_norm(
        parameters["weight"],
        parameters["bias"],
        mean=norm.buffers["running_mean"],
        var=norm.buffers["running_var"],
        eps=norm.eps,
        gamma=norm.parameters["weight"],
        beta=norm.parameters["bias"],
    )
    assert folded.kernel.dtype == folded.bias.dtype == np.dtype(dtype)
    one = model.forward(x).astype(np.float64)
    other = conv(x, folded.kernel, folded.bias, stride=2, padding=1)
    # All sizes that enter, in exact arithmetic: |gamma / sigma| (|w| * |x| + |b| +
    # |mean|) + |beta|. Each route rounds a term in 27 products and sums, then in at
    # most 8 more: eps, root, division, product, bias, mean, beta, each at most twice.
    sigma = np.sqrt(norm.buffers["running_var"].astype(float) + norm.eps)
    scale = np.abs(norm.parameters["weight"].astype(float)) / sigma
    sizes = conv(abs(x), abs(parameters["weight"]), stride=2, padding=1).astype(float)
    offsets = abs(parameters["bias"]) + abs(norm.buffers["running_mean"])
    sizes = (sizes + offsets[:, None, None]) * scale[:, None, None]
    sizes += abs(norm.parameters["bias"].astype(float))[:, None, None]
    u = float(np.finfo(dtype).eps) / 2
    bound = 2 * gamma(27 + 8 + 3, u) * sizes  # 3 more: sizes were rounded themselves
    assert (np.abs(one - other) <= bound).all()
    assert bound.max() < 1e-4  # so that it means something


def test_what_is_no_norm_is_refused():
    kernel = np.ones((2, 1, 3))
    with pytest.raises(ConvmatError, match="must be given, or var, not both"):
        fold_batch_norm(kernel, mean=[0, 0])
    with pytest.raises(ConvmatError, match="must be given, or var, not both"):
        fold_batch_norm(kernel, mean=[0, 0], var=[1, 1], sigma=[1, 1])
    with pytest.raises(ShapeError, match=r"mean.shape must be \(2,\)"):
        fold_batch_norm(kernel, mean=[0], sigma=[1, 1])
    with pytest.raises(ConvmatError, match="sigma must be greater than 0"):
        fold_batch_norm(kernel, mean=[0, 0], sigma=[1, 0])
    with pytest.raises(ConvmatError, match=r"var \+ eps must be greater than 0"):
        fold_batch_norm(kernel, mean=[0, 0], var=[1, -1])
    with pytest.raises(ConvmatError, match="must have a rational root"):
        fold_batch_norm(kernel.astype(int), mean=[0, 0], var=[1, 2])
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(out_channels"):
        fold_batch_norm([1, 2], mean=[0, 0], sigma=[1, 1])


@pytest.mark.parametrize("eps", ["x", None, True])
def test_an_eps_that_is_no_number_is_refused(eps):
    with pytest.raises(ConvmatTypeError, match="eps must be a number"):
        fold_batch_norm([[[1]]], mean=[0], var=[1], eps=eps)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "name", ["kernel", "bias", "mean", "sigma", "gamma", "beta", "var", "eps"]
)
def test_numbers_that_are_not_finite_are_refused(name, bad):
    given = {"kernel": [[[1.0]]], "mean": [0.0], "sigma": [1.0]}
    if name in ("var", "eps"):
        given = {"kernel": [[[1.0]]], "mean": [0.0], "var": [1.0]}
    value = {"kernel": [[[bad]]], "eps": bad}.get(name, [bad])
    with pytest.raises(ConvmatError, match=f"{name} must be finite"):
        fold_batch_norm(**{**given, name: value})
