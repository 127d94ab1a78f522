"""The sum of each output on a line: against the matrix, and against slid windows."""

import re
from fractions import Fraction

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat import ConvmatError, ConvmatTypeError, ShapeError, conv, geometry
from convmat.figures import equations
from convmat.figures.style import LIGHT, tap_mark

KLEINSMITH = geometry((3, 3), (2, 2))
GEOMETRIES = [
    KLEINSMITH,
    geometry(1, 1),
    geometry(1, 3, padding=1),  # two dead taps
    geometry(7, 3, padding=[(2, 0)], dilation=2, stride=2),
    geometry(4, 3, padding=2, padding_mode="reflect"),
    geometry((3, 3), (3, 3), padding=1),
    geometry((3, 2), (2, 3), padding=1, padding_mode="circular"),
    geometry((2, 2, 3), (2, 2, 2, 2)),
    geometry((4, 4), (4, 2, 2), groups=2),
    geometry((2, 2, 2), (2, 2, 1)),
]
over_geometries = pytest.mark.parametrize("g", GEOMETRIES, ids=repr)


def said(known, prefix, suffix=""):
    """Texts of the boxes `prefix[...]suffix`, by what stands in the brackets."""
    pattern = rf"{prefix}\[([\d,]+)\]{re.escape(suffix)}(\.text)?"
    found = {gid: re.fullmatch(pattern, gid) for gid in known}
    return {
        match[1]: known[gid].get_text()
        for gid, match in found.items()
        if match and hasattr(known[gid], "get_text")
    }


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


@pytest.mark.parametrize("form", ["boxes", "compact"])
def test_kleinsmiths_lines_are_his(artists, form):
    figure = equations(form=form)
    assert figure.convmat["alt"].splitlines()[1:] == [
        "P = αA + βB + γD + δE + b",
        "Q = αB + βC + γE + δF + b",
        "R = αD + βE + γG + δH + b",
        "S = αE + βF + γH + δJ + b",
    ]
    known = artists(figure)
    for row, name in enumerate("PQRS"):
        assert known[f"y[{row}].text"].get_text() == name
        assert known[f"b[{row}]"].get_text() == "b"
        letters = said(known, "w", f"@y[{row}]")
        assert "".join(letters.values()) == "αβγδ"
        fills = [fill(known[f"w[{at}]@y[{row}]"]) for at in letters]
        assert fills == [tap_mark(tap).fill for tap in range(4)]
    pixels = ["ABDE", "BCEF", "DEGH", "EFHJ"]
    assert ["".join(said(known, "x", f"@y[{r}]").values()) for r in range(4)] == pixels
    assert {"heading.weights", "heading.bias", "heading.output"} <= set(known)


@over_geometries
def test_weights_and_values_are_those_of_the_slid_windows(artists, slid, g):
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    x = 100 + np.arange(g.matrix_shape[1]).reshape(g.input_shape)
    known = artists(equations(g, kernel, x, bias=None))
    batch = x.reshape(1, g.in_channels, *g.input_size)
    y = conv(batch, kernel.reshape(g.weight_shape), **g.keywords).ravel()
    rows, dropped = slid(g), 0
    for row, terms in enumerate(rows):
        weights = [int(text) for text in said(known, "w", f"@y[{row}]").values()]
        first = row // (len(rows) // g.out_channels) * g.taps_per_row
        assert weights == list(range(first + 1, first + g.taps_per_row + 1))
        read = sorted(0 if one < 0 else 100 + one for one, _ in terms)
        assert sorted(map(int, known_values(known, row))) == read
        assert int(known[f"y[{row}].text"].get_text()) == y[row]
        marks = [fill(known[gid]) for gid in known if box_of("w", row, gid)]
        dropped += marks.count(LIGHT.dropped.fill)
    assert dropped == g.dropped


def known_values(known, row):
    """Texts of all cells that a row multiplies."""
    return [
        artist.get_text()
        for gid, artist in known.items()
        if re.fullmatch(rf"(x|pad)\[[\d,]+\]@y\[{row}\]\.text", gid)
    ]


def box_of(prefix, row, gid):
    return re.fullmatch(rf"{prefix}\[[\d,]+\]@y\[{row}\]", gid)


@over_geometries
@pytest.mark.parametrize("form", ["boxes", "compact"])
def test_terms_of_one_tap_stand_below_each_other(artists, g, form):
    known = artists(equations(g, form=form))
    columns = {}
    for gid, artist in known.items():
        match = re.fullmatch(r"w\[([\d,]+)\]@y\[\d+\]", gid)
        if match:
            place = match[1].split(",", 1 if g.has_channels else 0)[-1]
            columns.setdefault(place, set()).add(round(artist.get_x(), 6))
    assert all(len(places) == 1 for places in columns.values())
    lines = [known[f"y[{row}]"].get_y() for row in range(g.matrix_shape[0])]
    assert lines == sorted(set(lines))


def test_what_padding_repeats_is_dashed_and_keeps_its_color(artists):
    known = artists(equations(geometry(3, 3, padding=1, padding_mode="replicate")))
    weight, value = known["w[0]@y[0]"], known["pad[0]@y[0]"]
    assert fill(weight) == tap_mark(0).fill
    assert {weight.get_linestyle(), value.get_linestyle()} <= {"--", "dashed"}
    assert known["pad[0]@y[0].text"].get_text() == "A"


def test_numbers_have_the_names_of_their_outputs_beside_them(artists):
    kernel, x = [[1, -2], [3, 4]], np.arange(9).reshape(3, 3) - 4
    known = artists(equations(kernel=kernel, x=x, bias=3, form="compact"))
    assert [known[f"row[{row}]"].get_text() for row in range(4)] == list("PQRS")
    assert known["x[0,0]@y[0]"].get_text() == "·(-4)"
    assert known["w[0,1]@y[0].text"].get_text() == "-2"
    assert "row[0]" not in artists(equations())


def test_each_channel_has_its_own_bias_and_fractions_stay_exact(artists):
    known = artists(equations(geometry((1, 1), (2, 1, 1)), bias=[5, 7]))
    assert list(said(known, "b").values()) == ["5", "7"]
    figure = equations(geometry(2, 2), [Fraction(1, 3), Fraction(1, 2)], [1, 1])
    assert figure.convmat["alt"].endswith("P = 1/3·1 + 1/2·1 + b")


def test_the_alt_text_counts_the_zeros_of_the_padding():
    alt = equations(geometry(2, 2, padding=1), bias=None).convmat["alt"]
    assert "its outputs. 2 taps fall on zeros of the padding." in alt
    assert alt.splitlines()[1] == "P = α0 + βA"
    assert "padding" not in equations().convmat["alt"]


@over_geometries
def test_all_highlighted_ids_are_drawn(artists, g):
    figure = equations(g)
    known, marked = artists(figure), figure.convmat["highlighted"]
    assert all(gid in known for gids in marked.values() for gid in gids)
    assert len(marked["x"]) == g.contributions


@pytest.mark.parametrize("form", ["boxes", "compact"])
@pytest.mark.parametrize(
    "g",
    [*GEOMETRIES, geometry((1, 40), (1, 40)), geometry((4, 2), (4, 4, 1))],
    ids=repr,
)
def test_no_texts_of_the_lines_overlap(assert_texts_apart, g, form):
    if form == "boxes":
        assert_texts_apart(equations(g, form=form))
    kernel = np.arange(g.free_parameters).reshape(g.kernel_shape) / 4 - 1
    x = np.arange(g.matrix_shape[1]).reshape(g.input_shape) - 30
    figure = equations(g, kernel, x, bias=-1.5, form=form, theme="dark")
    assert_texts_apart(figure)


@pytest.mark.parametrize("form", ["boxes", "compact"])
def test_the_default_is_legible_at_the_width_of_a_column(form):
    figure = equations(form=form)
    assert figure.get_figwidth() <= 6.5
    assert min(text.get_fontsize() for text in figure.axes[0].texts) >= 6


def test_given_axes_are_drawn_on(assert_texts_apart):
    figure = Figure(figsize=(9, 3))
    left, right = figure.subplots(1, 2)
    equations(ax=left)
    assert equations(form="compact", ax=right) is figure
    assert_texts_apart(figure)


@pytest.mark.parametrize(
    ("g", "rule"),
    [
        (geometry((8, 8), (2, 2)), r"at most 36 lines and 600 terms .*here 49 and 196"),
        (geometry((36, 36), (31, 31)), r"here 36 and 34596"),
        (geometry(10**12, 2, stride=10**12), "at most 2,500 cells of padded input"),
        (geometry((16, 2), (16, 16, 2)), r"here 256 and 512"),
    ],
    ids=repr,
)
def test_what_nobody_reads_is_refused(g, rule):
    with pytest.raises(ShapeError, match=rule):
        equations(g)


def test_arguments_of_another_kind_are_refused():
    with pytest.raises(ConvmatError, match="form must be 'boxes' or 'compact'"):
        equations(form="latex")
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        equations((3, 3))
    with pytest.raises(ShapeError, match=r"x.shape must be \(3, 3\)"):
        equations(x=[1, 2])
