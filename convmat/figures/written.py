"""Sums written tap by tap: each weight in its colour, beside what it multiplies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from convmat.errors import ConvmatError
from convmat.figures.canvas import cell, widest
from convmat.figures.content import cell_id
from convmat.figures.reads import Reads, Term
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark

__all__ = ["FORMS", "Form", "Written"]

Form = Literal["boxes", "compact"]
"""Both factors in boxes; or only the weight on its colour, without borders."""

FORMS = ("boxes", "compact")

_SIZE, _NAME = 9.0, 8.0  # points
_HIGH = 0.26  # inches of a box
_SIGN = 0.2  # inches for a plus or an equals sign
_DOT = 0.12  # inches for the dot of a product
_LINE, _BETWEEN = 0.33, 0.12  # inches from line to line, and more between two sums


@dataclass(frozen=True, slots=True)
class Written:
    """Sums of several outputs, the same term of each in the same place.

    Attributes
    ----------
    reads : Reads
    form : {"boxes", "compact"}
    weight, value, bias, result : float
        Inches for the widest of each; no bias takes none.
    name : float
        Inches before the first term, for the name of an output whose result is a
        number.
    per_line : int
        Terms of a line.

    Examples
    --------
    >>> from convmat import geometry
    >>> reads = Reads.of(geometry((3, 3), (2, 2)), None, None, "b")
    >>> written = Written.of(reads, range(4), "boxes", 6.0)
    >>> written.per_line, written.lines
    (4, 1)
    """

    reads: Reads
    form: Form
    weight: float
    value: float
    bias: float
    result: float
    name: float
    per_line: int

    @classmethod
    def of(
        cls,
        reads: Reads,
        rows: Iterable[int],
        form: Form,
        room: float,
        *,
        named: bool = True,
    ) -> Written:
        """Sums of `rows` in lines of at most `room` inches.

        All terms stand in one line where they fit. If not, a line has one row of the
        kernel, or else as many terms as fit.

        Raises
        ------
        ConvmatError
            For a form that is none.
        """
        if form not in FORMS:
            names = " or ".join(map(repr, FORMS))
            raise ConvmatError("form", f"must be {names}", form)
        sums, known = reads.sums, list(rows)
        boxes = form == "boxes"
        weights = [sums.taps[tap] for row in known for tap in reads.taps(row)]
        values = ["0", *sums.inputs]
        if not boxes:
            values = [sums.product("", value) for value in values]
        margin = 0.12 if boxes else 0.08
        weight = max(_HIGH if boxes else 0.0, widest(weights, _SIZE) + margin)
        value = widest(values, _SIZE) + (margin if boxes else 0.04)
        bias = widest(sums.bias, _SIZE) + 0.08 if sums.bias else 0.0
        results = [sums.results[row] for row in known]
        result = max(_HIGH, widest(results, _SIZE) + 0.14)
        heads = [sums.outputs[row] for row in known]
        name = 0.0
        if named and heads != results:
            name = widest(heads, _NAME) + 0.1
        value = max(_HIGH, value) if boxes else value
        parts = weight, value, bias, result, name
        whole = cls(reads, form, *parts, reads.geometry.taps_per_row)
        if whole.wide <= room:
            return whole
        left = room - name - whole.ending
        fit = max(1, int((left + _SIGN) / whole.pitch))
        row = reads.geometry.kernel_size[-1]
        return cls(reads, form, *parts, row if 1 < row <= fit else fit)

    @property
    def pitch(self) -> float:
        """Inches from a term to the next."""
        dot = _DOT if self.form == "boxes" else 0.0
        return self.weight + dot + self.value + _SIGN

    @property
    def ending(self) -> float:
        """Inches for the bias and the result."""
        bias = self.bias + _SIGN if self.bias else 0.0
        return bias + _SIGN + self.result

    @property
    def wide(self) -> float:
        """Inches across."""
        return self.name + self.per_line * self.pitch - _SIGN + self.ending

    @property
    def lines(self) -> int:
        """Lines of a sum."""
        return -(-self.reads.geometry.taps_per_row // self.per_line)

    @property
    def high(self) -> float:
        """Inches from one sum to the next."""
        return self.lines * _LINE + (_BETWEEN if self.lines > 1 else 0.0)

    def heads(self) -> dict[str, float]:
        """Titles of the columns, and inches from the left to the middle of each."""
        end = self.name + self.per_line * self.pitch - _SIGN
        bias = self.bias + _SIGN if self.bias else 0.0
        heads = {"weights · input": self.name + (end - self.name) / 2}
        if self.bias:
            heads["bias"] = end + _SIGN + self.bias / 2
        heads["output"] = end + bias + _SIGN + self.result / 2
        return heads

    def draw(
        self, sheet: Sheet, corner: tuple[float, float], row: int, *, repeated: bool
    ) -> None:
        """The sum of one output.

        Ids are `w[u,v]`, `x[i,j]` or `pad[i,j]`, `b[r]` and `y[r]` where the sums of
        several outputs stand on the sheet (`repeated`), all but the last two ending in
        `@y[r]`. Else each ends in `.term`: the sum stands beside the arrays themselves.
        """
        ending = f"@y[{row}]" if repeated else ".term"
        left, top = corner
        if self.name:
            looks: dict[str, Any] = {"color": sheet.theme.muted, "ha": "left"}
            looks["fontsize"] = _NAME
            name = self.reads.sums.outputs[row]
            sheet.write(left, top + _LINE / 2, name, f"row[{row}]", **looks)
        at, y = left, top
        for number, term in enumerate(self.reads.terms(row)):
            line, place = divmod(number, self.per_line)
            at = left + self.name + place * self.pitch
            y = top + line * _LINE
            self._term(sheet, (at, y), term, ending)
            at += self.pitch - _SIGN
            if number + 1 < self.reads.geometry.taps_per_row:
                self._sign(sheet, at, y, "+", f"plus[{number}]{ending}")
        at = left + self.name + self.per_line * self.pitch - _SIGN
        if self.bias:
            self._sign(sheet, at, y, "+", f"plus.b{ending}")
            text = self.reads.sums.bias[row]
            gid = f"b[{row}]" if repeated else f"b[{row}].term"
            self._text(sheet, at + _SIGN + self.bias / 2, y, text, gid)
            at += _SIGN + self.bias
        self._sign(sheet, at, y, "=", f"equals{ending}")
        box = at + _SIGN, y + (_LINE - _HIGH) / 2
        gid = f"y[{row}]" if repeated else f"y[{row}].term"
        self._box(
            sheet,
            box,
            self.result,
            sheet.theme.output,
            gid,
            self.reads.sums.results[row],
        )

    def _term(
        self, sheet: Sheet, corner: tuple[float, float], term: Term, ending: str
    ) -> None:
        """One product; a tap that padding drops is grey, with the zero it meets."""
        at, y = corner
        mark, theme = term.mark(sheet.theme), sheet.theme
        gid = cell_id("w", self.reads.geometry.kernel_shape, term.tap) + ending
        box = at, y + (_LINE - _HIGH) / 2
        if self.form == "compact":
            mark = Mark(mark.fill, mark.ink, mark.fill, "solid", mark.hatch)
            self._box(sheet, box, self.weight, mark, gid, term.weight)
            color = theme.muted if term.kind == "zero" else theme.ink
            text = self.reads.sums.product("", term.value)
            place = at + self.weight + 0.03, y + _LINE / 2
            looks: dict[str, Any] = {"fontsize": _SIZE, "ha": "left", "color": color}
            sheet.write(*place, text, f"{term.gid}{ending}", **looks)
            return
        self._box(sheet, box, self.weight, mark, gid, term.weight)
        middle = at + self.weight + _DOT / 2
        sheet.write(middle, y + _LINE / 2, "·", f"dot.{gid}", fontsize=_SIZE)
        own = theme.plain
        if term.kind != "input":
            own = Mark(theme.background, theme.muted, theme.muted, "dashed")
        place = at + self.weight + _DOT, box[1]
        self._box(sheet, place, self.value, own, term.gid + ending, term.value)

    def _box(
        self,
        sheet: Sheet,
        corner: tuple[float, float],
        wide: float,
        mark: Mark,
        gid: str,
        text: str,
    ) -> None:
        looks: dict[str, Any] = {"text": text, "points": _SIZE}
        cell(sheet.ax, corner, (wide, _HIGH), mark, gid, **looks)

    def _sign(self, sheet: Sheet, at: float, y: float, text: str, gid: str) -> None:
        self._text(sheet, at + _SIGN / 2, y, text, gid)

    def _text(self, sheet: Sheet, x: float, y: float, text: str, gid: str) -> None:
        sheet.write(x, y + _LINE / 2, text, gid, fontsize=_SIZE)
