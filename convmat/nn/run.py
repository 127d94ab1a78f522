"""`Run`: one fit, from its plan to where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from convmat.errors import ConvmatError
from convmat.optim import Constant, FlatCosine, LinearOneCycle, OneCycle, Plan
from convmat.optim.rates import Number

__all__ = ["Run", "plan_of"]

_PLANS: Mapping[str, type] = {
    kind.__name__: kind for kind in (Constant, FlatCosine, LinearOneCycle, OneCycle)
}


@dataclass(frozen=True)
class Run:
    """One fit. Where it stands is told by the recorder alone, which grows by appends.

    Attributes
    ----------
    plan : Plan
    epochs : int
        To train in all.
    first_epoch, first_step : int
        What the recorder held when it began.
    lr, momentum : float or Fraction
        Of the rule when it began, and again when it ends.
    """

    plan: Plan
    epochs: int
    first_epoch: int
    first_step: int
    lr: Number
    momentum: Number

    def position(self, steps: int, batches: int, *, exact: bool = False) -> Number:
        """The share that is done when so many steps are recorded; a Fraction if exact.

        Examples
        --------
        >>> run = Run(Constant(), 3, 0, 0, 0.1, 0.9)
        >>> run.position(4, 2), run.position(4, 2, exact=True)
        (0.6666666666666666, Fraction(2, 3))
        """
        share = Fraction(steps - self.first_step, self.epochs * batches)
        return share if exact else float(share)

    def batch(self, steps: int, epochs: int, batches: int) -> int:
        """The next batch of the present epoch."""
        return steps - self.first_step - (epochs - self.first_epoch) * batches

    def settings(self) -> dict[str, object]:
        """All of it, as `encoded` takes it."""
        kind = type(self.plan).__name__
        known = _PLANS.get(kind) is type(self.plan)
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields["plan"] = asdict(self.plan) if known else repr(self.plan)  # type: ignore[call-overload]  # all in _PLANS are data classes
        return {"kind": kind if known else "", **fields}

    @staticmethod
    def of(settings: Mapping[str, Any], plan: Plan | None) -> Run:
        """The run of `settings`; a plan that is not of this package has to be given."""
        fields = {k: v for k, v in settings.items() if k != "kind"}
        fields["plan"] = plan_of(settings["kind"], settings["plan"], plan)
        return Run(**fields)


def plan_of(kind: str, stored: Any, given: Plan | None) -> Plan:
    """The stored plan; or the one that is given, where it is the same.

    Raises
    ------
    ConvmatError
        When another one is given, or none where one is needed.
    """
    if kind in _PLANS:
        plan: Plan = _PLANS[kind](**stored)
        if given is not None and given != plan:
            raise ConvmatError("plan", f"must be that of the checkpoint, {plan}", given)
        return plan
    if given is None or repr(given) != stored:
        rule = f"must be that of the checkpoint, {stored}"
        raise ConvmatError("plan", rule, given, "resume(path, plan=...)")
    return given
