import io
import re
from fractions import Fraction

import numpy as np
import pytest

from convmat import ShapeError, conv, conv_matrix, geometry
from convmat.figures.text import equation_text, matrix_text, wants_color
from convmat.labels import labels

KLEINSMITH = geometry((3, 3), (2, 2))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def without_codes(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_kleinsmiths_matrix_is_written_as_in_his_article():
    assert matrix_text(KLEINSMITH, width=80).splitlines() == [
        "  A B C D E F G H J",
        "P α β · γ δ · · · ·",
        "Q · α β · γ δ · · ·",
        "R · · · α β · γ δ ·",
        "S · · · · α β · γ δ",
    ]


def test_values_take_the_place_of_letters_and_a_zero_tap_stays_visible():
    assert matrix_text(KLEINSMITH, [[10, 0], [0.5, -3]], width=80).splitlines() == [
        "    A   B   C   D   E   F   G   H   J",
        "P  10   0   · 0.5  -3   ·   ·   ·   ·",
        "Q   ·  10   0   · 0.5  -3   ·   ·   ·",
        "R   ·   ·   ·  10   0   · 0.5  -3   ·",
        "S   ·   ·   ·   ·  10   0   · 0.5  -3",
    ]


@pytest.mark.parametrize("kernel", [None, [[1, 2], [3, 4]]])
def test_color_adds_codes_and_nothing_else(kernel):
    plain = matrix_text(KLEINSMITH, kernel, width=80)
    colored = matrix_text(KLEINSMITH, kernel, width=80, color=True)
    assert "\x1b" not in plain
    assert without_codes(colored) == plain
    assert colored.count("\x1b[48;5;214;") == 4  # the tie of the first tap
    assert colored.count("\x1b[38;5;243m") == 20  # the zeros


def test_color_of_an_equation_adds_codes_and_nothing_else():
    x = np.arange(9).reshape(3, 3)
    plain = equation_text(KLEINSMITH, [[1, 2], [3, 4]], x)
    colored = equation_text(KLEINSMITH, [[1, 2], [3, 4]], x, color=True)
    assert "\x1b" not in plain
    assert without_codes(colored) == plain


def test_a_wide_matrix_tells_what_is_left_out_and_never_wraps():
    lines = matrix_text(geometry((28, 28), (3, 3)), width=60, max_rows=5).splitlines()
    assert lines[-1] == "... 757 of 784 columns and 671 of 676 rows left out"
    assert max(map(len, lines)) <= 60
    grid = [line for line in lines if line.startswith("y")]
    assert len(grid) == 5
    assert grid[0].split() == ["y_0_0", *"αβγ", *"·" * 24]


def test_names_of_columns_stand_upright_where_they_would_be_too_wide():
    g = geometry((4, 4), (3, 3))
    lines = matrix_text(g, width=50).splitlines()
    names = ["".join(column) for column in zip(*lines[:5], strict=True)][2::2]
    assert tuple(names) == labels(g).inputs[:]
    assert "left out" not in lines[-1]


def test_a_tiny_width_still_shows_one_column():
    lines = matrix_text(KLEINSMITH, width=1).splitlines()
    assert lines[1] == "P α"
    assert lines[-1] == "... 8 of 9 columns left out"


def test_the_width_is_the_terminals_by_default(monkeypatch):
    monkeypatch.setenv("COLUMNS", "11")
    assert "4 of 9 columns left out" in matrix_text(KLEINSMITH)


@pytest.mark.parametrize(
    "g",
    [
        geometry(5, 2),
        geometry((4, 3), (2, 3), stride=2, padding=1),
        geometry((4, 3), (4, 2, 2), groups=2),
        geometry((2, 2, 3), (1, 2, 2, 1), dilation=(1, 2)),
    ],
    ids=repr,
)
def test_the_grid_of_values_is_the_matrix(g):
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    lines = matrix_text(g, kernel, width=1000).splitlines()[1:]
    read = [[int(t) for t in line.replace("·", "0").split()[1:]] for line in lines]
    keywords = {"stride": g.stride, "padding": g.padding, "dilation": g.dilation}
    matrix = conv_matrix(kernel, g.input_shape, groups=g.groups, **keywords)
    np.testing.assert_array_equal(read, matrix.toarray())


def test_the_equation_shows_matrix_input_product_and_window():
    x = np.arange(9).reshape(3, 3)
    assert equation_text(KLEINSMITH, [[1, 2], [3, 4]], x).splitlines() == [
        "                W                    x     W @ x    window",
        "      A  B  C  D  E  F  G  H  J",
        "   P  1  2  ·  3  4  ·  ·  ·  ·    A 0        27        27",
        "   Q  ·  1  2  ·  3  4  ·  ·  ·    B 1        37        37",
        "   R  ·  ·  ·  1  2  ·  3  4  ·  @ C 2  =     57  =     57",
        "   S  ·  ·  ·  ·  1  2  ·  3  4    D 3        67        67",
        "                                   E 4",
        "                                   F 5",
        "                                   G 6",
        "                                   H 7",
        "                                   J 8",
    ]


def test_the_equation_carries_fractions_exactly():
    kernel = [Fraction(1, 3), Fraction(2, 3)]
    lines = equation_text(geometry(2, 2), kernel, [1, 1]).splitlines()
    assert lines[2].split() == ["P", "1/3", "2/3", "@", "A", "1", "=", "1", "=", "1"]


def test_both_results_of_the_equation_agree_with_conv():
    kernel, x = [[2, -1, 0]], [[1, 5, 2, 7]]
    lines = equation_text(geometry((1, 4), (1, 3)), kernel, x).splitlines()
    results = [re.findall(r"-?\d+", line)[-2:] for line in lines[2:4]]
    assert results == [[str(y)] * 2 for y in conv(x, kernel).ravel()]


def test_too_large_an_equation_is_refused_with_the_limit():
    g = geometry((6, 6), (3, 3))
    with pytest.raises(ShapeError, match=r"at most 32 rows and columns.*matrix_plot"):
        equation_text(g, np.ones((3, 3)), np.ones((6, 6)))


@pytest.mark.parametrize("draw", [matrix_text, lambda g, k: equation_text(g, k, 0)])
def test_a_kernel_of_another_geometry_is_refused(draw):
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(2, 2\)"):
        draw(KLEINSMITH, [1, 2])


def test_an_input_of_another_geometry_is_refused():
    with pytest.raises(ShapeError, match=r"x.shape must be \(3, 3\)"):
        equation_text(KLEINSMITH, [[1, 2], [3, 4]], [1, 2])


@pytest.fixture
def quiet(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_terminal_gets_color_and_a_file_does_not(quiet):
    assert wants_color(Terminal())
    assert not wants_color(io.StringIO())


def test_no_color_switches_color_off_unless_empty(quiet):
    quiet.setenv("NO_COLOR", "1")
    quiet.setenv("FORCE_COLOR", "1")
    assert not wants_color(Terminal())
    quiet.setenv("NO_COLOR", "")
    assert wants_color(Terminal())


@pytest.mark.parametrize(("value", "wanted"), [("1", True), ("0", False), ("", False)])
def test_force_color_switches_color_on_for_a_file(quiet, value, wanted):
    quiet.setenv("FORCE_COLOR", value)
    assert wants_color(io.StringIO()) is wanted


def test_a_dumb_terminal_gets_no_color(quiet):
    quiet.setenv("TERM", "dumb")
    assert not wants_color(Terminal())


def test_a_closed_or_missing_stream_gets_no_color(quiet):
    closed = io.StringIO()
    closed.close()
    assert not wants_color(closed)
    assert not wants_color(None)
