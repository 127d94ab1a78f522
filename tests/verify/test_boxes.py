"""The boxes: what they hold, and that they hold it once."""

from itertools import product

import pytest

from convmat.geometry import PADDING_MODES
from convmat.verify import BOXES, Box


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_box_holds_each_geometry_once_and_can_be_walked_again(box):
    first, second = list(box), list(box)
    assert first == second
    assert len(set(first)) == len(first) == len(box)
    assert box.description
    assert isinstance(box, Box)


def test_boxes_are_named_by_their_keys():
    assert [box.name for box in BOXES.values()] == list(BOXES)
    assert list(BOXES) == [
        "axis-6",
        "plane",
        "channels",
        "modes",
        "witnesses",
        "volume",
    ]


def test_axis_box_holds_every_line_of_its_description():
    expected = {
        (n, k, s, d, b, a)
        for n in range(1, 7)
        for k in range(1, 7)
        for s in range(1, 4)
        for d in range(1, 3)
        for b in range(3)
        for a in range(3)
        if d * (k - 1) + 1 <= n + b + a
    }
    held = {
        (g.input_size[0], g.kernel_size[0], g.stride[0], g.dilation[0], *g.padding[0])
        for g in BOXES["axis-6"]
    }
    assert held == expected
    assert len(BOXES["axis-6"]) == 1278


def test_plane_box_holds_witnesses_on_both_axes():
    held = list(BOXES["plane"])
    assert {g.rank for g in held} == {2}
    assert any(g.stride[0] > g.stride[1] for g in held)
    assert any(g.stride[0] < g.stride[1] for g in held)
    assert any(before > after for g in held for before, after in g.padding)
    assert any(before < after for g in held for before, after in g.padding)
    assert any(len(set(g.dilation)) > 1 for g in held)
    assert any(0 in axis.tap_counts() for g in held for axis in g.axes)


def test_channel_box_holds_groups_and_depthwise_convolutions():
    held = list(BOXES["channels"])
    assert {g.groups for g in held} == {1, 2, 3}
    assert {g.rank for g in held} == {1, 2}
    assert any(g.groups == g.in_channels == g.out_channels > 1 for g in held)
    assert any(g.groups == g.in_channels < g.out_channels for g in held)
    assert any(g.groups > 1 and max(g.stride) > 1 for g in held)


def test_modes_box_is_the_whole_cross_product():
    """5 modes, strides 1-3, dilations 1-2, unequal pads, 1-2 groups: none is left out.

    Written out by the sizes that `numpy.pad` and a window need, not by `geometry`.
    """
    unequal = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    expected = {
        (mode, s, d, pads, groups, n, k)
        for mode in ("zeros", "circular", "reflect", "replicate", "symmetric")
        for s, d, pads in product((1, 2, 3), (1, 2), unequal)
        for groups, n, k in product((1, 2), (1, 2, 3), (1, 2, 3))
        if d * (k - 1) + 1 <= n + sum(pads)
        and not (mode in ("circular", "symmetric") and max(pads) > n)
        and not (mode == "reflect" and max(pads) > n - 1)
    }
    held = {
        (
            g.padding_mode,
            *g.stride,
            *g.dilation,
            *g.padding,
            g.groups,
            *g.input_size,
            *g.kernel_size,
        )
        for g in BOXES["modes"]
    }
    assert held == expected
    assert len(BOXES["modes"]) == len(expected) == 2232
    settings = {key[:5] for key in held}
    assert len(settings) == 5 * 3 * 2 * 6 * 2


def test_witnesses_tell_every_mode_rank_and_group_count_apart():
    held = list(BOXES["witnesses"])
    kinds = {(g.padding_mode, g.rank, g.groups) for g in held}
    assert kinds == set(product(PADDING_MODES, (2, 3), (1, 2)))
    for kind in kinds:
        those = [g for g in held if (g.padding_mode, g.rank, g.groups) == kind]
        assert all(len(set(g.input_size)) > 1 for g in those)
        assert any(len(set(g.stride)) > 1 for g in those)
        assert any(len(set(g.dilation)) > 1 for g in those)
        assert any(before != after for g in those for before, after in g.padding)
        assert any(len(set(g.padding)) == g.rank for g in those)
        assert any(
            s > k for g in those for s, k in zip(g.stride, g.kernel_size, strict=True)
        )
        if kind[0] != "zeros":
            assert any(g.shared for g in those)
    assert any(g.dead_taps for g in held)


def test_volume_box_holds_three_and_four_axes():
    assert {g.rank for g in BOXES["volume"]} == {3, 4}


def test_boxes_cannot_be_changed():
    with pytest.raises(TypeError, match="does not support item assignment"):
        BOXES["mine"] = BOXES["plane"]
