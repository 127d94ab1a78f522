"""The public functions choose by dtype alone, and the definition stays beside them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

import convmat
from convmat import fast, maps, operator, sliding
from convmat.verify.strategies import cases

PUBLIC = ["conv", "conv_input_grad", "conv_kernel_grad"]


def called(monkeypatch, dtype):
    """Names of the modules that compute when all public functions are called."""
    seen = []
    for module in (fast, sliding):
        for name in ("forward", "input_grad", "kernel_grad"):
            right = getattr(module, name)

            def spy(*arguments, right=right, module=module):
                seen.append(module.__name__)
                return right(*arguments)

            monkeypatch.setattr(module, name, spy)
    x, kernel = np.ones((6, 7), dtype), np.ones((3, 2), dtype)
    y = convmat.conv(x, kernel, padding=1, padding_mode="reflect")
    keywords = {"padding": 1, "padding_mode": "reflect"}
    convmat.conv_input_grad(y, kernel, x.shape, **keywords)
    convmat.conv_kernel_grad(y, x, kernel.shape, **keywords)
    A = operator.conv_operator(kernel, x.shape, **keywords)
    A.rmatvec(A.matvec(x.ravel()))
    return set(seen)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_what_blas_multiplies_takes_the_fast_routes(monkeypatch, dtype):
    assert called(monkeypatch, dtype) == {"convmat.fast"}


@pytest.mark.parametrize("dtype", ["i8", "u1", "f2", "longdouble"])
def test_all_other_numbers_are_computed_by_the_definition(monkeypatch, dtype):
    assert called(monkeypatch, dtype) == {"convmat.sliding"}


def test_a_float_beside_an_integer_or_a_half_is_a_double():
    x, kernel = np.ones((4, 4), np.float32), np.ones((2, 2), np.int64)
    assert convmat.conv(x, kernel).dtype == sliding.conv(x, kernel).dtype == np.float64


def test_both_arrays_decide_which_numbers_the_result_has():
    x = np.ones((2, 2))
    for kernel in (np.full((2, 2), Fraction(1, 4)), np.ones((2, 2), np.longdouble)):
        for name, first in (("conv", x), ("conv_input_grad", np.ones((1, 1)))):
            more = (x.shape,) if name == "conv_input_grad" else ()
            result = getattr(convmat, name)(first, kernel, *more)
            assert result.dtype == kernel.dtype
            assert np.array_equal(result, getattr(sliding, name)(first, kernel, *more))


def test_fractions_stay_fractions():
    third = np.full((2, 2), Fraction(1, 3))
    assert convmat.conv(np.ones((2, 2), int), third).tolist() == [[Fraction(4, 3)]]


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_name_is_that_of_maps(name):
    assert getattr(convmat, name) is getattr(maps, name)
    assert getattr(sliding, name) is not getattr(maps, name)


@given(cases(np.int64))
def test_definition_and_choice_agree_exactly_on_integers_in_floats(case):
    g, kernel, x, grad = case
    keywords, shape = g.keywords, (g.in_channels, *g.input_size)
    x, kernel, grad = (array.astype(np.float32) for array in (x, kernel, grad))
    bias = np.arange(g.out_channels, dtype=np.float32)
    for name, arguments in (
        ("conv", (x, kernel, bias)),
        ("conv_input_grad", (grad, kernel, shape)),
        ("conv_kernel_grad", (grad, x, kernel.shape)),
    ):
        quick = getattr(maps, name)(*arguments, **keywords)
        slow = getattr(sliding, name)(*arguments, **keywords)
        assert quick.dtype == slow.dtype
        assert np.array_equal(quick, slow)


def test_equal_sizes_give_equal_plans_whatever_the_values_are():
    g = convmat.geometry((8, 14, 14), (16, 8, 3, 3), stride=2, padding=1)
    again = convmat.geometry((8, 14, 14), (16, 8, 3, 3), stride=2, padding=1)
    assert fast.plan_for(g, 64, "f4") is fast.plan_for(again, 64, "f4")
    before = fast.plan_for.cache_info().currsize
    for value in (0.0, 1.0, np.nan):
        with np.errstate(invalid="ignore"):
            fast.forward(
                np.full((64, 8, 14, 14), value, np.float32),
                np.zeros(g.weight_shape, np.float32),
                g,
            )
    assert fast.plan_for.cache_info().currsize <= before + 1  # "f4" and dtype("f4")
