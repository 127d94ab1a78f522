"""Pooling against brute force, against its matrix, and by its ties."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat.linear import avg_pool_matrix
from convmat.nn import AvgPool, GlobalAvgPool, MaxPool, Sequential
from convmat.nn.functional import max_pool
from convmat.verify.rounding import gamma
from convmat.verify.strategies import axes


@st.composite
def pools(draw):
    """Settings of windows, and an input `(batch, channels, *spatial)` of integers."""
    parts = draw(st.lists(axes(max_size=5, max_kernel=3), min_size=1, max_size=2))
    settings = {
        "pool_size": tuple(axis.kernel for axis in parts),
        "stride": tuple(axis.stride for axis in parts),
        "padding": tuple((axis.before, axis.after) for axis in parts),
        "dilation": tuple(axis.dilation for axis in parts),
        "ceil_mode": draw(st.booleans()),
    }
    shape = draw(st.sampled_from([(1, 1), (2, 1), (1, 2), (0, 2)]))
    seed = draw(st.integers(0, 99), label="seed")
    most = draw(st.sampled_from([1, 3, 99]), label="largest")  # 1 makes many ties
    rng = np.random.default_rng(seed)
    x = rng.integers(-most, most + 1, (*shape, *(axis.size for axis in parts)))
    return settings, x


def line(x, pool, **settings):
    given = {"stride": (pool,), "padding": ((0, 0),), "dilation": (1,)}
    given |= {"pool_size": (pool,), "ceil_mode": False} | settings
    return given, np.array(x)[None, None]


WITNESSES = [
    line([1, 5, 5, 2, 5], 3, stride=(1,)),  # ties
    line([1, 2, 3, 4, 5], 2, stride=(2,), ceil_mode=True),  # hangs over the end
    line([1, 2], 2, stride=(3,), padding=((2, 1),)),  # begins on the padding
    line([3, 1, 2, 9, 7], 2, dilation=(3,), stride=(1,)),
    line([4, 2, 8], 1, stride=(2,)),  # windows of one cell
    line([4, 2, 8, 1, 9], 2, stride=(3,)),  # cells that no window has
]


def windows(settings, x):
    """Each window as a list of the places of its cells on the input, by loops."""
    per_axis = []
    for number, n in enumerate(x.shape[2:]):
        k, s = settings["pool_size"][number], settings["stride"][number]
        (before, after), d = settings["padding"][number], settings["dilation"][number]
        span = d * (k - 1) + 1
        room = before + n + after - span
        last = -(-room // s) if settings["ceil_mode"] else room // s
        # PyTorch drops a last window that would begin after the input.
        if last > room // s and last * s >= before + n:
            last -= 1
        starts = [out * s - before for out in range(last + 1)]
        cells = [[start + t * d for t in range(k)] for start in starts]
        per_axis.append([[c for c in window if 0 <= c < n] for window in cells])
    return {
        out: list(product(*(w[o] for w, o in zip(per_axis, out, strict=True))))
        for out in product(*(range(len(w)) for w in per_axis))
    }


def exactly(array):
    return np.frompyfunc(Fraction, 1, 1)(array.astype(object))


@given(pools())
@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@example(WITNESSES[5])
def test_max_pooling_is_brute_force_and_its_gradient_goes_to_the_first_maximum(case):
    settings, x = case
    layer, cells = MaxPool(**settings), windows(settings, x)
    if not all(cells.values()):
        with pytest.raises(ValueError, match="padding must leave every window a cell"):
            layer.forward(x)
        return
    y = layer.forward(x)
    grad = np.arange(1, y.size + 1).reshape(y.shape)
    x_grad = np.zeros_like(x)
    for lead in np.ndindex(x.shape[:2]):
        for out, places in cells.items():
            values = [x[(*lead, *place)] for place in places]
            best = max(values)
            assert y[(*lead, *out)] == best
            x_grad[(*lead, *places[values.index(best)])] += grad[(*lead, *out)]
    assert y.shape == (*x.shape[:2], *(n + 1 for n in max(cells)))
    assert np.array_equal(layer.backward(grad), x_grad)


@given(case=pools(), include=st.booleans(), override=st.sampled_from([None, 3, -2]))
@example(case=WITNESSES[1], include=False, override=None)
@example(case=WITNESSES[1], include=True, override=None)
@example(case=WITNESSES[2], include=True, override=None)
@example(case=WITNESSES[5], include=True, override=None)
def test_average_pooling_is_its_matrix_and_exact_in_fractions(case, include, override):
    settings, x = case
    options = {"count_include_pad": include, "divisor_override": override}
    layer = AvgPool(**settings, **options)
    try:
        matrix = avg_pool_matrix(x.shape[1:], **settings, **options).toarray()
    except ValueError as error:
        with pytest.raises(ValueError, match=str(error)[:30]):
            layer.forward(exactly(x))
        return
    shares = np.frompyfunc(lambda share: Fraction(1) / round(1 / share), 1, 1)
    exact = np.where(matrix == 0, Fraction(0), shares(np.where(matrix, matrix, 1)))
    exact = exact.astype(object)
    y = layer.forward(exactly(x))
    columns = exactly(x).reshape(len(x), matrix.shape[1])
    assert np.array_equal(y.reshape(len(x), len(matrix)), columns @ exact.T)
    grad = exactly(np.arange(1, y.size + 1).reshape(y.shape))
    rows = grad.reshape(len(x), len(matrix))
    assert np.array_equal(layer.backward(grad), (rows @ exact).reshape(x.shape))
    # In floats: sums of integers are exact, so one quotient is rounded.
    rounded = layer.forward(x.astype(float))
    bound = gamma(1) * np.abs(y).astype(float)
    assert np.all(np.abs(rounded - y.astype(float)) <= 2 * bound)


def test_the_gradient_of_floats_is_that_of_fractions():
    layer = AvgPool(2, 1, padding=1)
    x = np.arange(12.0).reshape(1, 1, 3, 4)
    y = layer.forward(x)
    assert np.array_equal(layer.backward(y), layer.backward(exactly(y)).astype(float))


def test_an_integer_stands_for_all_axes():
    x = np.arange(120).reshape(1, 2, 3, 4, 5)
    for kind in (MaxPool, AvgPool):
        whole, each = kind(2).forward(x), kind((2, 2, 2), (2, 2, 2)).forward(x)
        assert whole.shape == (1, 2, 1, 2, 2)
        assert np.array_equal(whole, each)


def test_nan_is_the_largest_and_the_last_of_several():
    x = np.array([[[1.0, np.nan, 9.0, np.nan]]])
    y, taps = max_pool(x, MaxPool(4)._read(x).geometry)
    assert np.isnan(y).all()
    assert taps.tolist() == [[[3]]]


@pytest.mark.parametrize("low", [np.iinfo(np.int64).min, -np.inf])
def test_the_lowest_number_is_larger_than_the_padding(low):
    x = np.full((1, 1, 2), low)
    layer = MaxPool(2, 1, padding=1)
    assert layer.forward(x).tolist() == [[[low, low, low]]]
    grad = np.array([[[1, 2, 4]]], x.dtype)
    assert layer.backward(grad).tolist() == [[[3, 4]]]


def test_a_pool_of_many_taps_counts_beyond_a_byte():
    x = np.arange(300.0).reshape(1, 1, 300)
    layer = MaxPool(300)
    assert layer.forward(x).item() == 299
    assert layer.backward(np.ones((1, 1, 1))).ravel().argmax() == 299


def test_global_pooling_is_the_mean_and_its_gradient_equal_shares():
    x = exactly(np.arange(24).reshape(2, 2, 2, 3))
    layer = GlobalAvgPool()
    expected = [[Fraction(5, 2)], [Fraction(17, 2)]]
    assert layer.forward(x)[0].reshape(2, 1).tolist() == expected
    shares = layer.backward(exactly(np.arange(4).reshape(2, 2, 1, 1)))
    assert shares[1, 1].tolist() == [[Fraction(1, 2)] * 3] * 2


@pytest.mark.parametrize("kind", [MaxPool, AvgPool])
@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (ValueError, "pool_size must be at least 1", {"pool_size": 0}),
        (TypeError, "pool_size must be integers, not bool", {"pool_size": True}),
        (TypeError, "pool_size must be integers, not float", {"pool_size": 2.0}),
        (ValueError, "stride must be at least 1", {"stride": 0}),
        (ValueError, "stride must be one integer or one per", {"stride": (1, 1)}),
        (ValueError, "padding must be at least 0", {"padding": -1}),
        (ValueError, "dilation must be at least 1", {"dilation": 0}),
        (TypeError, "ceil_mode must be True or False", {"ceil_mode": 1}),
    ],
)
def test_settings_that_fit_no_input_are_named_at_once(kind, error, message, arguments):
    with pytest.raises(error, match=message):
        kind(**({"pool_size": (2,)} | arguments))


def test_divisors_that_are_none_are_named_at_once():
    with pytest.raises(ValueError, match="divisor_override must be one integer other"):
        AvgPool(2, divisor_override=0)
    with pytest.raises(TypeError, match="count_include_pad must be True or False"):
        AvgPool(2, count_include_pad=1)


def test_shapes_that_do_not_meet_are_named():
    for kind in (MaxPool, AvgPool):
        with pytest.raises(ValueError, match=r"x.shape\[1:\] must be .*pool_size=\(2"):
            kind((2, 2)).forward(np.zeros((1, 1, 4)))
        with pytest.raises(ValueError, match="pool_size must fit"):
            kind(3).forward(np.zeros((1, 1, 2, 2)))
        with pytest.raises(ValueError, match=r"x.shape\[1:\] must be \(channels,"):
            kind(2).forward(np.zeros((2, 2)))
        with pytest.raises(ValueError, match=r"layer 0 \(...Pool\): input_shape must"):
            Sequential([kind(2)]).summary((4,))
    with pytest.raises(ValueError, match=r"x.shape\[1:\] must be \(channels, \*spat"):
        GlobalAvgPool().forward(np.zeros((2, 2)))


def test_padding_without_end_is_refused_before_memory_is_taken():
    x = np.zeros((1, 1, 4))
    with pytest.raises(MemoryError, match="the pooling of"):
        MaxPool(2, 1, padding=1 << 38).forward(x)
    with pytest.raises(MemoryError, match="the pooling of"):
        AvgPool(2, 1, padding=1 << 38).forward(x)


def test_lists_and_generators_are_read_once():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    layer = MaxPool([2, 2], (n for n in (1, 2)), [[1, 0], [0, 0]])
    assert np.array_equal(layer.forward(x), layer.forward(x))
    assert layer.forward(x).shape == (1, 1, 4, 2)
