"""Every mutant is wrong somewhere, in one map, and for the reason that it gives."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given

from convmat import sliding
from convmat.geometry import geometry
from convmat.verify.mutants import ASKED, MUTANTS, Mutant
from convmat.verify.mutants.dictionary import _FAMILIES
from convmat.verify.mutants.mutant import box
from convmat.verify.mutants.probes import PROBES, reaction
from convmat.verify.mutants.reads import along, maps, right_reads
from convmat.verify.strategies import cases
from convmat.verify.strategies.cases import Case
from convmat.verify.witnesses import WITNESSES

each_mutant = pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)

RIGHT = box("right")
RICH = WITNESSES["2-D dilation, stride and pads"]


def differs(mutant: Mutant, part: str, g, probe) -> bool:
    seen = reaction(mutant.build(), part, g, probe)
    return seen != reaction(RIGHT, part, g, probe)


def made(name: str, x, kernel, **settings):
    """The numbers that a mutant makes of one image and one filter."""
    x, kernel = np.array(x), np.array(kernel)
    g = geometry((1, *x.shape), (1, 1, *kernel.shape), **settings)
    outcome = MUTANTS[name].build().apply(x[None, None], kernel[None, None], g)
    return outcome.result[0, 0].tolist()


# ------------------------------------------------------------------------ the reads

WITNESS = Case(
    RICH,
    np.arange(36).reshape(RICH.weight_shape),
    np.arange(168).reshape(2, *RICH.input_shape),
    np.arange(2 * np.prod(RICH.output_shape)).reshape(2, *RICH.output_shape),
)


@given(cases())
@example(WITNESS)
def test_right_reads_make_the_right_maps(case):
    g, kernel, x, grad = case
    three = maps(right_reads)
    assert np.array_equal(three["forward"](x, kernel, g), sliding.forward(x, kernel, g))
    expected = sliding.input_grad(grad, kernel, g)
    assert np.array_equal(three["input_grad"](grad, kernel, g), expected)
    expected = sliding.kernel_grad(grad, x, g)
    assert np.array_equal(three["kernel_grad"](grad, x, g), expected)


def test_axes_that_are_left_alone_make_the_right_reads():
    for g in WITNESSES.values():
        bent, right = along(lambda axes: axes)(g), right_reads(g)
        assert np.array_equal(bent.channels, right.channels)
        assert np.array_equal(bent.cells, right.cells)
        assert bent.outs == right.outs == g.output_size


def test_bugs_of_strides_and_pads_do_not_show_where_there_are_none():
    plain = geometry((2, 4, 5), (3, 2, 2, 3))
    shown = [
        mutant.name
        for mutant in MUTANTS.values()
        if mutant.family in ("stride", "padding", "modes")
        and differs(mutant, mutant.part, plain, PROBES["integers"])
    ]
    assert shown == ["dilation-one-more"]


# ------------------------------------------------------------------------ all of them


def test_there_are_at_least_sixty_and_no_two_have_a_name():
    assert len(MUTANTS) == sum(map(len, _FAMILIES)) >= 60


def test_no_two_of_a_map_have_the_same_words():
    told = [(mutant.part, mutant.words) for mutant in MUTANTS.values()]
    assert len(set(told)) == len(told)


@each_mutant
def test_a_mutant_is_wrong_on_a_witness(mutant):
    assert any(
        differs(mutant, mutant.part, g, probe)
        for probe in PROBES.values()
        if mutant.part in probe.parts
        for g in ASKED
    )


def test_mutants_are_right_in_their_other_maps():
    assert not [
        mutant.name
        for mutant in MUTANTS.values()
        for part in {"forward", "input_grad", "kernel_grad"} - {mutant.part}
        if differs(mutant, part, RICH, PROBES["integers"])
    ]


def test_what_mutants_say_of_themselves_is_in_form():
    for mutant in MUTANTS.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mutant.name)
        assert mutant.build().name == mutant.name
        assert all(s.startswith("https://github.com/") for s in mutant.sources)


@pytest.mark.parametrize("name", [m.name for m in MUTANTS.values() if "st" in m.family])
def test_a_fresh_mutant_remembers_nothing(name):
    probe, part = PROBES["again"], MUTANTS[name].part
    first = reaction(MUTANTS[name].build(), part, RICH, probe)
    assert reaction(MUTANTS[name].build(), part, RICH, probe) == first


# ------------------------------------------------------------------- by other means


def test_a_flipped_kernel_makes_the_convolution_of_signal_processing():
    assert made("kernel-flipped", [1, 2, 3, 4], [1, 10, 100]) == [123, 234]


def test_transposed_taps_are_those_of_the_transposed_kernel():
    x = np.arange(12).reshape(3, 4)
    kernel = np.array([[1, 10], [100, 1000]])
    g = geometry((1, 3, 4), (1, 1, 2, 2))
    expected = sliding.forward(x[None, None], kernel.T[None, None], g)[0, 0].tolist()
    assert made("kernel-transposed", x, kernel) == expected


def test_swapped_strides_read_at_each_others_distance():
    x = np.arange(30).reshape(5, 6)
    # As many outputs as there should be, 5 by 2, but read from every third row.
    assert made("strides-swapped", x, [[1]], stride=(1, 3)) == [
        [0, 1],
        [18, 19],
        [0, 0],
        [0, 0],
        [0, 0],
    ]


def test_swapped_sides_are_those_of_the_mirrored_padding():
    swapped = made("pads-sides-swapped", [1, 2, 3], [1, 10], padding=((2, 1),))
    right = np.correlate([0, 1, 2, 3, 0, 0], [1, 10], "valid")
    assert swapped == right.tolist()


def test_ones_in_the_padding_count_like_cells_of_the_input():
    assert made("pads-one", [5, 6], [1, 10], padding=1) == [51, 65, 16]


def test_minus_infinity_spreads_from_the_padding():
    assert made("pads-minus-infinity", [5.0, 6.0], [1.0, 1.0], padding=1) == [
        -np.inf,
        11,
        -np.inf,
    ]


def test_a_row_that_runs_on_reads_the_next_one():
    x = np.arange(6).reshape(2, 3)
    # The tap after the last cell of row 0 reads 3, which begins row 1.
    assert made("border-next-row", x, [[1, 10]], padding=((0, 0), (0, 1))) == [
        [10, 21, 32],
        [43, 54, 5],
    ]


def test_an_index_below_zero_counts_from_the_end():
    assert made("border-from-the-back", [1, 2, 3], [1, 10], padding=((1, 0),)) == [
        13,
        21,
        32,
    ]


def test_a_size_that_is_rounded_up_has_one_output_more():
    mutant = MUTANTS["size-rounded-up"].build()
    x, kernel = np.ones((1, 1, 4)), np.ones((1, 1, 1))
    outcome = mutant.apply(x, kernel, geometry((1, 4), (1, 1, 1), stride=3))
    assert outcome.problems == ()
    outcome = mutant.apply(x, kernel, geometry((1, 4), (1, 1, 1), stride=2))
    assert outcome.problems[0].words == "returned shape (1, 1, 3), not (1, 1, 2)"


def test_output_padding_at_the_start_moves_the_transposed_convolution():
    mutant = MUTANTS["input-grad-output-padding-first"].build()
    g = geometry((1, 6), (1, 1, 2), stride=3)  # one cell is left over
    grad, kernel = np.array([[[1, 10]]]), np.array([[[1, 2]]])
    result = mutant.gradient_by_input(grad, kernel, g).result
    assert result.tolist() == [[[0, 1, 2, 0, 10, 20]]]


def test_a_gradient_averaged_over_ties_is_the_sum_over_multiplicities():
    mutant = MUTANTS["kernel-grad-tie-averaged"].build()
    g = geometry((1, 3), (1, 1, 2), padding=1)  # each tap is held three times
    grad, x = np.array([[[6.0, 3, 9, 3]]]), np.array([[[1.0, 2, 4]]])
    right = sliding.kernel_grad(grad, x, g)
    result = mutant.gradient_by_kernel(grad, x, g).result
    assert result.tolist() == (right / 3).tolist()


def test_integers_wrap_at_32_bits():
    assert made("int32-wrapped", [2**31 - 1], [2]) == [-2]
    assert made("int32-saturated", [2**31 - 1], [2]) == [2**31 - 1]


def test_the_stale_output_is_the_sum_of_two_calls():
    mutant = MUTANTS["stale-output"].build()
    g = geometry((1, 2), (1, 1, 1))
    x, kernel = np.array([[[1, 2]]]), np.array([[[3]]])
    first, second = (mutant.apply(x, kernel, g).result.tolist() for _ in range(2))
    assert (first, second) == ([[[3, 6]]], [[[6, 12]]])


# ------------------------------------------------------------------------ the probes


def test_no_probe_asks_for_what_is_not_claimed():
    modest = replace(RIGHT.supports, batch=False, bias=False, dtypes=("float32",))
    for probe in PROBES.values():
        for call in probe.calls(RICH, modest):
            assert (len(call.x), call.x.dtype, call.bias) == (1, np.float32, None)


def test_an_order_of_sums_does_not_change_a_reaction():
    def backwards(x, kernel, bias=None, **settings):
        g = geometry(x.shape[1:], kernel.shape, **settings)
        y = sliding.forward(x[:, ::-1], kernel[:, ::-1], g)
        return y if bias is None else y + bias.reshape(-1, *(1,) * g.rank)

    other = replace(RIGHT, forward=backwards)
    ungrouped = [g for g in WITNESSES.values() if g.groups == 1]
    for g in ungrouped:
        for probe in PROBES.values():
            seen = reaction(other, "forward", g, probe)
            assert seen == reaction(RIGHT, "forward", g, probe)
