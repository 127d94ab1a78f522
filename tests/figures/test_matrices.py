from dataclasses import replace
from math import prod

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat import ConvmatTypeError, ShapeError, conv_matrix, geometry
from convmat.figures import matrix_plot
from convmat.figures.style import DARK, LIGHT, tap_mark
from convmat.labels import labels

KLEINSMITH = geometry((3, 3), (2, 2))
GEOMETRIES = [
    KLEINSMITH,
    geometry(1, 1),
    geometry(7, 3, dilation=2, padding=(2,)),
    geometry((3, 3), (3, 3), padding=1),
    geometry((4, 3), (2, 3), stride=2, padding=((0, 1), (1, 2))),
    geometry((2, 3, 3), (2, 2, 2, 2)),
    geometry((4, 2, 3), (4, 2, 2, 2), groups=2, padding=(0, 1)),
    geometry((2, 2, 3), (2, 2, 2)),
]


def keywords(g):
    names = "stride", "padding", "dilation", "groups"
    return {name: getattr(g, name) for name in names}


def numbered(g):
    """A kernel whose taps say their number, from 1: 0 is left for the zeros."""
    return np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)


def fills(known, prefix="W["):
    return {
        gid: to_hex(artist.get_facecolor()).upper()
        for gid, artist in known.items()
        if gid.startswith(prefix) and gid.endswith("]")
    }


def test_kleinsmiths_matrix_has_16_keyed_cells_and_20_zeros(artists):
    known = artists(matrix_plot(KLEINSMITH))
    colors = list(fills(known).values())
    assert len(colors) == 36
    assert colors.count(LIGHT.untouched.fill) == 20
    for tap, letter in enumerate("αβγδ"):
        assert colors.count(tap_mark(tap).fill) == 4
        texts = [
            a.get_text()
            for gid, a in known.items()
            if gid.startswith("W[") and gid.endswith(".text")
        ]
        assert texts.count(letter) == 4
    assert texts.count("0") == 20


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_every_cell_has_the_color_and_the_letter_of_its_tap(artists, g):
    known = artists(matrix_plot(g))
    matrix = conv_matrix(numbered(g), g.input_shape, **keywords(g)).toarray()
    letters = labels(g)
    for (row, column), value in np.ndenumerate(matrix):
        patch = known[f"W[{row},{column}]"]
        text = known[f"W[{row},{column}].text"].get_text()
        color = to_hex(patch.get_facecolor()).upper()
        assert patch.get_xy() == (column - 0.5, row - 0.5)
        if value:
            assert color == tap_mark(value - 1).fill
            assert patch.get_linestyle() in ("solid", "-")
            assert text[0] == letters.letter(value - 1)[0]
        else:
            assert (color, text) == (LIGHT.untouched.fill, "0")
            assert patch.get_linestyle() in ("dotted", ":")


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_as_many_cells_are_highlighted_as_the_geometry_stores(g):
    stored = matrix_plot(g).convmat["highlighted"]["W"]
    assert len(set(stored)) == len(stored) == g.nnz


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_padding_tells_the_two_kinds_of_zero_apart(artists, g):
    known = artists(matrix_plot(g, padding=True))
    # The same convolution over an input that has its padding already.
    sizes = tuple(axis.padded_size for axis in g.axes)
    whole = (g.in_channels, *sizes) if g.has_channels else sizes
    unpadded = keywords(replace(g, padding=((0, 0),) * g.rank, input_size=sizes))
    matrix = conv_matrix(numbered(g), whole, **unpadded).toarray()
    inside = np.zeros((g.in_channels, *sizes), dtype=bool)
    space = tuple(slice(a.before, a.before + a.size) for a in g.axes)
    inside[:, *space] = True
    inside = inside.ravel()
    colors = fills(known)
    assert len(colors) == matrix.size
    counts = {"stored": 0, "dropped": 0, "untouched": 0}
    for (row, column), value in np.ndenumerate(matrix):
        color = colors[f"W[{row},{column}]"]
        text = known[f"W[{row},{column}].text"].get_text()
        if value and inside[column]:
            counts["stored"] += 1
            assert color == tap_mark(value - 1).fill
        elif value:
            counts["dropped"] += 1
            assert (color, text) == (LIGHT.dropped.fill, "×")
            line = known[f"W[{row},{column}]"].get_linestyle()
            assert line in ("dashed", "--")
        else:
            counts["untouched"] += 1
            assert (color, text) == (LIGHT.untouched.fill, "0")
    assert counts["stored"] == g.nnz
    assert counts["dropped"] == g.dropped


@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_the_caption_counts_what_is_drawn(artists, g, padding):
    known = artists(matrix_plot(g, padding=padding))
    caption = " ".join(
        a.get_text() for n, a in known.items() if n.startswith("caption")
    )
    colors = list(fills(known).values())
    untouched, dropped = (
        colors.count(mark.fill) for mark in (LIGHT.untouched, LIGHT.dropped)
    )
    assert f"{g.nnz} stored, density {g.nnz / len(colors):.3g}" in caption
    assert f"{g.free_parameters} free parameter" in caption
    assert f"{untouched} structural zeros" in caption
    if padding and g.dropped:
        assert f"{dropped} dropped by padding" in caption
    elif g.dropped:
        assert f"{g.dropped} more taps fall on padding" in caption


def test_names_of_rows_and_columns_carry_their_ids(artists):
    known = artists(matrix_plot(KLEINSMITH))
    assert [known[f"y[{r}]"].get_text() for r in range(4)] == list("PQRS")
    columns = [known[f"x[{i},{j}]"].get_text() for i in range(3) for j in range(3)]
    assert columns == list("ABCDEFGHJ")
    assert known["label.x"].get_text() == "input (columns)"
    assert known["label.y"].get_text() == "output (rows)"


def test_a_column_of_padding_is_named_by_the_zero_it_holds(artists):
    known = artists(matrix_plot(geometry(2, 3, padding=1), padding=True))
    names = [known[gid].get_text() for gid in ("pad[0]", "x[0]", "x[1]", "pad[3]")]
    assert names == ["0", "A", "B", "0"]


def test_the_key_shows_every_tap_in_its_place(artists):
    known = artists(matrix_plot(KLEINSMITH))
    key = {gid: known[f"{gid}.text"].get_text() for gid in fills(known, "w[")}
    assert key == {"w[0,0]": "α", "w[0,1]": "β", "w[1,0]": "γ", "w[1,1]": "δ"}
    assert known["w[0,0]"].get_x() < known["w[0,1]"].get_x()
    assert known["w[0,0]"].get_y() < known["w[1,0]"].get_y()


def test_values_are_written_and_colors_still_tell_the_tap(artists):
    known = artists(matrix_plot(KLEINSMITH, [[7, 7], [0, -1.5]]))
    assert known["W[0,0].text"].get_text() == known["W[0,1].text"].get_text() == "7"
    assert fills(known)["W[0,0]"] != fills(known)["W[0,1]"]
    assert known["W[0,3].text"].get_text() == "0"  # a tap, not a structural zero
    assert fills(known)["W[0,3]"] == tap_mark(2).fill
    assert known["W[0,4].text"].get_text() == "-1.5"


def test_channels_are_blocks_with_lines_between(artists):
    g = geometry((2, 3, 3), (3, 2, 2, 2))
    known = artists(matrix_plot(g))
    rows = [known[f"block.row[{n}]"].get_ydata()[0] for n in (1, 2)]
    assert rows == [3.5, 7.5]
    assert known["block.column[1]"].get_xdata()[0] == 8.5
    assert known["block.input[1]"].get_text() == "input channel 1"
    assert "block.column[2]" not in known


def test_the_dark_theme_draws_the_same_on_its_own_ground(artists):
    light, dark = matrix_plot(KLEINSMITH), matrix_plot(KLEINSMITH, theme="dark")
    assert artists(light).keys() == artists(dark).keys()
    assert to_hex(dark.get_facecolor()).upper() == DARK.background
    assert list(fills(artists(dark)).values()).count(DARK.untouched.fill) == 20


def test_small_cells_become_one_image_with_a_color_for_every_tap(artists):
    g = geometry((12, 12), (3, 3), padding=1)  # 144 x 144: a dot for each position
    known = artists(matrix_plot(g, padding=True))
    assert not fills(known)
    image = known["W"].get_array()
    assert image.shape == (144, 196, 3)
    dots = [to_hex(dot).upper() for dot in image.reshape(-1, 3)]
    for tap in range(9):
        assert dots.count(tap_mark(tap).fill) == np.prod(
            [
                axis.tap_counts()[t]
                for axis, t in zip(g.axes, divmod(tap, 3), strict=True)
            ]
        )
    assert dots.count(LIGHT.dropped.fill) == g.dropped


def test_no_diagonal_is_lost_where_a_dot_stands_for_many_positions(artists):
    g = geometry(5_000, 1)
    image = artists(matrix_plot(g))["W"].get_array()
    side = len(image)
    assert side < 1_000
    ground = [to_hex(dot).upper() for dot in image[np.arange(side), np.arange(side)]]
    assert set(ground) == {tap_mark(0).fill}
    caption = matrix_plot(g).convmat["alt"]
    assert f"a dot stands for up to {-(-5000 // side)}×{-(-5000 // side)}" in caption


def test_a_large_kernel_is_drawn_without_a_key(artists):
    known = artists(matrix_plot(geometry((12, 12), (9, 9))))
    assert not fills(known, "w[")
    assert "W" in known


def test_given_axes_are_drawn_into_and_their_figure_returned(artists):
    figure = Figure(figsize=(6, 3))
    left, right = figure.subplots(1, 2)
    assert matrix_plot(KLEINSMITH, ax=left) is figure
    assert len(fills(artists(figure))) == 36
    assert not right.patches


def test_axes_in_a_part_of_a_figure_give_the_whole_figure():
    figure = Figure(figsize=(8, 3))
    part = figure.subfigures(1, 2)[0]
    assert matrix_plot(KLEINSMITH, ax=part.subplots()) is figure


def test_axes_too_small_for_text_get_an_image(artists):
    figure = Figure(figsize=(1, 1))
    matrix_plot(KLEINSMITH, ax=figure.subplots())
    assert "W" in artists(figure)


@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("kernel", [False, True])
@pytest.mark.parametrize("g", [*GEOMETRIES, geometry((28, 28), (3, 3))], ids=repr)
def test_no_texts_overlap_and_none_is_cut_off(assert_texts_apart, g, kernel, padding):
    values = numbered(g) / 8 - 0.5 if kernel else None
    assert_texts_apart(matrix_plot(g, values, padding=padding))


def test_the_note_says_what_is_drawn():
    note = matrix_plot(KLEINSMITH, theme="dark").convmat
    assert note["kind"] == "matrix_plot"
    assert note["params"] == {
        "geometry": "geometry((3, 3), (2, 2))",
        "kernel": None,
        "theme": "dark",
        "padding": False,
    }
    assert note["highlighted"]["x"] == note["highlighted"]["y"] == []


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_the_alt_text_is_true(g):
    alt = matrix_plot(g).convmat["alt"]
    rows, columns = g.matrix_shape
    assert f"{rows} rows" in alt
    assert f"{columns} columns" in alt
    assert f"{g.nnz} stored" in alt
    if g.nnz <= 64:
        assert alt.count(" at ") == g.nnz


def test_the_alt_text_names_each_tap_of_a_small_matrix():
    alt = matrix_plot(KLEINSMITH).convmat["alt"]
    assert "Row Q: α at B, β at C, γ at E, δ at F." in alt


def test_a_kernel_of_another_geometry_is_refused():
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(2, 2\)"):
        matrix_plot(KLEINSMITH, [1, 2, 3])


def test_what_is_no_geometry_is_refused():
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        matrix_plot((3, 3))


def test_drawing_leaves_pyplot_alone():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    matrix_plot(KLEINSMITH)
    assert plt.get_fignums() == before


def test_every_free_parameter_of_a_grouped_kernel_is_drawn(artists):
    g = geometry((4, 3), (4, 2, 2), groups=2)
    known = artists(matrix_plot(g))
    texts = {known[f"{gid}.text"].get_text() for gid in fills(known)}
    assert len(texts - {"0"}) == prod(g.kernel_shape)


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_everything_drawn_has_an_id(g):
    for ax in matrix_plot(g, padding=True).axes:
        drawn = [*ax.patches, *ax.texts, *ax.lines, *ax.images]
        assert all(artist.get_gid() for artist in drawn)
