"""Which numbers pass, as what, which are refused, and where int64 ends."""

from fractions import Fraction

import numpy as np
import pytest

from convmat import (
    ConvConstraint,
    ConvmatError,
    ConvmatTypeError,
    conv,
    conv_input_grad,
    conv_kernel_grad,
    conv_matrix,
    geometry,
    refill,
)
from convmat.dtypes import carried, exact_plus, exact_sums

LEAST, MOST = -(2**63), 2**63 - 1


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
        (
            np.array([1], np.uint64),
            r"must hold numbers of a signed dtype, .*uint64.* below 2",
        ),
        (np.array([1], ">u8"), r"fewer than 64 bits, .*>u8.* x\.astype\(object\)"),
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


@pytest.mark.parametrize(
    ("x", "kernel", "dtypes"),
    [
        # the largest sizes say enough
        ([1, 2], [4, 5], ["int64"]),
        ([MOST // 2, 1], [1, -1], ["int64"]),
        # floats say whether a sum went round
        ([2**62, -(2**62)], [1, 1], ["int64", "float64"]),
        ([2**40, 1], [2**30, 1], ["int64", "float64"]),
        # they are too far off to say
        ([2**62, -(2**62)], [2**62, 2**62], ["int64", "object"]),
        # nothing to say
        ([0.5, 1.5], [1.0, 2.0], ["float64"]),
        ([2**70, 1], [1, 2], ["object"]),
    ],
)
def test_a_sum_is_looked_at_no_closer_than_it_takes(x, kernel, dtypes):
    seen = []

    def compute(x, kernel):
        seen.append(str(x.dtype))
        return np.array([x @ kernel])

    factors = carried("x", x), carried("kernel", kernel)
    if x == [2**40, 1]:
        with pytest.raises(ConvmatError, match=f"got sum={2**70 + 1};"):
            exact_sums(compute, *factors, terms=2)
    else:
        assert exact_sums(compute, *factors, terms=2)[0] == sum(
            a * b for a, b in zip(x, kernel, strict=True)
        )
    assert seen == dtypes


def test_refusal_of_a_sum_names_its_exact_value():
    for size in (2**40, 2**62):
        with pytest.raises(ConvmatError, match="sum must fit int64") as info:
            conv([size, size], [size, 3])
        assert info.value.value == size * size + 3 * size


@pytest.mark.parametrize(
    ("one", "other", "total"),
    [
        ([MOST - 1, 5], [1], [MOST, 6]),
        ([MOST, 5], [1], MOST + 1),
        ([LEAST + 1, 5], [-1], [LEAST, 4]),
        ([5, LEAST], [-1], LEAST - 1),
        ([MOST], [MOST], 2 * MOST),
        ([LEAST], [LEAST], 2 * LEAST),
        ([LEAST], [MOST], [-1]),
    ],
)
def test_two_integers_are_added_exactly_or_refused(one, other, total):
    one, other = np.array(one), np.array(other)
    if isinstance(total, list):
        assert exact_plus(one, other).tolist() == total
    else:
        with pytest.raises(ConvmatError, match=f"sum must fit int64, .*sum={total};"):
            exact_plus(one, other)


def test_a_bias_that_leads_beyond_int64_is_refused():
    assert conv([MOST - 1], [1], [1]).tolist() == [MOST]
    with pytest.raises(ConvmatError, match=f"sum must fit int64, .*={MOST + 1};"):
        conv([MOST], [1], [1])
    assert conv(np.array([MOST], object), [1], [1]).tolist() == [MOST + 1]


def test_gradients_beyond_int64_are_refused_and_pass_as_objects():
    grad, taps, half = np.array([1, 1]), np.array([1, 1]), 2**62
    with pytest.raises(ConvmatError, match=f"sum must fit int64, .*={2 * half};"):
        conv_input_grad(grad * half, taps, 3)
    with pytest.raises(ConvmatError, match=f"sum must fit int64, .*={2 * half};"):
        conv_kernel_grad(grad, [half, half, 1], 2)
    wide = grad.astype(object) * half
    assert conv_input_grad(wide, taps, 3).tolist() == [half, 2 * half, half]
    assert conv_kernel_grad(wide, [1, 1, 1], 2).tolist() == [2 * half, 2 * half]


@pytest.mark.parametrize("mode", ["replicate", "symmetric", "circular"])
def test_input_gradient_counts_every_cell_of_padding_that_shows_an_input(mode):
    """More sums meet in one input than the kernel has taps."""
    g = geometry(1, 1, padding=1, padding_mode=mode)
    third = 2**63 // 3
    assert conv_input_grad([third] * 3, [1], 1, **g.keywords).tolist() == [3 * third]
    with pytest.raises(ConvmatError, match="sum must fit int64"):
        conv_input_grad([third + 1] * 3, [1], 1, **g.keywords)


def test_kernel_gradient_counts_the_batch():
    x = np.full((4, 1, 1), 2**61)
    with pytest.raises(ConvmatError, match=f"sum must fit int64, .*={2**63};"):
        conv_kernel_grad(np.ones((4, 1, 1), int), x, (1, 1, 1))
    assert conv_kernel_grad(np.ones((3, 1, 1), int), x[:3], 1).tolist() == [3 * 2**61]


CIRCLE = geometry(1, 2, padding=[(0, 1)], padding_mode="circular")


def test_taps_that_share_an_entry_are_added_exactly_or_refused():
    W = conv_matrix([2**62, -(2**62)], 1, **CIRCLE.keywords)
    assert W.toarray().tolist() == [[0]]
    for build in (
        lambda: conv_matrix([2**62, 2**62], 1, **CIRCLE.keywords),
        lambda: refill(W, [2**62, 2**62], CIRCLE),
        lambda: ConvConstraint(CIRCLE).embed([2**62, 2**62]),
    ):
        with pytest.raises(ConvmatError, match=f"sum must fit int64, .*={2**63};"):
            build()
    assert W.toarray().tolist() == [[0]]  # as it was
    wide = ConvConstraint(CIRCLE).embed(np.array([2**62, 2**62], object))
    assert wide.tolist() == [[2**63]]


def test_taps_that_share_an_entry_fit_the_matrix_they_are_written_to():
    W = conv_matrix([1, 2], 1, **CIRCLE.keywords).astype(np.int8)
    assert refill(W, [100, 27], CIRCLE).toarray().tolist() == [[127]]
    with pytest.raises(ConvmatError, match="kernel must have sums of taps that fit"):
        refill(W, [100, 28], CIRCLE)
    assert W.toarray().tolist() == [[127]]


def test_gradient_over_a_tie_is_exact_or_refused():
    constraint = ConvConstraint(geometry(3, 1))
    diagonal = np.eye(3, dtype=int)
    assert constraint.pull_back(diagonal * 2**61).tolist() == [3 * 2**61]
    with pytest.raises(ConvmatError, match=f"sum must fit int64, .*={3 * 2**62};"):
        constraint.pull_back(diagonal * 2**62)
    wide = diagonal.astype(object) * 2**62
    assert constraint.pull_back(wide).tolist() == [3 * 2**62]
