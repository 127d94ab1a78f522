"""The proof that assumes nothing: symbols go through a black box, polynomials come out.

Where code takes arrays of objects, its output for symbols is its output for all numbers
at once. Equal polynomials are equal numbers, whatever stands for the symbols; so there
is no need to believe that the code is bilinear.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from convmat import tie
from convmat.arrays import Array, Shape
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation
from convmat.verify.checks.check import Finding
from convmat.verify.checks.maps import BilinearMap, CallLostError, maps_of
from convmat.verify.entrywise.polynomials import Terms, symbols, terms_of
from convmat.verify.entrywise.reading import Entry

__all__ = ["LARGEST", "by_symbols", "products"]

LARGEST = 200_000
"""Most products of symbols in one result; as many take some seconds."""

_BATCH = 2


def products(g: Geometry) -> int:
    """Number of products in the largest result."""
    return _BATCH * g.contributions


def by_symbols(
    implementation: Implementation, g: Geometry
) -> tuple[int, Finding | None]:
    """Number of polynomials compared, and the first difference, if any."""
    compared = 0
    for one in maps_of(implementation):
        try:
            for got, arrays, expected in _results(implementation, one, g):
                for number, (value, right) in enumerate(
                    zip(got.reshape(-1), expected, strict=True)
                ):
                    compared += 1
                    terms = terms_of(value)
                    if terms is None or terms != right:
                        words = _said(one, g, arrays, terms, right, number, value)
                        place = np.unravel_index(number, got.shape)
                        named = dict(zip((*one.names, "bias"), arrays, strict=False))
                        at = tuple(map(int, place))
                        found = Finding("exact", one.part, words, g, named, place=at)
                        return compared, found
        except CallLostError as lost:
            return compared, lost.finding
    return compared, None


def _results(
    implementation: Implementation, one: BilinearMap, g: Geometry
) -> Iterator[tuple[Array, list[Array], list[Terms]]]:
    """A result in symbols, the arrays that it is of, and what it should be."""
    batch = _BATCH if implementation.supports.batch else 1
    shapes: dict[str, Shape] = {
        "x": (batch, g.in_channels, *g.input_size),
        "grad": (batch, g.out_channels, *g.output_size),
        "kernel": g.weight_shape,
    }
    arrays = symbols([*(shapes[name] for name in one.names), (g.out_channels,)])
    first, second, bias = arrays
    right = _expected(one, g, batch)
    got = one.result(implementation, first, second, g)
    yield got, [first, second], right
    if one.part == "forward" and implementation.supports.bias:
        outcome = implementation.apply(first, second, g, bias)
        start = first.size + second.size
        outputs = prod(g.output_size)
        for number, terms in enumerate(right):
            terms[start + number // outputs % g.out_channels,] = 1
        yield one.kept(outcome, g, first, second), arrays, right


def _expected(one: BilinearMap, g: Geometry, batch: int) -> list[Terms]:
    """The polynomials that the tie map calls for."""
    rows, cols = g.matrix_shape
    ties = tie.tie_map(g)
    entries = zip(
        ties.rows.tolist(), ties.cols.tolist(), ties.taps.tolist(), strict=True
    )
    count = {
        "forward": batch * rows,
        "input_grad": batch * cols,
        "kernel_grad": g.free_parameters,
    }[one.part]
    result: list[Terms] = [{} for _ in range(count)]
    for row, col, tap in entries:
        for sample in range(batch):
            if one.part == "forward":
                into = sample * rows + row
                product = sample * cols + col, batch * cols + tap
            elif one.part == "input_grad":
                into = sample * cols + col
                product = sample * rows + row, batch * rows + tap
            else:
                into = tap
                product = sample * rows + row, batch * rows + sample * cols + col
            result[into][product] = result[into].get(product, 0) + 1
    return result


def _said(
    one: BilinearMap,
    g: Geometry,
    arrays: list[Array],
    terms: Terms | None,
    right: Terms,
    number: int,
    value: object,
) -> str:
    """The sentence for a polynomial that is wrong."""
    if terms is None:
        return f"{one.words} of symbols gives a {type(value).__name__}, no polynomial"
    wrong = {*terms.items()} ^ {*right.items()}
    product = min((product for product, _ in wrong), key=lambda p: (len(p) != 2, p))
    got, should = terms.get(product, 0), right.get(product, 0)
    entry = _entry(one, g, arrays, product, number)
    if entry is not None:
        return entry.said(g, got, should)
    names = " ".join(_name(one, arrays, symbol) for symbol in product) or "a constant"
    place = np.unravel_index(number, _shape(one, g, arrays))
    what = one.said(tuple(map(int, place)))
    return f"{what} holds {names} with the factor {got}; it should be {should}"


def _shape(one: BilinearMap, g: Geometry, arrays: list[Array]) -> Shape:
    batch = len(arrays[0])
    return {
        "forward": (batch, g.out_channels, *g.output_size),
        "input_grad": (batch, g.in_channels, *g.input_size),
        "kernel_grad": g.weight_shape,
    }[one.part]


def _entry(
    one: BilinearMap,
    g: Geometry,
    arrays: list[Array],
    product: tuple[int, ...],
    number: int,
) -> Entry | None:
    """The entry of the map that a product belongs to, if it is one."""
    rows, cols = g.matrix_shape
    size = arrays[0].size
    if len(product) != 2 or not product[0] < size <= product[1] < size + arrays[1].size:
        return None
    first, second = product[0], product[1] - size
    if one.part == "forward":
        same, entry = (
            first // cols == number // rows,
            (number % rows, first % cols, second),
        )
    elif one.part == "input_grad":
        same, entry = (
            first // rows == number // cols,
            (first % rows, number % cols, second),
        )
    else:
        same, entry = (
            first // rows == second // cols,
            (first % rows, second % cols, number),
        )
    return Entry(*entry) if same else None


def _name(one: BilinearMap, arrays: list[Array], symbol: int) -> str:
    for name, array in zip((*one.names, "bias"), arrays, strict=False):
        if symbol < array.size:
            place = np.unravel_index(symbol, array.shape)
            return f"{name}[{', '.join(str(int(i)) for i in place)}]"
        symbol -= array.size
    return "?"
