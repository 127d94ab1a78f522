"""A plan is a matter of sizes, is kept, and says what it chose."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from convmat import geometry
from convmat.fast import carries, plan_for
from convmat.fast.routes import FORWARD, INPUT_GRAD, KERNEL_GRAD

_CHOICES = {
    "columns": (geometry((16, 32, 32), (32, 16, 3, 3), stride=2, padding=1), 1),
    "lines": (geometry((16, 64, 64), (32, 16, 3, 3), padding=1), 8),
    "batch-last": (geometry((8, 14, 14), (16, 8, 3, 3), stride=2, padding=1), 64),
    "shifted": (geometry((64, 56, 56), (64, 64, 5, 5), padding=2), 1),
    "tiles": (geometry((1024, 1024), (5, 5), padding=2), 1),
}


@pytest.mark.parametrize("route", FORWARD)
def test_each_forward_route_is_chosen_somewhere(route):
    assert plan_for(*_CHOICES[route], "float32").by_forward.route == route


def test_each_gradient_route_is_chosen_somewhere():
    both = {"stride": 2, "dilation": 2}  # which keeps the transpose from gathering
    wide = geometry((16, 32, 32), (32, 16, 3, 3), **both)
    narrow = geometry((8, 14, 14), (16, 8, 3, 3), **both)
    choices = [*_CHOICES.values(), (wide, 1), (narrow, 64)]
    choices.append((geometry((1, 64, 64), (8, 1, 3, 3), padding=1), 1))
    choices.append((geometry((512, 512), (3, 3), padding=1), 1))
    plans = [plan_for(*choice, "float32") for choice in choices]
    assert {plan.by_input_grad.route for plan in plans} == set(INPUT_GRAD)
    assert {plan.by_kernel_grad.route for plan in plans} == set(KERNEL_GRAD)


def test_plans_are_kept_and_their_number_is_bounded():
    g = geometry((5, 5), (3, 3))
    assert plan_for(g, 1, np.dtype("f4")) is plan_for(g, 1, np.dtype("f4"))
    assert plan_for.cache_info().maxsize is not None


def test_a_plan_cannot_be_changed():
    plan = plan_for(geometry((5, 5), (3, 3)), 1, "f4")
    with pytest.raises(FrozenInstanceError, match="batch"):
        plan.batch = 2


def test_the_repr_names_each_route_and_its_reason():
    text = repr(plan_for(*_CHOICES["batch-last"], "float32"))
    whole = "geometry((8, 14, 14), (16, 8, 3, 3), stride=2, padding=1)"
    assert text.splitlines() == [
        f"Plan of {whole}, batch 64, float32:",
        "  forward      batch-last: 64 images with lines of 7 outputs",
        "  input_grad   gathered: the transpose is a convolution at stride 1",
        "  kernel_grad  batch-last: 64 images with lines of 7 outputs",
    ]


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_what_blas_multiplies_is_carried(dtype):
    assert carries(dtype)


@pytest.mark.parametrize("dtype", ["i8", "u1", "f2", "longdouble", "O"])
def test_what_blas_does_not_multiply_is_left_to_sliding(dtype):
    assert not carries(dtype)


def test_what_is_not_carried_is_refused():
    rule = r"dtype must be of single or double .*'int64'; use convmat\.sliding"
    with pytest.raises(ValueError, match=rule):
        plan_for(geometry(5, 3), 1, "int64")
