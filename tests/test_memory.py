"""What is asked for: known before, refused before, and no more than the result."""

import tracemalloc

import numpy as np
import pytest

from convmat import (
    MatrixTooLargeError,
    conv,
    conv_input_grad,
    conv_kernel_grad,
    conv_matrix,
    geometry,
    memory,
    tie_map,
)
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.matrix import matrix_bytes
from convmat.tie import pattern_of
from convmat.verify import prove

LARGE = [
    ((500_000,), (5,), {"padding": 2}),
    ((300_000,), (9,), {"stride": 2, "dilation": 3, "padding": [(5, 0)]}),
    ((700, 800), (3, 3), {"padding": 1}),
    ((600, 500), (4, 3), {"stride": (2, 1), "padding": [(0, 3), (1, 0)]}),
    ((60, 64, 70), (3, 2, 3), {"padding": [1, (0, 1), (2, 0)]}),
    ((8, 96, 96), (8, 8, 3, 3), {"padding": 1}),
    ((16, 120, 110), (32, 2, 3, 3), {"groups": 8, "padding": "same"}),
    ((24, 150, 150), (24, 1, 3, 3), {"groups": 24, "padding": 1}),
    ((512, 16, 16), (512, 1, 3, 3), {"groups": 512}),
    ((4, 200), (300, 4, 5), {}),
]


def peak(call):
    """`(result, bytes)`: the most memory that the call held at any time."""
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("shape", "kernel", "settings"), LARGE, ids=str)
def test_building_a_matrix_takes_little_more_than_the_matrix(shape, kernel, settings):
    weights = np.ones(kernel)
    conv_matrix(np.ones(2), 3)  # pays for SciPy's import
    pattern_of.cache_clear()
    W, most = peak(lambda: conv_matrix(weights, shape, **settings))
    total = W.data.nbytes + W.indices.nbytes + W.indptr.nbytes
    assert total >= 10_000_000
    assert total == matrix_bytes(geometry(shape, kernel, **settings), float)
    assert most <= 1.2 * total


@pytest.mark.parametrize("limit", [None, 0, 10**6])
def test_a_matrix_that_cannot_fit_is_refused_before_anything_is_allocated(limit):
    kernel = np.ones((64, 64, 3, 3))
    conv_matrix(np.ones(2), 3)

    def refused():
        with pytest.raises(
            MatrixTooLargeError, match=r"needs .* max_bytes allows"
        ) as info:
            conv_matrix(kernel, (64, 4096, 4096), padding=1, max_bytes=limit)
        return info.value

    error, most = peak(refused)
    assert most < 100_000
    assert error.needed == matrix_bytes(
        geometry((64, 4096, 4096), kernel.shape, padding=1)
    )
    assert error.allowed == (
        memory.SHARE * memory.physical_bytes() if limit is None else limit
    )


def test_a_tie_map_that_cannot_fit_is_refused_before_anything_is_allocated():
    g = geometry((64, 4096, 4096), (64, 64, 3, 3))

    def refused():
        with pytest.raises(
            MatrixTooLargeError, match="the tie map of geometry"
        ) as info:
            tie_map(g)
        return info.value

    error, most = peak(refused)
    assert most < 100_000
    assert error.needed > 24 * g.nnz


def test_limit_is_met_exactly():
    g = geometry((3, 3), (2, 2))
    needed = matrix_bytes(g, np.int64)
    assert conv_matrix([[1, 2], [3, 4]], (3, 3), max_bytes=needed).nnz == 16
    with pytest.raises(
        MatrixTooLargeError, match=r"needs 212 bytes, .* allows 211 bytes"
    ):
        conv_matrix([[1, 2], [3, 4]], (3, 3), max_bytes=needed - 1)


def test_refusal_names_the_operator_as_the_remedy():
    with pytest.raises(MemoryError, match="conv_operator needs no stored matrix"):
        conv_matrix(np.ones((3, 3)), (10**6, 10**6))


@pytest.mark.parametrize("limit", [True, 1.5, "1GB", [1]])
def test_limit_must_be_an_integer(limit):
    with pytest.raises(ConvmatTypeError, match="max_bytes must be an integer number"):
        conv_matrix([1, 2], 3, max_bytes=limit)


def test_limit_must_not_be_negative():
    with pytest.raises(ConvmatError, match=r"max_bytes must be at least 0, got .*-1"):
        conv_matrix([1, 2], 3, max_bytes=-1)


def test_numpy_integers_are_limits():
    assert conv_matrix([1, 2], 3, max_bytes=np.int64(10**6)).nnz == 4


def test_physical_memory_is_that_of_the_machine():
    assert memory.physical_bytes() >= 1 << 28


def test_machine_that_does_not_tell_its_memory_is_taken_for_a_small_one(monkeypatch):
    def silent(name):
        raise OSError(name)

    memory.physical_bytes.cache_clear()
    monkeypatch.setattr(memory.os, "sysconf", silent, raising=False)
    try:
        assert memory.physical_bytes() == 4 << 30
    finally:
        memory.physical_bytes.cache_clear()


def test_windows_and_padding_that_cannot_fit_are_refused_before_they_are_made():
    with pytest.raises(MatrixTooLargeError, match=r"the windows of .* needs"):
        conv([1, 2], [1], padding=10**12)
    with pytest.raises(MatrixTooLargeError, match=r"the windows of .* needs"):
        conv_input_grad(np.ones(1), [1], 10**12, stride=10**12)


def test_results_that_cannot_fit_are_refused_before_they_are_made():
    x, bank = np.ones((1, 1000, 1000)), np.ones((100_000, 1, 1, 1))
    with pytest.raises(MatrixTooLargeError, match=r"the windows of .* needs"):
        conv(x, bank)
    images = np.broadcast_to(np.ones((1, 1)), (10**9, 1, 1))
    grad = np.broadcast_to(np.ones((1, 1)), (10**9, 1000, 1))
    with pytest.raises(MatrixTooLargeError, match=r"the windows of .* needs"):
        conv_kernel_grad(grad, images, (1000, 1, 1))


def test_dense_patterns_and_proofs_that_cannot_fit_are_refused():
    g = geometry((250, 250), (3, 3), padding=1)
    with pytest.raises(MatrixTooLargeError, match="the dense pattern of"):
        tie_map(g).pattern()
    with pytest.raises(MatrixTooLargeError, match="the implied map of"):
        prove(geometry((3, 32, 32), (16, 3, 3, 3)))
