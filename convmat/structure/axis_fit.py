"""`AxisFit`: one axis of a convolution that has the matrix of an axis."""

from __future__ import annotations

from dataclasses import dataclass

from convmat.geometry import Axis

__all__ = ["AxisFit", "settled"]


@dataclass(frozen=True, slots=True)
class AxisFit:
    """One axis of a convolution that has the matrix of an axis.

    Attributes
    ----------
    axis : Axis
    vacuous : bool
        Whether the stride is so large that no two outputs share a tap, although
        several outputs read something: any matrix fits such an axis.
    strides : tuple of int
        All strides found that fit the axis in this mode.
    """

    axis: Axis
    vacuous: bool
    strides: tuple[int, ...]

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """What the plainest fit has least of."""
        axis = self.axis
        return self.vacuous, axis.kernel, axis.stride, axis.before + axis.after


def settled(
    low: int,
    high: int,
    dilation: int,
    stride: int,
    out_size: int,
    size: int,
    mode: str,
) -> Axis | None:
    """The axis whose taps lie at offsets `low` to `high`, or None in modes too narrow.

    No window of a convolution begins after the first cell, and none ends so early that
    one output more would fit: where they would, taps of value 0 are added at the rim.
    """
    gap = (out_size - 1) * stride + high + stride - size  # cells beyond the last output
    if low == high and (low > 0 or gap < 0):
        dilation = low if low > 0 else -gap
    if low > 0:
        low -= -(-low // dilation) * dilation
    if gap < 0:
        high += -(gap // dilation) * dilation
    rest = (out_size - 1) * stride + high + 1 - size
    before, after = -low, max(0, rest)
    reach = {"circular": size, "reflect": size - 1, "symmetric": size}.get(mode)
    if reach is not None and max(before, after) > reach:
        return None
    kernel = (high - low) // dilation + 1
    return Axis(
        size, kernel, stride, before, after, dilation if kernel > 1 else 1, mode
    )
