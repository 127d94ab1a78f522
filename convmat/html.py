"""Pieces of HTML for notebooks: every text escaped, no colour without its counterpart.

Ground and ink are the notebook's own, light or dark. A cell that has a colour brings
the ink that reads on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Cell", "Texts", "escaped", "facts", "fragment", "table"]

_SPECIAL = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
)


@dataclass(frozen=True)
class Cell:
    """One cell of a table with its look.

    Attributes
    ----------
    text : str
    fill, ink : str
        Colours of the ground and of the text, as `#RRGGBB`; both or none.
    faint : bool
        Whether it stands back.

    Examples
    --------
    >>> cell = Cell("α", fill="#E69F00", ink="#000000")
    >>> '; background: #E69F00; color: #000000">α</td>' in table([["row 0", cell]])
    True
    """

    text: str
    fill: str = ""
    ink: str = ""
    faint: bool = False


Texts: TypeAlias = Sequence[str | Cell]
"""The cells of one row."""


def escaped(text: object) -> str:
    """`text` as HTML shows it, in an attribute too.

    Examples
    --------
    >>> escaped("<script>")
    '&lt;script&gt;'
    """
    return str(text).translate(_SPECIAL)


def table(
    rows: Iterable[Texts],
    *,
    head: Sequence[str] = (),
    names: Sequence[str] = (),
    left: bool = False,
) -> str:
    """A table of texts.

    Parameters
    ----------
    rows : iterable of sequences of str or Cell
    head : sequence of str
        What stands above each column; with `names`, above those first.
    names : sequence of str
        What stands before each row.
    left : bool
        Whether texts begin at the left; numbers end at the right.

    Examples
    --------
    >>> print(table([[Cell("0", faint=True)]], head=["a"]).replace("><", "> <"))
    <table> <thead> <tr> <th>a</th> </tr> </thead> <tbody>
    <tr> <td style="text-align: right; opacity: 0.55">0</td> </tr> </tbody> </table>
    """
    lines = ["<table>"]
    if head:
        cells = "".join(f"<th>{escaped(text)}</th>" for text in head)
        lines.append(f"<thead><tr>{cells}</tr></thead>")
    lines.append("<tbody>")
    for number, row in enumerate(rows):
        cells = "".join(_cell(cell, left) for cell in row)
        if names:
            cells = f"<th>{escaped(names[number])}</th>{cells}"
        lines.append(f"<tr>{cells}</tr>")
    return "".join([*lines, "</tbody></table>"])


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """A table of two columns: what is told, and its value; empty values are left out.

    Examples
    --------
    >>> facts([("stride", 2), ("note", "")])
    '<table><tbody><tr><th>stride</th><td style="text-align:
    left">2</td></tr></tbody></table>'
    """
    told = [(name, str(value)) for name, value in pairs if str(value)]
    names = [name for name, _ in told]
    return table([[value] for _, value in told], names=names, left=True)


def fragment(title: str, *parts: str, notes: Iterable[str] = ()) -> str:
    """What a notebook shows of one value: its title, finished parts, notes below.

    Parameters
    ----------
    title : str
    *parts : str
        HTML, as the other functions here make it.
    notes : iterable of str
        Sentences, each a line.

    Examples
    --------
    >>> fragment("a < b", notes=["c"])
    '<div><p><b>a &lt; b</b></p><p>c</p></div>'
    """
    below = [f"<p>{escaped(note)}</p>" for note in notes]
    return f"<div><p><b>{escaped(title)}</b></p>{''.join([*parts, *below])}</div>"


def _cell(cell: str | Cell, left: bool) -> str:
    known = cell if isinstance(cell, Cell) else Cell(cell)
    look = [f"text-align: {'left' if left else 'right'}"]
    if known.fill:
        look += [f"background: {known.fill}", f"color: {known.ink}"]
    if known.faint:
        look.append("opacity: 0.55")
    return f'<td style="{"; ".join(look)}">{escaped(known.text)}</td>'
