r"""The matrix and its equation in LaTeX, as `bmatrix`.

LaTeX itself allows ten columns, unless told `\setcounter{MaxMatrixCols}{...}`; MathJax
and KaTeX allow any number.
"""

from __future__ import annotations

from typing import Any

from convmat.geometry import Geometry
from convmat.symbolic.algebra import symbolic_matrix
from convmat.symbolic.names import column, load_sympy, refuse_large, symbols_of

__all__ = ["equation_latex", "matrix_latex"]


def matrix_latex(geometry: Geometry) -> str:
    r"""The matrix of a convolution in LaTeX.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As `symbolic_matrix`, and for a matrix of more than `LIMIT` positions: here the
        structural zeros are written too.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(matrix_latex(geometry(3, 2)))
    \begin{bmatrix}\alpha & \beta & 0\\0 & \alpha & \beta\end{bmatrix}
    """
    matrix = symbolic_matrix(geometry)
    refuse_large(geometry, "matrix positions", matrix.rows * matrix.cols)
    return _latex(matrix)


def equation_latex(geometry: Geometry, bias: bool = True) -> str:
    r"""The equation `W x + b = y` of a convolution in LaTeX.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As `matrix_latex`.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(equation_latex(geometry(2, 2), bias=False))
    \begin{bmatrix}\alpha & \beta\end{bmatrix} \begin{bmatrix}A\\B\end{bmatrix} =
    \begin{bmatrix}P\end{bmatrix}
    """
    left = matrix_latex(geometry)
    symbols = symbols_of(geometry)
    left += f" {_latex(column(symbols.x))}"
    if bias:
        left += f" + {_latex(column(symbols.bias))}"
    return f"{left} = {_latex(column(symbols.y))}"


def _latex(matrix: Any) -> str:
    # Beyond ten columns SymPy would turn to another environment.
    return str(load_sympy().latex(matrix, mat_str="bmatrix", mat_delim=""))
