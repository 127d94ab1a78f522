"""A program that shows what a check found, and runs on its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from convmat.arrays import Array
from convmat.verify.checks import Finding

__all__ = ["importable", "snippet"]

_CALLS = {
    "forward": ("apply", ("x", "kernel")),
    "input_grad": ("gradient_by_input", ("grad", "kernel")),
    "kernel_grad": ("gradient_by_kernel", ("grad", "x")),
}
"""Method of `Implementation`, and the arrays that it takes."""

_MOST = 4096  # numbers of an array that are written out


def snippet(
    finding: Finding, function: Callable[..., Any], signature: str, target: str = ""
) -> str:
    """The source of a program that makes the call of a finding.

    Parameters
    ----------
    finding : Finding
    function : callable
        The one that was checked. One that cannot be imported by its name, such as a
        lambda, is left to the reader to define.
    signature : str
        One of `convmat.verify.signatures.SIGNATURES`.
    target : str
        Where it was found, as `package.module:function`, if it was asked for so.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv, geometry
    >>> g = geometry((1, 2), (1, 1, 1))
    >>> arrays = {"x": np.ones((1, 1, 2)), "kernel": np.ones((1, 1, 1))}
    >>> found = Finding("c", "forward", "...", g, arrays, 1, 2, (0, 0, 1))
    >>> print(snippet(found, conv, "callable"))
    import numpy as np
    <BLANKLINE>
    import convmat
    from convmat.verify.signatures import adapted
    from convmat.maps import conv
    <BLANKLINE>
    box = adapted(conv, 'callable')
    g = convmat.geometry((1, 2), (1, 1, 1))
    x = np.array([[[1.0, 1.0]]], dtype='float64')
    kernel = np.array([[[1.0]]], dtype='float64')
    outcome = box.apply(x, kernel, g)
    print(outcome.problems or outcome.result[0, 0, 1])  # expected 1
    """
    method, taken = _CALLS[finding.part]
    named = [name for name in (*taken, "bias") if name in finding.arrays]
    if finding.part != "forward":
        named = [name for name in named if name != "bias"]
    arguments = [name for name in named if name != "bias"]
    arguments += ["g", *(name for name in named if name == "bias")]
    place = f"[{', '.join(map(str, finding.place))}]" if finding.place else ""
    expected = f"  # expected {finding.expected}" if finding.place else ""
    home, name = _named(target) or importable(function)
    imported = f"from {home} import {name}" if home else f"# define {name} here"
    return "\n".join(
        [
            "import numpy as np",
            "",
            "import convmat",
            "from convmat.verify.signatures import adapted",
            imported,
            "",
            f"box = adapted({name}, {signature!r})",
            f"g = convmat.{finding.geometry!r}",
            *(f"{name} = {_written(finding.arrays[name])}" for name in named),
            f"outcome = box.{method}({', '.join(arguments)})",
            f"print(outcome.problems or outcome.result{place}){expected}",
        ]
    )


def importable(function: Callable[..., Any]) -> tuple[str, str]:
    """Module and name to import a function by; no module where that does not find it.

    Examples
    --------
    >>> from convmat import conv
    >>> importable(conv), importable(lambda x: x)
    (('convmat.maps', 'conv'), ('', 'function'))
    """
    home = getattr(function, "__module__", None) or ""
    name = getattr(function, "__name__", "function")
    found = getattr(sys.modules.get(home), name, None)
    if found is function and home != "__main__":
        return home, name
    return "", name if name.isidentifier() else "function"


def _named(target: str) -> tuple[str, str] | None:
    home, _, name = target.partition(":")
    return (home, name) if name.isidentifier() else None


def _written(array: Array) -> str:
    """The array as source."""
    if array.size > _MOST:
        return f"...  # {array.size:,} numbers, shape {array.shape}"
    if array.size == 0:
        return f"np.zeros({array.shape}, dtype={array.dtype.name!r})"
    text = repr(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
    dtype = "object" if array.dtype == object else array.dtype.name
    return f"np.array({text}, dtype={dtype!r})"
