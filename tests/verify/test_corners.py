"""The corners: what each is about, within its bounds, and plain when it shrinks."""

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from convmat.verify import Supports
from convmat.verify.strategies import corners, layouts, trials
from convmat.verify.strategies.corners import CORNERS, WIDTHS

# Nothing is filtered, so nothing is ever retried.
strict = settings(suppress_health_check=(), max_examples=60)
assert HealthCheck.filter_too_much not in strict.suppress_health_check

ABOUT = {
    "one output": lambda g: set(g.output_size) == {1},
    "thin": lambda g: set(g.input_size[:-1]) <= {1},
    "pointwise": lambda g: set(g.kernel_size) == {1},
    "width": lambda g: g.input_size[-1] in WIDTHS,
    "depthwise": lambda g: g.groups == g.in_channels == g.out_channels > 1,
    "multiplier": lambda g: g.groups == g.in_channels < g.out_channels,
    "dilation": lambda g: g.dilation[-1] > 1 and g.kernel_size[-1] > 1,
    "long sum": lambda g: g.in_channels > 16 and g.taps_per_row <= 300,
}


@pytest.mark.parametrize("kind", CORNERS)
@strict
@given(data=st.data())
def test_each_corner_is_what_it_is_about(kind, data):
    g = data.draw(corners(kinds=[kind]))
    assert ABOUT[kind](g)
    assert g.matrix_shape[0] * g.taps_per_row < 1 << 17


def test_every_corner_has_a_law():
    assert [*ABOUT] == [*CORNERS]


@strict
@given(corners(ranks=(2,), widths=(5,), max_channels=2, max_dilation=3, max_terms=40))
def test_corners_keep_their_bounds(g):
    assert g.rank == 2
    assert g.groups <= 2
    assert max(g.dilation) <= 3
    assert g.taps_per_row <= 40
    assert max(g.input_size) <= 10


CLAIMS = Supports(
    ranks=(2,), stride=False, uneven_padding=False, uneven_axes=False, dilation=False
)


@strict
@given(corners(supports=CLAIMS))
def test_corners_stay_within_what_is_claimed(g):
    assert CLAIMS.lacks(g) is None


@strict
@given(trials(CLAIMS, max_batch=3))
def test_trials_stay_within_what_is_claimed(one):
    g = one.geometry
    assert CLAIMS.lacks(g, batch=len(one.x)) is None
    assert one.x.shape[1:] == (g.in_channels, *g.input_size)
    assert one.grad.shape == (len(one.x), g.out_channels, *g.output_size)
    assert one.kernel.shape == g.weight_shape
    assert one.x.dtype == one.kernel.dtype == one.grad.dtype == CLAIMS.dtype


@given(trials(Supports(batch=False, dtypes=("uint8",))))
def test_unsigned_trials_have_no_negative_numbers_and_one_sample(one):
    assert len(one.x) == 1
    assert one.x.dtype == np.uint8
    sums = one.geometry.taps_per_row * int(one.x.max()) * int(one.kernel.max())
    assert sums <= 255 or max(one.x.max(), one.kernel.max()) == 1


def test_a_corner_shrinks_to_the_plainest_geometry():
    assert repr(find(corners(), lambda g: True)) == "geometry((1, 1), (1, 1, 1))"
    wide = find(corners(), lambda g: g.input_size[-1] > 30)
    assert repr(wide) == "geometry((1, 31), (1, 1, 1))"
    multiplied = find(corners(kinds=["multiplier"]), lambda g: True)
    assert repr(multiplied) == "geometry((2, 1), (4, 1, 1), groups=2)"


def test_a_trial_shrinks_to_zeros():
    one = find(trials(), lambda one: True)
    assert one.geometry.matrix_shape == (1, 1)
    assert not one.x.any()
    assert not one.kernel.any()
    assert len(one.x) == 1


@given(st.data())
def test_a_layout_has_the_same_numbers(data):
    array = np.arange(24.0).reshape(2, 3, 4)
    laid = data.draw(layouts(array))
    assert np.array_equal(laid, array)


def test_a_layout_shrinks_to_the_plain_one():
    plain = find(layouts(np.eye(2)), lambda array: True)
    assert plain.flags.c_contiguous
    assert plain.flags.writeable
