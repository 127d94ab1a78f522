"""The three maps of `convmat.sliding`, fast: a plan, a GEMM, and buffers of one call.

`plan` decides, `columns`, `batch_last`, `shifted` and `tiles` do. A plan is chosen from
geometry, batch size and dtype, never from values. Nothing is kept between calls but the
plans themselves, so that any number of threads may call at once.
"""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.fast.plan import Plan, carries, plan_for
from convmat.geometry import Geometry

__all__ = ["Plan", "carries", "forward", "input_grad", "kernel_grad", "plan_for"]


def forward(x: Array, kernel: Array, g: Geometry) -> Array:
    """`convmat.sliding.forward`: equal to it but for rounding.

    Parameters
    ----------
    x : ndarray, `(batch, in_channels, *spatial)`
    kernel : ndarray of shape `g.weight_shape`
    g : Geometry

    Returns
    -------
    ndarray, `(batch, out_channels, *outs)`
        A new array, of the dtype that `x` and `kernel` have in common: one that
        `carries` accepts.

    Examples
    --------
    >>> from convmat import geometry
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> kernel = np.array([[[[0.0, 1.0], [2.0, 3.0]]]])
    >>> forward(x, kernel, geometry((3, 3), (2, 2)))
    array([[[[19., 25.],
             [37., 43.]]]])
    """
    return plan_for(g, len(x), np.result_type(x, kernel)).forward(x, kernel)


def input_grad(grad: Array, kernel: Array, g: Geometry) -> Array:
    """`convmat.sliding.input_grad`: equal to it but for rounding.

    Parameters
    ----------
    grad : ndarray, `(batch, out_channels, *outs)`
    kernel : ndarray of shape `g.weight_shape`
    g : Geometry

    Returns
    -------
    ndarray, `(batch, in_channels, *spatial)`
        A new array, as in `forward`.

    Examples
    --------
    >>> from convmat import geometry
    >>> input_grad(np.array([[[1.0, 100.0]]]), np.array([[[2.0, 5.0]]]), geometry(3, 2))
    array([[[  2., 205., 500.]]])
    """
    return plan_for(g, len(grad), np.result_type(grad, kernel)).input_grad(grad, kernel)


def kernel_grad(grad: Array, x: Array, g: Geometry) -> Array:
    """`convmat.sliding.kernel_grad`: equal to it but for rounding.

    Parameters
    ----------
    grad : ndarray, `(batch, out_channels, *outs)`
    x : ndarray, `(batch, in_channels, *spatial)`
    g : Geometry

    Returns
    -------
    ndarray of shape `g.weight_shape`
        A new array, as in `forward`, summed over the batch.

    Examples
    --------
    >>> from convmat import geometry
    >>> grad, x = np.array([[[1.0, 10.0]]]), np.array([[[2.0, 3.0, 4.0]]])
    >>> kernel_grad(grad, x, geometry(3, 2))
    array([[[32., 43.]]])
    """
    return plan_for(g, len(x), np.result_type(grad, x)).kernel_grad(grad, x)
