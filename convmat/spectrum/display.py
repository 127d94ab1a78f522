"""Singular values and estimates of a norm in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convmat.html import facts, fragment, table

if TYPE_CHECKING:
    from convmat.spectrum.results import Spectrum
    from convmat.spectrum.table import BoundTable

__all__ = ["bounds_html", "spectrum_html"]

_SHOWN = 10  # values


def spectrum_html(spectrum: Spectrum) -> str:
    """The first values, each with its error, and how they were obtained.

    Examples
    --------
    >>> from convmat import singular_values
    >>> "2.64575" in spectrum_html(singular_values([1, 2], 3))
    True
    """
    values, errors = spectrum.values[:_SHOWN], spectrum.errors[:_SHOWN]
    rows = [[f"{v:.6g}", f"{e:.2g}"] for v, e in zip(values, errors, strict=True)]
    names = [str(number) for number in range(len(rows))]
    shown = table(rows, head=["", "singular value", "error"], names=names)
    rest = len(spectrum) - len(rows)
    notes = [f"{rest:,} more, down to {spectrum.values[-1]:.6g}."] if rest else []
    notes.append(f"{spectrum.norm.told[0].upper()}{spectrum.norm.told[1:]}.")
    return fragment(_head(spectrum), shown, notes=notes)


def _head(spectrum: Spectrum) -> str:
    rows, columns = spectrum.matrix_shape
    many = "all" if spectrum.complete else "the largest"
    return f"Spectrum: {many} {len(spectrum):,} of a {rows:,}×{columns:,} matrix"


def bounds_html(bounds: BoundTable) -> str:
    """The norm, and each estimate with its share of it.

    Examples
    --------
    >>> from convmat.spectrum import compare_bounds
    >>> bounds_html(compare_bounds([1, 2], 3)).count("<tr>") > 3
    True
    """
    truth = bounds.truth.value
    rows = [["truth", f"{truth:.6g}", "1.000", "", bounds.truth.told]]
    for bound in bounds.bounds:
        share = f"{bound.value / truth:.3f}" if truth else "-"
        row = [bound.name, f"{bound.value:.6g}", share, bound.label, bound.source]
        rows.append(row)
    head = ["estimate", "value", "/ truth", "label", "source"]
    told = facts([("norm of", repr(bounds.geometry))])
    return fragment("Norm and its estimates", told, table(rows, head=head, left=True))
