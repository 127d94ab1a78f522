"""The checks: silent on right convolutions, and each speaks of a wrong one."""

import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvmatError, conv, conv_input_grad, conv_kernel_grad, geometry
from convmat import sliding as by_definition
from convmat.geometry import PADDING_MODES
from convmat.verify import (
    CHECKS,
    WITNESSES,
    Implementation,
    Supports,
    exact,
    implementation,
    trial,
    trials,
)
from convmat.verify.checks.compare import first_beyond
from convmat.verify.checks.exact_sums import Scaled
from convmat.verify.checks.maps import MAPS
from convmat.verify.rounding import gamma
from convmat.verify.strategies import cases, geometries
from convmat.verify.strategies import trials as drawn_trials


def whole(name, room=None, **claims):
    """Convmat's own maps as a black box."""
    forward, by_input, by_kernel = (
        (conv, conv_input_grad, conv_kernel_grad)
        if room is None
        else (room.conv, room.conv_input_grad, room.conv_kernel_grad)
    )
    return Implementation(name, forward, by_input, by_kernel, Supports(**claims))


RIGHT = {
    one.name: one
    for one in (
        whole("double", modes=PADDING_MODES),
        whole("single", dtypes=("float32",), modes=PADDING_MODES),
        whole("definition", by_definition, modes=PADDING_MODES),
        whole("integers", dtypes=("int64",), ranks=(1, 3)),
        whole("short", by_definition, dtypes=("int32", "float16", "uint8")),
        whole("objects", dtypes=("object", "complex128")),
        whole("no batch", batch=False, uneven_axes=False, uneven_padding=False),
        whole("plain", stride=False, padding=False, channels=False, bias=False),
    )
}


def findings(black_box, many):
    """All findings, of the checks that have something to do."""
    return [
        found
        for one in many
        for check in CHECKS.values()
        if {*check.parts} <= {*black_box.parts}
        and check.applies(black_box, one.geometry)
        and (found := check(black_box, one)) is not None
    ]


@pytest.mark.parametrize("black_box", RIGHT.values(), ids=RIGHT)
def test_right_convolutions_pass_every_check(black_box):
    assert findings(black_box, trials(black_box.supports, examples=45)) == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fifty_seeds_give_no_false_alarm(dtype):
    black_box = whole(dtype, dtypes=(dtype,), modes=PADDING_MODES)
    drawn = [
        one
        for seed in range(50)
        for one in trials(
            black_box.supports, rank=1 + seed % 2, examples=64, seed=seed
        )[-1:]
    ]
    assert len({one.geometry for one in drawn}) > 40
    assert findings(black_box, drawn) == []


@given(drawn_trials(max_rank=2))
def test_every_trial_of_the_strategy_passes(one):
    assert findings(RIGHT["double"], [one]) == []


# --------------------------------------------------------- wrong ones, check by check

OWN = {"input_grad": conv_input_grad, "kernel_grad": conv_kernel_grad}
ON = (
    "1-D plain",
    "2-D plain",
    "2-D channels",
    "2-D groups with a stride",
    "2-D pointwise, channels kept",
    "2-D unequal pads",
    "1-D width 9",
)


def wrong(forward=conv, **parts):
    return Implementation("wrong", forward, **(OWN | parts))


def plus(y, bias):
    return y if bias is None else y + bias.reshape(y.shape[1], *(1,) * (y.ndim - 2))


def too_long(x, kernel, bias=None, **settings):
    y = conv(x, kernel, bias, **settings)
    return np.concatenate([y, y[..., -1:]], axis=-1)


def flipped(x, kernel, bias=None, **settings):
    return conv(x, kernel[..., ::-1], bias, **settings)


def flipped_back(grad, kernel, shape, **settings):
    return conv_input_grad(grad, kernel[..., ::-1], shape, **settings)


def bias_twice(x, kernel, bias=None, **settings):
    return conv(x, kernel, None if bias is None else 2 * bias, **settings)


def three_samples(x, kernel, bias=None, **settings):
    y = conv(x, kernel, bias, **settings)
    y[3:] = 0
    return y


def first_samples(grad, x, shape, **settings):
    return conv_kernel_grad(grad[:3], x[:3], shape, **settings)


def doubled(grad, x, shape, **settings):
    return 2 * conv_kernel_grad(grad, x, shape, **settings)


def last_channel_first(x, kernel, bias=None, **settings):
    y = conv(x, kernel, bias, **settings)
    if kernel.shape[0] > 1:
        y[:, 0] = y[:, -1]
    return y


def ungrouped(x, kernel, bias=None, *, groups=1, **settings):
    if groups == 1:
        return conv(x, kernel, bias, **settings)
    ins = x.shape[1] // groups
    tiled = np.concatenate([x[:, :ins]] * groups, axis=1)
    return conv(tiled, kernel, bias, groups=groups, **settings)


def remainder(x, kernel, bias=None, **settings):
    y = conv(x, kernel, bias, **settings)
    if x.shape[-1] % 8 == 1:
        y[..., 3] = 0
    return y


def clipped(x, kernel, bias=None, **settings):
    return conv(np.clip(x, -1000, 1000), kernel, bias, **settings)


def clipped_kernel(x, kernel, bias=None, **settings):
    return conv(x, np.clip(kernel, -1000, 1000), bias, **settings)


def clipped_back(grad, kernel, shape, **settings):
    return conv_input_grad(np.clip(grad, -1000, 1000), kernel, shape, **settings)


def clipped_tie(grad, x, shape, **settings):
    return conv_kernel_grad(np.clip(grad, -1000, 1000), x, shape, **settings)


def spoiling(x, kernel, bias=None, **settings):
    y = conv(x, kernel, bias, **settings)
    if x.flags.writeable:
        x *= 2
    return y


def lazy(x, kernel, bias=None, **settings):
    y = conv(x, kernel, bias, **settings)
    return x if y.shape == x.shape and np.array_equal(y, x) else y


def talking(x, kernel, bias=None, **settings):
    sys.stdout.write("here\n")
    return conv(x, kernel, bias, **settings)


def widening(x, kernel, bias=None, **settings):
    y = conv(x, kernel, bias, **settings)
    return y.astype(np.float64) if y.dtype == np.float32 else y


def in_memory_order(x, kernel, bias=None, **settings):
    if x.flags.forc and not x.flags.c_contiguous:
        x = x.ravel(order="K").reshape(x.shape)
    return conv(x, kernel, bias, **settings)


def make_reusing():
    buffers = {}

    def reusing(x, kernel, bias=None, **settings):
        y = conv(x, kernel, bias, **settings)
        buffer = buffers.setdefault((y.shape, y.dtype), np.empty_like(y))
        buffer[...] = y
        return buffer

    return reusing


def single(x, kernel, bias=None, **settings):
    if x.dtype != np.float64:
        return conv(x, kernel, bias, **settings)
    y = conv(x.astype(np.float32), kernel.astype(np.float32), **settings)
    return plus(y.astype(np.float64), bias)


def single_back(grad, kernel, shape, **settings):
    if grad.dtype != np.float64:
        return conv_input_grad(grad, kernel, shape, **settings)
    arrays = grad.astype(np.float32), kernel.astype(np.float32)
    return conv_input_grad(*arrays, shape, **settings).astype(np.float64)


def single_tie(grad, x, shape, **settings):
    if grad.dtype != np.float64:
        return conv_kernel_grad(grad, x, shape, **settings)
    arrays = grad.astype(np.float32), x.astype(np.float32)
    return conv_kernel_grad(*arrays, shape, **settings).astype(np.float64)


def through_doubles(x, kernel, bias=None, **settings):
    if x.dtype.kind != "i":
        return conv(x, kernel, bias, **settings)
    y = conv(x.astype(float), kernel.astype(float), **settings)
    return plus(y.astype(x.dtype), bias)


def tidy(x, kernel, bias=None, **settings):
    return conv(np.nan_to_num(x), kernel, bias, **settings)


def dividing(x, kernel, bias=None, **settings):
    return conv(x, kernel, bias, **settings) * (len(x) // len(x))


def cutting(x, kernel, bias=None, **settings):
    most = min(kernel.shape[-1], x.shape[-1] + sum(settings["padding"][-1]))
    fitting = 1 + (most - 1) // settings["dilation"][-1]
    return conv(x, kernel[..., :fitting], bias, **settings)


SILENT = ()
CLIPPED = ("rounding", "large-integers")
WRONG = {
    # check: the wrong one, and the other checks that hear it
    "output-shape": (wrong(too_long), None),
    "equal-to-the-matrix": (wrong(flipped), None),
    "input-gradient-is-the-adjoint": (wrong(input_grad=flipped_back), None),
    "kernel-gradient-is-the-tie-sum": (
        wrong(kernel_grad=doubled),
        ("rounding-of-the-kernel-gradient", "large-integers"),
    ),
    "bias-is-added": (wrong(bias_twice), SILENT),
    "batch-independence": (wrong(three_samples, input_grad=None), SILENT),
    "gradients-accumulate": (wrong(kernel_grad=first_samples), SILENT),
    "channel-independence": (wrong(last_channel_first), None),
    "group-independence": (wrong(ungrouped), None),
    "shift-equivariance": (wrong(remainder), None),
    "linear-in-x": (wrong(clipped), (*CLIPPED, "not-finite-spread")),
    "linear-in-the-kernel": (wrong(clipped_kernel), CLIPPED),
    "input-gradient-is-linear": (
        wrong(input_grad=clipped_back),
        ("rounding-of-the-input-gradient", "large-integers", "not-finite-spread"),
    ),
    "kernel-gradient-is-linear": (
        wrong(kernel_grad=clipped_tie),
        ("rounding-of-the-kernel-gradient", "large-integers"),
    ),
    "input-kept": (wrong(spoiling), SILENT),
    "no-view-returned": (wrong(lazy), SILENT),
    "nothing-printed": (wrong(talking), SILENT),
    "dtype-kept": (wrong(widening), SILENT),
    "memory-layout-ignored": (wrong(in_memory_order), SILENT),
    "deterministic": (wrong(make_reusing()), SILENT),
    "rounding": (wrong(single), ("linear-in-x", "linear-in-the-kernel")),
    "rounding-of-the-input-gradient": (
        wrong(input_grad=single_back),
        ("input-gradient-is-linear",),
    ),
    "rounding-of-the-kernel-gradient": (
        wrong(kernel_grad=single_tie),
        ("kernel-gradient-is-linear",),
    ),
    "large-integers": (wrong(through_doubles), SILENT),
    "not-finite-spread": (wrong(tidy), SILENT),
    "empty-batch": (wrong(dividing), SILENT),
    "bad-input-refused": (wrong(cutting), SILENT),
}


def test_each_check_has_a_wrong_convolution_of_its_own():
    assert [*WRONG] == [*CHECKS]


@pytest.mark.parametrize("name", CHECKS)
def test_the_wrong_convolution_of_a_check_is_heard_by_it_and_by_few_others(name):
    black_box, others = WRONG[name]
    many = [trial(WITNESSES[witness], black_box.supports) for witness in ON]
    found = findings(black_box, many)
    heard = {one.check for one in found}
    assert name in heard
    if others is not None:
        assert heard == {name, *others}


WORDS = {
    "output-shape": r"returned shape \(3, 1, 4\), not \(3, 1, 3\)",
    "equal-to-the-matrix": r"output channel 0 at \(0,\) of sample 0 is -?\d+, and it "
    r"should be -?\d+",
    "input-gradient-is-the-adjoint": r"the gradient by input channel 0 at \(\d,\) of "
    r"sample 0 is -?\d+, and by the forward map it should be -?\d+",
    "kernel-gradient-is-the-tie-sum": r"the gradient by tap \(0,\) between output "
    r"channel 0 and input channel 0 of its group is -?\d+, and it should be -?\d+",
    "bias-is-added": r"is -?\d+ with the bias, and should be -?\d+",
    "batch-independence": "of sample 3 is 0, and the sample alone gives",
    "gradients-accumulate": "for four samples, and their own add up to",
    "linear-in-x": r"for 2\*\*256 x, and the same multiple of the result is",
    "input-kept": "the forward map modified its argument number 1",
    "nothing-printed": "printed 'here'",
    "dtype-kept": "the forward map of float32 arrays is float64",
    "memory-layout-ignored": "for arrays that are in Fortran order, and",
    "deterministic": "and a later call changed it to",
    "rounding": r"has an error of [\d.e+]+ bounds: it is .* in float64, exactly",
    "large-integers": r"in int64, and it should be -?\d+",
    "not-finite-spread": "where one number of x is nan, and it should be not finite",
    "empty-batch": "of an empty batch raised ZeroDivisionError",
    "bad-input-refused": "returned a result for a kernel that does not fit",
}


@pytest.mark.parametrize("name", WORDS)
def test_a_finding_says_in_plain_words_what_is_wrong(name):
    black_box, _ = WRONG[name]
    found = CHECKS[name](black_box, trial(WITNESSES["1-D plain"], black_box.supports))
    assert found is not None
    assert found.check == name
    with pytest.raises(AssertionError, match=WORDS[name]):
        raise AssertionError(found.words)


def test_a_finding_shows_its_place_and_both_numbers():
    one = trial(WITNESSES["2-D channels"])
    found = CHECKS["equal-to-the-matrix"](WRONG["equal-to-the-matrix"][0], one)
    right = conv(one.x, one.kernel, **one.geometry.keywords)[found.place]
    assert found.expected == right
    assert found.got == flipped(one.x, one.kernel, **one.geometry.keywords)[found.place]
    assert set(found.arrays) == {"x", "kernel"}


def test_a_call_that_fails_is_a_finding_of_every_check():
    def failing(x, kernel, bias=None, **settings):
        message = "no such thing"
        raise KeyError(message)

    found = findings(implementation(failing), [trial(geometry((1, 4), (1, 1, 2)))])
    assert {one.check for one in found} == {"call", "empty-batch"}
    assert found[0].words == "the forward map raised KeyError: 'no such thing'"


STRANGE = {
    "objects": lambda y: y.astype(object),
    "nothing in objects": lambda y: np.full(y.shape, None),
    "words in objects": lambda y: np.full(y.shape, "word", object),
    "truth": lambda y: y > 0,
    "complex": lambda y: y + 1j,
    "integers": lambda y: y.astype(int) if np.all(np.isfinite(y)) else y,
    "words": lambda y: y.astype(str),
    "dates": lambda y: np.full(y.shape, np.datetime64("2000-01-01")),
    "nan": lambda y: np.full_like(y, np.nan),
    "infinity": lambda y: np.full_like(y, np.inf),
    "huge": lambda y: np.full_like(y, np.finfo(y.dtype).max),
    "half": lambda y: y.astype(np.float16),
    "masked": lambda y: np.ma.masked_array(y, y > 0),
    "swapped": lambda y: y.astype(y.dtype.newbyteorder()),
    "no array": lambda y: y.tolist(),
    "none": lambda y: None,
}


@pytest.mark.parametrize("strange", STRANGE)
def test_whatever_comes_back_no_check_fails_by_itself(strange):
    def bent(function):
        def call(*arguments, **settings):
            with np.errstate(all="ignore"):
                return STRANGE[strange](function(*arguments, **settings))

        return call

    black_box = Implementation(
        strange,
        bent(conv),
        bent(conv_input_grad),
        bent(conv_kernel_grad),
        Supports(dtypes=("float64", "float32")),
    )
    many = [trial(WITNESSES[name], black_box.supports) for name in ON[:4]]
    found = findings(black_box, many)
    if strange in ("masked", "swapped"):  # their numbers are right
        assert {one.check for one in found} <= {"dtype-kept"}
    else:
        assert found
    assert all(str(one) for one in found)
    assert isinstance(exact(black_box, many[0].geometry).passed, bool)


def test_a_plan_that_is_kept_by_shapes_alone_is_heard():
    plans = {}

    def planned(x, kernel, bias=None, **settings):
        plan = plans.setdefault((x.shape, kernel.shape), settings)
        return conv(x, kernel, bias, **plan)

    check = CHECKS["deterministic"]
    found = check(implementation(planned), trial(WITNESSES["2-D plain"]))
    assert found.words.startswith("after a call with arrays of the same shapes for ")
    even = implementation(planned, supports=Supports(uneven_padding=False))
    assert check(even, trial(WITNESSES["1-D plain"])) is not None
    bare = implementation(planned, supports=Supports(padding=False, stride=False))
    assert check(bare, trial(WITNESSES["1-D width 7"])) is None


def test_what_is_wrong_by_nan_alone_is_found():
    def gappy(x, kernel, bias=None, **settings):
        y = conv(x, kernel, bias, **settings)
        y.reshape(-1)[-1:] = np.nan
        return y

    one = trial(geometry((1, 4), (1, 1, 2)))
    assert CHECKS["equal-to-the-matrix"](wrong(gappy), one).got is not None
    assert CHECKS["rounding"](wrong(gappy), one) is not None


# -------------------------------------------------------------------- what they rest on


@pytest.mark.parametrize("part", MAPS)
@pytest.mark.parametrize("dtype", ["int64", "float32", "float64", "object"])
@given(data=st.data())
def test_exact_sums_are_those_of_fractions(part, dtype, data):
    case = data.draw(cases(dtype, max_rank=2))
    one = MAPS[part]
    first, second = (getattr(case, name) for name in one.names)
    exact = one.exact(case.geometry, first, second).fractions()

    def fractions(array):
        made = np.empty(array.size, object)
        made[:] = [Fraction(number) for number in array.reshape(-1).tolist()]
        return made.reshape(array.shape)

    a, b = fractions(first), fractions(second)
    g = case.geometry
    expected = {
        "forward": lambda: by_definition.forward(a, b, g),
        "input_grad": lambda: by_definition.input_grad(a, b, g),
        "kernel_grad": lambda: by_definition.kernel_grad(a, b, g),
    }[part]()
    assert np.array_equal(exact, expected)


@given(
    st.lists(
        st.floats(-1e300, 1e300) | st.integers(-(2**60), 2**60).map(float), min_size=1
    )
)
def test_scaled_numbers_are_the_floats_themselves(values):
    scaled = Scaled.of(np.array(values))
    assert scaled.fractions().tolist() == [Fraction(value) for value in values]
    assert scaled.rounded().astype(float).tolist() == values


def test_the_bound_is_gamma_times_the_sum_of_sizes():
    g = geometry((1, 5), (1, 1, 3))
    x = np.array([[[1.0, -2.0, 3.0, 0.0, 8.0]]])
    kernel = np.array([[[1.0, 2.0, -4.0]]])
    bound = MAPS["forward"].bound(RIGHT["double"], g, x, kernel, more=1)
    sizes = np.array([[[1 + 4 + 12, 2 + 6 + 0, 3 + 0 + 32]]])
    assert np.all(bound >= gamma(4) * sizes)
    assert np.all(bound <= gamma(4) * sizes * (1 + 1e-5))


def test_numbers_within_the_bound_and_only_those_are_let_through():
    got, right = np.array([1.0, 2.0, np.nan]), np.array([1.0, 2.5, 3.0])
    assert first_beyond(got, right, lambda: np.array([0.0, 0.5, 9.0])) == (2,)
    assert first_beyond(got, right, lambda: np.array([0.0, 0.4, 9.0])) == (1,)
    assert first_beyond(got[:1], right[:1], lambda: np.array([0.0])) is None


def by_fft(x, kernel, bias=None, *, stride, padding, dilation, groups, padding_mode):
    """A right convolution through FFTs, which are right up to norms only."""
    g = geometry(
        x.shape[1:],
        kernel.shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    padded = np.pad(x, [(0, 0), (0, 0), *padding])
    spread = np.zeros((*kernel.shape[:2], *g.span), kernel.dtype)
    spread[:, :, *(slice(None, None, d) for d in dilation)] = kernel
    size = [n + s for n, s in zip(padded.shape[2:], g.span, strict=True)]
    axes = tuple(range(2, x.ndim))
    ins = np.fft.rfftn(padded, size, axes=axes)
    bank = np.conj(np.fft.rfftn(spread, size, axes=axes))
    y = np.empty((len(x), len(kernel), *g.output_size), x.dtype)
    per_in, per_out = kernel.shape[1], len(kernel) // groups
    cut = tuple(
        slice(0, s * (outs - 1) + 1, s)
        for s, outs in zip(stride, g.output_size, strict=True)
    )
    for out in range(len(kernel)):
        first = out // per_out * per_in
        product = (ins[:, first : first + per_in] * bank[out]).sum(axis=1)
        whole = np.fft.irfftn(product, size, axes=tuple(range(1, x.ndim - 1)))
        y[:, out] = whole[:, *cut]
    return plus(y, bias)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_convolution_through_ffts_passes_as_what_it_is(dtype):
    claims = Supports(accuracy="normwise", dtypes=(dtype,))
    black_box = implementation(by_fft, supports=claims)
    assert "componentwise accuracy" in claims.missing()
    assert findings(black_box, trials(claims, examples=60)) == []


def test_digits_that_are_lost_on_the_way_to_an_fft_are_missed():
    def rough(x, kernel, bias=None, **settings):
        y = by_fft(x.astype(np.float32), kernel.astype(np.float32), **settings)
        return plus(y.astype(x.dtype), bias)

    claims = Supports(accuracy="normwise", dtypes=("float64",))
    black_box = implementation(rough, supports=claims)
    heard = {one.check for one in findings(black_box, trials(claims, examples=5))}
    assert "rounding" in heard


def test_a_convolution_through_ffts_is_no_sum_of_products():
    black_box = implementation(by_fft, supports=Supports(dtypes=("float64",)))
    heard = {one.check for one in findings(black_box, trials(rank=2, examples=20))}
    assert {"rounding", "not-finite-spread"} <= heard


# ------------------------------------------------------------------- trials and claims


@st.composite
def claims(draw):
    flags = {
        name: draw(st.booleans())
        for name in (
            "stride",
            "padding",
            "dilation",
            "groups",
            "uneven_padding",
            "uneven_axes",
            "channels",
            "batch",
        )
    }
    ranks = draw(st.lists(st.integers(1, 3), min_size=1, unique=True))
    modes = draw(st.lists(st.sampled_from(PADDING_MODES), min_size=1, unique=True))
    return Supports(ranks=tuple(ranks), modes=tuple(modes), **flags)


@given(claims(), geometries())
def test_the_nearest_geometry_is_claimed_and_a_claimed_one_its_own_nearest(supports, g):
    nearest = supports.nearest(g)
    assert supports.lacks(nearest) is None
    assert nearest.padding_mode in supports.modes
    assert supports.nearest(nearest) == nearest
    if supports.lacks(g) is None and g.padding_mode in supports.modes:
        assert nearest == g


@given(claims())
def test_trials_are_claimed_and_alike_for_the_same_seed(supports):
    one, two = trials(supports, examples=12), trials(supports, examples=12)
    assert len(one) == 12
    assert [each.geometry for each in one] == [each.geometry for each in two]
    for each, again in zip(one, two, strict=True):
        assert supports.lacks(each.geometry, batch=len(each.x)) is None
        assert np.array_equal(each.x, again.x)
        assert each.kernel.shape == each.geometry.weight_shape
        assert each.grad.shape[1:] == (
            each.geometry.out_channels,
            *each.geometry.output_size,
        )


def test_every_witness_is_among_the_trials_of_all_claims():
    every = trials(Supports(modes=PADDING_MODES), examples=200)
    assert {*WITNESSES.values()} <= {one.geometry for one in every}
    first = trials(Supports(stride=False, groups=False), rank=2, examples=30)
    assert len({one.geometry for one in first}) >= 20


def test_a_rank_that_is_not_claimed_has_no_trials():
    with pytest.raises(
        ConvmatError, match=r"rank must be among those that are claimed"
    ):
        trials(Supports(ranks=(2,)), rank=3)


def test_short_integers_get_numbers_whose_sums_fit():
    for name, most in (("int8", 127), ("uint8", 255), ("int16", 2**15 - 1)):
        one = trial(geometry((1, 5), (1, 1, 5)), Supports(dtypes=(name,)))
        sizes = np.abs(one.x.astype(int)), np.abs(one.kernel.astype(int))
        assert conv(*sizes).max() <= most


def test_what_a_call_changed_is_put_back():
    one = trial(geometry((1, 4), (1, 1, 2)))
    before = one.x.copy()
    assert CHECKS["input-kept"](wrong(spoiling), one) is not None
    assert np.array_equal(one.x, before)


def test_accuracy_is_one_of_two():
    with pytest.raises(
        ConvmatError, match="accuracy must be among componentwise, norm"
    ):
        Supports(accuracy="rough")
