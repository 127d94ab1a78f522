"""`told`: what a matrix was found to be, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convmat.arrays import Array

if TYPE_CHECKING:
    from convmat.structure.recognition import Nearest, Recognition

__all__ = ["told"]

_MOST = 64  # taps that are written out


def told(found: Recognition) -> str:
    """The answer, its evidence, and what could be otherwise, one a line."""
    if not found:
        return "\n".join([*_why_not(found), f"  searched: {found.searched}"])
    what = "a transposed convolution" if found.transposed else "a convolution"
    lines = [f"yes: {what}", f"  {found.geometry!r}", *_orders(found)]
    lines += [f"  kernel {_kernel(found.kernel)}", f"  {found.evidence}"]
    lines += [f"  not unique: {freedom}" for freedom in found.freedoms]
    if found.tolerance:
        lines.append(f"  entries equal within {float(found.tolerance):.3g}")
    return "\n".join(lines)


def _why_not(found: Recognition) -> list[str]:
    rows, columns = found.matrix_shape
    near = found.nearest
    if found.evidence is not None and not found.evidence.entries:
        what = f"no, or only trivially: this {rows}x{columns} matrix is 0, and so it is"
        return [f"{what} in every geometry, with a kernel of zeros"]
    if near is not None and (found.overfitted or near.close):
        lines = [f"no: this {rows}x{columns} matrix is near a convolution"]
        lines += _nearest(near)
        if found.geometry is not None:
            lines += [f"  exactly it is {found.geometry!r}", *_orders(found)]
            lines.append(f"  but there {found.evidence}: the nearest is plainer")
        return lines
    lines = [f"no: this {rows}x{columns} matrix is no convolution"]
    if found.geometry is not None:
        lines = ["no, or only trivially: with so many taps any matrix is one"]
        lines += [f"  {found.geometry!r}", f"  {found.evidence}"]
    return lines if near is None else lines + _nearest(near)


def _nearest(near: Nearest) -> list[str]:
    entries = "1 entry" if near.wrong == 1 else f"{near.wrong:,} entries"
    lines = [
        f"  nearest found: {near.geometry!r}",
        f"  kernel {_kernel(near.kernel)}",
        f"  distance {near.distance:.6g}, {near.relative:.3%} of its norm",
        f"  {entries} off",
    ]
    return lines if near.broken is None else [*lines, f"  first: {near.broken}"]


def _orders(found: Recognition) -> list[str]:
    named = {"rows": found.row_order, "columns": found.column_order}
    return [
        f"  {what} in order {order!r}" for what, order in named.items() if order != "C"
    ]


def _kernel(kernel: Array | None) -> str:
    if kernel is None or kernel.size > _MOST:
        return "" if kernel is None else f"of shape {kernel.shape}"
    if kernel.dtype == object:
        kernel = np.array([str(v) for v in kernel.flat], object).reshape(kernel.shape)
    return str(kernel.tolist()).replace("'", "")
