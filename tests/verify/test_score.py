"""The checks catch every mutant, the page says so, and a useless check is noticed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convmat import sliding
from convmat.errors import ConvmatError
from convmat.geometry import geometry
from convmat.verify.checks import CHECKS, Check, Finding
from convmat.verify.mutants import MUTANTS, SCORED, SUITES, Score, score
from convmat.verify.mutants.mutant import box
from convmat.verify.mutants.page import renew, renewed
from convmat.verify.mutants.suites import _ONNX
from convmat.verify.trial_list import trial

PAGE = Path(__file__).parents[2] / "docs" / "mutants.md"
FEW = {name: MUTANTS[name] for name in ("kernel-flipped", "bias-twice")}
EQUAL, BIAS = CHECKS["equal-to-the-matrix"], "bias-is-added"


@pytest.fixture(scope="module")
def scored():
    return score(progress=False)


def always(verdict):
    """A check that looks at nothing but the black box that it is given."""

    def run(implementation, trial):
        implementation.apply(trial.x, trial.kernel, trial.geometry)
        if not verdict(implementation):
            return None
        return Finding("always", "forward", "is wrong", trial.geometry)

    return Check("always", "All is well.", "It is not.", ("forward",), run)


# ------------------------------------------------------------------ the whole score


def test_every_mutant_is_caught(scored):
    assert set(scored.caught) == set(MUTANTS)
    assert scored.missed == ()


def test_every_check_catches_something(scored):
    assert scored.checks == tuple(CHECKS)
    assert scored.idle == ()


def test_the_page_is_what_the_code_gives(scored):
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page, scored) == page, (
        "docs/mutants.md is stale: python -m convmat.verify.mutants docs/mutants.md"
    )


def test_both_outside_suites_miss_what_symmetry_hides(scored):
    hidden = {"strides-swapped", "dilations-swapped", "pads-sides-swapped"}
    hidden |= {"groups-forgotten", "batch-first-for-all", "relative-noise"}
    for found in scored.suites.values():
        assert not found & hidden
    assert "kernel-flipped" not in scored.suites["onnx"]
    assert "kernel-flipped" in scored.suites["symmetric"]


# --------------------------------------------------------------------- how it scores


def test_a_check_that_is_needed_is_named_with_what_it_alone_catches():
    found = score({name: CHECKS[name] for name in (EQUAL.name, BIAS)}, FEW)
    assert found.alone == {
        EQUAL.name: ("kernel-flipped",),
        BIAS: ("bias-twice",),
    }


def test_a_check_that_catches_nothing_is_named():
    nothing = always(lambda _: False)
    found = score({EQUAL.name: EQUAL, "always": nothing}, FEW)
    assert found.idle == ("always",)
    assert found.missed == ("bias-twice",)
    assert str(found).splitlines()[0] == "1 of 2 mutants caught"
    assert "catch nothing: always" in str(found)


def test_a_check_that_finds_something_in_what_is_right_is_refused():
    with pytest.raises(ConvmatError, match=r"checks\['always'\] must find nothing"):
        score({"always": always(lambda _: True)}, FEW)


def test_a_check_is_not_run_on_mutants_of_maps_that_it_does_not_call():
    names = always(lambda one: one.name != "right")
    backward = {"kernel-grad-flipped": MUTANTS["kernel-grad-flipped"]}
    assert score({"always": names}, backward).missed == ("kernel-grad-flipped",)
    assert score({"always": names}, FEW).missed == ()


def test_a_mutant_that_spoils_its_arguments_does_not_spoil_the_next_check():
    name = "kernel-grad-in-place"
    one = trial(SCORED[0], box("right").supports)
    before = one.grad.copy()
    score(CHECKS, {name: MUTANTS[name]}, [one])
    assert np.array_equal(one.grad, before)


def test_a_lost_call_is_no_catch_of_the_check_that_made_it():
    size = {"size-rounded-up": MUTANTS["size-rounded-up"]}
    found = score({n: CHECKS[n] for n in ("output-shape", "input-kept")}, size)
    assert found.caught["size-rounded-up"] == ("output-shape",)


# ----------------------------------------------------------------------- the suites


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_a_right_convolution_passes_an_outside_suite(suite):
    assert not suite.catches(box("right"))


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_an_outside_suite_catches_what_raises(suite):
    def broken(*arguments, **settings):
        raise ArithmeticError

    assert suite.catches(replace(box("broken"), forward=broken))


def test_the_sixth_example_of_onnx_has_the_numbers_that_onnx_gives():
    # test_conv_with_autopad_same; the other five are in tests/goldens/test_onnx.py.
    x, kernel = np.arange(25).reshape(1, 1, 5, 5), np.ones((1, 1, 3, 3), int)
    assert sliding.forward(x, kernel, _ONNX[5])[0, 0].tolist() == [
        [12, 27, 24],
        [63, 108, 81],
        [72, 117, 84],
    ]


def test_the_examples_of_onnx_are_six_with_one_channel_and_nine_taps():
    assert len(set(_ONNX)) == 6
    assert {g.weight_shape for g in _ONNX} == {(1, 1, 3, 3)}


# ------------------------------------------------------------------------- the page


def test_a_page_without_marks_is_refused(scored):
    with pytest.raises(ConvmatError, match=r"must have the marks <!-- totals -->"):
        renewed("nothing", scored)


def test_a_renewed_page_keeps_what_people_wrote(tmp_path, scored):
    page = tmp_path / "page.md"
    parts = ("totals", "mutants", "checks")
    marks = "and\n".join(f"<!-- {name} -->\nworn out\n<!-- end -->\n" for name in parts)
    page.write_text(f"# Before\n{marks}after\n", encoding="utf-8")
    renew(page, scored)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Before\n<!-- totals -->\n\n|  | all ")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "worn out" not in text
    renew(page, scored)
    assert page.read_text(encoding="utf-8") == text


def test_a_missed_mutant_is_shown_as_such():
    nothing = Score(("one",), {"kernel-flipped": ()}, {"onnx": frozenset()})
    page = (
        "<!-- totals -->\n<!-- end --><!-- mutants -->\n<!-- end --><!-- checks -->\n"
    )
    text = renewed(f"{page}<!-- end -->", nothing)
    assert "| `kernel-flipped` | the kernel flipped on all axes" in text
    assert "| **none** |" in text


def test_scored_geometries_are_few_and_of_every_rank():
    assert len(set(SCORED)) == len(SCORED) <= 14
    assert {g.rank for g in SCORED} == {1, 2, 3}
    assert geometry((1, 5), (1, 1, 3)) in SCORED
