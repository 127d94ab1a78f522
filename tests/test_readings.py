"""What an error says of shapes that fit in another reading: it is right, and no more.

No reading changes what is computed: shapes are read as they are written.
"""

import re
from itertools import product

import numpy as np
import pytest

from convmat import (
    GeometryError,
    ShapeError,
    conv,
    conv_kernel_grad,
    conv_matrix,
    conv_operator,
    geometry,
)
from convmat.geometry.readings import missing_channels
from convmat.linear import sum_pool_matrix, unfold_matrix


def ones(*shape):
    return np.ones(shape)


SHAPES = {
    "a batch": (
        lambda: geometry((1, 3, 8, 8), (6, 3, 3, 3)),
        r"or dilation; \(1, 3, 8, 8\) looks like a batch of \(3, 8, 8\): give the sh",
    ),
    "a batch with groups": (
        lambda: geometry((2, 4, 8, 8), (6, 2, 3, 3), groups=2),
        r"groups must be 1 .*; \(2, 4, 8, 8\) looks like a batch of \(4, 8, 8\)",
    ),
    "a batch with a stride for each axis": (
        lambda: geometry((9, 3, 8, 8), (6, 3, 3, 3), stride=(2, 2)),
        r"stride must be .* 4 in all, .*; \(9, 3, 8, 8\) looks like a batch of \(3, 8,",
    ),
    "a batch of batches": (
        lambda: geometry((2, 2, 3, 8, 8), (6, 3, 3, 3)),
        r"\(2, 2, 3, 8, 8\) looks like a batch of \(3, 8, 8\)",
    ),
    "a batch for the matrix": (
        lambda: conv_matrix(ones(6, 3, 3, 3), (1, 3, 8, 8)),
        r"looks like a batch of \(3, 8, 8\): give the shape of one input",
    ),
    "a batch for the operator": (
        lambda: conv_operator(ones(6, 3, 3, 3), (1, 3, 8, 8)),
        r"looks like a batch of \(3, 8, 8\): give the shape of one input",
    ),
    "channels at the end": (
        lambda: geometry((32, 32, 3), (16, 3, 3, 3)),
        r"= 32 on its .*; channels come first: write input_shape=\(3, 32, 32\)$",
    ),
    "channels of the kernel at the end": (
        lambda: geometry((3, 32, 32), (5, 5, 3, 16)),
        r"channels come first: write kernel_shape=\(16, 3, 5, 5\)$",
    ),
    "channels of both at the end": (
        lambda: geometry((32, 32, 3), (3, 3, 3, 16)),
        r"write input_shape=\(3, 32, 32\), kernel_shape=\(16, 3, 3, 3\)$",
    ),
    "a batch with channels at the end": (
        lambda: geometry((8, 32, 32, 3), (16, 3, 3, 3)),
        r"looks like a batch of \(32, 32, 3\): .*write input_shape=\(3, 32, 32\)$",
    ),
    "groups that do not divide": (
        lambda: geometry((4, 8, 8), (6, 2, 3, 3), groups=3),
        r"^groups must divide in_channels=4, got groups=3$",
    ),
    "groups that are missing": (
        lambda: geometry((4, 8, 8), (4, 1, 3, 3)),
        r"must have in_channels = 4 on .*; did you mean groups=4\?$",
    ),
    "groups that would not divide the outputs": (
        lambda: geometry((4, 8, 8), (6, 1, 3, 3)),
        r"must have in_channels = 4 on its second axis .*\(6, 1, 3, 3\)$",
    ),
    "other channels in a group": (
        lambda: geometry((4, 8, 8), (6, 3, 3, 3), groups=2),
        r"in_channels // groups = 4 // 2 = 2 on its second axis .*\(6, 3, 3, 3\)$",
    ),
    "a kernel without channels": (
        lambda: geometry((3, 32, 32), (5, 3)),
        r"\(out_channels, 3, 5, 3\), such .* 3 channels, or input_shape=\(32, 32\) for",
    ),
    "a kernel without channels in groups": (
        lambda: geometry((4, 9, 9), (5, 3), groups=2),
        r"write \(out_channels, 2, 5, 3\), such as \(2, 2, 5, 3\), for 4 channels",
    ),
    "a kernel of one number": (
        lambda: geometry((3, 3), 2),
        r"write \(2, 2\) if all axes are spatial, \(out_channels, 3, 2\) if the first",
    ),
    "one number beside three axes": (
        lambda: geometry((3, 9, 9), 2),
        r"write \(2, 2, 2\) if all .*, \(out_channels, 3, 2, 2\) if the first is",
    ),
    "nothing else": (
        lambda: geometry((5, 5), (6, 6)),
        r"smaller kernel or dilation$",
    ),
    "a volume": (
        lambda: geometry((2, 9, 9), (3, 2, 2)),
        r"smaller kernel or dilation$",
    ),
}

ARRAYS = {
    "two axes of batches": (
        lambda: conv(ones(2, 2, 3, 8, 8), ones(6, 3, 3, 3)),
        r"a batch is one axis: write x\.reshape\(-1, 3, 8, 8\)$",
    ),
    "two axes of batches that fit": (
        lambda: conv(ones(2, 2, 3, 8, 8), ones(2, 3, 3, 3)),
        r"^x\.shape .*x\[:, None\]; two .* are to be one: x\.reshape\(-1, 3, 8, 8\)$",
    ),
    "a batch without channels": (
        lambda: conv(ones(64, 28, 28), ones(5, 5)),
        r"a batch has a channel axis: x\[:, None\]; 64 channels want a kernel \(out,",
    ),
    "a gradient without channels": (
        lambda: conv_kernel_grad(ones(3, 4, 4), ones(3, 1, 5, 5), (2, 2)),
        r"grad\.shape .*; a batch has a channel axis: grad\[:, None\]$",
    ),
    "channels beside a kernel without": (
        lambda: conv(ones(2, 3, 9, 9), ones(2, 2)),
        r"a kernel without channel axes has one channel; with more it is \(out_chan",
    ),
    "channels at the end": (
        lambda: conv(ones(32, 32, 3), ones(16, 3, 3, 3)),
        r"channels come first: write np\.moveaxis\(x, -1, 0\)$",
    ),
    "a batch with channels at the end": (
        lambda: conv(ones(8, 9, 9, 3), ones(16, 3, 3, 3)),
        r"channels come first: write np\.moveaxis\(x, -1, 1\)$",
    ),
    "another size altogether": (
        lambda: conv(ones(3, 8, 9), ones(6, 2, 3, 3)),
        r"must have in_channels = 3 on its second axis .*\(6, 2, 3, 3\)$",
    ),
}


@pytest.mark.parametrize(("call", "match"), SHAPES.values(), ids=SHAPES)
def test_shapes_that_fit_otherwise_are_told_how(call, match):
    with pytest.raises((GeometryError, ShapeError), match=match):
        call()


@pytest.mark.parametrize(("call", "match"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_fit_otherwise_are_told_how(call, match):
    with pytest.raises((GeometryError, ShapeError), match=match):
        call()


def test_what_fits_as_it_is_written_is_read_so():
    assert geometry((64, 3, 28, 28), (8, 3, 5, 5)).output_shape == (57, 1, 24, 24)
    assert geometry((3, 9, 3), (5, 3, 3, 3)).in_channels == 3
    assert conv_matrix(ones(2, 2, 2), (5, 2, 7)).shape == (4 * 1 * 6, 70)


SIZES = list(product((1, 2, 7), (3, 4), (5, 9), (5, 9)))


@pytest.mark.parametrize("taps", [(3, 3), (2, 5)])
@pytest.mark.parametrize(("batch", "channels", "height", "width"), SIZES)
def test_the_shape_that_is_named_is_one_that_fits(batch, channels, height, width, taps):
    written = (batch, channels, height, width)
    kernel = (8, channels, *taps)  # more than any batch here
    expected = geometry(written[1:], kernel)
    with pytest.raises(GeometryError) as caught:
        geometry(written, kernel)
    named = re.search(r"a batch of (\(.*?\))", caught.value.remedy)
    assert geometry(eval(named[1]), kernel) == expected


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
@pytest.mark.parametrize("kernel_last", [False, True])
@pytest.mark.parametrize("channels_last", [False, True])
def test_the_remedy_that_is_named_gives_the_convolution(
    lead, channels_last, kernel_last
):
    if len(lead) < 2 and not channels_last and not kernel_last:
        return  # as it should be
    rng = np.random.default_rng(1)
    right = rng.integers(-9, 9, (*lead, 4, 9, 8))
    weights = rng.integers(-9, 9, (11, 4, 3, 3))
    expected = conv(right.reshape(-1, 4, 9, 8), weights)
    x = np.moveaxis(right, len(lead), -1) if channels_last else right
    kernel = np.moveaxis(weights, (0, 1), (-1, -2)) if kernel_last else weights
    with pytest.raises((GeometryError, ShapeError)) as caught:
        conv(x, kernel)
    told = caught.value.remedy.rpartition("write ")[2].split(" and ")
    names = {"np": np, "x": x, "kernel": kernel}
    for call in told:
        name = "kernel" if "kernel" in call else "x"
        names[name] = eval(call, names)
    y = conv(names["x"], names["kernel"])
    assert np.array_equal(y.reshape(expected.shape), expected)


def test_pooling_says_nothing_of_batches_and_channels():
    for call in (sum_pool_matrix, unfold_matrix):
        with pytest.raises(GeometryError, match="taps do not fit") as caught:
            call((2, 2, 8), (3, 2, 3))
        assert "batch" not in caught.value.remedy


@pytest.mark.parametrize(
    ("inputs", "kernel", "groups"), [((), (), 1), ((3,), (1, 2), 1), ((5, 9), (3,), 2)]
)
def test_no_kernel_is_proposed_where_none_would_fit(inputs, kernel, groups):
    assert missing_channels(inputs, kernel, groups) == ""


def test_a_kernel_is_turned_round_only_where_it_gets_as_many_taps_on_each_axis():
    with pytest.raises(ShapeError, match=r"\(6, 2, 3, 3\)$"):
        geometry((3, 8, 9), (6, 2, 3, 3))  # as (3, 3, 6, 2) it would fit
