"""Wires: one for each entry of the matrix, told by the tap that it carries."""

import re
from functools import cache
from itertools import cycle, product

import numpy as np
import pytest
from hypothesis import example, given, settings
from matplotlib.figure import Figure

from convmat import ConvmatError, ConvmatTypeError, ShapeError, geometry, sliding
from convmat.figures import dense_vs_conv, wires, wires_dense
from convmat.figures.style import DARK, LIGHT, tap_mark
from convmat.nn import Conv, Linear
from convmat.tie import tie_map
from convmat.verify.strategies import geometries

sparse = cache(wires)

ODD = [
    geometry(1, 3, padding=1),  # two dead taps
    geometry((3, 2), (2, 2), stride=(3, 1), padding=((0, 2), (1, 0))),
    geometry((4, 3), (4, 2, 2), groups=2),
    geometry(5, 2, dilation=3, padding=((3, 0),), padding_mode="reflect"),
    geometry((2, 2), (3, 3), padding=1, padding_mode="circular"),  # sums of taps
    geometry((2, 2, 2), (1, 2, 2), stride=2),
]
IDS = [repr(g) for g in ODD]


def terms(g):
    """The taps of each matrix position, `{(row, column): [taps]}`, by the definition.

    Tap `t` has the value `2**t`, so every sum of taps tells which they are.
    """
    kernel = 1 << np.arange(g.free_parameters).reshape(g.weight_shape)
    basis = np.eye(g.matrix_shape[1], dtype=np.int64)
    basis = basis.reshape(-1, g.in_channels, *g.input_size)
    columns = sliding.forward(basis, kernel, g).reshape(len(basis), -1)
    found = {}
    for (column, row), value in np.ndenumerate(columns):
        taps = [t for t in range(g.free_parameters) if value >> t & 1]
        if taps:
            found[row, column] = taps
    return found


def drawn(known):
    """All wires by their row and column."""
    found = {}
    for gid, artist in known.items():
        match = re.fullmatch(r"wire\[(\d+),(\d+)\]", gid)
        if match:
            found[int(match[1]), int(match[2])] = artist
    return found


def test_kleinsmiths_network_has_his_sixteen_wires(artists):
    figure = wires()
    known = artists(figure)
    found = drawn(known)
    letters = dict(zip("αβγδ", range(4), strict=True))
    # His equations: which input each output reads through which weight.
    rows = ("αA βB γD δE", "αB βC γE δF", "αD βE γG δH", "αE βF γH δJ")
    expected = {
        (row, "ABCDEFGHJ".index(term[1])): letters[term[0]]
        for row, text in enumerate(rows)
        for term in text.split()
    }
    assert set(found) == set(expected)
    for (row, column), tap in expected.items():
        assert found[row, column].get_color() == tap_mark(tap).fill
        text = known[f"wire[{row},{column}].tap.text"].get_text()
        assert text == "αβγδ"[tap]
    assert len(figure.convmat["highlighted"]["W"]) == 16


@settings(max_examples=12)  # each draws a figure
@given(
    g=geometries(max_rank=2, max_size=3, max_kernel=3, max_padding=2, max_channels=2)
)
@example(g=ODD[0])
@example(g=ODD[1])
@example(g=ODD[2])
@example(g=ODD[4])
def test_the_wires_are_the_entries_of_the_matrix_in_the_colors_of_their_taps(g):
    rows, columns = g.matrix_shape
    if max(rows, columns) > 64 or g.nnz > 400 or g.free_parameters > 60:
        if max(rows, columns) > 64 or g.nnz > 400:
            with pytest.raises(ShapeError, match="matrix_plot"):
                wires(g)
        return
    figure = wires(g)
    known = {a.get_gid(): a for a in figure.findobj(lambda a: a.get_gid() is not None)}
    found, expected = drawn(known), terms(g)
    assert set(found) == set(expected)
    for place, taps in expected.items():
        assert found[place].get_color() == tap_mark(taps[0]).fill
        assert (found[place].get_marker() == "s") == (len(taps) > 1)
    for place in product(range(rows), range(columns)):
        assert (place in expected) == (f"wire[{place[0]},{place[1]}].edge" in known)


@pytest.mark.parametrize("g", ODD, ids=IDS)
def test_a_wire_goes_from_the_rim_of_its_input_to_the_rim_of_its_output(artists, g):
    known = artists(sparse(g))
    inputs = [gid for gid in known if re.fullmatch(r"x\[[\d,]+\]", gid)]
    for (row, column), wire in drawn(known).items():
        xs, ys = wire.get_data()
        nodes = known[inputs[column]], known[f"y[{row}]"]
        for node, end in zip(nodes, (0, -1), strict=True):
            place = np.array([xs[end], ys[end]])
            gap = np.hypot(*(place - np.array(node.get_center())))
            assert gap == pytest.approx(node.get_radius())


def test_taps_of_one_color_have_other_dashes(artists):
    known = artists(wires(geometry(23, 23)))  # tap 21 has the color of tap 0
    first, again = known["wire[0,0]"], known["wire[0,21]"]
    assert first.get_color() == again.get_color()
    assert first.get_linestyle() == "-"
    assert again.get_linestyle() == "--"


@pytest.mark.parametrize("g", ODD, ids=IDS)
def test_the_dense_network_has_every_wire_and_zeros_are_grey(artists, g):
    theme = (LIGHT, DARK)[ODD.index(g) % 2]
    found, expected = drawn(artists(wires_dense(g, theme=theme))), terms(g)
    assert set(found) == set(np.ndindex(g.matrix_shape))
    for place, wire in found.items():
        color = theme.untouched.edge
        if place in expected:
            color = tap_mark(expected[place][0], theme).fill
        assert wire.get_color() == color


@pytest.mark.parametrize(
    "g",
    [g for g in ODD if g.padding_mode == "zeros" and g.dropped],
    ids=[repr(g) for g in ODD if g.padding_mode == "zeros" and g.dropped],
)
def test_over_the_padded_input_dropped_taps_have_dashed_wires(artists, g):
    known = artists(sparse(g, padding=True))
    rows, cells, _ = tie_map(g).dropped
    grey = {p for p, w in drawn(known).items() if w.get_color() == LIGHT.dropped.edge}
    assert grey == set(zip(rows.tolist(), cells.tolist(), strict=True))
    for row, column in grey:
        assert known[f"wire[{row},{column}]"].get_linestyle() == "--"
        assert known[f"pad[{column}].text"].get_text() == "0"
    assert known["zero[dropped].count"].get_text() == f"×{g.dropped}"


def test_padding_that_repeats_the_input_has_nodes_named_after_what_they_repeat(artists):
    g = geometry(3, 3, padding=1, padding_mode="circular")
    known = artists(wires(g, padding=True))
    assert [known[f"pad[{c}].text"].get_text() for c in (0, 4)] == ["C", "A"]
    assert known["pad[0]"].get_linestyle() == "dashed"
    assert len(drawn(known)) == g.contributions


@pytest.mark.parametrize("g", ODD, ids=IDS)
def test_the_legend_counts_the_wires_of_each_tap(artists, g):
    known = artists(sparse(g))
    counts = [a.get_text() for gid, a in known.items() if gid.endswith(".count")]
    assert counts == [f"×{n}" for n in tie_map(g).multiplicity.ravel()]


def test_values_stand_in_place_of_letters(artists):
    figure = wires(geometry(3, 2), [2, -0.5])
    known = artists(figure)
    assert known["wire[1,2].tap.text"].get_text() == "-0.5"
    assert known["w[1].text"].get_text() == "-0.5"
    assert "Q reads B through 2, C through -0.5." in figure.convmat["alt"]


def test_the_alt_text_tells_sums_and_dead_taps():
    head, line = wires(geometry(1, 3, padding=1)).convmat["alt"].splitlines()
    told = "1 input and 1 output; 1 wire for 3 weights, 2 of which no output uses."
    assert head.endswith(told)
    assert line == "P reads A through β."
    alt = wires(geometry(2, 3, padding=1, padding_mode="circular")).convmat["alt"]
    assert "P reads A through β, B through α+γ." in alt


@pytest.mark.parametrize(
    "g",
    [
        geometry((3, 3), (2, 2)),
        geometry((2, 4), (3, 2, 2)),
        geometry((4, 3), (4, 2, 2), groups=2),
        geometry((2, 2, 3), (1, 2, 1, 2), padding=((1, 0), (0, 2)), stride=2),
    ],
    ids=repr,
)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_parameters_of_both_are_those_of_the_layers_of_a_network(artists, g, bias):
    rng = np.random.default_rng(0)
    rows, columns = g.matrix_shape
    dense = Linear(columns, rows, bias=bias, rng=rng)
    conv = Conv(
        g.in_channels,
        g.out_channels,
        g.kernel_size,
        groups=g.groups,
        bias=bias,
        rng=rng,
    )
    figure = dense_vs_conv(g, bias=bias)
    known = artists(figure)
    for number, layer in enumerate((dense, conv)):
        told = known[f"title[{number}].1"].get_text().replace(",", "")
        count = sum(array.size for array in layer.parameters.values())
        assert int(re.findall(r"\d+", told)[-1]) == count
    assert set(drawn(known)) == set(terms(g))
    left = [gid for gid in known if re.fullmatch(r"wire\[\d+,\d+\]@dense", gid)]
    assert len(left) == rows * columns


def test_kleinsmiths_counts_are_36_against_4(artists):
    known = artists(dense_vs_conv())
    told = [known[f"title[{n}].1"].get_text() for n in (0, 1)]
    assert told == [
        "36 weights and 4 biases: 40 parameters",
        "4 weights and 1 bias: 5 parameters",
    ]


@pytest.mark.parametrize("g", [None, *ODD], ids=["default", *IDS])
def test_no_texts_of_networks_overlap(assert_texts_apart, artists, g):
    themes = cycle(["light", "dark"] if g in (None, *ODD[::2]) else ["dark", "light"])
    for draw in (wires_dense, dense_vs_conv):  # which have all that `wires` has
        figure = draw(g, theme=next(themes))
        artists(figure)
        assert_texts_apart(figure)
    assert_texts_apart(wires(g, padding=True, theme=next(themes)))


def test_extremes_stay_legible(assert_texts_apart):
    assert_texts_apart(wires(geometry(64, 1)))
    values = [[-12.25, 1000], [1e-9, 0.125]]
    assert_texts_apart(dense_vs_conv(geometry((4, 3), (2, 2)), values))


def test_default_networks_fit_a_column_and_are_read_at_six_points(artists):
    for draw in (wires_dense, dense_vs_conv):  # which have all that `wires` has
        figure = draw()
        assert 3.4 <= figure.get_figwidth() <= 6.5
        sizes = [
            a.get_fontsize()
            for a in artists(figure).values()
            if hasattr(a, "get_fontsize")
        ]
        assert min(sizes) >= 6


@pytest.mark.parametrize("draw", [wires, wires_dense, dense_vs_conv])
def test_given_axes_hold_the_whole_network(draw):
    figure = Figure()
    assert draw(ax=figure.add_subplot()) is figure
    assert figure.convmat["kind"] == draw.__name__


@pytest.mark.parametrize("draw", [wires, wires_dense, dense_vs_conv])
def test_what_is_no_small_network_is_refused(draw):
    with pytest.raises(ShapeError, match=r"64 outputs and 400 wires.*matrix_plot"):
        draw(geometry((9, 9), (3, 3)))
    with pytest.raises(ShapeError, match=r"at most 64 taps, not 65.*matrix_plot"):
        draw(geometry(1, 65, padding=32))
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        draw((3, 3))
    with pytest.raises(ConvmatError, match="theme must be 'light' or 'dark'"):
        draw(theme="blue")
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(2, 2\)"):
        draw(kernel=[1, 2])


def test_a_huge_geometry_is_refused_before_anything_is_built():
    with pytest.raises(ShapeError, match="matrix_plot draws any geometry"):
        wires(geometry((10**6, 10**6), (3, 3)))
