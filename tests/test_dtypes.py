"""`carried`: which numbers pass, as what, and which are refused."""

from fractions import Fraction

import numpy as np
import pytest

from convmat import ConvmatTypeError, conv
from convmat.dtypes import carried


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"]
)
def test_every_width_of_integer_becomes_int64(dtype):
    array = carried("x", np.array([1, 2], dtype))
    assert array.dtype == np.int64
    assert array.tolist() == [1, 2]


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "longdouble", "complex64", "complex128"]
)
def test_floats_and_complex_numbers_keep_their_dtype(dtype):
    assert carried("x", np.array([1, 2], dtype)).dtype == dtype


@pytest.mark.parametrize("dtype", ["int64", "float32", "complex128", "object"])
def test_nothing_is_copied_without_need(dtype):
    array = np.array([1, 2], dtype)
    assert np.shares_memory(carried("x", array), array)


@pytest.mark.parametrize("dtype", [">i8", ">i2", ">f4", ">c16", "<i8", "<f8"])
def test_byte_order_becomes_native(dtype):
    array = carried("x", np.array([1, 258], dtype))
    assert array.dtype.isnative
    assert array.tolist() == [1, 258]


def test_python_numbers_of_any_kind_pass():
    assert carried("x", [1, 2]).dtype == np.int64
    assert carried("x", [1, 2.5]).dtype == np.float64
    assert carried("x", [Fraction(1, 3), 2]).dtype == object
    assert carried("x", [2**70]).tolist() == [2**70]


def test_an_empty_list_is_an_array():
    assert carried("x", []).shape == (0,)


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ([True, False], r"x must hold numbers, .*bool.* x\.astype\(int\)"),
        (np.array([1], np.uint64), r"uint64 mixes with int64 into float64"),
        (np.array([1], ">u8"), r"uint64 mixes with int64 into float64"),
        (["a"], "x must hold numbers, got x='dtype <U1'"),
        (b"abc", "x must hold numbers"),
        (np.array(["2020"], "M8[Y]"), "x must hold numbers, .*datetime64"),
        (np.array([1], "m8[s]"), "x must hold numbers, .*timedelta64"),
        (np.array([(1, 2)], "i4,i4"), "x must hold numbers"),
        (
            [[1], [2, 3]],
            "x must be one array of numbers, got x='list'; .*inhomogeneous",
        ),
        (None, "x must hold numbers, got x=None"),
        ([1, None], "x must hold numbers, got x=None"),
        (np.array([1, "a"], object), "x must hold numbers, got x='a'"),
        (np.array([1, True], object), "x must hold numbers, got x=True"),
        (np.array([1, b"a"], object), "x must hold numbers, got x=b'a'"),
        ({1: 2}, r"x must hold numbers, got x=\{1: 2\}"),
        ({1, 2}, r"x must hold numbers, got x=\{1, 2\}"),
    ],
    ids=repr,
)
def test_what_is_no_number_is_refused_with_a_remedy(value, match):
    with pytest.raises(ConvmatTypeError, match=match):
        carried("x", value)


def test_lists_of_integers_beyond_int64_stay_exact():
    # NumPy alone makes these float64.
    array = carried("x", [2**63, -1])
    assert array.dtype == object
    assert array.tolist() == [2**63, -1]
    assert conv([2**63, -1, 5], [1]).tolist() == [2**63, -1, 5]


def test_masked_arrays_are_refused():
    masked = np.ma.array([1, 2, 3], mask=[0, 1, 0])
    with pytest.raises(ConvmatTypeError, match=r"x must not be masked.*x\.filled\(0\)"):
        carried("x", masked)
