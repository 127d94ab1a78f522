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
    # What is printed beside them holds the other route, up to that one's rounding.
    assert abs(row.norm - values[0]) <= row.norm_error + most
    assert 0 < row.norm_error < 1e-9
    assert 0 < row.condition_error < 1e-6


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


def test_a_norm_that_is_not_known_is_no_number_in_the_table(tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, **{"a.weight": np.array([[1.0, np.nan]]), "b.weight": np.eye(2)})
    found = inspect_file(path, norms=True)
    a, b = found.layers
    assert (a.not_finite, b.not_finite) == (1, 0)
    assert (a.norm, a.condition) == (None, None)
    lines = str(found).splitlines()
    assert lines[1].split()[-7:] == [
        "finite",
        *("norm", "norm", "±"),
        *("condition", "condition", "±"),
    ]
    assert lines[2].split()[-3:] == ["1", "?", "?"]
    assert "a: 1 of its weights and biases are not finite" in lines
    assert lines[3].split()[-4::2] == ["1", "1"]


def test_a_singular_layer_says_how_large_its_condition_is_at_least(tmp_path):
    path = tmp_path / "net.npz"
    square = np.arange(9.0).reshape(3, 3)  # of rank 2; rounding leaves no 0
    np.savez(path, **{"a.weight": square, "b.weight": np.zeros((2, 2))})
    a, b = inspect_file(path, norms=True).layers
    assert (a.condition, a.condition_error) == (np.inf, np.inf)
    assert a.notes[0].startswith("singular up to rounding: its condition is ")
    least = float(a.notes[0].split()[-3])
    values = dense(square)
    assert values[-1] < 1e-14
    assert 1e13 < least <= values[0] / max(values[-1], 1e-300)
    assert b.notes == ("singular: its norm is 0",)


def test_what_an_iteration_gives_is_labelled(onnx_file):
    pytest.importorskip("onnx")
    row = only(onnx_file, "Conv", (1, 8, 20, 20), {"w": weights(8, 8, 3, 3)})
    assert row.norm_error > 0
    assert "norm iterative, by Golub-Kahan Lanczos" in row.notes[0]
    assert row.notes[1] == "condition not known: only all singular values tell it"
    g = row.geometry
    assert row.condition is None
    assert row.matrix_shape == g.matrix_shape


def test_a_variance_below_zero_has_no_norm(onnx_file):
    pytest.importorskip("onnx")
    constants = {n: np.ones(2, np.float32) for n in ("s", "b", "m")}
    constants["v"] = np.array([1, -1], np.float32)
    row = only(onnx_file, "BatchNormalization", (1, 2, 4), constants, epsilon=0.5)
    assert row.norm is None
    assert "a variance and epsilon are not above 0" in row.notes[0]


@pytest.mark.parametrize(
    ("error", "told"),
    [(1.01e-7, "2e-7"), (1e-7, "1e-7"), (9.3e-9, "1e-8"), (3.0, "3e0"), (0.0, "0")],
)
def test_errors_are_rounded_up(error, told):
    from convmat.inspect import Inspection, LayerMatrix
    from convmat.inspect.columns import columns_of, short

    row = LayerMatrix(name="a", kind="Conv", norm=2.0, norm_error=error)
    heads, (cells,) = columns_of(Inspection("n", "npz", {}, (row,)), short)
    assert cells[heads.index("norm ±")] == told
