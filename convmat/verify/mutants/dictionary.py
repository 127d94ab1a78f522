"""`MUTANTS`: the dictionary of wrong convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convmat.verify.mutants.arithmetic import ARITHMETIC
from convmat.verify.mutants.bias import BIAS
from convmat.verify.mutants.channels import CHANNELS
from convmat.verify.mutants.input_grad import INPUT_GRAD
from convmat.verify.mutants.kernel import KERNEL
from convmat.verify.mutants.kernel_grad import KERNEL_GRAD
from convmat.verify.mutants.memory import MEMORY
from convmat.verify.mutants.modes import MODES
from convmat.verify.mutants.mutant import Mutant
from convmat.verify.mutants.padding import PADDING
from convmat.verify.mutants.size import SIZE
from convmat.verify.mutants.state import STATE
from convmat.verify.mutants.stride import STRIDE

__all__ = ["MUTANTS"]

_FAMILIES = (
    KERNEL,
    CHANNELS,
    STRIDE,
    PADDING,
    MODES,
    SIZE,
    BIAS,
    ARITHMETIC,
    MEMORY,
    STATE,
    INPUT_GRAD,
    KERNEL_GRAD,
)

MUTANTS: Mapping[str, Mutant] = MappingProxyType(
    {mutant.name: mutant for family in _FAMILIES for mutant in family}
)
"""The mutants by name, in the order of their families."""
