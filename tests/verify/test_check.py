"""`check` says what holds, what fails and why, and no function ends it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import impostors
import numpy as np
import pytest

from convmat import ConvmatError, ConvmatTypeError, geometry
from convmat.verify import CHECKS, Supports, check, implementation
from convmat.verify.shrinking import plainer, smallest
from convmat.verify.trial_list import trial

QUICK = {"examples": 8, "progress": False}


def fails(report):
    return {result.check: result.finding.words for result in report.failures}


@pytest.mark.parametrize("seed", range(3))
def test_right_one_passes_with_nothing_left_open(seed):
    report = check(
        impostors.right,
        input_grad=impostors.right_input_grad,
        kernel_grad=impostors.right_kernel_grad,
        seed=seed,
        examples=24,
        progress=False,
    )
    assert report.passed, str(report)
    assert [result.check for result in report.results] == list(CHECKS)
    assert {result.status for result in report.results} == {"holds"}
    assert len(report.verdicts) == 3
    assert all(verdict.passed for verdict in report.verdicts)
    assert report.likely == ()


def test_loop_that_claims_little_passes_and_the_rest_is_listed():
    report = check(impostors.loops, rank=2, examples=12, progress=False)
    wrong = fails(report)
    assert set(wrong) <= {"bad-input-refused"}, str(report)
    assert {"padding", "dilation", "groups"} <= set(report.missing)
    why = {result.check: result.why for result in report.results}
    assert why["input-gradient-is-the-adjoint"] == "no input grad was given"
    assert "not claimed, so not asked for" in str(report)


def test_wrong_one_gets_its_smallest_counterexample_and_its_name():
    report = check(impostors.flipped, rank=1, **QUICK)
    assert not report.passed
    first = report.failures[0]
    assert first.check == "equal-to-the-matrix"
    assert first.finding.geometry == geometry((1, 2), (1, 1, 2))
    assert len(first.finding.arrays["x"]) == 1
    assert "flipped on its last axis" in str(report.likely[0])
    assert "through tap (0,) with weight 0; it should be 1" in str(report)


def test_swapped_strides_are_named():
    report = check(impostors.strides_swapped, rank=2, examples=20, progress=False)
    assert "strides swapped between axes" in str(report.likely[0])


def test_snippet_runs_and_prints_the_wrong_number():
    report = check(impostors.flipped, rank=1, **QUICK)
    first = report.failures[0]
    here = os.pathsep.join([str(Path(impostors.__file__).parent), str(Path.cwd())])
    done = subprocess.run(
        [sys.executable, "-c", first.snippet],
        env=os.environ | {"PYTHONPATH": here},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) == first.finding.got
    assert first.snippet.splitlines()[-1].endswith(
        f"# expected {first.finding.expected}"
    )


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (impostors.hangs, "did not return within"),
        (impostors.raises, "raised RuntimeError: not today"),
        (impostors.leaves, "raised SystemExit: 7"),
        (impostors.wrong_type, "returned a str, not a NumPy array"),
        (impostors.wrong_shape, "returned shape"),
    ],
    ids=["hangs", "raises", "leaves", "wrong type", "wrong shape"],
)
def test_call_without_a_result_is_told_once_and_the_run_goes_on(function, words):
    report = check(function, rank=1, examples=2, seconds=0.05, progress=False)
    assert words in next(iter(fails(report).values()))
    assert len(report.results) == len(CHECKS)
    assert not report.passed
    assert json.dumps(report.as_json())


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (impostors.prints, "nothing-printed"),
        (impostors.modifies, "input-kept"),
        (impostors.moody, "deterministic"),
    ],
    ids=["prints", "modifies", "moody"],
)
def test_bad_manners_are_findings(function, name):
    assert name in fails(check(function, rank=1, **QUICK))


def test_same_seed_gives_the_same_report():
    one, other = (
        check(impostors.flipped, rank=1, seed=5, **QUICK).as_json() for _ in range(2)
    )
    for report in (one, other):
        del report["seconds"]
    assert one == other
    assert json.loads(json.dumps(one)) == one


def test_implementation_is_checked_as_it_is():
    box = implementation(impostors.right, supports=Supports(ranks=(1,), bias=False))
    report = check(box, **QUICK)
    assert report.passed
    assert "bias" in report.missing


def test_some_checks_only():
    report = check(impostors.flipped, checks=[CHECKS["linear-in-x"]], **QUICK)
    assert [result.status for result in report.results] == ["holds"]
    assert not report.passed  # its matrix is read, and is wrong


def test_arguments_that_make_no_sense_are_refused():
    with pytest.raises(ConvmatTypeError, match="function must be a function"):
        check(3)
    with pytest.raises(ConvmatTypeError, match="checks must be values of class Check"):
        check(impostors.right, checks=["linear-in-x"])
    with pytest.raises(ConvmatError, match="rank must be among those that are claimed"):
        check(impostors.right, rank=7)
    with pytest.raises(ConvmatError, match="signature must be one of"):
        check(impostors.right, signature="tf")


def test_plainer_geometries_are_smaller_in_one_thing_and_end():
    start = geometry(
        (4, 6, 5),
        (6, 2, 3, 2),
        stride=(2, 3),
        padding=[(1, 2), (0, 1)],
        dilation=(1, 2),
        groups=2,
        padding_mode="reflect",
    )
    seen, new = {start}, [start]
    while new:
        found = {g for one in new for g in plainer(one)} - seen
        new = sorted(found, key=repr)[:40]
        seen |= found
    assert geometry((1, 1), (1, 1, 1)) in seen
    assert start not in set(plainer(start))


def test_trial_that_fails_everywhere_shrinks_to_one_cell():
    box = implementation(
        lambda x, kernel, bias=None, **s: impostors.right(x, kernel, **s) + 1
    )
    one = trial(geometry((2, 6, 5), (2, 2, 3, 2), stride=(2, 1), padding=1))
    law = CHECKS["equal-to-the-matrix"]
    small, finding = smallest(law, box, one, law.run(box, one))
    assert small.geometry == geometry((1, 1), (1, 1, 1))
    assert small.x.shape == (1, 1, 1)
    assert np.all(np.abs(small.x) <= 1)
    assert finding.got == finding.expected + 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"examples": 0}, "examples must be at least 1"),
        ({"examples": -3}, "examples must be at least 1"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"checks": []}, "checks must name at least one"),
        ({"seconds": 0}, "seconds must be above 0"),
        ({"seconds": float("nan")}, "seconds must be above 0"),
        ({"seconds": float("inf")}, "seconds must be above 0"),
    ],
)
def test_run_that_would_look_at_nothing_or_for_ever_is_refused(settings, words):
    with pytest.raises(ConvmatError, match=words):
        check(impostors.right, **{**QUICK, **settings})


@pytest.mark.parametrize("name", ["examples", "seed"])
def test_examples_and_seed_that_are_no_integers_are_refused(name):
    with pytest.raises(ConvmatTypeError, match=f"{name} must be integers, not float"):
        check(impostors.right, **{**QUICK, name: 1.5})


def test_complex_result_of_real_numbers_is_told_and_ends_no_run():
    def turns(x, kernel, bias=None, **settings):
        return impostors.right(x, kernel, bias, **settings).astype(complex)

    found = fails(check(turns, **QUICK))
    assert found["dtype-kept"] == "the forward map of float64 arrays is complex128"
