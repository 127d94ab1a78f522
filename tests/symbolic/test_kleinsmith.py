"""The case of Kleinsmith's article, letter by letter."""

import pytest
import sympy

from convmat import geometry
from convmat.symbolic import (
    equation_latex,
    matrix_latex,
    symbolic_input,
    symbolic_input_grad,
    symbolic_kernel,
    symbolic_kernel_grad,
    symbolic_matrix,
    symbolic_output,
)

A, B, C, D, E, F, G, H, J = image = sympy.symbols("A B C D E F G H J")
alpha, beta, gamma, delta = taps = sympy.symbols("alpha beta gamma delta")
gP, gQ, gR, gS = output_grads = sympy.symbols("g_P g_Q g_R g_S")
b = sympy.Symbol("b")


@pytest.fixture
def kleinsmith():
    return geometry((3, 3), (2, 2))


def test_matrix_is_his(kleinsmith):
    a, be, g, d = taps
    assert symbolic_matrix(kleinsmith) == sympy.Matrix(
        [
            [a, be, 0, g, d, 0, 0, 0, 0],
            [0, a, be, 0, g, d, 0, 0, 0],
            [0, 0, 0, a, be, 0, g, d, 0],
            [0, 0, 0, 0, a, be, 0, g, d],
        ]
    )


def test_equations_are_his(kleinsmith):
    assert symbolic_output(kleinsmith) == sympy.Matrix(
        [
            alpha * A + beta * B + gamma * D + delta * E + b,  # P
            alpha * B + beta * C + gamma * E + delta * F + b,  # Q
            alpha * D + beta * E + gamma * G + delta * H + b,  # R
            alpha * E + beta * F + gamma * H + delta * J + b,  # S
        ]
    )


def test_image_has_no_i_and_kernel_keeps_its_shape(kleinsmith):
    assert symbolic_input(kleinsmith) == sympy.Matrix(image)
    assert symbolic_kernel(kleinsmith) == sympy.Array([[alpha, beta], [gamma, delta]])


def test_kernel_gradient_adds_up_the_tie(kleinsmith):
    assert symbolic_kernel_grad(kleinsmith) == sympy.Array(
        [
            [gP * A + gQ * B + gR * D + gS * E, gP * B + gQ * C + gR * E + gS * F],
            [gP * D + gQ * E + gR * G + gS * H, gP * E + gQ * F + gR * H + gS * J],
        ]
    )


def test_input_gradient_at_a_corner_and_at_the_centre(kleinsmith):
    gradient = symbolic_input_grad(kleinsmith)
    assert gradient[0] == alpha * gP
    assert gradient[4] == delta * gP + gamma * gQ + beta * gR + alpha * gS
    assert gradient[8] == delta * gS


def test_bonus_3x3_kernel_with_padding_stores_49_of_81():
    matrix = symbolic_matrix(geometry((3, 3), (3, 3), padding=1))
    assert matrix.shape == (9, 9)
    assert sum(entry != 0 for entry in matrix) == 49


def test_matrix_in_latex(kleinsmith):
    assert matrix_latex(kleinsmith) == (
        r"\begin{bmatrix}"
        r"\alpha & \beta & 0 & \gamma & \delta & 0 & 0 & 0 & 0\\"
        r"0 & \alpha & \beta & 0 & \gamma & \delta & 0 & 0 & 0\\"
        r"0 & 0 & 0 & \alpha & \beta & 0 & \gamma & \delta & 0\\"
        r"0 & 0 & 0 & 0 & \alpha & \beta & 0 & \gamma & \delta"
        r"\end{bmatrix}"
    )


def test_equation_in_latex(kleinsmith):
    assert equation_latex(kleinsmith) == (
        matrix_latex(kleinsmith)
        + r" \begin{bmatrix}A\\B\\C\\D\\E\\F\\G\\H\\J\end{bmatrix}"
        + r" + \begin{bmatrix}b\\b\\b\\b\end{bmatrix}"
        + r" = \begin{bmatrix}P\\Q\\R\\S\end{bmatrix}"
    )


def test_latex_stays_a_bmatrix_beyond_ten_columns():
    latex = matrix_latex(geometry(12, 2))
    assert latex.startswith(r"\begin{bmatrix}\alpha & \beta & 0")
    assert "array" not in latex
