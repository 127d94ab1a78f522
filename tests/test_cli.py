"""The command line: what it prints, and how it ends."""

import os
import subprocess
import sys

import pytest

from convmat.cli import main

KLEINSMITH = """\
  A B C D E F G H J
P α β · γ δ · · · ·
Q · α β · γ δ · · ·
R · · · α β · γ δ ·
S · · · · α β · γ δ
"""


def convmat(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "convmat", *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        check=False,
    )


def test_matrix_prints_kleinsmiths_case_plainly_when_piped():
    done = convmat("matrix")
    assert done.returncode == 0
    assert done.stdout.startswith(KLEINSMITH)
    assert "matrix 4x9, 16 stored, 20 structural zeros" in done.stdout
    assert "\033[" not in done.stdout


def test_matrix_shows_values(capsys):
    assert main(["matrix", "--values", "1,-2,0,4"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:5]
    assert rows[0].split() == ["P", "1", "-2", "·", "0", "4", "·", "·", "·", "·"]


def test_values_are_read_without_loss(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    values = ["9007199254740993", "-9223372036854775809", "1e300", "0.5"]
    assert main(["matrix", "--values", ",".join(values)]) == 0
    row = capsys.readouterr().out.splitlines()[1].split()
    assert row == ["P", *values[:2], "·", "1e+300", "0.5", *"····"]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "9" * 5000])
def test_values_that_are_not_finite_are_refused(capsys, value):
    assert main(["matrix", "--values", f"1,2,3,{value}"]) == 2
    assert "--values must be finite numbers" in capsys.readouterr().err


def test_a_huge_matrix_prints_its_corner(capsys):
    assert main(["matrix", "--input", "99999999x9"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.lstrip().startswith("y_") for line in lines) == 40
    left_out = "899,999,991 columns and 799,999,944 of 799,999,984 rows left out"
    assert any(line.endswith(left_out) for line in lines)


def test_values_may_begin_with_a_minus(capsys):
    assert main(["matrix", "--values", "-1,0,1,2", "--color", "never"]) == 0
    assert "P -1  0" in capsys.readouterr().out
    assert main(["matrix", "--padding", "-1", "--info"]) == 2
    assert "padding must be at least 0" in capsys.readouterr().err


def test_no_command_prints_the_help(capsys):
    assert main([]) == 2
    assert "convmat COMMAND --help" in capsys.readouterr().out


def test_color_can_be_asked_for_and_refused(capsys):
    main(["matrix", "--color", "always"])
    assert "\033[" in capsys.readouterr().out
    main(["matrix", "--color", "never"])
    assert "\033[" not in capsys.readouterr().out


def test_info_counts_without_building(capsys):
    arguments = ["--input", "3x1000x1000", "--kernel", "64x3x7x7", "--stride", "2"]
    assert main(["matrix", *arguments, "--padding", "3", "--info"]) == 0
    out = capsys.readouterr().out
    assert "16,000,000 x 3,000,000" in out
    inside = sum(0 <= 2 * o + t - 3 < 1000 for o in range(500) for t in range(7))
    assert f"{64 * 3 * inside**2:,}" in out


@pytest.mark.parametrize(
    ("arguments", "geometry"),
    [
        (["--padding", "same"], "geometry((3, 3), (2, 2), padding=((0, 1), (0, 1)))"),
        (["--padding", "1,2x0,1"], "padding=((1, 2), (0, 1))"),
        (["--padding", "1x0"], "padding=(1, 0)"),
        (["--stride", "2x1", "--padding", "1"], "stride=(2, 1), padding=1"),
        (
            ["--input", "4x5x5", "--kernel", "2x2x2x2", "--groups", "2"],
            "geometry((4, 5, 5), (2, 2, 2, 2), groups=2)",
        ),
        (
            ["--input", "7", "--kernel", "3", "--dilation", "2"],
            "(7,), (3,), dilation=2",
        ),
        (["--input", "7", "--kernel", "3", "--padding", "1,2"], "padding=((1, 2),)"),
    ],
)
def test_shorthand_is_read(capsys, arguments, geometry):
    assert main(["matrix", "--info", *arguments]) == 0
    assert geometry in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "3by3"], "--input must be integers with x between them"),
        (["--stride", "0"], "stride must be at least 1"),
        (["--padding", "1,x"], "--padding must be like 1, 1x0"),
        (["--padding", "sane"], "padding must be numbers or one of 'valid'"),
        (["--padding", "-1"], "padding must be at least 0"),
        (["--values", "1,2"], "--values must give one number per tap, 4 in all"),
        (["--values", "1,2,3,four"], "--values must be finite numbers"),
        (["--kernel", "5x5"], "kernel_size must fit the padded input"),
    ],
)
def test_bad_arguments_are_named_and_end_with_2(capsys, arguments, message):
    assert main(["matrix", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_help_shows_examples(capsys):
    for command in ("tour", "matrix"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert f"convmat {command} --" in capsys.readouterr().out


def test_a_reader_that_stops_early_is_no_error():
    process = subprocess.run(
        f"{sys.executable} -m convmat matrix --input 30x30 --kernel 3x3 | head -n 1",
        shell=True,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert process.stderr == ""
    assert process.returncode == 0


def test_the_tour_decides_the_exit_code(monkeypatch, tmp_path):
    from convmat import tour

    class Outcome:
        passed = False

    monkeypatch.setattr(tour, "run", lambda out, progress: Outcome)
    assert main(["tour", "--out", str(tmp_path)]) == 1
    Outcome.passed = True
    assert main(["tour", "--out", str(tmp_path)]) == 0


def test_a_console_without_greek_letters_is_no_error():
    done = convmat("matrix", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert done.stdout.splitlines()[1] == "P ? ? ? ? ? ? ? ? ?"
