"""Bad input: each case by its call, its exception and what the message says."""

import pickle
from fractions import Fraction
from math import nan

import numpy as np
import pytest

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    Geometry,
    GeometryError,
    MatrixTooLargeError,
    ShapeError,
    conv,
    conv_input_grad,
    conv_kernel_grad,
    conv_matrix,
    conv_operator,
    errors,
    geometry,
    refill,
    tie_map,
)

IMAGE, KERNEL = (3, 3), (2, 2)
RGB, BANK = (4, 3, 3), (6, 2, 2, 2)  # with two groups

SETTINGS = [
    # settings, exception, message
    (
        {"stride": 0},
        GeometryError,
        r"stride must be at least 1 .*, got stride=\(0, 0\)",
    ),
    ({"stride": -1}, GeometryError, r"stride must be at least 1 on every axis"),
    ({"stride": (2, 0)}, GeometryError, r"stride must be .* got stride=\(2, 0\)"),
    ({"stride": True}, ConvmatTypeError, r"stride must be integers, not booleans"),
    (
        {"stride": 1.0},
        ConvmatTypeError,
        r"stride must be integers, not float, got .*1\.0",
    ),
    ({"stride": nan}, ConvmatTypeError, r"stride must be integers, .*got stride=nan"),
    ({"stride": (1, 1.0)}, ConvmatTypeError, r"stride must be integers, not float"),
    ({"stride": "2"}, ConvmatTypeError, r"stride must be integers, not str, got .*'2'"),
    ({"stride": None}, ConvmatTypeError, r"stride must be integers, not NoneType"),
    (
        {"stride": (1, 1, 1)},
        ShapeError,
        r"stride must be one integer or one per .* 2 in",
    ),
    ({"stride": ()}, ShapeError, r"stride must be one integer or one per spatial axis"),
    ({"stride": [[1], [1]]}, ConvmatTypeError, r"stride must be integers, not list"),
    ({"dilation": 0}, GeometryError, r"dilation must be at least 1 on every axis"),
    ({"dilation": -2}, GeometryError, r"dilation must be at least 1 on every axis"),
    ({"dilation": 2.5}, ConvmatTypeError, r"dilation must be integers, not float"),
    ({"dilation": False}, ConvmatTypeError, r"dilation must be integers, not booleans"),
    (
        {"dilation": 3},
        GeometryError,
        r"2 taps \(4 cells with dilation 3\) do not fit 3",
    ),
    ({"padding": -1}, GeometryError, r"padding must be at least 0 .* crop it first"),
    ({"padding": (0, -1)}, GeometryError, r"padding must be at least 0 everywhere"),
    (
        {"padding": [(0, -1), 0]},
        GeometryError,
        r"padding must be at least 0 everywhere",
    ),
    ({"padding": True}, ConvmatTypeError, r"padding must be integers, not booleans"),
    ({"padding": 1.0}, ConvmatTypeError, r"padding must be integers, not float"),
    ({"padding": nan}, ConvmatTypeError, r"padding must be integers, .*nan"),
    ({"padding": None}, ConvmatTypeError, r"padding must be integers, not NoneType"),
    ({"padding": "SAME"}, GeometryError, r"padding must be .* 'same', .* got .*'SAME'"),
    (
        {"padding": ""},
        GeometryError,
        r"padding must be numbers or one of 'valid', 'same'",
    ),
    (
        {"padding": "reflect"},
        GeometryError,
        r"padding must be .* got padding='reflect'",
    ),
    ({"padding": ("same", 1)}, ConvmatTypeError, r"padding must be integers, not str"),
    (
        {"padding": ((1, "a"), 0)},
        ConvmatTypeError,
        r"padding must be integers, not str",
    ),
    (
        {"padding": (1, 1, 1)},
        ShapeError,
        r"padding must be one integer, or .* 2 in all",
    ),
    (
        {"padding": ((1, 1, 1), 0)},
        ShapeError,
        r"exactly \(before, after\) where an axis",
    ),
    ({"groups": 2}, GeometryError, r"groups must be 1 beside a kernel without channel"),
    ({"groups": 0}, GeometryError, r"groups must be"),
    ({"groups": True}, ConvmatTypeError, r"groups must be integers, not booleans"),
    ({"groups": 1.0}, ConvmatTypeError, r"groups must be integers, not float"),
    (
        {"padding_mode": "wrap"},
        GeometryError,
        r"padding_mode must be one of 'zeros', .*wrap",
    ),
    ({"padding_mode": None}, GeometryError, r"padding_mode must be one of 'zeros'"),
    (
        {"padding_mode": "circular", "padding": 4},
        GeometryError,
        r"padding must be at most 3 on axis 0 in mode 'circular'",
    ),
    (
        {"padding_mode": "reflect", "padding": [3, 0]},
        GeometryError,
        r"padding must be at most 2 on axis 0 in mode 'reflect'",
    ),
    (
        {"padding_mode": "symmetric", "padding": [0, (0, 4)]},
        GeometryError,
        r"padding must be at most 3 on axis 1 in mode 'symmetric'.*\(0, 4\)",
    ),
    ({"padding_mode": ["zeros"]}, GeometryError, "padding_mode must be one of"),
    ({"stride": 2**64}, GeometryError, "stride must be at most 2\\*\\*60 everywhere"),
]

SHAPES = [
    # input shape, kernel shape, exception, message
    (
        IMAGE,
        (4, 2),
        GeometryError,
        r"kernel_size must fit .* axis 0 4 taps do not fit 3",
    ),
    (
        IMAGE,
        (2, 4),
        GeometryError,
        r"on axis 1 4 taps do not fit 3 cells, .* use a larger",
    ),
    ((0, 3), KERNEL, ShapeError, r"input_shape must be at least 1 on every axis"),
    (IMAGE, (2, 0), ShapeError, r"kernel_shape must be at least 1 on every axis"),
    ((-3, 3), KERNEL, ShapeError, r"input_shape must be at least 1 on every axis"),
    ((), (), ShapeError, r"kernel_shape must be .* at least one of them spatial"),
    ((), (1,), ShapeError, r"kernel_shape must be .* at least one of them spatial"),
    ((3,), (1, 2), ShapeError, r"kernel_shape must be .* at least one of them spatial"),
    (IMAGE, (2,), ShapeError, r"kernel_shape must be \(\*kernel\) or .* 2 or 3 axes"),
    (IMAGE, (1, 1, 2, 2), ShapeError, r"kernel_shape must be \(\*kernel\) or"),
    (RGB, (6, 3, 2, 2), ShapeError, r"in_channels = 4 on its second axis"),
    ("3x3", KERNEL, ConvmatTypeError, r"input_shape must be integers, not str"),
    (None, KERNEL, ConvmatTypeError, r"input_shape must be integers, not NoneType"),
    (IMAGE, None, ConvmatTypeError, r"kernel_shape must be integers, not NoneType"),
    ((3.0, 3), KERNEL, ConvmatTypeError, r"input_shape must be integers, not float"),
    ((nan, 3), KERNEL, ConvmatTypeError, r"input_shape must be integers, not float"),
    (
        (True, 3),
        (1, 1),
        ConvmatTypeError,
        r"input_shape must be integers, not booleans",
    ),
    (IMAGE, "22", ConvmatTypeError, r"kernel_shape must be integers, not str"),
]


@pytest.mark.parametrize(("settings", "error", "match"), SETTINGS, ids=str)
def test_bad_setting_is_named_with_its_rule_and_value(settings, error, match):
    with pytest.raises(error, match=match):
        geometry(IMAGE, KERNEL, **settings)


@pytest.mark.parametrize(("settings", "error", "match"), SETTINGS, ids=str)
@pytest.mark.parametrize("route", [conv_matrix, conv_operator])
def test_bad_setting_is_named_by_matrix_and_operator(route, settings, error, match):
    with pytest.raises(error, match=match):
        route(np.ones(KERNEL), IMAGE, **settings)


@pytest.mark.parametrize(("settings", "error", "match"), SETTINGS, ids=str)
def test_bad_setting_is_named_by_the_sliding_window(settings, error, match):
    x, kernel, grad = np.ones(IMAGE), np.ones(KERNEL), np.ones((2, 2))
    with pytest.raises(error, match=match):
        conv(x, kernel, **settings)
    with pytest.raises(error, match=match):
        conv_input_grad(grad, kernel, IMAGE, **settings)
    with pytest.raises(error, match=match):
        conv_kernel_grad(grad, x, KERNEL, **settings)


@pytest.mark.parametrize(("shape", "kernel", "error", "match"), SHAPES, ids=str)
def test_bad_shape_is_named_with_its_rule_and_value(shape, kernel, error, match):
    with pytest.raises(error, match=match):
        geometry(shape, kernel)


@pytest.mark.parametrize(
    ("kernel", "groups", "error", "match"),
    [
        ((6, 2, 2, 2), 0, GeometryError, "groups must be at least 1, got groups=0"),
        ((6, 2, 2, 2), -2, GeometryError, "groups must be at least 1, got groups=-2"),
        (
            (6, 4, 2, 2),
            2,
            ShapeError,
            "in_channels // groups = 4 // 2 = 2 on its second axis",
        ),
        (
            (6, 2, 2, 2),
            3,
            GeometryError,
            "groups must divide in_channels=4, got groups=3",
        ),
        (
            (5, 2, 2, 2),
            2,
            GeometryError,
            "groups must divide out_channels=5, got groups=2",
        ),
    ],
)
def test_groups_that_do_not_fit_the_channels_are_named(kernel, groups, error, match):
    assert geometry(RGB, BANK, groups=2).groups == 2
    with pytest.raises(error, match=match):
        geometry(RGB, kernel, groups=groups)


CALLS = {
    "conv without a kernel": (
        lambda: conv([1, 2, 3], []),
        ShapeError,
        r"kernel_shape must be at least 1 on every axis, got kernel_shape=\(0,\)",
    ),
    "conv without an input": (
        lambda: conv([], [1]),
        ShapeError,
        r"input_shape must be at least 1 on every axis, got input_shape=\(0,\)",
    ),
    "conv of text": (lambda: conv("abc", [1]), ConvmatTypeError, "x must hold numbers"),
    "conv with text": (
        lambda: conv([1], "ab"),
        ConvmatTypeError,
        "kernel must hold numbers",
    ),
    "conv of None": (lambda: conv(None, [1]), ConvmatTypeError, "x must hold .*x=None"),
    "conv with None": (
        lambda: conv([1], None),
        ConvmatTypeError,
        "kernel must hold numbers, got kernel=None",
    ),
    "conv of a mask": (
        lambda: conv([True], [1]),
        ConvmatTypeError,
        r"x must hold numbers, .* a mask becomes numbers with x\.astype\(int\)",
    ),
    "conv of ragged lists": (
        lambda: conv([[1], [2, 3]], [1]),
        ConvmatTypeError,
        "x must be one array of numbers",
    ),
    "conv of a number": (lambda: conv(3, [1]), ShapeError, r"x\.shape must be"),
    "conv with a number": (lambda: conv([3], 1), ShapeError, r"x\.shape must be"),
    "conv of too many axes": (
        lambda: conv(np.ones((1,) * 5), np.ones((1, 1))),
        ShapeError,
        r"x\.shape must be \(\*spatial\)",
    ),
    "conv of too few axes": (
        lambda: conv(np.ones((3, 3)), np.ones((1,) * 5)),
        ShapeError,
        r"x\.shape must be \(\*spatial\)",
    ),
    "conv of channels without channels": (
        lambda: conv(np.ones((3, 2, 2)), np.ones((2, 2))),
        ShapeError,
        r"x\.shape must be \(2, 2\), \(1, 2, 2\) or \(batch, 1, 2, 2\)",
    ),
    "conv with a bias of text": (
        lambda: conv([1], [1], "a"),
        ConvmatTypeError,
        "bias must hold numbers",
    ),
    "conv with two biases": (
        lambda: conv([1], [1], [1, 2]),
        ShapeError,
        r"bias\.shape must be \(1,\), one number per output channel, got .*\(2,\)",
    ),
    "conv with one bias for two channels": (
        lambda: conv(np.ones((1, 3)), np.ones((2, 1, 1)), 1),
        ShapeError,
        r"bias\.shape must be \(2,\), one number per output channel",
    ),
    "input gradient of another output": (
        lambda: conv_input_grad([1, 2, 3], [1, 2], 3),
        ShapeError,
        r"grad\.shape must be \(2,\)",
    ),
    "input gradient without a shape": (
        lambda: conv_input_grad([1, 2], [1, 2], None),
        ConvmatTypeError,
        "input_shape must be integers",
    ),
    "input gradient of None": (
        lambda: conv_input_grad(None, [1, 2], 3),
        ConvmatTypeError,
        "grad must hold numbers",
    ),
    "kernel gradient of another kernel": (
        lambda: conv_kernel_grad([1, 2], [1, 2, 3], 3),
        ShapeError,
        r"grad\.shape must be \(1,\)",
    ),
    "kernel gradient without a shape": (
        lambda: conv_kernel_grad([1, 2], [1, 2, 3], None),
        ConvmatTypeError,
        "kernel_shape must be integers",
    ),
    "kernel gradient of a float shape": (
        lambda: conv_kernel_grad([1, 2], [1, 2, 3], 2.0),
        ConvmatTypeError,
        "kernel_shape must be integers, not float",
    ),
    "matrix without a kernel": (
        lambda: conv_matrix([], 3),
        ShapeError,
        "kernel_shape must be at least 1 on every axis",
    ),
    "matrix of a number": (
        lambda: conv_matrix(5, 3),
        ShapeError,
        r"kernel_shape must be \(\*kernel\)",
    ),
    "matrix of text": (
        lambda: conv_matrix("ab", 3),
        ConvmatTypeError,
        "kernel must hold numbers",
    ),
    "matrix of fractions": (
        lambda: conv_matrix([Fraction(1, 2)], 3),
        ConvmatTypeError,
        "kernel must be of a dtype that SciPy's sparse arrays carry, .* use conv or",
    ),
    "matrix of half floats": (
        lambda: conv_matrix(np.ones(2, np.float16), 3),
        ConvmatTypeError,
        r"kernel must be of a dtype .* use kernel\.astype\(np\.float32\)",
    ),
    "matrix beside another rank": (
        lambda: conv_matrix([[1]], 3),
        ShapeError,
        r"kernel_shape must be \(\*kernel\) or",
    ),
    "matrix without a shape": (
        lambda: conv_matrix([1], None),
        ConvmatTypeError,
        "input_shape must be integers",
    ),
    "operator that does not fit": (
        lambda: conv_operator([1, 2, 3], 2),
        GeometryError,
        "kernel_size must fit the padded input",
    ),
    "operator of text": (
        lambda: conv_operator("ab", 3),
        ConvmatTypeError,
        "kernel must hold numbers",
    ),
    "refill of text": (
        lambda: refill(conv_matrix([1, 2], 3), "ab", geometry(3, 2)),
        ConvmatTypeError,
        "kernel must hold numbers",
    ),
    "refill of fractions": (
        lambda: refill(conv_matrix([1, 2], 3), [Fraction(1), 2], geometry(3, 2)),
        ConvmatTypeError,
        "kernel must be of a dtype that SciPy's sparse arrays carry",
    ),
    "tie map of a shape": (
        lambda: tie_map((3, 3)),
        ConvmatTypeError,
        r"geometry must be a Geometry, .* make one with convmat\.geometry",
    ),
}


@pytest.mark.parametrize(("call", "error", "match"), CALLS.values(), ids=CALLS)
def test_bad_array_is_named_with_its_rule(call, error, match):
    with pytest.raises(error, match=match):
        call()


def canonical(**changes):
    fields = {
        "input_size": (3,),
        "kernel_size": (2,),
        "stride": (1,),
        "padding": ((0, 0),),
        "dilation": (1,),
    }
    return Geometry(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        (
            {"input_size": ()},
            ShapeError,
            "input_size must have at least one spatial axis",
        ),
        (
            {"input_size": [3]},
            ConvmatTypeError,
            "input_size must be a tuple of integers",
        ),
        (
            {"stride": (np.int64(1),)},
            ConvmatTypeError,
            "stride must be a tuple of integ",
        ),
        ({"stride": (True,)}, ConvmatTypeError, "stride must be a tuple of integers"),
        ({"stride": (0,)}, GeometryError, "stride must be at least 1 on every axis"),
        (
            {"kernel_size": (2, 2)},
            ShapeError,
            "kernel_size must have one entry per axis",
        ),
        (
            {"padding": 0},
            ConvmatTypeError,
            r"padding must be a tuple of \(before, after\)",
        ),
        (
            {"padding": ((0,),)},
            ConvmatTypeError,
            r"padding must be a tuple of \(before",
        ),
        (
            {"padding": ()},
            ShapeError,
            r"padding must have one \(before, after\) per axis",
        ),
        (
            {"padding": ((0, -1),)},
            GeometryError,
            "padding must be at least 0 everywhere",
        ),
        ({"groups": 2}, GeometryError, "groups must divide in_channels=1"),
        ({"groups": 0}, GeometryError, "groups must be at least 1"),
        (
            {"in_channels": True},
            ConvmatTypeError,
            "in_channels must be a tuple of integ",
        ),
        (
            {"out_channels": 2},
            GeometryError,
            "has_channels must be true beside more than",
        ),
        (
            {"padding_mode": "wrap"},
            GeometryError,
            "padding_mode must be one of 'zeros'",
        ),
        (
            {"padding_mode": "reflect", "padding": ((3, 0),)},
            GeometryError,
            "padding must be at most 2 on axis 0 in mode 'reflect'",
        ),
        (
            {"has_channels": "no"},
            ConvmatTypeError,
            "has_channels must be True or False",
        ),
        ({"input_size": 3}, ConvmatTypeError, "input_size must be a tuple of integers"),
        ({"kernel_size": (4,)}, GeometryError, "kernel_size must fit the padded input"),
    ],
    ids=str,
)
def test_geometry_checks_the_canonical_form_itself(changes, error, match):
    assert canonical() == geometry(3, 2)
    with pytest.raises(error, match=match):
        canonical(**changes)


def test_every_error_of_a_value_is_a_value_error():
    for name in ("GeometryError", "ShapeError", "MatrixTooLargeError"):
        assert issubclass(getattr(errors, name), ConvmatError)
    assert issubclass(ConvmatError, ValueError)
    assert issubclass(ConvmatTypeError, TypeError)
    assert issubclass(MatrixTooLargeError, MemoryError)
    assert not issubclass(ConvmatTypeError, ValueError)


def test_errors_keep_their_parts():
    with pytest.raises(GeometryError, match="stride") as info:
        geometry(IMAGE, KERNEL, stride=(2, 0))
    error = info.value
    assert error.argument == "stride"
    assert error.rule == "must be at least 1 on every axis"
    assert error.value == (2, 0)
    assert error.remedy == ""
    assert str(error) == "stride must be at least 1 on every axis, got stride=(2, 0)"


def test_remedy_ends_the_sentence():
    error = ShapeError("x", "must be y", 3, "do z")
    assert str(error) == "x must be y, got x=3; do z"


@pytest.mark.parametrize(
    "error",
    [
        ConvmatError("x", "must be y", (1, 2), "do z"),
        GeometryError("x", "must be y", 1),
        ShapeError("x", "must be y", (3,)),
        ConvmatTypeError("x", "must be y", 1.5),
        MatrixTooLargeError("the matrix of g", 2**40, 2**20, "use the operator"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        (999, "999 bytes"),
        (1024, "1.0 KiB"),
        (5 << 20, "5.0 MiB"),
        (3 << 30, "3.0 GiB"),
        (7 << 40, "7.0 TiB"),
        (2 << 50, "2.0 PiB"),
        (3 << 61, "6,144.0 PiB"),
    ],
)
def test_sizes_are_said_in_the_unit_that_fits(needed, words):
    error = MatrixTooLargeError("the matrix", needed, 0, "use the operator")
    assert str(error) == (
        f"the matrix needs {words}, max_bytes allows 0 bytes; use the operator"
    )


GAPS = {
    "stride as a float array without axes": lambda: geometry(
        IMAGE, KERNEL, stride=np.array(2.0)
    ),
    "stride as a dictionary": lambda: geometry(IMAGE, KERNEL, stride={1: 2, 2: 1}),
    "stride as a set": lambda: geometry(IMAGE, KERNEL, stride={1, 2}),
    "padding as bytes": lambda: geometry(IMAGE, KERNEL, padding=b"same"),
    "groups as a tuple": lambda: geometry((2, 5), (2, 1, 2), groups=(2,)),
    "ties of no geometry": lambda: tie_map((3, 3)),
    "refill without a geometry": lambda: refill(conv_matrix([1, 2], 3), [1, 2], None),
    "refill of no matrix": lambda: refill(None, [1, 2], geometry(3, 2)),
    "refill of a dense array": lambda: refill(np.eye(2, 3), [1, 2], geometry(3, 2)),
    "matrix beyond all numbers": lambda: conv_matrix([1, 2], 10**30),
}


@pytest.mark.parametrize("call", GAPS.values(), ids=GAPS)
def test_no_bare_error_comes_through(call):
    with pytest.raises((ConvmatError, ConvmatTypeError), match=r"must|needs"):
        call()


def test_kernel_gradient_reads_the_shape_as_geometry_does():
    assert conv_kernel_grad([1, 2], [1, 2, 3], [2]).tolist() == [5, 8]
