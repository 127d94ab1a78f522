"""Somebody else's convolution, behind one signature and with its hands watched.

`Implementation` is a black box with what it `Supports`; a call of it is an `Outcome`: a
result, and whatever went wrong on the way, in words. No exception leaves it.
"""

from convmat.verify.black_box.implementation import Implementation, implementation
from convmat.verify.black_box.outcome import Outcome, Problem
from convmat.verify.black_box.supports import Supports

__all__ = ["Implementation", "Outcome", "Problem", "Supports", "implementation"]
