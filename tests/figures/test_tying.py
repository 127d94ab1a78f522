"""The picture of a gradient: dense, masked, and summed over each tie."""

import xml.etree.ElementTree as ET
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest
from matplotlib.colors import to_hex

from convmat import ConvmatTypeError, ShapeError, conv_kernel_grad, geometry, tie_map
from convmat.errors import ConvmatError
from convmat.figures import gradient_tying, save
from convmat.figures.style import DARK, LIGHT, contrast, tap_mark
from convmat.labels import labels

SVG = "{http://www.w3.org/2000/svg}"
KLEINSMITH = geometry((3, 3), (2, 2))
REPLICATE = geometry(3, 3, padding=1, padding_mode="replicate")
GEOMETRIES = [
    KLEINSMITH,
    REPLICATE,
    geometry(1, 1),
    geometry(1, 3, padding=1),  # two dead taps
    geometry(7, 3, dilation=2, padding=[(2, 0)]),
    geometry(5, 2, stride=3),  # a column that nobody reads
    geometry((4, 3), (2, 3), stride=2, padding=((0, 1), (1, 2))),
    geometry((2, 3, 2), (2, 2, 2, 2), padding=(0, 1)),
    geometry((4, 2, 2), (4, 2, 2, 2), groups=2),
    geometry((2, 2), (3, 3), padding=1, padding_mode="circular"),
    geometry(11, 10),  # names of two digits
]


@lru_cache
def drawn(g, theme="light"):
    """The figure of a gradient of integers, and that gradient."""
    gradient = np.random.default_rng(0).integers(-99, 100, g.matrix_shape)
    return gradient_tying(g, gradient, theme=theme), gradient


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


def held(g):
    """The taps at each `(row, column)`, in their order."""
    ties, found = tie_map(g), {}
    for row, column, tap in zip(ties.rows, ties.cols, ties.taps, strict=True):
        found.setdefault((int(row), int(column)), []).append(int(tap))
    return {place: sorted(taps) for place, taps in found.items()}


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_the_first_picture_is_the_gradient_as_it_came(artists, g):
    figure, gradient = drawn(g)
    known = artists(figure)
    for (row, column), value in np.ndenumerate(gradient):
        gid = f"G[{row},{column}]"
        assert known[f"{gid}.text"].get_text() == str(value)
        assert fill(known[gid]) == LIGHT.plain.fill
    assert sum(gid.startswith("G[") for gid in known) == 2 * gradient.size


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_the_second_is_zero_where_no_tap_is_and_in_its_color_elsewhere(
    artists, g, theme
):
    figure, gradient = drawn(g, theme.name)
    known, taps, names = artists(figure), held(g), labels(g)
    for (row, column), value in np.ndenumerate(gradient):
        gid = f"W[{row},{column}]"
        some = taps.get((row, column), [])
        shown = known[f"{gid}.text"].get_text()
        line = known[gid].get_linestyle()
        if not some:
            assert (shown, fill(known[gid])) == ("0", theme.untouched.fill)
            assert line in ("dotted", ":")
            assert f"{gid}.letter" not in known
        else:
            mark = tap_mark(some[0], theme)
            assert (shown, fill(known[gid])) == (str(value), mark.fill)
            assert line in ("solid", "-")
            assert (f"{gid}.hatch" in known) is bool(mark.hatch)
            letter = known[f"{gid}.letter"].get_text()
            assert letter[0] == names.letter(some[0])[0]
            assert (f"{gid}.sum" in known) is (len(some) > 1)


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_the_third_is_the_gradient_of_the_kernel(artists, g):
    # Of one input and one gradient by the outputs: as sliding windows have it.
    rng = np.random.default_rng(1)
    x, errors = (
        rng.integers(-9, 10, g.input_shape),
        rng.integers(-9, 10, g.output_shape),
    )
    gradient = np.outer(errors.ravel(), x.ravel())
    expected = conv_kernel_grad(errors, x, g.kernel_shape, **g.keywords)
    known = artists(gradient_tying(g, gradient))
    for place, value in np.ndenumerate(expected):
        gid = f"w[{','.join(map(str, place))}]"
        assert known[f"{gid}.text"].get_text() == str(value)
        tap = int(np.ravel_multi_index(place, expected.shape))
        assert fill(known[gid]) == tap_mark(tap).fill
        assert known[f"{gid}.letter"].get_text()[0] == labels(g).letter(tap)[0]
    cells = [gid for gid in known if gid.startswith("w[") and gid.endswith("]")]
    assert len(cells) == expected.size


def test_taps_that_share_an_entry_are_all_named(artists):
    known = artists(drawn(REPLICATE)[0])
    assert known["W[0,0].letter"].get_text() == "α+β"
    assert known["W[2,2].letter"].get_text() == "β+γ"
    assert known["W[0,1].letter"].get_text() == "γ"


def test_a_long_sum_of_letters_is_cut_to_its_first_and_fits(artists):
    # Around one cell, nine taps are in one entry.
    g = geometry((1, 1), (3, 3), padding=1, padding_mode="circular")
    known = artists(gradient_tying(g, [[5]]))
    assert known["W[0,0].letter"].get_text() == "α"
    assert "W[0,0].sum" in known
    assert [known[f"w[{u},{v}].text"].get_text() for u, v in np.ndindex(3, 3)] == (
        ["5"] * 9
    )


def test_rows_are_named_as_outputs_and_columns_as_inputs_in_both(artists):
    known = artists(drawn(KLEINSMITH)[0])
    for suffix in ("", ".G"):
        rows = [known[f"y[{row}]{suffix}"] for row in range(4)]
        columns = [known[f"x[{i},{j}]{suffix}"] for i, j in np.ndindex(3, 3)]
        assert "".join(text.get_text() for text in rows) == "PQRS"
        assert "".join(text.get_text() for text in columns) == "ABCDEFGHJ"
        panel = "G" if suffix else "W"
        for row, text in enumerate(rows):
            cell = known[f"{panel}[{row},0]"]
            middle = cell.get_y() + cell.get_height() / 2
            assert text.get_position()[1] == pytest.approx(middle)
            assert text.get_position()[0] < cell.get_x()
        for column, text in enumerate(columns):
            cell = known[f"{panel}[0,{column}]"]
            middle = cell.get_x() + cell.get_width() / 2
            assert text.get_position()[0] == pytest.approx(middle)
            assert text.get_position()[1] < cell.get_y()


def test_small_pictures_stand_from_left_to_right_with_arrows_between(artists):
    known = artists(drawn(geometry(3, 2))[0])
    gids = "title[0]", "G[0,2]", "arrow[0]", "W[0,0]", "W[0,2]", "arrow[1]", "w[0]"
    places = [_left(known[gid]) for gid in gids]
    assert places == sorted(places)


def _left(artist):
    return artist.get_x() if hasattr(artist, "get_width") else artist.get_position()[0]


def test_larger_ones_stand_below_each_other_so_that_they_fit_a_page(artists):
    figure = drawn(KLEINSMITH)[0]
    assert figure.get_figwidth() <= 6.5
    known = artists(figure)
    heights = [
        known["title[0]"].get_position()[1],
        known["G[3,0]"].get_y(),
        known["arrow[0]"].get_position()[1],
        known["title[1]"].get_position()[1],
        known["W[0,0]"].get_y(),
    ]
    assert heights == sorted(heights)
    assert known["W[0,0]"].get_x() == known["G[0,0]"].get_x()
    gids = "W[0,8]", "arrow[1]", "w[0,0]"
    assert [_left(known[gid]) for gid in gids] == sorted(_left(known[g]) for g in gids)
    assert known["W[0,0]"].get_y() < known["w[0,0]"].get_y() < known["W[3,0]"].get_y()
    titles = [known[f"title[{panel}]"].get_text() for panel in range(3)]
    assert titles == ["dense gradient", "masked", "summed over each tie"]
    assert known["w[0,0]"].get_y() < known["w[1,0]"].get_y()
    assert known["w[0,0]"].get_x() < known["w[0,1]"].get_x()


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_no_texts_of_the_picture_overlap(assert_texts_apart, g):
    assert_texts_apart(drawn(g)[0])


def test_long_numbers_overlap_nothing(assert_texts_apart, artists):
    rng = np.random.default_rng(0)
    floats = rng.normal(size=(4, 9)) * 1e-5
    assert_texts_apart(gradient_tying(KLEINSMITH, floats))
    assert_texts_apart(gradient_tying(KLEINSMITH, floats * 1e9 * (1 + 1j)))
    # Beyond what a cell holds no number is written, and letters tell the taps.
    long = np.array([Fraction(1, 987654321 + n) for n in range(36)], object)
    figure = gradient_tying(KLEINSMITH, long.reshape(4, 9))
    assert_texts_apart(figure)
    known = artists(figure)
    assert "G[0,0].text" not in known
    assert "W[0,0].text" not in known
    assert "w[0,0].text" not in known
    assert known["W[0,0].letter"].get_text() == "α"
    assert known["w[0,0].letter"].get_text() == "α"
    assert known["W[0,2].text"].get_text() == "0"
    assert "1/987654321" in figure.convmat["alt"]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_every_text_stands_out_from_what_is_under_it(artists, theme):
    figure, _ = drawn(geometry((4, 2, 2), (4, 2, 2, 2), groups=2), theme.name)
    known = artists(figure)
    for gid, artist in known.items():
        cell, _, kind = gid.rpartition(".")
        if kind in ("text", "letter"):
            assert contrast(to_hex(artist.get_color()), fill(known[cell])) >= 4.5
        elif gid.startswith(("title", "x[", "y[", "arrow")):
            ground = to_hex(figure.get_facecolor())
            assert contrast(to_hex(artist.get_color()), ground) >= 4.5
    assert to_hex(figure.get_facecolor()).upper() == theme.background


@pytest.mark.parametrize("g", GEOMETRIES, ids=repr)
def test_the_note_names_the_stored_entries_and_the_gradient(g):
    figure, gradient = drawn(g)
    note = figure.convmat
    assert note["kind"] == "gradient_tying"
    stored = [f"W[{row},{column}]" for row, column in sorted(held(g))]
    assert note["highlighted"] == {"x": [], "W": stored, "y": []}
    assert len(stored) == g.nnz
    assert note["params"]["gradient"] == [[str(v) for v in row] for row in gradient]
    assert note["params"]["theme"] == "light"


def test_the_alt_text_writes_the_sums_out():
    gradient = np.arange(1, 37).reshape(4, 9)
    head, sums = gradient_tying(KLEINSMITH, gradient).convmat["alt"].splitlines()
    assert head == (
        "The gradient by the 4×9 matrix of geometry((3, 3), (2, 2)): dense; masked, "
        "with 20 structural zeros; and summed over each tie."
    )
    assert sums == (
        "Summed over each tie: α gets 1 + 11 + 22 + 32 = 66, "
        "β gets 2 + 12 + 23 + 33 = 70, γ gets 4 + 14 + 25 + 35 = 78, "
        "δ gets 5 + 15 + 26 + 36 = 82."
    )
    dead = gradient_tying(geometry(1, 3, padding=1), [[7]]).convmat["alt"]
    assert dead.endswith("α gets 0 numbers = 0, β gets 7 = 7, γ gets 0 numbers = 0.")
    many = gradient_tying(geometry(6, 1), np.eye(6, dtype=int)).convmat["alt"]
    assert many.endswith("α gets 6 numbers = 6.")


def test_the_file_has_the_same_bytes_each_time_and_every_id(tmp_path, artists):
    figure, _ = drawn(REPLICATE)
    once = save(figure, tmp_path / "1.svg").read_bytes()
    anew, _ = drawn.__wrapped__(REPLICATE)
    assert save(anew, tmp_path / "2.svg").read_bytes() == once
    root = ET.fromstring(once)
    assert root.find(f"{SVG}desc").text == figure.convmat["alt"]
    ids = {node.get("id") for node in root.iter() if node.get("id")}
    assert set(artists(figure)) <= ids


@pytest.mark.parametrize(
    ("g", "gradient", "error", "message"),
    [
        (KLEINSMITH, np.ones((9, 4)), ShapeError, r"gradient.shape must be \(4, 9\)"),
        (KLEINSMITH, [["a"] * 9] * 4, ConvmatTypeError, "gradient must hold numbers"),
        (geometry((6, 6), (2, 2)), 0, ShapeError, r"columns, not 25×36, .*kernel_grid"),
        (geometry(41, 41), 0, ShapeError, "and 40 rows and columns, not 1×41"),
        ((4, 9), 0, ConvmatTypeError, "geometry must be a Geometry"),
    ],
)
def test_what_cannot_be_drawn_is_refused(g, gradient, error, message):
    with pytest.raises(error, match=message):
        gradient_tying(g, gradient)


def test_an_unknown_theme_is_refused():
    with pytest.raises(ConvmatError, match="theme must be 'light' or 'dark'"):
        gradient_tying(KLEINSMITH, np.ones((4, 9)), theme="sepia")
