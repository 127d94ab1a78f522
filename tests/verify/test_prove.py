"""`prove`: what it covers, what it reports, and how a failure reproduces itself."""

import contextlib
import io

import numpy as np
import pytest

from convmat import geometry, sliding
from convmat.geometry import doors
from convmat.verify import BOXES, ROUTES, Box, Counterexample, Proof, Route, prove

PLAIN = geometry((3, 3), (2, 2))
WITNESS = geometry((3, 4), (2, 3), stride=(1, 2), padding=[(0, 2), (1, 0)])


def wrong_forward(change):
    """A route that changes the sliding window's result."""
    return Route(
        "wrong",
        ROUTES["sliding"].carries,
        lambda kernel, x, g: change(sliding.forward(x, kernel, g)),
    )


def failure(route: Route, g=PLAIN) -> Counterexample:
    proof = prove([g], routes=[route])
    assert not proof.passed
    return proof.failure


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_every_route_is_proved_over_every_box(box):
    proof = prove(box)
    assert proof.failure is None, str(proof.failure)
    assert proof.passed
    assert proof.box == box.name
    assert proof.geometries == len(box)
    assert proof.routes == tuple(ROUTES)


def test_every_entry_of_every_map_is_counted():
    rows, columns = PLAIN.matrix_shape
    maps = 5 + 5 + 4  # forward and input gradient of all; one has no kernel gradient
    proof = prove([PLAIN])
    assert proof.entries == maps * PLAIN.free_parameters * rows * columns
    # Two inputs each, and the sum with a bias once more.
    assert proof.tested == 5 * 2 * rows + 5 * 2 * columns + 4 * 4 + 2 * rows


def test_report_tells_proved_and_tested_apart():
    lines = str(prove([PLAIN], seed=7)).splitlines()
    assert lines[0].startswith("PASS geometries: 1 geometries, routes sliding, matrix")
    assert lines[1] == (
        "  proved, given bilinearity and entries below 63 in size: 2,016 entries of "
        "forward maps, input and kernel gradients"
    )
    assert lines[2] == (
        "  tested: bilinearity and bias, 154 results on random integers, seed 7"
    )


def test_comparison_stops_at_the_first_wrong_number():
    cases = iter([PLAIN, WITNESS, geometry(9, 3)])
    proof = prove(cases, routes=[wrong_forward(lambda y: y + 1)])
    assert proof.geometries == 1
    assert next(cases) is WITNESS
    assert str(proof).startswith("FAIL geometries: 1 geometries, routes wrong")


def test_wrong_entry_is_named_by_output_input_and_tap():
    def drop(y):
        y[..., 1, 0] = 0
        return y

    found = failure(wrong_forward(drop))
    assert (found.part, found.row, found.column, found.tap) == ("forward", 2, 3, 0)
    assert (found.expected, found.got) == (1, 0)
    assert "output 2 (0, 1, 0) reads input 3 (0, 1, 0) through tap 0" in str(found)
    assert "with weight 0, and it should be 1" in str(found)


def test_wrong_shape_is_a_counterexample():
    found = failure(wrong_forward(lambda y: y[..., :-1]))
    assert (found.row, found.column, found.tap) == (None, None, None)
    assert "there should be an int64 array of shape (9, 1, 2, 2)" in str(found)
    assert "there was TypeError: an array of int64 and shape (9, 1, 2, 1)" in str(found)


def test_lost_integers_are_a_counterexample():
    found = failure(wrong_forward(lambda y: y.astype(float)))
    assert "an array of float64 and shape" in str(found)


def test_an_error_is_a_counterexample():
    def fail(y):
        message = "not today"
        raise ZeroDivisionError(message)

    found = failure(wrong_forward(fail))
    assert isinstance(found.got, ZeroDivisionError)
    assert "and there was ZeroDivisionError: not today" in str(found)


def test_writing_to_the_input_is_a_counterexample():
    def scribble(kernel, x, g):
        x += 1
        return sliding.forward(x, kernel, g)

    found = failure(Route("scribble", ROUTES["sliding"].carries, scribble))
    assert "read-only" in str(found)


@pytest.mark.parametrize(
    "change",
    [
        lambda kernel, x, g: sliding.forward(x, kernel**2, g),
        lambda kernel, x, g: sliding.forward(np.abs(x), kernel, g),
        lambda kernel, x, g: sliding.forward(x, kernel, g).clip(-50, 50),
    ],
    ids=["square of the kernel", "size of the input", "results cut off"],
)
def test_what_is_right_on_the_basis_and_not_bilinear_is_caught_by_the_test(change):
    found = failure(Route("wrong", ROUTES["sliding"].carries, change))
    assert found.part == "forward"
    assert found.row is not None
    assert (found.column, found.tap) == (None, None)
    assert "on random integers output" in str(found)


@pytest.mark.parametrize("weight", [-127, -3, 2, 100, 127])
def test_wrong_weight_of_a_kernel_gradient_is_read_as_it_is(weight):
    def wrong(grad, x, g):
        gradient = sliding.kernel_grad(grad, x, g)
        gradient[0, 0, 1, 0] += weight * (grad[:, 0, 0, 1] * x[:, 0, 2, 2]).sum()
        return gradient

    sliding_route = ROUTES["sliding"]
    route = Route("wrong", sliding_route.carries, sliding_route.apply, None, wrong)
    found = failure(route)
    assert (found.part, found.row, found.column, found.tap) == ("kernel_grad", 1, 8, 2)
    assert (found.expected, found.got) == (0, weight)
    assert "the kernel gradient of route 'wrong' is wrong" in str(found)


@pytest.mark.parametrize("weight", [255, 256, -256, 1000, 10**9])
def test_huge_wrong_weight_of_a_kernel_gradient_is_found_where_digits_run_over(weight):
    """A weight of 255 may look like others, and still not like the right ones."""

    def wrong(grad, x, g):
        gradient = sliding.kernel_grad(grad, x, g)
        return gradient + weight * (grad.sum() * x.sum())

    sliding_route = ROUTES["sliding"]
    route = Route("wrong", sliding_route.carries, sliding_route.apply, None, wrong)
    assert failure(route).part == "kernel_grad"


def printed(program):
    """What the program prints, as it stands."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        exec(program, {})
    return stream.getvalue().strip()


@pytest.mark.parametrize("part", ["forward", "input_grad", "kernel_grad"])
@pytest.mark.parametrize(
    "change", [lambda result: 3 * result, np.abs], ids=["basis", "random"]
)
def test_snippet_prints_the_wrong_number(monkeypatch, part, change):
    right = getattr(sliding, part)
    monkeypatch.setattr(sliding, part, lambda *arguments: change(right(*arguments)))
    found = failure(ROUTES["sliding"], WITNESS)
    assert found.part == part
    assert printed(found.snippet()) == str(found.got)
    assert f"# expected {found.expected}" in found.snippet()


def test_snippet_of_a_bias_prints_the_wrong_number(monkeypatch):
    right = doors.read_bias
    monkeypatch.setattr(doors, "read_bias", lambda *given: right(*given)[::-1])
    g = geometry((2, 3), (4, 1, 2), groups=2, padding=1, stride=2)
    found = failure(ROUTES["sliding"], g)
    assert (found.route, found.part) == ("conv", "bias")
    assert printed(found.snippet()) == str(found.got)


def test_routes_are_chosen_by_the_caller():
    proof = prove([PLAIN], routes=[ROUTES["matrix"]])
    assert proof.routes == ("matrix",)
    assert proof.entries == 3 * 4 * 4 * 9
    assert proof.tested == 2 * 4 + 2 * 9 + 4  # and no bias, which is conv's


def test_same_seed_gives_the_same_report():
    first, second = (prove(BOXES["volume"], seed=3) for _ in range(2))
    assert (first.entries, first.tested) == (second.entries, second.tested)


def test_no_bar_is_drawn_unless_it_is_wanted(capsys):
    prove([PLAIN], progress=False)
    prove([PLAIN])  # not a terminal
    prove([PLAIN], progress=True)  # over before the bar's two seconds
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_long_run_draws_a_bar_when_it_is_wanted(capsys, monkeypatch):
    from tqdm import tqdm

    class AtOnce(tqdm):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **{**settings, "delay": 0})

    monkeypatch.setattr("tqdm.tqdm", AtOnce)
    prove(BOXES["volume"], progress=True)
    assert "volume: 100%" in capsys.readouterr().err


def test_an_empty_box_proves_nothing_and_says_so():
    proof = prove(Box("empty", "no geometry at all", lambda: iter(())))
    assert proof == Proof("empty", tuple(ROUTES), 0, 0, 0, 0, proof.seconds, None)
