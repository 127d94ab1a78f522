"""The errata of chapter 13: each right number by a second route."""

from itertools import pairwise, product

import numpy as np
import pytest

from convmat import conv, conv_transpose
from convmat.errors import ShapeError
from convmat.experiments import EDGES, errata
from convmat.experiments.chapter13 import RUNS, network
from convmat.nn import BatchNorm, Flatten, ReLU, mnist10k

FOUND = {erratum.name: erratum for erratum in errata()}
TOP = np.array(EDGES["top"])
A = RUNS["A"].channels


def sizes(cells):
    """Cells along an axis of the input and of what each layer of A gives."""
    found = [cells]
    while found[-1] > 1:
        found.append((found[-1] + 1) // 2)
    return found


def windows(cells):
    """First row of each window of a layer of A, in the padded input of `cells` rows."""
    return range(0, cells + 2 - 3 + 1, 2)


def test_each_is_named_once_and_counts_the_same_things():
    assert len(FOUND) == len(errata()) == 10
    for erratum in FOUND.values():
        assert len(erratum.book) == len(erratum.right) > 0
        assert {type(number) for number in erratum.right} == {int}
        assert erratum.claim
        assert erratum.where
        assert erratum.why.endswith(".")


@pytest.mark.parametrize("name", [n for n, e in FOUND.items() if e.kind == "error"])
def test_an_error_of_the_book_differs_from_what_is_right(name):
    told = zip(FOUND[name].book, FOUND[name].right, strict=True)
    assert any(book not in (None, right) for book, right in told)


def test_what_the_book_says_of_receptive_fields_is_right():
    assert FOUND["field A"].book[1] == FOUND["field A"].right[1] == 7


def test_the_cell_is_the_middle_of_what_the_code_takes():
    rows, columns = slice(4, 7), slice(6, 9)  # im3_t[4:7, 6:9]
    three = mnist10k().images[12, 0].astype(int)
    assert (three[rows, columns] * TOP).sum() == 762
    assert (three[7:10, 17:20] * TOP).sum() == -29
    middle = (rows.start + rows.stop - 1) // 2, (columns.start + columns.stop - 1) // 2
    assert FOUND["cell"].right == middle == (5, 7)
    assert FOUND["cell"].book == (5, 8)
    # The cell that is told gives the same, so nobody would notice.
    assert (three[4:7, 7:10] * TOP).sum() == 762
    assert "Both cells give 762," in FOUND["cell"].why
    assert "8,18 gives -29" in FOUND["cell"].why


def test_factors_are_the_answers_to_single_pixels():
    pixels = np.eye(9, dtype=int).reshape(9, 1, 3, 3)
    answers = conv(pixels, TOP[None, None]).reshape(-1)
    assert FOUND["signs"].right == tuple(answers)
    assert FOUND["signs"].book == tuple(-answers)


def test_centres_are_those_whose_window_lies_inside():
    inside = [row for row in range(5) if row - 1 >= 0 and row + 1 < 5]
    assert range(*FOUND["centres"].right) == range(inside[0], inside[-1] + 1)
    assert [*range(*FOUND["centres"].book)] == [1, 2, 3, 4]


def test_a_flat_image_gives_the_sum_of_the_taps():
    assert FOUND["sums"].right == tuple(np.sum(kernel) for kernel in EDGES.values())
    assert FOUND["sums"].book == (0, 0, 0, 0)


def test_only_the_right_order_of_axes_is_taken():
    right, book = FOUND["axes"].right, FOUND["axes"].book
    images = np.zeros((64, 1, 28, 28), int)
    assert conv(images, np.zeros(right, int)).shape == (64, 4, 26, 26)
    with pytest.raises(ShapeError, match="in_channels = 1 on its second"):
        conv(images, np.zeros(book, int))
    unsqueezed = np.expand_dims(np.zeros((4, 3, 3)), 1)  # unsqueeze(1)
    assert unsqueezed.shape == right


def test_multiplications_are_counted_one_by_one():
    counted = []
    for (into, out), cells in zip(pairwise(A), sizes(28), strict=False):
        steps = product(windows(cells), windows(cells), range(out), range(into))
        counted.append(9 * sum(1 for _ in steps))
    assert FOUND["multiplications"].right == tuple(counted)
    # The book's two go by the input: 14 * 14 and 7 * 7 places.
    assert FOUND["multiplications"].book[1:3] == (14 * 14 * 288, 7 * 7 * 1152)


def test_entries_of_a_pair_are_the_taps_that_meet_no_padding():
    for place, cells in enumerate(sizes(28)[:-1]):
        inside = [
            first + tap
            for first in windows(cells)
            for tap in range(3)
            if 1 <= first + tap <= cells  # row 0 and row cells + 1 are padding
        ]
        assert FOUND["zeros"].right[place] == len(inside) ** 2
        assert FOUND["zeros"].book[place] == (3 * len(windows(cells))) ** 2


@pytest.mark.parametrize("name", ["A", "B"])
def test_a_receptive_field_is_what_one_output_spreads_to(name):
    taps = [RUNS[name].first, 3, 3, 3, 3]
    for deep, size in enumerate(FOUND[f"field {name}"].right, 1):
        spread = np.ones((1, 1), int)
        for count in reversed(taps[:deep]):
            spread = conv_transpose(spread, np.ones((count, count), int), stride=2)
        assert spread.shape == (size, size)
        assert (spread > 0).all()


def test_norms_of_the_book_are_those_of_the_network():
    kinds = [type(layer) for layer in network(RUNS["E"]).layers]
    behind = list(pairwise(kinds))
    counted = behind.count((ReLU, BatchNorm)), behind.count((BatchNorm, Flatten))
    assert FOUND["norms"].book == counted
    assert FOUND["norms"].right == (0, 0)
