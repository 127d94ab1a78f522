from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat import ConvmatTypeError, ShapeError, conv, geometry
from convmat.figures import four_applications
from convmat.figures.style import LIGHT, tap_mark

drawn = cache(four_applications)
PADDED = geometry((3, 4), (2, 3), stride=(1, 2), padding=((0, 1), (1, 0)))


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


def test_kleinsmiths_four_windows_have_the_colors_of_the_weights(artists):
    known = artists(drawn())
    for output, (top, left) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        for i in range(3):
            for j in range(3):
                u, v = i - top, j - left
                inside = u in (0, 1) and v in (0, 1)
                wanted = tap_mark(2 * u + v).fill if inside else LIGHT.plain.fill
                assert fill(known[f"x[{i},{j}]@y[{output}]"]) == wanted
        texts = [known[f"w[{u},{v}]@y[{output}].text"] for u in (0, 1) for v in (0, 1)]
        assert [text.get_text() for text in texts] == list("αβγδ")


def test_each_output_grid_has_one_cell_filled_with_its_name(artists):
    known = artists(drawn())
    for output, name in enumerate("PQRS"):
        assert fill(known[f"y[{output}]"]) == LIGHT.output.fill
        assert known[f"y[{output}].text"].get_text() == name
        others = [known[f"y[{cell}]@y[{output}]"] for cell in {0, 1, 2, 3} - {output}]
        assert {fill(other) for other in others} == {LIGHT.plain.fill}


def test_cells_of_padding_are_dashed_and_marked_where_a_tap_falls(artists):
    known = artists(drawn(PADDED))
    for output in range(PADDED.matrix_shape[0]):
        row, column = np.unravel_index(output, PADDED.output_shape)
        for i in range(4):
            for j in range(5):
                in_window = row <= i < row + 2 and 2 * column <= j < 2 * column + 3
                if i < 3 and j > 0:
                    tap = 3 * (i - row) + j - 2 * column
                    wanted = tap_mark(int(tap)).fill if in_window else LIGHT.plain.fill
                    assert fill(known[f"x[{i},{j - 1}]@y[{output}]"]) == wanted
                    continue
                cell = known[f"pad[{i},{j}]@y[{output}]"]
                assert cell.get_linestyle() in ("dashed", "--")
                text = known[f"pad[{i},{j}]@y[{output}].text"].get_text()
                assert text == ("×" if in_window else "0")
                assert (fill(cell) == LIGHT.dropped.fill) is bool(in_window)


def test_as_many_cells_are_highlighted_as_the_geometry_stores(artists):
    figure = drawn(PADDED)
    marked = figure.convmat["highlighted"]
    assert len(set(marked["x"])) == PADDED.nnz
    assert len(marked["y"]) == PADDED.matrix_shape[0]
    known = artists(figure)
    assert all(gid in known for gids in marked.values() for gid in gids)


def test_numbers_give_the_results_of_conv(artists):
    kernel, x = np.array([[1, -2], [3, 4]]), np.arange(9).reshape(3, 3)
    known = artists(four_applications(kernel=kernel, x=x))
    results = [known[f"y[{r}].text"].get_text() for r in range(4)]
    assert results == [str(y) for y in conv(x, kernel).ravel()]
    assert known["x[2,2]@y[0].text"].get_text() == "8"


def test_kernel_input_and_output_are_labelled_once_a_column(artists):
    known = artists(drawn())
    for word in ("kernel", "input", "output"):
        assert known[f"{word}@y[0]"].get_text() == word
        assert f"{word}@y[1]" not in known
    assert "padded-input@y[0]" in artists(drawn(PADDED))


@pytest.mark.parametrize(
    "g",
    [
        None,
        PADDED,
        geometry((3, 3), (3, 3), padding=1),
        geometry((5, 5), (3, 3)),
        geometry(9, 3, padding=[(2, 0)], dilation=2),
        geometry((4, 3, 2), (2, 2, 2, 2), groups=2),
    ],
    ids=repr,
)
def test_no_texts_of_the_applications_overlap(assert_texts_apart, g):
    theme = "light" if g is None or g.rank == 1 else "dark"  # each of them for some
    assert_texts_apart(drawn(g, theme=theme))


def test_one_axis_is_a_row_of_cells(artists):
    g = geometry(4, 2, padding=[(1, 0)], stride=2)
    known = artists(four_applications(g, [2, 3], [5, 6, 7, 8]))
    for row, result in enumerate(
        conv([5, 6, 7, 8], [2, 3], padding=[(1, 0)], stride=2)
    ):
        assert known[f"y[{row}].text"].get_text() == str(result)
    assert known["pad[0]@y[0].text"].get_text() == "×"
    assert fill(known["x[0]@y[0]"]) == tap_mark(1).fill
    assert fill(known["x[1]@y[1]"]) == tap_mark(0).fill
    assert fill(known["x[3]@y[1]"]) == LIGHT.plain.fill
    assert len({known[f"x[{i}]@y[0]"].get_y() for i in range(4)}) == 1


def test_channels_are_planes_and_the_kernel_is_that_of_the_output(artists):
    g = geometry((2, 2, 2), (2, 2, 2, 1))
    known = artists(four_applications(g))
    for row in range(g.matrix_shape[0]):
        out = row // 2
        for channel in (0, 1):
            assert known[f"w[{out},{channel},1,0]@y[{row}].text"]
            tap = 4 * out + 2 * channel
            column = row % 2
            assert (
                fill(known[f"x[{channel},0,{column}]@y[{row}]"]) == tap_mark(tap).fill
            )
            assert f"w[{1 - out},{channel},0,0]@y[{row}]" not in known


def test_given_axes_are_drawn_on(assert_texts_apart):
    figure = Figure(figsize=(8, 6))
    assert four_applications(ax=figure.add_subplot()) is figure
    assert_texts_apart(figure)


def test_the_alt_text_names_each_product():
    lines = drawn().convmat["alt"].splitlines()
    assert lines[1] == "P: α on A, β on B, γ on D, δ on E."
    assert lines[4] == "S: α on E, β on F, γ on H, δ on J."
    padded = drawn(PADDED).convmat["alt"].splitlines()
    assert padded[1] == "P: β on A, γ on B, ε on E, ζ on F, 2 on padding."


@pytest.mark.parametrize(
    ("g", "rule"),
    [
        (geometry((3, 3, 3), (2, 2, 2)), "one or two spatial axes.*matrix_plot"),
        (geometry((6, 6), (2, 2)), "at most 16 outputs.*here 25 and 36.*slide_frames"),
        (geometry((11, 11), (10, 10)), "100 cells of padded input.*here 4 and 121"),
        (geometry((6, 3), (6, 6, 1)), "here 18 and 18"),
    ],
    ids=repr,
)
def test_what_cannot_be_read_is_refused(g, rule):
    with pytest.raises(ShapeError, match=rule):
        four_applications(g)


def test_what_is_no_geometry_is_refused():
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        four_applications((3, 3))
