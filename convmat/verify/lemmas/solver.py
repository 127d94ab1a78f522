"""Statements in the language of Z3: proved, or refuted by integers."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from convmat.errors import needs
from convmat.verify.lemmas.formula import parse, walk
from convmat.verify.lemmas.lemma import Lemma

__all__ = ["Verdict", "decide", "refute"]

_REACH = (8, 64)
"""Counterexamples are looked for among integers of this size first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the solver says of one lemma.

    Attributes
    ----------
    lemma : Lemma
    status : str
        `"proved"`; `"refuted"`; or `"unknown"`, where it gave up within the time.
    seconds : float
    statement : str
        The claim that is not proved; empty where all are.
    counterexample : dict of str to int or None
        Integers of which the claim is false: checked in Python, not only by the solver.

    Examples
    --------
    >>> from convmat.verify.lemmas.lemma import Lemma
    >>> wrong = Lemma(
    ...     "halves", "A half doubles.", (), (), ("2 * (n // 2) == n",), (), ()
    ... )
    >>> verdict = decide(wrong)
    >>> verdict.status, verdict.statement, verdict.counterexample["n"] % 2
    ('refuted', '2 * (n // 2) == n', 1)
    """

    lemma: Lemma
    status: str
    seconds: float
    statement: str = ""
    counterexample: dict[str, int] | None = None

    @property
    def passed(self) -> bool:
        """Whether the lemma is proved."""
        return self.status == "proved"

    def __str__(self) -> str:
        word = "PASS" if self.passed else "FAIL"
        head = f"{word} {self.seconds:6.3f} s  {self.lemma.name}: {self.lemma.sentence}"
        if self.passed:
            return head
        if self.counterexample is None:
            return f"{head}\n  the solver gave up on: {self.statement}"
        numbers = ", ".join(f"{n}={v}" for n, v in self.counterexample.items())
        return f"{head}\n  false where {numbers}: {self.statement}"


def decide(lemma: Lemma, seconds: float = 10.0) -> Verdict:
    """Prove a lemma for all integers, or find some of which it is false.

    Parameters
    ----------
    lemma : Lemma
    seconds : float
        Time for each claim, and for each step on the way to it. What is not decided by
        then is unknown.

    Returns
    -------
    Verdict

    Raises
    ------
    ModuleNotFoundError
        Without Z3, the extra `proofs`.

    Examples
    --------
    >>> from convmat.verify.lemmas.lemma import Lemma
    >>> less = Lemma(
    ...     "less", "A square is at least its root.", (), (), ("n * n >= n",), (), ()
    ... )
    >>> decide(less).status
    'proved'
    """
    start = time.perf_counter()
    terms = _Terms.of(lemma, seconds)
    for text in (*lemma.steps, *lemma.claims):
        if not terms.proves(text):
            found = refute(lemma, seconds)
            status = "unknown" if found is None else "refuted"
            return Verdict(lemma, status, time.perf_counter() - start, text, found)
        terms.known.append(terms.read(text))
    return Verdict(lemma, "proved", time.perf_counter() - start)


def refute(lemma: Lemma, seconds: float = 10.0) -> dict[str, int] | None:
    """Integers that satisfy what a lemma assumes, and not all that it claims.

    They are found by the solver and checked by Python.

    Parameters
    ----------
    lemma : Lemma
    seconds : float
        Time for each of three searches: among small integers, larger ones, all.

    Returns
    -------
    dict of str to int, or None
        A value for each of `lemma.variables`; None where none were found, which is no
        proof that there are none.

    Raises
    ------
    ModuleNotFoundError
        Without Z3, the extra `proofs`.

    Examples
    --------
    >>> from convmat.verify.lemmas.lemma import Lemma
    >>> wrong = Lemma(
    ...     "halves", "A half doubles.", (), (), ("2 * (n // 2) == n",), (), ()
    ... )
    >>> refute(wrong)["n"] % 2
    1
    """
    terms = _Terms.of(lemma, seconds)
    return next(filter(None, map(terms.counterexample, (*_REACH, None))), None)


@dataclass(slots=True)
class _Terms:
    """The parts of a lemma as terms of Z3, and what is known of them so far."""

    z3: ModuleType
    lemma: Lemma
    seconds: float
    # Of its own, so that what the solver tries does not hang on what came before.
    context: Any
    values: dict[str, Any] = field(default_factory=dict)
    known: list[Any] = field(default_factory=list)
    quotients: dict[tuple[int, int], tuple[Any, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, lemma: Lemma, seconds: float) -> _Terms:
        z3 = _z3()
        terms = cls(z3, lemma, seconds, z3.Context())
        for name in lemma.variables:
            terms.values[name] = terms._unknown(name)
        for name, text in lemma.definitions:
            meaning = terms.read(text)
            # A name of its own, so that a product by it is one by an unknown, not by
            # the sum or the choice that it stands for.
            terms.values[name] = terms._unknown(name)
            terms.known.append(terms.values[name] == meaning)
        terms.known += [terms.read(text) for text in lemma.given]
        return terms

    def read(self, text: str) -> Any:
        return walk(parse(text), self.values, self)

    def proves(self, text: str) -> bool:
        """Whether there are no integers of which a statement is false."""
        denied = self.z3.Not(self.read(text))
        return bool(self._solver(denied).check() == self.z3.unsat)

    def counterexample(self, reach: int | None) -> dict[str, int] | None:
        """Integers, up to `reach` in size, of which not all claims are true."""
        z3, names = self.z3, self.lemma.variables
        denied = z3.Not(self.all_of(list(map(self.read, self.lemma.claims))))
        solver = self._solver(denied)
        if reach is not None:
            solver.add(*(z3.And(-reach <= v, v <= reach) for v in self._unknowns()))
        if solver.check() != z3.sat:
            return None
        model = solver.model()
        numbers = [model.eval(v, model_completion=True) for v in self._unknowns()]
        found = dict(zip(names, (n.as_long() for n in numbers), strict=True))
        wrong = self.lemma.applies(found) and not self.lemma.holds(found)
        return found if wrong else None

    def _unknown(self, name: str) -> Any:
        return self.z3.Int(name, self.context)

    def _unknowns(self) -> list[Any]:
        return [self.values[name] for name in self.lemma.variables]

    def _solver(self, denied: Any) -> Any:
        solver = self.z3.Solver(ctx=self.context)
        solver.set("timeout", int(1000 * self.seconds))
        solver.add(*self.known, denied)
        return solver

    # What the parts of a statement mean: see `Algebra`.

    def number(self, value: int) -> Any:
        return self.z3.IntVal(value, self.context)

    def divide(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Quotient and remainder as integers of their own, with what defines them.

        The solver proves more of these than of its own division. For `b < 1` nothing
        is said of them, so that nothing can be proved that hangs on them.
        """
        z3, key = self.z3, (a.get_id(), b.get_id())
        if key not in self.quotients:
            count = len(self.quotients)
            q, r = (self._unknown(f"{part}_{count}") for part in ("quotient", "rest"))
            self.quotients[key] = q, r
            rule = z3.And(a == b * q + r, r >= 0, r < b)
            self.known.append(z3.Implies(b >= 1, rule))
        return self.quotients[key]

    def all_of(self, parts: list[Any]) -> Any:
        return self.z3.And(*parts, self.context)

    def any_of(self, parts: list[Any]) -> Any:
        return self.z3.Or(*parts, self.context)

    def negate(self, part: Any) -> Any:
        return self.z3.Not(part)

    def choose(self, condition: Any, a: Any, b: Any) -> Any:
        return self.z3.If(condition, a, b)


def _z3() -> ModuleType:
    try:
        z3 = importlib.import_module("z3")
    except ImportError as error:
        if error.name != "z3":
            raise
        message = needs("convmat.verify.lemmas", "Z3", "proofs")
        raise ModuleNotFoundError(message, name=error.name) from error
    return z3
