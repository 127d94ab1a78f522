"""A yes means that few taps account for many entries, and nothing plainer is near."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from convmat import ConvConstraint, conv_matrix, geometry
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.structure import recognize
from convmat.structure.cut import Cut, cut_of
from convmat.structure.evidence import evidence_of
from convmat.structure.guess import uses
from convmat.verify import BOXES

G = geometry((12, 12), (3, 3))
W = conv_matrix(np.arange(1, 10).reshape(3, 3), (12, 12)).toarray()


def check_near(found, where):
    assert not found
    near = found.nearest
    assert near.geometry == G
    assert (near.broken.row, near.broken.column, near.wrong) == (*where, 1)
    assert "near a convolution" in str(found).splitlines()[0]


@settings(max_examples=20)
@given(st.tuples(st.integers(0, 99), st.integers(0, 143)))
def test_a_changed_entry_is_told_whatever_larger_geometry_fits(where):
    matrix = W.copy()
    matrix[where] += 1
    check_near(recognize(matrix, (12, 12), progress=False), where)


def test_a_changed_entry_is_told_where_no_shape_is_given():
    matrix = W.copy()
    matrix[50, 66] += 1
    check_near(recognize(matrix, progress=False), (50, 66))


def test_an_exact_geometry_of_many_taps_is_kept_beside_the_nearest():
    # A tap that nothing confirms: it stands in the corner only.
    matrix = W.copy()
    matrix[0, 143] = 5
    found = recognize(matrix, (12, 12))
    assert found.overfitted
    assert not found.trivial
    assert np.array_equal(ConvConstraint(found.geometry).embed(found.kernel), matrix)
    assert (found.evidence.taps, found.evidence.single) == (10, 1)
    assert found.distance == 5.0
    assert "1 of them for one only" in str(found)


def test_the_evidence_counts_what_stands_in_the_matrix():
    for g in BOXES["axis-6"][::7]:
        kernel = np.ones(g.kernel_shape, int)
        matrix = conv_matrix(kernel, g.input_shape, **g.keywords)
        counts = ConvConstraint(g).ties.multiplicity
        seen = counts[counts > 0]
        told = evidence_of(g, kernel.reshape(g.weight_shape), matrix.nnz)
        assert told.taps == len(seen)
        assert told.least == (seen.min() if len(seen) else 0)
        assert told.single == (seen == 1).sum()
        assert told.entries == matrix.nnz
        assert all(tuple(uses(a)) == a.tap_counts() for a in g.axes)


def test_no_honest_matrix_of_the_box_is_called_overfitted():
    for number, g in enumerate(BOXES["plane"]):
        rng = np.random.default_rng(number)
        kernel = rng.integers(1, 100, g.kernel_shape)
        matrix = conv_matrix(kernel, g.input_shape, **g.keywords)
        shapes = {"output_shape": g.output_shape, "channels": g.has_channels}
        assert not recognize(matrix, g.input_shape, **shapes).overfitted


def test_noise_as_large_as_the_taps_is_no_explanation():
    # A vote for few taps and much noise would name any two of them.
    kernel = np.random.default_rng(0).standard_normal((4, 3, 3, 3))
    matrix = conv_matrix(kernel, (3, 10, 10)).tolil()
    matrix[20, 20] += 1
    found = recognize(matrix.tocsr(), (3, 10, 10), output_shape=(4, 8, 8))
    assert found.nearest.geometry == geometry((3, 10, 10), (4, 3, 3, 3))
    assert found.nearest.wrong == 1


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 4)), [[0]], csr_array((5, 5))], ids=["3x4", "1x1", "sparse"]
)
def test_a_matrix_of_zeros_is_told_in_one_sentence(matrix):
    found = recognize(matrix)
    assert not found
    assert found.nearest is None
    text = str(found)
    assert "matrix is 0, and so it is in every geometry" in text
    assert "None" not in text
    assert found.geometry is not None


def test_one_entry_is_no_evidence():
    found = recognize([[5]])
    assert not found
    assert found.trivial
    assert str(found).count("geometry((1,), (1,))") <= 2


@pytest.mark.parametrize("mode", ["zeros", "circular", "reflect", "symmetric"])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_long_axis_is_recognized_by_its_ends(mode, stride):
    g = geometry(301, 5, padding=[(3, 1)], stride=stride, padding_mode=mode)
    matrix = conv_matrix([3, 1, 4, 1, 5], 301, **g.keywords)
    found = recognize(matrix, 301, output_shape=g.output_shape)
    assert found.includes(g)
    assert found.kernel.tolist() == [3, 1, 4, 1, 5]
    for row in (0, 60, g.output_shape[0] - 1):  # and by its middle all the same
        wrong = matrix.tolil()
        wrong[row, wrong.rows[row][0]] += 7
        near = recognize(wrong.tocsr(), 301, output_shape=g.output_shape)
        assert not near
        assert near.nearest.broken.row == row


def test_a_cut_leaves_what_both_ends_read_at_both_ends():
    cut = cut_of((1, 3), 100, 100)
    assert cut == Cut(keep=8, stride=1, removed=84, whole=100)
    assert cut.size == 16
    assert cut.outs.tolist() == [*range(8), *range(92, 100)]
    assert cut.moved(np.array([0, 8, 92, 99])).tolist() == [0, 8, 8, 15]
    assert cut.moved(np.array([40])) is None
    assert cut_of((1, 3), 20, 20) is None


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        (
            np.array([[Decimal(1)]], object),
            ConvmatTypeError,
            "must hold integers, Frac",
        ),
        (np.array([[None]], object), ConvmatTypeError, "must hold numbers"),
        ("abc", ConvmatTypeError, "must hold numbers"),
        ({}, ConvmatTypeError, "must hold numbers"),
        (5, ConvmatError, "must be a matrix, with two axes"),
        ([[complex(np.inf, 0)]], ConvmatError, "must hold finite numbers only"),
        (csr_array(np.eye(2, dtype=bool)), ConvmatTypeError, "must hold numbers"),
    ],
    ids=["Decimal", "None", "text", "dict", "scalar", "inf", "mask"],
)
def test_what_is_no_matrix_of_numbers_is_refused_in_words(matrix, error, message):
    with pytest.raises(error, match=message):
        recognize(matrix)


def test_odd_numbers_are_welcome():
    for entry in (5e-324, 1.7e308, np.longdouble(3) / 7, np.float16(1.5), -(2**63)):
        matrix = np.zeros((4, 4), np.asarray(entry).dtype)
        np.fill_diagonal(matrix, entry)
        found = recognize(matrix)
        assert found
        assert found.kernel[0] == entry
        assert found.kernel.dtype == matrix.dtype
    assert "within 0.333" in str(recognize(np.eye(4), 4, tolerance=Fraction(1, 3)))
    with pytest.raises(ConvmatError, match="must be at least 0 and finite"):
        recognize(np.eye(4), tolerance=10**400)


def test_positions_of_a_large_sparse_matrix_fit_their_integers():
    matrix = csr_array((np.ones(3), ([0, 1, 2], [0, 1, 2])), shape=(70_000, 70_000))
    found = recognize(matrix, 70_000, output_shape=70_000, channels=False)
    assert not found
