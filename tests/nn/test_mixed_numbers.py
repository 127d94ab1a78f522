"""Layers whose weights are floats, on inputs that sparse matrices do not carry."""

from fractions import Fraction

import numpy as np
import pytest

from convmat.errors import MatrixTooLargeError
from convmat.nn import Conv, ConvTranspose, FixedMatrix, functional
from convmat.nn.functional.settings import matrix_beside

both = pytest.mark.parametrize("kind", [Conv, ConvTranspose])


def layer(kind, route, **keywords):
    rng = np.random.default_rng(0)
    keywords |= {"stride": 2, "padding": [(1, 0)], "groups": 2}
    made = kind(2, 2, (2,), rng=rng, route=route, **keywords)
    for name, array in made.parameters.items():  # eighths, so that nothing is rounded
        made.parameters[name] = np.round(array * 8) / 8
    return made


def exact(shape):
    numbers = np.arange(np.prod(shape)) - 7
    return (numbers.astype(object) * Fraction(1, 8)).reshape(shape)


@both
def test_the_matrix_takes_fractions_beside_floats_as_the_definition_does(kind):
    x = exact((2, 2, 5))
    results = []
    for route in ("sliding", "matrix"):
        one = layer(kind, route)
        y = one.forward(x)
        results.append((y, one.backward(y), one.gradients["weight"]))
    for wanted, found in zip(*results, strict=True):
        assert found.dtype == object
        assert found.shape == wanted.shape
        assert (found == wanted).all()


@both
def test_the_matrix_takes_half_precision_beside_single(kind):
    x = np.arange(20, dtype=np.float16).reshape(2, 2, 5) / 8
    results = []
    for route in ("fast", "matrix"):
        one = layer(kind, route, dtype=np.float32)
        y = one.forward(x)
        results.append((y, one.backward(y.astype(np.float16))))
    for wanted, found in zip(*results, strict=True):
        assert found.dtype == wanted.dtype == np.float32
        assert (found == wanted).all()


@both
def test_a_gradient_of_fractions_behind_a_float_input_goes_back(kind):
    one = layer(kind, "matrix")
    y = one.forward(exact((2, 2, 5)).astype(float))
    by_floats = one.backward(exact(y.shape).astype(float))
    assert (one.backward(exact(y.shape)) == by_floats).all()


def test_the_dense_matrix_beside_fractions_is_refused_before_it_is_made():
    one = layer(Conv, "matrix", max_bytes=200)
    assert one.forward(np.ones((1, 2, 5))).shape == (1, 2, 3)  # 80 bytes as CSR
    with pytest.raises(MatrixTooLargeError, match=r"matrix of geometry.* bytes"):
        one.forward(exact((1, 2, 5)))


def test_a_sparse_matrix_is_dense_only_beside_what_it_does_not_carry():
    one = layer(Conv, "matrix")
    one.forward(np.ones((1, 2, 5)))
    assert matrix_beside(one.matrix, np.ones(1)) is one.matrix
    dense = matrix_beside(one.matrix, exact((1,)))
    assert isinstance(dense, np.ndarray)
    assert matrix_beside(dense, exact((1,))) is dense
    assert (dense == one.matrix.toarray()).all()
    g = one.geometry((2, 5))
    y = functional.matrix_conv(exact((1, 2, 5)), one.matrix, None, g)
    assert y.dtype == object
    held = FixedMatrix(one.matrix)
    assert (held.forward(exact((1, 2, 5))) == y.reshape(1, -1)).all()
