"""`convmat recognize`: what it prints, and how it ends."""

import json
import re
import shlex

import numpy as np
import pytest
from scipy.io import mmwrite
from scipy.sparse import save_npz

from convmat import conv_matrix, geometry, save_matrix
from convmat.cli import main

W = conv_matrix([[1, 2], [3, 4]], (5, 6))
ANSWER = """\
yes: a convolution
  geometry((5, 6), (2, 2))
  kernel [[1, 2], [3, 4]]
  4 taps account for 80 entries, each for 20 or more
"""


def write(path, form):
    name = path / f"W.{form.split()[0]}"
    if form == "npz":
        save_matrix(name, W)
    elif form == "npz of scipy":
        save_npz(name, W)
    elif form == "npy":
        np.save(name, W.toarray())
    elif form == "mtx":
        save_matrix(name, W)
    else:
        mmwrite(name, W.toarray())
    return str(name)


@pytest.mark.parametrize("form", ["npz", "npy", "mtx", "mtx dense"])
def test_a_matrix_in_a_file_is_recognized(form, capsys, tmp_path):
    name = write(tmp_path, form)
    assert main(["recognize", name]) == 0
    assert capsys.readouterr().out == ANSWER
    assert main(["recognize", name, "--input", "5x6", "--output", "4x5"]) == 0
    assert capsys.readouterr().out == ANSWER


def test_every_example_of_the_help_runs(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        main(["recognize", "--help"])
    text = capsys.readouterr().out
    noise = np.random.default_rng(0).uniform(-1e-3, 1e-3, (49, 81))
    np.save("W.npy", conv_matrix(np.ones((3, 3)), (9, 9)).toarray() + noise)
    examples = re.findall(r"^  convmat (.*?)(?:   .*)?$", text, re.MULTILINE)
    assert len(examples) == 6
    for example in examples:
        assert main(shlex.split(example)) == 0, example


def test_what_is_no_convolution_ends_with_1(capsys, tmp_path):
    broken = conv_matrix([[1, 2], [3, 4]], (7, 6)).toarray()
    broken[7, 9] = 5
    np.save(tmp_path / "W.npy", broken)
    assert main(["recognize", str(tmp_path / "W.npy"), "--input", "7x6"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("no")
    assert "nearest found: geometry((7, 6), (2, 2))" in printed
    assert "row 7, column 9 holds 5" in printed


def test_json_holds_what_text_does(capsys, tmp_path):
    name = write(tmp_path, "npz")
    assert main(["recognize", name, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["convolution"] is True
    assert geometry(**told["geometry"]) == geometry((5, 6), (2, 2))
    assert told["kernel"] == [[1, 2], [3, 4]]
    assert told["nearest"] is None
    assert told["overfitted"] is False
    assert told["evidence"]["taps"] == 4
    assert told["family"] is None


def test_the_family_is_told_when_it_is_asked_for(capsys, tmp_path):
    name = write(tmp_path, "npz")
    assert main(["recognize", name, "--input", "5x6", "--family", "2"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(ANSWER)
    assert "as well, 2 in all:\n  geometry((5, 6), (2, 2), padding_mode=" in printed
    assert "  and more: members beyond the first 2" in printed
    options = ["--input", "5x6", "--family", "9", "--format", "json"]
    assert main(["recognize", name, *options]) == 0
    family = json.loads(capsys.readouterr().out)["family"]
    assert len(family["members"]) == 4
    first = family["members"][0]
    again = conv_matrix(first["kernel"], **without_kernel(first["geometry"]))
    assert np.array_equal(again.toarray(), W.toarray())


def without_kernel(arguments):
    return {name: value for name, value in arguments.items() if name != "kernel_shape"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.npz"], "FILE must be a file that exists"),
        (["W.npz", "--input", "5x5"], "--input must have as many cells as the matrix"),
        (["W.npz", "--output", "3"], "--output must have as many cells"),
        (["W.npz", "--input", "a"], "--input must be integers with x between them"),
        (["W.npz", "--tolerance", "a"], "--tolerance must be a number"),
        (["W.npz", "--family", "a"], "--family must be an integer"),
        (["W.npz", "--family", "-1"], "--family must be at least 0"),
        (["W.npz", "--tolerance", "-1"], "--tolerance must be at least 0"),
        (["cut.npz"], "FILE must"),
        (["cut.npy"], "FILE must hold one array of numbers"),
        (["pickle.npy"], "FILE must hold one array of numbers"),
        (["cube.npy"], "FILE must be a matrix, with two axes"),
        (["nan.npy"], "FILE must hold finite numbers only"),
        (["W.txt"], "FILE must"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_bad_arguments_and_files_end_with_2(
    arguments, message, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    name = write(tmp_path, "npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "W.npz").read_bytes()[:100])
    np.save("cube.npy", np.ones((2, 2, 2)))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "cube.npy").read_bytes()[:150])
    np.save("pickle.npy", np.array([[1, None]], object), allow_pickle=True)
    np.save("nan.npy", np.array([[1, np.nan]]))
    (tmp_path / "W.txt").write_text("1 2")
    assert name.endswith("W.npz")
    assert main(["recognize", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""


def test_a_file_of_text_is_named_as_the_file(capsys, tmp_path):
    name = tmp_path / "words.npy"
    np.save(name, np.array([["a"]]))
    assert main(["recognize", str(name)]) == 2
    assert "FILE must hold numbers" in capsys.readouterr().err


def test_a_question_in_the_help_ends_with_its_own_mark(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["recognize", "--help"])
    assert "and which? Prints" in capsys.readouterr().out
