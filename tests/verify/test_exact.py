"""The whole matrix of a black box: read as it is, and wrong entries named."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvmatError, conv, conv_input_grad, conv_kernel_grad, geometry
from convmat import sliding as by_definition
from convmat.geometry import PADDING_MODES
from convmat.verify import (
    WITNESSES,
    Implementation,
    Supports,
    exact,
    implementation,
    implied_matrix,
)
from convmat.verify.checks.maps import MAPS, CallLostError
from convmat.verify.entrywise.codes import Code, code_for
from convmat.verify.entrywise.polynomials import Polynomial, symbols, terms_of
from convmat.verify.entrywise.reading import Entry
from convmat.verify.readings import one_hot
from convmat.verify.strategies import geometries


def whole(*dtypes, **claims):
    supports = Supports(dtypes=dtypes, modes=PADDING_MODES, **claims)
    return Implementation("ours", conv, conv_input_grad, conv_kernel_grad, supports)


DTYPES = ("int64", "float64", "float32", "object", "int32")
G = geometry((2, 3, 4), (4, 1, 2, 3), stride=(1, 2), padding=[(1, 0), (0, 2)], groups=2)


@pytest.mark.parametrize(("part", "dtype"), [*product(MAPS, DTYPES)])
def test_what_is_read_is_the_tie_map(part, dtype):
    for name in ("1-D plain", "1-D dead taps", "2-D unequal pads", "1-D circular"):
        g = WITNESSES[name]
        reading = implied_matrix(whole(dtype), g, part=part)
        assert np.array_equal(reading, one_hot(g))
        assert reading.dtype == np.int64


@given(geometries(max_rank=2, max_size=4, max_channels=2, max_groups=2))
def test_every_geometry_is_read_and_passes(g):
    verdict = exact(whole("float64"), g)
    assert verdict.passed
    assert verdict.entries == 2 * g.free_parameters * np.prod(g.matrix_shape)
    assert np.array_equal(implied_matrix(whole("float64"), g), one_hot(g))


@given(geometries(max_rank=2, max_size=3, max_channels=2, max_groups=2, max_kernel=2))
def test_every_geometry_is_proved_by_symbols(g):
    verdict = exact(whole("object"), g)
    assert verdict.passed
    results = 2 * (2 * g.matrix_shape[0]) + 2 * g.matrix_shape[1] + g.free_parameters
    assert verdict.polynomials == results


def test_a_verdict_tells_apart_what_is_proved_and_what_is_tested():
    told = str(exact(whole("float64", "object"), G, thorough=True))
    assert told.startswith("PASS ours on geometry((2, 3, 4), (4, 1, 2, 3)")
    assert "proved for all values, in arrays of objects: " in told
    assert "proved, given bilinearity: " in told
    assert "and the kernel gradient, if below 255 in size" in told
    assert "tested, seed 0: equal-to-the-matrix, " in told


def test_probes_say_what_chance_they_leave():
    verdict = exact(whole("float32"), G)
    assert verdict.read == ("forward", "input_grad")
    assert 0 < verdict.chance < 2.0**-60
    assert f"on {verdict.probes} random integer arrays" in str(verdict)


# ------------------------------------------------------------------------ wrong ones


def flipped(x, kernel, bias=None, **settings):
    return conv(x, kernel[..., ::-1], bias, **settings)


def swapped_strides(x, kernel, bias=None, *, stride, **settings):
    y = conv(x, kernel, bias, stride=stride, **settings)
    other = conv(x, kernel, bias, stride=stride[::-1], **settings)
    y[...] = 0
    cut = tuple(slice(0, min(a, b)) for a, b in zip(y.shape, other.shape, strict=True))
    y[cut] = other[cut]
    return y


def averaged(grad, x, shape, **settings):
    return conv_kernel_grad(grad, x, shape, **settings) / grad[0, 0].size


def shifted_back(grad, kernel, shape, **settings):
    return np.roll(conv_input_grad(grad, kernel, shape, **settings), 1, axis=-1)


def other_bank(x, kernel, bias=None, **settings):
    return conv(x, kernel[::-1], bias, **settings)


PLAIN = geometry((2, 3, 4), (2, 2, 2, 2), stride=(1, 2))


@pytest.mark.parametrize("dtype", DTYPES[:4])
@pytest.mark.parametrize(
    ("part", "function", "at", "got"),
    [
        ("forward", flipped, (0, 0), 0),
        ("forward", swapped_strides, (0, 1), 1),
        ("forward", other_bank, (0, 0), 0),
        ("input_grad", shifted_back, (0, 0), 0),
    ],
    ids=["flipped", "strides", "banks", "gradient"],
)
def test_the_first_wrong_entry_is_named_in_words(part, function, at, got, dtype):
    maps = dict(zip(MAPS, (conv, conv_input_grad, conv_kernel_grad), strict=True))
    claims = Supports(dtypes=(dtype,))
    verdict = exact(
        Implementation("wrong", **(maps | {part: function}), supports=claims), PLAIN
    )
    assert not verdict.passed
    assert verdict.finding.part == part
    words = (
        f"output channel 0 at {at} reads input channel 0 at {at} through tap (0, 0) "
        f"with weight {got}; it should be {1 - got}"
    )
    if dtype != "object":  # symbols name the first product, others the first entry
        assert verdict.finding.words == words
    assert "reads input channel" in verdict.finding.words
    assert str(verdict).startswith("FAIL wrong on geometry((2, 3, 4), (2, 2, 2, 2)")


@pytest.mark.parametrize("thorough", [False, True])
def test_a_gradient_that_is_averaged_is_read_as_fractions(thorough):
    black_box = Implementation("wrong", conv, conv_input_grad, averaged)
    verdict = exact(black_box, PLAIN, thorough=thorough)
    assert verdict.finding.part == "kernel_grad"
    assert verdict.finding.got == 0.25
    assert verdict.finding.expected == 1
    weights = implied_matrix(black_box, PLAIN, part="kernel_grad")
    assert np.array_equal(weights, one_hot(PLAIN) / 4)
    assert weights.dtype == np.float64


def test_weights_that_are_not_the_tie_maps_are_read_by_themselves():
    def halved(x, kernel, bias=None, **settings):
        return conv(x, kernel, bias, **settings) / 256

    def thrice(x, kernel, bias=None, **settings):
        return 3 * conv(x, kernel, bias, **settings)

    for dtype in ("float64", "complex128"):
        claims = Supports(dtypes=(dtype,))
        less = implied_matrix(implementation(halved, supports=claims), PLAIN)
        assert np.array_equal(less, one_hot(PLAIN) / 256)
        more = implied_matrix(implementation(thrice, supports=claims), PLAIN)
        assert more.dtype == np.int64
        assert np.array_equal(more, 3 * one_hot(PLAIN))


def test_a_weight_of_another_bank_is_named_by_its_place_in_the_kernel():
    entry = Entry(0, 0, 8)
    assert "through tap (0, 0) of kernel[1, 0] with" in entry.said(PLAIN, 1, 0)
    assert "through tap (0, 0) with" in Entry(0, 0, 0).said(PLAIN, 0, 1)


def test_what_is_right_on_units_alone_is_told_to_be_not_linear():
    def capped(x, kernel, bias=None, **settings):
        return conv(x, np.minimum(kernel, 2), bias, **settings)

    verdict = exact(implementation(capped), PLAIN)
    assert "the forward map is not linear: units by themselves" in verdict.finding.words


def test_samples_that_are_mixed_are_told_from_what_is_not_linear():
    def averaged_batch(x, kernel, bias=None, **settings):
        return conv(x, kernel, bias, **settings).mean(axis=0, keepdims=True) + 0 * conv(
            x, kernel, bias, **settings
        )

    verdict = exact(implementation(averaged_batch), PLAIN)
    assert "the forward map mixes the samples of a batch: one" in verdict.finding.words


def test_what_is_right_on_every_code_is_heard_by_the_tests():
    def nearly(x, kernel, bias=None, **settings):
        odd = np.count_nonzero(x[0]) > 1
        return conv(x, kernel, bias, **settings) + odd

    verdict = exact(implementation(nearly), PLAIN)
    assert verdict.finding.check == "equal-to-the-matrix"


def test_a_call_that_fails_is_the_finding():
    def failing(x, kernel, **settings):
        raise RuntimeError

    verdict = exact(implementation(failing), PLAIN)
    assert verdict.finding.check == "call"
    with pytest.raises(CallLostError, match="RuntimeError"):
        implied_matrix(implementation(failing), PLAIN)


# ---------------------------------------------------------------------------- symbols


def test_a_special_case_that_no_integers_show_is_seen_by_symbols():
    def special(x, kernel, bias=None, **settings):
        y = conv(x, kernel, bias, **settings)
        return y + x.reshape(-1)[0] * (x.reshape(-1)[1] - x.reshape(-1)[1] * 1)

    def squared(x, kernel, bias=None, **settings):
        first = x.reshape(-1)[0]
        return conv(x, kernel, bias, **settings) + first * first * (first - 1) * 0

    def cubed(x, kernel, bias=None, **settings):
        return conv(x, kernel, bias, **settings) + x.reshape(-1)[0] ** 1 * kernel.size

    claims = Supports(dtypes=("object",))
    assert exact(implementation(special, supports=claims), PLAIN).passed
    assert exact(implementation(squared, supports=claims), PLAIN).passed
    wrong = exact(implementation(cubed, supports=claims), PLAIN)
    assert not wrong.passed


def test_a_wrong_product_of_symbols_is_named():
    def mixed(x, kernel, bias=None, **settings):
        return conv(x, kernel, bias, **settings) + x[0, 0, 0, 0] * x[0, 0, 0, 1]

    claims = Supports(dtypes=("object",))
    verdict = exact(implementation(mixed, supports=claims), PLAIN)
    assert verdict.finding.words == (
        "output channel 0 at (0, 0) of sample 0 holds x[0, 0, 0, 0] x[0, 0, 0, 1] with "
        "the factor 1; it should be 0"
    )


def test_a_branch_on_a_value_is_refused():
    def skipping(x, kernel, bias=None, **settings):
        if x.reshape(-1)[0] == 0:
            return np.zeros((1,))
        return conv(x, kernel, bias, **settings)

    claims = Supports(dtypes=("object",))
    verdict = exact(implementation(skipping, supports=claims), PLAIN)
    assert "a symbol stands for every number" in verdict.finding.words


def test_a_bias_in_a_wrong_channel_is_seen_by_symbols():
    def turned(x, kernel, bias=None, **settings):
        return conv(x, kernel, None if bias is None else bias[::-1], **settings)

    claims = Supports(dtypes=("object",))
    verdict = exact(implementation(turned, supports=claims), PLAIN)
    assert "holds bias[0] with the factor 0; it should be 1" in verdict.finding.words


@st.composite
def expressions(draw, depth=3):
    """A function of three numbers, made of sums, products and constants."""
    if depth == 0 or draw(st.booleans()):
        number = draw(st.integers(-3, 3))
        place = draw(st.integers(0, 3))
        return lambda v: v[place] if place < 3 else number
    one, two = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    kind = draw(st.sampled_from("+-*"))
    return {
        "+": lambda v: one(v) + two(v),
        "-": lambda v: one(v) - two(v),
        "*": lambda v: one(v) * two(v),
    }[kind]


@given(expressions(), st.lists(st.integers(-9, 9), min_size=3, max_size=3))
def test_a_polynomial_has_the_value_of_the_expression(expression, values):
    (variables,) = symbols([(3,)])
    terms = terms_of(expression(list(variables)))
    value = sum(
        factor * int(np.prod([values[i] for i in product_]))
        for product_, factor in terms.items()
    )
    assert value == expression(values)
    assert all(terms.values())


def test_polynomials_divide_by_numbers_only_and_refuse_values():
    x = Polynomial({(0,): 2})
    assert (x / 4).terms == {(0,): 0.5}
    with pytest.raises(TypeError, match="unsupported operand"):
        x / x
    with pytest.raises(TypeError, match="a symbol stands for every number"):
        assert x == 0
    with pytest.raises(TypeError, match=r"float\(\) argument"):
        float(x)
    assert (1 - x + x).terms == {(): 1}
    assert ((x + 1) * (x - 1)).terms == {(0, 0): 4, (): -1}


# ------------------------------------------------------------------------------ codes


@given(st.integers(1, 7), st.lists(st.integers(-127, 127), min_size=7, max_size=7))
def test_digits_come_back(digits, weights):
    code = Code(np.dtype("int64"), digits, 0.0, 0.0)
    coded = code.values @ np.array(weights[:digits])
    assert code.decoded(np.array([coded]), digits)[:, 0].tolist() == weights[:digits]


def test_readings_that_are_no_integers_have_no_digits():
    code = Code(np.dtype("float64"), 2, 0.0, 0.0)
    assert code.decoded(np.array([256.5]), 2) is None


def test_rounding_leaves_fewer_digits_and_none_at_last():
    box, g = whole("float64"), geometry((64, 9), (1, 64, 9))
    assert code_for(box, MAPS["forward"], g, np.dtype("float32")).digits == 2
    assert code_for(box, MAPS["forward"], g, np.dtype("float64")).digits == 6
    with pytest.raises(
        ConvmatError, match="dtype must hold readings of 0 and 1 beside"
    ):
        code_for(box, MAPS["forward"], geometry((300, 9), (1, 300, 9)), np.dtype("f2"))


def test_without_a_batch_units_come_one_by_one():
    sizes = []

    def counted(x, kernel, bias=None, **settings):
        sizes.append(len(x))
        return conv(x, kernel, bias, **settings)

    black_box = implementation(counted, supports=Supports(batch=False))
    assert exact(black_box, PLAIN).passed
    assert set(sizes) == {1}


def test_an_fft_is_read_to_within_its_rounding():
    def noisy(x, kernel, bias=None, **settings):
        y = conv(x, kernel, bias, **settings)
        size = np.abs(x).max() * np.abs(kernel).max() * 2.0**-50
        return y + size * np.cos(np.arange(y.size)).reshape(y.shape)

    rough = Supports(accuracy="normwise", dtypes=("float64",))
    assert exact(implementation(noisy, supports=rough), PLAIN).passed
    strict = Supports(dtypes=("float64",))
    assert not exact(implementation(noisy, supports=strict), PLAIN).passed


def test_what_is_not_claimed_is_refused():
    black_box = implementation(conv, supports=Supports(stride=False))
    with pytest.raises(ConvmatError, match="must be within what the implementation"):
        exact(black_box, PLAIN)
    with pytest.raises(ConvmatError, match="dtype must be among float64, float32, int"):
        exact(implementation(conv), PLAIN, dtype="int8")
    with pytest.raises(ConvmatError, match="part must be among forward"):
        implied_matrix(implementation(conv), PLAIN, part="input_grad")


def test_the_definition_passes_in_every_dtype_that_it_carries():
    for dtype in ("float64", "float32", "int64", "object", "complex128"):
        black_box = Implementation(
            "definition",
            by_definition.conv,
            by_definition.conv_input_grad,
            by_definition.conv_kernel_grad,
            Supports(dtypes=(dtype,)),
        )
        assert exact(black_box, G).passed
