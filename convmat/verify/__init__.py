"""Proofs that a convolution is one: convmat's own routes, and anybody's.

`check` reports on a function of somebody else: named `CHECKS` on `trials`, and `exact`,
which reads the whole matrix that it implies. `prove` compares convmat's own routes over
a box of geometries, `sweep` does so on many processes and machines, and goes on where
it was cut off. `certify` writes a proof as a file that others can check. `lemmas` holds
for all sizes at once, `mutants` are wrong on purpose, and `strategies` draw geometries
and arrays for property-based tests.

Everything loads on first use. `strategies` needs Hypothesis, and proving `lemmas` Z3.

>>> from convmat.verify import BOXES, prove
>>> prove(BOXES["volume"]).passed
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from convmat.errors import needs

if TYPE_CHECKING:
    from convmat.verify import strategies
    from convmat.verify.black_box import (
        Implementation,
        Supports,
        implementation,
    )
    from convmat.verify.boxes import BOXES, Box
    from convmat.verify.certificate import Certificate, certify, load_certificate
    from convmat.verify.checking import check
    from convmat.verify.checks import CHECKS, Check, Finding, Trial
    from convmat.verify.counterexample import Counterexample
    from convmat.verify.entrywise import Verdict, exact, implied_matrix
    from convmat.verify.mutants import MUTANTS, diagnose, score
    from convmat.verify.proof import Proof, prove
    from convmat.verify.report import CheckResult, Report
    from convmat.verify.routes import ROUTES, Route
    from convmat.verify.sweep_workers import worker_pool
    from convmat.verify.sweeps import sweep
    from convmat.verify.testing import each_check
    from convmat.verify.trial_list import trial, trials
    from convmat.verify.witnesses import WITNESSES

__all__ = [
    "BOXES",
    "CHECKS",
    "MUTANTS",
    "ROUTES",
    "WITNESSES",
    "Box",
    "Certificate",
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
    "certify",
    "check",
    "diagnose",
    "each_check",
    "exact",
    "implementation",
    "implied_matrix",
    "load_certificate",
    "prove",
    "score",
    "strategies",
    "sweep",
    "trial",
    "trials",
    "worker_pool",
]

_HOME = {
    "BOXES": "boxes",
    "Box": "boxes",
    "CHECKS": "checks",
    "Certificate": "certificate",
    "Check": "checks",
    "CheckResult": "report",
    "Counterexample": "counterexample",
    "Finding": "checks",
    "Implementation": "black_box",
    "MUTANTS": "mutants",
    "Proof": "proof",
    "ROUTES": "routes",
    "Report": "report",
    "Route": "routes",
    "Supports": "black_box",
    "Trial": "checks",
    "Verdict": "entrywise",
    "WITNESSES": "witnesses",
    "certify": "certificate",
    "check": "checking",
    "diagnose": "mutants",
    "each_check": "testing",
    "exact": "entrywise",
    "implementation": "black_box",
    "implied_matrix": "entrywise",
    "load_certificate": "certificate",
    "prove": "proof",
    "score": "mutants",
    "sweep": "sweeps",
    "trial": "trial_list",
    "trials": "trial_list",
    "worker_pool": "sweep_workers",
}


def __getattr__(name: str) -> Any:
    """Load the file of a public name on first use (PEP 562)."""
    if name not in __all__:
        message = f"module 'convmat.verify' has no attribute {name!r}"
        raise AttributeError(message)
    try:
        home = importlib.import_module(f"convmat.verify.{_HOME.get(name, name)}")
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        message = needs(f"convmat.verify.{name}", "Hypothesis", "verify")
        raise ModuleNotFoundError(message, name=error.name) from error
    value = getattr(home, name) if name in _HOME else home
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
