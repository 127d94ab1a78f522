"""The law of recognize: what conv_matrix makes is recognized, for every geometry."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from convmat import ConvConstraint, conv_matrix, geometry
from convmat.geometry import PADDING_MODES
from convmat.structure import recognize
from convmat.structure.orders import placed
from convmat.verify import BOXES
from convmat.verify.strategies import geometries, kernels


def drawn(g, seed=0):
    """A kernel without zeros."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 100, g.kernel_shape) * rng.choice([-1, 1], g.kernel_shape)


def rebuilt(found):
    """The dense matrix of what was found, with rows and columns as they were."""
    g = found.geometry
    matrix = ConvConstraint(g).embed(found.kernel)
    if found.transposed:
        return matrix.T
    rows = placed(found.row_order, g.out_channels, g.output_size)
    columns = placed(found.column_order, g.in_channels, g.input_size)
    return matrix[rows][:, columns]


def check_round_trip(g, kernel):
    W = conv_matrix(kernel, g.input_shape, **g.keywords)
    shapes = {"output_shape": g.output_shape, "channels": g.has_channels}
    found = recognize(W, g.input_shape, progress=False, **shapes)
    assert found.geometry is not None
    assert found.tolerance == 0
    assert np.array_equal(rebuilt(found), W.toarray())
    in_order = not found.transposed and found.row_order == found.column_order == "C"
    if in_order:
        assert found.includes(g)
        assert found.geometry.input_shape == g.input_shape
        assert found.geometry.output_shape == g.output_shape
    return found


@pytest.mark.parametrize("name", BOXES)
def test_every_geometry_of_the_boxes_is_recognized(name):
    same = 0
    for number, g in enumerate(BOXES[name]):
        kernel = drawn(g, number)
        found = check_round_trip(g, kernel)
        alike = found.geometry.groups == g.groups and not found.transposed
        alike &= found.geometry.padding_mode == g.padding_mode
        if found and found.unique and alike and not g.dead_taps:
            assert found.geometry == g
            assert np.array_equal(found.kernel, kernel)
            same += 1
    assert same >= {"axis-6": 40, "plane": 5, "channels": 5}.get(name, 0)


def test_it_calls_unique_only_what_no_other_full_geometry_of_the_box_has():
    # Two geometries without taps of value 0 that have one matrix.
    known = {}
    for g in BOXES["axis-6"]:
        if g.dead_taps:
            continue
        kernel = drawn(g)
        W = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
        key = g.input_shape, W.shape, W.tobytes()
        known.setdefault(key, []).append(g)
    several = [list(found) for found in known.values() if len(found) > 1]
    assert len(several) > 20
    for alike in several:
        g = alike[0]
        W = conv_matrix(drawn(g), g.input_shape, **g.keywords)
        found = recognize(
            W,
            g.input_shape,
            output_shape=g.output_shape,
            channels=False,
            progress=False,
        )
        assert not found.unique or found.transposed, alike
        assert found.transposed or all(map(found.includes, alike))


@given(st.data(), geometries(max_size=5))
def test_any_kernel_of_any_geometry_is_recognized(data, g):
    check_round_trip(g, data.draw(kernels(g)))


@pytest.mark.parametrize(
    "g",
    [
        geometry((5, 7), (2, 3), padding=[(0, 1), (2, 0)], stride=(2, 1)),
        geometry((5, 6), (3, 2), dilation=(1, 2), stride=(1, 3)),
        geometry((9,), (2,), stride=4),
        geometry((1,), (3,), padding=1),
        geometry((6, 4, 4), (4, 3, 2, 3), groups=2, stride=(1, 2), padding=1),
        geometry((4, 5, 5), (4, 1, 3, 3), groups=4),
    ],
    ids=["pads", "dilation", "leap", "dead", "groups", "depthwise"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128, object])
def test_witnesses_come_back_in_every_kind_of_number(g, dtype):
    kernel = drawn(g).astype(dtype)
    if dtype is object:
        kernel = kernel * Fraction(1, 7)
    found = recognize(
        ConvConstraint(g).embed(kernel), g.input_shape, output_shape=g.output_shape
    )
    live = ConvConstraint(g).ties.multiplicity > 0
    assert found.geometry is not None
    read = np.array(rebuilt(found))
    assert (read == ConvConstraint(g).embed(kernel)).all()
    if found.unique and not g.dead_taps:
        assert found.geometry == g
        assert (found.kernel[live] == kernel[live]).all()
        assert found.kernel.dtype == kernel.dtype


@pytest.mark.parametrize(
    ("g", "taps"),
    [
        (geometry(6, 1, padding=[(2, 3)], padding_mode="circular"), 1),
        (geometry((6, 6), (4, 1), padding=[(1, 3), 2], padding_mode="circular"), 4),
        (geometry((2, 5), (2, 2, 1), padding=[(3, 0)], padding_mode="circular"), 4),
    ],
    ids=["one", "column", "channels"],
)
def test_what_goes_round_a_circle_is_not_taken_for_taps_far_apart(g, taps):
    # With zeros and a dilation as large as the input more taps have the same matrix.
    kernel = drawn(g)
    found = recognize(ConvConstraint(g).embed(kernel), g.input_shape)
    assert found.geometry.free_parameters == taps
    assert found.includes(g)


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize(("stride", "small"), [(1, 1), (2, 1e-3)])
def test_sums_of_taps_in_short_floats_are_recognized(mode, stride, small):
    # Padding filled from the input adds taps up, and float32 rounds the sums.
    keywords = {"stride": stride, "padding": 1, "padding_mode": mode}
    g = geometry((2, 6, 5), (2, 2, 3, 3), **keywords)
    kernel = np.random.default_rng(3).standard_normal(g.kernel_shape)
    kernel[..., 0] *= small
    W = conv_matrix(kernel.astype(np.float32), g.input_shape, **keywords)
    assert W.dtype == np.float32
    found = recognize(W, g.input_shape)
    assert found
    assert found.includes(g)
    assert found.geometry.kernel_size == (3, 3)
    # A tap that is read from a sum and the other tap in it is off by what both are.
    room = found.tolerance + np.finfo(np.float32).eps * np.abs(kernel).max()
    assert np.abs(found.kernel - kernel).max() <= room


@example(geometry((6, 5), (3, 2), stride=(2, 1), padding=[(1, 0), (0, 1)]))
@example(geometry((2, 6, 6), (3, 2, 3, 3), padding=1, stride=2))
@given(geometries(max_rank=2, max_size=4, modes=("zeros",)))
def test_the_outputs_are_found_without_being_told(g):
    kernel = drawn(g)
    W = conv_matrix(kernel, g.input_shape, **g.keywords)
    found = recognize(W, g.input_shape, channels=g.has_channels, progress=False)
    assert found.geometry is not None
    assert np.array_equal(rebuilt(found), W.toarray())
    shapes = {"output_shape": g.output_shape, "channels": g.has_channels}
    told = recognize(W, g.input_shape, progress=False, **shapes)
    if told and not told.transposed:
        # What is searched for has no more taps than what is told.
        taps = found.geometry.free_parameters * found.geometry.groups
        assert taps <= told.geometry.free_parameters * told.geometry.groups


def test_the_input_shape_is_found_without_being_told():
    for g in (
        geometry((9, 9), (3, 3)),
        geometry((8, 8), (3, 3), padding=1),
        geometry((3, 8, 8), (4, 3, 3, 3), stride=2, padding=[(0, 1), (0, 1)]),
        geometry((20,), (4,), stride=2),
    ):
        kernel = drawn(g)
        found = recognize(conv_matrix(kernel, g.input_shape, **g.keywords))
        assert found.geometry == g
        assert np.array_equal(found.kernel, kernel)


def test_the_answer_does_not_hang_on_which_zeros_are_stored():
    kernel = np.array([[0, 2, 0], [3, 0, 5], [0, 7, 0]])
    W = conv_matrix(kernel, (7, 6), padding=1)
    bare = W.copy()
    bare.eliminate_zeros()
    for matrix in (W, bare, W.toarray(), W.tocoo(), W.tocsc(), W.tolil()):
        found = recognize(matrix, (7, 6))
        assert np.array_equal(found.kernel, kernel)
        assert found.geometry == geometry((7, 6), (3, 3), padding=1)


def test_the_callers_matrix_is_left_as_it_is():
    # Columns out of order, and one position stored twice.
    arrays = np.array([3, 2, 2]), np.array([1, 0, 0]), np.array([0, 3])
    twice = csr_array(arrays, shape=(1, 2))
    before = twice.data.copy(), twice.indices.copy(), twice.indptr.copy()
    assert recognize(twice, 2, channels=False).kernel.tolist() == [4, 3]
    after = twice.data, twice.indices, twice.indptr
    assert all(map(np.array_equal, before, after))
