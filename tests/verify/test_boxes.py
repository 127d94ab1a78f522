"""The boxes: what they hold, and that they hold it once."""

import pytest

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
    assert list(BOXES) == ["axis-6", "plane", "channels", "modes", "volume"]


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


def test_volume_box_holds_three_and_four_axes():
    assert {g.rank for g in BOXES["volume"]} == {3, 4}


def test_boxes_cannot_be_changed():
    with pytest.raises(TypeError, match="does not support item assignment"):
        BOXES["mine"] = BOXES["plane"]
