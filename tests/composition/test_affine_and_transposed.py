"""Biases and transposed layers in a chain of two, against the product of matrices."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import (
    ConvmatError,
    GeometryError,
    ShapeError,
    conv,
    conv_matrix,
    conv_transpose,
    geometry,
    transposed_geometry,
)
from convmat.composition import compose
from convmat.composition.links import Link


def share(examples):
    """So many examples with the usual profile, and more with the thorough one."""
    return settings(
        max_examples=examples * settings.default.max_examples // 100, deadline=None
    )


def matrix_of(kernel, g, *, transposed):
    """The layer's matrix; that of a transposed one is the paired one, turned."""
    matrix = conv_matrix(np.asarray(kernel), g.input_shape, **g.keywords).toarray()
    return matrix.T if transposed else matrix


def both(merged):
    """The product of the two matrices, and the matrix of the merged layer."""
    parts = zip(
        merged.kernels,
        (merged.first, merged.second),
        merged.are_transposed,
        strict=True,
    )
    one, other = (
        matrix_of(k.reshape(g.kernel_shape), g, transposed=t) for k, g, t in parts
    )
    whole = matrix_of(merged.kernel, merged.geometry, transposed=merged.transposed)
    return other @ one, whole


def constants_by_matrix(merged):
    """`W2 b1 + b2`, with the bias of the middle written out cell by cell."""
    g, turned = merged.second, merged.are_transposed[1]
    inner, own = merged.biases
    middle = g.output_size if turned else g.input_size
    outs = g.input_size if turned else g.output_size
    matrix = matrix_of(merged.kernels[1].reshape(g.kernel_shape), g, transposed=turned)
    cells = np.repeat(inner, int(np.prod(middle)))
    return matrix @ cells + np.repeat(own, int(np.prod(outs)))


@st.composite
def layers(draw, size, channels, *, transposed, stride_one):
    """A geometry that reads `(channels, *size)`, and whether it is transposed."""
    rank = len(size)
    stride = tuple(1 if stride_one else draw(st.integers(1, 3)) for _ in size)
    dilation = tuple(draw(st.integers(1, 2)) for _ in size)
    groups = draw(st.sampled_from([1, 2]))
    out = groups * draw(st.integers(1, 2))
    if transposed:
        kernel = tuple(draw(st.integers(1, 3)) for _ in size)
        pads = []
        for n, k, s, d in zip(size, kernel, stride, dilation, strict=True):
            longest = (n - 1) * s + d * (k - 1) + 1
            reach = d * (k - 1)
            before = draw(st.integers(0, min(2, reach, longest - 1)))
            pads.append(
                (before, draw(st.integers(0, min(2, reach, longest - 1 - before))))
            )
        more = tuple(draw(st.integers(0, s - 1)) for s in stride)
        return transposed_geometry(
            (channels, *size),
            (channels, out // groups, *kernel),
            stride=stride,
            dilation=dilation,
            padding=pads,
            output_padding=more,
            groups=groups,
        )
    pads, kernel = [], []
    for axis in range(rank):
        before, after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        most = (before + size[axis] + after - 1) // dilation[axis] + 1
        taps = draw(st.integers(1, min(3, most)))
        if stride_one:  # so that it can be turned into a transposed one
            reach = dilation[axis] * (taps - 1)
            before, after = min(before, reach), min(after, reach)
            if before + size[axis] + after <= reach:
                taps = 1
        kernel.append(taps)
        pads.append((before, after) if taps > 1 or not stride_one else (0, 0))
    return geometry(
        (channels, *size),
        (out, channels // groups, *kernel),
        stride=stride,
        dilation=dilation,
        padding=pads,
        groups=groups,
    )


def shapes(g, transposed):
    ends = (
        (g.output_size, g.input_size) if transposed else (g.input_size, g.output_size)
    )
    outs = g.in_channels if transposed else g.out_channels
    return ends[1], outs


@st.composite
def pairs(draw, kinds=("cc", "ct", "tc", "tt")):
    """Two layers, of which one has stride 1 where the two are of different kinds."""
    kind = draw(st.sampled_from(kinds))
    rank = draw(st.integers(1, 2))
    size = tuple(draw(st.integers(1, 6 if rank == 1 else 4)) for _ in range(rank))
    mixed = kind[0] != kind[1]
    slow = draw(st.integers(0, 1)) if mixed else 2
    flags = [one == "t" for one in kind]
    first = draw(layers(size, 2, transposed=flags[0], stride_one=slow == 0))
    middle, channels = shapes(first, flags[0])
    second = draw(
        layers_on(middle, channels, transposed=flags[1], stride_one=slow == 1)
    )
    return first, second, flags


def layers_on(size, channels, **keywords):
    """As `layers`; an odd number of channels stays in one group."""
    found = layers(size, channels if channels % 2 == 0 else 2 * channels, **keywords)
    if channels % 2 == 0:
        return found
    return found.map(lambda g: ungrouped(g, size, channels, keywords["transposed"]))


def ungrouped(g, size, channels, transposed):
    keywords = {**g.keywords, "groups": 1}
    out = (g.in_channels if transposed else g.out_channels) // g.groups
    if transposed:
        spare = tuple((a.padded_size - a.span) % a.stride for a in g.axes)
        return transposed_geometry(
            (channels, *size),
            (channels, out, *g.kernel_size),
            output_padding=spare,
            **{k: v for k, v in keywords.items() if k != "padding_mode"},
        )
    return geometry((channels, *size), (out, channels, *g.kernel_size), **keywords)


def merged_by(first, second, flags, seed, low=-2):
    draw = np.random.default_rng(seed)
    kernels = [draw.integers(low, 3, g.weight_shape) for g in (first, second)]
    widths = [shapes(g, t)[1] for g, t in zip((first, second), flags, strict=True)]
    biases = [draw.integers(low, 3, n) for n in widths]
    return compose(
        kernels[0],
        first,
        kernels[1],
        second,
        bias_a=biases[0],
        bias_b=biases[1],
        transposed_a=flags[0],
        transposed_b=flags[1],
    )


UP = transposed_geometry((1, 4), (1, 2, 3), stride=2, padding=[(1, 0)])
THEN_UP = transposed_geometry((2, 8), (2, 1, 2), stride=3, output_padding=1)
ODD_UP = transposed_geometry((2, 3, 2), (2, 1, 2, 3), groups=2, dilation=(2, 1))
DOWN = geometry(
    (2, 5, 4), (2, 1, 3, 2), groups=2, stride=(2, 1), padding=[(1, 0), (0, 1)]
)
SLOW = geometry((2, 8), (1, 2, 3), padding=[(2, 1)])
ONE_CELL = transposed_geometry((1, 1), (1, 1, 3), padding=1)


@example((UP, THEN_UP, [True, True]), 0)
@example((ODD_UP, DOWN, [True, False]), 0)
@example((UP, SLOW, [True, False]), 0)
@example((ONE_CELL, ONE_CELL, [True, True]), 0)
@share(300)
@given(pairs(), st.integers(0, 9))
def test_outputs_that_differ_are_exactly_those_that_are_named(drawn, seed):
    merged = merged_by(*drawn, seed)
    product, whole = both(merged)
    assert product.shape == whole.shape
    constants = constants_by_matrix(merged)
    assert merged.constants.ravel().tolist() == constants.tolist()
    channels = len(merged.bias)
    added = np.repeat(merged.bias, len(constants) // channels)
    wrong = (product != whole).any(axis=1) | (constants != added)
    assert merged.differs.ravel().tolist() == wrong.tolist()
    assert merged.differs.shape == merged.output_shape
    assert (merged.border | ~merged.differs).all()
    assert merged.exact == (not wrong.any())


@share(100)
@given(pairs(), st.integers(0, 9))
def test_positive_kernels_without_biases_differ_in_all_of_the_border(drawn, seed):
    first, second, flags = drawn
    draw = np.random.default_rng(seed)
    kernels = [draw.integers(1, 3, g.weight_shape) for g in (first, second)]
    merged = compose(
        kernels[0],
        first,
        kernels[1],
        second,
        transposed_a=flags[0],
        transposed_b=flags[1],
    )
    assert merged.bias is None
    assert merged.constants is None
    assert (merged.differs == merged.border).all()


@share(100)
@given(pairs(), st.integers(0, 9))
def test_where_nothing_differs_the_two_and_the_one_give_the_same_numbers(drawn, seed):
    merged = merged_by(*drawn, seed)
    shape = (
        merged.first.output_shape
        if merged.are_transposed[0]
        else merged.first.input_shape
    )
    x = np.random.default_rng(seed).integers(-9, 10, shape)
    y = x
    parts = zip(
        (merged.first, merged.second),
        merged.kernels,
        merged.biases,
        merged.are_transposed,
        strict=True,
    )
    for g, kernel, bias, turned in parts:
        y = applied(y, kernel, bias, g, turned)
    kernel = merged.kernel.reshape(merged.geometry.weight_shape)
    z = applied(x, kernel, merged.bias, merged.geometry, merged.transposed)
    same = ~merged.differs
    assert (y == z)[same].all()


def applied(x, kernel, bias, g, turned):
    if not turned:
        return conv(x, kernel, bias, **g.keywords)
    return conv_transpose(x, kernel, bias, output_shape=g.input_shape, **g.keywords)


def test_a_bias_before_a_padded_layer_meets_fewer_taps_at_the_border():
    g = geometry((3, 3), (3, 3), padding=1)
    merged = compose([[1]], geometry((3, 3), (1, 1)), np.ones((3, 3), int), g, bias_a=1)
    assert merged.constants.tolist() == [[4, 6, 4], [6, 9, 6], [4, 6, 4]]
    assert merged.bias.tolist() == [9]
    assert merged.differs.astype(int).tolist() == [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    # The taps themselves are those of one convolution everywhere.
    assert compose([[1]], geometry((3, 3), (1, 1)), np.ones((3, 3), int), g).exact


def test_fractions_go_through_biases_and_transposed_layers():
    third = np.array([Fraction(1, 3), Fraction(-1, 7)])
    up = transposed_geometry(3, 2, stride=2)
    merged = compose(
        third,
        up,
        third,
        transposed_geometry(6, 2),
        bias_a=[Fraction(1, 2)],
        bias_b=[Fraction(1, 5)],
        transposed_a=True,
        transposed_b=True,
    )
    assert merged.transposed
    assert merged.bias.tolist() == [Fraction(1, 5) + Fraction(1, 2) * sum(third)]
    assert merged.kernel.tolist() == [
        Fraction(1, 9),
        Fraction(-2, 21),
        Fraction(1, 49),
    ]
    assert merged.differs.tolist() == [True, *[False] * 5, True]
    assert merged.constants[0] == Fraction(1, 5) + Fraction(1, 6)


def test_a_bias_before_a_transposed_stride_makes_a_checkerboard():
    up = transposed_geometry(4, 3, stride=2)
    merged = compose([1], geometry(4, 1), [1, 1, 1], up, bias_a=[1], transposed_b=True)
    # Every other output is reached by two taps.
    assert merged.constants.tolist() == [1, 1, 2, 1, 2, 1, 2, 1, 1]
    assert merged.bias.tolist() == [2]
    assert merged.differs.astype(int).tolist() == [1, 1, 0, 1, 0, 1, 0, 1, 1]


def test_equal_taps_round_alike_so_that_no_inner_output_differs():
    draw = np.random.default_rng(0)
    first = geometry((3, 9, 9), (4, 3, 3, 3), padding=1)
    second = geometry((4, 9, 9), (5, 4, 3, 3), padding=1)
    merged = compose(
        draw.normal(size=first.kernel_shape),
        first,
        draw.normal(size=second.kernel_shape),
        second,
        bias_a=draw.normal(size=4),
        bias_b=draw.normal(size=5),
    )
    assert not merged.differs[:, 1:-1, 1:-1].any()
    assert merged.differs[:, 0].all()


@share(100)
@given(st.data())
def test_a_layer_of_stride_1_is_the_other_kind_of_layer_too(data):
    size = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=2)))
    flag = data.draw(st.booleans())
    g = data.draw(layers(size, 2, transposed=flag, stride_one=True))
    kernel = np.random.default_rng(0).integers(-9, 10, g.weight_shape)
    link = Link(kernel, g, flag)
    other = link.turned
    assert other.transposed is not flag
    one = matrix_of(kernel, g, transposed=flag)
    turned = matrix_of(other.kernel, other.geometry, transposed=other.transposed)
    assert one.tolist() == turned.tolist()
    assert other.turned.kernel.tolist() == kernel.tolist()
    assert other.turned.geometry == g


def test_two_strides_of_different_kinds_are_refused():
    down, up = geometry(9, 3, stride=2), transposed_geometry(4, 2, stride=2)
    with pytest.raises(GeometryError, match="stride must be 1, with padding of zeros"):
        compose([1, 2, 1], down, [1, 1], up, transposed_b=True)
    back = geometry(8, 2, stride=2)
    with pytest.raises(GeometryError, match="no single layer does what the two do"):
        compose([1, 1], up, [1, 1], back, transposed_a=True)
    wide = geometry(5, 1, padding=1)  # more padding than the kernel spans
    with pytest.raises(GeometryError, match="below the span of the kernel"):
        compose(
            [1], wide, [1, 1], transposed_geometry(7, 2, stride=2), transposed_b=True
        )


def test_what_does_not_fit_is_refused():
    g = geometry((2, 5), (2, 2, 1))
    kernel = np.ones((2, 2, 1), int)
    with pytest.raises(ShapeError, match=r"bias_a.shape must be \(2,\)"):
        compose(kernel, g, kernel, g, bias_a=[1, 2, 3])
    with pytest.raises(ShapeError, match=r"bias_b.shape must be \(2,\)"):
        compose(kernel, g, kernel, g, bias_b=1)
    with pytest.raises(TypeError, match="transposed_a must be True or False"):
        compose(kernel, g, kernel, g, transposed_a=1)
    up = transposed_geometry(4, 2, stride=2)
    with pytest.raises(ShapeError, match=r"geometry_b.output_shape must be \(8,\)"):
        compose([1, 1], up, [1, 1], up, transposed_a=True, transposed_b=True)
    with pytest.raises(ConvmatError, match="must fit int64"):
        _ = compose([1], geometry(4, 1), [2**62], geometry(4, 1), bias_a=[4]).bias


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["kernel_a", "kernel_b", "bias_a", "bias_b"])
def test_numbers_that_are_not_finite_are_refused(name, bad):
    given = {"kernel_a": [1.0], "kernel_b": [1.0], "bias_a": [1.0], "bias_b": [1.0]}
    for value in ([bad], np.array([bad], object)):
        kept = {**given, name: value}
        with pytest.raises(ConvmatError, match=f"{name} must be finite"):
            compose(
                kept["kernel_a"],
                geometry(4, 1),
                kept["kernel_b"],
                geometry(4, 1),
                bias_a=kept["bias_a"],
                bias_b=kept["bias_b"],
            )


def test_words_name_a_transposed_layer():
    up = transposed_geometry(4, 2, stride=2)
    merged = compose(
        [1, 2], up, [1], transposed_geometry(8, 1), transposed_a=True, transposed_b=True
    )
    assert str(merged).startswith(
        "one transposed convolution, paired with geometry((8,)"
    )
    assert str(merged).endswith("equal in all 8 outputs")
    board = transposed_geometry(4, 3, stride=2)
    given = [1], geometry(4, 1), [1, 1, 1], board
    uneven = compose(*given, bias_a=[1], transposed_b=True)
    told = "equal in 3 of 9 outputs, and not in 6: what lies between the two is cut off"
    assert f"{told} there, or the first bias meets other taps" in str(uneven)
