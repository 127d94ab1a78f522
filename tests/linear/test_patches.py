"""`unfold_matrix` and `fold_matrix`, against NumPy's windows and loops."""

from itertools import product

import numpy as np
from hypothesis import example, given
from numpy.lib.stride_tricks import sliding_window_view

from convmat import conv_matrix, geometry, tie_map
from convmat.linear import fold_matrix, unfold_matrix
from convmat.verify.strategies import cases, geometries

NUMPY = {
    "zeros": "constant",
    "circular": "wrap",
    "reflect": "reflect",
    "replicate": "edge",
    "symmetric": "symmetric",
}
WITNESSES = [
    geometry(1, 3, padding=1),
    geometry(5, 2, stride=3),
    geometry((3, 4), (2, 3), padding=[(1, 0), (0, 2)], stride=(1, 2), dilation=(2, 1)),
    geometry((2, 3, 3), (1, 2, 2, 3), padding=1, padding_mode="reflect"),
    geometry((2, 2, 1, 3), (1, 2, 2, 1, 2), padding=[(1, 0), 0, (0, 1)]),
]


def settings_of(g):
    return {name: value for name, value in g.keywords.items() if name != "groups"}


def unfolding(g):
    return unfold_matrix(g.input_shape, g.kernel_size, **settings_of(g))


def folding(g):
    return fold_matrix(g.input_shape, g.kernel_size, **settings_of(g))


def windows_of(x, g):
    """`(channels, *taps, *outs)`, where `x` is `(channels, *spatial)`."""
    padded = np.pad(x, [(0, 0), *g.padding], NUMPY[g.padding_mode])
    views = sliding_window_view(padded, g.span, tuple(range(1, x.ndim)))
    strides = [slice(None, None, s) for s in g.stride]
    dilations = [slice(None, None, d) for d in g.dilation]
    views = views[(slice(None), *strides, *dilations)]
    outs, taps = range(1, 1 + g.rank), range(1 + g.rank, 1 + 2 * g.rank)
    return views.transpose(0, *taps, *outs)


@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(WITNESSES[4])
@given(geometries())
def test_unfolding_lays_out_the_windows(g):
    x = np.arange(1, g.matrix_shape[1] + 1).reshape(g.in_channels, *g.input_size)
    expected = windows_of(x, g).ravel()
    U = unfolding(g)
    assert np.array_equal(U @ x.ravel(), expected)
    assert U.shape == (expected.size, x.size)
    assert U.nnz == np.count_nonzero(expected)


@given(cases())
def test_convolution_is_the_kernel_times_the_unfolded_input(case):
    g, kernel, batch, _ = case
    windows = unfolding(g) @ batch[0].ravel()
    windows = windows.reshape(g.groups, g.taps_per_row, -1)
    banks = kernel.reshape(g.groups, -1, g.taps_per_row)
    y = (banks @ windows).ravel()
    W = conv_matrix(kernel.reshape(g.kernel_shape), g.input_shape, **g.keywords)
    assert np.array_equal(y, W @ batch[0].ravel())


@given(geometries(max_groups=1))
def test_matrix_of_a_convolution_is_its_kernel_beside_the_unfolding(g):
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    bank = kernel.reshape(g.out_channels, -1)
    outputs = g.matrix_shape[0] // g.out_channels
    W = np.kron(bank, np.eye(outputs, dtype=int)) @ unfolding(g)
    expected = conv_matrix(kernel, g.input_shape, **g.keywords)
    assert np.array_equal(W, expected.toarray())


@example(WITNESSES[0])
@example(WITNESSES[2])
@example(WITNESSES[3])
@given(geometries())
def test_folding_what_was_unfolded_counts_how_often_a_cell_is_read(g):
    F, U = folding(g), unfolding(g)
    counts = np.zeros(g.matrix_shape[1], int)
    for tap in product(*map(range, g.kernel_size)):
        numbers = np.arange(g.matrix_shape[1]).reshape(g.in_channels, *g.input_size)
        read = windows_of(numbers + 1, g)[(slice(None), *tap)].ravel()
        np.add.at(counts, read[read > 0] - 1, 1)
    both = (F @ U).toarray()
    assert np.array_equal(both, np.diag(counts))


@given(geometries())
def test_folding_is_the_transpose_of_unfolding(g):
    assert (folding(g) != unfolding(g).T.tocsr()).nnz == 0


@given(geometries(max_groups=1, max_channels=1))
def test_rows_of_a_tap_are_the_tie_of_the_tap(g):
    ties = tie_map(g)
    U = unfolding(g).tocoo()
    outputs = g.matrix_shape[0]
    taps, outs = np.divmod(U.row, outputs)
    found = sorted(zip(taps.tolist(), outs.tolist(), U.col.tolist(), strict=True))
    expected = zip(
        ties.taps.tolist(), ties.rows.tolist(), ties.cols.tolist(), strict=True
    )
    assert found == sorted(expected)


def test_named_padding_is_that_of_the_kernel():
    same = unfold_matrix((5, 4), (2, 3), padding="same")
    assert same.shape == (6 * 20, 20)
    assert (same != unfold_matrix((5, 4), (2, 3), padding=[(0, 1), 1])).nnz == 0
