"""Bad input: each case by its call, its exception and what the message says."""

from fractions import Fraction

import numpy as np
import pytest

from convmat import ConvmatTypeError, GeometryError, ShapeError
from convmat.linear import (
    avg_pool_divisors,
    avg_pool_matrix,
    conv_factors,
    convolution_matrix,
    crop_matrix,
    fold_matrix,
    pad_matrix,
    subsample_matrix,
    sum_pool_matrix,
    unfold_matrix,
    upsample_matrix,
)

POOLS = (sum_pool_matrix, avg_pool_matrix, avg_pool_divisors)
TELLING = {
    "padding": pad_matrix,
    "crop": crop_matrix,
    "stride": subsample_matrix,
    "factor": upsample_matrix,
    "kernel_size": unfold_matrix,
    "pool_size": sum_pool_matrix,
}
"""The argument whose entries tell spatial axes from channels."""

telling = pytest.mark.parametrize("name", TELLING)


@telling
def test_one_integer_beside_several_axes_is_not_guessed_about(name):
    with pytest.raises(
        ShapeError,
        match=rf"^{name} must have one entry per spatial axis beside input_shape="
        rf"\(3, 8, 8\), got {name}=2; write \(2, 2\) if the first axis is channels, "
        r"\(2, 2, 2\) if all are spatial$",
    ):
        TELLING[name]((3, 8, 8), 2)


@telling
@pytest.mark.parametrize("entries", [(1,), (1, 1, 1, 1), ()])
def test_entries_must_be_as_many_as_spatial_axes(name, entries):
    with pytest.raises(
        ShapeError,
        match=rf"^{name} must have one entry per spatial axis beside "
        r"input_shape=\(3, 8, 8\): 3 or, where the first axis is channels, 2, got",
    ):
        TELLING[name]((3, 8, 8), entries)


@telling
@pytest.mark.parametrize("entries", [(1, 2), ()])
def test_one_axis_has_one_entry(name, entries):
    rule = rf"^{name} must have one entry per spatial axis beside .*\(8,\): 1, got"
    with pytest.raises(ShapeError, match=rule):
        TELLING[name](8, entries)


@telling
@pytest.mark.parametrize("value", [1.0, True, None, {1}, {1: 2}])
def test_a_lone_entry_is_an_integer(name, value):
    with pytest.raises(ConvmatTypeError, match=f"^{name} must be integers, not "):
        TELLING[name](8, value)


@telling
@pytest.mark.parametrize("value", [1.0, True, None])
def test_each_entry_is_an_integer(name, value):
    with pytest.raises(ConvmatTypeError, match=f"^{name} must be integers, not "):
        TELLING[name]((8, 8), (1, value))


@telling
@pytest.mark.parametrize("shape", [(0,), (), (3, 0)])
def test_an_input_has_axes_and_cells(name, shape):
    rule = "^input_shape must have at least one axis, and at least 1 on every axis"
    with pytest.raises(ShapeError, match=rule):
        TELLING[name](shape, (1,))


@telling
@pytest.mark.parametrize("shape", ["88", 8.0, (8, 1.0), None])
def test_an_input_shape_is_made_of_integers(name, shape):
    with pytest.raises(ConvmatTypeError, match=r"^input_shape must be integers, not"):
        TELLING[name](shape, (1,))


@pytest.mark.parametrize("name", ["stride", "factor", "pool_size", "kernel_size"])
@pytest.mark.parametrize("value", [0, -1])
def test_steps_and_sizes_are_at_least_1(name, value):
    rule = f"^{name} must be at least 1 on every axis, got {name}="
    with pytest.raises((GeometryError, ShapeError), match=rule):
        TELLING[name]((8, 8), (1, value))


CASES = [
    (pad_matrix, (3, -1), {}, GeometryError, "padding must be at least 0 everywhere"),
    (
        pad_matrix,
        (3, "same"),
        {},
        ConvmatTypeError,
        (
            "padding must be numbers, because a name says something beside a kernel "
            "only, got padding='same'; read the cells of a kernel from "
            r"geometry\(\.\.\.\)\.padding"
        ),
    ),
    (
        pad_matrix,
        (3, [(1, 2, 3)]),
        {},
        ShapeError,
        r"padding must have exactly \(before, after\)",
    ),
    (
        pad_matrix,
        (3, 3),
        {"padding_mode": "reflect"},
        GeometryError,
        "padding must be at most 2 on axis 0 in mode 'reflect'",
    ),
    (
        pad_matrix,
        (3, [(0, 4)]),
        {"padding_mode": "circular"},
        GeometryError,
        "padding must be at most 3 on axis 0 in mode 'circular'",
    ),
    (
        pad_matrix,
        (3, 1),
        {"padding_mode": "wrap"},
        GeometryError,
        "padding_mode must be one of 'zeros', 'circular'",
    ),
    (
        crop_matrix,
        (3, -1),
        {},
        GeometryError,
        r"crop must be at least 0 everywhere, got crop=\(-1,\); pad_matrix adds cells",
    ),
    (
        crop_matrix,
        ((9, 3), [1, (2, 1)]),
        {},
        GeometryError,
        (
            r"crop must leave a cell on every axis, and axis 1 has 3, got "
            r"crop=\(1, \(2, 1\)\)"
        ),
    ),
    (
        crop_matrix,
        (3, [(1,)]),
        {},
        ShapeError,
        r"crop must have exactly \(before, after\) where an axis is given a tuple",
    ),
    (
        crop_matrix,
        (9, [(1, 2, 3)]),
        {},
        ShapeError,
        r"crop must have exactly \(before, after\) where an axis is given a tuple",
    ),
    (crop_matrix, (3, "valid"), {}, ConvmatTypeError, "crop must be integers, not str"),
    (
        upsample_matrix,
        (3, 2),
        {"kind": "linear"},
        GeometryError,
        "kind must be one of 'zeros', 'nearest', got kind='linear'",
    ),
    (upsample_matrix, (3, 2), {"kind": None}, GeometryError, "kind must be one of"),
    (
        upsample_matrix,
        (3, 2),
        {"trailing": 2},
        GeometryError,
        (
            r"trailing must be at least 0 and below factor=\(2,\), got trailing=2; "
            "pad_matrix adds more"
        ),
    ),
    (
        upsample_matrix,
        ((3, 3), (3, 1)),
        {"trailing": 1},
        GeometryError,
        r"trailing must be at least 0 and below factor=\(3, 1\), got trailing=1",
    ),
    (upsample_matrix, (3, 2), {"trailing": -1}, GeometryError, "trailing must be at"),
    (
        upsample_matrix,
        (3, 2),
        {"trailing": 1, "kind": "nearest"},
        GeometryError,
        (
            r"trailing must be 0 beside kind='nearest', got trailing=1; the size is "
            r"n \* factor already"
        ),
    ),
    (
        upsample_matrix,
        (3, 2),
        {"trailing": (1, 1)},
        ShapeError,
        "trailing must be one integer or one per spatial axis, 1 in all",
    ),
    (
        upsample_matrix,
        (3, 2),
        {"trailing": 0.0},
        ConvmatTypeError,
        "trailing must be integers, not float",
    ),
    (
        unfold_matrix,
        (3, 4),
        {},
        GeometryError,
        "kernel_size must fit the padded input; on axis 0 4 taps do not fit 3 cells",
    ),
    (
        unfold_matrix,
        (3, 2),
        {"stride": 0},
        GeometryError,
        "stride must be at least 1 on every axis",
    ),
    (
        fold_matrix,
        (3, 2),
        {"dilation": (1, 1)},
        ShapeError,
        "dilation must be one integer or one per spatial axis, 1 in all",
    ),
    (
        fold_matrix,
        (3, 2),
        {"padding": 4, "padding_mode": "symmetric"},
        GeometryError,
        "padding must be at most 3 on axis 0 in mode 'symmetric'",
    ),
    (
        avg_pool_matrix,
        (3, 2),
        {"divisor_override": 0},
        GeometryError,
        "divisor_override must be one integer other than 0, got divisor_override=0",
    ),
    (
        avg_pool_matrix,
        (3, 2),
        {"divisor_override": (2, 2)},
        GeometryError,
        "divisor_override must be one integer other than 0",
    ),
    (
        avg_pool_matrix,
        (3, 2),
        {"divisor_override": 2.0},
        ConvmatTypeError,
        "divisor_override must be integers, not float",
    ),
    (
        avg_pool_divisors,
        (3, 2),
        {"divisor_override": 2**63},
        GeometryError,
        "divisor_override must be within 64 bits",
    ),
    (
        avg_pool_matrix,
        (3, 2),
        {"count_include_pad": 1},
        ConvmatTypeError,
        "count_include_pad must be True or False, got count_include_pad=1",
    ),
    (
        avg_pool_matrix,
        (3, 2),
        {"dtype": int},
        ConvmatTypeError,
        (
            "dtype must be one of real or complex floats, got dtype='int64'; "
            "sum_pool_matrix is in integers"
        ),
    ),
    (
        avg_pool_matrix,
        (3, 2),
        {"dtype": "float16"},
        ConvmatTypeError,
        "dtype must be one that SciPy's sparse arrays carry, got .*; use float32",
    ),
    (
        avg_pool_matrix,
        (3, 2),
        {"dtype": "decimal"},
        ConvmatTypeError,
        "dtype must be one of real or complex floats, got dtype='decimal'",
    ),
    (
        avg_pool_matrix,
        (2, 2),
        {"padding": 2, "stride": 1, "count_include_pad": False},
        GeometryError,
        (
            "padding must leave every window a cell of the input beside "
            r"count_include_pad=False, and that of output \(0,\) has none, got "
            r"padding=\(\(2, 2\),\); use less padding, count_include_pad=True, "
            "divisor_override or sum_pool_matrix"
        ),
    ),
    (
        convolution_matrix,
        ([1, 2], 3, "wrap"),
        {},
        GeometryError,
        "mode must be one of 'full', 'same', 'valid', got mode='wrap'",
    ),
    (convolution_matrix, ([1, 2], 3, 0), {}, GeometryError, "mode must be one of"),
    (
        convolution_matrix,
        ([1, 2], (3, 3)),
        {},
        ShapeError,
        (
            r"kernel\.shape must have as many axes as input_shape=\(3, 3\), got "
            r"kernel\.shape=\(2,\); with channels, flip the spatial axes"
        ),
    ),
    (convolution_matrix, (5, 3), {}, ShapeError, r"kernel\.shape must have as many"),
    (
        convolution_matrix,
        ([], 3),
        {},
        ShapeError,
        r"kernel\.shape must be at least 1 on every axis",
    ),
    (
        convolution_matrix,
        ([1], 0, "valid"),
        {},
        ShapeError,
        "input_shape must be at least 1 on every axis",
    ),
    (
        convolution_matrix,
        ([Fraction(1, 2)], 3),
        {},
        ConvmatTypeError,
        "kernel must be of a dtype that SciPy's sparse arrays carry",
    ),
    (
        convolution_matrix,
        ([True], 3),
        {},
        ConvmatTypeError,
        "kernel must hold numbers",
    ),
    (
        conv_factors,
        (np.array([1], np.float16), 3),
        {},
        ConvmatTypeError,
        "kernel must be of a dtype that SciPy's sparse arrays carry",
    ),
    (
        conv_factors,
        ([1, 2, 3, 4], 3),
        {},
        GeometryError,
        "kernel_size must fit the padded input",
    ),
    (
        conv_factors,
        ([1, 2], 3),
        {"padding": 3, "padding_mode": "reflect"},
        GeometryError,
        "padding must be at most 2 on axis 0",
    ),
]


@pytest.mark.parametrize(("function", "arguments", "settings", "error", "says"), CASES)
def test_bad_input_is_refused_in_a_sentence(function, arguments, settings, error, says):
    with pytest.raises(error, match=f"^{says}"):
        function(*arguments, **settings)


@pytest.mark.parametrize("function", POOLS)
@pytest.mark.parametrize(
    ("pool", "settings", "error", "says"),
    [
        (
            4,
            {},
            GeometryError,
            (
                "pool_size must fit the padded input; on axis 0 4 taps do not fit 3 "
                "cells, got pool_size=4; use a larger input, more padding, or a "
                "smaller pool"
            ),
        ),
        (
            9,
            {"ceil_mode": True, "stride": 2},
            GeometryError,
            "pool_size must fit the padded input; on axis 0 9 taps do not fit 3 cells,",
        ),
        (2, {"stride": 0}, GeometryError, "stride must be at least 1 on every axis"),
        (2, {"stride": (1, 1)}, ShapeError, "stride must be one integer or one per"),
        (2, {"dilation": 0}, GeometryError, "dilation must be at least 1"),
        (2, {"padding": -1}, GeometryError, "padding must be at least 0 everywhere"),
        (2, {"padding": (1, 2)}, ShapeError, "padding must be one integer, or one"),
        (2, {"padding": "sane"}, GeometryError, "padding must be numbers or one of"),
        (2, {"ceil_mode": None}, ConvmatTypeError, "ceil_mode must be True or False"),
        (2**63, {"padding": 2**59}, GeometryError, "pool_size must be fewer than 2"),
    ],
)
def test_bad_windows_are_refused_in_a_sentence(function, pool, settings, error, says):
    with pytest.raises(error, match=f"^{says}"):
        function(3, pool, **settings)


@pytest.mark.parametrize("name", [*TELLING, "kernel"])
def test_max_bytes_is_a_number_of_bytes(name):
    function = TELLING.get(name, convolution_matrix)
    first, second = ([1], 3) if name == "kernel" else (3, 1)
    with pytest.raises(ConvmatTypeError, match="max_bytes must be an integer number"):
        function(first, second, max_bytes=1e9)
