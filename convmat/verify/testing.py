"""The checks as tests of pytest: one test for each, on somebody's convolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from convmat.errors import ConvmatError, needs
from convmat.verify.black_box import Implementation, Supports
from convmat.verify.checking import box_of, run_of
from convmat.verify.checks import CHECKS, Check
from convmat.verify.report import CheckResult
from convmat.verify.running import Run

__all__ = ["BoundCheck", "CheckFailedError", "Checked", "each_check"]


class CheckFailedError(AssertionError):
    """A check that failed, in words, with a program that shows it.

    Attributes
    ----------
    result : CheckResult
    """

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result)
        self.result = result

    def __str__(self) -> str:
        return "\n\n".join([self.result.told(), self.result.snippet]).strip()


class Checked:
    """A function and what it is tried on; made on first use, and once.

    Parameters
    ----------
    function, signature, input_grad, kernel_grad, supports, rank, examples, seed, seconds, name
        As in `convmat.verify.check`.
    """  # noqa: E501

    def __init__(
        self,
        function: Callable[..., Any] | Implementation,
        *,
        rank: int | None = None,
        examples: int = 60,
        seed: int = 0,
        **given: Any,
    ) -> None:
        self._function, self._given = function, given
        self._tried = (rank, examples, seed)

    @cached_property
    def run(self) -> Run:
        """The trials are drawn here."""
        box, origin = box_of(self._function, **self._given)
        signature = self._given.get("signature", "callable")
        return run_of(box, origin, signature, *self._tried)


class BoundCheck:
    """One check on one function. Call it: it fails, skips or returns the result.

    Attributes
    ----------
    check : Check
    """

    def __init__(self, check: Check, checked: Checked) -> None:
        self.check = check
        self._checked = checked

    def __repr__(self) -> str:
        return self.check.name

    def __call__(self) -> CheckResult:
        """Run the check.

        Raises
        ------
        CheckFailedError
            When it fails, or when no call gave anything to look at.
        """
        import pytest

        result = self._checked.run.result(self.check)
        if result.status == "not claimed":
            pytest.skip(f"not claimed: {result.why}")
        if result.status != "holds":
            raise CheckFailedError(result)
        return result


def each_check(
    function: Callable[..., Any] | Implementation,
    *,
    expected_failures: Mapping[str, str] | None = None,
    signature: str = "callable",
    input_grad: Callable[..., Any] | None = None,
    kernel_grad: Callable[..., Any] | None = None,
    supports: Supports | None = None,
    rank: int | None = None,
    examples: int = 60,
    seed: int = 0,
    seconds: float = 10.0,
    name: str | None = None,
) -> Any:
    """A decorator that makes one test for each check, passed in as `check`.

    Checks whose subject is not claimed are skipped, with the reason.

    Parameters
    ----------
    function, signature, input_grad, kernel_grad, supports, rank, examples, seed, \
seconds, name
        As in `convmat.verify.check`.
    expected_failures : mapping of str to str
        Names of checks that are known to fail, and why. One that starts to pass is
        reported, as a failure.

    Returns
    -------
    decorator
        For a test function with one argument, `check`, which it has to call.

    Raises
    ------
    ConvmatError
        For a name in `expected_failures` that no check has.
    ModuleNotFoundError
        When pytest is not installed.

    Examples
    --------
    >>> from convmat import conv
    >>> @each_check(conv, expected_failures={"empty-batch": "not done yet"})
    ... def test_my_convolution(check):
    ...     check()
    >>> [case.id for case in test_my_convolution.pytestmark[0].args[1]][:2]
    ['output-shape', 'equal-to-the-matrix']
    """
    try:
        import pytest
    except ModuleNotFoundError as error:
        message = needs("each_check", "pytest", "verify")
        raise ModuleNotFoundError(message, name="pytest") from error
    known = dict(expected_failures or {})
    for one in known:
        if one not in CHECKS:
            rule = f"must name checks: {', '.join(CHECKS)}"
            raise ConvmatError("expected_failures", rule, one)
    checked = Checked(
        function,
        rank=rank,
        examples=examples,
        seed=seed,
        signature=signature,
        input_grad=input_grad,
        kernel_grad=kernel_grad,
        supports=supports,
        seconds=seconds,
        name=name,
    )
    cases = []
    for check in CHECKS.values():
        marks = []
        if check.name in known:
            reason = known[check.name] or "expected to fail"
            marks = [
                pytest.mark.xfail(reason=reason, strict=True, raises=CheckFailedError)
            ]
        cases.append(
            pytest.param(BoundCheck(check, checked), id=check.name, marks=marks)
        )
    return pytest.mark.parametrize("check", cases)
