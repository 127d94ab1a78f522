import pytest

from convmat.cli import main
from convmat.figures import latex_matrix
from convmat.geometry import geometry

GEOMETRY = ["matrix", "--input", "3", "--kernel", "2", "--format", "latex"]


@pytest.mark.parametrize("more", [[], ["--color", "auto"], ["--color", "never"]])
def test_latex_has_no_colors_unless_they_are_asked_for(capsys, monkeypatch, more):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main([*GEOMETRY, *more]) == 0
    out = capsys.readouterr().out
    rows = "\\alpha & \\beta & 0\\\\0 & \\alpha & \\beta"
    assert out == f"\\begin{{bmatrix}}{rows}\\end{{bmatrix}}\n"


def test_colored_latex_is_that_of_the_figures(capsys, tmp_path):
    assert main([*GEOMETRY, "--color", "always"]) == 0
    assert capsys.readouterr().out == f"{latex_matrix(geometry(3, 2))}\n"
    target = tmp_path / "W.tex"
    options = ["--values", "1,-2", "--color", "always", "--transposed"]
    assert main([*GEOMETRY[:-2], *options, "--out", str(target)]) == 0
    paired = geometry(4, 2)  # which gives the 3 that the transposed one reads
    expected = latex_matrix(paired, [1, -2], transposed=True)
    assert target.read_text() == f"{expected}\n"


def test_a_matrix_too_large_for_latex_is_refused_with_colors_too(capsys):
    large = ["matrix", "--input", "40x40", "--kernel", "3x3", "--format", "latex"]
    assert main([*large, "--color", "always"]) != 0
    assert "at most 5,000 positions" in capsys.readouterr().err
