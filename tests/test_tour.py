"""The main job: it passes, leaves its pictures, and fails when something is wrong."""

import io
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from convmat import tour
from convmat.cli import main
from convmat.optim import SGD
from convmat.tour import descent, equality, kleinsmith, network
from convmat.tour.report import Report

# One worker: the fixture runs the whole tour.
pytestmark = pytest.mark.xdist_group("tour")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tour") / "new" / "folder"
    stream = io.StringIO()
    return tour.run(folder, stream=stream, progress=False), stream.getvalue(), folder


def test_every_claim_of_the_tour_holds(whole):
    report, text, _ = whole
    assert report.passed, text
    assert len(report.findings) >= 13
    assert text.count("PASS") == len(report.findings)
    assert "FAIL" not in text


def test_the_tour_is_plain_text_when_it_is_not_on_a_terminal(whole):
    assert "\033[" not in whole[1]


def test_the_tour_prints_the_matrix_and_names_its_folder(whole):
    _, text, folder = whole
    assert "P α β · γ δ · · · ·" in text
    assert text.rstrip().endswith(str(folder.resolve()))


def test_the_tour_leaves_each_figure_as_png_and_svg(whole):
    folder: Path = whole[2]
    names = {path.stem for path in folder.glob("*.png")}
    assert names == {path.stem for path in folder.glob("*.svg")}
    assert {"matrix", "four-applications", "matrix-equation"} <= names
    assert all(path.stat().st_size > 1000 for path in folder.iterdir())


def report():
    return Report(io.StringIO())


def test_a_kernel_with_equal_taps_fails_the_count_of_parameters(monkeypatch):
    monkeypatch.setattr(kleinsmith, "KERNEL", np.array([[1, 1], [3, 4]]))
    found = report()
    kleinsmith.show(found)
    assert [finding.passed for finding in found.findings] == [False, True]


def test_a_wrong_route_fails_the_proof(monkeypatch):
    from convmat import sliding

    right = sliding.forward
    monkeypatch.setattr(sliding, "forward", lambda x, k, g: right(x, k[..., ::-1], g))
    found = report()
    equality.show(found, progress=False)
    assert not found.passed


def test_ties_that_part_by_one_bit_fail_the_descent(monkeypatch):
    right = SGD.step

    def loose(self, parameters, gradients):
        right(self, parameters, gradients)
        matrix = parameters.get("matrix", np.zeros(()))
        if matrix.dtype == float and matrix.ndim:
            matrix[0, 0] = np.nextafter(matrix[0, 0], np.inf)

    monkeypatch.setattr(SGD, "step", loose)
    found = report()
    descent.show(found)
    held = {f.claim: f.passed for f in found.findings}
    assert not held["the violation of both constraints is exactly 0 after every step"]


def test_an_untrained_network_fails_the_accuracy(monkeypatch):
    monkeypatch.setattr(network, "EPOCHS", 1)
    found = report()
    network.show(found, progress=False)
    assert [finding.passed for finding in found.findings] == [True, False]


def test_a_report_without_findings_has_not_passed():
    assert not report().passed


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(ValueError, match="out must be a folder"):
        tour.run(tmp_path / "file", stream=io.StringIO())


def test_without_matplotlib_the_tour_says_so_before_anything_else(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(kleinsmith, "show", lambda report: pytest.fail("too late"))
    assert main(["tour", "--out", str(tmp_path / "new")]) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert printed.err == (
        "convmat: the tour draws its results and needs matplotlib: pip install "
        '"convmat[figures]", or in a clone pip install -e ".[figures]"\n'
    )
    assert not list(tmp_path.iterdir())


def test_report_counts_and_times():
    found = report()
    found.started = time.perf_counter() - 3
    found.find("one", "1", passed=True)
    found.find("two", "3", passed=False)
    found.close()
    text = found.stream.getvalue()
    assert "PASS  claimed   one" in text
    assert "FAIL  claimed   two" in text
    assert "1 of 2 claims hold, 3 s" in text


def test_color_is_used_where_it_is_wanted(capsys):
    Report(sys.stdout, color=True).find("one", "1", passed=True)
    assert "\033[32mPASS\033[0m" in capsys.readouterr().out


def test_lines_are_wrapped_to_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    stream = io.StringIO()
    report = Report(stream)
    claim = "a claim of many words that does not fit one line of a narrow terminal"
    report.find(claim, "as measured", passed=True)
    first, *rest, measured = stream.getvalue().splitlines()
    assert first.startswith("  PASS  claimed   a claim")
    assert len(rest) >= 1
    assert all(line.startswith(" " * 18 + line.split()[0]) for line in rest)
    assert max(map(len, [first, *rest])) <= 50
    assert " ".join([first[18:], *map(str.strip, rest)]) == claim
    assert measured == "        measured  as measured"
    colored = io.StringIO()
    Report(colored, color=True).find(claim, "as measured", passed=True)
    plain = re.sub(r"\033\[\d+m", "", colored.getvalue())
    assert plain == stream.getvalue()
