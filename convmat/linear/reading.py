"""How `input_shape` is read: which axes are spatial, and whether one is channels.

A convolution has a kernel whose shape tells. Here another argument does: `pool_size`,
`stride`, `padding` and so on have one entry per spatial axis, and one axis of the input
that is left over in front is channels. One integer alone tells nothing beside several
axes, so it is refused there and not guessed about.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from convmat.arrays import Shape
from convmat.errors import ConvmatTypeError, GeometryError, ShapeError
from convmat.geometry.integers import listed as entries_of
from convmat.geometry.shorthand import read_shape

__all__ = ["Input", "read_input", "renamed", "require_bool"]


@dataclass(frozen=True, slots=True)
class Input:
    """The axes of one input.

    Attributes
    ----------
    channels : int
        1 where there is no channel axis.
    size : tuple of int
        Cells along each spatial axis.
    has_channels : bool
        Whether the input is written `(channels, *spatial)`.
    """

    channels: int
    size: Shape
    has_channels: bool

    @property
    def shape(self) -> Shape:
        """Shape of one input, as the caller writes it."""
        return (self.channels, *self.size) if self.has_channels else self.size


def read_input(
    input_shape: object, argument: str, value: object
) -> tuple[Input, tuple[object, ...]]:
    """The axes of an input beside an argument with one entry per spatial axis.

    Parameters
    ----------
    input_shape : int or tuple of int
        `(*spatial)` or `(channels, *spatial)`.
    argument : str
        Name of the argument that tells the two apart.
    value : object
        Its value. Its entries may be anything: they are counted only.

    Returns
    -------
    Input
    tuple
        The entries of `value`; a lone integer is one of them.

    Raises
    ------
    ShapeError
        When the number of entries fits neither form, or an axis of the input is empty.
    ConvmatTypeError
        When `input_shape` or a lone `value` is not made of integers.

    Examples
    --------
    >>> read_input((3, 28, 28), "stride", (2, 2))[0]
    Input(channels=3, size=(28, 28), has_channels=True)
    >>> read_input((28, 28), "stride", 2)
    Traceback (most recent call last):
        ...
    convmat.errors.ShapeError: stride must have one entry per spatial axis beside
    input_shape=(28, 28), got stride=2; write (2,) if the first axis is channels, (2, 2)
    if all are spatial
    """
    inputs = read_shape("input_shape", input_shape)
    if not inputs or min(inputs) < 1:
        rule = "must have at least one axis, and at least 1 on every axis"
        raise ShapeError("input_shape", rule, inputs)
    listed = entries_of(value)
    rule = f"must have one entry per spatial axis beside input_shape={inputs}"
    if listed is None:
        listed = read_shape(argument, value)
        if len(inputs) > 1:
            each = listed * len(inputs)
            remedy = (
                f"write {each[1:]} if the first axis is channels, {each} if all are "
                "spatial"
            )
            raise ShapeError(argument, rule, value, remedy)
    leading = len(inputs) - len(listed)
    if leading not in (0, 1) or not listed:
        most = len(inputs)
        fewer = f" or, where the first axis is channels, {most - 1}" * (most > 1)
        raise ShapeError(argument, f"{rule}: {most}{fewer}", listed)
    channels = inputs[0] if leading else 1
    return Input(channels, inputs[leading:], bool(leading)), listed


@contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Errors about the arguments of `geometry`, told of the caller's own.

    Parameters
    ----------
    **names
        The caller's name for an argument of `geometry`.

    Yields
    ------
    None

    Raises
    ------
    GeometryError
        As it came, with the argument renamed.
    ShapeError
        The same.
    ConvmatTypeError
        The same.
    """
    try:
        yield
    except (GeometryError, ShapeError, ConvmatTypeError) as error:
        name = names.get(error.argument)
        if name is None:
            raise
        remedy = error.remedy.replace("kernel", name.removesuffix("_size"))
        raise type(error)(name, error.rule, error.value, remedy) from None


def require_bool(argument: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Raises
    ------
    ConvmatTypeError
        For anything else, also for 0 and 1.
    """
    if not isinstance(value, bool):
        raise ConvmatTypeError(argument, "must be True or False", value)
