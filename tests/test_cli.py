"""The command line: what it prints, and how it ends."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from convmat import conv_transpose_matrix, geometry, tie_map
from convmat.cli import main
from convmat.costs import costs
from convmat.geometry import DIALECTS, same_dialects

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
        (
            ["--stride", "0"],
            "--stride must be at least 1 on every axis, got --stride='0'",
        ),
        (["--padding", "1,x"], "--padding must be like 1, 1x0"),
        (["--padding", "sane"], "--padding must be numbers or one of 'valid'"),
        (["--padding", "-1"], "--padding must be at least 0"),
        (["--values", "1,2"], "--values must give one number per tap, 4 in all"),
        (["--values", "1,2,3,four"], "--values must be finite numbers"),
        (["--kernel", "5x5"], "--kernel must fit the padded input"),
        (["--padding", "same:caffe"], "with NAME one of tensorflow, onnx-lower"),
        (["--padding", "same:torch", "--stride", "2"], "PyTorch refuses"),
        (["--mode", "circular", "--padding", "4"], "must be at most 3 on axis 0"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--out", "W.pdf"], "--out must end in .txt, .tex, .npz, .mtx, .csv or"),
        (["--info", "--format", "csv"], "--info prints text or json only"),
        (["--stride", "1.5"], "such as 2 or 2x1, got --stride='1.5'"),
        (["--mode", "reflect", "--padding", "4"], "or --mode replicate"),
        (["--groups", "2"], "write --kernel as OUTxIN/GROUPSx..."),
        (["--input", "2x3x3"], "OUTxIN/GROUPSxKERNEL beside --input 2x3x3"),
        (["--output-padding", "1"], "--output-padding must stand beside --transposed"),
        (["--transposed", "--output-padding", "1"], "below --stride 1x1 on every"),
        (["--transposed", "--output-shape", "9"], "--output-shape must be"),
    ],
)
def test_bad_arguments_are_named_and_end_with_2(capsys, arguments, message):
    assert main(["matrix", *arguments]) == 2
    assert message in capsys.readouterr().err


def helped(command, capsys, monkeypatch):
    """The help of a command at 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "command", [[], ["tour"], ["matrix"], ["same"], ["constrain"], ["figures"]]
)
def test_help_fits_eighty_columns(command, capsys, monkeypatch):
    text = helped(command, capsys, monkeypatch)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("command", ["tour", "matrix", "same"])
def test_every_example_of_the_help_runs(command, capsys, monkeypatch, tmp_path):
    from convmat import tour

    class Passed:
        passed = True

    folders = []
    monkeypatch.setattr(
        tour, "run", lambda out, progress: folders.append(out) or Passed
    )
    monkeypatch.chdir(tmp_path)
    text = helped([command], capsys, monkeypatch).replace("\\\n", " ")
    examples = re.findall(r"^  convmat (.*?)(?:   .*)?$", text, re.MULTILINE)
    assert len(examples) >= 3
    for example in examples:
        words = shlex.split(example)
        assert words[0] == command
        assert main(words) == 0, example
        out = dict(pairwise(words)).get("--out")
        printed = capsys.readouterr()
        assert printed.err == ""
        if command == "tour":
            assert folders.pop() == (out or "convmat-tour")
        elif out:
            assert (tmp_path / out).stat().st_size > 0
            assert printed.out == ""
        else:
            assert printed.out


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


def numbers(*arguments, capsys):
    """What `--info` says, by name; and the lines."""
    assert main(["matrix", "--info", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    return dict(line.split("  ", 1) for line in lines if "  " in line.strip()), lines


@pytest.mark.parametrize(
    ("arguments", "g"),
    [
        (
            ["--input", "5x6", "--kernel", "3x2", "--stride", "2x1", "--padding", "1"],
            geometry((5, 6), (3, 2), stride=(2, 1), padding=1),
        ),
        (
            ["--input", "1", "--kernel", "3", "--padding", "1"],
            geometry(1, 3, padding=1),
        ),
        (
            ["--input", "5x5", "--kernel", "3x3", "--stride", "2", "--padding", "1"],
            geometry((5, 5), (3, 3), stride=2, padding=1),
        ),
        (
            [
                "--input",
                "4x3x3",
                "--kernel",
                "2x2x3x3",
                "--groups",
                "2",
                "--padding",
                "2,1x0,2",
                "--mode",
                "symmetric",
            ],
            geometry(
                (4, 3, 3),
                (2, 2, 3, 3),
                groups=2,
                padding=((2, 1), (0, 2)),
                padding_mode="symmetric",
            ),
        ),
        (
            ["--input", "3x3x2", "--kernel", "2x3x1", "--padding", "1x0x1"],
            geometry((3, 3, 2), (2, 3, 1), padding=(1, 0, 1)),
        ),
    ],
)
def test_info_says_what_the_tie_map_counts(capsys, arguments, g):
    told, lines = numbers(*arguments, capsys=capsys)
    ties = tie_map(g)
    counts = ties.multiplicity.reshape(g.weight_shape)[0, 0]
    range_told = told["multiplicity of a tap"].strip()
    if counts.min() == counts.max():
        assert range_told == str(counts.min())
    else:
        distinct = len(np.unique(counts))
        assert range_told == f"{counts.min()} to {counts.max()}, {distinct} distinct"
        if g.rank < 3:
            first = lines.index(next(x for x in lines if x.startswith("multipl"))) + 1
            table = lines[first : first + len(np.atleast_2d(counts))]
            assert [list(map(int, line.split())) for line in table] == (
                np.atleast_2d(counts).tolist()
            )
    assert told["free parameters"].strip().endswith(f"{len(ties.dead_taps)} dead")
    assert told["taps dropped by padding"].strip() == str(len(ties.dropped[0]))
    shared = len(ties.taps) - len(set(zip(ties.rows, ties.cols, strict=True)))
    assert told["taps sharing an entry"].strip() == str(shared)
    assert "\n".join(lines).endswith(str(costs(g)))


def test_info_of_a_huge_geometry_is_counted(capsys):
    told, lines = numbers(
        "--input", "3x9999x9999", "--kernel", "8x3x5x5", capsys=capsys
    )
    assert told["multiplicity of a tap"].strip() == f"{9995**2:,}"
    assert max(map(len, lines[1:])) <= 80


def test_same_prints_the_table_of_dialects(capsys):
    shape = ["--input", "3x8x7", "--kernel", "2x3x4x3", "--stride", "2x1"]
    assert main(["same", *shape, "--dilation", "1x2"]) == 0
    table = same_dialects((3, 8, 7), (2, 3, 4, 3), stride=(2, 1), dilation=(1, 2))
    told = capsys.readouterr().out
    assert told.startswith(f"{table}\n")
    assert "numpy, numpy-correlate: functions of one axis" in told
    assert main(["same", "--input", "2x5", "--kernel", "2x1x3", "--groups", "2"]) == 0
    assert "input 5, kernel 3" in capsys.readouterr().out
    assert main(["same", "--kernel", "0"]) == 2
    assert "--kernel must be at least 1" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["scipy", "matlab", "half"])
def test_pads_of_the_table_are_read_as_padding(capsys, name):
    main(["same", "--input", "6x5", "--kernel", "4x2"])
    line = next(x for x in capsys.readouterr().out.splitlines() if f" {name} " in x)
    pads = line.split()[2]
    shapes = ["matrix", "--input", "6x5", "--kernel", "4x2", "--format", "csv"]
    main([*shapes, "--padding", pads])
    by_numbers = capsys.readouterr().out
    main([*shapes, "--padding", f"same:{name}"])
    assert capsys.readouterr().out == by_numbers


def test_completion_knows_commands_options_and_choices(capsys):
    pytest.importorskip("shtab")
    for shell in ("bash", "zsh", "tcsh"):
        with pytest.raises(SystemExit, match="0"):
            main(["--print-completion", shell])
        script = capsys.readouterr().out
        assert "matrix" in script
        assert "circular" in script
        assert (r"same\:scipy" if shell == "zsh" else "same:scipy") in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("convmat m", "matrix"),
        ("convmat matrix --mo", "--mode"),
        ("convmat matrix --format l", "latex"),
        ("convmat matrix --out conv", "convolution.npz"),
        ("convmat matrix --padding v", "valid"),
        ("convmat matrix --padding same_", "same_lower"),
        ("convmat fastbook --theme d", "dark"),
        ("convmat fastbook --runs F", "F"),
        ("convmat figures matrix_e", "matrix_equation"),
        ("convmat figures --format pn", "png"),
        ("convmat figures --theme da", "dark"),
        ("convmat figures --preset dil", "dilation"),
        ("convmat figures --mode cir", "circular"),
        ("convmat figures --plan fl", "flat-cosine"),
    ],
)
def test_bash_completes(words, answers, capsys, tmp_path):
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit, match="0"):
        main(["--print-completion", "bash"])
    (tmp_path / "complete.sh").write_text(capsys.readouterr().out)
    (tmp_path / "convolution.npz").touch()
    last = len(words.split()) - 1
    asking = (
        f"source complete.sh; COMP_WORDS=({words}); COMP_CWORD={last}; "
        'set -- $(complete -p convmat); "${@: -2:1}"; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", asking],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [answers], done.stderr


def test_completion_without_shtab_names_the_extra(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit, match="2"):
        main(["--print-completion", "bash"])
    told = capsys.readouterr().err
    assert 'pip install "convmat[completion]"' in told
    assert 'pip install -e ".[completion]"' in told


def test_a_missing_extra_is_named(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    assert main(["matrix", "--format", "latex"]) == 2
    assert 'pip install "convmat[symbolic]"' in capsys.readouterr().err


def test_ctrl_c_ends_with_130(capsys, monkeypatch):
    from convmat.cli import matrix

    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(matrix, "read_geometry", interrupted)
    assert main(["matrix"]) == 130
    assert capsys.readouterr().err == "convmat: stopped\n"


# ------------------------------------------------------------------- how a run ends


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "arguments",
    [
        ["matrix"],
        ["matrix", "--format", "csv", "--values", "ones", "--input", "60x60"],
        ["matrix", "--format", "json"],
        ["matrix", "--info"],
        ["matrix", "--help"],
        ["same"],
        [],
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])  # it fails at the end, or at once
def test_a_full_disk_is_told_in_one_sentence(arguments, unbuffered):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "convmat", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert done.stderr == (
        "convmat: cannot write the output: No space left on device\n"
    )
    assert done.returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["big.mtx", "big.csv"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_leaves_no_file(tmp_path, name, number):
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("whoever runs the tests ignores it, and so do their children")
    words = ["matrix", "--input", "9x2000x2000", "--kernel", "9x9x3x3", "--out"]
    process = subprocess.Popen(
        [sys.executable, "-m", "convmat", *words, str(tmp_path / name)],
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    while process.poll() is None and not list(tmp_path.iterdir()):
        time.sleep(0.02)
    assert len(list(tmp_path.iterdir())) == 1  # the part
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert told == "convmat: stopped\n"
    assert process.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []


def test_signals_are_as_before_after_a_run(capsys):
    before = signal.getsignal(signal.SIGTERM)
    assert main(["same"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["matrix", "--inpt", "3x3"],
            "--inpt is no option; did you mean --input? (see convmat matrix --help)",
        ),
        (["matrix", "x"], "x is one word too many (see convmat matrix --help)"),
        (["matrix", "--input"], "--input needs a value (see convmat matrix --help)"),
        (
            ["matrix", "--groups", "x"],
            "--groups must be an integer, got 'x' (see convmat matrix --help)",
        ),
        (
            ["matrix", "--seed", "1", "--values", "ones"],
            "--values cannot stand beside --seed (see convmat matrix --help)",
        ),
        (["--nothing"], "COMMAND is missing (see convmat --help)"),
        (
            ["matrix", "--output", "1"],
            "--output is short for several: --output-padding, --output-shape (see ",
        ),
        (
            ["matrix", "--mode", "circulr"],
            "--mode must be one of zeros, circular, reflect, replicate, symmetric",
        ),
        (
            ["matrx"],
            (
                "COMMAND must be one of tour, matrix, same, recognize, spectrum, "
                "receptive, inspect, constrain, fastbook, figures, verify, prove, "
                "lemmas, certify, got matrx"
            ),
        ),
        (["same", "--info"], "--info is no option; did you mean --input? (see "),
    ],
)
def test_wrong_words_are_told_in_one_sentence(capsys, arguments, told):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    error = capsys.readouterr().err
    assert error.startswith(f"convmat: {told}")
    assert error.count("\n") == 1


# ------------------------------------------------------------------- text and numbers


@pytest.mark.parametrize(
    ("word", "meant"), [("matrx", "matrix"), ("tuor", "tour"), ("xyz", None)]
)
def test_a_close_match_is_offered(capsys, word, meant):
    with pytest.raises(SystemExit, match="2"):
        main([word])
    error = capsys.readouterr().err
    assert (f"did you mean {meant}?" in error) is (meant is not None)
    assert ("did you mean" in error) is (meant is not None)


def test_a_layer_shows_how_its_blocks_lie_and_one_of_them(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    words = ["matrix", "--input", "4x9", "--kernel", "6x2x2", "--groups", "2"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "6 x 4 blocks of 8 x 9, one for each pair of channels" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["2", "K[2,0]", "K[2,1]", "·", "·"] in rows
    assert ["3", "·", "·", "K[3,0]", "K[3,1]"] in rows
    block = out.split("Block 0,0:\n\n")[1].split("\n\n")[0]
    main(["matrix", "--input", "9", "--kernel", "2"])
    assert capsys.readouterr().out.startswith(block)
    main([*words, "--values", ",".join(map(str, range(5, 29)))])
    assert "P 5 6 · · · · · · ·" in capsys.readouterr().out
    assert main(["matrix", "--input", "2x3", "--kernel", "1x2x2"]) == 0
    assert "blocks" not in capsys.readouterr().out  # all of it fits


def test_fractions_beside_letters_of_a_layer(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    words = ["--input", "2x40", "--kernel", "1x2x2", "--values", "1/3,2,3,4"]
    assert main(["matrix", *words]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert next(line for line in lines if line[:1] == ["y_0"])[1:4] == ["1/3", "2", "·"]


def test_a_layer_draws_the_block_of_a_public_matrix(capsys, monkeypatch):
    """Block `o,i` in the drawing is what lies there in the matrix itself."""
    monkeypatch.setenv("COLUMNS", "200")
    words = ["--input", "4x9x9", "--kernel", "4x3x2x2", "--groups", "2"]
    assert main(["matrix", *words, "--transposed"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    first = lines.index(["0", "1", "2", "3"]) + 1
    kernel = np.arange(1, 49).reshape(4, 3, 2, 2)
    whole = conv_transpose_matrix(kernel, (4, 9, 9), groups=2).toarray()
    for row in range(6):
        assert lines[first + row][0] == str(row)
        for column, name in enumerate(lines[first + row][1:]):
            block = whole[100 * row :, 81 * column :][:100, :81]
            if name == "·":
                assert not block.any()
            else:
                out, into = map(int, name[2:-1].split(","))
                assert block[0, 0] == kernel[out, into, 0, 0]


def test_many_taps_are_numbered_where_letters_are_long(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["matrix", "--input", "9x9", "--kernel", "5x5"]) == 0
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.startswith("y_0_1"))
    assert row.split()[1:8] == ["·", "1", "2", "3", "4", "5", "·"]
    assert "Numbers are taps: 1 to 25" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("columns", [48, 80])
@pytest.mark.parametrize(
    "words",
    [
        ["--input", "3x9999x9999", "--kernel", "3x3x5x5", "--padding", "2"],
        ["--input", "64x224x224", "--kernel", "64x64x7x7", "--padding", "3"],
        ["--input", "8x112x112", "--kernel", "8x8x3x3", "--stride", "2"],
    ],
)
def test_info_fits_the_terminal(capsys, monkeypatch, columns, words):
    monkeypatch.setenv("COLUMNS", str(columns))
    for transposed in ([], ["--transposed"]):
        assert main(["matrix", "--info", *words, *transposed]) == 0
        told = capsys.readouterr().out
        assert max(map(len, told.splitlines())) <= columns
        assert "positions" in told


def test_info_as_json_tells_the_numbers_of_the_text(capsys):
    words = ["--input", "5x6", "--kernel", "3x2", "--stride", "2x1", "--padding", "1"]
    told, _ = numbers(*words, capsys=capsys)
    assert main(["matrix", "--info", "--format", "json", *words]) == 0
    read = json.loads(capsys.readouterr().out)
    g = geometry(**read["geometry"])
    assert told["stored entries"].strip() == str(read["stored_entries"]) == str(g.nnz)
    assert told["matrix"].strip() == "{} x {}".format(*read["matrix_shape"])
    spread = read["multiplicity"]
    range_told = "{least} to {most}, {distinct} distinct".format(**spread)
    assert told["multiplicity of a tap"].strip() == range_told
    assert read["multiplications"] == asdict(costs(g))


def test_aliases_are_listed_when_asked_for(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["same", "--input", "7", "--kernel", "4"]) == 0
    assert "keras" not in capsys.readouterr().out
    assert main(["same", "--input", "7", "--kernel", "4", "--aliases"]) == 0
    out = capsys.readouterr().out
    for dialect in DIALECTS.values():
        for alias in dialect.aliases:
            assert alias in out.split("also known as")[1]
    assert "one axis" not in out
    assert max(map(len, out.splitlines())) <= 80
