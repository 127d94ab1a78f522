"""Words and colours for LaTeX: every character escaped, every colour named once."""

from __future__ import annotations

import re
import unicodedata

from convmat.errors import ConvmatError
from convmat.labels import GREEK_LETTERS

__all__ = ["color_lines", "color_name", "one_line", "tex_text"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\textdollar{}",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}
_MATHS = {
    "×": r"\times",
    "·": r"\cdot",
    "−": "-",
    "±": r"\pm",
    "÷": r"\div",
    "→": r"\rightarrow",
    "←": r"\leftarrow",
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    "↔": r"\leftrightarrow",
    "⇒": r"\Rightarrow",
    "↦": r"\mapsto",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "≈": r"\approx",
    "∈": r"\in",
    "∞": r"\infty",
    "∂": r"\partial",
    "∇": r"\nabla",
    "√": r"\surd",
    "∑": r"\sum",
    "∏": r"\prod",
    "\N{ASTERISK OPERATOR}": r"\ast",
    "∘": r"\circ",
    "⊙": r"\odot",
    "⊗": r"\otimes",
    "⌊": r"\lfloor",
    "⌋": r"\rfloor",
    "⌈": r"\lceil",
    "⌉": r"\rceil",
    "⋯": r"\cdots",
    "⋮": r"\vdots",
    "⋱": r"\ddots",
    "½": r"\tfrac{1}{2}",
    "°": r"^{\circ}",
    "ᵀ": r"^{\mathsf{T}}",
    **dict(
        zip("ΓΔΘΛΞΠΣΥΦΨΩ", [
            r"\Gamma", r"\Delta", r"\Theta", r"\Lambda", r"\Xi", r"\Pi", r"\Sigma",
            r"\Upsilon", r"\Phi", r"\Psi", r"\Omega",
        ], strict=True)
    ),
    **{
        letter: "{o}" if name == "omicron" else f"\\{name}"
        for name, letter in GREEK_LETTERS.items()
    },
}  # fmt: skip
_LOW = {low: str(digit) for digit, low in enumerate("₀₁₂₃₄₅₆₇₈₉")} | {
    "₊": "+",
    "₋": "-",
}
_HIGH = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))
# Indices set low, with the commas between them; digits set high; a minus before digits.
_RUNS = re.compile(
    f"(?P<low>[{''.join(_LOW)}]+(?:,[{''.join(_LOW)}]+)*)"
    f"|(?P<high>[{''.join(_HIGH)}]+)"
    r"|(?P<minus>(?<![\w)])-(?=[\d.]))"
    "|(?P<one>.)",
    re.DOTALL,
)


def tex_text(text: str) -> str:
    r"""`text` as LaTeX sets it in a line of words, Greek and indices as formulas.

    Needs no package, except `textcomp` in LaTeX older than 2020. Letters with accents
    stay as they are, as LaTeX reads UTF-8.

    Raises
    ------
    ConvmatError
        For a character that it has no form for.

    Examples
    --------
    >>> print(tex_text("αA + w₀₁·x₂ = -1, 50% of 3×3"))
    $\alpha$A + w$_{01}\cdot$x$_{2}$ = $-$1, 50\% of 3$\times$3
    """
    parts = []
    for match in _RUNS.finditer(text):
        kind, run = match.lastgroup, match.group()
        if kind == "low":
            digits = "".join(_LOW.get(letter, letter) for letter in run)
            parts.append(f"$_{{{digits}}}$")
        elif kind == "high":
            digits = "".join(_HIGH[letter] for letter in run)
            parts.append(f"$^{{{digits}}}$")
        elif kind == "minus":
            parts.append("$-$")
        else:
            parts.append(_character(run))
    # Two formulas side by side are one: between them `$$` would begin a display.
    return "".join(parts).replace("$$", "")


def _character(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    if letter in _MATHS:
        return f"${_MATHS[letter]}$"
    if letter.isspace():
        return " "
    latin = unicodedata.name(letter, "").startswith("LATIN ")
    if not latin and not (letter.isascii() and letter.isprintable()):
        told = f"U+{ord(letter):04X} {unicodedata.name(letter, 'without a name')}"
        rule = "must have only characters that LaTeX has a form for"
        remedy = "save the figure to .pdf, which \\includegraphics takes"
        raise ConvmatError("the text", rule, told, remedy)
    return letter


def one_line(text: str) -> str:
    """`text` for a comment: without line ends, at which a comment would end."""
    return " ".join(text.split())


def color_name(color: str) -> str:
    """The name of a colour `#RRGGBB` in our LaTeX.

    Examples
    --------
    >>> color_name("#E69F00")
    'cmE69F00'
    """
    return f"cm{color[1:].upper()}"


def color_lines(colors: set[str]) -> list[str]:
    r"""A definition of each colour, in alphabetical order; `xcolor` reads them.

    Examples
    --------
    >>> print(*color_lines({"#E69F00"}))
    \definecolor{cmE69F00}{HTML}{E69F00}
    """
    return [
        f"\\definecolor{{{color_name(color)}}}{{HTML}}{{{color[1:].upper()}}}"
        for color in sorted(colors, key=str.upper)
    ]
