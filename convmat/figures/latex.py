r"""The matrix and the equations as LaTeX, every tap in its colour.

Needs `\usepackage{amsmath, xcolor}` and nothing else: `\cellcolor` would not work in a
`bmatrix`, so each entry is a `\colorbox`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.figures.content import flat_input, flat_kernel
from convmat.figures.entries import Entries
from convmat.figures.style import Theme, contrast, mixed, tap_mark, theme_of
from convmat.figures.sums import offsets_of, outputs_of
from convmat.figures.tex import color_lines, color_name
from convmat.geometry import Geometry
from convmat.symbolic.names import load_sympy, refuse_large, symbols_of
from convmat.tie import tie_map

__all__ = ["latex_equations", "latex_matrix"]

_COLUMNS = 10  # of a bmatrix, unless LaTeX is told another number
_READABLE = 4.5  # contrast of letters, as in `convmat.figures.style`


def latex_matrix(
    geometry: Geometry,
    kernel: npt.ArrayLike | None = None,
    *,
    color: bool = True,
    transposed: bool = False,
    theme: str | Theme = "light",
) -> str:
    r"""The matrix of a convolution as a `bmatrix`, its ties in colours.

    Parameters
    ----------
    geometry : Geometry
    kernel : array_like, optional
        What to write for the taps: numbers, Fractions or SymPy expressions; without it,
        their letters.
    color : bool
        Whether entries have the colours of the figures, and structural zeros are grey.
        Without, no package but `amsmath` is needed.
    transposed : bool
        Whether to write the transposed matrix.
    theme : str or Theme
        `"light"` or `"dark"`: which ground the grey of the zeros is for.

    Returns
    -------
    str
        Definitions of the colours, then the matrix, for the inside of a formula. Each
        entry is a `\colorbox`; a sum of taps has the colour of the first and is
        underlined. After 21 taps the colours come again: the letter tells. A matrix of
        more than 10 columns begins with `\setcounter{MaxMatrixCols}`.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As `convmat.symbolic.matrix_latex`.
    ShapeError
        When the kernel is not of this geometry.
    ImportError
        When SymPy is missing, which writes the entries.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(latex_matrix(geometry(2, 2)))
    \definecolor{cm000000}{HTML}{000000}
    \definecolor{cm56B4E9}{HTML}{56B4E9}
    \definecolor{cmE69F00}{HTML}{E69F00}
    \begin{bmatrix}
    \colorbox{cmE69F00}{$\textcolor{cm000000}{\alpha}$} &
    \colorbox{cm56B4E9}{$\textcolor{cm000000}{\beta}$}
    \end{bmatrix}
    >>> print(latex_matrix(geometry(3, 2), [1, -2], color=False))
    \begin{bmatrix}
    1 & -2 & 0 \\
    0 & 1 & -2
    \end{bmatrix}
    """
    terms = _Terms.of(geometry, kernel)
    rows, columns = geometry.matrix_shape
    refuse_large(geometry, "matrix positions", rows * columns)
    pen = _Pen(theme_of(theme), color)
    numbers = terms.entries.numbers((rows, columns))
    cells = [
        [pen.zero() if n < 0 else pen.box(terms, n, terms.latex[n]) for n in row]
        for row in (numbers.T if transposed else numbers).tolist()
    ]
    lines = pen.definitions()
    if len(cells[0]) > _COLUMNS:
        lines.append(f"\\setcounter{{MaxMatrixCols}}{{{len(cells[0])}}}")
    body = " \\\\\n".join(" & ".join(row) for row in cells)
    return "\n".join([*lines, "\\begin{bmatrix}", body, "\\end{bmatrix}"])


def latex_equations(
    geometry: Geometry,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    bias: str | npt.ArrayLike | None = "b",
    form: Literal["boxes", "compact"] = "boxes",
    color: bool = True,
    theme: str | Theme = "light",
) -> str:
    r"""One equation for each output, as `aligned`: the taps it uses, and no zeros.

    Parameters
    ----------
    geometry : Geometry
    kernel, x : array_like, optional
        Numbers, Fractions or SymPy expressions in place of the letters.
    bias : str or array_like, optional
        One symbol for all outputs, or one number per output channel; None for none.
    form : {"boxes", "compact"}
        Terms in coloured boxes, or a line of text in which only the taps are coloured.
    color : bool
        Whether there are colours. Without, no package but `amsmath` is needed.
    theme : str or Theme
        `"light"` or `"dark"`: the ground that the letters are read on.

    Returns
    -------
    str
        Definitions of the colours, then the equations, for the inside of a formula. The
        right sides are numbers where all that stands before them is.

    Raises
    ------
    ConvmatError
        For another form, and with `ConvmatTypeError` as in
        `convmat.symbolic.symbolic_matrix`.
    ShapeError
        When an array is not of this geometry.
    ImportError
        When SymPy is missing, which writes the terms.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(latex_equations(geometry((3, 3), (2, 2)), color=False))
    \begin{aligned}
    \alpha A + \beta B + \gamma D + \delta E + b &= P \\
    \alpha B + \beta C + \gamma E + \delta F + b &= Q \\
    \alpha D + \beta E + \gamma G + \delta H + b &= R \\
    \alpha E + \beta F + \gamma H + \delta J + b &= S
    \end{aligned}
    >>> print(latex_equations(geometry(2, 2), [3, -1], [5, 2], bias=4, color=False))
    \begin{aligned}
    3 \cdot 5 + \left(-1\right) \cdot 2 + 4 &= 17
    \end{aligned}
    """
    if form not in ("boxes", "compact"):
        raise ConvmatError("form", "must be 'boxes' or 'compact'", form)
    terms = _Terms.of(geometry, kernel)
    symbols = symbols_of(geometry)
    values = None if x is None else flat_input(geometry, x)
    inputs = symbols.x.reshape(-1) if values is None else values
    named = isinstance(bias, str)
    offsets = None if named else offsets_of(geometry, bias)
    results = symbols.y.reshape(-1)
    if kernel is not None and values is not None and not named:
        results = outputs_of(geometry, flat_kernel(geometry, kernel), values, offsets)
    added = _added(bias if isinstance(bias, str) else offsets, len(results))
    pen = _Pen(theme_of(theme), color)
    lines: list[list[str]] = [[] for _ in results]
    texts = _latex(inputs)
    entries = terms.entries
    places = zip(entries.rows.tolist(), entries.cols.tolist(), strict=True)
    for entry, (row, column) in enumerate(places):
        factor = _factor(terms.latex[entry])
        times = " " if values is None else " \\cdot "
        if form == "boxes":
            product = f"{factor}{times}{_factor(texts[column])}"
            lines[row].append(pen.box(terms, entry, product))
        else:
            tap = pen.letter(terms, entry, factor)
            lines[row].append(f"{tap}{times}{_factor(texts[column])}")
    sides = [
        f"{' + '.join([*parts, *more]) or '0'} &= {pen.result(result, form)}"
        for parts, more, result in zip(lines, added, _latex(results), strict=True)
    ]
    body = " \\\\\n".join(sides)
    whole = ["\\begin{aligned}", body, "\\end{aligned}"]
    return "\n".join([*pen.definitions(), *whole])


@dataclass(frozen=True, eq=False)
class _Terms:
    """The entries of a matrix and what stands in each, in LaTeX."""

    entries: Entries
    latex: list[str]

    @classmethod
    def of(cls, geometry: Geometry, kernel: npt.ArrayLike | None) -> _Terms:
        taps = symbols_of(geometry).kernel.reshape(-1)
        if kernel is not None:
            taps = flat_kernel(geometry, kernel)
        ties = tie_map(geometry)
        entries = Entries.of(ties.rows, ties.cols, ties.taps)
        stops = np.cumsum(entries.counts)[:-1]
        groups = np.split(entries.terms, stops) if len(entries.counts) else []
        sums = [sum(taps[group].tolist()[1:], taps[group[0]]) for group in groups]
        return cls(entries, _latex(sums))


@dataclass
class _Pen:
    """Colours the parts of a formula, and knows which colours it used."""

    theme: Theme
    color: bool
    used: set[str] = field(default_factory=set)

    def definitions(self) -> list[str]:
        """A line for each colour."""
        return color_lines(self.used)

    def zero(self) -> str:
        """A structural zero."""
        return self._ink(self.theme.untouched.ink, "0")

    def box(self, terms: _Terms, entry: int, latex: str) -> str:
        """An entry, or a term, on the colour of its tap; a sum is underlined."""
        entries = terms.entries
        if not self.color:
            return latex
        mark = tap_mark(int(entries.taps[entry]), self.theme)
        if entries.sums[entry]:
            latex = f"\\underline{{{latex}}}"
        return self._filled(mark.fill, mark.ink, latex)

    def letter(self, terms: _Terms, entry: int, latex: str) -> str:
        """A tap in a line of text: its colour, strong enough to be read."""
        ink = tap_mark(int(terms.entries.taps[entry]), self.theme).fill
        while contrast(ink, self.theme.background) < _READABLE:
            ink = mixed(ink, self.theme.ink, 0.1)
        return self._ink(ink, latex)

    def result(self, latex: str, form: str) -> str:
        """What stands on the right side."""
        mark = self.theme.output
        if form == "compact" or not self.color:
            return latex
        return self._filled(mark.fill, mark.ink, latex)

    def _filled(self, fill: str, ink: str, latex: str) -> str:
        self.used.add(fill)
        return f"\\colorbox{{{color_name(fill)}}}{{${self._ink(ink, latex)}$}}"

    def _ink(self, ink: str, latex: str) -> str:
        if not self.color:
            return latex
        self.used.add(ink)
        return f"\\textcolor{{{color_name(ink)}}}{{{latex}}}"


def _added(bias: str | Array | None, rows: int) -> list[list[str]]:
    """What is added to each row: one text, or none."""
    if bias is None:
        return [[] for _ in range(rows)]
    if isinstance(bias, str):
        return [[bias]] * rows
    return [[_factor(text)] for text in _latex(bias)]


def _latex(values: Any) -> list[str]:
    """Each value as SymPy writes it."""
    sympy = load_sympy()
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return [str(sympy.latex(sympy.sympify(value))) for value in listed]


def _factor(latex: str) -> str:
    """In brackets where a sign or a sum would be misread in a product."""
    is_sum = " + " in latex or " - " in latex
    return f"\\left({latex}\\right)" if latex.startswith("-") or is_sum else latex
