"""Numbers of the chapter and of Distill, and what is refused."""

from fractions import Fraction

import numpy as np
import pytest

from convmat import ConvmatError, GeometryError, ShapeError, geometry, receptive_field
from convmat.errors import ConvmatTypeError
from convmat.receptive import (
    Layer,
    layer_from,
    overlap,
    overlap_map,
    path_matrix,
    read_chain,
    text_of,
    usage_map,
)


def test_chapter_13_sees_7_pixels_then_63_and_with_a_first_kernel_of_5_65():
    a = receptive_field(["k3s2p1"] * 5, (28, 28))
    assert [fields[0].size for fields in a.behind] == [3, 7, 15, 31, 63]
    b = receptive_field(["k5s2p2", *["k3s2p1"] * 4], (28, 28))
    assert [fields[0].size for fields in b.behind] == [5, 9, 17, 33, 65]
    # None of them has more than 28 pixels to see.
    assert [step.seen() for step in a.steps()] == [3, 7, 15, 27, 28]
    assert [step.seen() for step in b.steps()] == [5, 9, 17, 28, 28]


# Slim's models in the table of the article: field, effective stride and padding.
ALEXNET = ["k11s4", "k3s2", "k5p2", "k3s2", "k3p1", "k3p1", "k3p1", "k3s2"]
VGG = [layer for convs in (2, 2, 3, 3, 3) for layer in [*["k3p1"] * convs, "k2s2"]]
DISTILL = {
    "alexnet_v2": (ALEXNET, 227, (195, 32, 64)),
    "vgg_16": (VGG, 224, (212, 32, 90)),
}


@pytest.mark.parametrize("name", DISTILL)
def test_fields_strides_and_paddings_of_distill(name):
    layers, size, (field, stride, padding) = DISTILL[name]
    found = receptive_field(layers, size)
    (own,) = found.axes
    assert (own.size, own.jump, -own.start) == (field, stride, padding)


@pytest.mark.parametrize("name", DISTILL)
def test_closed_formulas_of_distill_give_the_same(name):
    layers, size, _ = DISTILL[name]
    chain = read_chain(layers, size)
    axes = [layer.geometry.axes[0] for layer in chain]
    strides = np.cumprod([1, *(axis.stride for axis in axes)]).tolist()
    jumps = list(zip(axes, strides[:-1], strict=True))
    (own,) = receptive_field(layers, size).axes
    assert own.size == 1 + sum((axis.span - 1) * jump for axis, jump in jumps)
    assert own.jump == strides[-1]
    assert own.start == -sum(axis.before * jump for axis, jump in jumps)
    assert own.center == own.start + Fraction(own.size - 1, 2)
    # Formulas (4) and (5): the ends of the field of any output.
    assert own.interval(3) == (
        own.start + 3 * own.jump,
        own.start + 3 * own.jump + own.size - 1,
    )


def test_texts_and_layers_name_each_other():
    for text in ("k3", "k3x5s2x1", "k3s2p1d2", "k4p1,2", "tk4s2p1o1", "k2p1,0x0,0"):
        shape = (9, 9) if "x" in text else (9,)
        assert text_of(layer_from(text, shape)) == text
    assert layer_from("k3psame", (7,)).output_shape == (7,)
    assert layer_from("p1s2k3", (9,)) == layer_from("k3s2p1", (9,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "layer must be like k3"),
        ("s2", "layer must be like k3"),
        ("k3k3", "layer must be like k3"),
        ("k3 s2", "layer must be like k3"),
        ("k-3", "layer must be like k3"),
        ("k3o1", "must have o only beside t"),
        ("ksame", "must have numbers for kernel"),
        ("k1,2", "a comma in the padding only"),
        ("k3p1,2,3", "a comma in the padding only"),
    ],
)
def test_texts_that_name_no_layer_are_refused(text, message):
    with pytest.raises(ConvmatError, match=message):
        receptive_field([text], 9)


def test_chains_that_do_not_fit_are_refused():
    with pytest.raises(ConvmatError, match="layers must be at least one"):
        receptive_field([], 9)
    with pytest.raises(ShapeError, match=r"layers\[0\] must know its input_shape"):
        receptive_field(["k3"])
    with pytest.raises(ShapeError, match=r"layers\[1\]\.input_shape must read \(7,\)"):
        receptive_field([geometry(9, 3), geometry(9, 3)])
    with pytest.raises(
        GeometryError,
        match="layer must name a layer that fits: its kernel_size must fit",
    ):
        receptive_field(["k3", "k9"], 9)
    with pytest.raises(ShapeError, match="at least 1 on every axis"):
        receptive_field(["k3"], (9, 0))
    with pytest.raises(ShapeError, match="must be a geometry behind one with channels"):
        receptive_field([geometry((2, 9), (2, 2, 3)), "k3"])
    with pytest.raises(TypeError, match=r"layers\[0\] must be a Geometry, a Layer"):
        receptive_field([3], 9)
    with pytest.raises(TypeError, match="layers must be a list"):
        receptive_field(3, 9)
    with pytest.raises(TypeError, match="transposed must be True or False"):
        Layer(geometry(9, 3), 1)
    with pytest.raises(TypeError, match="must be a transposed convolution"):
        overlap(Layer(geometry(9, 3)))


@pytest.mark.parametrize("out", [7, -1, (0, 0, 0), (1, 0)])
def test_outputs_that_there_are_not_are_refused(out):
    field = receptive_field("k3", 9)
    for ask in (field.visits, field.support, field.ends):
        with pytest.raises(ShapeError, match=r"out must be an output of shape \(7,\)"):
            ask(out)
    with pytest.raises(TypeError, match="out must be"):
        field.visits(1.0)


def test_products_that_cannot_be_counted_or_held_are_refused():
    with pytest.raises(ConvmatError, match=r"must have fewer than 2\*\*63 paths"):
        path_matrix(["k3p1"] * 60, 9)
    with pytest.raises(MemoryError, match="max_bytes allows 100 bytes"):
        path_matrix("k3", 9, max_bytes=100)
    with pytest.raises(ShapeError, match="rows must be from 0 to 6"):
        path_matrix("k3", 9, rows=[7])
    huge = geometry((10**9, 10**9), (3, 3))
    for counted in (
        usage_map,
        overlap_map,
        lambda one: receptive_field(one).visits((0, 0)),
    ):
        with pytest.raises(MemoryError, match="the map of"):
            counted([huge])
    assert receptive_field([huge, geometry(huge.output_shape, 2 * (3,))]).size == (5, 5)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda f: f.along(1, 0), "axis must be from 0 to 0, got axis=1"),
        (lambda f: f.along(0, 6), "place must be from 0 to 5, got place=6"),
        (lambda f: f.along(0, -1), "place must be from 0 to 5, got place=-1"),
        (lambda f: f.precedents(0, 6), "place must be from 0 to 5, got place=6"),
        (lambda f: f.extents(4), "axis must be from 0 to 0, got axis=4"),
        (lambda f: f.seen(-1), "axis must be from 0 to 0, got axis=-1"),
        (lambda f: f.up_to(1), "layer must be from 0 to 0, got layer=1"),
        (lambda f: f.up_to(-1), "layer must be from 0 to 0, got layer=-1"),
    ],
    ids=[
        "along-axis",
        "along-place",
        "along-negative",
        "precedents",
        "extents",
        "seen",
        "up_to",
        "up_to-negative",
    ],
)
def test_what_a_field_does_not_have_is_refused(ask, message):
    with pytest.raises(ShapeError, match=message):
        ask(receptive_field("k3", 8))


@pytest.mark.parametrize("rows", [3, [0.5], [True], "12"])
def test_rows_of_a_product_are_integers(rows):
    with pytest.raises(ConvmatTypeError, match="rows must be"):
        path_matrix("k3", 8, rows=rows)
