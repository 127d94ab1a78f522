"""What notebooks show: tables that are well formed, escaped, and say what is so."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import conv, conv_matrix, geometry, recognize, singular_values, tie_map
from convmat.composition import compose, kernel_report
from convmat.html import Cell, escaped, facts, fragment, table
from convmat.inspect.value import Inspection, LayerMatrix
from convmat.palette import SHADES, contrast, tap_colors
from convmat.spectrum import compare_bounds
from convmat.verify import CHECKS, check
from convmat.verify.strategies import geometries

G = geometry((3, 3), (2, 2))
PADDED = geometry(5, 3, padding=1)
EVIL = "<script>alert('&\"')</script>"
VOID = {"br", "hr", "img", "input", "link", "meta"}


class Reader(HTMLParser):
    """The cells of all tables, row by row, and the words; all has to be closed."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.rows, self.words, self.styles = [], [], [], []

    def handle_starttag(self, tag, attrs):
        assert tag in {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td"}
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.styles.append(dict(attrs).get("style", ""))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    for style in reader.styles:
        # No ground without its ink: the notebook may be light or dark.
        assert ("background:" in style) == (" color:" in style)
    return reader


def network():
    layer = LayerMatrix(
        name=EVIL, kind="Conv", input_shape=(1, 3, 3), output_shape=(1, 2, 2),
        geometry=G, parameters=4,
    )  # fmt: skip
    return Inspection(
        source=EVIL, form="onnx", layers=(layer,), skipped={EVIL: EVIL},
        others={EVIL: 2}, notes=(EVIL,),
    )  # fmt: skip


SHOWN = {
    "geometry": lambda: G,
    "geometry of channels": lambda: geometry((4, 5, 6), (6, 2, 3, 2), groups=2),
    "ties": lambda: tie_map(G),
    "ties of sums": lambda: tie_map(geometry(3, 3, padding=2, padding_mode="reflect")),
    "ties counted": lambda: tie_map(geometry((9, 9), (3, 3), padding=1)),
    "ties of many taps": lambda: tie_map(geometry((2, 9, 9), (4, 2, 3, 3))),
    "spectrum": lambda: singular_values([1, 2], 30),
    "bounds": lambda: compare_bounds([1, 2], 3),
    "composition": lambda: compose([1, 1, 1], PADDED, [1, 2, 1], PADDED),
    "kernel": lambda: kernel_report([[1, 2], [3, 4]]),
    "a convolution": lambda: recognize(conv_matrix([1, 2], 5), 5),
    "no convolution": lambda: recognize(np.arange(1, 13).reshape(3, 4)),
    "network": network,
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_notebook_shows_is_well_formed_and_escaped(name):
    value = SHOWN[name]()
    html = value._repr_html_()
    assert "<script" not in html
    found = read(html)
    assert found.rows
    assert found.words


@settings(max_examples=60)
@given(geometries())
@example(geometry(1, 3, padding=1))
def test_a_geometry_shows_its_numbers(g):
    rows = dict(read(g._repr_html_()).rows)
    assert rows["stored entries"] == f"{g.nnz:,}"
    assert rows["structural zeros"] == f"{g.untouched:,}"
    assert rows["matrix"] == " × ".join(f"{n:,}" for n in g.matrix_shape)
    assert rows["output"] == "x".join(map(str, g.output_shape))
    assert ("taps dropped by padding" in rows) == (g.dropped > 0)
    assert ("dead" in rows["free parameters"]) == (g.dead_taps > 0)
    assert ("stride" in rows) == (set(g.stride) != {1})
    assert ("groups" in rows) == (g.groups != 1)
    assert repr(g) in "".join(read(g._repr_html_()).words)


@settings(max_examples=60)
@given(geometries())
@example(geometry((28, 7), (5, 2), stride=2, padding=((2, 1), (0, 0)), dilation=(1, 3)))
def test_the_formula_of_a_geometry_comes_to_its_output_size(g):
    latex = g._repr_latex_()
    assert latex.startswith("$$")
    assert latex.endswith("$$")
    found = []
    parts = re.findall(r"\\frac{(.*?)}{(\d+)} \\right\\rfloor \+ 1 = (\d+)", latex)
    for top, stride, size in parts:
        assert eval(top.replace("\\cdot", "*")) // int(stride) + 1 == int(size)
        found.append(int(size))
    assert found in (list(g.output_size), [g.output_size[0]])
    assert set(found) == set(g.output_size)


@settings(max_examples=40)
@given(geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4, max_kernel=3))
@example(geometry(2, 3, padding=2, padding_mode="replicate"))
@example(geometry((5, 5), (4, 4)))
def test_a_small_tie_map_shows_its_matrix_in_the_colors_of_the_figures(g):
    ties = tie_map(g)
    rows, columns = g.matrix_shape
    reader = read(ties._repr_html_())
    if rows * columns > 600 or columns > 40:
        if g.free_parameters <= 64:
            counts = [int(cell) for row in reader.rows for cell in row]
            assert counts == ties.multiplicity.reshape(-1).tolist()
        return
    head, *lines = reader.rows
    assert head == ["", *map(str, range(columns))]
    shown = [
        (row, column, int(tap))
        for row, line in enumerate(lines)
        for column, cell in enumerate(line[1:])
        for tap in cell.split("+")
        if cell != "·"
    ]
    found = zip(ties.rows.tolist(), ties.cols.tolist(), ties.taps.tolist(), strict=True)
    assert sorted(shown) == sorted(found)
    html = ties._repr_html_()
    for tap in set(ties.taps.tolist()):
        fill, ink = tap_colors(tap)
        assert f"background: {fill}; color: {ink}" in html or g.shared


def test_a_report_shows_each_check_and_the_name_it_was_given_is_escaped():
    def wrong(x, kernel, **keywords):
        return conv(x, kernel, **keywords) + 1

    few = [CHECKS["output-shape"], CHECKS["linear-in-x"]]
    report = check(wrong, name=EVIL, examples=4, checks=few)
    html = report._repr_html_()
    assert "<script" not in html
    reader = read(html)
    assert "FAIL" in reader.words[0]
    assert EVIL in reader.words[0]
    statuses = {row[1]: row[0] for row in reader.rows if len(row) == 3}
    for result in report.results:
        assert statuses[result.check] == result.status
    assert reader.rows[1][0] == "fails"


def test_a_spectrum_shows_its_first_values_and_how_many_are_left():
    spectrum = singular_values([1, 2], 30)
    reader = read(spectrum._repr_html_())
    values = [float(row[1]) for row in reader.rows[1:]]
    np.testing.assert_allclose(values, spectrum.values[:10], rtol=1e-5)
    assert "19 more, down to" in "".join(reader.words)


def test_a_composition_shows_the_merged_kernel():
    merged = compose([1, 1, 1], PADDED, [1, 2, 1], PADDED)
    reader = read(merged._repr_html_())
    assert reader.rows[-1] == ["1", "3", "4", "3", "1"]
    assert "in 3 of 5 outputs" in "".join(reader.words)


@given(st.text(max_size=20))
@example(EVIL)
@example("a&lt;b")
def test_any_text_is_read_as_it_was_written(text):
    text = text.replace("\r", "").replace("\0", "")
    html = fragment(text, table([[text, Cell(text, "#000000", "#FFFFFF")]]))
    reader = read(html)
    assert reader.rows == [[text, text]]
    assert "<" not in escaped(text)
    assert '"' not in escaped(text)


def test_facts_without_a_value_are_left_out():
    reader = read(facts([("a", 0), ("b", ""), ("c", "x")]))
    assert reader.rows == [["a", "0"], ["c", "x"]]


def test_the_ink_of_each_color_can_be_read():
    for tap in range(SHADES):
        assert contrast(*tap_colors(tap)) >= 4.5
    assert len({tap_colors(tap)[0] for tap in range(SHADES)}) == SHADES
