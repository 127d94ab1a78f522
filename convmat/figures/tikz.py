r"""A figure as TikZ: every cell, line and word a command of its own, with its id.

What matplotlib would draw is written down instead, one `\path` or `\node` at a time, so
that whatever a figure is made of is there, in the same place and order.
"""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import _ImageBase

from convmat.errors import ConvmatError
from convmat.figures.printed import SETTINGS, note_of
from convmat.figures.tex import color_lines, one_line
from convmat.figures.tikz_pen import POINTS, TikzPen, inches

__all__ = ["tikz_picture"]

_REMEDY = "save it to .pdf, which \\includegraphics takes"
_DOCUMENT = r"""\documentclass{article}
\usepackage{tikz}
\usetikzlibrary{patterns}
\usepackage[paperwidth=%sin, paperheight=%sin, margin=0pt]{geometry}
\pagestyle{empty}
\parindent=0pt
\begin{document}
%s
\end{document}"""


def tikz_picture(figure: Figure, *, standalone: bool = False) -> str:
    r"""A figure as a `tikzpicture`, in inches from the bottom left corner.

    Parameters
    ----------
    figure : Figure
        Of cells, lines and words: without numbered axes and without images.
    standalone : bool
        Whether it stands in a document of its own, of one page as large as the figure.
        Otherwise it is for `\input` in a document that loads `tikz`, and with
        hatches (from the 22nd tap on) its library `patterns`.

    Returns
    -------
    str
        Before each command that draws an artist with an id stands `% gid` and the id.
        Colours are defined once, at the top. Words are set in the document's font, at
        the sizes of the figure; Greek letters and indices are formulas.

    Raises
    ------
    ConvmatError
        For numbered axes, an image, and characters that LaTeX has no form for.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.figures import matrix_equation
    >>> picture = tikz_picture(matrix_equation(geometry(2, 2)))
    >>> for line in picture.splitlines()[3:6]:
    ...     print(line)
    \begin{tikzpicture}[x=1in, y=1in, every node/.style={inner sep=0pt, outer sep=0pt}]
    \definecolor{cm000000}{HTML}{000000}
    \definecolor{cm1A1A1A}{HTML}{1A1A1A}
    """
    wide, high = map(float, figure.get_size_inches())
    _refuse_images(figure)
    _refuse_numbers(figure)
    pen = TikzPen((wide, high))
    dpi = figure.dpi
    try:
        with mpl.rc_context(SETTINGS):
            figure.dpi = POINTS
            figure.draw(pen)
    finally:
        figure.dpi = dpi
    size = f"({inches(wide * POINTS)},{inches(high * POINTS)})"
    kind, alt = note_of(figure)
    library = " and \\usetikzlibrary{patterns}" if pen.hatched else ""
    style = "x=1in, y=1in, every node/.style={inner sep=0pt, outer sep=0pt}"
    lines = [
        f"% {one_line(kind)}, drawn by convmat",
        f"% needs \\usepackage{{tikz}}{library}",
        f"% alt: {one_line(alt)}",
        f"\\begin{{tikzpicture}}[{style}]",
        *color_lines(pen.colors),
        f"\\useasboundingbox (0,0) rectangle {size};",
        *pen.lines,
        "\\end{tikzpicture}%",
    ]
    picture = "\n".join(lines)
    if not standalone:
        return f"{picture}\n"
    sides = inches(wide * POINTS), inches(high * POINTS)
    return f"{_DOCUMENT % (*sides, picture)}\n"


def _refuse_images(figure: Figure) -> None:
    if figure.findobj(_ImageBase):
        rule = "must hold no image to be written as TikZ"
        raise ConvmatError("figure", rule, note_of(figure)[0], _REMEDY)


def _refuse_numbers(figure: Figure) -> None:
    shown = [ax for ax in figure.findobj(Axes) if ax.axison and ax.get_visible()]
    if shown:
        figure.draw_without_rendering()  # then matplotlib has chosen its tick numbers
    for ax in shown:
        labels = [*ax.get_xticklabels(), *ax.get_yticklabels()]
        # Names that a figure of ours puts beside rows and columns have ids.
        if any(label.get_text() and not label.get_gid() for label in labels):
            rule = "must have no numbered axes to be written as TikZ"
            raise ConvmatError("figure", rule, note_of(figure)[0], _REMEDY)
