"""`convmat verify`, and the checks as tests of pytest."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from convmat import ConvmatError
from convmat.cli import main
from convmat.verify.target import TargetError, load_target
from convmat.verify.testing import each_check

FEW = ["--examples", "6", "--rank", "1"]

MODULE = """
from convmat import conv


def right(x, kernel, bias=None, **settings):
    return conv(x, kernel, bias, **settings)


def flipped(x, kernel, bias=None, **settings):
    return conv(x, kernel[..., ::-1], bias, **settings)
"""

TESTS = """
import theirs
from convmat.verify.testing import each_check


@each_check(theirs.flipped, rank=1, examples=6, expected_failures={EXPECTED})
def test_flipped(check):
    check()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a package of somebody else's, which the command is run in."""
    (tmp_path / "theirs.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "theirs", raising=False)
    yield tmp_path
    sys.modules.pop("theirs", None)


def told(capsys, *arguments):
    code = main(["verify", *arguments])
    return code, capsys.readouterr().out


def test_right_one_passes_with_exit_code_0(folder, capsys):
    code, out = told(capsys, "theirs:right", *FEW)
    assert code == 0
    assert out.startswith("PASS theirs:right: 6 trials, seed 0")


def test_wrong_one_fails_with_its_likely_bug_and_a_snippet_that_imports_it(
    folder, capsys
):
    code, out = told(capsys, "theirs:flipped", *FEW)
    assert code == 1
    assert "forward looks like the kernel flipped on all axes" in out
    assert "from theirs import flipped" in out


def test_report_is_written_as_json(folder, capsys):
    code, _ = told(capsys, "theirs:flipped", *FEW, "--json", "report.json")
    report = json.loads((folder / "report.json").read_text())
    assert code == 1
    assert report["passed"] is False
    assert len(report["likely"]) == 1
    assert report["results"][1]["finding"]["place"] == [0, 0, 0]


def test_gradients_and_claims_are_options(folder, capsys):
    code, out = told(
        capsys,
        "theirs:right",
        *FEW,
        *["--input-grad", "convmat:conv_input_grad"],
        *["--kernel-grad", "convmat:conv_kernel_grad"],
        *["--without", "groups,uneven-padding", "--modes", "zeros,circular"],
        *["--dtypes", "float32", "--accuracy", "normwise"],
    )
    assert code == 0, out
    assert "input-gradient-is-the-adjoint: <grad" in out
    unclaimed = out.split("not claimed, so not asked for:")[1]
    assert "groups" in unclaimed
    assert "uneven padding" in unclaimed
    assert "'circular'" not in unclaimed


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere:conv", "No module named 'nowhere'"),
        ("theirs:wrong", "theirs has no attribute 'wrong'"),
        ("theirs:__name__", "it is of type str"),
        ("theirs", "must be package.module:function"),
    ],
)
def test_target_that_is_none_is_a_finding_in_words(folder, capsys, target, words):
    code, out = told(capsys, target)
    assert code == 1
    assert out.startswith(f"FAIL {target}: ")
    assert words in out


def test_module_that_breaks_is_a_finding(folder, capsys):
    (folder / "broken.py").write_text("print('hello')\nraise SystemExit(3)\n")
    code, out = told(capsys, "broken:conv")
    assert code == 1
    assert "SystemExit: 3" in out
    assert "hello" not in out


def test_claims_that_there_are_not_are_refused(folder, capsys):
    assert main(["verify", "theirs:right", "--without", "strides"]) == 2
    assert "--without must be of stride, padding" in capsys.readouterr().err


def test_target_reaches_attributes():
    assert load_target("json:JSONDecoder.decode") is json.JSONDecoder.decode
    with pytest.raises(TargetError, match="must be a function"):
        load_target("json:__doc__")


def pytest_run(folder, *arguments):
    here = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *PLUGIN, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([here, str(folder)])},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


# Where convmat is installed, pytest finds the plugin by itself.
PLUGIN = ["-p", "convmat.plugin"]


def test_plugin_adds_a_test_for_each_check(folder):
    told = ["--convmat-impl", "theirs:right", "--convmat-rank", "1"]
    code, out = pytest_run(folder, *told, "--convmat-examples", "6", "-rA")
    assert code == 0, out
    assert "PASSED ::theirs:right[equal-to-the-matrix]" in out
    assert "not claimed: no kernel grad was given" in out


def test_plugin_reports_findings_without_a_traceback(folder):
    told = ["--convmat-impl", "theirs:flipped", "--convmat-rank", "1"]
    code, out = pytest_run(folder, *told, "--convmat-examples", "6", "-k", "matrix")
    assert code == 1
    assert "through wrong taps" in out
    assert "from theirs import flipped" in out
    assert "Traceback" not in out


def test_plugin_reports_expected_failures_that_start_to_pass(folder):
    told = ["--convmat-rank", "1", "--convmat-examples", "6", "-k", "equal-to-the"]
    told += ["--convmat-expect-failure", "equal-to-the-matrix"]
    code, out = pytest_run(folder, "--convmat-impl", "theirs:flipped", *told)
    assert (code, "1 xfailed" in out) == (0, True), out
    code, out = pytest_run(folder, "--convmat-impl", "theirs:right", *told)
    assert (code, "XPASS(strict)" in out) == (1, True), out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--convmat-impl", "theirs:no"], "has no attribute 'no'"),
        (
            ["--convmat-impl", "theirs:right", "--convmat-expect-failure", "magic"],
            "no check magic; there are output-shape",
        ),
        (
            ["--convmat-impl", "theirs:right", "--convmat-signature", "tf"],
            "must be one of callable, torch",
        ),
    ],
    ids=["target", "check", "signature"],
)
def test_plugin_refuses_what_it_cannot_use(folder, arguments, words):
    code, out = pytest_run(folder, *arguments)
    assert code == 4
    assert words in out


def test_plugin_is_silent_where_it_is_not_asked(folder):
    (folder / "test_one.py").write_text("def test_one():\n    assert True\n")
    code, out = pytest_run(folder, "-q")
    assert (code, "1 passed" in out) == (0, True)


def test_decorator_makes_a_test_for_each_check(folder):
    known = {"equal-to-the-matrix", "rounding", "large-integers"}
    expected = dict.fromkeys(sorted(known), "a flipped kernel")
    (folder / "test_theirs.py").write_text(TESTS.replace("{EXPECTED}", repr(expected)))
    code, out = pytest_run(folder, "-q")
    assert code == 0, out
    assert "3 xfailed" in out


def test_expected_failure_of_no_check_is_refused():
    with pytest.raises(ConvmatError, match="expected_failures must name checks"):
        each_check(load_target("convmat:conv"), expected_failures={"magic": ""})


def test_figure_shows_the_first_matrix_that_is_wrong(folder, capsys):
    code, out = told(capsys, "theirs:flipped", *FEW, "--figure", "wrong.svg")
    assert code == 1
    assert "figure: " in out
    assert 'id="wrong[0,0]"' in (folder / "wrong.svg").read_text()
