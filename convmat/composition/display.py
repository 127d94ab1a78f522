"""Compositions and reports on a kernel in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convmat.html import facts, fragment, table

if TYPE_CHECKING:
    from convmat.composition.report import KernelReport
    from convmat.composition.result import Composition

__all__ = ["composition_html", "kernel_report_html"]

_MOST = 225  # taps of a kernel that is written out


def composition_html(merged: Composition) -> str:
    """The two, the merged one, its kernel where it is small, and where it differs.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.composition import compose
    >>> g = geometry(5, 3, padding=1)
    >>> "in 3 of 5" in composition_html(compose([1, 1, 1], g, [1, 1, 1], g))
    True
    """
    parts = [facts([("first", merged.first), ("second", merged.second)])]
    kernel = merged.kernel
    if kernel.ndim <= 2 and kernel.size <= _MOST:
        rows = kernel.reshape(-1, kernel.shape[-1]).tolist()
        parts.append(table([list(map(str, row)) for row in rows]))
    title, *notes = str(merged).split("; ", 1)
    return fragment(title, *parts, notes=notes)


def kernel_report_html(report: KernelReport) -> str:
    """What `print` shows, a row each."""
    lines = [line.split(None, 1) for line in str(report).splitlines()]
    return fragment("Kernel", facts((name, told) for name, told in lines))
