"""Every small geometry, against plain loops over the one formula.

The loops share nothing with the package: they read the formula of the design page and
visit every output, channel and tap in turn.
"""

from itertools import product

import numpy as np
import pytest

from convmat import geometry, tie_map
from convmat.geometry import PADDING_MODES, Axis
from convmat.tie import Pattern, pattern
from convmat.verify import BOXES


def windows(size, kernel, stride, before, after, dilation):
    """`[out][tap]` -> the source, which may lie outside the input, on one axis."""
    found = []
    while True:
        first = len(found) * stride
        if first + dilation * (kernel - 1) >= before + size + after:
            return found
        found.append([first + tap * dilation - before for tap in range(kernel)])


def by_loops(g):
    """Every `(row, column, tap)`, and every dropped `(row, padded cell, tap)`."""
    axes = zip(
        g.input_size, g.kernel_size, g.stride, g.padding, g.dilation, strict=True
    )
    tables = [windows(n, k, s, b, a, d) for n, k, s, (b, a), d in axes]
    outs = list(product(*(range(len(table)) for table in tables)))
    taps = list(product(*map(range, g.kernel_size)))
    per_group, outputs_per_group = (
        g.in_channels // g.groups,
        g.out_channels // g.groups,
    )
    kept, dropped = [], []
    for out_channel, out in product(range(g.out_channels), outs):
        row = out_channel * len(outs) + outs.index(out)
        for part, tap in product(range(per_group), taps):
            channel = out_channel // outputs_per_group * per_group + part
            number = (out_channel * per_group + part) * len(taps) + taps.index(tap)
            sources = [
                table[o][t] for table, o, t in zip(tables, out, tap, strict=True)
            ]
            if all(0 <= s < n for s, n in zip(sources, g.input_size, strict=True)):
                column = channel
                for source, n in zip(sources, g.input_size, strict=True):
                    column = column * n + source
                kept.append((row, column, number))
            else:
                cell = channel
                pads = zip(sources, g.input_size, g.padding, strict=True)
                for source, n, (before, after) in pads:
                    cell = cell * (before + n + after) + source + before
                dropped.append((row, cell, number))
    return kept, dropped


NEIGHBOURS = {
    # the cell that stands in the padding beside an end, from the cells at that end
    "circular": lambda cell, n: cell + n if cell < 0 else cell - n,
    "reflect": lambda cell, n: -cell if cell < 0 else 2 * (n - 1) - cell,
    "replicate": lambda cell, n: 0 if cell < 0 else n - 1,
    "symmetric": lambda cell, n: -cell - 1 if cell < 0 else 2 * n - 1 - cell,
}


def filled_by_loops(g):
    """Every `(row, column, tap)` where padding is filled from the input, by loops."""
    tables = []
    axes = zip(
        g.input_size, g.kernel_size, g.stride, g.padding, g.dilation, strict=True
    )
    for n, k, s, (before, after), d in axes:
        fill = NEIGHBOURS[g.padding_mode]
        tables.append(
            [
                [cell if 0 <= cell < n else fill(cell, n) for cell in window]
                for window in windows(n, k, s, before, after, d)
            ]
        )
    outs = list(product(*(range(len(table)) for table in tables)))
    taps = list(product(*map(range, g.kernel_size)))
    per_group, outputs = g.weight_shape[1], g.out_channels // g.groups
    kept = []
    for out_channel, (at, out) in product(range(g.out_channels), enumerate(outs)):
        for part, (number, tap) in product(range(per_group), enumerate(taps)):
            column = out_channel // outputs * per_group + part
            for table, n, o, t in zip(tables, g.input_size, out, tap, strict=True):
                assert 0 <= table[o][t] < n
                column = column * n + table[o][t]
            tap_number = (out_channel * per_group + part) * len(taps) + number
            kept.append((out_channel * len(outs) + at, column, tap_number))
    return kept


def assert_as_filled_by_loops(g):
    kept = filled_by_loops(g)
    ties = tie_map(g)
    assert list(zip(ties.rows, ties.cols, ties.taps, strict=True)) == kept, g
    assert g.contributions == len(kept), g
    assert (g.dropped, g.dead_taps) == (0, 0), g
    places = sorted({(row, column) for row, column, _ in kept})
    assert (g.nnz, g.shared) == (len(places), len(kept) - len(places)), g
    # Powers of two, so that a sum says which taps are in it.
    kernel = 1 << np.arange(g.free_parameters)
    sums = dict.fromkeys(places, 0)
    for row, column, tap in kept:
        sums[row, column] += int(kernel[tap])
    made = Pattern(g)
    indptr, indices = made.structure()
    rows = np.repeat(np.arange(g.matrix_shape[0]), np.diff(indptr))
    assert list(zip(rows.tolist(), indices.tolist(), strict=True)) == places, g
    values = made.values(kernel.reshape(g.weight_shape))
    assert values.tolist() == list(sums.values()), g


def counts(numbers, length):
    return np.bincount(numbers, minlength=length).tolist()


def assert_as_by_loops(g):
    kept, dropped = by_loops(g)
    ties = tie_map(g)
    assert list(zip(ties.rows, ties.cols, ties.taps, strict=True)) == kept, g
    assert list(zip(*ties.dropped, strict=True)) == dropped, g
    assert g.nnz == len(kept), g
    assert g.dropped == len(dropped), g
    assert g.untouched == g.matrix_shape[0] * g.matrix_shape[1] - len(kept), g
    taps = np.array([tap for _, _, tap in kept], int)
    times = counts(taps, g.free_parameters)
    assert ties.multiplicity.shape == g.kernel_shape, g
    assert ties.multiplicity.ravel().tolist() == times, g
    assert ties.dead_taps.tolist() == [t for t, n in enumerate(times) if n == 0], g
    made = Pattern(g)
    indptr, indices = made.structure()
    rows = np.array([row for row, _, _ in kept], int)
    assert np.diff(indptr).tolist() == counts(rows, g.matrix_shape[0]), g
    assert indptr[0] == 0, g
    assert indices.tolist() == [column for _, column, _ in kept], g
    numbered = np.arange(g.free_parameters).reshape(g.weight_shape)
    assert made.values(numbered).tolist() == taps.tolist(), g


def lines():
    for size, kernel in product(range(1, 7), repeat=2):
        for stride, dilation in product(range(1, 7), range(1, 4)):
            for before, after in product(range(3), repeat=2):
                if dilation * (kernel - 1) < size + before + after:
                    yield Axis(size, kernel, stride, before, after, dilation)


def line(axis):
    return geometry(
        axis.size,
        axis.kernel,
        stride=axis.stride,
        padding=[(axis.before, axis.after)],
        dilation=axis.dilation,
        padding_mode=axis.mode,
    )


def planes():
    sizes, kernels = [(1, 3), (3, 4), (4, 2), (5, 5)], [(1, 1), (1, 3), (3, 2), (2, 2)]
    strides, dilations = [(1, 1), (2, 1), (1, 3), (2, 2)], [(1, 1), (1, 2)]
    none, one = (0, 0), (1, 1)
    pads = [
        (none, none),
        (one, one),
        ((0, 2), none),
        ((1, 0), (0, 1)),
        ((2, 2), (0, 1)),
    ]
    for size, kernel, stride, dilation, pad in product(
        sizes, kernels, strides, dilations, pads
    ):
        axes = zip(size, kernel, dilation, pad, strict=True)
        if all(d * (k - 1) < n + sum(cells) for n, k, d, cells in axes):
            yield geometry(size, kernel, stride=stride, padding=pad, dilation=dilation)


def deeper():
    """With channels, groups and more axes."""
    yield geometry((2, 3), (3, 2, 2), padding=1)
    yield geometry((4, 5), (6, 2, 3), groups=2, stride=2, padding=[(2, 1)])
    yield geometry((3, 4), (3, 1, 2), groups=3, dilation=2)
    yield geometry((6, 2, 3), (3, 2, 2, 1), groups=3, padding=(0, (1, 0)))
    yield geometry((2, 3, 3), (4, 1, 2, 2), groups=2, stride=(2, 1), padding=1)
    yield geometry((2, 3, 4), (2, 1, 3), padding=[(1, 0), 0, (0, 2)], stride=(1, 2, 3))
    yield geometry((2, 2, 3, 2), (2, 2, 1, 2, 2), padding=[0, (0, 1), 1])
    yield geometry((2, 3, 2, 2), (1, 2, 2, 1), dilation=(1, 2, 1, 1))


def test_every_axis_is_the_formula():
    count = 0
    for axis in lines():
        table = windows(
            axis.size, axis.kernel, axis.stride, axis.before, axis.after, axis.dilation
        )
        inside = [[0 <= source < axis.size for source in window] for window in table]
        assert axis.out_size == len(table), axis
        assert axis.padded_cells().tolist() == [
            [source + axis.before for source in window] for window in table
        ], axis
        assert axis.sources().tolist() == [
            [source if 0 <= source < axis.size else -1 for source in window]
            for window in table
        ], axis
        for out, window in enumerate(inside):
            taps = [tap for tap, on_input in enumerate(window) if on_input]
            assert list(axis.taps_inside(out)) == taps, (axis, out)
        for tap in range(axis.kernel):
            outs = [out for out, window in enumerate(inside) if window[tap]]
            assert list(axis.outputs_inside(tap)) == outs, (axis, tap)
        assert axis.tap_counts() == tuple(map(sum, zip(*inside, strict=True))), axis
        count += 1
    assert count == 3_258


@pytest.mark.parametrize("stride", range(1, 7))
def test_every_line_is_the_formula(stride):
    for axis in lines():
        if axis.stride == stride:
            assert_as_by_loops(line(axis))


def test_a_box_of_planes_is_the_formula():
    assert sum(1 for _ in planes()) == 548
    for g in planes():
        assert_as_by_loops(g)


def test_channels_groups_and_more_axes_are_the_formula():
    for g in deeper():
        assert_as_by_loops(g)


@pytest.mark.parametrize("short", [0, 1 << 15])
@pytest.mark.parametrize("name", ["modes", "witnesses"])
def test_every_mode_is_its_loops(monkeypatch, name, short):
    """Both ways in which values are written, over the boxes that `prove` walks."""
    monkeypatch.setattr(pattern, "_SHORT", short)
    boxed = [g for g in BOXES[name] if g.padding_mode != "zeros"]
    assert len({(g.padding_mode, g.groups) for g in boxed}) == 4 * 2
    for g in boxed:
        assert_as_filled_by_loops(g)


@pytest.mark.parametrize("mode", PADDING_MODES[1:])
def test_padding_as_wide_as_its_mode_allows_is_its_loops(mode):
    """Windows that lie in the padding as a whole, and windows across both ends."""
    for size, kernel, stride, dilation in product(
        (1, 2, 5), (1, 2, 4), (1, 2, 3), (1, 3)
    ):
        most = {"reflect": size - 1, "replicate": 2 * size}.get(mode, size)
        for before, after in ((most, most), (most, 0), (0, most)):
            if dilation * (kernel - 1) < size + before + after:
                axis = Axis(size, kernel, stride, before, after, dilation, mode)
                assert_as_filled_by_loops(line(axis))


@pytest.mark.parametrize("block", [1, 2, 7])
def test_pattern_repeats_blocks_of_any_size(monkeypatch, block):
    """A small block makes a small geometry take every branch of a large one."""
    monkeypatch.setattr("convmat.tie.part._BLOCK", block)
    monkeypatch.setattr(pattern, "_KEPT_NNZ", 0)  # write straight to the result
    monkeypatch.setattr(pattern, "_SHORT", 0)
    for g in [
        *deeper(),
        geometry(40, 3, padding=2),
        geometry(41, 2, stride=3),
        geometry((9, 11), (3, 2), padding=1),
        geometry((17, 5), (2, 2), stride=(2, 1), padding=[(0, 1), (2, 0)]),
    ]:
        assert_as_by_loops(g)
