"""Sum and average pooling, against padded windows, loops and depthwise convolutions."""

from fractions import Fraction
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from convmat import GeometryError, conv, conv_matrix
from convmat.linear import avg_pool_divisors, avg_pool_matrix, sum_pool_matrix
from convmat.verify.strategies import axes


class Pool(NamedTuple):
    """One pooling: `channels` is () or (number,)."""

    channels: tuple
    size: tuple
    pool: tuple
    stride: tuple
    padding: tuple
    dilation: tuple
    ceil_mode: bool

    @property
    def input_shape(self):
        return (*self.channels, *self.size)

    @property
    def keywords(self):
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "ceil_mode": self.ceil_mode,
        }


@st.composite
def pools(draw):
    channels = draw(st.sampled_from([(), (1,), (2,), (3,)]))
    parts = draw(st.lists(axes(), min_size=1, max_size=3))
    return Pool(
        channels,
        tuple(axis.size for axis in parts),
        tuple(axis.kernel for axis in parts),
        tuple(axis.stride for axis in parts),
        tuple((axis.before, axis.after) for axis in parts),
        tuple(axis.dilation for axis in parts),
        draw(st.booleans()),
    )


def line(size, pool, stride, padding, rounded="down", dilation=1):
    up = rounded == "up"
    return Pool((), (size,), (pool,), (stride,), (padding,), (dilation,), up)


WITNESSES = [
    line(5, 2, 2, (0, 0), "up"),  # the last window hangs over
    line(2, 3, 2, (0, 0), "up"),  # the only window does
    line(5, 3, 3, (1, 1), "up"),  # the last one would begin beyond the input
    line(1, 1, 4, (0, 3), "up"),  # so it would here, though a window fits after it
    line(1, 1, 2, (0, 3)),  # windows that lie beside the input
    line(4, 2, 3, (2, 1), "up", 2),
    Pool((2,), (3, 4), (2, 3), (1, 2), ((1, 0), (0, 2)), (2, 1), ceil_mode=True),
    Pool(
        (),
        (4, 1, 3),
        (2, 1, 2),
        (3, 1, 1),
        ((0, 1), (0, 0), (1, 1)),
        (1, 1, 2),
        ceil_mode=False,
    ),
]


def windows_along(n, k, s, pad, d, ceil_mode):
    """Cells of each window on one axis, counted in the padded axis.

    As PyTorch says it: the number of windows is rounded up in `ceil_mode`, and the last
    is ignored if it would begin in the padding after the input.
    """
    before, after = pad
    fitting = Fraction(before + n + after - d * (k - 1) - 1, s)
    count = fitting.__floor__() + 1
    if ceil_mode and fitting.__ceil__() * s < before + n:
        count = fitting.__ceil__() + 1
    return [[out * s + tap * d for tap in range(k)] for out in range(count)]


def by_windows(p, x, include_pad=True):
    """`(sums, counts)` of every window by strided views of padded arrays."""
    lines = zip(p.size, p.pool, p.stride, p.padding, p.dilation, strict=True)
    outs = [len(windows_along(*line, p.ceil_mode)) for line in lines]
    spans = [d * (k - 1) + 1 for k, d in zip(p.pool, p.dilation, strict=True)]
    beyond = [
        max(0, (o - 1) * s + span - before - n - after)
        for o, s, span, n, (before, after) in zip(
            outs, p.stride, spans, p.size, p.padding, strict=True
        )
    ]

    def summed(array):
        more = [(0, 0)] * len(p.channels) + [(0, cells) for cells in beyond]
        spatial = tuple(range(len(p.channels), array.ndim))
        views = sliding_window_view(np.pad(array, more), spans, spatial)
        strides = [slice(None, o * s, s) for o, s in zip(outs, p.stride, strict=True)]
        dilations = [slice(None, None, d) for d in p.dilation]
        taps = tuple(range(-len(p.size), 0))
        return views[(..., *strides, *dilations)].sum(axis=taps)

    none = [(0, 0)] * len(p.channels)
    ones = np.ones(p.input_shape, int)
    counted = np.pad(ones, [*none, *p.padding], constant_values=int(include_pad))
    return summed(np.pad(x, [*none, *p.padding])), summed(counted)


def numbers(shape):
    return np.arange(1, np.prod(shape) + 1).reshape(shape) ** 2 - 5


@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@example(WITNESSES[5])
@example(WITNESSES[6])
@example(WITNESSES[7])
@given(pools())
def test_sum_pooling_sums_the_windows(p):
    x = numbers(p.input_shape)
    S = sum_pool_matrix(p.input_shape, p.pool, **p.keywords)
    sums, _ = by_windows(p, x)
    assert S.shape == (sums.size, x.size)
    assert np.array_equal(S @ x.ravel(), sums.ravel())
    assert set(S.data.tolist()) <= {1}


@pytest.mark.parametrize("include_pad", [True, False])
@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@example(WITNESSES[5])
@example(WITNESSES[6])
@example(WITNESSES[7])
@given(pools())
def test_divisors_count_the_cells_of_the_windows(include_pad, p):
    _, counts = by_windows(p, numbers(p.input_shape), include_pad)
    if p.channels:
        assert (counts == counts[0]).all()
        counts = counts[0]
    settings = {**p.keywords, "count_include_pad": include_pad}
    if counts.all():
        divisors = avg_pool_divisors(p.input_shape, p.pool, **settings)
        assert divisors.dtype == np.int64
        assert np.array_equal(divisors, counts)
    else:
        out = tuple(np.argwhere(counts == 0)[0].tolist())
        for function in (avg_pool_divisors, avg_pool_matrix):
            with pytest.raises(GeometryError, match="a cell of the input") as caught:
                function(p.input_shape, p.pool, **settings)
            assert f"that of output {out} has none" in str(caught.value)


@given(pools())
def test_windows_of_padding_included_always_count_something(p):
    assert avg_pool_divisors(p.input_shape, p.pool, **p.keywords).min() >= 1


@example(p=WITNESSES[6], override=None, include_pad=True)
@example(p=WITNESSES[6], override=None, include_pad=False)
@example(p=WITNESSES[7], override=None, include_pad=False)
@given(p=pools(), override=st.sampled_from([None, 7, -2]), include_pad=st.booleans())
def test_average_pooling_is_sum_pooling_with_each_row_divided(p, override, include_pad):
    if override is None and not include_pad:
        # A window beside the input has nothing to be divided by, and is refused.
        include_pad = not by_windows(p, numbers(p.input_shape), include_pad)[1].all()
    settings = {
        **p.keywords,
        "divisor_override": override,
        "count_include_pad": include_pad,
    }
    A = avg_pool_matrix(p.input_shape, p.pool, **settings)
    S = sum_pool_matrix(p.input_shape, p.pool, **p.keywords)
    divisors = avg_pool_divisors(p.input_shape, p.pool, **settings)
    if override is not None:
        assert (divisors == override).all()
    assert np.array_equal(A.indptr, S.indptr)
    assert np.array_equal(A.indices, S.indices)
    channels = A.shape[0] // divisors.size
    rows = np.repeat(np.tile(divisors.ravel(), channels), np.diff(A.indptr))
    assert np.array_equal(A.data, 1 / rows)


@given(pools())
def test_averages_are_exact_as_fractions(p):
    x = numbers(p.input_shape)
    sums, counts = by_windows(p, x)
    S = sum_pool_matrix(p.input_shape, p.pool, **p.keywords)
    divisors = avg_pool_divisors(p.input_shape, p.pool, **p.keywords)
    exact = (S @ x.ravel()).reshape(sums.shape) * Fraction(1) / divisors
    slow = [
        Fraction(int(a), int(b)) for a, b in zip(sums.flat, counts.flat, strict=True)
    ]
    assert exact.ravel().tolist() == slow


def test_every_short_line_has_the_windows_and_divisors_of_pytorch():
    count = 0
    box = product(range(1, 7), range(1, 5), (1, 2, 4), (1, 2), ("down", "up"))
    for size, pool, stride, dilation, rounded in box:
        for pad in product(range(3), repeat=2):
            p = line(size, pool, stride, pad, rounded, dilation)
            windows = windows_along(size, pool, stride, pad, dilation, p.ceil_mode)
            if not windows:
                with pytest.raises(GeometryError, match="pool_size must fit the padd"):
                    sum_pool_matrix(size, pool, **p.keywords)
                continue
            first, end = pad[0], pad[0] + size
            dense = [
                [int(cell + first in window) for cell in range(size)]
                for window in windows
            ]
            S = sum_pool_matrix(size, pool, **p.keywords)
            assert S.toarray().tolist() == dense, p
            divisors = [sum(c < end + pad[1] for c in window) for window in windows]
            found = avg_pool_divisors(size, pool, **p.keywords)
            assert found.tolist() == divisors, p
            count += 1
    assert count > 2000


def test_pytorchs_limit_on_padding_is_not_ours():
    S = sum_pool_matrix(2, 2, stride=1, padding=2)
    assert (S @ [3, 4]).tolist() == [0, 3, 7, 4, 0]
    A = avg_pool_matrix(2, 2, stride=1, padding=2)
    assert (A @ [3, 4]).tolist() == [0, 1.5, 3.5, 2, 0]


@given(pools())
def test_average_pooling_without_padding_is_a_depthwise_convolution(p):
    p = p._replace(padding=((0, 0),) * len(p.size), ceil_mode=False)
    spans = [d * (k - 1) + 1 for k, d in zip(p.pool, p.dilation, strict=True)]
    p = p._replace(size=tuple(map(max, p.size, spans)))
    A = avg_pool_matrix(p.input_shape, p.pool, **p.keywords)
    constant = np.full(p.pool, 1 / np.prod(p.pool))
    groups = 1
    if p.channels:
        (groups,) = p.channels
        constant = np.broadcast_to(constant, (groups, 1, *p.pool))
    settings = {"stride": p.stride, "dilation": p.dilation, "groups": groups}
    W = conv_matrix(constant, p.input_shape, **settings)
    for name in ("indptr", "indices", "data"):
        assert np.array_equal(getattr(A, name), getattr(W, name))


@given(pools())
def test_sum_pooling_is_a_depthwise_convolution_with_ones(p):
    p = p._replace(ceil_mode=False)
    x = numbers((1, *p.size))
    settings = {k: v for k, v in p.keywords.items() if k != "ceil_mode"}
    y = conv(x, np.ones((1, 1, *p.pool), int), **settings)
    S = sum_pool_matrix(p.size, p.pool, **p.keywords)
    assert np.array_equal(S @ x.ravel(), y.ravel())


def test_stride_is_the_pool_size_by_default():
    A = avg_pool_matrix((3, 6, 5), (2, 3))
    B = avg_pool_matrix((3, 6, 5), (2, 3), stride=(2, 3))
    assert np.array_equal(A.toarray(), B.toarray())
    assert A.shape == (3 * 3 * 1, 90)


def test_same_padding_as_tensorflow_pools_has_no_padding_in_its_divisors():
    divisors = avg_pool_divisors(
        5, 3, stride=2, padding="same", count_include_pad=False
    )
    assert divisors.tolist() == [2, 3, 2]
    valid = sum_pool_matrix(5, 3, padding="valid", ceil_mode=True)
    assert valid.toarray().tolist() == [[1, 1, 1, 0, 0], [0, 0, 0, 1, 1]]


@pytest.mark.parametrize("dtype", ["float32", "float64", "longdouble", "complex64"])
def test_averages_are_in_the_dtype_that_is_asked_for(dtype):
    A = avg_pool_matrix(7, 3, dtype=dtype)
    assert A.dtype == dtype
    assert (A.data == np.ones(1, dtype) / 3).all()


def test_swapped_bytes_come_back_in_native_order():
    assert avg_pool_matrix(4, 2, dtype=">f4").dtype == np.float32


def test_numbers_of_the_guide_to_convolution_arithmetic_come_out():
    """Dumoulin and Visin, arXiv:1603.07285, figure 1.5: 3x3 averages at stride 1."""
    x = np.array(
        [
            [3, 3, 2, 1, 0],
            [0, 0, 1, 3, 1],
            [3, 1, 2, 2, 3],
            [2, 0, 0, 2, 2],
            [2, 0, 0, 0, 1],
        ]
    )
    y = avg_pool_matrix((5, 5), (3, 3), stride=1) @ x.ravel()
    published = [[1.7, 1.7, 1.7], [1.0, 1.2, 1.8], [1.1, 0.8, 1.3]]
    assert y.reshape(3, 3).round(1).tolist() == published


def test_windows_far_larger_than_the_input_are_counted_at_once():
    far = 10**12
    sums = sum_pool_matrix(3, far, padding=far)
    assert sums.toarray().tolist() == [[0, 0, 0], [1, 1, 1]]
    assert avg_pool_divisors(3, far, padding=far).tolist() == [far, far]
