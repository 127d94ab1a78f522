"""Operators of ONNX as matrices, held against the built matrix and the evaluator."""

import tracemalloc
from itertools import product
from math import prod

import numpy as np
import pytest

from convmat import conv_matrix, conv_transpose_matrix
from convmat.inspect import inspect_file

pytest.importorskip("onnx")

RNG = np.random.default_rng(7)


def weights(shape):
    return RNG.standard_normal(shape).astype(np.float32)


def one(onnx_file, kind, x, constants, opset=20, **attributes):
    """The row of a network of one operator, proved."""
    node = (kind, ["x", *constants], ["y"], "only", attributes)
    path = onnx_file([node], {"x": x}, constants, opset)
    found = inspect_file(path, prove=True)
    assert dict(found.skipped) == {}
    (row,) = found.layers
    return row


PADS = [
    {},
    {"pads": [0, 2, 1, 0]},
    {"pads": [3, 0, 0, 1]},
    {"auto_pad": "SAME_UPPER"},
    {"auto_pad": "SAME_LOWER"},
    {"auto_pad": "VALID"},
]


@pytest.mark.parametrize("pads", PADS, ids=lambda p: str(p).replace(" ", ""))
def test_conv_is_the_matrix_that_its_attributes_say(onnx_file, pads):
    for kernel, strides, dilations, groups in product(
        [(3, 2), (1, 4)], [(1, 1), (2, 3), (5, 2)], [(1, 1), (2, 1)], [1, 2]
    ):
        shape = (4, 4 // groups, *kernel)
        row = one(
            onnx_file,
            "Conv",
            (1, 4, 7, 8),
            {"w": weights(shape), "b": weights((4,))},
            strides=strides,
            dilations=dilations,
            group=groups,
            kernel_shape=kernel,
            **pads,
        )
        assert (row.proved, row.proof) == (True, "exact")
        built = conv_matrix(np.ones(shape), row.input_shape, **row.geometry.keywords)
        assert (row.matrix_shape, row.nnz) == (built.shape, built.nnz)
        assert row.parameters == prod(shape)
        assert row.dead == row.geometry.dead_taps
        assert row.bias == 4
        assert row.dense_bytes == 4 * built.shape[0] * built.shape[1]
        small = built.astype(np.float32)
        arrays = (small.data, small.indices, small.indptr)
        assert row.sparse_bytes == sum(array.nbytes for array in arrays)
        assert row.multiplications.effective == built.nnz
        assert row.multiplications.padded == prod(row.output_shape) * prod(shape[1:])


@pytest.mark.parametrize(
    ("x", "shape"), [((2, 3, 9), (6, 1, 4)), ((1, 2, 4, 5, 3), (2, 2, 2, 1, 3))]
)
def test_conv_has_any_number_of_axes_and_counts_one_sample(onnx_file, x, shape):
    groups = x[1] // shape[1]
    row = one(onnx_file, "Conv", x, {"w": weights(shape)}, group=groups)
    assert row.proved
    built = conv_matrix(np.ones(shape), x[1:], groups=groups)
    assert (row.matrix_shape, row.nnz) == (built.shape, built.nnz)


TRANSPOSED = [
    {},
    {"pads": [0, 1, 1, 0]},
    {"pads": [1, 0, 2, 1], "output_padding": [1, 0]},
    {"auto_pad": "SAME_UPPER"},
    {"auto_pad": "SAME_LOWER"},
    {"auto_pad": "VALID"},
    {"auto_pad": "SAME_UPPER", "output_shape": [7, 9]},
    {"auto_pad": "SAME_LOWER", "output_shape": [7, 9]},
]


@pytest.mark.parametrize("pads", TRANSPOSED, ids=lambda p: str(p).replace(" ", ""))
def test_transposed_conv_is_the_matrix_that_its_attributes_say(onnx_file, pads):
    for kernel, dilations, groups in product(
        [(3, 4), (4, 3)], [(1, 1), (1, 2)], [1, 2]
    ):
        shape = (4, 3, *kernel)
        row = one(
            onnx_file,
            "ConvTranspose",
            (1, 4, 4, 3),
            {"w": weights(shape), "b": weights((3 * groups,))},
            strides=(2, 3),
            dilations=dilations,
            group=groups,
            **pads,
        )
        assert (row.proved, row.proof) == (True, "exact")
        built = conv_transpose_matrix(
            np.ones(shape),
            row.input_shape,
            output_shape=row.output_shape,
            **row.geometry.keywords,
        )
        assert (row.matrix_shape, row.nnz) == (built.shape, built.nnz)
        small = built.astype(np.float32).tocsr()
        arrays = (small.data, small.indices, small.indptr)
        assert row.sparse_bytes == sum(array.nbytes for array in arrays)


def test_transposed_output_shape_splits_its_padding_as_the_standard_says(onnx_file):
    # Wanted 6 of 9 cells, 3 too many; without SAME_UPPER the odd one goes before.
    node = (
        "ConvTranspose",
        ["x", "w"],
        ["y"],
        "up",
        {"strides": [2], "output_shape": [6]},
    )
    path = onnx_file([node], {"x": (1, 1, 4)}, {"w": weights((1, 1, 3))})
    (row,) = inspect_file(path, prove=True).layers
    assert row.proof.startswith("not compared: the evaluator does not split")
    assert row.geometry.padding == ((2, 1),)
    assert row.output_shape == (1, 6)


def test_transposed_output_padding_beyond_the_stride_is_skipped_with_its_reason(
    onnx_file,
):
    attributes = {"dilations": [3], "output_padding": [2]}
    node = ("ConvTranspose", ["x", "w"], ["y"], "up", attributes)
    path = onnx_file([node], {"x": (1, 1, 4)}, {"w": weights((1, 1, 3))})
    found = inspect_file(path)
    assert found.layers == ()
    assert "output_padding must be at least 0 and below stride" in found.skipped["up"]


@pytest.mark.parametrize("kind", ["AveragePool", "MaxPool"])
def test_pooling_has_the_windows_that_its_attributes_say(onnx_file, kind):
    settings = [
        {"kernel_shape": [2, 3]},
        {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 0, 1]},
        {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"kernel_shape": [2, 3], "strides": [1, 2], "auto_pad": "SAME_LOWER"},
        {"kernel_shape": [2, 2], "dilations": [2, 1], "strides": [3, 2]},
    ]
    for one_of in settings:
        row = one(onnx_file, kind, (1, 4, 7, 8), {}, **one_of)
        # The evaluator pads a MaxPool otherwise there than an AveragePool.
        lower = one_of.get("auto_pad") == "SAME_LOWER" and kind == "MaxPool"
        assert row.proved is (None if lower else True)
        assert row.linear == (kind == "AveragePool")
        assert (row.parameters, row.sharing) == (0, None)
        kernel = np.ones((4, 1, *one_of["kernel_shape"]))
        built = conv_matrix(kernel, (4, 7, 8), **row.geometry.keywords)
        assert (row.matrix_shape, row.nnz) == (built.shape, built.nnz)


@pytest.mark.parametrize("kind", ["AveragePool", "MaxPool"])
def test_last_windows_may_hang_over_the_end(onnx_file, kind):
    for n, k, s, pads in product((4, 5, 7), (2, 3), (2, 3), ([0, 0], [1, 0], [1, 1])):
        settings = {"kernel_shape": [k], "strides": [s], "pads": pads, "ceil_mode": 1}
        row = one(onnx_file, kind, (1, 2, n), {}, opset=22, **settings)
        assert row.proved is not False
        over = row.geometry.padding != (tuple(pads),)
        assert (row.proved is None) == (over and kind == "AveragePool")


def test_output_that_shape_inference_does_not_find_is_skipped(onnx_file, monkeypatch):
    from convmat.inspect import onnx_layers
    from convmat.inspect.onnx_attributes import conv_of

    def wrong(attributes, x, weight):
        return conv_of({**attributes, "strides": (2,)}, x, weight)

    monkeypatch.setattr(onnx_layers, "conv_of", wrong)
    node = ("Conv", ["x", "w"], ["y"], "c", {})
    found = inspect_file(onnx_file([node], {"x": (1, 1, 9)}, {"w": weights((1, 1, 3))}))
    assert "must have the shape (1, 1, 7)" in found.skipped["c"]


def test_averages_may_count_their_padding(onnx_file):
    settings = {"kernel_shape": [3], "pads": [1, 1], "count_include_pad": 1}
    assert one(onnx_file, "AveragePool", (1, 2, 5), {}, **settings).proved


@pytest.mark.parametrize("kind", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pooling_reads_each_channel(onnx_file, kind):
    row = one(onnx_file, kind, (1, 5, 4, 3), {})
    assert row.proved
    assert (row.matrix_shape, row.nnz) == ((5, 60), 60)
    assert row.field == (4, 3)


@pytest.mark.parametrize("turned", [0, 1])
def test_gemm_is_its_weight(onnx_file, turned):
    weight = weights((3, 5) if turned else (5, 3))
    constants = {"w": weight, "b": weights((3,))}
    row = one(onnx_file, "Gemm", (2, 5), constants, transB=turned)
    assert row.proved
    assert (row.matrix_shape, row.nnz, row.sharing) == ((3, 5), 15, 1.0)
    assert (row.bias, row.density) == (3, 1.0)


def test_gemm_of_a_turned_input_reads_its_first_axis(onnx_file):
    row = one(onnx_file, "Gemm", (5, 2), {"w": weights((5, 3))}, transA=1)
    assert row.proved
    assert row.matrix_shape == (3, 5)


def test_product_at_several_places_is_block_diagonal(onnx_file):
    row = one(onnx_file, "MatMul", (1, 6, 4), {"w": weights((4, 3))})
    assert row.proved
    assert (row.matrix_shape, row.nnz, row.sharing) == ((18, 24), 72, 6.0)


@pytest.mark.parametrize("opset", [9, 13, 15])
def test_normalisation_is_diagonal_also_where_the_evaluator_would_train(
    onnx_file, opset
):
    constants = {n: weights((4,)) for n in ("scale", "shift", "mean")}
    constants["var"] = np.abs(weights((4,)))
    row = one(onnx_file, "BatchNormalization", (1, 4, 3, 2), constants, opset=opset)
    assert row.proved
    assert (row.matrix_shape, row.nnz, row.sharing, row.bias) == ((24, 24), 24, 6.0, 4)


def test_training_mode_is_skipped(onnx_file):
    constants = {n: np.ones(4, np.float32) for n in ("s", "b", "m", "v")}
    node = ("BatchNormalization", ["x", *constants], ["y"], "bn", {"training_mode": 1})
    found = inspect_file(onnx_file([node], {"x": (1, 4, 3)}, constants))
    assert "while training it is not linear" in found.skipped["bn"]


def test_dead_taps_are_told(onnx_file):
    settings = {"pads": [1, 1]}
    constants = {"w": weights((4, 2, 3))}
    node = ("Conv", ["x", "w"], ["y"], "short", settings)
    found = inspect_file(onnx_file([node], {"x": (1, 2, 1)}, constants))
    assert found.layers[0].dead == 16
    assert "short: 16 of 24 free parameters are dead" in str(found)


def test_large_layers_are_proved_on_a_part_and_never_built(onnx_file):
    kernel = weights((64, 64, 3, 3))
    settings = {"pads": [1, 1, 1, 1], "strides": [2, 2]}
    node = ("Conv", ["x", "w"], ["y"], "large", settings)
    path = onnx_file([node], {"x": (1, 64, 256, 255)}, {"w": kernel})
    inspect_file(path)  # what is loaded once
    tracemalloc.start()
    (row,) = inspect_file(path).layers
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert row.nnz > 5 * 10**8
    assert peak < 10 * kernel.nbytes
    (proved,) = inspect_file(path, prove=True).layers
    assert proved.proof == "exact, input cut to 8x7"


def test_weights_that_are_not_finite_are_told(onnx_file):
    kernel = weights((1, 1, 3))
    kernel[0, 0, 1] = np.nan
    node = ("Conv", ["x", "w"], ["y"], "bad", {})
    found = inspect_file(onnx_file([node], {"x": (1, 1, 9)}, {"w": kernel}))
    assert "bad: 1 of its weights and biases are not finite" in str(found)


def swapped(pads):
    return None if pads is None else [*pads[len(pads) // 2 :], *pads[: len(pads) // 2]]


def interleaved(pads):
    return None if pads is None else [pads[0], pads[2], pads[1], pads[3]]


BUGS = {
    "ends before beginnings": ("pads", swapped),
    "one axis after the other": ("pads", interleaved),
    "strides of the other axis": ("strides", lambda s: s[::-1]),
    "dilations of the other axis": ("dilations", lambda d: d[::-1]),
    "no groups": ("group", lambda g: 1),
}


@pytest.mark.parametrize("bug", BUGS)
def test_wrong_reading_of_an_attribute_is_never_proved(onnx_file, monkeypatch, bug):
    from convmat.inspect import onnx_layers, onnx_proof
    from convmat.inspect.onnx_attributes import conv_of

    name, change = BUGS[bug]

    def wrong(attributes, x, weight):
        return conv_of({**attributes, name: change(attributes[name])}, x, weight)

    for module in (onnx_layers, onnx_proof):
        monkeypatch.setattr(module, "conv_of", wrong)
    settings = {
        "pads": [2, 0, 1, 1],
        "strides": [1, 2],
        "dilations": [2, 1],
        "group": 2,
    }
    node = ("Conv", ["x", "w"], ["y"], "c", settings)
    path = onnx_file([node], {"x": (1, 4, 7, 8)}, {"w": weights((4, 2, 3, 2))})
    found = inspect_file(path, prove=True)
    proved = [row.proved for row in found.layers]
    assert found.skipped or proved == [False]
    assert found.skipped or not found.passed


def test_wrong_matrix_differs(onnx_file, monkeypatch):
    from convmat.inspect import onnx_comparison

    right = onnx_comparison.matrix_rows

    def flipped(kernel, *arguments, **keywords):
        return right(kernel[..., ::-1], *arguments, **keywords)

    monkeypatch.setattr(onnx_comparison, "matrix_rows", flipped)
    for kind in ("Conv", "ConvTranspose"):
        node = (kind, ["x", "w"], ["y"], "c", {})
        path = onnx_file([node], {"x": (1, 1, 7)}, {"w": weights((1, 1, 3))})
        (row,) = inspect_file(path, prove=True).layers
        assert (row.proved, row.proof) == (False, "DIFFERS: on integers")
