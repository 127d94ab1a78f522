"""Norms and condition numbers of layers, beside those of the dense matrix."""

import numpy as np
import pytest

from convmat import conv_matrix
from convmat.inspect import inspect_file

RNG = np.random.default_rng(3)


def weights(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def only(onnx_file, kind, x, constants, **attributes):
    node = (kind, ["x", *constants], ["y"], "only", attributes)
    (row,) = inspect_file(onnx_file([node], {"x": x}, constants), norms=True).layers
    return row


def dense(matrix):
    return np.linalg.svd(matrix, compute_uv=False)


@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
def test_norm_of_a_convolution_is_that_of_its_matrix(onnx_file, kind):
    pytest.importorskip("onnx")
    weight = weights(3, 3, 3, 2)
    row = only(
        onnx_file, kind, (1, 3, 6, 5), {"w": weight}, pads=[1, 0, 0, 1], strides=[2, 1]
    )
    wide = weight.astype(np.float64)
    g = row.geometry
    values = dense(conv_matrix(wide, g.input_shape, **g.keywords).toarray())
    # Both come from a backward stable decomposition of one matrix.
    most = 4 * max(row.matrix_shape) * np.finfo(float).eps * values[0]
    assert abs(row.norm - values[0]) <= most
    assert abs(row.condition - values[0] / values[-1]) <= most * (
        (1 + values[0] / values[-1]) / values[-1]
    )


def test_norm_of_a_product_is_that_of_its_weight(onnx_file):
    pytest.importorskip("onnx")
    weight = np.diag([3.0, -6.0, 2.0]).astype(np.float32)
    for row in (
        only(onnx_file, "Gemm", (1, 3), {"w": weight}, alpha=0.5),
        only(onnx_file, "MatMul", (1, 4, 3), {"w": weight / 2}),
    ):
        assert (row.norm, row.condition) == (3.0, 3.0)


def test_norm_of_a_normalisation_is_its_largest_factor(onnx_file):
    pytest.importorskip("onnx")
    constants = {
        "s": np.array([1, -8, 2], np.float32),
        "b": np.zeros(3, np.float32),
        "m": np.zeros(3, np.float32),
        "v": np.array([3, 15, 0], np.float32),
    }
    row = only(onnx_file, "BatchNormalization", (1, 3, 2), constants, epsilon=1.0)
    assert (row.norm, row.condition) == (2.0, 4.0)


def test_norm_of_means_is_known_where_windows_lie_apart(onnx_file):
    pytest.importorskip("onnx")
    row = only(onnx_file, "GlobalAveragePool", (1, 2, 4, 4), {})
    assert (row.norm, row.condition) == (0.25, 1.0)
    apart = only(onnx_file, "AveragePool", (1, 1, 7), {}, kernel_shape=[4], strides=[4])
    assert apart.norm == 0.5
    over = only(onnx_file, "AveragePool", (1, 1, 7), {}, kernel_shape=[2])
    assert over.norm is None
    assert over.notes == ("norm not computed: its windows overlap, or leave the input",)
    largest = only(onnx_file, "MaxPool", (1, 1, 7), {}, kernel_shape=[2])
    assert largest.norm is None


def test_norm_of_weights_that_are_not_finite_is_not_known(tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, **{"a.weight": np.array([[1.0, np.inf]])})
    (row,) = inspect_file(path, norms=True).layers
    assert row.norm is None
    assert row.notes == ("norm not known: weights are not finite",)
