"""Learning an unknown kernel from a picture and what the kernel makes of it.

A kernel that finds edges is kept secret. Given are pieces of a picture, and the maps
that the secret kernel made of them. Descent on the matrix, under its two constraints,
finds the kernel; when it is one of integers, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.constraints import train_matrix
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.geometry import Geometry, geometry
from convmat.nn.counts import count
from convmat.optim import SGD
from convmat.sliding import conv

__all__ = ["EDGES", "Found", "learn_kernel", "pieces"]

EDGES = {
    "top": ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
    "left": ((-1, 1, 0), (-1, 1, 0), (-1, 1, 0)),
    "diagonal 1": ((0, -1, 1), (-1, 1, 0), (1, 0, 0)),
    "diagonal 2": ((1, -1, 0), (0, 1, -1), (0, 0, 1)),
}
"""The four kernels of chapter 13 of "Deep Learning for Coders with fastai"."""


@dataclass(frozen=True)
class Found:
    """What `learn_kernel` found.

    Attributes
    ----------
    geometry : Geometry
        Of one piece.
    secret : ndarray of int
        The kernel that made the maps.
    kernels : ndarray of shape (steps + 1, taps down, taps along)
        The kernel before the first step, and after each.
    losses : list of float
        Before each step.
    rounded : ndarray of int
        The last kernel, rounded to integers.
    exact : bool
        Whether `rounded` makes every map of every piece, number for number.

    Examples
    --------
    >>> from convmat.nn import load_digits
    >>> digits = load_digits(dtype=int).train_images[:100]
    >>> found = learn_kernel(digits, EDGES["left"], steps=300, progress=False)
    >>> found.exact, found.kernels.shape, len(found.losses)
    (True, (301, 3, 3), 300)
    >>> bool((found.rounded == found.secret).all())
    True
    """

    geometry: Geometry
    secret: Array
    kernels: Array
    losses: list[float]
    rounded: Array
    exact: bool


def learn_kernel(
    images: npt.ArrayLike,
    secret: npt.ArrayLike = EDGES["top"],
    *,
    steps: int = 2000,
    momentum: float = 0.9,
    way: str = "reparametrise",
    progress: bool = True,
) -> Found:
    """Learn the kernel that made the edge maps of some pictures, from 0.

    The learning rate follows from the pictures. It is one over the sum of the squares
    that all taps see, which is at least the largest curvature of the loss. Descent on a
    quadratic converges at any momentum `m` while rate times curvature is below
    `2 * (1 + m)`; so here it always does.

    Parameters
    ----------
    images : array_like of int, `(batch, 1, high, wide)`
        Grey values, such as `pieces(photo)` or the digits.
    secret : array_like of int, two axes
        The kernel to be found; `EDGES` has four.
    steps : int
        Each on all pictures.
    momentum : float
        In [0, 1).
    way : str
        One of `convmat.constraints.WAYS`. Nothing is padded, so all take the same
        steps: where a way has the mean of a tie for the sum, its learning rate is
        as many times larger as the tie has entries.
    progress : bool
        Whether to show a bar, on a terminal.

    Returns
    -------
    Found

    Raises
    ------
    ConvmatTypeError
        For pictures or a kernel that are not of integers: only those can be found
        exactly.
    ShapeError
        For arrays of other axes.
    GeometryError
        For a kernel that the pictures do not hold.
    ConvmatError
        For pictures of nothing but zeros, maps beyond int64, and as `train_matrix`.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods",
    USSR Computational Mathematics and Mathematical Physics 4(5), 1964, for the bound on
    the learning rate.

    Examples
    --------
    >>> from convmat.nn import load_digits
    >>> digits = load_digits(dtype=int).train_images[:100]
    >>> found = learn_kernel(digits, EDGES["left"], steps=300, progress=False)
    >>> found.exact, found.rounded
    (True, array([[-1,  1,  0],
                  [-1,  1,  0],
                  [-1,  1,  0]]))
    """
    pixels, kernel = carried("images", images), carried("secret", secret)
    for name, array in (("images", pixels), ("secret", kernel)):
        if array.dtype.kind != "i":
            rule = "must hold integers, so that the end can be exact"
            raise ConvmatTypeError(name, rule, str(array.dtype))
    if pixels.ndim != 4 or pixels.shape[1] != 1 or len(pixels) == 0:
        rule = "must be (batch, 1, high, wide), with at least one picture"
        raise ShapeError("images.shape", rule, pixels.shape)
    if kernel.ndim != 2:
        raise ShapeError("secret.shape", "must have two axes", kernel.shape)
    g = geometry(pixels.shape[2:], kernel.shape)
    maps = conv(pixels, kernel)
    largest = max(int(pixels.max()), -int(pixels.min()))
    if largest == 0:
        raise ConvmatError("images", "must not be all zeros", pixels)
    x = pixels / largest
    rate = _rate(x, kernel.size)
    if way in ("mean", "project"):
        rate *= prod(g.output_size)
    kernels, losses = [np.zeros(kernel.shape)], []
    run = train_matrix(
        g,
        np.zeros(kernel.size),
        x,
        maps / largest,
        SGD(rate, momentum),
        steps=count("steps", steps, 0),
        way=way,
        store="free" if way == "reparametrise" else "pattern",
    )
    # None shows the bar on a terminal only.
    hidden = None if progress else True
    for step in tqdm(run, total=steps, unit="step", disable=hidden, delay=1):
        kernels.append(step.theta.reshape(kernel.shape))
        losses.append(float(step.loss))
    rounded = np.rint(kernels[-1]).astype(np.int64)
    exact = bool((conv(pixels, rounded) == maps).all())
    return Found(g, kernel, np.array(kernels), losses, rounded, exact)


def _rate(x: Array, taps: int) -> float:
    """A learning rate at which descent on the kernel converges, at any momentum.

    The loss is quadratic; its Hessian is the mean over the pictures of the outer
    products of the windows with themselves. The trace of that, and so the largest
    curvature, is at most `taps` times the squares of a picture. Along an eigenvector of
    curvature `c` the error obeys `z'' = (1 + m - rate * c) * z' - m * z`, which dies
    out exactly while `0 < rate * c < 2 * (1 + m)`: both roots of its characteristic
    polynomial are then within the unit circle.
    """
    squares = float((x * x).sum()) / len(x)
    return 1 / (squares * taps)


def pieces(picture: npt.ArrayLike, side: int = 16, most: int = 256) -> Array:
    """A picture cut into squares, from left to right and from top to bottom.

    Parameters
    ----------
    picture : array_like, `(high, wide)`
    side : int
        Pixels of a square.
    most : int
        Squares at most; they are taken evenly from the whole picture.

    Returns
    -------
    ndarray, `(squares, 1, side, side)`
        What is left over at the right and at the bottom is in none of them.

    Raises
    ------
    ShapeError
        For a picture that has no two axes, or is smaller than a square.
    ConvmatError, ConvmatTypeError
        For a `side` or a `most` that is no integer of at least 1.

    Examples
    --------
    >>> pieces(np.arange(12).reshape(3, 4), side=2).tolist()
    [[[[0, 1], [4, 5]]], [[[2, 3], [6, 7]]]]
    """
    array = carried("picture", picture)
    count("side", side, 1)
    count("most", most, 1)
    if array.ndim != 2 or min(array.shape) < side:
        rule = f"must be (high, wide), of {side} pixels at least on each side"
        raise ShapeError("picture.shape", rule, array.shape)
    high, wide = (n // side for n in array.shape)
    places = list(product(range(high), range(wide)))
    chosen = np.linspace(0, len(places) - 1, min(most, len(places))).astype(int)
    squares = [
        array[r * side : (r + 1) * side, c * side : (c + 1) * side]
        for r, c in (places[number] for number in chosen)
    ]
    return np.array(squares)[:, None]
