"""Slabs of rows: the whole matrix cut, without ever being whole."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import prod

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import sparse

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    MatrixTooLargeError,
    conv,
    conv_matrix,
    geometry,
    tie_map,
)
from convmat.geometry import PADDING_MODES
from convmat.matrix import (
    load_geometry,
    load_matrix,
    matrix_rows,
    matrix_slab,
    row_ranges,
    save_rows,
)
from convmat.matrix.rows import SLAB_BYTES
from convmat.tie import Slab
from convmat.tie import part as part_room
from convmat.tie import pattern as pattern_room
from convmat.tie.part import boxes
from convmat.verify.strategies import cases, geometries, kernels

WITNESSES = [
    geometry(7, 3, padding=[(2, 0)]),
    geometry((3, 4), (2, 3), stride=(2, 1), padding=[(1, 0), (0, 2)]),
    geometry((4, 3, 4), (6, 2, 2, 3), stride=(1, 3), padding=[(0, 1), 2], groups=2),
    geometry((3, 5), (2, 3, 1), stride=3),
    geometry((2, 3, 2), (2, 2, 2), padding=[(1, 0), 0, (0, 1)], dilation=(2, 1, 1)),
    geometry((1, 1), (3, 3), padding=1),  # dead taps
    geometry(2, 2, padding=5),  # rows without entries
    *(
        geometry(
            (2, 3, 3), (2, 1, 3, 3), padding=[(1, 0), (2, 1)], groups=2, padding_mode=m
        )
        for m in PADDING_MODES[1:]
    ),
    geometry(3, 6, padding=[(9, 4)], padding_mode="replicate"),
]


def kernel_of(g):
    """Every tap has a value of its own, and none is 0."""
    return np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)


def matrix_of(g, kernel=None):
    kernel = kernel_of(g) if kernel is None else kernel
    return conv_matrix(kernel, g.input_shape, **g.keywords)


def slab_of(g, rows, kernel=None, **settings):
    kernel = kernel_of(g) if kernel is None else kernel
    return matrix_slab(kernel, g.input_shape, rows, **settings, **g.keywords)


def rows_of(g, kernel=None, **settings):
    kernel = kernel_of(g) if kernel is None else kernel
    return matrix_rows(kernel, g.input_shape, **settings, **g.keywords)


def assert_same(W, expected):
    assert isinstance(W, sparse.csr_array)
    assert W.shape == expected.shape
    assert W.data.dtype == expected.data.dtype
    assert W.indptr.dtype == W.indices.dtype
    assert np.array_equal(W.indptr, expected.indptr)
    assert np.array_equal(W.indices, expected.indices)
    assert np.array_equal(W.data, expected.data)
    W.check_format(full_check=True)


def stacked(slabs):
    """The slabs as one matrix, by hand: SciPy might sort or sum."""
    slabs = list(slabs)
    before = np.cumsum([0, *(slab.nnz for slab in slabs[:-1])])
    ends = [slab.indptr[1:] + count for slab, count in zip(slabs, before, strict=True)]
    arrays = (
        np.concatenate([slab.data for slab in slabs]),
        np.concatenate([slab.indices for slab in slabs]),
        np.concatenate([[0], *ends]),
    )
    rows = sum(slab.shape[0] for slab in slabs)
    return sparse.csr_array(arrays, shape=(rows, slabs[0].shape[1]))


# ---------------------------------------------------------------------------- equality


@given(cases(), st.integers(1, 40), st.sampled_from([1, 3, 1 << 15]))
def test_slabs_stacked_are_the_matrix(case, block, at_once):
    g, kernel, _, _ = case
    kernel = kernel.reshape(g.kernel_shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part_room, "_AT_ONCE", at_once)
        patch.setattr(part_room, "_BLOCK", at_once)
        slabs = list(rows_of(g, kernel, block=block))
    assert_same(stacked(slabs), matrix_of(g, kernel))
    sizes = [slab.shape[0] for slab in slabs]
    assert sizes[:-1] == [min(block, g.matrix_shape[0])] * (len(sizes) - 1)
    assert 1 <= sizes[-1] <= block


@pytest.mark.parametrize("g", WITNESSES, ids=repr)
def test_every_range_of_rows_is_that_of_the_matrix(g):
    W = matrix_of(g)
    rows = g.matrix_shape[0]
    for first in range(rows + 1):
        for stop in range(first, rows + 1):
            assert_same(slab_of(g, range(first, stop)), W[first:stop])


def drawn_range(data, g):
    rows = g.matrix_shape[0]
    first = data.draw(st.integers(0, rows - 1))
    return range(first, data.draw(st.integers(first + 1, rows)))


@given(geometries(), st.data())
def test_slab_is_that_of_the_tie_map(g, data):
    """The tie map finds the entries in another way."""
    rows = drawn_range(data, g)
    kernel = data.draw(kernels(g))
    ties = tie_map(g)
    dense = np.zeros(g.matrix_shape, int)
    np.add.at(dense, (ties.rows, ties.cols), kernel.ravel()[ties.taps])
    slab = slab_of(g, rows, kernel)
    assert np.array_equal(slab.toarray(), dense[rows.start : rows.stop])
    held = np.unique(ties.rows * g.matrix_shape[1] + ties.cols)
    held = held[
        (held >= rows.start * g.matrix_shape[1])
        & (held < rows.stop * g.matrix_shape[1])
    ]
    numbers = np.repeat(np.array(rows), np.diff(slab.indptr))
    assert np.array_equal(numbers * g.matrix_shape[1] + slab.indices, held)


def example_of(g):
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (2, g.in_channels, *g.input_size))
    return g, kernel_of(g).reshape(g.weight_shape), x, None


@given(cases(), st.integers(1, 30))
@example(example_of(geometry((2, 5, 4), (4, 1, 3, 2), stride=2, groups=2)), 3)
@example(example_of(geometry((1, 1), (3, 3), padding=1)), 1)
@example(example_of(geometry((4, 3), (2, 2), stride=3, padding=[(2, 1), 0])), 2)
def test_products_of_the_slabs_are_the_convolution(case, block):
    g, kernel, x, _ = case
    flat = x.reshape(len(x), -1).T
    slabs = rows_of(g, kernel.reshape(g.kernel_shape), block=block)
    y = np.concatenate([slab @ flat for slab in slabs])
    expected = conv(x, kernel, **g.keywords)
    assert y.dtype == expected.dtype
    assert np.array_equal(y.T, expected.reshape(len(x), -1))


@given(geometries(max_size=12, max_kernel=5, max_channels=8), st.data())
def test_values_are_the_same_however_many_channels_are_written_together(g, data):
    kernel = kernel_of(g)
    rows = drawn_range(data, g)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part_room, "_AT_ONCE", 1)
        alone = slab_of(g, rows, kernel)
    assert_same(slab_of(g, rows, kernel), alone)


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "longdouble", "complex64", "complex128", "int64"]
)
def test_dtype_survives(dtype):
    for slab in matrix_rows(np.array([1, 2], dtype), 4, block=2):
        assert slab.dtype == dtype


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("short", [0, 1 << 15])
def test_floats_are_those_of_the_matrix_to_the_last_bit(monkeypatch, mode, short):
    """However they are written, the sums of shared entries round alike."""
    kernel = np.random.default_rng(1).standard_normal((4, 1, 4, 3, 4))
    settings = {"padding": [(2, 1), 1, 2], "groups": 2, "padding_mode": mode}
    monkeypatch.setattr(pattern_room, "_SHORT", short)
    for dtype in (np.float32, np.complex128):
        W = conv_matrix(kernel.astype(dtype), (2, 3, 2, 4), **settings)
        slabs = matrix_rows(kernel.astype(dtype), (2, 3, 2, 4), block=7, **settings)
        assert stacked(slabs).data.tobytes() == W.data.tobytes()


def test_form_is_known_to_be_canonical_and_is():
    g = geometry((2, 5, 5), (4, 1, 3, 3), padding=2, groups=2, padding_mode="circular")
    for slab in rows_of(g, block=11):
        assert slab.has_canonical_format
        again = sparse.csr_array((slab.data, slab.indices, slab.indptr), slab.shape)
        assert again.has_canonical_format
        assert again.has_sorted_indices


# ----------------------------------------------------------------------------- boxes


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_boxes_are_the_range_in_order_and_few(sizes, data):
    total = prod(sizes)
    first = data.draw(st.integers(0, total))
    stop = data.draw(st.integers(first, total))
    found = list(boxes(tuple(sizes), first, stop))
    strides = [prod(sizes[number + 1 :]) for number in range(len(sizes))]
    positions = [
        sum(map(np.multiply, index, strides))
        for box in found
        for index in np.stack(np.meshgrid(*box, indexing="ij"), -1).reshape(
            -1, len(sizes)
        )
    ]
    assert positions == list(range(first, stop))
    assert len(found) <= 2 * len(sizes) - 1


# ----------------------------------------------------------------------------- ranges


@given(geometries(), st.integers(1, 50))
def test_ranges_share_out_the_rows(g, block):
    ranges = list(row_ranges(g, block=block))
    assert [row for rows in ranges for row in rows] == list(range(g.matrix_shape[0]))
    assert {len(rows) for rows in ranges[:-1]} <= {block}


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
@pytest.mark.parametrize(
    "g",
    [
        geometry((64, 256, 256), (64, 64, 3, 3), padding=1),
        geometry(10**9, 5, padding=2),
        geometry((3000, 3000), (2, 2), stride=2),
    ],
    ids=repr,
)
def test_slabs_are_of_whole_lines_within_16_mib_by_default(g, dtype):
    middle = list(zip(range(3), row_ranges(g, dtype), strict=False))[-1][1]
    assert g.rank == 1 or middle.start % g.output_size[-1] == 0
    slab = Slab(g, middle)
    item = np.dtype(dtype).itemsize + slab.index_dtype.itemsize
    size = slab.nnz * item + (len(middle) + 1) * slab.index_dtype.itemsize
    assert 0.4 * SLAB_BYTES < size <= SLAB_BYTES


def test_a_small_matrix_is_one_slab_by_default():
    (slab,) = matrix_rows(np.ones((3, 3)), (50, 50), padding=1)
    assert slab.shape == (2500, 2500)


def test_a_row_beyond_16_mib_is_a_slab_of_its_own():
    g = geometry((1_500_000, 2), (1, 1_500_000, 1))
    assert list(row_ranges(g)) == [range(1), range(1, 2)]


def test_a_limit_makes_the_slabs_smaller():
    g = geometry((40, 40), (3, 3), padding=1)
    for slab in rows_of(g, max_bytes=2000):
        total = slab.data.nbytes + slab.indices.nbytes + slab.indptr.nbytes
        assert total <= 2000
    assert_same(stacked(rows_of(g, max_bytes=2000)), matrix_of(g))


# ----------------------------------------------------------------- 32 and 64 bits


def test_indices_have_32_bits_where_the_slab_fits_though_the_matrix_does_not():
    g = geometry((64, 1024, 1024), (64, 64, 3, 3), padding=1)
    assert g.nnz > 2**31
    assert Slab(g, range(100, 200)).index_dtype == np.int32
    slab = slab_of(g, range(100, 102))
    assert slab.indices.dtype == slab.indptr.dtype == np.int32


def test_indices_have_64_bits_where_columns_need_them():
    for size, dtype in ((2**31 - 1, np.int32), (2**31, np.int64)):
        slab = matrix_slab([1, 2, 3], size, range(4))
        assert slab.indices.dtype == slab.indptr.dtype == dtype


def test_indices_have_64_bits_where_entries_need_them():
    g = geometry((2**20, 2**10), (3, 3))
    enough = -(-(2**31) // 9)
    assert Slab(g, range(enough - 1)).index_dtype == np.int32
    assert Slab(g, range(enough)).index_dtype == np.int64


@pytest.mark.parametrize("mode", [mode for mode in PADDING_MODES if mode != "circular"])
def test_last_rows_of_a_matrix_beyond_all_memory_are_those_of_a_small_one(mode):
    """Rows and columns move along with the corner; only a circle has none."""
    kernel = np.arange(1, 13).reshape(2, 1, 2, 3)
    settings = {"padding": [(1, 1), (0, 2)], "groups": 2, "padding_mode": mode}
    far, near = (2, 10**6, 10**6), (2, 9, 10**6)
    big, small = (geometry(shape, kernel.shape, **settings) for shape in (far, near))
    (big_rows, big_columns), (rows, columns) = big.matrix_shape, small.matrix_shape
    at_end = matrix_slab(kernel, far, range(big_rows - 10, big_rows), **settings)
    expected = matrix_slab(kernel, near, range(rows - 10, rows), **settings)
    assert np.array_equal(at_end.indptr, expected.indptr)
    assert np.array_equal(at_end.data, expected.data)
    assert np.array_equal(
        at_end.indices - big_columns, expected.indices.astype(int) - columns
    )


# ----------------------------------------------------------------------------- memory


def peak(call):
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LARGE = [
    geometry((64, 160, 160), (64, 64, 3, 3), padding=1),
    geometry((64, 160, 160), (64, 64, 3, 3), padding=1, padding_mode="reflect"),
    geometry((512, 256, 256), (512, 1, 7, 7), padding=3, groups=512),
    geometry((64, 100, 100), (64, 64, 5, 5), padding=4, padding_mode="replicate"),
    geometry(2 * 10**8, 5, padding=[(4, 0)]),
    geometry((600, 600, 600), (3, 3, 2), stride=(1, 2, 1), dilation=3),
]


@pytest.mark.parametrize("g", LARGE, ids=repr)
def test_a_matrix_of_10_gb_streams_through_50_mb(g):
    kernel = np.ones(g.kernel_shape)
    next(matrix_rows([1, 2], 3))  # pays for SciPy's import
    assert g.nnz * 12 > 10**10

    def read():
        seen = 0
        for slab in rows_of(g, kernel):
            seen += slab.nnz
            if seen > 4_000_000:
                return seen
        return seen

    seen, most = peak(read)
    assert seen > 4_000_000
    assert most < 50_000_000


@pytest.mark.parametrize("g", LARGE, ids=repr)
def test_building_a_slab_takes_little_more_than_the_slab(g):
    kernel = np.ones(g.kernel_shape)
    rows = g.matrix_shape[0]
    *_, (size, middle) = [
        (len(chosen), rows // 3)
        for _, chosen in zip(range(1), row_ranges(g), strict=False)
    ]
    for first in (0, middle, rows - size):
        chosen = range(first, first + size)
        slab, most = peak(partial(slab_of, g, chosen, kernel))
        total = slab.data.nbytes + slab.indices.nbytes + slab.indptr.nbytes
        assert total >= 5_000_000
        assert most <= 1.2 * total


def test_taps_of_many_channels_that_share_an_entry_are_not_copied_at_once():
    kernel = np.ones((50_000, 1, 60))
    settings = {"stride": 60, "groups": 50_000, "padding_mode": "replicate"}
    g = geometry((50_000, 2), kernel.shape, padding=59, **settings)
    build = partial(slab_of, g, range(g.matrix_shape[0]), kernel)
    slab, most = peak(build)
    total = slab.data.nbytes + slab.indices.nbytes + slab.indptr.nbytes
    assert total > 1_000_000
    assert most <= 1.5 * total


def test_a_slab_of_a_short_row_range_takes_next_to_nothing():
    """Neither the size of the matrix nor that of an axis shows."""
    kernel = np.ones((2, 1, 3, 3))
    for mode in PADDING_MODES:
        settings = {"padding": 2, "groups": 2, "padding_mode": mode}
        shape = (2, 10**7, 10**8)
        rows = geometry(shape, kernel.shape, **settings).matrix_shape[0]
        for first in (0, rows // 2 - 2, rows - 5):
            chosen = range(first, first + 5)
            build = partial(matrix_slab, kernel, shape, chosen, **settings)
            slab, most = peak(build)
            assert slab.shape == (5, prod(shape))
            assert most < 60_000


def test_a_slab_has_few_parts_and_few_steps():
    g = geometry((64, 300, 300, 300), (64, 64, 3, 3, 3), padding=1)
    rows = g.matrix_shape[0]
    slab = Slab(g, range(rows // 7, rows // 7 * 3))
    assert len(slab._parts) <= 2 * 4 + 1
    assert sum(len(part.steps) for part in slab._parts) < 600


# ------------------------------------------------------------------------ life of it


def test_more_may_be_allowed_than_the_default(monkeypatch, tmp_path):
    monkeypatch.setattr("convmat.memory.physical_bytes", lambda: 64)
    g = geometry(9, 2)
    with pytest.raises(MatrixTooLargeError, match="max_bytes allows 32"):
        matrix_rows([1, 2], 9)
    whole = [[int(c - r in (0, 1)) * (1 + c - r) for c in range(9)] for r in range(8)]
    (slab,) = matrix_rows([1, 2], 9, max_bytes=10**6)
    assert slab.toarray().tolist() == whole
    path = save_rows(tmp_path / "W.npz", [1, 2], 9, max_bytes=10**6)
    assert load_matrix(path, max_bytes=10**6).toarray().tolist() == whole
    assert load_geometry(path) == g


def test_slabs_are_built_one_by_one_as_they_are_asked_for(monkeypatch):
    built = []
    right = Slab.indices

    def indices(self):
        built.append(self.rows)
        return right(self)

    monkeypatch.setattr(Slab, "indices", indices)
    slabs = matrix_rows([1, 2], 9, block=3)
    assert built == []
    next(slabs)
    assert built == [range(3)]
    next(slabs)
    assert built == [range(3), range(3, 6)]


def test_a_later_change_of_the_kernel_reaches_no_slab():
    kernel = np.array([1, 2])
    slabs = matrix_rows(kernel, 3, block=1)
    kernel[:] = 9
    assert np.concatenate([slab.toarray() for slab in slabs]).tolist() == [
        [1, 2, 0],
        [0, 1, 2],
    ]


def test_slabs_share_nothing():
    first, second = (matrix_slab([1, 2], 9, range(2, 5)) for _ in range(2))
    first.data[:] = 0
    first.indices[:] = 0
    assert second.indices.tolist() == [2, 3, 3, 4, 4, 5]
    assert second.data.tolist() == [1, 2, 1, 2, 1, 2]


def test_any_executor_builds_the_slabs():
    g = geometry((4, 20, 20), (6, 2, 3, 3), padding=1, groups=2)
    build = partial(matrix_slab, kernel_of(g), g.input_shape, **g.keywords)
    with ThreadPoolExecutor(4) as pool:
        slabs = list(pool.map(build, row_ranges(g, block=97)))
    assert_same(stacked(slabs), matrix_of(g))


# -------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("block", [True, 2.0, "3", [4]])
def test_block_must_be_an_integer(block):
    with pytest.raises(ConvmatTypeError, match="block must be an integer number of r"):
        matrix_rows([1, 2], 3, block=block)


@pytest.mark.parametrize("block", [0, -1, np.int64(-5)])
def test_block_must_be_at_least_1(block):
    with pytest.raises(ConvmatError, match=r"block must be at least 1, got block="):
        matrix_rows([1, 2], 3, block=block)


def test_numpy_integers_are_blocks():
    assert len(list(matrix_rows([1, 2], 5, block=np.int64(3)))) == 2


@pytest.mark.parametrize("rows", [3, [0, 1], slice(0, 2), range(0, 4, 2), (0, 2)])
def test_rows_must_be_a_range_of_step_1(rows):
    with pytest.raises(ConvmatTypeError, match=r"rows must be a range with .* range\("):
        matrix_slab([1, 2], 9, rows)


@pytest.mark.parametrize("rows", [range(-1, 2), range(2, 9), range(5, 3), range(9, 9)])
def test_rows_must_be_those_of_the_matrix(rows):
    with pytest.raises(ConvmatError, match="rows must lie within the 8 rows of the"):
        matrix_slab([1, 2], 9, rows)


def test_a_slab_beyond_the_limit_is_refused_before_anything_is_allocated():
    kernel = np.ones((64, 64, 3, 3))

    def refused():
        with pytest.raises(MatrixTooLargeError, match="take fewer rows at a time"):
            matrix_rows(kernel, (64, 4096, 4096), padding=1, block=10**9)
        with pytest.raises(MatrixTooLargeError, match="the slab of 1000000000 rows of"):
            matrix_slab(kernel, (64, 4096, 4096), range(10**9), padding=1)

    _, most = peak(refused)
    assert most < 500_000


def test_a_row_beyond_the_limit_is_refused():
    with pytest.raises(MatrixTooLargeError, match=r"a row of geometry.*conv needs no"):
        matrix_rows([1, 2], 9, max_bytes=31)


def test_the_limit_is_met_exactly():
    needed = 6 * (8 + 4) + 4 * 4  # 3 rows of 2 int64 entries
    assert matrix_slab([1, 2], 9, range(3), max_bytes=needed).nnz == 6
    assert next(matrix_rows([1, 2], 9, block=3, max_bytes=needed)).nnz == 6
    with pytest.raises(
        MatrixTooLargeError, match=r"needs 88 bytes, .* allows 87 bytes"
    ):
        matrix_slab([1, 2], 9, range(3), max_bytes=needed - 1)
    with pytest.raises(
        MatrixTooLargeError, match=r"needs 88 bytes, .* allows 87 bytes"
    ):
        matrix_rows([1, 2], 9, block=3, max_bytes=needed - 1)


@pytest.mark.parametrize("limit", [True, 1.5, "1GB"])
def test_the_limit_must_be_an_integer(limit):
    with pytest.raises(ConvmatTypeError, match="max_bytes must be an integer number"):
        matrix_rows([1, 2], 3, max_bytes=limit)


def test_more_columns_than_an_index_can_count_are_refused():
    with pytest.raises(ConvmatError, match=r"input_shape must have fewer than 2\*\*63"):
        matrix_rows(np.ones((1, 1)), (2**32, 2**31))
    assert matrix_slab(np.ones((1, 1)), (2**31, 2**31), range(2)).nnz == 2


def test_kernels_that_scipy_cannot_carry_are_refused_at_once():
    with pytest.raises(
        ConvmatTypeError, match="kernel must be of a dtype that SciPy's"
    ):
        matrix_rows(np.ones(2, np.float16), 3)


def test_settings_are_checked_before_the_first_slab():
    with pytest.raises(ConvmatError, match="stride must be at least 1"):
        matrix_rows([1, 2], 3, stride=0)
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        row_ranges((3, 3))


def test_a_sum_of_taps_beyond_int64_is_refused_in_slabs_too():
    # Around one cell all taps share one entry.
    settings = {"padding": 1, "padding_mode": "circular"}
    fits = next(matrix_rows([2**61, 2**61, 2**61], 1, **settings))
    assert fits.toarray().tolist() == [[3 * 2**61]]
    with pytest.raises(ConvmatError, match=r"must fit int64"):
        next(matrix_rows([2**62, 2**62, 2**62], 1, **settings))
