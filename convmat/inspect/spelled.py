"""Settings of a layer in short, `s2p1`, for files that hold weights alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from convmat.arrays import Shape
from convmat.errors import ConvmatError

__all__ = ["Spelled", "spelled"]

_NAMES = {
    "s": "stride",
    "p": "padding",
    "d": "dilation",
    "g": "groups",
    "o": "output_padding",
    "i": "input",
    "k": "pool_size",
}
_PART = re.compile(r"([spdgoik])(\d+(?:x\d+)*)|(t)")


@dataclass(frozen=True)
class Spelled:
    """One layer as the caller spells it.

    Attributes
    ----------
    name : str
        Of the layer: that of its weight without what follows the last dot.
    settings : mapping of str to tuple of int
        Keywords by their names; `input` is the spatial size that the layer reads.
    transposed : bool
    """

    name: str
    settings: Mapping[str, Shape] = field(default_factory=dict)
    transposed: bool = False

    def __post_init__(self) -> None:
        held = MappingProxyType(dict(self.settings))
        object.__setattr__(self, "settings", held)

    def keywords(self, rank: int) -> dict[str, Any]:
        """Stride, padding and dilation, one number per axis."""
        found: dict[str, Any] = {}
        for name in ("stride", "padding", "dilation", "output_padding"):
            values = self.settings.get(name)
            if values is not None:
                if len(values) not in (1, rank):
                    rule = f"must give {name} once, or once per axis: {rank} in all"
                    raise ConvmatError("layers", rule, f"{self.name}:{_times(values)}")
                found[name] = values * rank if len(values) == 1 else values
        return found


def spelled(text: str) -> Spelled:
    """`name:s2p1` as settings.

    After the name and a colon stand letters with numbers: `s` stride, `p` padding, `d`
    dilation, `g` groups, `o` output padding, `i` the size that the layer reads, `k`
    the window of a pooling; `x` stands between the numbers of axes. `t` alone says that
    the layer is a transposed convolution.

    Raises
    ------
    ConvmatError
        For anything else.

    Examples
    --------
    >>> one = spelled("features.0:s2x1p1i32x64")
    >>> one.name, one.keywords(2)
    ('features.0', {'stride': (2, 1), 'padding': (1, 1)})
    """
    name, colon, rest = text.rpartition(":")
    if not colon:
        name, rest = text, ""
    settings: dict[str, Shape] = {}
    place, transposed = 0, False
    while place < len(rest):
        part = _PART.match(rest, place)
        key = part and part[1] and _NAMES[part[1]]
        if part is None or not name or key in settings:
            rule = "must be like conv1:s2p1: a name, then letters of spdgoikt once each"
            raise ConvmatError("layers", rule, text)
        if key:
            settings[key] = tuple(int(number) for number in part[2].split("x"))
        else:
            transposed = True
        place = part.end()
    if len(settings.get("groups", (1,))) != 1:
        raise ConvmatError("layers", "must have one number of groups", text)
    return Spelled(name, settings, transposed)


def _times(values: Shape) -> str:
    return "x".join(map(str, values))
