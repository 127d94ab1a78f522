"""Convolutions that hide in another order of rows and columns, or in the transpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from convmat.arrays import Shape
from convmat.structure.found import Found, Task, checked
from convmat.structure.guess import Guess
from convmat.structure.orders import Order, orders, placed
from convmat.structure.plainest import plainest
from convmat.structure.readings import Reading, given, possible

__all__ = ["in_other_orders"]

_ORDERED = 4  # readings that are tried in other orders, where none is given


def in_other_orders(
    task: Task, readings: list[Reading], inputs: Shape | None
) -> Iterator[tuple[Order, Found, bool]]:
    """What is found in other orders, and in the transpose."""
    for reading in readings[: None if inputs else _ORDERED]:
        for order in orders(
            task.entries, reading.in_channels, reading.inputs, reading.out_channels
        ):
            there = _in_order(task, reading, order)
            if there is not None:
                yield *there, False
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


def _in_order(task: Task, reading: Reading, order: Order) -> tuple[Order, Found] | None:
    """What is found in an order, with the axes as the reading has them."""
    other = replace(reading, out_channels=order.out_channels)
    if not order.swapped:
        found = plainest(task, order.entries, [other])
        return None if found is None else (order, found)
    wanted = reading.outputs and reading.outputs[::-1]
    other = replace(other, inputs=reading.inputs[::-1], outputs=wanted)
    there = plainest(task, order.entries, [other])
    if there is None or there.trivial:
        return None
    guess = _reversed(there.guess)
    g = guess.geometry
    rows = placed("swapped", g.out_channels, g.output_size)
    columns = placed("swapped", g.in_channels, g.input_size)
    entries = order.entries.moved(rows, columns)
    found = checked(task, entries, guess)
    if found is None:
        return None
    return replace(order, entries=entries, swapped=False), found


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
