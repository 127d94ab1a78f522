"""Matrix and sliding window say the same in symbols, and both what SymPy derives."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    ShapeError,
    TieMap,
    conv_matrix,
    geometry,
)
from convmat.labels import labels
from convmat.symbolic import (
    LIMIT,
    algebra,
    equation_latex,
    matrix_latex,
    symbolic_input,
    symbolic_input_grad,
    symbolic_kernel,
    symbolic_kernel_grad,
    symbolic_matrix,
    symbolic_output,
)

GEOMETRIES = [
    geometry(1, 1),
    geometry(5, 2, stride=2, padding=[(0, 2)]),
    geometry(1, 3, padding=1),  # dead taps
    geometry(2, 1, padding=2),  # rows without an entry
    geometry((3, 3), (2, 2)),
    geometry((3, 4), (2, 3), padding=[(1, 0), (0, 2)], stride=(2, 1)),
    geometry((5, 4), (2, 2), dilation=(2, 3)),
    geometry((6, 6), (3, 3), stride=2, padding="same"),
    geometry((4, 3), (2, 3), padding="full"),
    geometry((2, 3, 4), (3, 2, 2, 3)),
    geometry((4, 3, 2), (6, 2, 2, 1), groups=2, padding=1),
    geometry((3, 3, 2), (3, 1, 2, 2), groups=3),  # depthwise
    geometry((2, 3, 3), (1, 2, 1, 1)),
    geometry((2, 3, 2), (2, 2, 3), padding=[0, 1, 2], stride=(1, 2, 2)),
    geometry((2, 2, 2, 3), (2, 2, 2, 1, 2), dilation=(1, 2, 2)),
]

over_geometries = pytest.mark.parametrize("g", GEOMETRIES, ids=repr)


def _loss(g):
    """`sum(g * y)`: the scalar whose gradient by each output is that output's `g`."""
    names = [f"g_{name.removeprefix('y_')}" for name in labels(g).outputs]
    outputs = symbolic_output(g)
    return sum(sympy.Symbol(n) * y for n, y in zip(names, outputs, strict=True))


@over_geometries
def test_matrix_times_input_is_the_sliding_window(g):
    assert symbolic_matrix(g) * symbolic_input(g) == symbolic_output(g, bias=False)


@over_geometries
def test_bias_is_one_symbol_for_each_output_channel(g):
    biases = symbolic_output(g) - symbolic_output(g, bias=False)
    names = np.array(list(map(str, biases))).reshape(g.out_channels, -1)
    for channel, row in enumerate(names):
        assert set(row) == {f"b_{channel}" if g.has_channels else "b"}


@over_geometries
def test_kernel_gradient_is_the_derivative(g):
    loss = _loss(g)
    gradient = symbolic_kernel_grad(g)
    assert gradient.shape == g.kernel_shape
    derived = symbolic_kernel(g).applyfunc(lambda tap: sympy.diff(loss, tap))
    assert gradient == derived


@over_geometries
def test_input_gradient_is_the_derivative(g):
    loss = _loss(g)
    assert list(symbolic_input_grad(g)) == [
        sympy.diff(loss, x) for x in symbolic_input(g)
    ]


@over_geometries
def test_numbers_for_the_taps_give_the_matrix_of_numbers(g):
    kernel = np.arange(1, 1 + g.free_parameters).reshape(g.kernel_shape)
    numbers = conv_matrix(
        kernel,
        g.input_shape,
        **g.keywords,
    )
    assert symbolic_matrix(g, kernel) == sympy.Matrix(numbers.toarray())


def test_gradient_by_a_dead_tap_is_zero():
    assert list(symbolic_kernel_grad(geometry(1, 3, padding=1))) == [
        0,
        sympy.Symbol("A") * sympy.Symbol("g_P"),
        0,
    ]


def test_fractions_and_expressions_may_stand_for_the_taps():
    t = sympy.Symbol("t")
    assert symbolic_matrix(geometry(3, 2), [Fraction(1, 3), t**2]) == sympy.Matrix(
        [[sympy.Rational(1, 3), t**2, 0], [0, sympy.Rational(1, 3), t**2]]
    )


def test_many_channels_are_numbered_by_position():
    g = geometry((2, 1, 2), (2, 2, 1, 2))
    assert str(symbolic_output(g)[1]) == (
        "b_1 + w_1_0_0_0*x_0_0_0 + w_1_0_0_1*x_0_0_1"
        " + w_1_1_0_0*x_1_0_0 + w_1_1_0_1*x_1_0_1"
    )
    assert str(symbolic_input_grad(g)[0]) == "g_0_0_0*w_0_0_0_0 + g_1_0_0*w_1_0_0_0"


@pytest.mark.parametrize(
    "function",
    [
        symbolic_matrix,
        symbolic_kernel,
        symbolic_input,
        symbolic_output,
        symbolic_kernel_grad,
        symbolic_input_grad,
        matrix_latex,
        equation_latex,
    ],
)
class TestEveryFunction:
    def test_refuses_a_large_geometry(self, function):
        rule = f"geometry must have at most {LIMIT:,} .* conv_matrix"
        with pytest.raises(ConvmatError, match=rule):
            function(geometry((512, 512), (3, 3)))

    @pytest.mark.parametrize(
        "g",
        [
            geometry(9_000, 1, stride=9_000),  # inputs
            geometry(1, 1, padding=9_000),  # outputs
            geometry(1, 9_000, padding=[(0, 8_999)]),  # taps
        ],
        ids=repr,
    )
    def test_refuses_many_symbols_of_few_entries(self, function, g):
        with pytest.raises(ConvmatError, match="geometry must have at most"):
            function(g)

    def test_refuses_a_shape_for_a_geometry(self, function):
        with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
            function((3, 3))


@pytest.mark.parametrize("function", [matrix_latex, equation_latex])
def test_latex_refuses_a_matrix_of_many_positions(function):
    g = geometry(100, 2)
    assert symbolic_matrix(g).shape == (99, 100)
    with pytest.raises(ConvmatError, match="matrix positions"):
        function(g)


def test_a_kernel_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(2, 2\)"):
        symbolic_matrix(geometry((3, 3), (2, 2)), [1, 2])


def test_a_kernel_of_strings_is_refused():
    with pytest.raises(ConvmatTypeError, match="kernel must hold numbers"):
        symbolic_matrix(geometry(3, 2), ["alpha", "beta"])


def test_kernel_may_be_written_with_channel_axes():
    g = geometry((3, 3), (2, 2))
    with_axes = symbolic_matrix(g, [[[[1, 2], [3, 4]]]])
    assert with_axes == symbolic_matrix(g, [[1, 2], [3, 4]])
    assert with_axes == symbolic_matrix(
        replace(g, has_channels=True), [[[[1, 2], [3, 4]]]]
    )


def test_taps_that_share_a_position_are_added(monkeypatch):
    g = geometry(3, 2)
    rows, cols, taps = np.array([[0, 0, 0, 1], [1, 1, 0, 2], [0, 1, 0, 1]])
    monkeypatch.setattr(algebra, "tie_map", lambda g: TieMap(g, rows, cols, taps))
    alpha, beta = symbolic_kernel(g)
    assert symbolic_matrix(g) == sympy.Matrix([[alpha, alpha + beta, 0], [0, 0, beta]])
    half, third = Fraction(1, 2), Fraction(1, 3)
    assert symbolic_matrix(g, [half, third])[0, 1] == sympy.Rational(5, 6)
    assert symbolic_matrix(g, [1, -1])[0, 1] == 0
    assert r"\alpha + \beta" in matrix_latex(g)
