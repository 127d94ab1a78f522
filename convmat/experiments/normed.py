"""What batch norm makes of a batch, in training and in eval mode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.nn import BatchNorm, functional

__all__ = ["Normed", "normed"]


@dataclass(frozen=True)
class Normed:
    """A batch before batch norm, and after each part of it.

    Attributes
    ----------
    before : ndarray, `(batch, channels, *spatial)`
    normalised : ndarray
        By the statistics of the batch, each channel has mean 0 and variance 1; `gamma`
        and `beta` have not acted yet.
    after : ndarray
        In training: `gamma * normalised + beta`.
    evaluated : ndarray
        In eval mode: the remembered statistics take the place of the batch's.

    Examples
    --------
    >>> seen = normed(BatchNorm(1, eps=0), [[1.0], [5.0]])
    >>> seen.before.ravel(), seen.normalised.ravel(), seen.after.ravel()
    (array([1., 5.]), array([-1.,  1.]), array([-1.,  1.]))
    """

    before: Array
    normalised: Array
    after: Array
    evaluated: Array


def normed(layer: BatchNorm, x: npt.ArrayLike) -> Normed:
    """What a layer would make of `x` in both modes; it remembers nothing of it.

    Parameters
    ----------
    layer : BatchNorm
    x : array_like, `(batch, channels, *spatial)`

    Raises
    ------
    ConvmatTypeError
        When `layer` is no batch norm.
    ShapeError
        For an input of another number of channels, or with fewer than two numbers for
        each: they have no variance.

    Examples
    --------
    >>> layer = BatchNorm(1)
    >>> layer.parameters["weight"][:] = 2
    >>> seen = normed(layer, [[1.0], [3.0]])
    >>> seen.normalised.round(3).tolist(), seen.after.round(3).tolist()
    ([[-1.0], [1.0]], [[-2.0], [2.0]])
    >>> seen.evaluated.round(3).tolist()
    [[2.0], [6.0]]
    """
    if not isinstance(layer, BatchNorm):
        raise ConvmatTypeError("layer", "must be a BatchNorm", layer)
    array = carried("x", x)
    gamma, beta = layer.parameters["weight"], layer.parameters["bias"]
    if array.ndim < 2 or array.shape[1] != len(gamma) or array.size < 2 * len(gamma):
        rule = f"must be (batch, {len(gamma)}, *spatial), with two numbers at least "
        raise ShapeError("x.shape", f"{rule}for each channel", array.shape)
    ones, zeros = np.ones_like(gamma), np.zeros_like(beta)
    held = layer.buffers["running_mean"], layer.buffers["running_var"]
    return Normed(
        array,
        functional.batch_norm(array, ones, zeros, layer.eps)[0],
        functional.batch_norm(array, gamma, beta, layer.eps)[0],
        functional.normalise(array, gamma, beta, *held, layer.eps),
    )
