import re

import numpy as np
import pytest
from hypothesis import assume, example, given, settings

from convmat import ConvmatError, conv_matrix, figures, geometry
from convmat.figures import (
    curves,
    figure_text,
    four_applications,
    gradient_tying,
    matrix_equation,
    matrix_plot,
    save,
    window_text,
)
from convmat.figures.readout import TEXTS
from convmat.verify.strategies import geometries

G = geometry((3, 3), (2, 2))


def test_a_matrix_is_read_out_with_the_names_of_its_rows_and_columns():
    lines = figure_text(matrix_plot(G)).splitlines()
    assert lines[:6] == [
        "            matrix",
        "    A  B  C  D  E  F  G  H  J    kernel",
        " P  α  β  ·  γ  δ  ·  ·  ·  ·     α  β",
        " Q  ·  α  β  ·  γ  δ  ·  ·  ·     γ  δ",
        " R  ·  ·  ·  α  β  ·  γ  δ  ·",
        " S  ·  ·  ·  ·  α  β  ·  γ  δ",
    ]
    assert "\n".join(lines[7:]) == matrix_plot(G).convmat["alt"]


@settings(max_examples=8)
@given(geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4))
@example(geometry((4, 3), (2, 3), stride=2, padding=((1, 0), (0, 2))))
@example(geometry((2, 2, 3), (4, 1, 2, 2), groups=2, stride=(1, 2)))
@example(geometry((1,), (3,), padding=1))
def test_the_numbers_read_out_of_a_drawn_matrix_are_the_matrix(g):
    rows, columns = g.matrix_shape
    assume(rows * columns <= 100)
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    text = figure_text(matrix_plot(g, kernel))
    grid = text.split("\n\n")[0].splitlines()
    number = re.compile(rf" ([Py]\S*|[Q-Z])((?:  +(?:·|\d+)){{{columns}}})")
    read = []
    for line in grid:
        match = number.match(f" {line.lstrip()}")
        if match and len(read) < rows:
            read.append([int(cell.replace("·", "0")) for cell in match[2].split()])
    matrix = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    np.testing.assert_array_equal(read, matrix)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_application_is_read_out_as_window_text_writes_it(theme):
    g = geometry((3, 2), (2, 2), padding=((0, 1), (1, 0)))
    figure = four_applications(g, theme=theme)
    text = figure_text(figure)
    assert text.endswith(figure.convmat["alt"])
    outputs = g.matrix_shape[0]
    for output in range(outputs):
        window = re.findall(r"\[(\w)\]", window_text(g, output=output))
        assert len(window) >= 2
    marked = re.findall(r"\[(\w)\]", text)
    wanted = [
        letter
        for output in range(outputs)
        for letter in re.findall(r"\[(\w)\]", window_text(g, output=output))
    ]
    assert sorted(marked) == sorted(wanted)
    assert text.split("\n\nThe kernel")[0].count("×") == g.dropped


def test_an_equation_has_its_parts_side_by_side_and_its_sums_in_words():
    text = figure_text(matrix_equation(G, bias="b"))
    lines = [line.split() for line in text.splitlines()]
    assert ["Q", *"·αβ·γδ···", "E", "b"] in lines
    assert ["matrix", "B", "bias"] in lines
    assert lines.index(["output"]) > lines.index(["matrix", "B", "bias"])
    assert "S = 0A + 0B + 0C + 0D + αE + βF + 0G + γH + δJ + b" in text


def test_the_gradients_are_read_out_and_masked_ones_are_dots():
    gradient = np.arange(1, 37).reshape(4, 9)
    lines = figure_text(gradient_tying(G, gradient)).splitlines()
    dense, masked = (line.split() for line in lines if line.split()[:1] == ["R"])
    assert dense == ["R", *map(str, range(19, 28))]
    assert masked == ["R", *"···", "22", "23", "·", "25", "26", "·"]


def test_a_text_file_holds_it_with_a_line_end(tmp_path):
    figure = matrix_equation(G)
    path = save(figure, tmp_path / "W.txt")
    assert path.read_text(encoding="utf-8") == f"{figure_text(figure)}\n"


def test_figures_without_a_text_form_say_which_have_one():
    figure = curves({"a": [1, 2]}, xlabel="x", ylabel="y")
    with pytest.raises(ConvmatError, match=r"has a text form: .*matrix_plot.*alt"):
        figure_text(figure)


def test_cells_too_small_for_text_are_refused():
    with pytest.raises(ConvmatError, match=r"large enough for text.*matrix_text"):
        figure_text(matrix_plot(geometry((12, 12), (3, 3))))


@pytest.mark.parametrize("kind", [kind for kind in TEXTS if kind in figures.__all__])
def test_every_kind_with_a_text_form_is_a_figure(kind):
    assert callable(getattr(figures, kind))


def test_the_transposed_matrix_and_both_ways_to_it_are_read_out():
    text = figure_text(figures.transpose(G))
    lines = [line.split() for line in text.splitlines()]
    assert ["Q", *"·αβ·γδ···", "D", *"γ·α·"] in lines
    assert "stretched input" in text
    # By scattering, the entries of output S stand where its taps reach.
    assert ["R", "[S]", "γ", "δ", "D", "[α][β]"] in lines


def test_the_chapters_case_is_read_out_with_its_sum():
    text = figure_text(figures.apply_once())
    assert "[94.2]" in text
    assert "[10][11][12]" in text
    assert text.endswith("0.9·26 = 94.2")


def test_products_of_channels_are_read_out():
    cells, _ = figure_text(figures.channels()).split("\nOutput ")
    assert cells.count("products") == 3
