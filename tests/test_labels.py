"""Names of taps, inputs and outputs: as in the article, and made one at a time."""

from itertools import product

import pytest

from convmat import geometry
from convmat.labels import Names, labels


def test_small_cases_have_the_names_of_the_article():
    names = labels(geometry((3, 3), (2, 2)))
    assert list(names.taps) == ["alpha", "beta", "gamma", "delta"]
    assert "".join(names.inputs) == "ABCDEFGHJ"
    assert "".join(names.outputs) == "PQRS"


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 4), (2, 1, 3), (2, 3, 1, 2)])
def test_numbered_names_are_positions_in_c_order(shape):
    wanted = ["_".join(("w", *map(str, at))) for at in product(*map(range, shape))]
    names = Names(shape, "w")
    assert list(names) == wanted
    assert len(names) == len(wanted)
    assert names[-1] == wanted[-1]
    assert names[1:4] == tuple(wanted[1:4])
    assert wanted[-1] in names


def test_a_name_beyond_the_last_is_an_index_error():
    with pytest.raises(IndexError, match="range object index out of range"):
        Names((2, 2), "x")[4]


def test_names_of_a_huge_shape_are_made_one_at_a_time():
    names = labels(geometry((10**12, 10**12), (2, 2)))
    assert names.inputs[:2] == ("x_0_0", "x_0_1")
    assert names.inputs[10**12 + 5] == "x_1_5"
    assert names.outputs[-1] == "y_999999999998_999999999998"


def test_names_compare_by_what_they_name():
    g = geometry((3, 3), (2, 2))
    assert labels(g) == labels(g)
    assert labels(g) != labels(geometry((3, 3), (1, 1)))
