"""The summary: numbers of fastbook, counts, and fields by what NaN reaches."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat.nn import (
    AvgPool,
    BatchNorm,
    Conv,
    ConvTranspose,
    Flatten,
    GlobalAvgPool,
    Layer,
    Linear,
    MaxPool,
    ReLU,
    Residual,
    Sequential,
)


def rng():
    return np.random.default_rng(0)


def fastbook(channels, first, norm=False):
    """Chapter 13: stride 2 down to one pixel, ReLU after all but the last."""
    layers = []
    for number, (into, out_of) in enumerate(pairwise(channels)):
        k = first if number == 0 else 3
        layers.append(Conv(into, out_of, (k, k), stride=2, padding=k // 2, rng=rng()))
        if out_of != channels[-1]:
            layers.append(ReLU())
        if norm:
            layers.append(BatchNorm(out_of))
    return Sequential([*layers, Flatten()])


def test_net_a_of_fastbook_multiplies_by_its_outputs():
    # Issue 539: the text has 56,448 for the second and for the third layer.
    summary = fastbook([1, 4, 8, 16, 32, 2], 3).summary((1, 28, 28))
    rows = [row for row in summary.rows if row.layer == "Conv"]
    padded = [row.multiplications.padded for row in rows]
    assert padded == [7_056, 14_112, 18_432, 18_432, 576]
    pairs = [1 * 4, 4 * 8, 8 * 16, 16 * 32, 32 * 2]
    effective = [row.multiplications.effective for row in rows]
    squares = [41**2, 400, 100, 25, 4]
    assert effective == [n * pair for n, pair in zip(squares, pairs, strict=True)]
    assert [row.nnz for row in rows] == effective
    assert [row.parameters for row in rows] == [40, 296, 1_168, 4_640, 578]
    assert summary.parameters == 6_722
    assert summary.multiplications.padded == sum(padded)
    assert summary.multiplications.effective == summary.nnz == sum(effective)
    assert [row.receptive_field[0] for row in rows] == [3, 7, 15, 31, 63]
    assert [row.jump[0] for row in rows] == [2, 4, 8, 16, 32]


def test_nets_b_to_f_of_fastbook_see_65_pixels():
    channels = [1, 8, 16, 32, 64, 10]
    plain = fastbook(channels, 5).summary((1, 28, 28))
    assert plain.parameters == 30_282
    assert plain.rows[-1].receptive_field == (65, 65)
    normed = fastbook(channels, 5, norm=True).summary((1, 28, 28))
    assert normed.parameters == 30_542
    assert normed.rows[-1].receptive_field == (65, 65)
    assert normed.rows[-1].output_shape == (10,)


@st.composite
def stacks(draw):
    """Layers with windows along one axis, and a size that holds the whole field."""
    layers, reach = [], 1
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["conv", "max", "avg", "transposed"]))
        kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        settings = {"stride": stride, "dilation": draw(st.integers(1, 3))}
        reach += 12 * (len(layers) + 1)
        if kind == "max":
            layers.append(MaxPool(kernel, **settings))
        elif kind == "avg":
            layers.append(AvgPool(kernel, **settings))
        else:
            make = Conv if kind == "conv" else ConvTranspose
            layer = make(1, 1, (kernel,), rng=rng(), bias=False, **settings)
            layers.append(layer)
    return layers


@given(stacks())
def test_fields_are_what_nan_reaches(layers):
    """No padding, one axis: NaN in one cell makes NaN of what depends on it."""
    size = 12
    while True:
        try:
            row = Sequential(layers).summary((1, size)).rows[-1]
        except ValueError:
            size *= 2
            continue
        (field,), (jump,) = row.receptive_field, row.jump
        # Whole fields, away from both ends, over a whole period of the jump.
        if row.output_shape[1] * jump > 8 * field + 12:
            break
        size *= 2
    x = np.zeros((size, 1, size))
    x[np.arange(size), 0, np.arange(size)] = np.nan
    for layer in layers:
        x = layer.forward(x)
    seen = np.isnan(x[:, 0]).T  # (outputs, cells of input)
    inner = [row for row in seen if row.any() and not (row[0] or row[-1])]
    extents = [row.nonzero()[0][-1] - row.nonzero()[0][0] + 1 for row in inner]
    if all(isinstance(layer, (Conv, MaxPool, AvgPool)) for layer in layers):
        assert set(extents) == {field}
        firsts = [row.nonzero()[0][0] for row in inner]
        assert set(np.diff(firsts).tolist()) <= {jump}
    else:  # neighbours differ, and none sees more than the field
        assert max(extents, default=1) <= field


def test_a_transposed_convolution_sees_what_its_best_cell_reads():
    for kernel, stride, dilation in np.ndindex(5, 4, 3):
        settings = {"stride": stride + 1, "dilation": dilation + 1}
        layer = ConvTranspose(1, 1, (kernel + 1,), rng=rng(), bias=False, **settings)
        row = Sequential([layer]).summary((1, 30)).rows[0]
        x = np.zeros((30, 1, 30))
        x[np.arange(30), 0, np.arange(30)] = np.nan
        seen = np.isnan(layer.forward(x)[:, 0]).T
        extents = [np.ptp(row.nonzero()[0]) + 1 for row in seen if row.any()]
        assert row.receptive_field[0] >= max(extents)
        if dilation == 0:
            assert row.receptive_field == (max(extents),)
        assert row.jump == (Fraction(1, stride + 1),)


def test_two_strides_of_2_see_7_pixels_and_pooling_is_a_stride_too():
    two = [Conv(1, 1, (3, 3), stride=2, rng=rng()) for _ in range(2)]
    assert Sequential(two).summary((1, 28, 28)).rows[-1].receptive_field == (7, 7)
    pooled = [Conv(1, 1, (3, 3), rng=rng()), MaxPool(2), Conv(1, 1, (3, 3), rng=rng())]
    rows = Sequential(pooled).summary((1, 28, 28)).rows
    assert [row.receptive_field for row in rows] == [(3, 3), (4, 4), (8, 8)]
    assert [row.jump for row in rows] == [(1, 1), (2, 2), (2, 2)]


def test_dense_layers_and_means_see_all():
    layers = [Conv(1, 2, (3,), stride=2, rng=rng()), Flatten(), Linear(8, 3, rng=rng())]
    rows = Sequential(layers).summary((1, 9)).rows
    assert [row.receptive_field for row in rows] == [(3,), (3,), (9,)]
    layers = [Conv(1, 2, (3,), stride=2, rng=rng()), GlobalAvgPool()]
    assert Sequential(layers).summary((1, 9)).rows[-1].receptive_field == (9,)


def test_a_residual_block_sees_what_the_larger_way_sees():
    body = Sequential([Conv(1, 1, (3,), padding=1, rng=rng()) for _ in range(2)])
    model = Sequential([Residual(body), Residual(ReLU())])
    rows = model.summary((1, 9)).rows
    names = ["0.body.0", "0.body.1", "0", "1.body", "1"]
    assert [row.name for row in rows] == names
    assert [row.receptive_field for row in rows] == [(3,), (5,), (5,), (5,), (5,)]
    assert rows[2].layer == "Residual"


def test_a_network_without_axes_has_no_field():
    row = Sequential([Linear(4, 3, rng=rng())]).summary((4,)).rows[0]
    assert row.receptive_field == ()
    assert row.multiplications.padded == row.nnz == 12


def test_a_layer_from_outside_is_run_once_to_find_its_shape():
    class Halved(Layer):
        def forward(self, x):
            return self._remember(x, x[..., ::2])

        def backward(self, grad):
            raise NotImplementedError

    layer = Halved()
    summary = Sequential([layer, Conv(2, 1, (3,), rng=rng())]).summary((2, 8))
    assert summary.rows[0].output_shape == (2, 4)
    assert summary.rows[1].receptive_field is None
    assert "?" in str(summary)
    assert layer.training
    assert layer._x is None


def test_the_table_is_aligned():
    model = fastbook([1, 4, 2], 3, norm=True)
    lines = str(model.summary((1, 9, 7))).splitlines()
    assert lines[0] == "input 1x9x7; multiplications padded, effective"
    heads = lines[1].split()
    wanted = "layer output parameters padded effective matrix stored field jump"
    assert heads == wanted.split()
    end = lines[1].index("parameters") + len("parameters")
    assert all(line[end - 1].isdigit() and line[end] == " " for line in lines[2:])
    assert lines[-1].startswith("total")
    uneven = Sequential([Conv(1, 1, (3, 2), rng=rng())]).summary((1, 9, 7))
    assert str(uneven).splitlines()[2].endswith("3x2     1")


def test_nothing_is_allocated_for_a_summary():
    wide = Conv(1, 2, (3, 3), padding=1, rng=rng())
    row = Sequential([wide, MaxPool(2)]).summary((1, 1 << 20, 1 << 20)).rows[0]
    assert row.multiplications.padded == 2 * 9 << 40


@pytest.mark.parametrize(
    ("shape", "error", "message"),
    [
        ((), ValueError, "input_shape must have at least one axis"),
        ((1, 0), ValueError, "at least 1 on every axis"),
        ((1, 2.0), TypeError, "input_shape must be integers"),
        ("9", TypeError, "input_shape must be integers"),
    ],
)
def test_what_is_no_shape_is_named(shape, error, message):
    with pytest.raises(error, match=message):
        Sequential([ReLU()]).summary(shape)
