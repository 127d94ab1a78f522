import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, example, given, settings

from convmat import ConvmatError, ConvmatTypeError, ShapeError, conv, geometry
from convmat.figures import window_text
from convmat.figures.beside import beside, cell_lines
from convmat.tie import tie_map
from convmat.verify.strategies import geometries

G = geometry((3, 3), (2, 2))


def without_codes(text):
    """Without codes, and without the spaces that they colour at the ends of lines."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return "\n".join(line.rstrip() for line in plain.splitlines())


def test_kleinsmiths_second_output_is_written_as_one_reads_it():
    assert window_text(G, output=1).splitlines() == [
        "  input       kernel     output",
        " A [B][C]      α  β       P [Q]",
        " D [E][F]  *   γ  δ   =   R  S",
        " G  H  J",
        "",
        "Q = αB + βC + γE + δF",
    ]


def test_padding_that_a_tap_falls_on_is_crossed_and_the_rest_is_0():
    g = geometry((2, 2), (2, 2), padding=((0, 1), (1, 0)), stride=2)
    x = [[1, 2], [3, 4]]
    assert window_text(g, [[5, 6], [7, 8]], x, bias=[1]).splitlines() == [
        "padded input     kernel     output",
        "[×][1] 2          5  6",
        "[×][3] 4      *   7  8   =  [31]",
        " 0  0  0",
        "",
        "P = 6·1 + 8·3 + 1 = 31",
    ]


@settings(max_examples=50)
@given(geometries(max_rank=3, max_channels=2, max_groups=2, max_size=4))
@example(geometry((4, 3), (2, 3), stride=2, padding=((1, 0), (0, 2))))
@example(geometry((2, 2, 3), (4, 1, 2, 2), groups=2, stride=(1, 2)))
@example(geometry((1,), (3,), padding=1))
@example(geometry((5,), (2,), stride=4, dilation=3, padding=((1, 2),)))
@example(geometry((4,), (3,), padding=2, padding_mode="circular"))
def test_the_window_is_that_of_the_tie_map_and_the_sum_comes_to_the_window(g):
    rows = g.matrix_shape[0]
    cells = g.in_channels * int(np.prod([axis.padded_size for axis in g.axes]))
    assume(max(rows, cells) <= 256)
    # Inputs that name themselves: no two are alike.
    x = 100 + np.arange(g.matrix_shape[1]).reshape(g.in_channels, *g.input_size)
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.weight_shape)
    y = conv(x, kernel, **g.keywords).reshape(-1)
    ties = tie_map(g)
    for row in {0, rows // 2, rows - 1}:
        text = window_text(g, kernel, x, output=row)
        *grid, blank, written = text.splitlines()
        assert not blank
        marked = re.findall(r"\[ *(×|-?\d+)\]", "\n".join(grid))
        inside = ties.rows == row
        read = sorted(x.reshape(-1)[ties.cols[inside]].tolist())
        dropped = int((ties.dropped[0] == row).sum())
        assert marked.count("×") == dropped
        numbers = sorted(int(text) for text in marked if text != "×")
        assert numbers == sorted([*read, int(y[row])])
        assert len(marked) == g.taps_per_row + 1
        channel = kernel[row * g.out_channels // rows].reshape(-1).tolist()
        shown = " ".join(grid).split()  # inputs are beyond 100, outputs may be as small
        assert all(shown.count(f"{tap}") for tap in channel)
        others = set(range(1, min(100, kernel.size + 1))) - set(channel)
        written_out = {f"{value}" for value in (0, *y.tolist())}
        assert not [t for t in others if f"{t}" in shown and f"{t}" not in written_out]
        sides = [side.strip() for side in written.split(" = ")]
        assert eval(sides[1].replace("·", "*")) == y[row] == int(sides[2])


def test_color_adds_codes_and_nothing_else():
    for g in (G, geometry((2, 3), (1, 2, 2), padding=1)):
        plain = window_text(g)
        colored = window_text(g, color=True)
        assert "\x1b" not in plain
        assert without_codes(colored) == plain
    assert window_text(G, color=True).count("\x1b[48;5;214;") == 2  # window and kernel


def test_negative_outputs_count_from_the_end():
    assert window_text(G, output=-1) == window_text(G, output=3)


@pytest.mark.parametrize("output", [4, -5])
def test_an_output_that_is_not_there_is_refused(output):
    with pytest.raises(ConvmatError, match=r"output must be from 0 to 3, got output="):
        window_text(G, output=output)


@pytest.mark.parametrize("output", [1.0, True, "P"])
def test_an_output_that_is_no_integer_is_refused(output):
    with pytest.raises(ConvmatTypeError, match=r"output must be an integer from 0"):
        window_text(G, output=output)


def test_too_many_cells_are_refused_with_what_shows_them():
    with pytest.raises(ShapeError, match=r"at most 256 cells.*matrix_text"):
        window_text(geometry((28, 28), (3, 3)))
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        window_text((3, 3))


def test_it_needs_no_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from convmat import figures, geometry\n"
        "assert 'Q' in figures.window_text(geometry((3, 3), (2, 2)), output=1)\n"
        "assert 'alpha' in figures.latex_matrix(geometry(3, 2))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_blocks_of_other_heights_stand_halfway_down():
    assert beside([["1", "2", "3"], ["="], []], gap="|") == ["1| |", "2|=|", "3| |"]
    assert cell_lines([["a", "bc"]], set()) == ["  a  bc "]
