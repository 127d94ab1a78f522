"""What a rule for a layer is: the gaps behind it, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import NoReturn

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.nn.composite import Part
from convmat.verify.rounding.units import Gapped, Gaps, Unit

__all__ = ["Back", "Pass", "named", "refuse", "through"]

Back = Callable[[Gapped], tuple[Gapped, dict[str, Array]]]
"""From the gradient by the output: that by the input, and the gaps of those by each
parameter."""


@dataclass(frozen=True)
class Pass:
    """Two runs through a layer.

    Attributes
    ----------
    output : Gapped
        Its values are those of a run itself.
    back : callable
        The backward pass; it may be called once.
    buffers : dict of str to ndarray
        The gaps of what the layer remembers, after the pass.
    """

    output: Gapped
    back: Back
    buffers: dict[str, Array] = field(default_factory=dict)


@singledispatch
def through(layer: Part, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    """The pass of one layer, whose own state may change on the way.

    Parameters
    ----------
    layer : Layer or Composite
        Of one of the runs.
    unit : Unit
    x : Gapped
        The input; its values are those of that run.
    own : mapping of str to ndarray
        Gaps of parameters and buffers, by their names in the layer.

    Raises
    ------
    ConvmatTypeError
        For a layer without a rule.
    """
    refuse("layer", layer)


def named(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays of a part by their names in the whole.

    Examples
    --------
    >>> named("body", {"weight": 1})
    {'body.weight': 1}
    """
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def refuse(argument: str, value: object) -> NoReturn:
    """Refuse what has no rule.

    Raises
    ------
    ConvmatTypeError
        Always.
    """
    rule = "must have a rule of rounding"
    remedy = "register one in convmat.verify.rounding"
    raise ConvmatTypeError(argument, rule, type(value).__name__, remedy)
