"""The family of an answer: all geometries of a box that have the matrix, no other."""

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings

from convmat import conv_matrix, geometry
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.structure import recognize
from convmat.verify.strategies import geometries

MODES = ("zeros", "circular", "reflect", "replicate", "symmetric")


def box(sizes, kernels, strides, dilations, pads):
    """Every geometry of one channel with these settings on one axis."""
    every = product(sizes, kernels, strides, dilations, pads, pads, MODES)
    for size, kernel, stride, dilation, before, after, mode in every:
        try:
            yield geometry(
                size,
                kernel,
                stride=stride,
                dilation=dilation,
                padding=[(before, after)],
                padding_mode=mode,
            )
        except ConvmatError:
            continue


BOX = list(box(range(1, 5), range(1, 4), range(1, 4), range(1, 3), range(3)))


@cache
def basis(g):
    """The matrices of the unit kernels as columns, built without any recognition."""
    units = np.eye(g.kernel_size[0], dtype=int)
    kernels = [conv_matrix(unit, g.input_shape, **g.keywords) for unit in units]
    return np.stack([each.toarray().reshape(-1) for each in kernels], axis=1)


def has(g, matrix):
    """Whether a matrix is a sum of those of the unit kernels."""
    system, flat = basis(g), matrix.reshape(-1)
    kernel = np.linalg.lstsq(system, flat, rcond=None)[0]
    return bool(np.abs(system @ kernel - flat).max() < 1e-6)


def drawn(g, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(1, 100, g.kernel_shape) * rng.choice([-1, 1], g.kernel_shape)


def as_told(g):
    """What `geometry` makes equal: no padding, no mode."""
    return g.padding_mode, g.kernel_size, g.stride, g.padding, g.dilation, g.groups


def recognized(g, matrix):
    return recognize(
        matrix,
        g.input_shape,
        output_shape=g.output_shape,
        channels=g.has_channels,
        progress=False,
    )


def test_the_family_is_complete_in_an_exhaustive_box():
    by_shape = {}
    for g in BOX:
        by_shape.setdefault((g.input_size, g.output_size), []).append(g)
    seen = set()
    several = unique = 0
    for number, g in enumerate(BOX[::8]):
        matrix = conv_matrix(drawn(g, number), g.input_shape, **g.keywords).toarray()
        key = matrix.shape, matrix.tobytes()
        if not matrix.any() or key in seen:
            continue
        seen.add(key)
        found = recognized(g, matrix)
        if found.transposed:
            continue
        family = found.family(100_000)
        told = {as_told(each.geometry) for each in family}
        assert as_told(found.geometry) not in told
        assert len(told) == len(family)
        told.add(as_told(found.geometry))
        size = g.input_size[0]
        taps = found.geometry.kernel_size[0]
        strides = max(size, found.geometry.stride[0])
        dilations = max(size, found.geometry.dilation[0])
        right = {
            as_told(other)
            for other in by_shape[g.input_size, g.output_size]
            if other.kernel_size[0] <= taps
            and other.stride[0] <= strides
            and other.dilation[0] <= dilations
            and has(other, matrix)
        }
        inside = {as_told(other) for other in by_shape[g.input_size, g.output_size]}
        assert told & inside == right, found.geometry
        several += len(right) > 1
        if found.unique:
            mode = found.geometry.padding_mode
            assert not [each for each in family if each.geometry.padding_mode == mode]
            unique += 1
    assert several > 100
    assert unique > 3


@settings(max_examples=40)
@given(geometries(max_rank=2, max_size=4))
def test_every_member_has_the_very_matrix(g):
    matrix = conv_matrix(drawn(g), g.input_shape, **g.keywords).toarray()
    found = recognized(g, matrix)
    if found.transposed or (found.row_order, found.column_order) != ("C", "C"):
        return
    for other in found.family(30):
        assert other.geometry != found.geometry
        assert other.kernel.dtype == found.kernel.dtype
        again = conv_matrix(other.kernel, g.input_shape, **other.geometry.keywords)
        assert np.array_equal(again.toarray(), matrix)


def test_members_name_modes_strides_dilations_paddings_and_groups():
    def others(matrix, shape, **keywords):
        found = recognize(matrix, shape, **keywords)
        return [each.geometry for each in found.family(1000)]

    # Without padding every mode is the same.
    alike = others(conv_matrix([1, 2], 5), 5)
    assert alike == [geometry(5, 2, padding_mode=mode) for mode in MODES[1:]]
    # One output: any stride. One tap: any dilation. A cell that is not read.
    assert geometry(3, 3, stride=2) in others([[1, 2, 3]], 3, channels=False)
    assert geometry(4, 1, dilation=3) in others(np.eye(4, dtype=int), 4)
    assert geometry(5, 2, stride=2, padding=[(0, 0)]) == geometry(5, 2, stride=2)
    spare = others(conv_matrix([1, 2], 4, stride=2), 4)
    assert geometry(4, 2, stride=2, padding=[(0, 1)]) in spare
    # Groups may be fewer, with taps of value 0.
    depthwise = conv_matrix(np.arange(1, 9).reshape(4, 1, 2), (4, 5), groups=4)
    counts = {g.groups for g in others(depthwise, (4, 5))}
    assert counts == {1, 2, 4}


def test_what_has_no_limit_is_said():
    found = recognize([[1, 2, 3]], 3, channels=False)
    more = " ".join(found.family().more)
    assert "axis 0: any larger stride, because it has one output" in more
    assert "taps of value 0 at the rim" in more
    few = found.family(2)
    assert len(few) == 2
    assert "and more: members beyond the first 2" in str(few)
    assert "any dilation" in " ".join(recognize(np.eye(4), 4).family().more)


def test_a_long_axis_has_a_family_too():
    found = recognize(conv_matrix([1, 2, 3], 5000, stride=2, padding=[(1, 0)]))
    alike = [each.geometry for each in found.family()]
    assert alike == [geometry(5000, 3, stride=2, padding=1)]


@pytest.mark.parametrize(
    ("g", "mode"),
    [
        (geometry(9, 51, stride=9, padding=48), "zeros"),
        (geometry(64, 3, dilation=10, padding=10), "zeros"),
    ],
    ids=["wide", "dilated"],
)
def test_an_axis_with_too_many_ways_to_go_through_says_so(g, mode):
    kernel = np.arange(1, g.kernel_size[0] + 1)
    W = conv_matrix(kernel, g.input_shape, **g.keywords)
    found = recognize(W, g.input_shape, output_shape=g.output_shape)
    family = found.family()
    assert all(each.geometry.padding_mode == mode for each in family)
    assert "axis 0 is too long to look at all that it may be" in family.more


def test_what_is_no_convolution_or_zero_has_no_members():
    assert len(recognize(np.zeros((2, 3))).family()) == 0
    assert "any geometry" in recognize(np.zeros((2, 3))).family().more[0]


@pytest.mark.parametrize(
    ("most", "error", "message"),
    [
        (-1, ConvmatError, "most must be at least 0"),
        (1.5, ConvmatTypeError, "most must be integers"),
    ],
)
def test_a_count_of_members_is_checked(most, error, message):
    with pytest.raises(error, match=message):
        recognize(np.eye(3), 3).family(most)
