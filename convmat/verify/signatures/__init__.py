"""How other libraries call a convolution, turned into the one signature of checks.

Each signature is a file of its own, which imports its library when it is asked for and
not before. `adapted` makes an `Implementation` of a function:

>>> from convmat import conv
>>> adapted(conv, "callable").parts
('forward',)
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from convmat.errors import ConvmatError
from convmat.verify.black_box import Implementation, Supports, implementation

__all__ = ["SIGNATURES", "adapted"]

SIGNATURES = MappingProxyType(
    {
        "callable": "f(x, kernel, bias=None, *, stride, padding, ...), as convmat.conv",
        "torch": "f(input, weight, bias, stride, padding, dilation, groups) on tensors",
        "jax": "f(lhs, rhs, window_strides, padding, ...) as lax.conv_general_dilated",
        "scipy": "f(in1, in2, mode) as scipy.signal.correlate: one channel, no batch",
        "onnx": "f(X, W, B=None, *, strides, pads, ...): the attributes of ONNX's Conv",
        "keras": "f(inputs, kernel, strides, padding, ...): channels last",
    }
)
"""What a function of each signature is called like."""


def adapted(
    function: Callable[..., Any],
    signature: str = "callable",
    *,
    input_grad: Callable[..., Any] | None = None,
    kernel_grad: Callable[..., Any] | None = None,
    supports: Supports | None = None,
    name: str | None = None,
    seconds: float = 10.0,
) -> Implementation:
    """A function of some library's signature as a black box.

    Parameters
    ----------
    function : callable
    signature : str
        One of `SIGNATURES`.
    input_grad, kernel_grad : callable, optional
        Gradients, for "callable" only; of "torch" and "jax" they come from automatic
        differentiation, and the others have none.
    supports : Supports, optional
        What is claimed. By default what the signature can say, and what the name of the
        function says: `conv2d` is taken to have two spatial axes.
    name : str, optional
    seconds : float
        Time limit of one call.

    Raises
    ------
    ConvmatError
        For another signature, and gradients given beside one that has its own.
    ModuleNotFoundError
        When the library is not installed.

    Examples
    --------
    >>> from scipy.signal import correlate
    >>> box = adapted(correlate, "scipy")
    >>> box.parts, box.supports.ranks, box.supports.stride
    (('forward',), (1, 2, 3), False)
    """
    if signature not in SIGNATURES:
        rule = f"must be one of {', '.join(SIGNATURES)}"
        raise ConvmatError("signature", rule, signature)
    if signature == "callable":
        return implementation(
            function,
            input_grad=input_grad,
            kernel_grad=kernel_grad,
            supports=supports,
            name=name,
            seconds=seconds,
        )
    if input_grad is not None or kernel_grad is not None:
        rule = 'may be given for the signature "callable" only'
        raise ConvmatError("input_grad and kernel_grad", rule, signature)
    home = importlib.import_module(f"convmat.verify.signatures.as_{signature}")
    box: Implementation = home.adapt(function, supports)
    named = name or implementation(function).name
    return Implementation(
        named,
        box.forward,
        box.input_grad,
        box.kernel_grad,
        box.supports,
        box.keywords,
        seconds,
    )
