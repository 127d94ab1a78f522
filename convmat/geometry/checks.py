"""What each field of a `Geometry` must be, and the sentence when it is not."""

from __future__ import annotations

from convmat.errors import ConvmatTypeError, GeometryError, ShapeError
from convmat.geometry.axis import PADDING_MODES, Axis
from convmat.geometry.names import did_you_mean

__all__ = [
    "MOST_AXES",
    "SHORTHAND",
    "check_fit",
    "check_groups",
    "check_mode",
    "check_padding",
    "check_positive",
    "check_rank",
    "check_reach",
]

MOST_AXES = 30
"""An array of windows has two axes for each, and three more; NumPy stops at 64."""

_LARGEST = 1 << 60
SHORTHAND = "convmat.geometry reads shorthand"


def check_positive(name: str, values: object, rank: int) -> None:
    """Each of `rank` integers must be at least 1; `True` and `1.0` are no integers."""
    if not isinstance(values, tuple) or any(type(v) is not int for v in values):
        rule = "must be a tuple of integers in canonical form"
        raise ConvmatTypeError(name, rule, values, SHORTHAND)
    if len(values) != rank:
        raise ShapeError(name, f"must have one entry per axis, {rank} in all", values)
    if min(values) < 1:
        raise GeometryError(name, "must be at least 1 on every axis", values)
    check_small(name, values, max(values))


def check_rank(size: tuple[object, ...]) -> None:
    """At least one spatial axis, and no more than arrays of windows can have."""
    if not size:
        raise ShapeError("input_size", "must have at least one spatial axis", size)
    if len(size) > MOST_AXES:
        rule = f"must have at most {MOST_AXES} spatial axes"
        remedy = "leave axes of 1 cell out, or join some"
        raise ShapeError("input_size", rule, size, remedy)


def check_padding(padding: object, rank: int) -> None:
    """One `(before, after)` of non-negative integers per axis."""
    canonical = isinstance(padding, tuple) and all(
        isinstance(pair, tuple)
        and len(pair) == 2
        and all(type(cells) is int for cells in pair)
        for pair in padding
    )
    if not isinstance(padding, tuple) or not canonical:
        rule = "must be a tuple of (before, after) integers in canonical form"
        raise ConvmatTypeError("padding", rule, padding, SHORTHAND)
    if len(padding) != rank:
        rule = f"must have one (before, after) per axis, {rank} in all"
        raise ShapeError("padding", rule, padding)
    if any(min(pair) < 0 for pair in padding):
        remedy = "to read less of the input, crop it first"
        raise GeometryError("padding", "must be at least 0 everywhere", padding, remedy)
    check_small("padding", padding, max(map(max, padding)))


def check_small(name: str, value: object, largest: int) -> None:
    """Indices are computed in 64 bits; sums of a few settings have to fit them."""
    if largest > _LARGEST:
        raise GeometryError(name, "must be at most 2**60 everywhere", value)


def check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    """Groups must divide both numbers of channels."""
    for name, channels in (
        ("in_channels", in_channels),
        ("out_channels", out_channels),
    ):
        if channels % groups:
            rule = f"must divide {name}={channels}"
            raise GeometryError("groups", rule, groups)


def check_mode(mode: object) -> None:
    """A padding mode must be one that is known by name."""
    if not isinstance(mode, str) or mode not in PADDING_MODES:
        rule = f"must be one of {', '.join(map(repr, PADDING_MODES))}"
        remedy = did_you_mean(mode, PADDING_MODES, _ELSEWHERE)
        if isinstance(mode, str) and mode in ("valid", "same", "full"):
            remedy = f"it says what stands in the padding; padding={mode!r} how much"
        raise GeometryError("padding_mode", rule, mode, remedy)


_ELSEWHERE = {
    "constant": "zeros",
    "fill": "zeros",
    "grid-constant": "zeros",
    "wrap": "circular",
    "grid-wrap": "circular",
    "periodic": "circular",
    "mirror": "reflect",
    "grid-mirror": "symmetric",
    "edge": "replicate",
    "nearest": "replicate",
    "border": "replicate",
}
"""What `np.pad`, `scipy.ndimage`, `scipy.signal` and others call them."""


def check_reach(number: int, axis: Axis) -> None:
    """Each mode but `zeros` and `replicate` has only so many cells to put."""
    most = {
        "circular": axis.size,
        "reflect": axis.size - 1,
        "symmetric": axis.size,
    }.get(axis.mode)
    if most is not None and max(axis.before, axis.after) > most:
        why = {
            "circular": "the input once around",
            "reflect": "the input without its outermost cell",
            "symmetric": "the input once over",
        }[axis.mode]
        raise GeometryError(
            "padding",
            f"must be at most {most} on axis {number} in mode {axis.mode!r}: {why}",
            (axis.before, axis.after),
            "use less padding, or padding_mode='replicate'",
        )


def check_fit(number: int, axis: Axis) -> None:
    """The window must fit the padded input of an axis."""
    if axis.span <= axis.padded_size:
        return
    spread = f" ({axis.span} cells with dilation {axis.dilation})"
    pads = f" with {axis.before} + {axis.after} cells of padding"
    raise GeometryError(
        "kernel_size",
        f"must fit the padded input; on axis {number} {axis.kernel} taps"
        f"{spread if axis.dilation > 1 else ''} do not fit {axis.size} cells"
        f"{pads if axis.before or axis.after else ''}",
        axis.kernel,
        "use a larger input, more padding, or a smaller kernel or dilation",
    )
