"""A black box is called as it claims to be, and nothing that it does goes unseen."""

import contextlib
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from convmat import ConvmatError, ConvmatTypeError, conv, geometry
from convmat.verify.black_box import Implementation, Supports, implementation

G = geometry((1, 4), (1, 1, 2))
X, KERNEL = np.arange(4.0).reshape(1, 1, 4), np.ones((1, 1, 2))


def outcome(function, seconds=5.0):
    return Implementation("it", function, seconds=seconds).apply(X, KERNEL, G)


def kinds(function, seconds=5.0):
    return [problem.kind for problem in outcome(function, seconds).problems]


def forever(*arguments, **settings):
    while True:
        time.sleep(0.001)


def stubborn(*arguments, **settings):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.001)


def test_right_call_has_a_result_and_no_problem():
    good = outcome(conv)
    assert good.problems == ()
    assert good.result.tolist() == [[[1.0, 3.0, 5.0]]]


@pytest.mark.parametrize("function", [forever, stubborn])
def test_call_that_hangs_is_given_up(function):
    hung = outcome(function, seconds=0.05)
    assert hung.result is None
    assert hung.problems[0].words == "did not return within 0.05 s"


def test_call_that_hangs_is_given_up_in_another_thread_too():
    found = []
    worker = threading.Thread(target=lambda: found.extend(kinds(forever, 0.05)))
    worker.start()
    worker.join()
    assert found == ["hung"]


def test_what_is_raised_is_told_whatever_it_is():
    def leaves(*arguments, **settings):
        sys.exit("done")

    def divides(*arguments, **settings):
        return 1 // 0

    assert outcome(leaves).problems[0].words == "raised SystemExit: done"
    assert outcome(divides).problems[0].words.startswith("raised ZeroDivisionError: ")


def test_ctrl_c_is_not_held_against_the_implementation():
    def stopped(*arguments, **settings):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(stopped)


def test_wrong_types_and_shapes_are_told():
    assert kinds(lambda *a, **k: [1, 2, 3]) == ["type"]
    assert kinds(lambda *a, **k: np.zeros((1, 1, 4))) == ["shape"]
    assert outcome(lambda *a, **k: np.zeros(3)).result is None


def test_what_is_printed_and_modified_is_told_beside_the_result(capsys):
    def untidy(x, kernel, **settings):
        y = conv(x, kernel)
        x[0, 0, 0] = 7
        sys.stdout.write("here")
        return y

    x = X.copy()
    seen = Implementation("it", untidy).apply(x, KERNEL, G)
    assert [problem.kind for problem in seen.problems] == ["printed", "modified"]
    assert seen.result.tolist() == [[[1.0, 3.0, 5.0]]]
    assert capsys.readouterr().out == ""


def test_view_of_an_argument_is_told_and_the_result_is_a_copy():
    seen = outcome(lambda x, kernel, **settings: x[..., 1:])
    assert [problem.kind for problem in seen.problems] == ["view"]
    assert not np.may_share_memory(seen.result, X)


def test_result_is_what_it_was_when_it_came_back():
    def scales(x, kernel, **settings):
        x *= 3
        return x[..., 1:]

    seen = Implementation("it", scales).apply(X.copy(), KERNEL, G)
    assert [problem.kind for problem in seen.problems] == ["view", "modified"]
    assert seen.result.tolist() == [[[3.0, 6.0, 9.0]]]


def test_error_without_words_is_told_by_its_class():
    class Mute(Exception):
        def __str__(self):
            raise ValueError("no words")

    def raises(*arguments, **settings):
        raise Mute

    assert outcome(raises).problems[0].words == "raised Mute"


def test_what_is_no_exception_is_told_like_one():
    def raises(*arguments, **settings):
        raise GeneratorExit("enough")

    assert outcome(raises).problems[0].words == "raised GeneratorExit: enough"


def test_call_that_survives_its_alarm_is_given_up_at_the_next():
    def hangs_twice(*arguments, **settings):
        try:
            forever()
        except BaseException:
            forever()

    assert kinds(hangs_twice, 0.05) == ["hung"]


@pytest.mark.parametrize("dtype", ["U8", "bool", "object", "M8[s]", "V8"])
def test_array_of_other_things_than_numbers_is_told(dtype):
    def strange(x, kernel, bias=None, **settings):
        return np.zeros((1, 1, 3), dtype)

    words = outcome(strange).problems[0].words
    assert words == f"returned an array of {np.dtype(dtype)}, not of numbers"


def test_shape_that_is_set_on_an_argument_is_told_and_does_not_stay():
    def flattens(x, kernel, bias=None, **settings):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x.shape = (4,)
        return np.zeros((1, 1, 3))

    problem = outcome(flattens).problems[0]
    assert problem.kind == "modified"
    assert problem.words == "set another shape or dtype on its argument number 1"
    assert X.shape == (1, 1, 4)


def test_write_flag_that_is_set_on_an_argument_is_told_and_does_not_stay():
    def freezes(x, kernel, bias=None, **settings):
        kernel.setflags(write=False)
        return np.zeros((1, 1, 3))

    problem = outcome(freezes).problems[0]
    assert problem.words == "set the write flag of its argument number 2"
    assert KERNEL.flags.writeable


def test_not_a_number_that_stays_is_not_modified():
    x = np.full_like(X, np.nan)
    assert Implementation("it", conv).apply(x, KERNEL, G).problems == ()


def test_keywords_that_are_not_taken_are_not_given_and_not_claimed():
    def plain(x, kernel, stride=1):
        return conv(x, kernel, stride=stride)

    mine = implementation(plain)
    assert mine.settings(geometry((1, 4), (1, 1, 2), stride=3)) == {"stride": (3,)}
    assert mine.supports.missing()[:4] == ("padding", "dilation", "groups", "bias")
    assert mine.apply(X, KERNEL, G).result.tolist() == [[[1.0, 3.0, 5.0]]]


def test_even_padding_is_given_as_one_integer_an_axis():
    mine = implementation(conv, supports=Supports(uneven_padding=False))
    even = geometry((5, 5), (3, 3), padding=(1, 2))
    assert mine.settings(even)["padding"] == (1, 2)


def test_gradients_that_are_not_there_are_asked_for_in_vain():
    mine = implementation(conv)
    assert mine.parts == ("forward",)
    with pytest.raises(ConvmatError, match="implementation must have this gradient"):
        mine.gradient_by_input(X, KERNEL, G)


@pytest.mark.parametrize(
    ("claim", "settings", "lack"),
    [
        ({"ranks": (2,)}, {}, "rank 1"),
        ({"stride": False}, {"stride": 2}, "stride"),
        ({"padding": False}, {"padding": 1}, "padding"),
        ({"dilation": False}, {"dilation": 2}, "dilation"),
        ({"uneven_padding": False}, {"padding": [(0, 1)]}, "uneven padding"),
        ({}, {"padding": 1, "padding_mode": "reflect"}, "padding mode 'reflect'"),
        ({}, {"padding_mode": "reflect"}, None),
    ],
)
def test_what_is_not_claimed_is_named(claim, settings, lack):
    assert Supports(**claim).lacks(geometry((1, 4), (1, 1, 2), **settings)) == lack


def test_channels_groups_axes_and_batches_are_claims_too():
    deep = geometry((4, 5), (4, 2, 2), groups=2)
    assert Supports(groups=False).lacks(deep) == "groups"
    assert Supports(channels=False).lacks(deep) == "channels"
    assert Supports(batch=False).lacks(deep, batch=2) == "batch"
    tall = geometry((5, 5), (2, 3))
    assert Supports(uneven_axes=False).lacks(tall) == "uneven axes"


def test_claims_that_are_none_are_refused():
    with pytest.raises(ConvmatTypeError, match="stride must be True or False"):
        Supports(stride=2)
    with pytest.raises(ConvmatError, match="modes must be among zeros"):
        Supports(modes=("mirror",))
    with pytest.raises(ConvmatError, match="dtypes must be names of NumPy dtypes"):
        Supports(dtypes=("float65",))
    with pytest.raises(ConvmatError, match="ranks must name at least one"):
        Supports(ranks=())
    with pytest.raises(ConvmatTypeError, match="ranks must be a tuple"):
        Supports(ranks=2)
    with pytest.raises(ConvmatTypeError, match="kernel_grad must be a function"):
        implementation(conv, kernel_grad=3)


def by_keywords(x, kernel, **settings):
    return conv(x, kernel, **settings)


def by_name(x, kernel, *, bias=None, **settings):
    return conv(x, kernel, bias, **settings)


def behind_stride(x, kernel, stride=1, *, bias=None, **settings):
    return conv(x, kernel, bias, stride=stride, **settings)


@pytest.mark.parametrize(
    "function", [by_keywords, by_name, behind_stride], ids=lambda f: f.__name__
)
def test_a_bias_is_given_by_name_where_it_cannot_stand_third(function):
    box, g = implementation(function), geometry((1, 3), (2, 1, 2))
    x, kernel, bias = np.ones((1, 1, 3)), np.ones((2, 1, 2)), np.array([10.0, 20.0])
    assert box.supports.bias
    assert box.apply(x, kernel, g, bias).result.tolist() == [[[12, 12], [22, 22]]]
    assert box.apply(x, kernel, g).result.tolist() == [[[2, 2], [2, 2]]]
    assert box.name.endswith(function.__name__)
