"""Text for shapes, pads and numbers: what is written is what is read."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvmatError, geometry
from convmat.shorthand import (
    in_words,
    read_integer,
    read_numbers,
    read_padding,
    read_shape,
    read_steps,
    spoken,
)

SHAPES = st.lists(st.integers(0, 10**20), min_size=1, max_size=4)
NUMBERS = st.one_of(
    st.integers(),
    st.fractions().filter(lambda number: number.denominator > 1),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(SHAPES)
def test_a_shape_is_read_as_it_is_written(shape):
    text = "x".join(map(str, shape))
    assert read_shape("--input", text) == tuple(shape)
    steps = read_steps("--stride", text)
    assert steps == (shape[0] if len(shape) == 1 else tuple(shape))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_pads_are_read_as_they_are_written(pairs):
    text = "x".join(f"{before},{after}" for before, after in pairs)
    assert read_padding("--padding", text) == pairs


@given(st.lists(NUMBERS, min_size=1, max_size=5), st.sampled_from(",;"))
def test_numbers_are_read_as_they_are_written(numbers, between):
    read = read_numbers("--values", between.join(map(str, numbers)))
    assert read == numbers
    assert list(map(type, read)) == list(map(type, numbers))


def test_a_whole_fraction_is_an_integer():
    assert read_numbers("--x", "4/2, 1/3") == [2, Fraction(1, 3)]


@pytest.mark.parametrize("text", ["", "1,,2", "a", "nan", "inf", "1e999", "1/0", "1/x"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ConvmatError, match=r"^:x: must be finite numbers.*, or ones"):
        read_numbers(":x:", text, ", or ones")


def test_an_integer_has_its_limits():
    assert read_integer("--n", "-3", -3, 3) == -3
    for text, rule in (("-4", "at least -3"), ("4", "at most 3"), ("1.0", "an int")):
        with pytest.raises(ConvmatError, match=f"^--n must be {rule}"):
            read_integer("--n", text, -3, 3)


@pytest.mark.parametrize(
    ("named", "first"), [("--{}".format, "--kernel"), (":{}:".format, ":kernel:")]
)
def test_errors_of_a_geometry_speak_as_the_caller_writes(named, first):
    typed = {"input": "3x3", "kernel": "5x5"}
    with pytest.raises(ConvmatError) as caught, in_words(typed, named):
        geometry((3, 3), (5, 5))
    assert caught.value.argument == first
    assert caught.value.value == "5x5"
    told = spoken("beside input_shape=(3, 3)", named)
    assert told == f"beside {named('input')} 3x3"
