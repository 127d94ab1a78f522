"""The strategies: valid, bounded, full of witnesses, and plain when they shrink."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from convmat import geometry
from convmat.geometry import Axis
from convmat.verify import strategies
from convmat.verify.strategies import (
    axes,
    geometries,
    inputs,
    kernels,
    numbers,
    outputs,
)

# Nothing is filtered, so nothing is ever retried.
strict = settings(suppress_health_check=(), max_examples=200)
assert HealthCheck.filter_too_much not in strict.suppress_health_check


@strict
@given(axes(max_size=5, max_kernel=3, max_stride=2, max_dilation=2, max_padding=1))
def test_axes_keep_their_bounds(axis):
    assert axis.kernel <= 3
    assert axis.stride <= 2
    assert axis.dilation <= 2
    assert max(axis.before, axis.after) <= 1
    assert axis.size <= max(5, axis.span)
    assert axis.out_size >= 1


@strict
@given(geometries(min_rank=2, max_rank=2, max_channels=2, max_groups=2, max_padding=0))
def test_geometries_keep_their_bounds(g):
    assert g.rank == 2
    assert g.groups <= 2
    assert g.in_channels // g.groups <= 2
    assert g.out_channels // g.groups <= 2
    assert g.padding == ((0, 0), (0, 0))


@given(geometries(max_channels=1, max_groups=1, max_dilation=1, max_stride=1))
def test_a_bound_of_one_is_kept_on_every_axis(g):
    assert (g.in_channels, g.out_channels, g.groups) == (1, 1, 1)
    assert set(g.stride) == set(g.dilation) == {1}


WITNESSES = {
    "unequal pads": lambda g: any(before != after for before, after in g.padding),
    "unequal strides": lambda g: len(set(g.stride)) > 1,
    "unequal sizes": lambda g: len(set(g.input_size)) > 1,
    "groups with a stride": lambda g: g.groups > 1 and max(g.stride) > 1,
    "depthwise": lambda g: g.groups == g.in_channels > 1,
    "dead taps": lambda g: any(0 in axis.tap_counts() for axis in g.axes),
    "a stride beyond the kernel": lambda g: any(
        axis.stride > axis.kernel and axis.out_size > 1 for axis in g.axes
    ),
    "an even kernel": lambda g: any(k % 2 == 0 for k in g.kernel_size),
    "an axis of size 1": lambda g: 1 in g.input_size,
    "an output that sees padding alone": lambda g: g.nnz == 0,
    "dilation with padding": lambda g: any(
        axis.dilation > 1 and axis.kernel > 1 and axis.before for axis in g.axes
    ),
    "three axes with groups": lambda g: g.rank == 3 and g.groups > 1,
    "a plain one": lambda g: not any(map(any, g.padding)) and set(g.stride) == {1},
}


def test_witnesses_of_every_kind_are_among_a_few_hundred_draws():
    seen = dict.fromkeys(WITNESSES, 0)

    @settings(max_examples=400, database=None, derandomize=True)
    @given(geometries())
    def look(g):
        for name, holds in WITNESSES.items():
            seen[name] += holds(g)

    look()
    assert min(seen.values()) >= 4, seen


def test_a_failure_shrinks_to_the_plainest_geometry():
    plainest = find(geometries(), lambda g: True)
    assert repr(plainest) == "geometry((1,), (1,))"
    assert repr(find(geometries(), lambda g: g.rank == 2)) == "geometry((1, 1), (1, 1))"
    padded = find(geometries(max_rank=1), lambda g: any(map(any, g.padding)))
    assert repr(padded) == "geometry((1,), (1,), padding=((0, 1),))"


def test_a_failing_axis_shrinks_to_the_plainest_one():
    assert find(axes(), lambda axis: axis.stride > 2) == Axis(1, 1, 3, 0, 0, 1)
    assert find(axes(), lambda axis: axis.before > 1) == Axis(1, 1, 1, 2, 0, 1)
    assert find(axes(), lambda axis: axis.dilation > 1) == Axis(1, 1, 1, 0, 0, 2)


def test_a_failing_array_shrinks_to_small_whole_numbers():
    g = geometry((1, 2), (1, 1, 2))
    kernel = find(kernels(g, object), lambda kernel: kernel[0, 0, 1] > 2)
    assert kernel.tolist() == [[[0, 3]]]
    assert find(inputs(g, 1, float), lambda x: x.any()).tolist() == [[[0, 1]]]


@pytest.mark.parametrize(
    "dtype",
    ["int64", "float16", "float32", "float64", "complex64", "complex128", "object"],
)
@given(data=st.data())
def test_arrays_have_the_shapes_of_the_geometry_and_the_dtype(dtype, data):
    g = data.draw(geometries(max_rank=2))
    batch = data.draw(st.integers(0, 3))
    kernel = data.draw(kernels(g, dtype))
    x, grad = data.draw(inputs(g, batch, dtype)), data.draw(outputs(g, batch, dtype))
    assert kernel.shape == g.kernel_shape
    assert x.shape == (batch, g.in_channels, *g.input_size)
    assert grad.shape == (batch, g.out_channels, *g.output_size)
    assert kernel.dtype == x.dtype == grad.dtype == dtype


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@given(data=st.data())
def test_floats_are_zero_or_of_a_size_that_neither_over_nor_underflows(dtype, data):
    number = data.draw(numbers(dtype))
    assert number == 0 or 0.125 <= abs(number) <= 8
    assert float(np.dtype(dtype).type(number)) == number


@given(numbers(object))
def test_objects_are_fractions_that_lcm_420_makes_whole(number):
    assert isinstance(number, Fraction)
    assert (420 * number).denominator == 1


def test_list_of_strategies_is_the_agreed_one():
    assert strategies.__all__ == [
        "Case",
        "axes",
        "cases",
        "corners",
        "geometries",
        "inputs",
        "kernels",
        "layouts",
        "networks",
        "numbers",
        "outputs",
        "trials",
    ]
