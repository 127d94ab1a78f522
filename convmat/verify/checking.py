"""`check`: a function of somebody else against all that a convolution must be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.checks import CHECKS, Check
from convmat.verify.report import Report
from convmat.verify.running import Run
from convmat.verify.signatures import adapted
from convmat.verify.trial_list import trials

__all__ = ["box_of", "check", "run_of"]


def check(
    function: Callable[..., Any] | Implementation,
    *,
    signature: str = "callable",
    input_grad: Callable[..., Any] | None = None,
    kernel_grad: Callable[..., Any] | None = None,
    supports: Supports | None = None,
    rank: int | None = None,
    examples: int = 60,
    seed: int = 0,
    seconds: float = 10.0,
    checks: Iterable[Check] | None = None,
    name: str | None = None,
    progress: bool | None = None,
) -> Report:
    """The report on a convolution: what holds of it, what fails, what is not claimed.

    Witnesses come first, then geometries drawn at random. Each check ends at its first
    failure, which is made as small as it gets. Whatever the function does, short of
    ending the process, becomes a finding, and the other checks go on.

    Parameters
    ----------
    function : callable or Implementation
    signature : str
        How it is called; see `convmat.verify.signatures.SIGNATURES`.
    input_grad, kernel_grad : callable, optional
        Its gradients, with the signature "callable".
    supports : Supports, optional
        What it claims. The rest is listed as not claimed.
    rank : int, optional
        Number of spatial axes; by default all that are claimed.
    examples : int
        Trials, each of which every check sees.
    seed : int
        The same seed gives the same report.
    seconds : float
        Time limit of one call.
    checks : iterable of Check, optional
        Some of `convmat.verify.CHECKS`; all by default.
    name : str, optional
        What the report calls it.
    progress : bool, optional
        Whether a run of more than two seconds shows a bar; by default in a terminal.

    Returns
    -------
    Report

    Raises
    ------
    ConvmatTypeError
        For a function that is none, and checks that are none.
    ConvmatError
        For other arguments that make no sense; never for what the function does.

    Examples
    --------
    >>> from convmat import conv
    >>> check(conv, examples=5).passed
    True
    >>> def mine(x, kernel, bias=None, *, stride, padding, dilation, groups):
    ...     swapped = {"stride": stride[::-1], "padding": padding}
    ...     return conv(x, kernel, bias, dilation=dilation, groups=groups, **swapped)
    >>> report = check(mine, rank=2, examples=20)
    >>> print(report.likely[0])
    forward looks like the strides swapped between axes, in the size of the output too
    """
    from tqdm import tqdm

    box, origin = box_of(
        function,
        signature=signature,
        input_grad=input_grad,
        kernel_grad=kernel_grad,
        supports=supports,
        name=name,
        seconds=seconds,
    )
    chosen = tuple(CHECKS.values() if checks is None else checks)
    for one in chosen:
        if not isinstance(one, Check):
            raise ConvmatTypeError("checks", "must be values of class Check", one)
    if not chosen:
        raise ConvmatError("checks", "must name at least one", chosen)
    start = time.perf_counter()
    run = run_of(box, origin, signature, rank, examples, seed)
    hidden = None if progress is None else not progress
    results = []
    for one in tqdm(chosen, box.name, delay=2, disable=hidden):
        results.append(run.result(one))
    verdicts = run.verdicts()
    wrong = any(v.status == "fails" for v in results)
    wrong |= not all(verdict.passed for verdict in verdicts)
    return Report(
        name=box.name,
        signature=signature,
        results=tuple(results),
        verdicts=verdicts,
        likely=run.likely() if wrong else (),
        missing=run.box.supports.missing(),
        examples=len(run.trials),
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def box_of(
    function: Callable[..., Any] | Implementation, **given: Any
) -> tuple[Implementation, Callable[..., Any]]:
    """The black box, and the function in it; keywords as `signatures.adapted`.

    Raises
    ------
    ConvmatTypeError
        When it is no function.
    """
    if isinstance(function, Implementation):
        return function, function.forward
    if not callable(function):
        raise ConvmatTypeError("function", "must be a function", function)
    return adapted(function, **given), function


def run_of(
    box: Implementation,
    function: Callable[..., Any],
    signature: str = "callable",
    rank: int | None = None,
    examples: int = 60,
    seed: int = 0,
) -> Run:
    """The run of a black box on its trials, all of one rank if there is one."""
    tried = trials(box.supports, rank, examples, seed)
    if rank is not None:
        box = replace(box, supports=replace(box.supports, ranks=(rank,)))
    return Run(box, tried, function, signature)
