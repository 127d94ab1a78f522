"""Shapes, steps, pads and numbers, read from text."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import TypeAlias

from convmat.arrays import Shape
from convmat.errors import ConvmatError

__all__ = [
    "Number",
    "read_integer",
    "read_numbers",
    "read_padding",
    "read_shape",
    "read_steps",
]

Number: TypeAlias = int | float | Fraction


def read_shape(name: str, text: str, example: str = "3x32x32") -> Shape:
    """`3x32x32` as a tuple.

    Parameters
    ----------
    name : str
        The argument as whoever wrote it knows it, for the error: `--input`.
    text : str
    example : str
        What the error shows.

    Raises
    ------
    ConvmatError
        For text that is no numbers.

    Examples
    --------
    >>> read_shape("--input", "3x32x32")
    (3, 32, 32)
    """
    try:
        return tuple(int(part) for part in text.split("x"))
    except ValueError:
        rule = f"must be integers with x between them, such as {example}"
        raise ConvmatError(name, rule, text) from None


def read_steps(name: str, text: str) -> int | Shape:
    """`2` for all axes, or `2x1` for each its own.

    Raises
    ------
    ConvmatError
        For text that is no numbers.

    Examples
    --------
    >>> read_steps("--stride", "2"), read_steps("--stride", "2x1")
    (2, (2, 1))
    """
    values = read_shape(name, text, "2 or 2x1")
    return values[0] if len(values) == 1 else values


def read_padding(name: str, text: str) -> str | int | list[int | Shape]:
    """`1`, `1x0`, `1,2x0,1` or a word: what `convmat.geometry` takes as padding.

    One entry stands for all axes. Words are not looked up here.

    Raises
    ------
    ConvmatError
        For text that is neither numbers nor begins with a letter.

    Examples
    --------
    >>> read_padding("--padding", "1"), read_padding("--padding", "1,2x0")
    (1, [(1, 2), 0])
    >>> read_padding("--padding", "same")
    'same'
    """
    if text[:1].isalpha():
        return text
    try:
        entries = [tuple(map(int, part.split(","))) for part in text.split("x")]
    except ValueError:
        rule = (
            "must be like 1, 1x0, 1,2x0,1, or one of valid, same, same_lower, full, "
            "same:NAME"
        )
        raise ConvmatError(name, rule, text) from None
    if len(entries) == 1 and len(entries[0]) == 1:
        return entries[0][0]
    return [entry[0] if len(entry) == 1 else entry for entry in entries]


def read_numbers(name: str, text: str, others: str = "") -> list[Number]:
    """`1,-2,0.5,1/3` as numbers: integers of any size, fractions, and floats.

    Parameters
    ----------
    name : str
    text : str
        With `,` or `;` between the numbers.
    others : str
        What else the argument may be, for the error: `, or ones`.

    Raises
    ------
    ConvmatError
        For what is no finite number.

    Examples
    --------
    >>> read_numbers("--values", "1,-2,0.5,1/3")
    [1, -2, 0.5, Fraction(1, 3)]
    """
    try:
        return [_number(part) for part in text.replace(";", ",").split(",")]
    except ValueError:
        rule = f"must be finite numbers with commas between them{others}"
        raise ConvmatError(name, rule, text) from None


def read_integer(name: str, text: str, least: int, most: int | None = None) -> int:
    """An integer from `least` to `most`.

    Raises
    ------
    ConvmatError
        For any other text.

    Examples
    --------
    >>> read_integer("--seed", "4", 0)
    4
    """
    try:
        value = int(text)
    except ValueError:
        raise ConvmatError(name, "must be an integer", text) from None
    if value < least:
        raise ConvmatError(name, f"must be at least {least}", value)
    if most is not None and value > most:
        raise ConvmatError(name, f"must be at most {most}", value)
    return value


def _number(text: str) -> Number:
    """`text` as an integer, a fraction, or else a float.

    Raises
    ------
    ValueError
        When it is neither, or not finite.
    """
    if "/" in text:
        try:
            fraction = Fraction(text.strip())
        except ZeroDivisionError:
            raise ValueError(text) from None
        return int(fraction) if fraction.denominator == 1 else fraction
    try:
        return int(text)
    except ValueError:
        number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number
