"""Beside PyTorch, where it is installed: an oracle from outside, of integers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat.linear import (
    avg_pool_matrix,
    fold_matrix,
    pad_matrix,
    unfold_matrix,
    upsample_matrix,
)
from convmat.verify.rounding import gamma

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def numbers(*shape):
    return np.random.default_rng(0).integers(-9, 10, shape).astype(float)


def test_every_short_average_pool_is_torchs_or_refused_by_both():
    refused = 0
    for size, pool, stride in product(range(1, 9), range(1, 6), range(1, 5)):
        for pad, ceil, include, override in product(
            range(pool // 2 + 1), (False, True), (False, True), (None, 3)
        ):
            x = numbers(2, 1, size)
            settings = (ceil, include, override)
            try:
                theirs = functional.avg_pool2d(
                    torch.tensor(x), (1, pool), (1, stride), (0, pad), *settings
                )
            except RuntimeError:
                with pytest.raises(ValueError, match="pool_size must fit"):
                    avg_pool_matrix(size, pool, stride=stride, padding=pad)
                refused += 1
                continue
            A = avg_pool_matrix(
                (2, size),
                (pool,),
                stride=stride,
                padding=pad,
                ceil_mode=ceil,
                count_include_pad=include,
                divisor_override=override,
            )
            assert A.shape[0] == theirs.numel()
            # Ours rounds 1/d, products and sums of 5 terms, theirs the quotient.
            apart = np.abs(A @ x.ravel() - theirs.numpy().ravel())
            assert np.all(apart <= 45 * gamma(7))
    assert refused > 0


@given(st.data())
def test_average_pools_of_planes_are_torchs(data):
    size = data.draw(st.tuples(*[st.integers(3, 9)] * 2))
    pool = data.draw(st.tuples(*[st.integers(1, 3)] * 2))
    stride = data.draw(st.tuples(*[st.integers(1, 4)] * 2))
    pad = tuple(data.draw(st.integers(0, k // 2)) for k in pool)
    ceil, include = data.draw(st.booleans()), data.draw(st.booleans())
    x = numbers(3, *size)
    theirs = functional.avg_pool2d(torch.tensor(x), pool, stride, pad, ceil, include)
    A = avg_pool_matrix(
        x.shape,
        pool,
        stride=stride,
        padding=pad,
        ceil_mode=ceil,
        count_include_pad=include,
    )
    apart = np.abs(A @ x.ravel() - theirs.numpy().ravel())
    assert A.shape[0] == theirs.numel()
    assert np.all(apart <= 81 * gamma(11))


@given(st.data())
def test_unfold_and_fold_are_torchs(data):
    pairs = st.tuples(*[st.integers(1, 3)] * 2)
    kernel, stride, dilation = data.draw(pairs), data.draw(pairs), data.draw(pairs)
    pad = data.draw(st.tuples(*[st.integers(0, 2)] * 2))
    size = tuple(
        d * (k - 1) + 1 + data.draw(st.integers(0, 4))
        for k, d in zip(kernel, dilation, strict=True)
    )
    settings = {"stride": stride, "padding": pad, "dilation": dilation}
    x = numbers(2, *size)
    theirs = functional.unfold(torch.tensor(x)[None], kernel, **settings)[0]
    columns = unfold_matrix(x.shape, kernel, **settings) @ x.ravel()
    assert np.array_equal(columns.reshape(theirs.shape), theirs.numpy())
    folded = functional.fold(theirs[None], size, kernel, **settings)[0]
    F = fold_matrix(x.shape, kernel, **settings)
    assert np.array_equal((F @ columns).reshape(x.shape), folded.numpy())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("zeros", "constant"),
        ("circular", "circular"),
        ("reflect", "reflect"),
        ("replicate", "replicate"),
    ],
)
def test_padding_is_torchs(ours, theirs):
    x = numbers(2, 4, 3)
    padded = functional.pad(torch.tensor(x)[None], (1, 2, 3, 0), theirs)[0]
    P = pad_matrix(x.shape, [(3, 0), (1, 2)], padding_mode=ours)
    assert np.array_equal((P @ x.ravel()).reshape(padded.shape), padded.numpy())


def test_nearest_upsampling_is_torchs():
    x = numbers(2, 4, 3)
    theirs = functional.interpolate(torch.tensor(x)[None], scale_factor=(3, 2))[0]
    U = upsample_matrix(x.shape, (3, 2), kind="nearest")
    assert np.array_equal((U @ x.ravel()).reshape(theirs.shape), theirs.numpy())
