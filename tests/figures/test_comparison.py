"""The implied matrix beside the right one: every difference is framed, and told."""

import numpy as np
import pytest

from convmat import ShapeError, conv, geometry
from convmat.figures import matrices_compared
from convmat.verify import implementation, implied_matrix

G = geometry((1, 3, 4), (1, 1, 2, 2), padding=[(0, 0), (1, 0)])


def flipped(x, kernel, bias=None, **settings):
    return conv(x, kernel[..., ::-1], bias, **settings)


def texts(figure):
    return {t.get_gid(): t.get_text() for ax in figure.axes for t in ax.texts}


def frames(figure):
    ids = (patch.get_gid() or "" for ax in figure.axes for patch in ax.patches)
    return {gid for gid in ids if gid.startswith("wrong[")}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cells_say_what_each_matrix_holds(theme):
    weights = implied_matrix(implementation(flipped), G)
    figure = matrices_compared(G, weights, name="mine", theme=theme)
    said = texts(figure)
    assert said["R[0,0].text"] == "β"
    assert said["W[0,0].text"] == "α"
    assert said["W[0,2].text"] == "0"
    wrong = figure.convmat["highlighted"]["W"]
    assert frames(figure) == {
        f"wrong{gid[1:]}{s}" for gid in wrong for s in (".right", "")
    }
    assert said["title[1]"] == f"mine: {len(wrong)} differ, framed"


def test_wide_matrices_stand_below_each_other_so_that_they_fit_a_page(
    artists, assert_texts_apart
):
    weights = implied_matrix(implementation(flipped), G)
    figure = matrices_compared(G, weights, name="mine")
    assert figure.get_figwidth() <= 6.5
    assert_texts_apart(figure)
    known = artists(figure)
    last, title, first = known["R[7,0]"], known["title[1]"], known["W[0,0]"]
    assert last.get_y() + last.get_height() < title.get_position()[1] < first.get_y()
    assert first.get_x() == known["R[0,0]"].get_x()
    small = artists(matrices_compared(geometry(3, 2), np.ones((2, 2, 3))))
    assert small["R[0,0]"].get_y() == small["W[0,0]"].get_y()
    assert small["R[0,2]"].get_x() < small["W[0,0]"].get_x()


def test_right_matrix_has_no_frames():
    figure = matrices_compared(G, implied_matrix(implementation(conv), G))
    assert frames(figure) == set()
    assert figure.convmat["alt"].endswith("0 positions differ.")


def test_weights_and_sums_are_written_out():
    weights = np.array([[[2, 0, 0], [0, 1, 0]], [[1, 1, 0], [0, 0, -0.5]]])
    said = texts(matrices_compared(geometry(3, 2), weights))
    assert said["W[0,0].text"] == "2α+β"
    assert said["W[1,2].text"] == "-0.5β"


def test_what_is_too_large_or_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match="at most 900 matrix positions"):
        matrices_compared(geometry((9, 9), (2, 2)), np.zeros((4, 64, 81)))
    with pytest.raises(ShapeError, match=r"weights\.shape must be \(2, 2, 3\)"):
        matrices_compared(geometry(3, 2), np.zeros((2, 3, 3)))
