"""Adam: closed forms, an oracle in decimals, and what it refuses."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat.optim import Adam, AdamW

FLOATS = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SIZES = st.floats(1, 2, width=32)


def path(rule, start, gradients):
    weights = {"w": np.array([start])}
    for gradient in gradients:
        rule.step(weights, {"w": np.array([gradient], weights["w"].dtype)})
    return weights["w"].item()


def in_decimals(rule, start, gradients):
    """Where `rule` leads, by sums over all gradients instead of running means."""
    with localcontext(prec=60):
        lr, eps, decay = (Decimal(r) for r in (rule.lr, rule.eps, rule.weight_decay))
        beta1, beta2 = map(Decimal, rule.betas)
        w, seen = Decimal(float(start)), []
        for number, gradient in enumerate(map(Decimal, map(float, gradients)), start=1):
            seen.append(gradient if rule.decoupled else gradient + decay * w)
            ages = range(number - 1, -1, -1)
            weights1, weights2 = (
                [b**age if age else 1 for age in ages]
                for b in (beta1, beta2)  # 0**0
            )
            mean = sum(a * g for a, g in zip(weights1, seen, strict=True))
            square = sum(a * g * g for a, g in zip(weights2, seen, strict=True))
            scale = (square / sum(weights2)).sqrt() + eps
            keep = 1 - lr * decay if rule.decoupled else 1
            w = keep * w - lr * mean / sum(weights1) / scale
        return w


def corrections(beta1, beta2):
    """How far off `1 - beta**t` may be, as float64 computes it: twice, and relative."""
    return 2 * 2.0**-53 * (1 / (1 - beta1) + 1 / (1 - beta2))


@FLOATS
@given(
    gradients=st.lists(SIZES, min_size=1, max_size=6),
    beta1=st.sampled_from([0.0, 0.5, 0.9]),
    beta2=st.sampled_from([0.0, 0.75, 0.999]),
    eps=st.sampled_from([1e-8, 1e-5, 0.25]),
    decay=st.sampled_from([0.0, 0.125]),
    decoupled=st.booleans(),
)
def test_adam_is_the_weighted_means_of_all_gradients(
    gradients, beta1, beta2, eps, decay, decoupled, dtype
):
    # Weights start at -2 and go down to no less than -4; a gradient and its decay are
    # at least 1 and at most 2.5. So no sum loses more than half, and a step is less
    # than 1/6 of the weight.
    rule = Adam(0.125, (beta1, beta2), eps, weight_decay=decay, decoupled=decoupled)
    start, gradients = dtype(-2), [dtype(g + 0.5) for g in gradients]
    found = path(rule, start, gradients)
    expected = in_decimals(rule, start, gradients)
    # Relative errors, in units: a term of m is rounded at most 3 n + 3 times, one of s
    # 3 n + 4 times, of which the root takes half; d, m / d and the step itself 8 times.
    # A gradient adds 2 * 1.5, and half of the error of w twice. So a step is off by
    # 10 n + 14 and the error of w; w takes 1/6 of it, and 3 for its own decay and sum.
    u, n = float(np.finfo(dtype).eps) / 2, len(gradients)
    relative = n * ((10 * n + 14) / 6 + 3) * u + n * corrections(beta1, beta2)
    assert abs(Decimal(found) - expected) <= Decimal(relative) * abs(expected)


@FLOATS
@pytest.mark.parametrize("gradient", [1e-4, 0.3, -7.0])
@pytest.mark.parametrize("steps", [1, 2, 50])
def test_a_constant_gradient_moves_by_lr_at_every_step(gradient, steps, dtype):
    # Both corrected means are those of a constant: lr * g / (|g| + eps).
    lr, eps, g = 0.125, 1e-8, dtype(gradient)
    found = path(Adam(lr, eps=eps), dtype(0), [g] * steps)
    expected = -steps * lr * float(g) / (abs(float(g)) + eps)
    # As above, for gradients that are given and steps of one sign.
    u = float(np.finfo(dtype).eps) / 2
    relative = (11 * steps + 14) * u + corrections(0.9, 0.999)
    assert abs(found - expected) <= relative * abs(expected)


def test_the_first_step_is_lr_by_the_sign_of_the_gradient():
    # Dyadic betas, and an eps that the roots swallow: nothing else is rounded.
    weights = {"w": np.zeros(4)}
    rule = Adam(0.5, (0.5, 0.75), eps=2.0**-80)
    rule.step(weights, {"w": np.array([3.0, -(2.0**-10), 0.0, 2.0**30])})
    assert weights["w"].tolist() == [-0.5, 0.5, 0.0, -0.5]


def test_two_steps_by_hand():
    # betas 1/2 and 3/4, gradients 4 and 8, eps 1.
    # t 1: m 2 / (1/2) = 4, s 4 / (1/4) = 16: 4 / (4 + 1) = 0.8
    # t 2: m 5 / (3/4), s 19 / (7/16): 6.667 / (6.590 + 1) = 0.8784
    rule, weights = Adam(1, (0.5, 0.75), 1), {"w": np.zeros(1)}
    rule.step(weights, {"w": np.array([4.0])})
    assert (rule.first_moment["w"][0], rule.second_moment["w"][0]) == (2, 4)
    assert abs(weights["w"][0] + 0.8) <= 2.0**-52
    rule.step(weights, {"w": np.array([8.0])})
    assert (rule.first_moment["w"][0], rule.second_moment["w"][0]) == (5, 19)
    expected = -0.8 - (20 / 3) / ((304 / 7) ** 0.5 + 1)
    assert abs(weights["w"][0] - expected) <= 16 * 2.0**-53  # 8 roundings in each


@given(st.integers(-20, 20), st.lists(st.floats(-2, 2), min_size=1, max_size=4))
def test_a_power_of_two_drops_out_of_gradients_and_eps_to_the_bit(power, gradients):
    # So the sum over a tie of 2**k entries and the mean over it take the same step.
    gradients = [g if abs(g) > 1e-100 else 0.0 for g in gradients]  # squares to 0 else
    scaled = [g * 2.0**power for g in gradients]
    one = path(Adam(0.1, eps=2.0**-30), np.float64(1), gradients)
    other = path(Adam(0.1, eps=2.0 ** (power - 30)), np.float64(1), scaled)
    assert one == other


def test_adamw_is_adam_with_decoupled_decay():
    assert isinstance(AdamW(), Adam)
    rule, other = AdamW(0.1), Adam(0.1, weight_decay=0.01, decoupled=True)
    for name in ("lr", "betas", "eps", "weight_decay", "decoupled"):
        assert getattr(rule, name) == getattr(other, name)
    assert (Adam().weight_decay, Adam().decoupled) == (0, False)


def test_decoupled_decay_is_not_scaled_by_the_gradients():
    # Dyadic numbers, so nothing is rounded: 1 - lr * decay is 3/4.
    rates = {"lr": 0.5, "betas": (0.5, 0.75), "eps": 2.0**-80, "weight_decay": 0.5}
    assert path(AdamW(**rates), 64.0, [0.0] * 3) == 27
    # Coupled, the decay is the gradient, and Adam scales it away: it moves by lr.
    assert path(Adam(**rates), 64.0, [0.0]) == 63.5


def test_a_beta_that_is_scheduled_counts_for_all_steps_of_the_correction():
    rule, weights = Adam(1, (0.5, 0.0), 1), {"w": np.zeros(1)}
    rule.step(weights, {"w": np.ones(1)})
    rule.momentum, weights["w"][:] = 0.75, 0
    rule.step(weights, {"w": np.ones(1)})
    # m: 0.5, then 0.75 * 0.5 + 0.25; the correction is 1 - 0.75**2
    assert abs(Fraction(weights["w"][0]) + Fraction(5, 7)) <= 2.0**-52


@pytest.mark.parametrize("make", [Adam, AdamW])
def test_half_precision_is_stepped_in_single_and_rounded_once(make):
    # eps and the squares of such gradients are 0 in float16.
    rng = np.random.default_rng(0)
    half = rng.normal(size=8).astype(np.float16)
    gradient = (rng.normal(size=8) * 1e-5).astype(np.float16)
    gradient[3] = 0
    rule, other = make(0.1, weight_decay=0.01), make(0.1, weight_decay=0.01)
    single = {"w": half.astype(np.float32)}
    other.step(single, {"w": gradient.astype(np.float32)})
    weights = {"w": half.copy()}
    rule.step(weights, {"w": gradient})
    assert weights["w"].dtype == np.float16
    assert np.array_equal(weights["w"], single["w"].astype(np.float16))
    for memory in (rule.first_moment, rule.second_moment):
        assert memory["w"].dtype == np.float32


@pytest.mark.parametrize(
    ("dtype", "moments"), [(np.float32, np.float32), (np.float64, np.float64)]
)
def test_moments_have_the_dtype_of_their_parameter(dtype, moments):
    rule, weights = Adam(), {"w": np.ones(2, dtype)}
    rule.step(weights, {"w": np.ones(2, np.float64)})
    assert weights["w"].dtype == rule.first_moment["w"].dtype == moments
    assert rule.second_moment["w"].dtype == moments


def test_rates_may_be_fractions():
    rates = (Fraction(1, 10), (Fraction(9, 10), Fraction(99, 100)), Fraction(1, 10**6))
    floats = (0.1, (0.9, 0.99), 1e-6)
    paths = [path(Adam(*r), np.float64(1), [0.3, 0.2]) for r in (rates, floats)]
    assert paths[0] == paths[1]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            np.array([Fraction(1)]),
            r"parameters\['w'\] must be floats, .*; Adam divides by square roots",
        ),
        (np.ones(1, complex), r"parameters\['w'\] must be real floats, .*'complex128'"),
    ],
)
@pytest.mark.parametrize("make", [Adam, AdamW])
def test_exact_and_complex_parameters_are_refused(make, weights, message):
    with pytest.raises(TypeError, match=message):
        make().step({"w": weights}, {"w": weights})


def test_an_eps_that_is_zero_in_the_dtype_is_refused():
    weights = {"w": np.ones(2, np.float32)}
    rule = Adam(eps=1e-60)
    with pytest.raises(ValueError, match="eps must be greater than 0 in float32, or a"):
        rule.step(weights, {"w": np.zeros(2, np.float32)})
    double = {"w": np.ones(2)}
    rule.step(double, {"w": np.zeros(2)})
    assert double["w"].tolist() == [1, 1]
