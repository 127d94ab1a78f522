"""The equation `W x + b = y` as texts: every term of every sum, and the results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from convmat import sliding
from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ShapeError
from convmat.figures.content import (
    flat_input,
    flat_kernel,
    number,
    short,
    sums_told,
    tap_texts,
)
from convmat.figures.entries import Entries, entry_texts
from convmat.figures.style import Mark, Theme, tap_mark
from convmat.geometry import Geometry
from convmat.labels import labels
from convmat.tie import tie_map

__all__ = ["Sums", "offsets_of", "outputs_of"]


@dataclass(frozen=True, eq=False)
class Sums:
    """The parts of the equation, each as one reads it.

    Attributes
    ----------
    geometry : Geometry
    weights : ndarray or None
        The kernel, flat, where one was given.
    taps, inputs : list of str
        Values where they were given, else names.
    bias : list of str
        Entry `[r]` is added to output `r`; empty without a bias.
    dot : str
        What stands between two factors: nothing where they read well side by side.
    columns, outputs : list of str
        Names of the inputs and of the outputs.
    results : list of str
        Values of the outputs where all numbers were given, else their names.

    Examples
    --------
    >>> from convmat import geometry
    >>> sums = Sums.of(geometry(3, 2), [2, -1], None, None)
    >>> sums.products[0], sums.kept(0)
    (['2A', '(-1)B', '0C'], ['2A', '(-1)B'])
    """

    geometry: Geometry
    weights: Array | None
    taps: list[str]
    inputs: list[str]
    bias: list[str]
    dot: str
    columns: list[str]
    outputs: list[str]
    results: list[str]

    @classmethod
    def of(
        cls,
        geometry: Geometry,
        kernel: npt.ArrayLike | None,
        x: npt.ArrayLike | None,
        bias: str | npt.ArrayLike | None,
    ) -> Sums:
        """The equation of these values, with names in place of those not given."""
        names = labels(geometry)
        weights = None if kernel is None else flat_kernel(geometry, kernel)
        values = None if x is None else flat_input(geometry, x)
        offsets = None if isinstance(bias, str) else offsets_of(geometry, bias)
        taps = tap_texts(geometry, weights)
        columns = list(map(short, names.inputs))
        outputs = results = list(map(short, names.outputs))
        inputs = columns if values is None else list(map(number, values))
        if weights is not None and values is not None and not isinstance(bias, str):
            results = list(map(number, outputs_of(geometry, weights, values, offsets)))
        # αA and 2A read well side by side; α·3 and w₀·x₁ need a sign between them.
        symbols = values is None and max(map(len, inputs)) == 1
        close = symbols and (weights is not None or max(map(len, taps)) == 1)
        added = [bias] * len(outputs) if isinstance(bias, str) else []
        if offsets is not None:
            added = list(map(number, offsets))
        dot = "" if close else "·"
        names_of = columns, outputs, results
        return cls(geometry, weights, taps, inputs, added, dot, *names_of)

    @cached_property
    def entries(self) -> Entries:
        """The entries of the matrix, some of which may be sums of taps."""
        ties = tie_map(self.geometry)
        return Entries.of(ties.rows, ties.cols, ties.taps)

    @cached_property
    def pattern(self) -> Array:
        """Entry `[r, c]` is the number of the entry there, or -1."""
        return self.entries.numbers(self.geometry.matrix_shape)

    @cached_property
    def cells(self) -> list[str]:
        """What each entry says: its value where a kernel was given, else letters."""
        names = labels(self.geometry)
        return entry_texts(
            self.entries, self.weights, lambda tap: short(names.letter(tap))
        )

    @cached_property
    def products(self) -> list[list[str]]:
        """Entry `[r][c]` is the term of column `c` in the sum of row `r`."""
        return [
            [
                self.product(self.cells[entry] if entry >= 0 else "0", value)
                for entry, value in zip(row, self.inputs, strict=True)
            ]
            for row in self.pattern.tolist()
        ]

    def product(self, weight: str, value: str) -> str:
        """Two factors as one reads their product."""
        return _factor(weight) + self.dot + _factor(value)

    def mark(self, entry: int, theme: Theme) -> Mark:
        """The look of an entry."""
        tap, is_sum = int(self.entries.taps[entry]), bool(self.entries.sums[entry])
        return tap_mark(tap, theme, is_sum=is_sum)

    def kept(self, row: int) -> list[str]:
        """The terms of a row that a tap reaches."""
        return [self.products[row][c] for c in np.flatnonzero(self.pattern[row] >= 0)]

    def in_words(self) -> str:
        """A sentence, and one line for each output."""
        rows, columns = self.geometry.matrix_shape
        head = (
            f"The equation of {self.geometry!r}: a matrix, {rows}×{columns}, times the"
        )
        lines = [f"{head} input; each row with its zero terms, then without them."]
        count = int(self.entries.sums.sum())
        if count:
            lines[0] += f" {sums_told(count)}."
        for row, (name, result) in enumerate(
            zip(self.outputs, self.results, strict=True)
        ):
            offset = self.bias[row : row + 1]
            sums = [" + ".join(self.products[row] + offset)]
            sums.append(" + ".join(self.kept(row) + offset) or "0")
            if result != name:
                sums.append(result)
            lines.append(" = ".join([name, *sums]))
        return "\n".join(lines)


def offsets_of(geometry: Geometry, bias: npt.ArrayLike | None) -> Array | None:
    """Entry `[r]` is the bias of output `r`."""
    if bias is None:
        return None
    array = carried("bias", bias)
    if array.shape not in ((), (geometry.out_channels,)):
        rule = f"must be ({geometry.out_channels},), one number per output channel"
        raise ShapeError("bias.shape", rule, array.shape)
    per_channel = geometry.matrix_shape[0] // geometry.out_channels
    return np.repeat(np.broadcast_to(array, (geometry.out_channels,)), per_channel)


def outputs_of(
    geometry: Geometry, taps: Array, inputs: Array, offsets: Array | None
) -> Array:
    """What the sliding window gives, flat, with the bias added."""
    batch = inputs.reshape(1, geometry.in_channels, *geometry.input_size)
    y = sliding.forward(batch, taps.reshape(geometry.weight_shape), geometry)
    return y.reshape(-1) if offsets is None else y.reshape(-1) + offsets


def _factor(text: str) -> str:
    """`text` in brackets where a sign or a sum would be misread in a product."""
    return f"({text})" if text.startswith("-") or "+" in text else text
