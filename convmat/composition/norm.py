"""`fold_batch_norm`: a convolution and the batch norm behind it, as one convolution."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.composition.blocks import finite
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError

__all__ = ["Folded", "fold_batch_norm"]


class Folded(NamedTuple):
    """A convolution that does what another one and its batch norm did.

    Attributes
    ----------
    kernel : ndarray
        Each output channel times its gamma / sigma.
    bias : ndarray, `(out_channels,)`
        `(bias - mean) * gamma / sigma + beta`.

    Examples
    --------
    >>> folded = fold_batch_norm([[[2, 4]]], [1], mean=[3], var=[4], gamma=[3])
    >>> folded.bias.tolist()  # (1 - 3) * 3 / 2
    [Fraction(-3, 1)]
    """

    kernel: Array
    bias: Array


def fold_batch_norm(
    kernel: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    mean: npt.ArrayLike,
    sigma: npt.ArrayLike | None = None,
    var: npt.ArrayLike | None = None,
    eps: float | Fraction = 0,
    gamma: npt.ArrayLike | None = None,
    beta: npt.ArrayLike | None = None,
) -> Folded:
    """A convolution and the batch norm behind it, in eval mode, as one convolution.

    With `y` what the convolution gives, batch norm makes of it

        gamma * (y - mean) / sigma + beta,    sigma = sqrt(var + eps)

    which is linear in `y` once the statistics are fixed: `gamma / sigma` goes into the
    kernel, all else into the bias.

    Parameters
    ----------
    kernel : array_like, `(out_channels, in_channels // groups, *kernel)`
    bias : array_like, `(out_channels,)`, optional
        Of the convolution.
    mean : array_like, `(out_channels,)`
        What the norm remembers.
    sigma : array_like, `(out_channels,)`, optional
        What it divides by, ...
    var : array_like, `(out_channels,)`, optional
        ... or the variance that it remembers, to which `eps` is added.
    eps : number
        PyTorch's is 1e-5.
    gamma, beta : array_like, `(out_channels,)`, optional
        1 and 0 where the norm has none.

    Returns
    -------
    Folded
        `kernel` and `bias`. In Fractions where all numbers are integers or Fractions,
        and exact then: the two layers and the one agree in every number. In floats each
        route rounds in its own way.

    Raises
    ------
    ShapeError
        For arrays without one number per output channel.
    ConvmatError
        For sigma and var together or neither; for a sigma that is not positive, and
        numbers that are not finite; in exact numbers, for a variance without a rational
        root.
    ConvmatTypeError
        For what are no numbers.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch normalization", ICML 2015, algorithm 2, step 11.

    Examples
    --------
    >>> folded = fold_batch_norm([[[2, 4]]], [1], mean=[3], var=[4], gamma=[3])
    >>> folded.kernel.tolist(), folded.bias.tolist()
    ([[[Fraction(3, 1), Fraction(6, 1)]]], [Fraction(-3, 1)])
    """
    weights = finite("kernel", carried("kernel", kernel))
    if weights.ndim < 3:
        rule = "must be (out_channels, in_channels // groups, *kernel)"
        raise ShapeError("kernel.shape", rule, weights.shape)
    if (sigma is None) == (var is None):
        given = "both" if var is not None else "neither"
        raise ConvmatError("sigma", "must be given, or var, not both", given)
    channels = len(weights)
    named: dict[str, npt.ArrayLike | None] = {
        "bias": bias,
        "mean": mean,
        "sigma": sigma,
        "var": var,
        "gamma": gamma,
        "beta": beta,
    }
    arrays = {k: _numbers(k, v, channels) for k, v in named.items() if v is not None}
    if isinstance(eps, bool) or not isinstance(eps, Real | np.number):
        raise ConvmatTypeError("eps", "must be a number", eps)
    finite("eps", np.asarray(eps))
    spread = arrays.pop("var", None)
    exact = all(a.dtype.kind in "iO" for a in (weights, *arrays.values()))
    exact &= spread is None or (
        spread.dtype.kind in "iO" and not isinstance(eps, float)
    )
    if spread is not None:
        arrays["sigma"] = _root(spread, eps, exact=exact)
    root = arrays["sigma"]
    if not all(bool(number > 0) for number in root.flat):
        name = "sigma" if spread is None else "var + eps"
        raise ConvmatError(name, "must be greater than 0", root)
    if exact:
        weights, root = _fractions(weights), _fractions(root)
        arrays = {name: _fractions(array) for name, array in arrays.items()}
    one: Array = np.ones(channels, weights.dtype if exact else root.dtype)
    scale = arrays.get("gamma", one) / root
    shift = arrays.get("bias", 0 * one) - arrays["mean"]
    bias_after = shift * scale + arrays.get("beta", 0 * one)
    along = scale.reshape(channels, *(1,) * (weights.ndim - 1))
    return Folded(weights * along, bias_after)


def _numbers(name: str, value: npt.ArrayLike, channels: int) -> Array:
    array = carried(name, value)
    if array.shape != (channels,):
        rule = f"must be ({channels},), one number per output channel"
        raise ShapeError(f"{name}.shape", rule, array.shape)
    return finite(name, array)


def _fractions(array: Array) -> Array:
    """Each number as the Fraction that it is, so that division stays exact."""
    made: Array = np.empty(array.shape, object)
    for place, number in np.ndenumerate(array):
        made[place] = _fraction(number)
    return made


def _fraction(number: Any) -> Any:
    return Fraction(int(number)) if isinstance(number, int | np.integer) else number


def _root(var: Array, eps: float | Fraction, *, exact: bool) -> Array:
    """The square root of `var + eps`.

    Raises
    ------
    ConvmatError
        Where it should be exact and is no rational number.
    """
    if not exact:
        with np.errstate(invalid="ignore"):  # below 0: refused by the caller
            return np.asarray(np.sqrt((var + eps).astype(np.result_type(var, 1.0))))
    roots: Array = np.empty(var.shape, object)
    for place, number in np.ndenumerate(_fractions(var) + eps):
        whole = Fraction(number)
        if whole > 0:
            top, below = isqrt(whole.numerator), isqrt(whole.denominator)
            if Fraction(top, below) ** 2 != whole:
                rule = "must have a rational root beside exact numbers"
                remedy = "give sigma, or floats"
                raise ConvmatError("var + eps", rule, whole, remedy)
            roots[place] = Fraction(top, below)
        else:
            roots[place] = whole
    return roots
