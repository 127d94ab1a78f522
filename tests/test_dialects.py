"""The dialects of "same": each against its own library or its published words."""

import dataclasses
from itertools import combinations, product

import numpy as np
import pytest
from scipy import ndimage, signal

from convmat import conv_matrix, geometry, tie_map
from convmat.errors import ConvmatTypeError, GeometryError, ShapeError
from convmat.geometry import (
    DIALECTS,
    Axis,
    dialect,
    same_dialects,
    same_difference,
    same_pads,
)
from convmat.geometry.dialects import BY_NAME

SIZES, KERNELS, STRIDES, DILATIONS = (range(1, last) for last in (13, 7, 5, 4))
BOX = list(product(SIZES, KERNELS, STRIDES, DILATIONS))
UNSTRIDED = list(product(SIZES, KERNELS, DILATIONS))


def starts(padded, span, stride):
    """Where a window of `span` cells stands, one after another, until none fits."""
    place, found = 0, []
    while place + span <= padded:
        found.append(place)
        place += stride
    return found


def least_padding(size, span, stride):
    """Padding cells added one at a time until there is an output for each stride."""
    wanted, cells = len(range(0, size, stride)), 0
    while len(starts(size + cells, span, stride)) < wanted:
        cells += 1
    return cells


def halves(cells):
    """Dealt in turns: the second hand gets the odd one."""
    hands = [0, 0]
    for number in range(cells):
        hands[(number + 1) % 2] += 1
    return tuple(hands)


def test_least_padding_with_the_odd_cell_after_or_before():
    for size, kernel, stride, dilation in BOX:
        cells = least_padding(size, dilation * (kernel - 1) + 1, stride)
        few, many = halves(cells)
        asked = size, kernel, stride, dilation
        assert same_pads("tensorflow", *asked) == ((few, many),), asked
        assert same_pads("onnx-lower", *asked) == ((many, few),), asked
        if dilation == 1:
            assert same_pads("paddle", *asked) == ((few, many),), asked


def test_the_formula_that_tensorflow_publishes():
    """By the remainder of the size, in tf.nn's "Notes on padding"."""
    for size, kernel, stride in product(SIZES, KERNELS, STRIDES):
        taken = stride if size % stride == 0 else size % stride
        cells = max(kernel - taken, 0)
        assert sum(same_pads("tensorflow", size, kernel, stride)[0]) == cells


def windows_of(function, size, kernel, dilation, flips):
    """The matrix that a library multiplies by, column by column; and the taps.

    The taps are in the order in which its windows read them.
    """
    taps = np.zeros(dilation * (kernel - 1) + 1, dtype=np.int64)
    taps[::dilation] = np.arange(1, kernel + 1)
    columns = [function(column, taps) for column in np.eye(size, dtype=np.int64)]
    read = np.arange(1, kernel + 1)
    return np.array(columns).T, read[::-1] if flips else read


LIBRARIES = {
    # function, whether it flips the kernel, the dialect
    "signal.convolve": (
        lambda x, w: signal.convolve(x, w, "same", "direct"),
        True,
        "scipy",
    ),
    "signal.correlate": (
        lambda x, w: signal.correlate(x, w, "same", "direct"),
        False,
        "scipy",
    ),
    "signal.fftconvolve": (
        lambda x, w: np.rint(signal.fftconvolve(x, w, "same")),
        True,
        "scipy",
    ),
    "signal.convolve2d": (
        lambda x, w: signal.convolve2d(x[None], w[None], "same")[0],
        True,
        "scipy",
    ),
    "signal.correlate2d": (
        lambda x, w: signal.correlate2d(x[None], w[None], "same")[0],
        False,
        "scipy-correlate2d",
    ),
    "ndimage.correlate": (
        lambda x, w: ndimage.correlate(x, w, mode="constant"),
        False,
        "scipy-ndimage-correlate",
    ),
    "ndimage.convolve": (
        lambda x, w: ndimage.convolve(x, w, mode="constant"),
        True,
        "scipy-ndimage-convolve",
    ),
    "np.convolve": (lambda x, w: np.convolve(x, w, "same"), True, "numpy"),
    "np.correlate": (
        lambda x, w: np.correlate(x, w, "same"),
        False,
        "numpy-correlate",
    ),
}


@pytest.mark.parametrize("name", LIBRARIES)
def test_pads_give_the_matrix_of_the_library(name):
    function, flips, dialect_name = LIBRARIES[name]
    for size, kernel, dilation in UNSTRIDED:
        matrix, taps = windows_of(function, size, kernel, dilation, flips)
        pads = same_pads(dialect_name, size, kernel, dilation=dilation)
        ours = conv_matrix(taps, size, padding=pads, dilation=dilation).toarray()
        assert np.array_equal(ours, matrix), (size, kernel, dilation)


def test_numpy_gives_as_many_outputs_as_the_longer_has_cells():
    for name in ("numpy", "numpy-correlate"):
        for size, kernel in product(SIZES, KERNELS):
            g = geometry(size, kernel, padding=f"same:{name}")
            assert g.output_size == (max(size, kernel),)


@pytest.mark.parametrize(
    ("x", "kernel", "printed"),
    [
        # Both from answers on MathWorks' MATLAB Central: 332847 and 426484.
        (
            range(1, 11),
            [7, 14, 21, 28],
            [70, 140, 210, 280, 350, 420, 490, 560, 553, 462],
        ),
        ([1, 2, 1, 3, 1], [2, 0, 1, 0], [3, 8, 3, 3, 1]),
    ],
)
def test_matlab_is_what_matlab_printed(x, kernel, printed):
    pads = same_pads("matlab", len(x), len(kernel))
    matrix = conv_matrix(kernel[::-1], len(x), padding=pads)
    assert (matrix @ np.array(x)).tolist() == printed


def test_matlab_cuts_the_full_convolution_as_octave_does():
    """Octave's conv.m drops ceil((kernel - 1) / 2) of the full outputs at the start."""
    for size, kernel in product(SIZES, KERNELS):
        taps = np.arange(1, kernel + 1)
        x = np.arange(1, size + 1) ** 3
        first = -(-(kernel - 1) // 2)
        cut = np.convolve(x, taps)[first : first + size]
        pads = same_pads("matlab", size, kernel)
        ours = conv_matrix(taps[::-1], size, padding=pads) @ x
        assert np.array_equal(ours, cut)


def test_torch_is_tensorflow_at_stride_1():
    for size, kernel, dilation in UNSTRIDED:
        asked = size, kernel, 1, dilation
        assert same_pads("torch", *asked) == same_pads("tensorflow", *asked)


def test_torch_itself_agrees_and_refuses():
    torch = pytest.importorskip("torch")
    conv1d = torch.nn.functional.conv1d
    for size, kernel, dilation in UNSTRIDED:
        weight = torch.arange(1, kernel + 1.0).reshape(1, 1, kernel)
        images = torch.eye(size)[:, None]
        ours = conv_matrix(
            np.arange(1, kernel + 1), size, padding="same:torch", dilation=dilation
        )
        got = conv1d(images, weight, padding="same", dilation=dilation)[:, 0].T
        assert np.array_equal(got.numpy(), ours.toarray())
    with pytest.raises(RuntimeError, match="not supported for strided"):
        conv1d(torch.eye(3)[:, None], torch.ones(1, 1, 2), padding="same", stride=2)


def test_jax_itself_agrees():
    lax = pytest.importorskip("jax").lax
    for size, kernel, stride, dilation in BOX:
        span = dilation * (kernel - 1) + 1
        for label, name in (("SAME", "jax"), ("SAME_LOWER", "jax-lower")):
            pads = lax.padtype_to_pads((size,), (span,), (stride,), label)
            assert same_pads(name, size, kernel, stride, dilation) == tuple(
                tuple(map(int, pair)) for pair in pads
            )


def test_opencv_itself_agrees():
    cv2 = pytest.importorskip("cv2")

    def filtered(x, taps):
        border = cv2.BORDER_CONSTANT
        return cv2.filter2D(x[None] * 1.0, -1, taps[None] * 1.0, borderType=border)[0]

    for size, kernel, dilation in UNSTRIDED:
        matrix, taps = windows_of(filtered, size, kernel, dilation, flips=False)
        pads = same_pads("opencv", size, kernel, dilation=dilation)
        ours = conv_matrix(taps, size, padding=pads, dilation=dilation)
        assert np.array_equal(ours.toarray(), matrix)


def test_the_idioms_of_equal_pads():
    for size, kernel, stride, dilation in BOX:
        asked = size, kernel, stride, dilation
        span = len(range(dilation * (kernel - 1) + 1))
        ((before, after),) = same_pads("half", *asked)
        assert before == after == len(range(1, span, 2))
        ((before, after),) = same_pads("fastai", *asked)
        assert before == after == len(range(2, kernel, 2))
        ((before, after),) = same_pads("timm", *asked)
        assert before == after == len(range(2, span + stride - 1, 2))


def test_half_keeps_the_size_for_odd_spans_only():
    for size, kernel, dilation in UNSTRIDED:
        g = geometry(size, kernel, padding="same:half", dilation=dilation)
        even = dilation * (kernel - 1) % 2
        assert g.output_size == (size + even,)


def test_flux_gives_an_output_for_each_stride_at_any_stride():
    """Flux documents `ceil(input_size / stride)`; its padding knows no stride."""
    for size, kernel, stride, dilation in BOX:
        g = geometry(
            size, kernel, stride=stride, padding="same:flux", dilation=dilation
        )
        assert g.output_size == (len(range(0, size, stride)),)
        ((before, after),) = g.padding
        assert before - after in (0, 1)
        assert same_pads("flux", size, kernel, 1, dilation) == g.padding


def test_short_names_are_two_of_the_dialects():
    for size, kernel, stride, dilation in BOX:
        keywords = {"stride": stride, "dilation": dilation}
        for short, name in (("same", "tensorflow"), ("same_lower", "onnx-lower")):
            by_short = geometry(size, kernel, padding=short, **keywords)
            assert by_short == geometry(
                size, kernel, padding=f"same:{name}", **keywords
            )


def test_axes_are_padded_each_by_itself():
    pads = same_pads("tensorflow", (7, 8, 1), (4, 3, 5), (2, 2, 1), (1, 1, 2))
    alone = [
        same_pads("tensorflow", *axis)[0]
        for axis in ((7, 4, 2, 1), (8, 3, 2, 1), (1, 5, 1, 2))
    ]
    assert pads == tuple(alone) == ((1, 2), (0, 1), (4, 4))
    assert geometry((7, 8), (4, 3), padding="same:scipy").padding == ((2, 1), (1, 1))


def test_every_name_and_alias_is_read_by_geometry():
    for name, entry in BY_NAME.items():
        assert dialect(name) is entry
        by_name = geometry(6, 3, padding=f"same:{name}")
        assert by_name.padding == (entry.pads(6, 3),)
    assert list(DIALECTS) == [entry.name for entry in DIALECTS.values()]
    aliases = sum(len(entry.aliases) for entry in DIALECTS.values())
    assert len(BY_NAME) == len(DIALECTS) + aliases  # no name twice


def test_a_dialect_is_frozen_and_says_where_it_comes_from():
    for entry in DIALECTS.values():
        assert entry.meaning.endswith(".")
        assert entry.source
        with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
            entry.name = "mine"
    with pytest.raises(TypeError, match="item assignment"):
        DIALECTS["mine"] = DIALECTS["torch"]


@pytest.mark.parametrize(
    ("name", "keywords", "message"),
    [
        (
            "torch",
            {"stride": 2},
            r"stride must be 1 beside padding 'same:torch', since",
        ),
        ("torch", {"stride": 2}, "PyTorch refuses padding='same' with any other"),
        ("scipy", {"stride": 3}, "with those of stride 1 you get every 3rd of its"),
        ("matlab", {"stride": (1, 4)}, "every 4th of its outputs"),
        ("numpy", {"stride": 2}, "the functions have none"),
        ("paddle", {"dilation": 2}, "PaddlePaddle would set it to 1 without a word"),
    ],
)
def test_what_a_library_does_not_define_is_refused(name, keywords, message):
    with pytest.raises(GeometryError, match=message):
        geometry((9, 9), (3, 3), padding=f"same:{name}", **keywords)
    with pytest.raises(GeometryError, match=message):
        same_pads(name, (9, 9), (3, 3), **keywords)


@pytest.mark.parametrize("padding", ["same:", "same:Torch", "same:tf", "valid:torch"])
def test_an_unknown_name_is_answered_with_the_list(padding):
    with pytest.raises(GeometryError, match="'same:NAME', with NAME one of tensorflow"):
        geometry(5, 3, padding=padding)


def test_bad_arguments_are_named():
    with pytest.raises(GeometryError, match="name must be one of tensorflow, onnx-low"):
        same_pads("same", 5, 3)
    with pytest.raises(ConvmatTypeError, match="name must be a string"):
        same_pads(None, 5, 3)
    with pytest.raises(GeometryError, match="stride must be at least 1"):
        same_pads("torch", 5, 3, 0)
    with pytest.raises(ShapeError, match="kernel_shape must be"):
        same_dialects((5, 5), 3)


def test_the_table_has_a_row_for_each_dialect():
    table = same_dialects((3, 8, 7), (2, 3, 4, 3), stride=2)
    assert table.input_size == (8, 7)
    assert [row.dialect.name for row in table.rows] == list(DIALECTS)
    for row in table.rows:
        refuses = bool(row.dialect.no_stride)
        assert (row.padding is None) == refuses == (row.group == "") == bool(row.note)
        if not refuses:
            named = geometry(
                (8, 7), (4, 3), stride=2, padding=f"same:{row.dialect.name}"
            )
            assert (named.padding, named.output_size) == (row.padding, row.output_size)


def test_a_kernel_that_does_not_fit_is_told():
    rows = {row.dialect.name: row for row in same_dialects(1, 2).rows}
    assert rows["fastai"].padding == ((0, 0),)
    assert rows["fastai"].output_size is None
    assert rows["fastai"].note == "the kernel does not fit the padded input"
    assert rows["half"].output_size == (2,)


def test_the_same_letter_means_the_same_matrix():
    for size, kernel, stride, dilation in product(
        range(1, 8), range(1, 6), range(1, 4), range(1, 3)
    ):
        table = same_dialects(size, kernel, stride=stride, dilation=dilation)
        patterns = {}
        for row in table.rows:
            if row.group:
                g = geometry(
                    size,
                    kernel,
                    stride=stride,
                    padding=row.padding,
                    dilation=dilation,
                )
                patterns.setdefault(row.group, set()).add(
                    (g.matrix_shape, tie_map(g).pattern().tobytes())
                )
        assert all(len(alike) == 1 for alike in patterns.values())
        assert len(set.union(*patterns.values())) == len(patterns)


def test_the_table_fits_eighty_columns():
    for keywords in ({}, {"stride": 2}, {"stride": 2, "dilation": 3}):
        text = str(same_dialects((224, 224), (4, 4), **keywords))
        assert max(map(len, text.splitlines())) <= 80
        assert all(line == line.rstrip() for line in text.splitlines())


NEVER = """tensorflow/paddle tensorflow/torch tensorflow/scipy-correlate2d
tensorflow/matlab onnx-lower/scipy paddle/torch paddle/scipy-correlate2d paddle/matlab
torch/scipy-correlate2d torch/matlab flux/scipy scipy-correlate2d/matlab"""

SMALLEST = {
    # (size, kernel, stride, dilation); every pair that is not here: one cell, two taps
    ("half", "numpy"): (2, 2, 1, 1),
    ("half", "numpy-correlate"): (2, 2, 1, 1),
    ("numpy", "numpy-correlate"): (2, 3, 1, 1),
    ("fastai", "timm"): (1, 2, 1, 2),
    ("onnx-lower", "flux"): (2, 2, 2, 1),
}


def test_the_smallest_geometry_on_which_two_dialects_differ():
    never = {tuple(pair.split("/")) for pair in NEVER.split()}
    for first, second in combinations(DIALECTS, 2):
        found = same_difference(first, second)
        if (first, second) in never:
            assert found is None
            continue
        place = found.size, found.kernel, found.stride, found.dilation
        assert place == SMALLEST.get((first, second), (1, 2, 1, 1))
        size, kernel, stride, dilation = place
        assert same_pads(first, *place) == (found.first,)
        assert same_pads(second, *place) == (found.second,)
        shapes = []
        for pads in (found.first, found.second):
            axis = Axis(size, kernel, stride, *pads, dilation)
            fits = axis.span <= axis.padded_size
            shapes.append(axis.sources().tolist() if fits else "none")
        assert shapes[0] != shapes[1]


def test_a_stride_on_any_axis_is_a_stride():
    table = same_dialects((5, 5), (3, 3), stride=(1, 2), dilation=(1, 2))
    refusing = {row.dialect.name for row in table.rows if row.padding is None}
    assert refusing == {
        entry.name
        for entry in DIALECTS.values()
        if entry.no_stride or entry.no_dilation
    }
