"""The pytest plugin: `pytest --convmat-impl package.module:function`.

Every check becomes a test of the run, whatever else there is to collect. This file is
loaded by every run of pytest where convmat is installed, so all else waits until the
option is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from convmat.verify.testing import BoundCheck

__all__ = ["CheckItem"]

_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("impl", {"metavar": "MODULE:FUNCTION", "help": "check this convolution"}),
    ("signature", {"default": "callable", "help": "torch, jax, scipy, onnx, keras"}),
    ("input-grad", {"metavar": "MODULE:FUNCTION", "help": "its gradient by x"}),
    ("kernel-grad", {"metavar": "MODULE:FUNCTION", "help": "by its kernel"}),
    ("rank", {"type": int, "help": "number of spatial axes (default: all)"}),
    ("examples", {"type": int, "default": 60, "help": "trials (default: 60)"}),
    ("seed", {"type": int, "default": 0, "help": "of the trials (default: 0)"}),
    (
        "expect-failure",
        {
            "action": "append",
            "default": [],
            "metavar": "CHECK",
            "help": "a check that is known to fail; reported when it passes",
        },
    ),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("convmat", "convolutions that are checked (convmat)")
    for name, told in _OPTIONS:
        group.addoption(f"--convmat-{name}", **told)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each check, before `-k` and `-m` choose."""
    if config.getoption("convmat_impl"):
        items.extend(_items(session, config))


class CheckItem(pytest.Item):
    """One check on the convolution that was named."""

    def __init__(self, *, bound: BoundCheck, **told: Any) -> None:
        super().__init__(**told)
        self.bound = bound

    def runtest(self) -> None:
        """Run the check."""
        self.bound()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """The finding alone: a traceback through convmat helps nobody."""
        from convmat.verify.testing import CheckFailedError

        if isinstance(excinfo.value, CheckFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Any, None, str]:
        """What the report calls it."""
        return self.path, None, f"convmat: {self.name}"


def _items(session: pytest.Session, config: pytest.Config) -> Iterator[pytest.Item]:
    from convmat.errors import ConvmatError
    from convmat.verify.checks import CHECKS
    from convmat.verify.target import load_target
    from convmat.verify.testing import BoundCheck, Checked, CheckFailedError

    def option(name: str) -> Any:
        return config.getoption(f"convmat_{name}")

    def loaded(target: str | None) -> Any:
        return None if target is None else load_target(target)

    try:
        checked = Checked(
            loaded(option("impl")),
            rank=option("rank"),
            examples=option("examples"),
            seed=option("seed"),
            signature=option("signature"),
            input_grad=loaded(option("input_grad")),
            kernel_grad=loaded(option("kernel_grad")),
            name=option("impl"),
        )
        _ = checked.run
    except (ConvmatError, ModuleNotFoundError) as error:
        raise pytest.UsageError(f"--convmat-impl: {error}") from error
    known = set(option("expect_failure"))
    if not known <= set(CHECKS):
        strange = ", ".join(sorted(known - set(CHECKS)))
        names = ", ".join(CHECKS)
        message = f"--convmat-expect-failure: no check {strange}; there are {names}"
        raise pytest.UsageError(message)
    for check in CHECKS.values():
        item = CheckItem.from_parent(
            session,
            name=f"{option('impl')}[{check.name}]",
            bound=BoundCheck(check, checked),
        )
        if check.name in known:
            why = "expected to fail"
            mark = pytest.mark.xfail(reason=why, strict=True, raises=CheckFailedError)
            item.add_marker(mark)
        yield item
