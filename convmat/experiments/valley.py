"""Descent in a long valley: what momentum does, on the smallest loss that shows it.

The loss is `(a * x**2 + b * y**2) / 2`: flat along the valley, steep across it. One
learning rate has to do for both directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.nn.counts import count
from convmat.optim import SGD
from convmat.optim.rates import Number, finite, positive, share

__all__ = ["Descents", "descend_valley"]

_MOST = 1000  # steps: in exact numbers each makes all further ones longer


@dataclass(frozen=True)
class Descents:
    """Ways down one valley, one for each momentum.

    Attributes
    ----------
    curvatures : (number, number)
        Of the loss along the valley, `a`, and across it, `b`.
    lr : number
        The learning rate of all.
    paths : dict of number to ndarray, `(steps + 1, 2)`
        By momentum; row `t` is the point `(x, y)` after `t` steps.

    Examples
    --------
    >>> from fractions import Fraction
    >>> down = descend_valley((0,), steps=2, lr=Fraction(1, 2), curvatures=(1, 3))
    >>> down.paths[0].tolist()
    [[-10.0, 1.5], [-5.0, -0.75], [-2.5, 0.375]]
    """

    curvatures: tuple[Number, Number]
    lr: Number
    paths: dict[Number, Array]

    @property
    def distances(self) -> dict[Number, Array]:
        """Distance from the lowest point, `(0, 0)`, after each step; in floats."""
        return {
            momentum: np.hypot(*path.astype(np.float64).T)
            for momentum, path in self.paths.items()
        }

    @property
    def losses(self) -> dict[Number, Array]:
        """The loss after each step."""
        a, b = self.curvatures
        return {
            momentum: (a * path[:, 0] ** 2 + b * path[:, 1] ** 2) / 2
            for momentum, path in self.paths.items()
        }


def descend_valley(
    momenta: Sequence[Number] = (0, 0.5, 0.9, 0.99),
    *,
    curvatures: tuple[Number, Number] = (1, 100),
    start: tuple[Number, Number] = (-10, 1.5),
    lr: Number = 0.018,
    steps: int = 120,
) -> Descents:
    """Descend a valley by `convmat.optim.SGD`, once with each momentum.

    With the defaults a step without momentum overshoots across the valley, by 0.8 of
    where it was, and goes 0.018 of the way along it. Momentum 0.9 gets along in a third
    of the steps; 0.99 swings past the end and back.

    Parameters
    ----------
    momenta : sequence of number
        Each in [0, 1), none twice.
    curvatures : (number, number)
        Along the valley and across it, greater than 0.
    start : (number, number)
        Not the lowest point, `(0, 0)`.
    lr : number
        Less than `2 * (1 + m) / c` for the least momentum `m` and the larger curvature
        `c`; from there on descent does not come down.
    steps : int
        At most 1,000.

    Returns
    -------
    Descents
        Exact, as arrays of `Fraction`, where all numbers are integers or fractions.

    Raises
    ------
    ConvmatError
        For numbers out of range, and a learning rate that is too large.
    ConvmatTypeError
        For what are no real numbers, or no pairs.
    ShapeError
        For no momenta, or one that comes twice.

    References
    ----------
    B. T. Polyak, "Some methods of speeding up the convergence of iteration methods",
    USSR Computational Mathematics and Mathematical Physics 4(5), 1964.

    Examples
    --------
    >>> descents = descend_valley((0, 0.9), steps=120)
    >>> [round(float(d[-1]), 3) for d in descents.distances.values()]
    [1.131, 0.014]
    """
    factors = [share(f"momenta[{place}]", m) for place, m in enumerate(momenta)]
    if not factors or len(set(factors)) < len(factors):
        rule = "must hold at least one momentum, and none twice"
        raise ShapeError("momenta", rule, tuple(momenta))
    a, b = _pair("curvatures", curvatures)
    positive("curvatures[0]", a)
    positive("curvatures[1]", b)
    point = _pair("start", start)
    if not any(point):
        raise ConvmatError("start", "must not be the lowest point", start)
    rate = positive("lr", lr)
    if rate * max(a, b) >= 2 * (1 + min(factors)):
        rule = f"must be less than {float(2 * (1 + min(factors)) / max(a, b)):.4g} here"
        remedy = "or descent climbs the steep side"
        raise ConvmatError("lr", rule, lr, remedy)
    total = count("steps", steps, 0, _MOST)
    exact = all(isinstance(n, Rational) for n in (*factors, a, b, *point, rate))
    paths = {}
    for momentum in factors:
        place = np.array([Fraction(n) if exact else float(n) for n in point])
        rule_ = SGD(rate, momentum)
        path = [place.copy()]
        for _ in range(total):
            rule_.step({"p": place}, {"p": np.array([a, b]) * place})
            path.append(place.copy())
        paths[momentum] = np.array(path)
    return Descents((a, b), rate, paths)


def _pair(name: str, value: object) -> tuple[Number, Number]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ConvmatTypeError(name, "must be a pair of numbers", value)
    first, second = (finite(f"{name}[{place}]", n) for place, n in enumerate(value))
    return first, second
