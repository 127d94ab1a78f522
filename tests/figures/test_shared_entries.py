"""Taps of a row that read one input share an entry, which shows their sum."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from matplotlib.colors import to_hex

from convmat import TieMap, geometry
from convmat.figures import (
    content,
    equation_text,
    four_applications,
    matrix_equation,
    matrix_plot,
    matrix_text,
)
from convmat.figures.style import LIGHT, tap_mark

pytestmark = pytest.mark.usefixtures("folded")

G = geometry((3, 3), (3, 3), padding=1)
LINE = geometry(3, 3, padding=1)
LETTERS = "αβγδεζηθι"
KERNEL = np.array([[1, 2, 3], [4, 5, 6], [7, 8, -90]])


def read(padded=False):
    """The taps at each `(output, input)` of `G`, or `(output, padded cell)`."""
    found = {}
    for (i, j), (u, v) in product(np.ndindex(3, 3), np.ndindex(3, 3)):
        place = i + u, j + v
        size = 5 if padded else 3
        if not padded:
            place = [min(max(at - 1, 0), 2) for at in place]
        key = 3 * i + j, size * place[0] + place[1]
        found.setdefault(key, []).append(3 * u + v)
    return found


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


def test_a_cell_with_several_taps_shows_their_sum_and_a_filled_corner(artists):
    known = artists(matrix_plot(G))
    taps = read()
    assert {len(some) for some in taps.values()} == {1, 2, 4}
    for row, column in np.ndindex(9, 9):
        some = taps.get((row, column), [])
        gid = f"W[{row},{column}]"
        text = "+".join(LETTERS[tap] for tap in some) or "0"
        assert known[f"{gid}.text"].get_text() == text
        wanted = tap_mark(some[0]) if some else LIGHT.untouched
        assert fill(known[gid]) == wanted.fill
        assert (f"{gid}.sum" in known) is (len(some) > 1)
        if len(some) > 1:
            assert fill(known[f"{gid}.sum"]) == wanted.ink


def test_each_entry_is_highlighted_once():
    stored = matrix_plot(G).convmat["highlighted"]["W"]
    assert len(set(stored)) == len(stored) == len(read())


def test_with_a_kernel_a_shared_cell_shows_the_value(artists):
    known = artists(matrix_plot(G, KERNEL))
    for (row, column), some in read().items():
        value = sum(KERNEL.flat[tap] for tap in some)
        assert known[f"W[{row},{column}].text"].get_text() == str(value)


def test_caption_and_alt_text_count_the_sums(artists):
    sums = sum(len(some) > 1 for some in read().values())
    figure = matrix_plot(G)
    known = artists(figure)
    captions = [a.get_text() for n, a in known.items() if n.startswith("caption")]
    assert f"{sums} entries are sums of taps (filled corner)" in captions
    alt = figure.convmat["alt"]
    assert f"{sums} entries are sums of taps" in alt
    assert f"Row P: α+β+δ+ε at A, γ+ζ at B, η+θ at D, {LETTERS[8]} at E." in alt


def test_over_the_padded_input_each_tap_has_its_own_cell(artists):
    figure = matrix_plot(G, padding=True)
    known = artists(figure)
    assert not [gid for gid in known if gid.endswith(".sum")]
    taps = read(padded=True)
    over_padding = 0
    for row, column in np.ndindex(9, 25):
        gid = f"W[{row},{column}]"
        some = taps.get((row, column), [])
        assert len(some) <= 1
        text = LETTERS[some[0]] if some else "0"
        assert known[f"{gid}.text"].get_text() == text
        if some:
            inside = 0 < column // 5 < 4 and 0 < column % 5 < 4
            over_padding += not inside
            assert fill(known[gid]) == tap_mark(some[0]).fill
            assert (
                known[gid].get_linestyle()
                in (("solid", "-"), ("dashed", "--"))[not inside]
            )
    stored = figure.convmat["highlighted"]["W"]
    assert len(stored) == len(taps) == 81
    assert f"{over_padding} stored over padding" in figure.convmat["alt"]


def test_a_column_of_padding_has_the_name_of_what_it_repeats(artists):
    known = artists(matrix_plot(LINE, padding=True))
    gids = "pad[0]", "x[0]", "x[1]", "x[2]", "pad[4]"
    assert [known[gid].get_text() for gid in gids] == list("AABCC")
    alt = matrix_plot(LINE, padding=True).convmat["alt"]
    assert "Row P: α at repeated A, β at A, γ at B." in alt


def test_the_applications_show_what_padding_repeats(artists):
    figure = four_applications(G)
    known = artists(figure)
    inputs = "AABCCAABCCDDEFFGGHJJGGHJJ"
    taps = read(padded=True)
    for output, cell in np.ndindex(9, 25):
        i, j = divmod(cell, 5)
        inside = 0 < i < 4 and 0 < j < 4
        gid = f"x[{i - 1},{j - 1}]" if inside else f"pad[{i},{j}]"
        gid += f"@y[{output}]"
        assert known[f"{gid}.text"].get_text() == inputs[cell]
        some = taps.get((output, cell))
        assert fill(known[gid]) == (tap_mark(some[0]) if some else LIGHT.plain).fill
    assert len(figure.convmat["highlighted"]["x"]) == 81
    first = figure.convmat["alt"].splitlines()[1]
    assert first.startswith("P: α on repeated A, β on repeated A, γ on repeated B, δ")


def test_the_equation_multiplies_sums_in_brackets(artists):
    figure = matrix_equation(LINE, bias="b")
    head, *lines = figure.convmat["alt"].splitlines()
    assert head.endswith("then without them. 2 entries are sums of taps.")
    assert lines == [
        "P = (α+β)A + γB + 0C + b = (α+β)A + γB + b",
        "Q = αA + βB + γC + b = αA + βB + γC + b",
        "R = 0A + αB + (β+γ)C + b = αB + (β+γ)C + b",
    ]
    known = artists(figure)
    marked = {gid for gid in known if gid.endswith(".sum")}
    cells = [f"{kind}[{at}]" for kind in ("W", "sum", "term") for at in ("0,0", "2,2")]
    assert marked == {f"{cell}.sum" for cell in cells}
    assert known["W[2,2].text"].get_text() == "β+γ"
    assert fill(known["W[2,2]"]) == tap_mark(1).fill


def test_one_sum_is_told_in_the_singular():
    g = geometry(3, 2, padding=[(1, 0)])
    assert "1 entry is a sum of taps." in matrix_equation(g).convmat["alt"]
    assert "1 entry is a sum of taps" in matrix_plot(g).convmat["alt"]
    assert matrix_text(g, width=80).endswith("\n1 entry is a sum of taps")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kernel", [None, KERNEL / 8])
def test_no_texts_of_sums_overlap(assert_texts_apart, kernel, theme):
    assert_texts_apart(matrix_plot(G, kernel, theme=theme))
    assert_texts_apart(matrix_plot(G, kernel, theme=theme, padding=True))
    assert_texts_apart(matrix_equation(G, kernel, theme=theme))
    assert_texts_apart(four_applications(G, kernel, theme=theme))


def test_an_image_has_the_color_of_the_first_tap(artists):
    g = geometry((12, 12), (3, 3), padding=1)
    figure = matrix_plot(g)
    image = artists(figure)["W"].get_array()
    assert image.shape == (144, 144, 3)
    assert to_hex(image[0, 0]).upper() == tap_mark(0).fill  # α, the first of four
    assert to_hex(image[-1, -1]).upper() == tap_mark(4).fill  # ε, the middle one
    sums = 34**2 - 32**2  # on each axis 34 pairs, of which all but 2 have one tap
    assert f"{sums} entries are sums of taps (in the colour" in figure.convmat["alt"]


def test_text_shows_sums_and_counts_those_on_show():
    assert matrix_text(LINE, width=80).splitlines() == [
        "    A   B   C",
        "P α+β   γ   ·",
        "Q   α   β   γ",
        "R   ·   α β+γ",
        "2 entries are sums of taps",
    ]
    assert matrix_text(LINE, [1, 2, 3], width=6).splitlines() == [
        "  A B",
        "P 3 3",
        "Q 1 2",
        "R · 1",
        "1 entry is a sum of taps",
        "... 1 of 3 columns left out",
    ]


def test_a_sum_in_color_is_underlined():
    row = matrix_text(LINE, width=80, color=True).splitlines()[1]
    underlined = row.split("\x1b[4m")
    assert [part.split("\x1b")[0] for part in underlined[1:]] == ["α+β"]


def test_equation_text_shows_and_counts_sums():
    lines = equation_text(LINE, [1, 2, 30], [1, 1, 1]).splitlines()
    assert [line.split()[:4] for line in lines[2:5]] == [
        ["P", "3", "30", "·"],
        ["Q", "1", "2", "30"],
        ["R", "·", "1", "32"],
    ]
    assert lines[-1] == "2 entries are sums of taps"


def test_of_a_very_long_sum_only_the_ends_are_written():
    g = geometry(2, 11, padding=5)
    assert "β+…+λ" not in matrix_text(g, width=100)
    g = geometry(1, 11, padding=5)
    assert matrix_text(g, width=100).splitlines()[1].split() == ["P", "α+…+λ"]


def test_a_dense_matrix_adds_what_shares_a_position(monkeypatch):
    rows, cols, taps = np.array([[0, 0, 0, 1, 1], [1, 1, 0, 2, 0], [0, 1, 0, 1, 1]])
    g = geometry(3, 2)
    ties = TieMap(g, rows, cols, taps)
    monkeypatch.setattr(content, "tie_map", lambda geometry: ties)
    dense = content.dense_matrix(g, np.array([Fraction(1, 2), Fraction(1, 3)]))
    assert dense.tolist() == [
        [Fraction(1, 2), Fraction(5, 6), 0],
        [Fraction(1, 3), 0, Fraction(1, 3)],
    ]
