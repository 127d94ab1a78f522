"""`transposed_geometry`: which convolution is transposed, and what is refused."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    Geometry,
    GeometryError,
    ShapeError,
    geometry,
)
from convmat.geometry import PADDING_MODES, transposed_geometry
from convmat.verify.strategies import geometries


@given(geometries())
def test_every_geometry_is_found_again_from_its_output(g):
    found = transposed_geometry(
        g.output_shape, g.kernel_shape, output_shape=g.input_shape, **g.keywords
    )
    assert found == g


@given(geometries())
def test_the_same_result_is_said_by_output_padding(g):
    extra = tuple((a.padded_size - a.span) % a.stride for a in g.axes)
    found = transposed_geometry(
        g.output_shape, g.kernel_shape, output_padding=extra, **g.keywords
    )
    assert found == g
    spatial = g.input_size  # without the channels
    assert g == transposed_geometry(
        g.output_shape,
        g.kernel_shape,
        output_shape=spatial,
        output_padding=extra,
        **g.keywords,
    )


def test_result_has_the_size_of_the_formula():
    kinds = product(range(1, 4), range(1, 4), (1, 2, 3), (1, 2), range(3), range(3))
    for n, k, s, d, before, after in kinds:
        for extra in range(s):
            size = (n - 1) * s - before - after + d * (k - 1) + 1 + extra
            if size >= 1:
                g = transposed_geometry(
                    n,
                    k,
                    stride=s,
                    dilation=d,
                    padding=[(before, after)],
                    output_padding=extra,
                )
                assert (g.input_size, g.output_size) == ((size,), (n,))


def test_the_sizes_that_are_allowed_are_those_that_the_convolution_takes_back():
    kinds = product(range(1, 4), range(1, 4), (1, 2, 3), (1, 2), [(0, 0), (1, 0)])
    for n, k, s, d, pad in kinds:
        settings = {"stride": s, "dilation": d, "padding": [pad]}
        for size in range(1, 16):
            try:
                back = geometry(size, k, **settings).output_size
            except GeometryError:  # the kernel does not fit
                back = None
            if back == (n,):
                g = transposed_geometry(n, k, output_shape=size, **settings)
                assert g.input_size == (size,)
            else:
                # Or the padding leaves nothing, whatever the size.
                with pytest.raises(ConvmatError, match=r"output_shape must be|leave"):
                    transposed_geometry(n, k, output_shape=size, **settings)


def test_channels_change_their_places():
    g = transposed_geometry((4, 5), (4, 3, 2), groups=2)
    assert (g.out_channels, g.in_channels) == (4, 6)
    assert g.weight_shape == (4, 3, 2)
    assert g.output_shape == (4, 5)
    assert g.input_shape == (6, 6)


def test_output_padding_and_padding_are_given_per_axis():
    g = transposed_geometry(
        (2, 3), (3, 2), stride=(3, 2), padding=[(1, 0), 0], output_padding=(2, 1)
    )
    assert g.input_size == (7, 7)
    assert g.padding == ((1, 0), (0, 0))


def test_names_that_follow_the_kernel_alone():
    assert transposed_geometry(5, 3, padding="valid").input_size == (7,)
    full = transposed_geometry(5, 3, dilation=2, padding="full")
    assert full == geometry(1, 3, dilation=2, padding=4)
    assert transposed_geometry(5, 3, stride=2, padding="full", output_padding=1) == (
        geometry(8, 3, stride=2, padding=2)
    )


@pytest.mark.parametrize("name", ["same", "same_lower"])
@pytest.mark.parametrize("kernel", range(1, 6))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_multiplies_the_size_by_the_stride(name, kernel, stride):
    g = transposed_geometry(4, kernel, stride=stride, padding=name)
    assert g == geometry(4 * stride, kernel, stride=stride, padding=name)
    for size in range(3 * stride + 1, 4 * stride + 1):
        g = transposed_geometry(
            4, kernel, stride=stride, padding=name, output_shape=size
        )
        assert g == geometry(size, kernel, stride=stride, padding=name)


def test_settings_may_be_iterators():
    g = transposed_geometry(
        iter([2, 3]),
        iter([3, 2]),
        stride=[3, 2],
        padding=iter([(1, 0), 0]),
        output_padding=iter([2, 1]),
        groups=np.int64(1),
    )
    assert g == geometry((7, 7), (3, 2), stride=(3, 2), padding=[(1, 0), 0])
    assert transposed_geometry(2, 3, output_padding=np.array(0)).input_size == (4,)


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_the_mode_is_kept(mode):
    g = transposed_geometry(4, 3, padding=1, padding_mode=mode)
    assert g == geometry(4, 3, padding=1, padding_mode=mode)


REFUSED = [
    # input_shape, kernel_shape, settings, exception, message
    (4, 3, {"output_padding": 1}, GeometryError, r"below stride=\(1,\) on every axis"),
    (
        4,
        3,
        {"stride": 2, "dilation": 4, "output_padding": 3},
        GeometryError,
        r"got output_padding=\(3,\); frameworks also take it below the dilation",
    ),
    (4, 3, {"output_padding": -1}, GeometryError, r"at least 0 .* use more padding"),
    (4, 3, {"output_padding": 1.0}, ConvmatTypeError, r"must be integers, not float"),
    (4, 3, {"output_padding": True}, ConvmatTypeError, r"integers, not booleans"),
    (
        (4, 4),
        (3, 3),
        {"output_padding": [0]},
        ShapeError,
        r"one integer or one per spatial axis, 2 in all, got output_padding=\(0,\)",
    ),
    (
        (4, 4),
        (3, 3),
        {"stride": (2, 1), "output_padding": 1},
        GeometryError,
        r"below stride=\(2, 1\) on every axis, got output_padding=\(1, 1\)",
    ),
    (
        (4, 4),
        (3, 3),
        {"stride": (2, 4), "output_shape": (12, 5)},
        ShapeError,
        r"output_shape must be 9 or 10 on axis 0, 15 to 18 on axis 1, got output_shape",
    ),
    (4, 3, {"output_shape": 5}, ShapeError, r"output_shape must be 6 on axis 0, got"),
    (4, 3, {"output_shape": 0}, ShapeError, r"output_shape must be at least 1"),
    (4, 3, {"output_shape": "6"}, ConvmatTypeError, r"output_shape must be integers"),
    (4, 3, {"output_shape": (1, 6)}, ShapeError, r"\(\*spatial\), with 1 spatial in"),
    (
        (2, 4),
        (2, 3, 3),
        {"output_shape": (2, 6)},
        ShapeError,
        r"must be \(\*spatial\) or \(3, \*spatial\), with 1 spatial in all, got",
    ),
    (
        (2, 4),
        (2, 3, 3),
        {"output_shape": (8, 3, 6)},
        ShapeError,
        r"got output_shape=\(8, 3, 6\); leave out the batch axis",
    ),
    (
        4,
        3,
        {"stride": 2, "output_shape": 9, "output_padding": 1},
        GeometryError,
        r"must be \(0,\) beside output_shape=\(9,\), got .*; leave one of them out",
    ),
    (
        1,
        3,
        {"padding": 2},
        GeometryError,
        r"one of the 3 cells that the result has without it on axis 0, got .*padding$",
    ),
    (
        1,
        3,
        {"padding": 2, "stride": 3},
        GeometryError,
        r"use less padding, or output_padding=2$",
    ),
    (
        1,
        3,
        {"padding": 3, "stride": 3, "output_shape": 1},
        GeometryError,
        r"padding must leave at least one",
    ),
    (
        4,
        3,
        {"padding": -1},
        GeometryError,
        r"at least 0 everywhere, .*; to add cells to the result, pad it",
    ),
    (4, 3, {"padding": "up"}, GeometryError, r"padding must be numbers or one of"),
    (4, 3, {"padding": 1.5}, ConvmatTypeError, r"padding must be integers, not float"),
    ((4, 4), (3, 3), {"padding": [1]}, ShapeError, r"padding must be one integer, or"),
    (
        2,
        5,
        {"padding": [(3, 0)], "padding_mode": "reflect"},
        GeometryError,
        r"at most 2 on axis 0 in mode 'reflect': .* is the result here, \(3,\); use",
    ),
    (
        2,
        6,
        {"padding": [(4, 0)], "padding_mode": "circular"},
        GeometryError,
        r"padding must be at most 3 on axis 0 in mode 'circular'",
    ),
    (2, 3, {"padding_mode": "wrap"}, GeometryError, r"padding_mode must be one of"),
    (
        4,
        3,
        {"stride": 2, "padding": "same", "output_padding": 1},
        GeometryError,
        r"output_padding must be 0 beside padding='same', .* use output_shape",
    ),
    (
        4,
        3,
        {"stride": 2, "padding": "same", "output_shape": 9},
        ShapeError,
        r"a size from which padding='same' gives \(4,\); it gives \(5,\), got",
    ),
    ((2, 4), (3, 1, 3), {}, ShapeError, r"must have in_channels = 2 on its first axis"),
    ((4, 4), (3,), {}, ShapeError, r"or \(in_channels, out_channels // groups, \*ker"),
    ((), (), {}, ShapeError, r"kernel_shape must be \(\*kernel\) or"),
    (0, 3, {}, ShapeError, r"input_shape must be at least 1 on every axis"),
    (3, 0, {}, ShapeError, r"kernel_shape must be at least 1 on every axis"),
    ((3, 4), (3, 2, 2), {"groups": 2}, GeometryError, r"must divide in_channels=3"),
    ((3, 4), (3, 2, 2), {"groups": 0}, GeometryError, r"groups must be at least 1"),
    ((4, 4), (4, 2, 2), {"groups": 2.0}, ConvmatTypeError, r"groups must be integers"),
    ((4, 4), (4, 2, 2), {"groups": (2,)}, ConvmatTypeError, r"must be one integer"),
    ((4, 4), (4, 2, 2), {"groups": [1, 2]}, ConvmatTypeError, r"must be one integer"),
    (
        4,
        2,
        {"groups": 2},
        GeometryError,
        r"groups must be 1 .* as \(in_channels, out_channels // groups, \.\.\.\)",
    ),
    (4, 2, {"stride": 0}, GeometryError, r"stride must be at least 1 on every axis"),
    (4, 2, {"dilation": 0}, GeometryError, r"dilation must be at least 1 on every"),
    (2**59, 2, {"stride": 4}, GeometryError, r"output_size must be at most 2\*\*60"),
]


@pytest.mark.parametrize(
    ("input_shape", "kernel_shape", "settings", "exception", "message"), REFUSED
)
def test_what_cannot_be_is_refused(
    input_shape, kernel_shape, settings, exception, message
):
    with pytest.raises(exception, match=message):
        transposed_geometry(input_shape, kernel_shape, **settings)


def test_a_name_that_misses_the_input_is_refused():
    # Half the kernel on both sides of an even one leaves a cell too many.
    with pytest.raises(GeometryError, match=r"must give \(4,\) from \(4,\), .*\(5,\)"):
        transposed_geometry(4, 2, padding="same:half")


def test_the_paired_geometry_is_a_geometry_like_any_other():
    assert isinstance(transposed_geometry(4, 3), Geometry)
    assert transposed_geometry(4, 3) is geometry(6, 3)
