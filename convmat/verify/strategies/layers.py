"""Layers that fit an input, each drawn so that it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from convmat.arrays import Shape
from convmat.geometry import PADDING_MODES, Geometry
from convmat.verify.networks import Call

__all__ = ["LAYERS", "Bounds", "conv_of"]

_REACH = {"circular": 0, "symmetric": 0, "reflect": 1}
"""Cells that an input has at least beyond its padding, in modes that fold it."""


@dataclass(frozen=True)
class Bounds:
    """Largest values, as in `networks`."""

    max_channels: int
    max_groups: int
    max_size: int
    max_kernel: int
    max_stride: int
    max_dilation: int
    max_padding: int


def conv_of(g: Geometry, *, bias: bool) -> Call:
    """The convolution of a geometry, on its input with channels."""
    kernel = g.weight_shape[2:]
    keywords = _plain(
        stride=g.stride,
        padding=g.padding,
        dilation=g.dilation,
        groups=g.groups,
        padding_mode=g.padding_mode,
        bias=bias,
    )
    return Call("Conv", (g.in_channels, g.out_channels, kernel), keywords)


def _conv(draw: st.DrawFn, shape: Shape, most: Bounds) -> Call:
    mode = draw(st.sampled_from(PADDING_MODES))
    into, groups, out_of = _channels(draw, shape, most)
    axes = [_axis(draw, n, mode, most) for n in shape[1:]]
    kernel, stride, padding, dilation = zip(*axes, strict=True)
    keywords = _plain(
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=mode,
        bias=not draw(st.booleans()),
    )
    return Call("Conv", (into, out_of, kernel), keywords)


def _axis(draw: st.DrawFn, n: int, mode: str, most: Bounds) -> tuple[Any, ...]:
    """Kernel, stride, pads and dilation on an axis of `n` cells."""
    deepest = min(most.max_padding, n - _REACH[mode] if mode in _REACH else n)
    before, after = (draw(st.integers(0, deepest)) for _ in range(2))
    dilation = draw(st.integers(1, most.max_dilation))
    fitting = (n + before + after - 1) // dilation + 1
    kernel = draw(st.integers(1, min(most.max_kernel, fitting)))
    return kernel, draw(st.integers(1, most.max_stride)), (before, after), dilation


def _conv_transpose(draw: st.DrawFn, shape: Shape, most: Bounds) -> Call:
    mode = draw(st.sampled_from(PADDING_MODES))
    into, groups, out_of = _channels(draw, shape, most)
    slowest = 2 if len(shape) < 4 else 1  # volumes grow fast
    axes = [_spread_axis(draw, n, mode, slowest, most) for n in shape[1:]]
    kernel, stride, padding, dilation, beyond = zip(*axes, strict=True)
    keywords = _plain(
        stride=stride,
        padding=padding,
        dilation=dilation,
        output_padding=beyond,
        groups=groups,
        padding_mode=mode,
        bias=not draw(st.booleans()),
    )
    return Call("ConvTranspose", (into, out_of, kernel), keywords)


def _spread_axis(
    draw: st.DrawFn, n: int, mode: str, slowest: int, most: Bounds
) -> tuple[Any, ...]:
    """As `_axis`, and output padding.

    The stride may be `slowest`, and more where the result stays about `max_size`.
    """
    widest = min(most.max_stride, max(slowest, most.max_size // n))
    stride = draw(_seldom_first(range(1, widest + 1)))
    dilation = draw(st.integers(1, most.max_dilation))
    kernel = draw(st.integers(1, most.max_kernel))
    beyond = draw(_seldom_first(range(stride)))
    full = (n - 1) * stride + dilation * (kernel - 1) + 1 + beyond
    # A third of it on each side leaves a third, as deep as the pads that fold into it.
    deepest = min(most.max_padding, (full - _REACH.get(mode, 1)) // 3)
    pads = tuple(draw(st.integers(0, deepest)) for _ in range(2))
    return kernel, stride, pads, dilation, beyond


def _seldom_first(values: Sequence[int]) -> st.SearchStrategy[int]:
    """One of the values, the first only as what it shrinks to."""
    return st.sampled_from([values[0], *3 * list(values[1:])])


def _channels(draw: st.DrawFn, shape: Shape, most: Bounds) -> tuple[int, int, int]:
    """Channels of the input, groups that divide them, and channels of the result."""
    into = shape[0]
    dividing = [n for n in range(1, most.max_groups + 1) if into % n == 0]
    groups = draw(_seldom_first(dividing))
    per_group = draw(st.integers(1, max(1, most.max_channels // groups)))
    return into, groups, per_group * groups


def _pooling(draw: st.DrawFn, shape: Shape, most: Bounds, *, mean: bool) -> Call:
    """Every window begins on the input: pads are shallower than it, or there are none.

    Where the windows are dilated they may leap over the input, so they have no padding.
    """
    sizes, strides, pads, dilations = [], [], [], []
    dilated = draw(st.booleans())
    for n in shape[1:]:
        dilation = draw(st.integers(1, most.max_dilation)) if dilated else 1
        size = draw(st.integers(1, min(most.max_kernel, (n - 1) // dilation + 1)))
        deepest = 0 if dilated else min(size - 1, most.max_padding)
        pads.append(tuple(draw(st.integers(0, deepest)) for _ in range(2)))
        sizes.append(size)
        strides.append(draw(st.integers(1, most.max_stride)))
        dilations.append(dilation)
    keywords: dict[str, Any] = {
        "dilation": tuple(dilations),
        "ceil_mode": draw(st.booleans()),
    }
    if mean:
        keywords["count_include_pad"] = not draw(st.booleans())
        keywords["divisor_override"] = draw(st.sampled_from([None, 3, -2]))
    arguments = tuple(sizes), tuple(strides), tuple(pads)
    return Call("AvgPool" if mean else "MaxPool", arguments, _plain(**keywords))


def _residual(draw: st.DrawFn, shape: Shape, most: Bounds) -> Call:
    """A body whose convolution is undone in size by its pads, and a shortcut.

    With as many cells of padding as its span has beyond one, a convolution has
    `(n - 1) // stride + 1` outputs; so has one with a single tap.
    """
    into, groups, out_of = _channels(draw, shape, most)
    straight = draw(st.booleans())
    kernel, strides, pads, dilations = [], [], [], []
    for _ in shape[1:]:
        taps = draw(st.integers(1, most.max_kernel))
        dilation = draw(st.integers(1, most.max_dilation))
        beyond = dilation * (taps - 1)
        before = draw(st.integers(0, beyond))
        pads.append((before, beyond - before))
        strides.append(1 if straight else draw(st.integers(1, most.max_stride)))
        kernel.append(taps)
        dilations.append(dilation)
    if straight:
        out_of = into
    keywords = _plain(
        stride=tuple(strides),
        padding=tuple(pads),
        dilation=tuple(dilations),
        groups=groups,
        padding_mode=draw(st.sampled_from(["zeros", "replicate"])),
    )
    body = [Call("Conv", (into, out_of, tuple(kernel)), keywords)]
    if draw(st.booleans()):
        body.append(draw(st.sampled_from([Call("ReLU"), _LEAKY])))
    if straight:
        return Call("Residual", parts=(tuple(body),))
    one = (1,) * len(kernel)
    short = Call("Conv", (into, out_of, one), _plain(stride=tuple(strides), bias=False))
    return Call("Residual", parts=(tuple(body), (short,)))


_LEAKY = Call("LeakyReLU", (Fraction(1, 10),))


def _norm(draw: st.DrawFn, shape: Shape, most: Bounds) -> Call:
    eps = draw(st.sampled_from([1e-5, 0.1]))
    momentum = draw(st.sampled_from([0.1, 0.7]))
    return Call("BatchNorm", (shape[0],), _plain(eps=eps, momentum=momentum))


LAYERS: Mapping[str, Callable[[st.DrawFn, Shape, Bounds], Call]] = MappingProxyType(
    {
        "ReLU": lambda draw, shape, most: Call("ReLU"),
        "LeakyReLU": lambda draw, shape, most: _LEAKY,
        "Conv": _conv,
        "ConvTranspose": _conv_transpose,
        "BatchNorm": _norm,
        "MaxPool": lambda *known: _pooling(*known, mean=False),
        "AvgPool": lambda *known: _pooling(*known, mean=True),
        "Residual": _residual,
        "Dropout": lambda draw, shape, most: Call("Dropout", (Fraction(1, 4),)),
    }
)
"""How a layer is drawn for an input `(channels, *spatial)`, by its name."""

_DEFAULTS: dict[str, Any] = {
    "groups": 1,
    "padding_mode": "zeros",
    "bias": True,
    "ceil_mode": False,
    "count_include_pad": True,
    "divisor_override": None,
}


def _plain(**keywords: Any) -> tuple[tuple[str, Any], ...]:
    """Keywords without those that say nothing."""
    return tuple(
        (name, value) for name, value in keywords.items() if not _silent(name, value)
    )


def _silent(name: str, value: Any) -> bool:
    if name in _DEFAULTS:
        return bool(value == _DEFAULTS[name])
    if name in ("stride", "dilation"):
        return set(value) == {1}
    if name == "output_padding":
        return not any(value)
    return name == "padding" and not any(map(any, value))
