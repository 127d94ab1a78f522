"""Proofs that every route is the same convolution, and what they are made of.

`prove` compares the routes exactly over a box of geometries, and `sweep` does so on
many processes and machines, and goes on where it was cut off. `strategies` draws
geometries and arrays for property-based tests; it alone needs Hypothesis, and is loaded
on first use.

>>> from convmat.verify import BOXES, prove
>>> prove(BOXES["volume"]).passed
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convmat.errors import needs
from convmat.verify.boxes import BOXES, Box
from convmat.verify.checking import check
from convmat.verify.checks import CHECKS, Check, Finding, Trial
from convmat.verify.counterexample import Counterexample
from convmat.verify.exact import Verdict, exact, implied_matrix
from convmat.verify.implementation import Implementation, Supports, implementation
from convmat.verify.proof import Proof, prove
from convmat.verify.report import CheckResult, Report
from convmat.verify.routes import ROUTES, Route
from convmat.verify.sweep_workers import worker_pool
from convmat.verify.sweeps import sweep
from convmat.verify.trials import trial, trials
from convmat.verify.witnesses import WITNESSES

if TYPE_CHECKING:
    from convmat.verify import strategies

__all__ = [
    "BOXES",
    "CHECKS",
    "ROUTES",
    "WITNESSES",
    "Box",
    "Check",
    "CheckResult",
    "Counterexample",
    "Finding",
    "Implementation",
    "Proof",
    "Report",
    "Route",
    "Supports",
    "Trial",
    "Verdict",
    "check",
    "exact",
    "implementation",
    "implied_matrix",
    "prove",
    "strategies",
    "sweep",
    "trial",
    "trials",
    "worker_pool",
]


def __getattr__(name: str) -> Any:
    """Load `strategies` on first use, because it needs Hypothesis (PEP 562)."""
    if name == "strategies":
        try:
            return importlib.import_module("convmat.verify.strategies")
        except ModuleNotFoundError as error:
            if error.name != "hypothesis":
                raise
            message = needs("convmat.verify.strategies", "Hypothesis", "verify")
            raise ModuleNotFoundError(message, name=error.name) from error
    message = f"module 'convmat.verify' has no attribute {name!r}"
    raise AttributeError(message)
