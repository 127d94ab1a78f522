"""Two convolutions in a row: one matrix, one kernel, and rows where they part."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import GeometryError, ShapeError, conv, conv_matrix, geometry
from convmat.composition import compose


def share(examples):
    """So many examples with the usual profile, and more with the thorough one."""
    return settings(max_examples=examples * settings.default.max_examples // 100)


def settings_of(draw, size):
    dilation = tuple(draw(st.integers(1, 2)) for _ in size)
    stride = tuple(draw(st.integers(1, 3)) for _ in size)
    padding = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in size)
    kernel = tuple(
        draw(st.integers(1, min(3, (before + n + after - 1) // d + 1)))
        for n, d, (before, after) in zip(size, dilation, padding, strict=True)
    )
    return kernel, {"stride": stride, "dilation": dilation, "padding": padding}


@st.composite
def pairs(draw):
    """Two geometries, the second on what the first gives; groups nest or do not."""
    rank = draw(st.integers(1, 2))
    size = tuple(draw(st.integers(1, 8 if rank == 1 else 5)) for _ in range(rank))
    groups = [draw(st.sampled_from([1, 2])) for _ in range(2)]
    middle = 2
    ins, outs = groups[0] * draw(st.integers(1, 2)), groups[1] * draw(st.integers(1, 2))
    kernel, keywords = settings_of(draw, size)
    first = geometry(
        (ins, *size), (middle, ins // groups[0], *kernel), groups=groups[0], **keywords
    )
    kernel, keywords = settings_of(draw, first.output_size)
    second = geometry(
        first.output_shape,
        (outs, middle // groups[1], *kernel),
        groups=groups[1],
        **keywords,
    )
    return first, second


def kernels(geometries, seed, low=-2):
    draw = np.random.default_rng(seed)
    return [draw.integers(low, 3, g.weight_shape) for g in geometries]


def product_of(merged):
    first, second = merged.first, merged.second
    a, b = merged.kernels
    shapes = [(g.in_channels, *g.input_size) for g in (first, second)]
    one = conv_matrix(a, shapes[0], **first.keywords)
    other = conv_matrix(b, shapes[1], **second.keywords)
    return (other @ one).toarray()


def matrix_of(merged):
    g = merged.geometry
    return conv_matrix(merged.kernel, g.input_shape, **g.keywords).toarray()


UNEVEN = (
    geometry((1, 6, 7), (2, 1, 3, 2), stride=(2, 1), padding=[(0, 1), (2, 0)]),
    geometry((2, 3, 8), (1, 2, 2, 3), dilation=(2, 1), padding=[(1, 0), (0, 2)]),
)
LEFT_OVER = (
    geometry((1, 8), (2, 1, 1), stride=3),
    geometry((2, 3), (2, 2, 2), padding=1),
)
GROUPED = (
    geometry((4, 5), (2, 2, 3), groups=2, stride=2, padding=1),
    geometry((2, 3), (4, 1, 2), groups=2, stride=3, padding=2),
)
ONE_CELL = geometry((1, 1), (2, 1, 1)), geometry((2, 1), (1, 2, 3), padding=1)


@example(UNEVEN, 0)
@example(LEFT_OVER, 0)
@example(GROUPED, 0)
@example(ONE_CELL, 0)
@share(200)
@given(pairs(), st.integers(0, 9))
def test_rows_that_differ_are_exactly_those_that_are_named(geometries, seed):
    a, b = kernels(geometries, seed)
    first, second = geometries
    merged = compose(a, first, b, second)
    assert merged.geometry.output_shape == second.output_shape
    assert merged.geometry.groups == np.gcd(first.groups, second.groups)
    wrong = (matrix_of(merged) != product_of(merged)).any(axis=1)
    assert merged.differs.ravel().tolist() == wrong.tolist()
    assert merged.exact == (not wrong.any())
    assert (merged.border | ~merged.differs).all()


@example(UNEVEN, 0)
@example(LEFT_OVER, 0)
@example(GROUPED, 0)
@share(100)
@given(pairs(), st.integers(0, 9))
def test_positive_kernels_differ_in_all_of_the_border(geometries, seed):
    a, b = kernels(geometries, seed, low=1)
    first, second = geometries
    merged = compose(a, first, b, second)
    assert (merged.differs == merged.border).all()
    if not any(map(any, second.padding)):
        assert merged.exact


def test_first_layers_without_padding_give_the_convolved_kernel():
    a, b = np.array([1, 2, 3]), np.array([4, 5])
    first = geometry(9, 3)
    merged = compose(a, first, b, geometry(7, 2))
    # Both are cross-correlations, and so is the merged one: the kernels convolve.
    assert merged.kernel.tolist() == np.convolve(a, b).tolist()
    assert merged.geometry == geometry(9, 4)


def test_strides_multiply_and_the_second_kernel_is_spread_by_the_first_stride():
    first = geometry(20, 2, stride=3)
    merged = compose([1, 10], first, [2, 3], geometry(7, 2, stride=2))
    assert merged.kernel.tolist() == [2, 20, 0, 3, 30]
    assert merged.geometry == geometry(20, 5, stride=6)
    pointwise = compose([7], geometry(9, 1, stride=2), [1, 2], geometry(5, 2))
    assert pointwise.geometry == geometry(9, 2, stride=2, dilation=2)


def test_fractions_stay_exact():
    g, second = geometry(5, 2), geometry(4, 2, padding=1)
    third = np.array([Fraction(1, 3), Fraction(-1, 7)])
    merged = compose(third, g, third, second)
    assert merged.kernel.tolist() == [Fraction(1, 9), Fraction(-2, 21), Fraction(1, 49)]
    x = np.array([Fraction(n, 2) for n in range(1, 6)])
    one = conv(conv(x, third, **g.keywords), third, **second.keywords)
    other = conv(x, merged.kernel, **merged.geometry.keywords)
    differ = [bool(p != q) for p, q in zip(one, other, strict=True)]
    assert differ == merged.differs.tolist() == [True, False, False, False, True]


def test_full_padding_merges_without_a_border():
    g = geometry(5, 3, padding="full")
    merged = compose([1, 2, 3], g, [4, 5], geometry(7, 2, padding="full"))
    assert merged.exact
    assert merged.geometry == geometry(5, 4, padding="full")


def test_a_difference_that_cancels_does_not_count():
    # At either end the merged row reads one cell more, by a[2] b[0] or a[0] b[2].
    g = geometry(5, 3, padding=1)
    merged = compose([0, 1, 1], g, [0, 1, 1], g)
    assert merged.border.tolist() == [True, False, False, False, True]
    assert merged.differs.tolist() == [False, False, False, False, False]
    # Two zeros beside one output, and both of them stand for the same cell.
    one_cell = geometry(1, 5, padding=2), geometry(1, 3, padding=1)
    twice = compose([0, 1, 1, 1, 0], one_cell[0], [1, 1, -1], one_cell[1])
    assert (twice.border.tolist(), twice.differs.tolist()) == ([True], [False])
    wide = geometry((2, 5), (1, 2, 3), padding=1)
    ends = geometry((1, 5), (2, 1, 3), padding=1)
    cancel = compose([[[1, 0, 0]], [[1, 0, 0]]], ends, [[[0, 0, 1], [0, 0, -1]]], wide)
    assert not cancel.differs.any()
    assert cancel.border.any()


def test_circular_layers_of_one_size_merge_without_a_border():
    g = geometry((6, 5), (3, 3), padding=1, padding_mode="circular")
    a, b = np.arange(9).reshape(3, 3), np.arange(9, 0, -1).reshape(3, 3)
    merged = compose(a, g, b, g)
    assert merged.geometry.padding_mode == "circular"
    assert merged.exact
    assert (matrix_of(merged) == product_of(merged)).all()


@pytest.mark.parametrize("mode", ["reflect", "replicate", "symmetric", "circular"])
def test_any_padding_of_the_first_merges_when_the_second_has_none(mode):
    first = geometry((5, 4), (2, 3), padding=[(1, 2), (2, 1)], padding_mode=mode)
    second = geometry(first.output_shape, (2, 2), stride=2)
    merged = compose(np.arange(6).reshape(2, 3), first, [[1, 2], [3, 4]], second)
    assert merged.exact
    assert (matrix_of(merged) == product_of(merged)).all()


@pytest.mark.parametrize("modes", [("zeros", "reflect"), ("reflect", "zeros")])
def test_padding_that_no_single_convolution_reads_is_refused(modes):
    one, other = (geometry(5, 3, padding=1, padding_mode=m) for m in modes)
    with pytest.raises(GeometryError, match="must be zeros in both, or circular"):
        compose([1, 2, 3], one, [1, 2, 3], other)
    smaller = geometry(5, 2, padding_mode="circular")
    wrapped = geometry(4, 3, padding=1, padding_mode="circular")
    with pytest.raises(GeometryError, match="with as many outputs as inputs"):
        compose([1, 2], smaller, [1, 2, 3], wrapped)


def test_layers_that_do_not_follow_each_other_are_refused():
    with pytest.raises(ShapeError, match=r"geometry_b.input_shape must be \(4,\)"):
        compose([1, 2], geometry(5, 2), [1, 2], geometry(5, 2))
    with pytest.raises(ShapeError, match=r"kernel_b.shape must be \(2,\)"):
        compose([1, 2], geometry(5, 2), [1, 2, 3], geometry(4, 2))
    with pytest.raises(TypeError, match="must be a Geometry"):
        compose([1, 2], (5, 2), [1, 2], geometry(4, 2))
    large = np.array([2**40, 1])
    with pytest.raises(ValueError, match="must fit int64"):
        compose(large, geometry(5, 2), large, geometry(4, 2))


def test_words_say_how_many_outputs_part():
    g = geometry((4, 4), (3, 3), padding=1)
    told = str(compose(np.ones((3, 3), int), g, np.ones((3, 3), int), g))
    assert "equal in 4 of 16 outputs, and not in 12 at the border" in told
    inner = geometry((4, 4), (3, 3))
    told = str(compose(np.ones((3, 3), int), inner, [[1, 2]], geometry((2, 2), (1, 2))))
    assert told.endswith("equal in all 2 outputs")
