"""Boxes by bounds: what they hold, in which order, and how they are numbered."""

import pickle
from itertools import islice, product

import pytest

from convmat import ConvmatError, ConvmatTypeError, geometry
from convmat.errors import GeometryError
from convmat.geometry import PADDING_MODES
from convmat.verify import BOXES, Box


def lines(sizes, kernels, strides, dilations, pads, mode):
    """What one axis may be, by the definition, in the order of the box."""
    for d, s, b, a, k, n in product(dilations, strides, pads, pads, kernels, sizes):
        deepest = {"circular": n, "symmetric": n, "reflect": n - 1}.get(mode, 99)
        if d * (k - 1) + 1 <= n + b + a and max(a, b) <= deepest:
            yield n, k, s, (b, a), d


def by_hand(rank, n, k, strides, dilations, pads, groups, channels, modes):
    for mode in modes:
        axes = list(
            lines(range(1, n + 1), range(1, k + 1), strides, dilations, pads, mode)
        )
        for g, into, out_of in product(groups, channels, channels):
            for chosen in product(axes, repeat=rank):
                size, kernel, stride, pad, dilation = zip(*chosen, strict=True)
                plain = (g, into, out_of) == (1, 1, 1)
                yield geometry(
                    size if plain else (g * into, *size),
                    kernel if plain else (g * out_of, into, *kernel),
                    stride=stride,
                    padding=pad,
                    dilation=dilation,
                    groups=g,
                    padding_mode=mode,
                )


CASES = {
    "one axis": (1, 5, 4, (1, 3), (1, 2), (0, 2), (1,), (1,), ("zeros",)),
    "modes": (1, 3, 3, (1, 2), (1,), (0, 1, 3), (1,), (1,), PADDING_MODES),
    "groups": (1, 2, 2, (2,), (1,), (0, 1), (1, 2, 3), (1, 2), ("zeros", "reflect")),
    "two axes": (2, 2, 2, (1, 2), (1, 2), (0, 1), (1,), (1,), ("zeros",)),
    "three axes": (3, 2, 1, (1,), (1,), (0, 1), (2,), (1,), ("circular",)),
}
NAMES = (
    "rank",
    "max_size",
    "max_kernel",
    "strides",
    "dilations",
    "pads",
    "groups",
    "channels",
    "modes",
)


def box_of(case):
    return Box.of(**dict(zip(NAMES, case, strict=True)))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_box_holds_every_geometry_within_its_bounds_once_and_in_order(case):
    expected = list(by_hand(*case))
    box = box_of(case)
    assert list(box) == expected
    assert len(box) == len(set(expected)) == len(expected)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_geometry_has_the_number_of_its_place(case):
    box = box_of(case)
    held = list(box)
    step = max(1, len(held) // 40)
    for number in range(0, len(held), step):
        assert box[number] == held[number]
        assert box[number - len(held)] == held[number]
    assert box[3:90:7] == held[3:90:7]
    assert list(box.between(5, 40)) == held[5:40]
    assert list(box.between(len(held) - 2, len(held) + 9)) == held[-2:]


@pytest.mark.parametrize("name", ["axis-6", "witnesses"])
def test_named_boxes_are_numbered_too(name):
    box = BOXES[name]
    held = list(box)
    assert box[-1] == held[-1]
    assert list(box[2:5]) == list(box.between(2, 5)) == held[2:5]
    with pytest.raises(IndexError):
        box[len(box)]


def test_a_tuple_of_geometries_makes_a_box():
    held = (geometry(3, 2), geometry((4, 5), (2, 1)))
    box = Box("mine", "two of them", held)
    assert (len(box), tuple(box), box[1]) == (2, held, held[1])
    assert list(box.between(1, 9)) == [held[1]]


def test_a_box_too_large_to_walk_is_counted_and_numbered_at_once():
    box = Box.of(rank=6, max_size=9, modes=PADDING_MODES, groups=range(1, 5))
    assert len(box) > 10**15
    last = box[-1]
    assert (last.padding_mode, last.groups, last.rank) == ("symmetric", 4, 6)
    assert last.input_size == (9,) * 6
    assert len(list(islice(box, 3))) == 3


def test_asymmetric_geometries_are_in():
    held = set(Box.of(rank=2, max_size=3, max_kernel=3, pads=(0, 2)))
    assert geometry((1, 3), (3, 1), stride=(2, 1), padding=[(2, 0), (0, 2)]) in held
    assert geometry((2, 3), (1, 1), stride=2, dilation=(2, 1)) in held  # 2 > 1 tap


def test_equal_bounds_make_equal_boxes_with_one_name():
    one = Box.of(rank=1, strides=[2, 1, 2], pads=range(2), modes=["zeros"])
    other = Box.of(rank=1, strides=(1, 2), pads=(0, 1), modes="zeros")
    assert one == other
    assert one.name == "1-D sizes 1-6 kernels 1-3 strides 1-2 dilations 1-2 pads 0-1"
    assert one.description == (
        "every 1-D geometry: sizes 1-6; kernels 1-3; strides 1-2; dilations 1-2; pads "
        "0-1 before and after"
    )
    wide = Box.of(strides=(1, 3), groups=2, channels=(1, 2), modes=PADDING_MODES[::-1])
    assert wide.name == (
        "2-D sizes 1-6 kernels 1-3 strides 1,3 dilations 1-2 pads 0-1 groups 2 channels"
        " 1-2 modes zeros,circular,reflect,replicate,symmetric"
    )
    assert len({box.name for box in (one, wide, Box.of(), Box.of(rank=3))}) == 4


def test_a_box_goes_to_other_processes_as_its_bounds():
    box = Box.of(rank=3, max_size=8)
    sent = pickle.dumps(box)
    assert len(sent) < 1000
    assert pickle.loads(sent) == box


@pytest.mark.parametrize(
    ("bound", "value", "error", "match"),
    [
        ("rank", 0, ConvmatError, "rank must be at least 1, got rank=0"),
        ("rank", 31, ConvmatError, "rank must be at most 30"),
        ("rank", 30, ConvmatError, r"must leave at most .* set closer bounds"),
        ("max_size", True, ConvmatTypeError, "max_size must be integers, not bool"),
        ("max_kernel", 2.0, ConvmatTypeError, "max_kernel must be integers"),
        ("strides", (0, 1), ConvmatError, "strides must be one or more integers of at"),
        ("dilations", (), ConvmatError, "dilations must be one or more integers"),
        ("pads", -1, ConvmatError, "pads must be one or more integers of at least 0"),
        ("groups", "2", ConvmatTypeError, "groups must be integers, not str"),
        ("channels", [1, None], ConvmatTypeError, "channels must be integers"),
        ("modes", "mirror", GeometryError, "did you mean 'reflect'"),
        ("modes", (), ConvmatTypeError, "modes must be one or more names"),
        ("modes", 3, ConvmatTypeError, "modes must be one or more names"),
    ],
)
def test_bounds_that_no_geometry_has_are_refused(bound, value, error, match):
    with pytest.raises(error, match=match):
        Box.of(**{bound: value})
