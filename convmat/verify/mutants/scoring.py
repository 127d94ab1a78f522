"""`score`: which check catches which mutant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.verify.checks import CHECKS, Check, Trial
from convmat.verify.mutants.dictionary import MUTANTS
from convmat.verify.mutants.mutant import Mutant, box
from convmat.verify.mutants.suites import SUITES
from convmat.verify.trial_list import trial
from convmat.verify.witnesses import WITNESSES

__all__ = ["SCORED", "Score", "score"]

SCORED: tuple[Geometry, ...] = tuple(
    WITNESSES[name]
    for name in (
        "1-D plain",
        "2-D plain",
        "3-D unequal",
        "1-D dilation",
        "1-D circular with a stride",
        "1-D reflect",
        "1-D circular",
        "2-D symmetric",
        "2-D pointwise with a stride",
        "2-D depthwise with dilation",
        "2-D depthwise with a multiplier",
        "2-D square",
    )
)
"""The witnesses that `score` runs on: few, and each mutant is wrong on one of them.

Two of them have the same shapes, so that whatever is kept for a shape shows.
"""


@dataclass(frozen=True)
class Score:
    """What was caught, and by what.

    Attributes
    ----------
    checks : tuple of str
        All checks that ran.
    caught : mapping of str to tuple of str
        For each mutant the checks that catch it, in their order.
    suites : mapping of str to frozenset of str
        For each outside suite the mutants that it catches.

    Examples
    --------
    >>> caught = {"kernel-flipped": ("equal-to-the-matrix",), "bias-twice": ()}
    >>> found = Score(("equal-to-the-matrix", "empty-batch"), caught, {})
    >>> found.missed, found.idle
    (('bias-twice',), ('empty-batch',))
    """

    checks: tuple[str, ...]
    caught: Mapping[str, tuple[str, ...]]
    suites: Mapping[str, frozenset[str]]

    @property
    def missed(self) -> tuple[str, ...]:
        """The mutants that no check catches."""
        return tuple(name for name, checks in self.caught.items() if not checks)

    @property
    def alone(self) -> Mapping[str, tuple[str, ...]]:
        """The checks without which some mutants would be missed, with those."""
        return {
            check: mutants
            for check in self.checks
            if (
                mutants := tuple(
                    name for name, found in self.caught.items() if found == (check,)
                )
            )
        }

    @property
    def idle(self) -> tuple[str, ...]:
        """The checks that catch nothing, which are to be questioned."""
        working = {check for found in self.caught.values() for check in found}
        return tuple(check for check in self.checks if check not in working)

    def __str__(self) -> str:
        total = len(self.caught)
        lines = [f"{total - len(self.missed)} of {total} mutants caught"]
        lines += [f"{name}: {len(got)} of {total}" for name, got in self.suites.items()]
        for title, names in (("missed", self.missed), ("catch nothing", self.idle)):
            if names:
                lines.append(f"{title}: {', '.join(names)}")
        return "\n".join(lines)


def score(
    checks: Mapping[str, Check] = CHECKS,
    mutants: Mapping[str, Mutant] = MUTANTS,
    trials: Sequence[Trial] | None = None,
    *,
    progress: bool = True,
) -> Score:
    """Run every check on every mutant, until the first trial that catches it.

    Parameters
    ----------
    checks : mapping of str to Check
    mutants : mapping of str to Mutant
    trials : sequence of Trial, optional
        What they are run on; by default one for each geometry of `SCORED`.
    progress : bool
        Whether to show a bar, on a terminal.

    Returns
    -------
    Score

    Raises
    ------
    ConvmatError
        When a check finds something in a right convolution.

    Examples
    --------
    >>> few = {name: CHECKS[name] for name in ("equal-to-the-matrix", "empty-batch")}
    >>> bugs = {name: MUTANTS[name] for name in ("kernel-flipped", "bias-twice")}
    >>> found = score(few, bugs)
    >>> found.caught
    {'kernel-flipped': ('equal-to-the-matrix',), 'bias-twice': ()}
    >>> print(found)
    1 of 2 mutants caught
    onnx: 0 of 2
    symmetric: 2 of 2
    missed: bias-twice
    catch nothing: empty-batch
    """
    if trials is None:
        supports = box("right").supports
        trials = [trial(g, supports, seed=n) for n, g in enumerate(SCORED)]
    called = {name: _called(check, trials) for name, check in checks.items()}
    hidden = None if progress else True
    caught = {}
    for name, mutant in tqdm(mutants.items(), "mutants", disable=hidden, delay=1):
        caught[name] = tuple(
            check_name
            for check_name, check in checks.items()
            if mutant.part in called[check_name] and _catches(check, mutant, trials)
        )
    suites = {
        name: frozenset(n for n, m in mutants.items() if suite.catches(m.build()))
        for name, suite in SUITES.items()
    }
    return Score(tuple(checks), caught, suites)


def _called(check: Check, trials: Sequence[Trial]) -> frozenset[str]:
    """The maps that a check calls; mutants of the others are right to it."""
    parts: set[str] = set()

    def seen(part: str, function: Callable[..., Array]) -> Callable[..., Array]:
        def call(*arguments: Any, **settings: Any) -> Array:
            parts.add(part)
            return function(*arguments, **settings)

        return call

    right = box("right")
    maps: dict[str, Any] = {
        part: seen(part, getattr(right, part)) for part in right.parts
    }
    watched = replace(right, **maps)
    for one in trials:
        if check.applies(watched, one.geometry):
            finding = check(watched, one)
            if finding is not None:
                rule = "must find nothing in a right convolution"
                raise ConvmatError(f"checks[{check.name!r}]", rule, str(finding))
    return frozenset(parts)


def _catches(check: Check, mutant: Mutant, trials: Sequence[Trial]) -> bool:
    """Whether a check finds what it is for on one of the trials, one after another.

    A call that gave nothing to look at is a finding too, but of no check in particular.
    Right maps that it does not ask for are left out, because it could not fail by them.
    """
    black_box = mutant.build()
    needed = {*check.parts, mutant.part}
    for part in {"input_grad", "kernel_grad"} - needed:
        left_out: dict[str, Any] = {part: None}
        black_box = replace(black_box, **left_out)
    findings = (
        check(black_box, one)
        for one in trials
        if check.applies(black_box, one.geometry)
    )
    return any(found is not None and found.check == check.name for found in findings)
