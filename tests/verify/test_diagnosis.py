"""Every mutant is diagnosed as itself; what cannot be told apart is said to be so."""

from dataclasses import replace

import numpy as np
import pytest

from convmat import conv, conv_input_grad, conv_kernel_grad
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES, geometry
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.entrywise import implied_matrix
from convmat.verify.mutants import MUTANTS, diagnose, diagnose_reading
from convmat.verify.mutants.mutant import box
from convmat.verify.readings import one_hot, read_input_grad, read_kernel_grad
from convmat.verify.witnesses import WITNESSES

PLAIN = geometry((1, 5), (1, 1, 2))
ALL_MODES = Supports(modes=PADDING_MODES, dtypes=("float64", "float32", "int64"))


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_is_diagnosed_as_itself_and_as_no_other(mutant):
    (likely,) = diagnose(mutant.build())
    assert likely.part == mutant.part
    assert [found.name for found in likely.mutants] == [mutant.name]
    assert str(likely) == f"{mutant.part} looks like {mutant.words}"


def test_nothing_is_found_in_a_right_convolution():
    mine = Implementation("conv", conv, conv_input_grad, conv_kernel_grad, ALL_MODES)
    assert diagnose(mine) == ()
    assert diagnose(box("right")) == ()


def test_a_wrong_convolution_that_is_right_here_has_no_diagnosis():
    square = geometry((1, 5, 5), (1, 1, 3, 3), stride=2)
    assert diagnose(MUTANTS["strides-swapped"].build(), [square]) == ()


def test_siblings_are_all_named_with_the_geometry_that_tells_them_apart():
    black_box = MUTANTS["kernel-flipped-last"].build()
    (likely,) = diagnose(black_box, [PLAIN])
    names = {mutant.name for mutant in likely.mutants}
    assert {"kernel-flipped", "kernel-flipped-first", "kernel-flipped-last"} <= names
    assert likely.witness in WITNESSES.values()
    assert f"ask {likely.witness!r} to tell them apart" in str(likely)
    (sure,) = diagnose(black_box, [PLAIN, likely.witness])
    assert {mutant.name for mutant in sure.mutants} < names


def test_siblings_that_no_claimed_geometry_tells_apart_are_said_to_be_so():
    line = replace(MUTANTS["kernel-flipped"].build(), supports=Supports(ranks=(1,)))
    (likely,) = diagnose(line)
    names = [mutant.name for mutant in likely.mutants]
    assert names == ["kernel-flipped", "kernel-flipped-last", "kernel-flipped-first"]
    assert likely.witness is None
    assert str(likely).endswith("; nothing that it claims tells them apart")


def test_each_map_has_a_diagnosis_of_its_own():
    forward = MUTANTS["kernel-flipped"].build()
    backward = MUTANTS["kernel-grad-flipped"].build()
    both = replace(forward, kernel_grad=backward.kernel_grad)
    found = [(one.part, one.mutants[0].name) for one in diagnose(both)]
    assert found == [
        ("forward", "kernel-flipped"),
        ("kernel_grad", "kernel-grad-flipped"),
    ]


def test_an_unknown_bug_is_unlike_any_with_its_first_wrong_numbers():
    def one_more(x, kernel, bias=None, **settings):
        y = conv(x, kernel, bias, **settings)
        y[:, :, -1] += 1
        return y

    (likely,) = diagnose(Implementation("odd", one_more), [PLAIN])
    assert likely.mutants == ()
    assert likely.where == f"on small integers for {PLAIN!r}"
    assert likely.pattern[0].startswith("output (0, 0, 3) is ")
    assert str(likely).startswith("forward is unlike any known mutant: wrong on small")


def test_two_bugs_at_once_are_like_the_one_that_explains_more():
    def both(x, kernel, bias=None, **settings):
        y = conv(x, np.flip(kernel, range(2, kernel.ndim)), bias, **settings)
        if x.shape[1] > 2:
            y[:, -1] = 0
        return y

    (likely,) = diagnose(Implementation("both", both))
    assert likely.mutants == ()
    assert MUTANTS["kernel-flipped"] in likely.nearest
    some, every = likely.explained
    assert 0 < some < every
    assert f"in {some} of {every} cases it looks like the kernel flipped" in str(likely)


def test_what_goes_wrong_in_a_call_is_told():
    def broken(x, kernel, bias=None, **settings):
        message = "no such kernel"
        raise RuntimeError(message)

    (likely,) = diagnose(Implementation("broken", broken), [PLAIN])
    assert likely.pattern == ("raised RuntimeError: no such kernel",)


def test_a_result_of_another_dtype_is_told():
    def wide(x, kernel, bias=None, **settings):
        return conv(x, kernel, bias, **settings).astype(np.complex128)

    (likely,) = diagnose(Implementation("wide", wide), [PLAIN])
    wanted = "the result is of complex128, and should be of float64"
    assert likely.pattern[0] == wanted


def test_only_what_is_claimed_is_asked_for():
    def strideless(x, kernel, bias=None, *, stride, **settings):
        assert set(stride) == {1}
        return conv(x, kernel, bias, **settings)

    claims = replace(ALL_MODES, stride=False)
    assert diagnose(Implementation("mine", strideless, supports=claims)) == ()


def test_only_ranks_that_are_claimed_are_asked_for():
    def planes(x, kernel, bias=None, **settings):
        assert x.ndim == 4
        return conv(x, kernel, bias, **settings)

    claims = replace(ALL_MODES, ranks=(2,))
    assert diagnose(Implementation("mine", planes, supports=claims)) == ()


def test_geometries_of_which_none_is_claimed_are_refused():
    black_box = Implementation("mine", conv, supports=Supports(ranks=(2,)))
    with pytest.raises(ConvmatError, match=r"must be claimed, at least one.*rank 1"):
        diagnose(black_box, [PLAIN])
    with pytest.raises(ConvmatError, match=r"must be claimed, at least one"):
        diagnose(black_box, [])


# ------------------------------------------------------------------------ readings

TABLED = geometry((2, 4, 3), (2, 2, 2, 2), padding=((1, 0), (0, 1)), stride=(1, 2))


def test_a_right_reading_has_no_diagnosis():
    assert diagnose_reading(one_hot(TABLED), TABLED) is None


def test_a_reading_is_matched_to_the_mutant_that_has_it():
    bent = one_hot(TABLED).reshape(2, 2, 2, 2, *TABLED.matrix_shape)[:, :, ::-1]
    reading = bent.reshape(16, *TABLED.matrix_shape)
    likely = diagnose_reading(reading, TABLED)
    assert [mutant.name for mutant in likely.mutants] == ["kernel-flipped-first"]


@pytest.mark.parametrize(
    ("part", "read", "name"),
    [
        ("input_grad", read_input_grad, "input-grad-kernel-not-turned"),
        ("kernel_grad", read_kernel_grad, "kernel-grad-flipped"),
    ],
    ids=["input_grad", "kernel_grad"],
)
def test_a_reading_of_a_gradient_is_matched_too(part, read, name):
    black_box = MUTANTS[name].build()

    def gradient(first, second, g):
        return getattr(black_box, part)(
            first,
            second,
            g.input_shape if part == "input_grad" else g.weight_shape,
            **g.keywords,
        )

    likely = diagnose_reading(read(gradient, TABLED), TABLED, part)
    assert [mutant.name for mutant in likely.mutants] == [name]


def test_an_implied_matrix_is_a_reading():
    black_box = MUTANTS["pads-sides-swapped"].build()
    uneven = replace(TABLED, padding=((2, 0), (0, 1)))
    likely = diagnose_reading(implied_matrix(black_box, uneven), uneven)
    assert [mutant.name for mutant in likely.mutants] == ["pads-sides-swapped"]


def test_a_reading_unlike_any_is_told_by_its_first_wrong_entries():
    reading = one_hot(TABLED)
    reading[3, 1, 2] += 7
    likely = diagnose_reading(reading, TABLED)
    assert likely.mutants == ()
    assert likely.pattern == ("entry (3, 1, 2) is 7, and should be 0",)


def test_a_reading_of_another_shape_is_told():
    likely = diagnose_reading(np.zeros((1, 2, 3), int), TABLED)
    wanted = f"and should have {one_hot(TABLED).shape}"
    assert likely.pattern == (f"the reading has shape (1, 2, 3), {wanted}",)
