"""`Implementation`: a black box, and the one way in which it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import Geometry
from convmat.verify.black_box.outcome import Outcome, watched
from convmat.verify.black_box.supports import Supports

__all__ = ["Implementation", "implementation"]

Function = Callable[..., Any]

_SETTINGS = ("stride", "padding", "dilation", "groups")
"""Keywords, each of which is a claim by the same name."""
_LONGEST = 86_400  # seconds: a day, which any alarm can be set to


@dataclass(frozen=True)
class Implementation:
    """A convolution of somebody else, with its gradients where it has them.

    All three have the signatures of convmat's own: `x` is `(batch, in_channels,
    *spatial)` and a kernel `(out_channels, in_channels // groups, *kernel)`.

    Attributes
    ----------
    name : str
    forward : callable
        `forward(x, kernel, bias=None, *, stride, padding, dilation, groups,
        padding_mode)`: stride and dilation as one integer for each axis, padding as a
        pair for each (one integer, where uneven padding is not claimed).
    input_grad : callable or None
        `input_grad(grad, kernel, input_shape, **settings)`, `input_shape` being
        `(in_channels, *spatial)`.
    kernel_grad : callable or None
        `kernel_grad(grad, x, kernel_shape, **settings)`, summed over the batch.
    supports : Supports
    keywords : frozenset of str or None
        The settings that it takes; None for all. One that is not taken is not given.
    seconds : float
        Time limit of one call.

    Raises
    ------
    ConvmatError
        For a time limit that is not above 0, or is above a day.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv, geometry
    >>> mine = Implementation("mine", conv)
    >>> x, kernel = np.arange(4.0).reshape(1, 1, 4), np.ones((1, 1, 2))
    >>> mine.apply(x, kernel, geometry(x.shape[1:], kernel.shape)).result
    array([[[1., 3., 5.]]])
    """

    name: str
    forward: Function
    input_grad: Function | None = None
    kernel_grad: Function | None = None
    supports: Supports = field(default_factory=Supports)
    keywords: frozenset[str] | None = None
    seconds: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= _LONGEST:
            rule = f"must be above 0 and at most {_LONGEST}"
            raise ConvmatError("seconds", rule, self.seconds)

    @property
    def parts(self) -> tuple[str, ...]:
        """The maps that there are: `"forward"`, `"input_grad"`, `"kernel_grad"`."""
        named = ("forward", "input_grad", "kernel_grad")
        return tuple(name for name in named if getattr(self, name) is not None)

    def apply(
        self, x: Array, kernel: Array, g: Geometry, bias: Array | None = None
    ) -> Outcome:
        """The output, `(batch, out_channels, *outs)`."""
        shape = (len(x), g.out_channels, *g.output_size)
        arrays = [x, kernel] if bias is None else [x, kernel, bias]
        return self._watched(self.forward, arrays, (), g, shape)

    def gradient_by_input(self, grad: Array, kernel: Array, g: Geometry) -> Outcome:
        """The gradient by the input, `(batch, in_channels, *spatial)`."""
        size = (g.in_channels, *g.input_size)
        shape = (len(grad), *size)
        return self._watched(self.input_grad, [grad, kernel], (size,), g, shape)

    def gradient_by_kernel(self, grad: Array, x: Array, g: Geometry) -> Outcome:
        """The gradient by the kernel, of the kernel's shape."""
        size = g.weight_shape
        return self._watched(self.kernel_grad, [grad, x], (size,), g, size)

    def settings(self, g: Geometry) -> dict[str, Any]:
        """The keywords that a call for this geometry has."""
        settings = dict(g.keywords)
        if not self.supports.uneven_padding:
            settings["padding"] = tuple(before for before, _ in g.padding)
        if self.keywords is None:
            return settings
        return {name: settings[name] for name in settings if name in self.keywords}

    def _watched(
        self,
        function: Function | None,
        arrays: list[Array],
        arguments: tuple[Any, ...],
        g: Geometry,
        shape: tuple[int, ...],
    ) -> Outcome:
        if function is None:
            rule = "must have this gradient"
            raise ConvmatError("implementation", rule, self.name)
        settings = self.settings(g)
        return watched(function, arrays, arguments, settings, shape, self.seconds)


def implementation(
    forward: Function,
    *,
    input_grad: Function | None = None,
    kernel_grad: Function | None = None,
    supports: Supports | None = None,
    name: str | None = None,
    seconds: float = 10.0,
) -> Implementation:
    """A black box from functions; what their signatures do not take is not claimed.

    Parameters
    ----------
    forward, input_grad, kernel_grad : callable
        As in `Implementation`. A function without a keyword `stride` is taken to have
        stride 1 only, and so on.
    supports : Supports, optional
        What is claimed, less what the signature of `forward` does not take.
    name : str, optional
        By default that of the function.
    seconds : float
        Time limit of one call.

    Raises
    ------
    ConvmatTypeError
        When one of them cannot be called.

    Examples
    --------
    >>> def mine(x, kernel, stride=1): ...
    >>> implementation(mine).supports.missing()[:4]
    ('padding', 'dilation', 'groups', 'bias')
    """
    functions = {
        "forward": forward,
        "input_grad": input_grad,
        "kernel_grad": kernel_grad,
    }
    for part, function in functions.items():
        if function is not None and not callable(function):
            raise ConvmatTypeError(part, "must be a function", function)
    claim = Supports() if supports is None else supports
    taken = _parameters(forward)
    if taken is not None:
        less: dict[str, Any] = {
            name: False for name in (*_SETTINGS, "bias") if name not in taken
        }
        if "padding_mode" not in taken:
            less["modes"] = ("zeros",)
        claim = replace(claim, **less)
        taken &= {*_SETTINGS, "padding_mode"}
    called = forward if _takes_third(forward) else partial(_bias_by_name, forward)
    return Implementation(
        name or _named(forward),
        called,
        input_grad,
        kernel_grad,
        claim,
        taken,
        seconds,
    )


def _parameters(function: Function) -> frozenset[str] | None:
    """Names of the parameters; None where any keyword is taken, or nothing is known."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return frozenset(p.name for p in parameters)


def _takes_third(function: Function) -> bool:
    """Whether a bias may stand third, behind `x` and `kernel`, without its name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return True
    places = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    third = [p.name for p in parameters if p.kind in places][2:3]
    return bool(third) and third[0] not in (*_SETTINGS, "padding_mode")


def _bias_by_name(
    function: Function,
    x: Array,
    kernel: Array,
    bias: Array | None = None,
    **settings: Any,
) -> Any:
    """A call of a function that takes the bias among its keywords."""
    named = {} if bias is None else {"bias": bias}
    return function(x, kernel, **named, **settings)


def _named(function: Function) -> str:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', '')}.{name}".lstrip(".")
