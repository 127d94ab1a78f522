"""`Supports`: what an implementation claims to do, so that no more is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import cycle, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import PADDING_MODES, Axis, Geometry

__all__ = ["ACCURACIES", "Supports"]

ACCURACIES = ("componentwise", "normwise")
"""What rounding errors may be measured against, the stricter claim first."""


@dataclass(frozen=True, slots=True)
class Supports:
    """What an implementation claims; the rest is listed as not claimed, never skipped.

    Attributes
    ----------
    ranks : tuple of int
        Numbers of spatial axes.
    stride, padding, dilation, groups : bool
        Whether others than the plain 1, 0, 1 and 1 are taken.
    uneven_padding : bool
        Whether pads before and after an axis may differ. Without it `padding` is given
        as one integer for each axis, with it as a pair `(before, after)` for each.
    uneven_axes : bool
        Whether stride, padding, dilation and kernel size may differ between axes.
    channels : bool
        Whether there may be several.
    batch : bool
        Whether a batch of another size than 1 is taken.
    bias : bool
    modes : tuple of str
        What may stand in the padding.
    dtypes : tuple of str
        Names of NumPy dtypes; the first is the one that most checks use. `"object"`
        allows the unconditional proof, by symbols.
    accuracy : str
        `"componentwise"`: the error of a sum is small beside the sum of its absolute
        products, as in any direct sum. `"normwise"`: it is small beside the norms of
        the arrays, as through an FFT, which spreads the rounding of large numbers to
        outputs that never read them.
    not_finite : bool
        Whether infinities and NaN reach exactly the outputs that read them, as in a
        sum of products. They don't where structural zeros are multiplied, nor through
        an FFT.

    Examples
    --------
    >>> from convmat import geometry
    >>> claim = Supports(stride=False, ranks=(2,))
    >>> claim.lacks(geometry((5, 5), (2, 2), stride=2))
    'stride'
    >>> claim.lacks(geometry((5, 5), (2, 2))) is None
    True
    """

    ranks: tuple[int, ...] = (1, 2, 3)
    stride: bool = True
    padding: bool = True
    dilation: bool = True
    groups: bool = True
    uneven_padding: bool = True
    uneven_axes: bool = True
    channels: bool = True
    batch: bool = True
    bias: bool = True
    modes: tuple[str, ...] = ("zeros",)
    dtypes: tuple[str, ...] = ("float64", "float32", "int64")
    accuracy: str = "componentwise"
    not_finite: bool = True

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "bool" and not isinstance(value, bool):
                raise ConvmatTypeError(field.name, "must be True or False", value)
        _members("accuracy", (self.accuracy,), ACCURACIES)
        _members("ranks", self.ranks, range(1, 33))
        _members("modes", self.modes, PADDING_MODES)
        for name in _members("dtypes", self.dtypes, None):
            try:
                np.dtype(name)
            except TypeError as error:
                rule = "must be names of NumPy dtypes"
                raise ConvmatError("dtypes", rule, name) from error

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype that most checks use."""
        return np.dtype(self.dtypes[0])

    def takes(self, dtype: npt.DTypeLike) -> bool:
        """Whether a dtype is claimed."""
        return np.dtype(dtype) in map(np.dtype, self.dtypes)

    def lacks(self, g: Geometry, *, batch: int = 1) -> str | None:
        """What the geometry needs that is not claimed, in a word or two, or None."""
        pads = g.padding
        settings = (g.stride, pads, g.dilation, g.kernel_size)
        needs = {
            f"rank {g.rank}": g.rank not in self.ranks,
            "stride": not self.stride and any(s != 1 for s in g.stride),
            "padding": not self.padding and any(map(any, pads)),
            "dilation": not self.dilation and any(d != 1 for d in g.dilation),
            "groups": not self.groups and g.groups != 1,
            "uneven padding": not self.uneven_padding and any(b != a for b, a in pads),
            "uneven axes": not self.uneven_axes
            and any(len(set(setting)) > 1 for setting in settings),
            "channels": not self.channels and (g.in_channels, g.out_channels) != (1, 1),
            "batch": not self.batch and batch != 1,
            f"padding mode {g.padding_mode!r}": g.padding_mode not in self.modes
            and any(map(any, pads)),
        }
        return next((name for name, needed in needs.items() if needed), None)

    def nearest(self, g: Geometry) -> Geometry:
        """The geometry with all that is not claimed taken out of it.

        What is not claimed becomes plain; an axis grows where the kernel would not fit
        it any more. A geometry that is claimed comes back as it is.

        Examples
        --------
        >>> from convmat import geometry
        >>> g = geometry((3, 4), (3, 2), stride=(1, 2), padding=[(1, 0), (0, 2)])
        >>> Supports(uneven_padding=False, stride=False).nearest(g)
        geometry((3, 4), (3, 2), padding=(1, 2))
        >>> Supports(ranks=(1,), padding=False).nearest(g)
        geometry((3,), (3,))
        """
        mode = g.padding_mode if g.padding_mode in self.modes else self.modes[0]
        rank = min(self.ranks, key=lambda rank: (abs(rank - g.rank), rank))
        axes = [self._axis(axis, mode) for axis in islice(cycle(g.axes), rank)]
        if not self.uneven_axes:
            axes = [_fitting(axis.size, axes[0]) for axis in axes]
        channels = (g.in_channels, g.out_channels) if self.channels else (1, 1)
        return Geometry(
            input_size=tuple(axis.size for axis in axes),
            kernel_size=tuple(axis.kernel for axis in axes),
            stride=tuple(axis.stride for axis in axes),
            padding=tuple((axis.before, axis.after) for axis in axes),
            dilation=tuple(axis.dilation for axis in axes),
            in_channels=channels[0],
            out_channels=channels[1],
            groups=g.groups if self.groups and self.channels else 1,
            padding_mode=mode,
            has_channels=g.has_channels,
        )

    def _axis(self, axis: Axis, mode: str) -> Axis:
        """The axis as far as it is claimed."""
        before, after = (axis.before, axis.after) if self.padding else (0, 0)
        if not self.uneven_padding:
            before = after = before or after
        stride = axis.stride if self.stride else 1
        dilation = axis.dilation if self.dilation else 1
        plain = Axis(axis.size, axis.kernel, stride, before, after, dilation, mode)
        return _fitting(axis.size, plain)

    def missing(self) -> tuple[str, ...]:
        """All that is not claimed, in words."""
        off = [
            field.name.replace("_", " ")
            for field in fields(self)
            if getattr(self, field.name) is False
        ]
        ranks = [f"rank {rank}" for rank in (1, 2, 3) if rank not in self.ranks]
        modes = [f"padding mode {m!r}" for m in PADDING_MODES if m not in self.modes]
        rough = [] if self.accuracy == ACCURACIES[0] else ["componentwise accuracy"]
        return (*off, *ranks, *modes, *rough)


def _fitting(size: int, axis: Axis) -> Axis:
    """The axis with `size` cells, or with the fewest that its kernel and mode allow."""
    deepest = max(axis.before, axis.after)
    reach = {"circular": deepest, "symmetric": deepest, "reflect": deepest + 1}
    least = axis.span - axis.before - axis.after
    if deepest:
        least = max(least, reach.get(axis.mode, 1))
    return replace(axis, size=max(size, least, 1))


def _members(
    name: str, given: Sequence[Any], allowed: Sequence[Any] | None
) -> Sequence[Any]:
    """A tuple that is not empty, whose members are allowed."""
    if not isinstance(given, tuple):
        raise ConvmatTypeError(name, "must be a tuple", given)
    if not given:
        raise ConvmatError(name, "must name at least one", given)
    for member in given:
        if allowed is not None and member not in allowed:
            few = ", ".join(map(str, allowed)) if len(allowed) < 9 else "1 to 32"
            raise ConvmatError(name, f"must be among {few}", member)
    return given
