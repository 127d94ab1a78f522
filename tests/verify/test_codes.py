"""Maps in code: they hide nothing that is below 64, and what is wrong gets its name."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import geometry, sliding, tie_map
from convmat.verify import ROUTES, Route, prove, sample
from convmat.verify.case import Case
from convmat.verify.codes import (
    CODES,
    FEW,
    LEAST,
    WIDE,
    coded_entries,
    coded_kernels,
    pairs,
    wide_entries,
    wide_pairs,
)
from convmat.verify.comparison import Comparison, in_blocks
from convmat.verify.readings import one_hot
from convmat.verify.strategies import geometries

WITNESSES = {
    "plain": geometry(5, 2),
    "unequal pads and strides": geometry(
        (3, 4), (2, 3), stride=(1, 2), padding=[(0, 2), (1, 0)]
    ),
    "ten taps": geometry((4, 6), (2, 5), padding=1),
    "groups with stride": geometry((4, 5), (6, 2, 2), groups=2, stride=2, padding=1),
    "dead taps": geometry(1, 3, padding=1),
    "shared entries": geometry((3, 2), (3, 2), padding=1, padding_mode="reflect"),
    "wide": geometry((2, 33), (1, 3), padding=[0, (2, 0)], dilation=(1, 2)),
}


@given(st.lists(st.integers(1 - LEAST, LEAST - 1), min_size=FEW, max_size=FEW))
@example([63] * FEW)
@example([0] * (FEW - 1) + [-63])
def test_differences_below_64_do_not_cancel(differences):
    code = int(np.dot(differences, CODES))
    assert (code == 0) == (not any(differences))
    assert abs(code) < 2**55


def test_a_difference_of_64_may_cancel_which_is_what_the_report_says():
    assert np.dot([64, 1, *[0] * (FEW - 2)], CODES) == 0


def test_results_in_code_fit_doubles():
    """Also those of random integers, from -9 to 9, that go along with the units."""
    assert 9 * int(np.abs(coded_kernels(FEW)).sum()) < 2**53


@settings(max_examples=40)
@given(geometries(max_rank=3, max_size=4), st.integers(0, 10**6))
@example(geometry((2, 2), (3, 3), padding=4, padding_mode="replicate"), 0)
@example(geometry((3, 3), (3, 3), padding=3, padding_mode="symmetric"), 5)
@example(geometry((4, 4), (8, 2, 1), groups=2, padding=4, padding_mode="circular"), 1)
def test_right_routes_raise_no_alarm(g, number):
    comparison = Comparison(tuple(ROUTES.values()), seed=0)
    assert comparison.first_wrong([g], number) is None


@pytest.mark.parametrize("power", [np.square, np.abs, np.sign])
def test_a_kernel_of_one_tap_is_told_from_its_powers(power):
    def forward(kernel, x, g):
        return sliding.forward(x, power(kernel), g)

    route = Route("wrong", ROUTES["sliding"].carries, forward)
    assert not prove(geometry(3, 1), routes=[route]).passed


@pytest.mark.parametrize("g", WITNESSES.values(), ids=WITNESSES)
def test_coded_entries_are_the_tie_map_in_code(g):
    ties, reading = tie_map(g), one_hot(g)
    kernels = coded_kernels(g.free_parameters)
    assert np.count_nonzero(kernels, axis=0).tolist() == [1] * g.free_parameters
    assert np.array_equal(coded_entries(ties), np.tensordot(kernels, reading, 1))


@pytest.mark.parametrize("g", WITNESSES.values(), ids=WITNESSES)
def test_coded_pairs_are_the_tie_map_in_code(g):
    plan = pairs(*g.matrix_shape)
    expected = np.einsum("ir,jc,trc->ijt", plan.grads, plan.inputs, one_hot(g))
    assert np.array_equal(plan.coded_entries(tie_map(g)), expected)


@pytest.mark.parametrize("g", WITNESSES.values(), ids=WITNESSES)
def test_wide_pairs_are_the_tie_map_in_code(g):
    grads, inputs = wide_pairs(*g.matrix_shape)
    reading = one_hot(g).astype(object)
    expected = np.tensordot(grads @ reading, inputs, (2, 0)).T  # (calls, taps)
    assert np.array_equal(wide_entries(tie_map(g)), expected)


@pytest.mark.parametrize("rows", [1, 2, 9, 10, 17, 700])
@pytest.mark.parametrize("columns", [1, 3, 4, 9, 20, 512])
def test_every_pair_has_a_code_of_its_own_in_its_call(rows, columns):
    plan = pairs(rows, columns)
    grads, inputs = wide_pairs(rows, columns)
    for outer, inner in ((plan.grads, plan.inputs), (grads, inputs[None])):
        assert (np.count_nonzero(outer, axis=0) == 1).all()
        assert (np.count_nonzero(inner, axis=0) == 1).all()
        first = np.outer(outer[0][outer[0] != 0], inner[0][inner[0] != 0]).ravel()
        assert len(set(first.tolist())) == first.size <= WIDE
    assert set(np.outer(plan.grads[0], plan.inputs[0]).ravel()) <= {0, *CODES.tolist()}


def changed(part, tap, row, column, weight):
    """The sliding window with one wrong entry in one of its maps."""
    right = ROUTES["sliding"]

    def forward(kernel, x, g):
        y = sliding.forward(x, kernel, g)
        share = weight * kernel.reshape(-1)[tap] * x.reshape(len(x), -1)[:, column]
        y.reshape(len(y), -1)[:, row] += share
        return y

    def input_grad(grad, kernel, g):
        x = np.ascontiguousarray(sliding.input_grad(grad, kernel, g))
        share = weight * kernel.reshape(-1)[tap] * grad.reshape(len(x), -1)[:, row]
        x.reshape(len(x), -1)[:, column] += share
        return x

    def kernel_grad(grad, x, g):
        total = sliding.kernel_grad(grad, x, g)
        share = grad.reshape(len(x), -1)[:, row] * x.reshape(len(x), -1)[:, column]
        total.reshape(-1)[tap] += weight * share.sum()
        return total

    maps = {"forward": forward, "input_grad": input_grad, "kernel_grad": kernel_grad}
    whole = {"forward": right.apply, "input_grad": right.input_grad}
    whole["kernel_grad"] = right.kernel_grad
    whole[part] = maps[part]
    return Route("wrong", right.carries, *whole.values())


@given(
    geometries(max_rank=2, max_size=4),
    st.sampled_from(["forward", "input_grad", "kernel_grad"]),
    st.integers(-120, 120).filter(bool),
    st.data(),
)
def test_one_wrong_entry_anywhere_is_found_and_named(g, part, weight, data):
    rows, columns = g.matrix_shape
    tap = data.draw(st.integers(0, g.free_parameters - 1), label="tap")
    row = data.draw(st.integers(0, rows - 1), label="row")
    column = data.draw(st.integers(0, columns - 1), label="column")
    proof = prove(g, routes=[changed(part, tap, row, column, weight)])
    found = proof.failure
    assert (found.part, found.row, found.column, found.tap) == (part, row, column, tap)
    assert found.got == found.expected + weight


@pytest.mark.parametrize("pool", [1 << 16, 50])
def test_integers_of_a_geometry_depend_on_seed_and_number_alone(monkeypatch, pool):
    """Also where the shared ones do not suffice."""
    monkeypatch.setattr(sample, "_POOL", pool)
    monkeypatch.setattr(sample, "_pool", sample._pool.__wrapped__)  # without its cache
    for each in WITNESSES.values():
        first, again, other, later = (
            Case(each, seed, number).random("forward")
            for seed, number in ((0, 5), (0, 5), (1, 5), (0, 6))
        )
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        for another in (other, later):
            assert not all(
                np.array_equal(a, b)
                for a, b in zip(first[:2], another[:2], strict=True)
            )
        assert np.array_equal(first[2], sliding.forward(first[1], first[0], each))


def test_no_route_may_write_to_what_it_is_given():
    for g in WITNESSES.values():
        case = Case(g, 0, 0)
        for part in ("forward", "input_grad", "kernel_grad", "bias"):
            for objects in (False, True):
                for first, second, _ in case.checks(part, objects):
                    assert not first.flags.writeable
                    assert not second.flags.writeable


def test_every_route_runs_on_every_geometry_and_in_few_calls():
    """The counts behind the speed: calls of the route's own functions."""
    calls = []
    right = ROUTES["sliding"]

    def counted(function):
        def run(first, second, g):
            calls.append((g, first.dtype))
            return function(first, second, g)

        return run

    maps = (right.apply, right.input_grad, right.kernel_grad)
    held = [geometry(n, k, padding=1) for n in (1, 3, 5) for k in (1, 2, 3)]
    for carries, most in ((right.carries, 4), (ROUTES["fast"].carries, 8)):
        calls.clear()
        assert prove(held, routes=[Route("counted", carries, *map(counted, maps))])
        for g in held:
            assert 4 <= sum(each is g for each, _ in calls) <= most
        in_objects = {dtype for _, dtype in calls}
        assert (np.dtype(object) in in_objects) == (np.dtype(object) in carries)


def test_blocks_hold_many_small_geometries_or_one_large():
    small, large = geometry(3, 2), geometry((60, 60), (5, 5))
    blocks = list(in_blocks([small] * 70 + [large] * 2 + [small]))
    assert [len(block) for block in blocks] == [64, 6, 1, 1, 1]
    assert list(in_blocks([])) == []
