"""Whole numbers among the arguments: channels, batch sizes, epochs, seeds."""

from __future__ import annotations

import operator

from convmat.errors import ConvmatError, ConvmatTypeError

__all__ = ["count"]


def count(
    argument: str,
    value: object,
    least: int,
    most: int | None = None,
    remedy: str = "",
) -> int:
    """`value` as a plain int from `least` to `most`.

    Raises
    ------
    ConvmatTypeError
        For what is no integer, such as `1.0`, and for booleans.
    ConvmatError
        For an integer out of range.

    Examples
    --------
    >>> count("epochs", 1.5, 0)
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: epochs must be an integer, not float, got
    epochs=1.5
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        rule = f"must be an integer, not {type(value).__name__}"
        raise ConvmatTypeError(argument, rule, value)
    number = operator.index(value)
    if number < least or (most is not None and number > most):
        rule = (
            f"must be at least {least}"
            if most is None
            else f"must be from {least} to {most}"
        )
        raise ConvmatError(argument, rule, value, remedy)
    return number
