"""`Lemma`: a statement about all integers, and the code that relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from convmat.errors import ConvmatError
from convmat.verify.lemmas.formula import evaluate, names_in

__all__ = ["Bend", "Lemma"]


@dataclass(frozen=True, slots=True)
class Bend:
    """A small change that makes a lemma false.

    Attributes
    ----------
    words : str
        The mistake that it stands for.
    old, new : str
        Text of a definition, an assumption or a claim, and what replaces it. `old`
        stands in exactly one of them, once.

    Examples
    --------
    >>> lemma = Lemma(
    ...     "less", "A square is at least its root.", (), (), ("n * n >= n",), (), ()
    ... )
    >>> lemma.bent(Bend("no equality", ">=", ">")).holds({"n": 1})
    False
    """

    words: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Lemma:
    """A statement about all integers that meet its assumptions.

    All parts are text that Python and the solver read alike, see
    `convmat.verify.lemmas.formula`.

    Attributes
    ----------
    name, sentence : str
    definitions : tuple of (str, str)
        Names with what they stand for, each in terms of those before it. Each is a
        number that the code computes too.
    given : tuple of str
        What the integers are assumed to satisfy.
    claims : tuple of str
        What then holds.
    relied_on_by : tuple of str
        The code that would be wrong if it did not: `"module:function"`.
    bends : tuple of Bend
        Changes, for each of which there must be a counterexample.
    steps : tuple of str
        Claims on the way, each proved from those before it. The solver needs them,
        the reader may skip them.

    Examples
    --------
    >>> lemma = Lemma(
    ...     "halves",
    ...     "Twice a half is the number itself.",
    ...     definitions=(("half", "n // 2"),),
    ...     given=("n % 2 == 0",),
    ...     claims=("2 * half == n",),
    ...     relied_on_by=("operator:floordiv",),
    ...     bends=(Bend("odd numbers too", "n % 2 == 0", "n >= 0"),),
    ... )
    >>> lemma.variables, lemma.applies({"n": 6}), lemma.holds({"n": 6})
    (('n',), True, True)
    >>> lemma.bent(lemma.bends[0]).holds({"n": 7})
    False
    """

    name: str
    sentence: str
    definitions: tuple[tuple[str, str], ...]
    given: tuple[str, ...]
    claims: tuple[str, ...]
    relied_on_by: tuple[str, ...]
    bends: tuple[Bend, ...]
    steps: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that are not defined: the integers that it speaks of."""
        known = {name for name, _ in self.definitions}
        texts = [*(text for _, text in self.definitions), *self.given, *self.claims]
        names = dict.fromkeys(name for text in texts for name in names_in(text))
        return tuple(name for name in names if name not in known)

    def values(self, variables: Mapping[str, int]) -> dict[str, int]:
        """The variables together with all that is defined by them."""
        values = dict(variables)
        for name, text in self.definitions:
            values[name] = evaluate(text, values)
        return values

    def applies(self, variables: Mapping[str, int]) -> bool:
        """Whether these integers satisfy what is assumed."""
        # The first assumptions say that nothing is divided by 0 in a definition.
        values = dict(variables)
        defined = dict(self.definitions)
        for text in self.given:
            for name in self._needed(text):
                if name not in values:
                    values[name] = evaluate(defined[name], values)
            if not evaluate(text, values):
                return False
        return True

    def _needed(self, text: str) -> list[str]:
        """The defined names that a text hangs on, in the order of definition."""
        needed = set(names_in(text))
        for name, definition in reversed(self.definitions):
            if name in needed:
                needed.update(names_in(definition))
        return [name for name, _ in self.definitions if name in needed]

    def holds(self, variables: Mapping[str, int]) -> bool:
        """Whether all claims are true of these integers."""
        values = self.values(variables)
        return all(evaluate(text, values) for text in self.claims)

    def holds_of(self, values: Mapping[str, int]) -> bool:
        """Whether claims and definitions are true where others computed the names.

        `values` has all names, defined ones too: a name that is not what its definition
        says counts as false.
        """
        equations = [f"{name} == ({text})" for name, text in self.definitions]
        return all(evaluate(text, values) for text in (*equations, *self.claims))

    def bent(self, bend: Bend) -> Lemma:
        """The lemma with the change of `bend`, and without steps.

        Raises
        ------
        ConvmatError
            When the text to be changed does not stand in it exactly once.
        """
        texts = [*(text for _, text in self.definitions), *self.given, *self.claims]
        if sum(text.count(bend.old) for text in texts) != 1:
            rule = f"must stand exactly once in the lemma {self.name!r}"
            raise ConvmatError("bend.old", rule, bend.old)
        return replace(
            self,
            name=f"{self.name}, {bend.words}",
            definitions=tuple(
                (name, text.replace(bend.old, bend.new))
                for name, text in self.definitions
            ),
            given=tuple(text.replace(bend.old, bend.new) for text in self.given),
            claims=tuple(text.replace(bend.old, bend.new) for text in self.claims),
            bends=(),
            steps=(),
        )
