"""What all matrices of the room have in common: form, dtype, size, laziness."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from convmat import MatrixTooLargeError
from convmat.linear import (
    avg_pool_divisors,
    avg_pool_matrix,
    conv_factors,
    convolution_matrix,
    crop_matrix,
    fold_matrix,
    pad_matrix,
    subsample_matrix,
    sum_pool_matrix,
    unfold_matrix,
    upsample_matrix,
)

SMALL = {
    "pad": (pad_matrix, (2, 4, 5), [(1, 0), (2, 3)]),
    "crop": (crop_matrix, (2, 4, 5), [(1, 0), (2, 1)]),
    "subsample": (subsample_matrix, (2, 4, 5), (2, 3)),
    "upsample": (upsample_matrix, (2, 4, 5), (2, 3)),
    "unfold": (unfold_matrix, (2, 4, 5), (2, 3)),
    "fold": (fold_matrix, (2, 4, 5), (2, 3)),
    "sum_pool": (sum_pool_matrix, (2, 4, 5), (2, 3)),
    "avg_pool": (avg_pool_matrix, (2, 4, 5), (2, 3)),
    "convolution": (convolution_matrix, [[1, 2], [3, 4]], (4, 5)),
}
VARIANTS = {
    "pad-reflect": (pad_matrix, (4, 5), [(1, 0), (2, 3)], {"padding_mode": "reflect"}),
    "nearest": (upsample_matrix, (4, 5), (2, 3), {"kind": "nearest"}),
    "trailing": (upsample_matrix, (4, 5), (2, 3), {"trailing": 1}),
    "unfold-padded": (unfold_matrix, (4, 5), (2, 3), {"padding": 2, "stride": 3}),
    "fold-circular": (
        fold_matrix,
        (4, 5),
        (2, 3),
        {"padding": 2, "padding_mode": "circular"},
    ),
    "ceil": (sum_pool_matrix, (4, 5), (2, 2), {"ceil_mode": True, "padding": 1}),
}
HUGE = 10**9
LARGE = {
    "pad": (pad_matrix, (2, HUGE, HUGE), [0, 1]),
    "pad-alone": (pad_matrix, 1, [(0, 10**15)]),
    "crop": (crop_matrix, (HUGE, HUGE), (1, 1)),
    "subsample": (subsample_matrix, (HUGE, HUGE), (2, 1)),
    "upsample": (upsample_matrix, (10, 10), (HUGE, HUGE)),
    "unfold": (unfold_matrix, (HUGE, HUGE), (3, 3)),
    "fold": (fold_matrix, (HUGE, HUGE), (3, 3)),
    "sum_pool": (sum_pool_matrix, (HUGE, HUGE), (2, 2)),
    "avg_pool": (avg_pool_matrix, (HUGE, HUGE), (2, 2)),
    "divisors": (avg_pool_divisors, (HUGE, HUGE), (2, 2)),
    "convolution": (convolution_matrix, np.ones((3, 3)), (HUGE, HUGE)),
    "factors": (conv_factors, np.ones((3, 3)), (HUGE, HUGE)),
}

small = pytest.mark.parametrize("name", SMALL)


def made(name, **more):
    function, first, second, *settings = (SMALL | VARIANTS)[name]
    return function(first, second, **(settings[0] if settings else {}), **more)


def size_of(matrix):
    return sum(getattr(matrix, part).nbytes for part in ("data", "indices", "indptr"))


@pytest.mark.parametrize("name", [*SMALL, *VARIANTS])
def test_form_is_canonical_and_of_32_bits(name):
    M = made(name)
    assert isinstance(M, sparse.csr_array)
    assert M.indices.dtype == M.indptr.dtype == np.int32
    assert M.data.dtype == (np.float64 if name == "avg_pool" else np.int64)
    M.check_format(full_check=True)
    rebuilt = sparse.csr_array((M.data, M.indices, M.indptr), shape=M.shape)
    assert rebuilt.has_canonical_format
    assert M.has_canonical_format
    assert M.data.all()


@small
def test_bytes_are_known_before_the_matrix_is_built(name):
    needed = size_of(made(name))
    assert size_of(made(name, max_bytes=needed)) == needed
    with pytest.raises(MatrixTooLargeError, match="max_bytes allows") as caught:
        made(name, max_bytes=needed - 1)
    assert caught.value.needed == needed


def test_bytes_of_both_factors_are_known_before_they_are_built():
    for kernel in (np.ones(3, np.float32), np.ones(3, complex)):
        K, P = conv_factors(kernel, 5, padding=1)
        needed = size_of(K) + size_of(P)
        assert conv_factors(kernel, 5, padding=1, max_bytes=needed).conv.nnz == K.nnz
        with pytest.raises(MatrixTooLargeError, match="the two factors of") as caught:
            conv_factors(kernel, 5, padding=1, max_bytes=needed - 1)
        assert caught.value.needed == needed


def test_bytes_of_divisors_are_known_before_they_are_built():
    assert avg_pool_divisors((4, 6), (2, 2), max_bytes=48).nbytes == 48
    with pytest.raises(MatrixTooLargeError, match="the divisors of geometry"):
        avg_pool_divisors((4, 6), (2, 2), max_bytes=47)


@pytest.mark.parametrize("name", LARGE)
def test_what_cannot_fit_is_refused_before_anything_is_allocated(name):
    function, first, second = LARGE[name]
    tracemalloc.start()
    try:
        with pytest.raises(MatrixTooLargeError, match=r"needs .*; \w"):
            function(first, second)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


PEAKS = {
    "pad": (pad_matrix, (300, 400), (20, 5), {}),
    "pad-reflect": (pad_matrix, (300, 400), (20, 5), {"padding_mode": "reflect"}),
    "upsample": (upsample_matrix, (100, 100), (4, 3), {}),
    "unfold": (unfold_matrix, (3, 80, 90), (3, 3), {"padding": 1}),
    "sum_pool": (sum_pool_matrix, (3, 200, 200), (3, 3), {"stride": 1}),
    "avg_pool": (avg_pool_matrix, (3, 200, 200), (3, 3), {"stride": 1}),
}


@pytest.mark.parametrize("name", PEAKS)
def test_building_takes_little_more_than_the_matrix(name):
    function, first, second, settings = PEAKS[name]
    function(1, 1)  # SciPy is loaded
    tracemalloc.start()
    try:
        M = function(first, second, **settings)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A table of rows in the index dtype, a mask of bytes, and what SciPy checks.
    assert peak <= 2 * size_of(M) + (1 << 16)


@small
def test_a_matrix_shares_nothing_with_the_next_one(name):
    first, second = made(name), made(name)
    for part in ("data", "indices", "indptr"):
        getattr(first, part)[:] = 0
    assert second.data.all()
    assert second.indptr[-1] == second.nnz > 0


def test_scipy_is_not_loaded_before_a_matrix_is_built():
    code = (
        "import sys, convmat.linear; before = 'scipy' in sys.modules;"
        "convmat.linear.pad_matrix(3, 1); print(before, 'scipy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "False True"), done.stderr


def test_indices_are_of_64_bits_where_32_end():
    chosen = crop_matrix(2**31 + 5, [(2**31, 3)])
    assert chosen.indices.dtype == np.int64
    assert chosen.indices.tolist() == [2**31, 2**31 + 1]
