"""Settings of the rules: bad ones are named, at the start and whenever they are set."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from convmat.optim import SGD, Adam, AdamW
from convmat.optim.rates import Rate

NAN, INF = float("nan"), float("inf")
SETTINGS = {  # of which rule, and values that are out of range
    "lr": (lambda lr: SGD(lr), [0, -0.1, Fraction(-1, 3)], "greater than 0"),
    "momentum": (
        lambda momentum: SGD(0.1, momentum),
        [1, -0.5, 1.5, Fraction(1), 1 - Fraction(1, 10**30)],
        r"in \[0, 1\)",
    ),
    "weight_decay": (
        lambda weight_decay: SGD(0.1, weight_decay=weight_decay),
        [-0.1, Fraction(-1, 3)],
        "at least 0",
    ),
    "eps": (lambda eps: Adam(eps=eps), [0, -1e-8], "greater than 0"),
    "betas[0]": (lambda beta: Adam(betas=(beta, 0.9)), [1, -0.1], r"in \[0, 1\)"),
    "betas[1]": (lambda beta: AdamW(betas=(0.9, beta)), [1, -0.1], r"in \[0, 1\)"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_out_of_range_is_named(name):
    make, values, wanted = SETTINGS[name]
    for value in values:
        with pytest.raises(ValueError, match=f"must be {wanted}") as caught:
            make(value)
        assert (caught.value.argument, caught.value.value) == (name, value)


@pytest.mark.parametrize("value", [NAN, INF, -INF, np.float32(INF), 10**400])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_not_finite_is_named(name, value):
    with pytest.raises(ValueError, match="must be finite, got") as caught:
        SETTINGS[name][0](value)
    assert caught.value.argument == name


@pytest.mark.parametrize(
    "value", [True, np.True_, "0.1", None, 0.5j, Decimal("0.1"), np.array([0.1])]
)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_no_real_number_is_named(name, value):
    with pytest.raises(TypeError, match="must be a real number, got") as caught:
        SETTINGS[name][0](value)
    assert caught.value.argument == name


@pytest.mark.parametrize("rule", [SGD(0.1, 0.9), Adam(0.1), AdamW(0.1)])
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("lr", 0, "lr must be greater than 0, got lr=0"),
        ("lr", NAN, "lr must be finite"),
        ("momentum", 1, r"momentum must be in \[0, 1\), got momentum=1"),
        ("weight_decay", -1, "weight_decay must be at least 0, got weight_decay=-1"),
    ],
)
def test_settings_are_checked_when_they_are_set(rule, name, value, message):
    before = getattr(rule, name)
    with pytest.raises(ValueError, match=message):
        setattr(rule, name, value)
    assert getattr(rule, name) == before


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(3), Fraction(1, 3), 2])
def test_numbers_of_numpy_become_those_of_python(value):
    rule = SGD(value)
    assert rule.lr == value
    assert type(rule.lr) in (int, float, Fraction)


def test_nesterov_wants_momentum_to_start_with():
    wanted = "momentum must be greater than 0 with nesterov=True, got momentum=0"
    with pytest.raises(ValueError, match=wanted):
        SGD(0.1, nesterov=True)
    rule, weights = SGD(0.5, 0.5, nesterov=True), {"w": np.zeros(1)}
    rule.momentum = 0  # at the end of a schedule, say
    rule.step(weights, {"w": np.ones(1)})
    assert weights["w"].tolist() == [-0.5]


@pytest.mark.parametrize("flag", ["nesterov", "decoupled"])
@pytest.mark.parametrize("value", [1, 0, "yes", None])
def test_flags_are_true_or_false(flag, value):
    with pytest.raises(TypeError, match=f"{flag} must be True or False, got"):
        SGD(0.1, 0.9, **{flag: value})


@pytest.mark.parametrize("betas", [0.9, (0.9,), (0.9, 0.99, 0.999), "ab"])
def test_betas_are_a_pair(betas):
    with pytest.raises(TypeError, match="betas must be a pair of numbers, got betas="):
        Adam(betas=betas)


def test_momentum_is_the_first_beta():
    rule = Adam(betas=(0.8, 0.99))
    rule.momentum = 0.5
    assert rule.betas == (0.5, 0.99)
    rule.betas = [0.7, 0.9]
    assert (rule.momentum, rule.beta2) == (0.7, 0.9)


def test_a_setting_that_was_never_set_is_missing():
    kind = type("Kind", (), {"rate": Rate(lambda name, value: value)})
    with pytest.raises(AttributeError, match="rate"):
        _ = kind().rate
    assert isinstance(kind.rate, Rate)
