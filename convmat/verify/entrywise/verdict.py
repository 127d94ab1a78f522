"""`Verdict`: what `exact` proved of one geometry, what it tested, what was wrong."""

from __future__ import annotations

from dataclasses import dataclass

from convmat.geometry import Geometry
from convmat.verify.checks.check import Finding
from convmat.verify.readings import BASE

__all__ = ["Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of an implementation at one geometry.

    `str(verdict)` tells apart what is proved, what is proved given bilinearity, and
    what is tested.

    Attributes
    ----------
    name : str
        Of the implementation.
    geometry : Geometry
    dtype : str
        Of the arrays that it was called with.
    parts : tuple of str
        The maps that it has.
    read : tuple of str
        Those of which every entry was read.
    entries : int
        Number of those entries: one for each tap, row and column.
    calls : int
        Calls that they were read with.
    digits : int
        Most units that were read in one call; 1 leaves no assumption on weights.
    probes : int
        Random integer arrays that the kernel gradient was held against, where it was
        not read.
    chance : float
        The largest chance that they miss a wrong bilinear map.
    polynomials : int
        Results that were compared as polynomials; 0 where symbols were not tried.
    tested : tuple of str
        Names of the checks that tested bilinearity and the bias.
    seed : int
    seconds : float
    finding : Finding or None
        The first thing that was wrong.

    Examples
    --------
    >>> from convmat import conv, geometry
    >>> from convmat.verify import exact
    >>> verdict = exact(conv, geometry((1, 3), (1, 1, 2)))
    >>> verdict.passed, verdict.read, verdict.entries  # 2 taps, 2 rows, 3 columns
    (True, ('forward',), 12)
    """

    name: str
    geometry: Geometry
    dtype: str
    parts: tuple[str, ...]
    read: tuple[str, ...]
    entries: int
    calls: int
    digits: int
    probes: int
    chance: float
    polynomials: int
    tested: tuple[str, ...]
    seed: int
    seconds: float
    finding: Finding | None

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""
        return self.finding is None

    def __str__(self) -> str:
        head = (
            f"{'PASS' if self.passed else 'FAIL'} {self.name} on {self.geometry!r}, "
            f"{self.dtype}, {self.seconds:.2f} s"
        )
        if self.finding is not None:
            return f"{head}\n  {self.finding.part}: {self.finding.words}"
        return "\n  ".join([head, *self._said()])

    def _said(self) -> list[str]:
        lines = []
        if self.polynomials:
            lines.append(
                f"proved for all values, in arrays of objects: {self.polynomials:,} "
                "results are the right polynomials"
            )
        if self.read:
            sized = f", if below {BASE - 1} in size" if self.digits > 1 else ""
            lines.append(
                f"proved, given bilinearity: {self.entries:,} weights of "
                f"{' and '.join(map(_words, self.read))}{sized}"
            )
        if self.probes:
            lines.append(
                f"tested: kernel gradient on {self.probes} random integer arrays; a "
                f"wrong bilinear one passes with a chance below {self.chance:.0e}"
            )
        if self.tested:
            lines.append(f"tested, seed {self.seed}: {', '.join(self.tested)}")
        absent = {"input_grad", "kernel_grad"} - {*self.parts}
        if absent:
            lines.append(f"not there: {' and '.join(map(_words, sorted(absent)))}")
        return lines


def _words(part: str) -> str:
    return {
        "forward": "the forward map",
        "input_grad": "the input gradient",
        "kernel_grad": "the kernel gradient",
    }[part]
