"""Convolutions that hide in another order of rows and columns, or in the transpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod

from convmat.arrays import Shape
from convmat.structure.found import Found, Task, checked
from convmat.structure.guess import Guess
from convmat.structure.orders import Order, fortran, orders
from convmat.structure.plainest import plainest
from convmat.structure.readings import Reading, given, possible
from convmat.structure.search import divisors

__all__ = ["in_other_orders"]

_ORDERED = 4  # readings that are tried in other orders, where none is given


def in_other_orders(
    task: Task, readings: list[Reading], inputs: Shape | None
) -> Iterator[tuple[Order, Found, bool]]:
    """What is found in other orders, and in the transpose."""
    for reading in readings[: None if inputs else _ORDERED]:
        if not reading.has_channels and len(reading.inputs) < 2:
            continue
        for order in orders(
            task.entries, reading.in_channels, reading.inputs, reading.out_channels
        ):
            other = replace(reading, out_channels=order.out_channels)
            found = plainest(task, order.entries, [other])
            if found is not None:
                yield order, found, False
        turned = _fortran(task, reading)
        if turned is not None:
            yield *turned, False
    entries = task.entries.transposed()
    if inputs is None:
        backwards, _ = possible(None, task.channels, entries.shape)
    elif task.outputs is None:
        backwards, _ = possible(inputs, task.channels, entries.shape)
    else:
        backwards = given(task.outputs, inputs, task.channels, entries.shape)
    found = plainest(task, entries, backwards)
    if found is not None:
        yield Order(entries, "C", "C", None), found, True


def _fortran(task: Task, reading: Reading) -> tuple[Order, Found] | None:
    """Rows and columns both in Fortran order: all axes the other way round."""
    if len(reading.inputs) < 2:
        return None
    wanted = reading.outputs and reading.outputs[::-1]
    around = replace(reading, inputs=reading.inputs[::-1], outputs=wanted)
    counts = [reading.out_channels]
    if reading.has_channels and reading.out_channels is None:
        total = task.entries.shape[0]
        counts = [count for count in divisors(total) if count < total]
    for count in counts:
        ahead = fortran((count or 1, task.entries.shape[0] // (count or 1)))
        behind = fortran((reading.in_channels, prod(reading.inputs)))
        moved = task.entries.moved(ahead, behind)
        there = plainest(task, moved, [replace(around, out_channels=count)])
        if there is None or there.trivial:
            continue
        guess = _reversed(there.guess)
        g = guess.geometry
        rows = fortran((g.out_channels, *g.output_size))
        columns = fortran((g.in_channels, *g.input_size))
        entries = task.entries.moved(rows, columns)
        found = checked(task, entries, guess)
        if found is not None:
            return Order(entries, "Fortran", "Fortran", count), found
    return None


def _reversed(guess: Guess) -> Guess:
    """The guess with its spatial axes the other way round."""
    g = guess.geometry
    turned = replace(
        g,
        input_size=g.input_size[::-1],
        kernel_size=g.kernel_size[::-1],
        stride=g.stride[::-1],
        padding=g.padding[::-1],
        dilation=g.dilation[::-1],
    )
    return replace(guess, geometry=turned, fits=guess.fits[::-1])
