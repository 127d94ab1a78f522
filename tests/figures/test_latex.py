import re
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import assume, example, given, settings

from convmat import ConvmatError, ConvmatTypeError, ShapeError, conv, geometry
from convmat.figures import latex_equations, latex_matrix
from convmat.figures.style import DARK, LIGHT, contrast, tap_mark
from convmat.symbolic import matrix_latex, symbolic_matrix, symbolic_output
from convmat.tie import tie_map
from convmat.verify.strategies import geometries

G = geometry((3, 3), (2, 2))
WITNESSES = [
    geometry((4, 3), (2, 3), stride=2, padding=((1, 0), (0, 2))),
    geometry((2, 2, 3), (4, 1, 2, 2), groups=2, stride=(1, 2)),
    geometry((2,), (3,), padding=2, padding_mode="replicate"),
    geometry((5,), (2,), dilation=3, stride=4, padding=((1, 2),)),
    geometry((1, 4), (1, 2)),
    geometry((1,), (3,), padding=1),  # two dead taps
    geometry((5, 6), (5, 5)),  # more taps than colours
]
BOX = re.compile(
    r"\\colorbox{(cm\w{6})}{\$\\textcolor{(cm\w{6})}{(.*?)}\$}(?= [&\\+]|$)"
)
INK = re.compile(r"\\textcolor{cm\w{6}}{(.*?)}(?= [&\\]|$)")


def rows_of(latex):
    """The cells of a `bmatrix`, and what stands before it."""
    before, body = latex.split("\\begin{bmatrix}")
    inside, after = body.split("\\end{bmatrix}")
    assert after == ""
    rows = re.split(r" ?\\\\\n?", inside.strip())
    return before.splitlines(), [row.split(" & ") for row in rows]


def without_colors(cell):
    cell = BOX.sub(lambda match: match[3], cell)
    cell = INK.sub(lambda match: match[1], cell)
    return re.sub(r"\\underline{(.*)}", r"\1", cell)


@settings(max_examples=40)
@given(geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4, max_kernel=3))
@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@example(WITNESSES[5])
@example(WITNESSES[6])
def test_the_cells_are_those_of_sympys_matrix_and_colors_those_of_the_ties(g):
    rows, columns = g.matrix_shape
    assume(rows * columns <= 400)
    _, plain = rows_of(latex_matrix(g, color=False))
    _, expected = rows_of(matrix_latex(g))
    assert plain == expected
    before, colored = rows_of(latex_matrix(g))
    assert [list(map(without_colors, row)) for row in colored] == plain
    ties = tie_map(g)
    first = {}
    places = zip(
        ties.rows.tolist(), ties.cols.tolist(), ties.taps.tolist(), strict=True
    )
    terms = {}
    for row, column, tap in places:
        first.setdefault((row, column), tap)
        terms[row, column] = terms.get((row, column), 0) + 1
    used = set()
    for (row, column), cell in np.ndenumerate(np.array(colored, object)):
        box = BOX.fullmatch(cell)
        assert (box is not None) == ((row, column) in first)
        if box is None:
            assert cell == f"\\textcolor{{cm{LIGHT.untouched.ink[1:]}}}{{0}}"
            used.add(LIGHT.untouched.ink[1:])
        else:
            mark = tap_mark(first[row, column])
            assert (box[1], box[2]) == (f"cm{mark.fill[1:]}", f"cm{mark.ink[1:]}")
            assert box[3].startswith("\\underline") == (terms[row, column] > 1)
            used |= {mark.fill[1:], mark.ink[1:]}
    defined = [line for line in before if line.startswith("\\definecolor")]
    assert defined == [f"\\definecolor{{cm{c}}}{{HTML}}{{{c}}}" for c in sorted(used)]
    wide = [f"\\setcounter{{MaxMatrixCols}}{{{columns}}}"] if columns > 10 else []
    assert [line for line in before if line not in defined] == wide


def test_values_are_exact_and_a_tap_of_value_0_keeps_its_color():
    latex = latex_matrix(G, [[Fraction(1, 3), 0], [sympy.Symbol("c"), -2]])
    _, cells = rows_of(latex)
    orange, blue = (f"cm{tap_mark(tap).fill[1:]}" for tap in (0, 1))
    assert "\\frac{1}{3}" in cells[0][0]
    assert orange in cells[0][0]
    assert BOX.fullmatch(cells[0][1])[1] == blue
    assert BOX.fullmatch(cells[0][1])[3] == "0"
    assert BOX.fullmatch(cells[0][3])[3] == "c"
    assert BOX.fullmatch(cells[3][8])[3] == "-2"


def test_the_transposed_matrix_is_the_transpose():
    g = WITNESSES[0]
    _, cells = rows_of(latex_matrix(g))
    _, turned = rows_of(latex_matrix(g, transposed=True))
    assert turned == [list(row) for row in zip(*cells, strict=True)]


def test_zeros_are_grey_for_the_ground_that_they_stand_on():
    assert f"cm{DARK.untouched.ink[1:]}}}{{0}}" in latex_matrix(G, theme="dark")


def calculated(latex):
    """What a line of numbers comes to, by Python."""
    plain = latex.replace("\\left(", "(").replace("\\right)", ")")
    plain = re.sub(r"\\frac{(\d+)}{(\d+)}", r"(Fraction(\1)/\2)", plain)
    return eval(plain.replace("\\cdot", "*"), {"Fraction": Fraction})


def sides_of(latex):
    inside = latex.split("\\begin{aligned}")[1].split("\\end{aligned}")[0]
    return [line.split(" &= ") for line in re.split(r" \\\\\n", inside.strip())]


@settings(max_examples=40)
@given(geometries(max_rank=2, max_channels=2, max_groups=2, max_size=4, max_kernel=3))
@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[5])
def test_both_sides_of_each_equation_are_what_the_window_gives(g):
    rng = np.random.default_rng(0)
    kernel = rng.integers(-4, 5, g.kernel_shape)
    x = rng.integers(-4, 5, g.input_shape)
    bias = rng.integers(-4, 5, g.out_channels)
    y = conv(x, kernel, bias, **g.keywords).reshape(-1).tolist()
    for form in ("boxes", "compact"):
        latex = latex_equations(g, kernel, x, bias=bias, form=form, color=False)
        assert "+ -" not in latex
        assert "cdot -" not in latex
        sides = sides_of(latex)
        assert [calculated(left) for left, _ in sides] == y
        assert [calculated(right) for _, right in sides] == y


def test_letters_are_those_of_the_symbolic_output():
    for g in (G, WITNESSES[0], geometry(4, 2, padding=1)):
        outputs = symbolic_output(g)
        for (left, right), expected in zip(
            sides_of(latex_equations(g, color=False)), outputs, strict=True
        ):
            names = {sympy.latex(s): s for s in expected.free_symbols}
            total = sympy.Integer(0)
            for term in left.split(" + "):
                parts = [part.strip("{}") for part in term.split(" ") if part]
                whole = " ".join(parts)
                product = sympy.Integer(1)
                for name in sorted(names, key=len, reverse=True):
                    if name in whole:
                        whole = whole.replace(name, "", 1)
                        product *= names[name]
                assert not whole.strip()
                total += product
            assert total == expected
            assert right


def test_each_term_in_boxes_has_the_color_of_its_tap_and_the_result_its_own():
    latex = latex_equations(G)
    for tap in range(4):
        assert latex.count(f"\\colorbox{{cm{tap_mark(tap).fill[1:]}}}") == 4
    assert latex.count(f"\\colorbox{{cm{LIGHT.output.fill[1:]}}}") == 4
    assert latex.count("+ b &=") == 4
    stripped = re.sub(r"\\colorbox{\w+}{\$\\textcolor{\w+}{(.*?)}\$}", r"\1", latex)
    plain = latex_equations(G, color=False)
    assert stripped.split("\\begin")[1] == plain.split("\\begin")[1]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_colored_letters_of_the_compact_form_can_be_read(theme):
    latex = latex_equations(geometry((5, 6), (5, 5)), form="compact", theme=theme)
    inks = re.findall(r"\\definecolor{cm(\w+)}", latex)
    assert len(inks) > 15
    assert all(contrast(f"#{ink}", theme.background) >= 4.5 for ink in inks)
    assert "colorbox" not in latex


def test_a_sum_of_taps_stands_in_brackets():
    latex = latex_equations(WITNESSES[2], color=False)
    assert "\\left(\\alpha + \\beta + \\gamma\\right) A" in latex


def test_an_output_that_reads_nothing_is_0_or_its_bias():
    g = geometry(1, 2, padding=2, stride=3)
    assert sides_of(latex_equations(g, bias=None, color=False))[1] == ["0", "Q"]
    assert sides_of(latex_equations(g, bias="c", color=False))[1] == ["c", "Q"]


def test_bad_input_is_refused():
    with pytest.raises(ConvmatError, match=r"form must be 'boxes' or 'compact'"):
        latex_equations(G, form="loose")
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(2, 2\)"):
        latex_matrix(G, [1, 2])
    with pytest.raises(ShapeError, match=r"x.shape must be \(3, 3\)"):
        latex_equations(G, x=[1, 2])
    with pytest.raises(ShapeError, match=r"bias.shape must be \(1,\)"):
        latex_equations(G, bias=[1, 2])
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        latex_matrix((3, 3))
    with pytest.raises(ConvmatError, match=r"at most 5,000 .*conv_matrix"):
        latex_matrix(geometry((40, 40), (3, 3)))
    with pytest.raises(ConvmatError, match=r"theme must be 'light' or 'dark'"):
        latex_matrix(G, theme="grey")


def test_numbers_of_the_matrix_are_those_of_the_symbolic_one():
    kernel = [[1, -2], [3, 4]]
    _, cells = rows_of(latex_matrix(G, kernel, color=False))
    matrix = symbolic_matrix(G, kernel)
    assert [[sympy.Integer(int(c)) for c in row] for row in cells] == matrix.tolist()


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no LaTeX on this machine")
def test_latex_sets_it_with_amsmath_and_xcolor_alone(tmp_path):
    wide = geometry((2, 3, 3), (2, 2, 2, 2))
    parts = [latex_matrix(G), latex_matrix(wide), latex_matrix(WITNESSES[2])]
    parts += [latex_equations(G), latex_equations(G, form="compact", theme="dark")]
    parts += [latex_matrix(G, [[Fraction(1, 3), -2], [0.5, 0]], transposed=True)]
    body = "\n".join(f"\\[\n{part}\n\\]" for part in parts)
    head = "\\documentclass{article}\\usepackage{amsmath, xcolor}"
    text = f"{head}\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (tmp_path / "w.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "w.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
