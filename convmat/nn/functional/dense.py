"""The dense matrix without constraints."""

from __future__ import annotations

from convmat.arrays import Array

__all__ = ["linear", "linear_backward"]


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """`x @ weight.T + bias`: `(batch, inputs)` to `(batch, outputs)`."""
    y: Array = x @ weight.T
    return y if bias is None else y + bias


def linear_backward(grad: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Gradients by input, weight `(outputs, inputs)` and bias `(outputs,)`."""
    return grad @ weight, grad.T @ x, grad.sum(axis=0)
