"""The keywords that public functions take, and the sentence for any other.

Most functions hand their `**keywords` to `geometry`. Python would say of a misspelt one
that `geometry` does not expect it, which the caller may never have called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from convmat.errors import ConvmatTypeError
from convmat.geometry.names import nearest

__all__ = ["SETTINGS", "known_keywords"]

SETTINGS = ("stride", "padding", "dilation", "groups", "padding_mode")
"""The keywords of a convolution, which every function with `**keywords` takes."""

P = ParamSpec("P")
R = TypeVar("R")


def known_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, which refuses a keyword that neither it nor `geometry` has.

    Raises
    ------
    ConvmatTypeError
        When the function is called with another keyword.

    Examples
    --------
    >>> from convmat import conv
    >>> conv([1, 2, 3], [1, 2], pading=1)
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: pading is no keyword of conv, got pading=1; did you
    mean padding? conv takes bias, stride, padding, dilation, groups, padding_mode
    """
    parameters = inspect.signature(function).parameters.values()
    own = [p.name for p in parameters if p.kind not in _MANY]
    gathers = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    known = frozenset((*own, *SETTINGS) if gathers else own)

    @wraps(function)
    def checked(*arguments: P.args, **keywords: P.kwargs) -> R:
        if not known >= keywords.keys():
            written = next(name for name in keywords if name not in known)
            _refuse(function, gathers, written, keywords[written])
        return function(*arguments, **keywords)

    return checked


_MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

_ELSEWHERE = {
    "pad": "padding",
    "pads": "padding",
    "auto-pad": "padding",
    "border-mode": "padding",
    "boundary": "padding_mode",
    "strides": "stride",
    "subsample": "stride",
    "dilations": "dilation",
    "dilation-rate": "dilation",
    "rate": "dilation",
    "group": "groups",
    "feature-group-count": "groups",
    "num-group": "groups",
}
"""What Keras, JAX, ONNX, SciPy and others call them."""


def _refuse(
    function: Callable[..., object], gathers: bool, written: str, value: object
) -> NoReturn:
    name = function.__name__
    parameters = inspect.signature(function).parameters.values()
    optional = [
        p.name
        for p in parameters
        if p.kind not in _MANY and p.default is not inspect.Parameter.empty
    ]
    if gathers:
        optional += SETTINGS
    amount = isinstance(value, str) and value in ("same", "valid", "full")
    mode = (
        "padding" if amount else "padding_mode"
    )  # SciPy's says how much, NumPy's what
    meant = nearest(written, optional, {**_ELSEWHERE, "mode": mode})
    hint = f"did you mean {meant}? " if meant in optional else ""
    remedy = f"{hint}{name} takes {', '.join(optional)}"
    raise ConvmatTypeError(written, f"is no keyword of {name}", value, remedy)
