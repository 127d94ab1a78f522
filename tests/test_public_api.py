"""The names and signatures that others build on."""

import inspect

import pytest

import convmat

NAMES = {
    "ConvConstraint",
    "ConvmatError",
    "ConvmatTypeError",
    "Geometry",
    "GeometryError",
    "MatrixTooLargeError",
    "ShapeError",
    "TieMap",
    "avg_pool_matrix",
    "conv",
    "conv_input_grad",
    "conv_kernel_grad",
    "conv_matrix",
    "conv_operator",
    "conv_transpose",
    "conv_transpose_matrix",
    "conv_transpose_operator",
    "figures",
    "geometry",
    "linear",
    "load_matrix",
    "matrix_rows",
    "nn",
    "receptive_field",
    "recognize",
    "refill",
    "same_dialects",
    "save_matrix",
    "singular_values",
    "spectral_norm",
    "symbolic_matrix",
    "tie_map",
    "transposed_geometry",
    "verify",
}

SIGNATURES = {
    "conv": "(x, kernel, bias=None, **keywords)",
    "conv_input_grad": "(grad, kernel, input_shape, **keywords)",
    "conv_kernel_grad": "(grad, x, kernel_shape, **keywords)",
    "conv_matrix": "(kernel, input_shape, *, max_bytes=None, **keywords)",
    "conv_operator": "(kernel, input_shape, **keywords)",
    "conv_transpose": (
        "(y, kernel, bias=None, *, output_padding=0, output_shape=None, **keywords)"
    ),
    "conv_transpose_matrix": (
        "(kernel, input_shape, *, output_padding=0, output_shape=None, "
        "max_bytes=None, **keywords)"
    ),
    "geometry": (
        "(input_shape, kernel_shape, *, stride=1, padding=0, dilation=1, groups=1, "
        "padding_mode='zeros')"
    ),
    "receptive_field": "(layers, input_shape=None)",
    "refill": "(matrix, kernel, geometry)",
    "tie_map": "(geometry, *, max_bytes=None)",
}


def bare(function):
    """The signature without its annotations."""
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(parameters))


def test_public_list_is_the_agreed_one():
    assert set(convmat.__all__) == NAMES
    assert convmat.__all__ == sorted(convmat.__all__)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature_is_the_agreed_one(name):
    assert bare(getattr(convmat, name)) == SIGNATURES[name]


def test_geometry_has_the_agreed_attributes():
    g = convmat.geometry((2, 5, 5), (4, 1, 3, 3), stride=2, padding=1, groups=2)
    assert g.input_shape == (2, 5, 5)
    assert g.kernel_shape == (4, 1, 3, 3)
    assert g.output_shape == (4, 3, 3)
    assert g.matrix_shape == (36, 50)
    assert g.nnz == 4 * 7 * 7
    assert g.padding_mode == "zeros"


def test_tie_map_has_the_agreed_arrays():
    ties = convmat.tie_map(convmat.geometry(3, 2))
    assert isinstance(ties, convmat.TieMap)
    assert ties.rows.tolist() == [0, 0, 1, 1]
    assert ties.cols.tolist() == [0, 1, 1, 2]
    assert ties.taps.tolist() == [0, 1, 0, 1]
    assert ties.multiplicity.tolist() == [2, 2]


def test_constraint_has_the_agreed_methods():
    for method in ("embed", "project", "pull_back", "violation"):
        assert callable(getattr(convmat.ConvConstraint, method))


def test_every_public_function_has_an_example():
    for name in convmat.__all__:
        value = getattr(convmat, name)
        if inspect.isfunction(value):
            assert ">>> " in inspect.getdoc(value), name


def test_version_is_a_version():
    assert [part.isdigit() for part in convmat.__version__.split(".")] == [True] * 3
