"""Plans: what learning rate and momentum are, together, along a training run.

A plan is a value, so that a checkpoint can hold it. A learner asks it for the rates
before each batch, at the share of the batches that are done.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.optim.rates import Number, finite, positive, share
from convmat.optim.schedules import Schedule, combined, constant, cosine, linear

__all__ = ["Constant", "FlatCosine", "LinearOneCycle", "OneCycle", "Plan", "Rates"]


class Rates(NamedTuple):
    """The rates of one step; None leaves that of the rule as it is.

    Examples
    --------
    >>> lr, momentum = OneCycle(0.06).rates(0)
    >>> lr, momentum
    (0.0024, 0.95)
    """

    lr: Number | None
    momentum: Number | None


class Plan(Protocol):
    """Anything that gives the rates at a position of the run.

    Examples
    --------
    >>> class Falling:
    ...     def rates(self, position):
    ...         return Rates(lr=0.5 * (1 - position), momentum=None)
    >>> Falling().rates(0.75)
    Rates(lr=0.125, momentum=None)
    """

    def rates(self, position: Number) -> Rates:
        """At the share of the run that is done, from 0 to 1."""


@dataclass(frozen=True)
class Constant:
    """The same rates throughout, by default those that the rule has.

    Examples
    --------
    >>> Constant(0.1).rates(0.5)
    Rates(lr=0.1, momentum=None)
    """

    lr: Number | None = None
    momentum: Number | None = None

    def __post_init__(self) -> None:
        if self.lr is not None:
            positive("lr", self.lr)
        if self.momentum is not None:
            share("momentum", self.momentum)

    def rates(self, position: Number) -> Rates:
        """The same at each position."""
        return Rates(self.lr, self.momentum)


@dataclass(frozen=True)
class OneCycle:
    """The 1-cycle policy in two halves of a cosine each: up, and down to almost 0.

    Momentum goes the other way: it is low where the learning rate is high.

    Parameters
    ----------
    lr_max : float or Fraction
        The learning rate at the top.
    div, div_final : float or Fraction
        It starts at `lr_max / div` and ends at `lr_max / div_final`.
    pct_start : float or Fraction
        Share of the run that goes up, between 0 and 1.
    momenta : (float, float, float) or None
        At the start, at the top and at the end; None leaves that of the rule.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For numbers out of range, and for what are no numbers.

    References
    ----------
    L. N. Smith, "A disciplined approach to neural network hyper-parameters", 2018, in
    the form and with the defaults of fastai 2's `fit_one_cycle`. The position is that
    before a batch, so no batch has the last rate itself.

    Examples
    --------
    >>> plan = OneCycle(0.06)
    >>> plan.rates(0)
    Rates(lr=0.0024, momentum=0.95)
    >>> [round(plan.rates(batch / 117).lr, 7) for batch in (29, 116)]
    [0.0599896, 1.98e-05]
    """

    lr_max: Number
    div: Number = 25
    div_final: Number = 1e5
    pct_start: Number = 0.25
    momenta: tuple[Number, Number, Number] | None = (0.95, 0.85, 0.95)

    def __post_init__(self) -> None:
        for name in ("lr_max", "div", "div_final"):
            positive(name, getattr(self, name))
        _inner("pct_start", self.pct_start)
        _momenta(self.momenta, 3)

    def rates(self, position: Number) -> Rates:
        """Both, along their cosines."""
        lr, momentum = self._schedules
        return Rates(lr(position), None if momentum is None else momentum(position))

    @cached_property
    def _schedules(self) -> tuple[Schedule, Schedule | None]:
        top, shares = self.lr_max, (self.pct_start, 1 - self.pct_start)
        up, down = cosine(top / self.div, top), cosine(top, top / self.div_final)
        lr = combined(shares, [up, down])
        if self.momenta is None:
            return lr, None
        start, low, end = self.momenta
        return lr, combined(shares, [cosine(start, low), cosine(low, end)])


@dataclass(frozen=True)
class LinearOneCycle:
    """The 1-cycle policy in straight lines: up, down as far, and then far below.

    Parameters
    ----------
    lr_max : float or Fraction
        The learning rate at the top.
    div, div_final : float or Fraction
        The cycle starts and ends at `lr_max / div`; the run ends at
        `lr_max / div_final`.
    pct_cycle : float or Fraction
        Share of the run that the cycle takes, half of it up, between 0 and 1.
    momenta : (float, float) or None
        Outside the cycle, and at its top; None leaves that of the rule.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As for `OneCycle`.

    References
    ----------
    L. N. Smith, "A disciplined approach to neural network hyper-parameters", 2018,
    sections 4.2 and 4.3: a cycle shorter than the run, of two steps of equal length;
    in the rest the rate falls several orders of magnitude. How far, and how long the
    cycle is, are not said there.

    Examples
    --------
    >>> plan = LinearOneCycle(1.0, div=10, pct_cycle=0.5)
    >>> [round(plan.rates(x).lr, 5) for x in (0, 0.25, 0.5, 0.75, 1)]
    [0.1, 1.0, 0.1, 0.05005, 0.0001]
    """

    lr_max: Number
    div: Number = 10
    div_final: Number = 1e4
    pct_cycle: Number = 0.9
    momenta: tuple[Number, Number] | None = (0.95, 0.85)

    def __post_init__(self) -> None:
        for name in ("lr_max", "div", "div_final"):
            positive(name, getattr(self, name))
        _inner("pct_cycle", self.pct_cycle)
        _momenta(self.momenta, 2)

    def rates(self, position: Number) -> Rates:
        """Both, along their lines."""
        lr, momentum = self._schedules
        return Rates(lr(position), None if momentum is None else momentum(position))

    @cached_property
    def _schedules(self) -> tuple[Schedule, Schedule | None]:
        half, top = self.pct_cycle / 2, self.lr_max
        shares = (half, half, 1 - self.pct_cycle)
        low, last = top / self.div, top / self.div_final
        lr = combined(shares, [linear(low, top), linear(top, low), linear(low, last)])
        if self.momenta is None:
            return lr, None
        high, least = self.momenta
        lines = [linear(high, least), linear(least, high), constant(high)]
        return lr, combined(shares, lines)


@dataclass(frozen=True)
class FlatCosine:
    """A constant learning rate, and then half a cosine down to almost 0.

    Parameters
    ----------
    lr : float or Fraction
        The learning rate of the flat part.
    div_final : float or Fraction
        It ends at `lr / div_final`.
    pct_start : float or Fraction
        Share of the run that is flat, between 0 and 1.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        As for `OneCycle`.

    References
    ----------
    fastai 2, `fit_flat_cos`: the form and the defaults.

    Examples
    --------
    >>> [round(FlatCosine(0.1).rates(x).lr, 7) for x in (0, 0.75, 0.875, 1)]
    [0.1, 0.1, 0.0500005, 1e-06]
    """

    lr: Number
    div_final: Number = 1e5
    pct_start: Number = 0.75

    def __post_init__(self) -> None:
        for name in ("lr", "div_final"):
            positive(name, getattr(self, name))
        _inner("pct_start", self.pct_start)

    def rates(self, position: Number) -> Rates:
        """The momentum is left to the rule."""
        return Rates(self._schedule(position), None)

    @cached_property
    def _schedule(self) -> Schedule:
        shares = (self.pct_start, 1 - self.pct_start)
        falls = cosine(self.lr, self.lr / self.div_final)
        return combined(shares, [constant(self.lr), falls])


def _inner(name: str, value: Number) -> None:
    """Refuse what is not between 0 and 1, neither of them."""
    number = finite(name, value)
    if not 0 < number < 1:
        raise ConvmatError(name, "must be between 0 and 1", value)


def _momenta(momenta: object, count: int) -> None:
    if momenta is None:
        return
    if not isinstance(momenta, tuple) or len(momenta) != count:
        raise ConvmatTypeError(
            "momenta", f"must be a tuple of {count} numbers", momenta
        )
    for place, momentum in enumerate(momenta):
        share(f"momenta[{place}]", momentum)
