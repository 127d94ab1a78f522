"""PyTorch: `torch.nn.functional.conv2d` and all that is called like it.

Arrays go in as tensors on the same memory where PyTorch can have them so, and the
gradients are those of autograd.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.signatures.outside import library
from convmat.verify.signatures.ranks import ranks_of

__all__ = ["adapt"]


def adapt(function: Callable[..., Any], supports: Supports | None) -> Implementation:
    """The function on tensors, as one on arrays, with the gradients of autograd."""
    torch = library("torch", 'signature="torch"')

    def tensor(array: Array) -> Any:
        shared = array.flags.writeable and all(s >= 0 for s in array.strides)
        return torch.from_numpy(array if shared else array.copy())

    def forward(x: Array, kernel: Array, bias: Array | None = None, **told: Any) -> Any:
        with torch.no_grad():
            b = None if bias is None else tensor(bias)
            return _array(function(tensor(x), tensor(kernel), b, **_settings(told)))

    def input_grad(grad: Array, kernel: Array, size: Shape, **told: Any) -> Any:
        # A convolution is linear in x, so its gradient may be taken anywhere.
        shape = (len(grad), *size)
        x = torch.zeros(shape, dtype=tensor(grad).dtype, requires_grad=True)
        y = function(x, tensor(kernel), None, **_settings(told))
        return _array(torch.autograd.grad(y, x, tensor(grad))[0])

    def kernel_grad(grad: Array, x: Array, size: Shape, **told: Any) -> Any:
        kernel = torch.zeros(size, dtype=tensor(grad).dtype, requires_grad=True)
        y = function(tensor(x), kernel, None, **_settings(told))
        return _array(torch.autograd.grad(y, kernel, tensor(grad))[0])

    claim = supports or Supports(
        ranks=ranks_of(function),
        uneven_padding=False,
        dtypes=("float64", "float32"),
    )
    return Implementation("torch", forward, input_grad, kernel_grad, claim)


def _settings(told: dict[str, Any]) -> dict[str, Any]:
    """PyTorch's functions take no padding mode; its layers pad beforehand."""
    return {name: value for name, value in told.items() if name != "padding_mode"}


def _array(result: Any) -> Any:
    """What came back as an array; anything but a tensor as it is."""
    numpy = getattr(result, "numpy", None)
    return result if numpy is None or isinstance(result, np.ndarray) else numpy()
