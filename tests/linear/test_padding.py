"""`pad_matrix` and `crop_matrix`, against np.pad, slices and one-tap kernels."""

from itertools import product

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import conv_matrix, geometry
from convmat.geometry import PADDING_MODES
from convmat.linear import crop_matrix, pad_matrix
from convmat.verify.strategies import geometries

NUMPY = {
    "zeros": "constant",
    "circular": "wrap",
    "reflect": "reflect",
    "replicate": "edge",
    "symmetric": "symmetric",
}
WITNESSES = [
    geometry(1, 1, padding=[(3, 2)], padding_mode="replicate"),
    geometry(1, 1, padding=[(1, 1)], padding_mode="circular"),
    geometry(4, 1, padding=[(0, 3)], padding_mode="reflect"),
    geometry((2, 3), (1, 1), padding=[(2, 0), (1, 3)], padding_mode="symmetric"),
    geometry((2, 1, 3), (2, 2, 1, 1), padding=[(0, 2), (1, 0)]),
    geometry((3, 2, 2, 2), (1, 3, 1, 1, 1), padding=[(1, 0), (0, 1), (1, 1)]),
]


def cells(shape):
    """Numbers that tell every cell from every other, and from padding."""
    return np.arange(1, np.prod(shape) + 1).reshape(shape)


def of_axes(g, pads):
    """`pads` of the spatial axes, and none for channels."""
    return [(0, 0)] * (len(g.input_shape) - g.rank) + list(pads)


def assert_equal(left, right):
    assert left.shape == right.shape
    assert (left != right).nnz == 0


def assert_as_numpy_pads(g):
    P = pad_matrix(g.input_shape, g.padding, padding_mode=g.padding_mode)
    x = cells(g.input_shape)
    padded = np.pad(x, of_axes(g, g.padding), NUMPY[g.padding_mode])
    assert P.shape == (padded.size, x.size)
    assert np.array_equal(P @ x.ravel(), padded.ravel())
    assert P.nnz == np.count_nonzero(padded)
    assert P.dtype == np.int64


@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@example(WITNESSES[5])
@given(geometries())
def test_padding_matrix_pads_as_numpy_does(g):
    assert_as_numpy_pads(g)


def test_every_padding_of_a_short_line_is_numpys():
    count = 0
    for mode, size in product(PADDING_MODES, range(1, 5)):
        most = {"circular": size, "symmetric": size, "reflect": size - 1}.get(mode, 5)
        for pad in product(range(min(most, 5) + 1), repeat=2):
            assert_as_numpy_pads(geometry(size, 1, padding=[pad], padding_mode=mode))
            count += 1
    assert count == 4 * 36 + 2 * (4 + 9 + 16 + 25) + (1 + 4 + 9 + 16) + 4 * 36


@given(geometries())
def test_padding_is_the_convolution_with_one_tap_of_1(g):
    channels = g.input_shape[: len(g.input_shape) - g.rank]
    taps = np.ones((*(channels and (*channels, 1)), *(1,) * g.rank), int)
    W = conv_matrix(
        taps,
        g.input_shape,
        padding=g.padding,
        padding_mode=g.padding_mode,
        groups=g.in_channels,
    )
    P = pad_matrix(g.input_shape, g.padding, padding_mode=g.padding_mode)
    for name in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(P, name), getattr(W, name))


@given(geometries())
def test_cropping_what_was_padded_is_the_identity(g):
    P = pad_matrix(g.input_shape, g.padding, padding_mode=g.padding_mode)
    size = [axis.padded_size for axis in g.axes]
    channels = g.input_shape[: len(g.input_shape) - g.rank]
    C = crop_matrix((*channels, *size), g.padding)
    assert np.array_equal((C @ P).toarray(), np.eye(P.shape[1]))
    assert_equal(C.T.tocsr(), pad_matrix(g.input_shape, g.padding))


@st.composite
def crops(draw):
    """A shape, one `(before, after)` per spatial axis, and whether channels lead."""
    pairs = draw(st.lists(st.tuples(*[st.integers(0, 3)] * 2), min_size=1, max_size=3))
    size = [sum(pair) + draw(st.integers(1, 3)) for pair in pairs]
    channels = draw(st.sampled_from([(), (1,), (2,)]))
    return (*channels, *size), pairs


@example(((5,), [(1, 2)]))
@example(((2, 3, 4), [(2, 0), (0, 3)]))
@given(crops())
def test_cropping_matrix_is_a_slice(case):
    shape, pairs = case
    x = cells(shape)
    size = shape[-len(pairs) :]
    inner = [slice(a, n - b) for n, (a, b) in zip(size, pairs, strict=True)]
    expected = x[(..., *inner)].ravel()
    C = crop_matrix(shape, pairs)
    assert np.array_equal(C @ x.ravel(), expected)
    assert C.shape == (len(expected), x.size)
    assert C.nnz == len(expected)


def test_one_integer_pads_and_crops_both_ends():
    assert_equal(pad_matrix(3, 2), pad_matrix(3, [(2, 2)]))
    assert_equal(pad_matrix((3, 4), (2, 1)), pad_matrix((3, 4), [(2, 2), (1, 1)]))
    assert_equal(crop_matrix(5, 2), crop_matrix([5], [[2, 2]]))
    assert_equal(crop_matrix((5, 4), (2, 1)), crop_matrix((5, 4), [(2, 2), (1, 1)]))


def test_an_axis_that_is_left_over_is_channels():
    both = pad_matrix((2, 3), [(1, 0)])
    assert np.array_equal(both @ np.arange(1, 7), [0, 1, 2, 3, 0, 4, 5, 6])
    assert np.array_equal(crop_matrix((2, 3), [1]) @ np.arange(6), [1, 4])


def test_shapes_and_pads_may_be_numpys():
    x, pads = np.zeros((2, 3)), np.array([[1, 0], [0, 2]])
    assert_equal(
        pad_matrix(np.array(x.shape), pads), pad_matrix((2, 3), ((1, 0), (0, 2)))
    )
    assert_equal(crop_matrix(np.int64(4), np.array(1)), crop_matrix(4, 1))
