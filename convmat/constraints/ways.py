"""Ways to descend under the constraints of a rung, and what each one equals.

A step begins with the gradient by the whole matrix, tie or no tie. The ways differ in
what becomes of it. Let `B` embed parameters in entries, and `g` be the gradient by the
entries; `B.T @ g` sums it over each tie.

    reparametrise   train the parameters: their gradient is B.T g
    sum             train the matrix by B B.T g: every entry gets the sum of its tie
    mean            train the matrix by P g: every entry gets the mean of its tie
    project         train every entry by itself, then project: P (W - lr g)

`P = B (B.T B)^-1 B.T` is the orthogonal projection. `reparametrise` and `sum` are the
training of a convolution's kernel. `mean` and `project` are that of a kernel whose
learning rate is divided, tap by tap, by the multiplicity. `docs/training.md` proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from convmat.arrays import Array
from convmat.constraints.stores import Store
from convmat.optim import Rule

__all__ = ["WAYS", "Descent"]


class Descent:
    """What a way works on.

    Attributes
    ----------
    store : Store
        Holds a matrix of its rung.
    rule : Rule
    theta : ndarray of shape (rung.free_parameters,)
        The parameters where they are trained; where the matrix is, those of the start.
    """

    def __init__(self, store: Store, rule: Rule, theta: Array) -> None:
        self.store, self.rung = store, store.rung
        self.rule = rule
        self.theta = theta.copy()

    def step(self, way: str, errors: Array, x: Array) -> None:
        """One step, from the gradient by the outputs and the inputs."""
        WAYS[way](self, errors, x)


def _reparametrise(descent: Descent, errors: Array, x: Array) -> None:
    gradient = descent.store.pulled_back(errors, x)
    descent.rule.step({"theta": descent.theta}, {"theta": gradient})
    descent.store.take(descent.theta)


def _sum(descent: Descent, errors: Array, x: Array) -> None:
    store, rung = descent.store, descent.rung
    tied = store.filled(rung.embed(store.pulled_back(errors, x)))
    descent.rule.step({"matrix": store.values}, {"matrix": tied})


def _mean(descent: Descent, errors: Array, x: Array) -> None:
    store, rung = descent.store, descent.rung
    shares = rung.solve(store.pulled_back(errors, x))
    tied = store.filled(rung.embed(shares))
    descent.rule.step({"matrix": store.values}, {"matrix": tied})


def _project(descent: Descent, errors: Array, x: Array) -> None:
    store, rung = descent.store, descent.rung
    gradient = store.gradient(errors, x)
    descent.rule.step({"matrix": store.values}, {"matrix": gradient})
    store.values[...] = store.filled(rung.project(store.entries(store.values)))


WAYS: Mapping[str, Callable[[Descent, Array, Array], None]] = MappingProxyType(
    {
        "reparametrise": _reparametrise,
        "sum": _sum,
        "mean": _mean,
        "project": _project,
    }
)
"""Each way by its name: one step from the errors and the inputs of a batch."""
