"""What recognize says of matrices that are nearly, or otherwise, convolutions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from convmat import ConvConstraint, conv_matrix, conv_transpose_matrix, geometry
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.structure import recognize
from convmat.structure.entries import read_entries
from convmat.structure.family import unknown_taps
from convmat.structure.nearest import projected
from convmat.structure.same import same

G = geometry((8, 7), (3, 2), padding=[(1, 1), (0, 1)])
KERNEL = np.array([[2, -3], [5, 7], [-11, 13]])


def moved(matrix, g, rows, columns):
    """A matrix with its rows and columns in other orders."""
    whole = matrix.reshape(g.out_channels, *g.output_size, g.in_channels, *g.input_size)
    first = g.rank + 1
    axes = []
    for side, name in ((0, rows), (first, columns)):
        channel, spatial = [side], [*range(side + 1, side + first)]
        if "flipped" in name:
            whole = np.flip(whole, spatial)
        if name in ("swapped", "Fortran"):
            spatial.reverse()
        last = name in ("Fortran", "channels last", "flipped, channels last")
        axes += spatial + channel if last else channel + spatial
    return whole.transpose(axes).reshape(matrix.shape)


def test_one_wrong_tie_is_named_with_its_neighbour():
    W = conv_matrix(KERNEL, G.input_shape, **G.keywords).toarray()
    W[20, 20] += 4
    found = recognize(W, G.input_shape)
    assert not found
    near = found.nearest
    assert near.geometry == G
    assert (near.broken.row, near.broken.column, near.wrong) == (20, 20, 1)
    assert near.broken.value == W[20, 20]
    assert near.broken.expected == W[20, 20] - 4
    assert W[near.broken.beside] == near.broken.expected
    assert f"row 20, column 20 holds {W[20, 20]}, but tap 2 is tied to" in str(found)


def test_one_wrong_zero_is_named():
    W = conv_matrix(KERNEL, G.input_shape, **G.keywords).toarray()
    W[3, 50] = 1
    broken = recognize(W, G.input_shape).nearest.broken
    assert str(broken) == "row 3, column 50 holds 1, where a structural zero belongs"


def test_the_nearest_is_the_orthogonal_projection():
    W = conv_matrix(KERNEL, G.input_shape, **G.keywords).toarray()
    W[20, 20] += 4
    W[3, 50] = 1
    found = recognize(W, G.input_shape)
    projection = ConvConstraint(G).project(W)
    embedded = ConvConstraint(G).embed(found.nearest.kernel)
    assert (embedded == projection).all()
    square = sum(x * x for x in (W.astype(object) - projection).flat)
    assert projected(read_entries(W), G)[1] == square
    assert found.distance == float(square) ** 0.5


@pytest.mark.parametrize("mode", ["circular", "reflect", "symmetric", "replicate"])
def test_a_wrong_entry_beside_filled_padding_is_found(mode):
    W = conv_matrix([2, 3, 5, 9, 4], 12, padding=2, padding_mode=mode).toarray()
    W[6, 6] = 100
    near = recognize(W, 12).nearest
    assert near.geometry == geometry(12, 5, padding=2, padding_mode=mode)
    assert (near.broken.row, near.broken.column, near.wrong) == (6, 6, 1)


def test_noise_within_a_stated_tolerance_gives_the_mean_kernel():
    noise = 0.01 * np.random.default_rng(0).uniform(-1, 1, G.matrix_shape)
    W = conv_matrix(KERNEL, G.input_shape, **G.keywords).toarray() + noise
    found = recognize(W, G.input_shape, tolerance=0.02)
    assert found
    assert found.geometry == G
    assert np.abs(found.kernel - KERNEL).max() <= 0.02
    assert "entries equal within 0.02" in str(found)
    for way in (-1, 1):
        far = W.copy()
        far[20, 20] += way
        assert not recognize(far, G.input_shape, tolerance=0.02)
    exact = recognize(W, G.input_shape)
    assert not exact
    assert exact.nearest.geometry == G


def test_rounding_is_no_breach_but_more_is():
    W = conv_matrix(KERNEL / 7, G.input_shape, **G.keywords).toarray()
    W[20, 20] = np.nextafter(W[20, 20], 9)
    assert recognize(W, G.input_shape)
    assert not recognize(W, G.input_shape, tolerance=0)
    W[20, 20] *= 1 + 1e-9
    assert not recognize(W, G.input_shape)


LAYOUTS = ["C", "channels last", "swapped", "Fortran"]


@pytest.mark.parametrize("told", [True, False], ids=["outputs told", "not told"])
@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        *product(LAYOUTS, LAYOUTS),
        ("C", "flipped"),
        ("channels last", "flipped, channels last"),
    ],
    ids=str,
)
def test_orders_of_rows_and_columns_are_named(rows, columns, told):
    g = geometry((3, 6, 5), (2, 3, 3, 2), stride=(1, 2), padding=[(1, 0), (0, 1)])
    kernel = np.arange(1, 37).reshape(g.kernel_shape)
    W = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    shape = g.output_shape if told else None
    matrix = moved(W, g, rows, columns)
    found = recognize(matrix, g.input_shape, output_shape=shape)
    assert found
    assert (found.row_order, found.column_order) == (rows, columns)
    assert found.geometry == g
    assert np.array_equal(found.kernel, kernel)
    again = conv_matrix(found.kernel, g.input_shape, **found.geometry.keywords)
    assert np.array_equal(moved(again.toarray(), g, rows, columns), matrix)


@pytest.mark.parametrize("columns", ["swapped", "flipped"])
def test_orders_of_one_channel_are_named(columns):
    g = geometry((6, 5), (3, 2), padding=[(1, 0), (0, 1)])
    kernel = np.arange(1, 7).reshape(3, 2)
    W = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    found = recognize(moved(W, g, "C", columns), g.input_shape)
    assert found
    assert (found.row_order, found.column_order) == ("C", columns)
    assert found.geometry == g
    assert np.array_equal(found.kernel, kernel)


@pytest.mark.parametrize(
    "g",
    [
        geometry(
            (2, 6, 8),
            (2, 2, 2, 4),
            padding=[(1, 0), (1, 3)],
            padding_mode="circular",
        ),
        geometry((2, 4, 4), (2, 2, 4, 2), padding=[(0, 2), 3], dilation=(1, 3)),
    ],
    ids=["circular", "zeros"],
)
def test_a_wide_kernel_in_half_of_an_order_is_not_taken_for_the_answer(g):
    # With rows channels last alone there is a convolution of many more taps.
    kernel = np.random.default_rng(16).integers(1, 1000, g.kernel_shape)
    W = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    last = "channels last"
    shape = g.output_shape
    found = recognize(moved(W, g, last, last), g.input_shape, output_shape=shape)
    assert found
    assert (found.row_order, found.column_order) == (last, last)
    assert found.geometry == g
    assert np.array_equal(found.kernel, kernel)


def test_a_reversed_signal_is_no_other_convolution_but_a_flipped_one():
    # A Hankel matrix: each row reads one cell earlier than the row before it.
    W = conv_matrix([1, 2, 3], 9).toarray()
    found = recognize(W[:, ::-1], 9)
    assert found
    assert found.column_order == "flipped"
    # Reversed on both sides it is the true convolution, of the flipped kernel.
    both = recognize(W[::-1, ::-1], 9)
    assert (both.row_order, both.column_order) == ("C", "C")
    assert both.kernel.tolist() == [3, 2, 1]


def test_a_transposed_convolution_is_named_with_its_paired_geometry():
    kernel = np.arange(1, 10).reshape(3, 3)
    W = conv_transpose_matrix(kernel, (4, 5), stride=2, padding=1)
    found = recognize(W, (4, 5), output_shape=(7, 9))
    assert found.transposed
    assert found.geometry == geometry((7, 9), (3, 3), stride=2, padding=1)
    assert np.array_equal(found.kernel, kernel)
    assert str(found).startswith("yes: a transposed convolution")


def test_a_dense_layer_is_a_convolution_only_trivially():
    W = np.random.default_rng(0).integers(-9, 9, (9, 16))
    found = recognize(W, (4, 4))
    assert not found
    assert found.trivial
    assert found.nearest is not None


def test_dead_taps_and_free_settings_are_told():
    found = recognize(conv_matrix([[4]], (5, 6)), (5, 6))
    assert found.freedoms == (
        "axis 0 has one tap: any dilation will do",
        "axis 1 has one tap: any dilation will do",
    )
    # One output on axis 0.
    found = recognize(conv_matrix([[1, 2], [3, 4]], (2, 6)), (2, 6))
    assert "axis 0 has one output: any stride from 1 on will do" in found.freedoms
    # Taps 1 and 3 lie before and after the only cell that can be read.
    g = geometry((2,), (4,), stride=2, padding=(2,), dilation=1)
    found = recognize(conv_matrix([1, 2, 3, 4], 2, padding=2, stride=2), 2)
    assert found.includes(g)


def test_any_small_toeplitz_matrix_is_a_convolution():
    found = recognize([[2, 3], [5, 2]], 2)
    assert found
    assert found.geometry == geometry(2, 3, padding=1)
    assert found.kernel.tolist() == [5, 2, 3]


def test_taps_that_no_entry_tells_are_named():
    g = geometry(2, 5, stride=3, padding=3)
    assert unknown_taps(g) == tuple(ConvConstraint(g).ties.dead_taps) == (2,)
    # Around a circle of one cell only the sum of the taps is to be seen.
    g = geometry(1, 3, padding=1, padding_mode="circular")
    assert unknown_taps(g) == (1, 2)
    assert recognize([[7]], 1).includes(g)


def test_groups_are_the_most_that_the_taps_allow():
    kernel = np.arange(1, 19).reshape(6, 1, 3)
    found = recognize(conv_matrix(kernel, (6, 7), groups=6), (6, 7))
    assert found.geometry.groups == 6
    assert "groups may be 1, 2, 3 as well, with taps of value 0" in found.freedoms
    whole = np.zeros((6, 6, 3), int)
    whole[np.arange(6), np.arange(6)] = kernel[:, 0]
    assert found.includes(geometry((6, 7), whole.shape))


def test_fractions_are_exact():
    W = np.array([[Fraction(1, 3), 2, 0], [0, Fraction(1, 3), 2]], object)
    found = recognize(W, 3)
    assert found.kernel.tolist() == [Fraction(1, 3), 2]
    W[1, 1] += Fraction(1, 10**30)
    assert not recognize(W, 3, output_shape=2)


def test_integers_beyond_float_precision_are_exact():
    W = conv_matrix([2**62 + 1, -(2**62) - 3], 6)
    found = recognize(W, 6)
    assert found.kernel.tolist() == [2**62 + 1, -(2**62) - 3]
    D = W.toarray()
    D[3, 3] += 1
    assert not recognize(D, 6)


@pytest.mark.parametrize(
    ("matrix", "keywords", "error", "message"),
    [
        ([[1, float("nan")]], {}, ConvmatError, "must hold finite numbers only, got"),
        ([[1, float("inf")]], {}, ConvmatError, "inf at row 0, column 1"),
        (np.zeros((0, 3)), {}, ShapeError, r"must be at least \(1, 1\)"),
        (np.zeros(3), {}, ShapeError, "must be a matrix, with two axes"),
        (np.zeros((2, 2, 2)), {}, ShapeError, "must be a matrix, with two axes"),
        ([["a", "b"]], {}, ConvmatTypeError, "must hold numbers"),
        ([[True, False]], {}, ConvmatTypeError, "must hold numbers"),
        (np.eye(4), {"input_shape": (3, 3)}, ShapeError, "as the matrix has columns"),
        (np.eye(4), {"input_shape": (0, 4)}, ShapeError, "at least 1 on every axis"),
        (
            np.eye(4),
            {"input_shape": 4, "output_shape": 5},
            ShapeError,
            "output_shape must have as many cells as the matrix has rows, 4",
        ),
        (
            np.eye(4),
            {"input_shape": 4, "output_shape": (1, 1, 4)},
            ShapeError,
            "must have as many axes as input_shape",
        ),
        (np.eye(4), {"tolerance": -1}, ConvmatError, "must be at least 0 and finite"),
        (np.eye(4), {"tolerance": "a"}, ConvmatTypeError, "must be a number"),
        (np.eye(4), {"channels": 1}, ConvmatTypeError, "must be True, False or None"),
        (np.eye(4), {"input_shape": 4.0}, ConvmatTypeError, "must be integers"),
        (
            np.eye(4),
            {"input_shape": 4, "channels": True},
            ShapeError,
            "must be \\(in_channels, \\*spatial\\)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_input_is_refused_in_words(matrix, keywords, error, message):
    with pytest.raises(error, match=message):
        recognize(matrix, **keywords)


def test_symbols_are_refused_in_words():
    sympy = pytest.importorskip("sympy")
    with pytest.raises(ConvmatTypeError, match="must hold integers, Fractions"):
        recognize(np.array([[sympy.Symbol("a"), 0]], object), 2)


def test_an_entry_below_the_expected_is_as_wrong_as_one_above():
    entries = read_entries([[1.0, 2.0], [0.0, 1.0]])
    g = geometry(2, 2, padding=[(0, 1)])
    for off, right in ((-0.5, False), (0.5, False), (-0.01, True), (0.01, True)):
        kernel = np.array([[[1.0, 2.0 + off]]])
        assert same(entries, kernel, g, 0.1) is right
