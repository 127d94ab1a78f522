"""Properties that every right convolution has, each a value with a name.

A `Check` is run on an `Implementation` and a `Trial`, and gives a `Finding` or None.
"""

from convmat.verify.checks.check import Check, Finding, Trial

__all__ = ["Check", "Finding", "Trial"]
