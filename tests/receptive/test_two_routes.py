"""Receptive fields by recurrence, by a walk along axes, by a product of matrices."""

from collections import Counter
from math import prod

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convmat import conv_matrix, conv_transpose_matrix, geometry, transposed_geometry
from convmat.receptive import (
    Layer,
    overlap,
    overlap_map,
    path_matrix,
    receptive_field,
    usage_map,
)

MODES = ("zeros", "circular", "reflect", "symmetric", "replicate")

_LARGEST = 11  # cells along an axis, so that a chain's matrices stay small


def share(examples):
    """So many examples with the usual profile, and more with the thorough one."""
    return settings(max_examples=examples * settings.default.max_examples // 100)


def _axis(draw, size, *, transposed):
    """Kernel, stride, padding and dilation that fit an axis of such a size."""
    dilation = draw(st.integers(1, 2))
    stride = draw(st.integers(1, 3))
    if transposed:
        kernel = draw(st.integers(1, 3))
        longest = (size - 1) * stride + dilation * (kernel - 1) + 1
        if longest > _LARGEST:
            stride, dilation, kernel = 1, 1, draw(st.integers(1, 2))
            longest = size - 1 + kernel
        before = draw(st.integers(0, min(2, longest - 1)))
        after = draw(st.integers(0, min(2, longest - 1 - before)))
        return kernel, stride, (before, after), dilation
    before, after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    most = min(4, (before + size + after - 1) // dilation + 1)
    return draw(st.integers(1, most)), stride, (before, after), dilation


@st.composite
def chains(draw, modes=("zeros",), kinds=("conv", "pool", "transposed"), most=4):
    rank = draw(st.integers(1, 2))
    with_channels = draw(st.booleans())
    size = tuple(
        draw(st.integers(1, _LARGEST if rank == 1 else 6)) for _ in range(rank)
    )
    channels = draw(st.integers(1, 2)) * 2 if with_channels else 1
    layers = []
    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(kinds))
        transposed = kind == "transposed"
        settings = [_axis(draw, n, transposed=transposed) for n in size]
        kernel, stride, padding, dilation = map(tuple, zip(*settings, strict=True))
        keywords = {"stride": stride, "padding": padding, "dilation": dilation}
        if not transposed:
            keywords["padding_mode"] = _mode(draw, modes, size, padding)
        shape, kernel_shape = size, kernel
        if with_channels:
            groups = draw(st.sampled_from([1, 2 - channels % 2]))
            groups = channels if kind == "pool" else groups
            out = draw(st.integers(1, 2)) * groups if kind != "pool" else channels
            ends = (
                (channels, out // groups) if transposed else (out, channels // groups)
            )
            shape, kernel_shape = (channels, *size), (*ends, *kernel)
            keywords["groups"] = groups
        if transposed:
            g = transposed_geometry(shape, kernel_shape, **keywords)
        else:
            g = geometry(shape, kernel_shape, **keywords)
        layer = Layer(g, transposed)
        layers.append(layer)
        size, channels = layer.output_size, layer.channels[1]
    return tuple(layers)


def _mode(draw, modes, size, padding):
    """One that has enough cells to put into the padding."""
    mode = draw(st.sampled_from(modes))
    if any(max(pair) >= n for n, pair in zip(size, padding, strict=True)):
        return "zeros"
    return mode


def places(field):
    """All outputs, in the order of the matrix's rows."""
    last = field.layers[-1]
    return list(np.ndindex(last.channels[1], *last.output_size))


def hull(seen, axis):
    """The first and last cell of a support along a spatial axis; None if empty."""
    others = tuple(n for n in range(seen.ndim) if n != axis)
    along = np.flatnonzero(seen.any(axis=others))
    return (int(along[0]), int(along[-1])) if along.size else None


def exact(layers):
    """Every gap between cells that are read comes from dilation of a convolution."""
    return not any(
        layer.transposed and (axis.dilation > 1 or axis.kernel < axis.stride)
        for layer in layers
        for axis in layer.geometry.axes
    )


def chain(*specs, size):
    return receptive_field(specs, size).layers


WITNESSES = [
    chain("k3s2p1", "k3s2p1", size=(11, 9)),
    chain("k2p1,0", "k4s3p0,2d1", size=11),
    chain("k2s3", "k3p1", size=8),
    chain("k3d2p2", "k2d2", size=(9,)),
    chain("tk3s2p1o1", "k3p1", size=4),
    chain("k3s2", "tk3s2", "k2", size=9),
    chain("tk2s3", "k2", size=3),
    chain("k1", "k3p1", size=1),
    chain("tk3s2d2", "k3", size=4),
    (
        Layer(geometry((4, 6), (2, 2, 3), groups=2, stride=2, padding=1)),
        Layer(
            transposed_geometry((2, 3), (2, 1, 4), groups=2, stride=2), transposed=True
        ),
    ),
]


def over_witnesses(test):
    for witness in WITNESSES:
        test = example(witness)(test)
    return test


def kinds_of(layers):
    """What a chain is made of, in words."""
    for layer in layers:
        g = layer.geometry
        depthwise = 1 < g.groups == g.in_channels == g.out_channels
        kind = "pool" if depthwise else "conv"
        kind = "transposed" if layer.transposed else kind
        yield kind
        reach = zip(g.dilation, g.kernel_size, strict=True)
        yield from [f"{kind} dilated"] * any(d > 1 and k > 1 for d, k in reach)
        yield from [f"{kind} strided"] * (max(g.stride) > 1)
        yield from [f"{kind} padded"] * any(map(any, g.padding))
        yield from [g.padding_mode] * any(map(any, g.padding))


def test_three_hundred_networks_hold_every_kind_of_layer():
    counts = Counter()

    @settings(max_examples=300, derandomize=True, database=None)
    @given(chains(MODES))
    def draw(layers):
        counts.update({*kinds_of(layers), f"{len(layers)} layers"})

    draw()
    ways = ("", " dilated", " strided", " padded")
    wanted = [k + way for k in ("conv", "pool", "transposed") for way in ways]
    wanted += [*MODES, *(f"{n} layers" for n in range(1, 5))]
    wanted.remove("1 layers")
    assert {name for name in wanted if counts[name] < 15} == set()


@over_witnesses
@share(300)
@given(chains(MODES))
def test_visits_are_the_rows_of_the_product_of_matrices(layers):
    field = receptive_field(layers)
    product = path_matrix(layers).toarray()
    for row, out in zip(product, places(field), strict=True):
        assert field.visits(out).ravel().tolist() == row.tolist()
        assert (field.support(out).ravel() == (row > 0)).all()


@over_witnesses
@share(300)
@given(chains())
def test_recurrence_holds_every_support_and_meets_those_that_nothing_cuts(layers):
    field = receptive_field(layers)
    rows = path_matrix(layers).toarray()
    plain = not any(layer.transposed for layer in layers)
    whole_channels = layers[0].channels[0]
    cells = (whole_channels, *layers[0].input_size)
    for row, (_, *out) in zip(rows, places(field), strict=True):
        seen = (row > 0).reshape(cells)
        for axis, ends in enumerate(field.ends(tuple(out))):
            low, high = field.axes[axis].interval(out[axis])
            assert low <= ends.first
            assert ends.last <= high
            found = hull(seen, axis + 1)
            if found is not None:
                assert ends.first <= found[0]
                assert found[1] <= ends.last
            if plain:
                assert (ends.first, ends.last) == (low, high)
                assert high - low + 1 == field.size[axis]
                reads = sum(field.precedents(axis, out[axis]), ())
                assert ends.whole == all(inside for _, _, inside in reads)
    for axis, own in enumerate(field.axes):
        _check_whole(field, rows.reshape(-1, *cells), axis, own)


def _check_whole(field, seen, axis, own):
    """Along one axis, the outputs that no end cuts on any axis."""
    outs = [tuple(out) for _, *out in places(field)]
    for row, out in zip(seen, outs, strict=True):
        ends = field.ends(out)
        if exact(field.layers) and all(one.whole for one in ends):
            assert hull(row > 0, axis + 1) == (ends[axis].first, ends[axis].last)
            assert ends[axis].last - ends[axis].first + 1 <= own.size


@share(100)
@given(chains(MODES))
def test_extents_are_those_of_the_supports(layers):
    field = receptive_field(layers)
    cells = (layers[0].channels[0], *layers[0].input_size)
    rows = dict(zip(places(field), path_matrix(layers).toarray(), strict=True))
    for axis, outs in enumerate(layers[-1].output_size):
        extents = field.extents(axis)
        widest = 0
        for out in range(outs):
            along = np.zeros(cells[axis + 1], bool)
            for place, row in rows.items():
                if place[axis + 1] == out:
                    found = hull((row > 0).reshape(cells), axis + 1)
                    if found is not None:
                        along[list(found)] = True
            cut = np.flatnonzero(along)
            # Another axis may see nothing at all; then the product has no entry.
            if cut.size:
                assert extents[out].tolist() == [cut[0], cut[-1]]
                widest = max(widest, cut[-1] - cut[0] + 1)
        if widest:
            assert field.seen(axis) == widest


LONG = [["k3s2p1", "tk3s2d2", "k2"], ["tk2s3", "k3d2p2", "tk4s3p1"], ["k5p2", "k2s2"]]


@pytest.mark.parametrize("specs", LONG, ids=["down and up", "by turns", "plain"])
def test_outputs_that_nothing_cuts_take_turns(specs):
    field = receptive_field(specs, 60)
    extents = field.extents()
    for out, ends in enumerate(extents.tolist()):
        cells = np.flatnonzero(field.visits(out))
        assert ends == ([cells[0], cells[-1]] if cells.size else [-1, -1])


def test_extents_of_a_million_outputs_take_no_matrix():
    field = receptive_field(["k3s2p1", "tk4s2p1", "k3"], 10**6)
    assert field.seen() == receptive_field(["k3s2p1", "tk4s2p1", "k3"], 40).seen()


@over_witnesses
@share(100)
@given(chains(MODES))
def test_usage_and_overlap_are_the_sums_of_columns_and_rows(layers):
    product = path_matrix(layers)
    used, written = usage_map(layers), overlap_map(layers)
    rows, columns = product.shape
    assert used.ravel().tolist() == (product.T @ np.ones(rows, int)).tolist()
    assert written.ravel().tolist() == (product @ np.ones(columns, int)).tolist()
    assert used.shape == layers[0].input_shape
    assert written.shape == layers[-1].output_shape


@share(50)
@given(chains(most=3), st.data())
def test_chosen_rows_of_the_product_are_those_of_the_whole(layers, data):
    whole = path_matrix(layers).toarray()
    rows = data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=3))
    assert path_matrix(layers, rows=rows).toarray().tolist() == whole[rows].tolist()


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("taps", range(1, 6))
@pytest.mark.parametrize("stride", range(1, 5))
def test_overlap_away_from_the_ends_is_that_of_the_matrix(taps, stride, dilation):
    g = transposed_geometry(20, taps, stride=stride, dilation=dilation)
    W = conv_transpose_matrix(np.ones(taps, int), 20, stride=stride, dilation=dilation)
    written = W @ np.ones(20, int)
    reach = dilation * (taps - 1) + 1
    inner = range(reach, len(written) - reach)
    (counts,) = overlap(g).counts
    assert [written[cell] for cell in inner] == [counts[c % stride] for c in inner]
    coprime = np.gcd(stride, dilation) == 1
    assert overlap(g).even == (taps % stride == 0 and bool(coprime))


def test_holes_of_a_dilation_are_in_the_support_and_values_are_not():
    field = receptive_field(["k3d2"], 7)
    assert field.support((1,)).tolist() == [
        False,
        True,
        False,
        True,
        False,
        True,
        False,
    ]
    W = conv_matrix([0, 0, 0], 7, dilation=2)
    assert W.nnz == field.support((0,)).sum() * 3


def test_visits_beyond_int64_are_integers_of_python():
    deep = receptive_field(["k3p1"] * 60, 15)
    ways = deep.visits((7,))
    assert ways.dtype == object
    assert receptive_field(["k3p1"], 15).visits((7,)).dtype == np.int64
    # Paths in a strip: the count of walks of 60 steps that never leave 15 cells.
    walk = [int(n == 7) for n in range(15)]
    for _ in range(60):
        walk = [sum(walk[max(0, n - 1) : n + 2]) for n in range(15)]
    assert ways.tolist() == walk
    assert prod([3] * 60) > sum(walk) > 1 << 63
