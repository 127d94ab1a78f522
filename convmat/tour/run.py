"""`run`: the five parts in order, and the folder they leave."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from convmat.errors import ConvmatError
from convmat.figures.text import wants_color
from convmat.tour import descent, equality, kleinsmith, network, pictures
from convmat.tour.report import Report

__all__ = ["run"]


def run(
    out: str | Path = "convmat-tour",
    *,
    stream: TextIO | None = None,
    progress: bool = True,
) -> Report:
    """The tour: everything convmat claims about itself, shown on real data.

    Parameters
    ----------
    out : path
        Folder for the figures, made where it is missing. Files of the same names are
        replaced.
    stream : file, optional
        Where to print; standard output by default. Colours are used on a terminal,
        unless the environment variable `NO_COLOR` is set.
    progress : bool
        Whether longer parts show a bar (on standard error).

    Returns
    -------
    Report
        With one finding per claim; `report.passed` says whether all hold.

    Raises
    ------
    ConvmatError
        When `out` cannot be a folder.
    ModuleNotFoundError
        When matplotlib is not installed; before the first part, not at the last one.

    Examples
    --------
    >>> try:
    ...     run(__file__)  # a file, where a folder is wanted
    ... except ConvmatError as error:
    ...     print(error.argument, error.rule)
    out must be a folder, or a path where one can be made
    >>> run("pictures").passed  # doctest: +SKIP
    True
    """
    pictures.require_matplotlib()
    stream = sys.stdout if stream is None else stream
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        rule = "must be a folder, or a path where one can be made"
        raise ConvmatError("out", rule, str(out), str(error.strerror)) from None
    report = Report(stream, wants_color(stream))
    kleinsmith.show(report)
    equality.show(report, progress)
    trained = descent.show(report)
    networks = network.show(report, progress)
    pictures.show(report, folder, trained, networks)
    report.close()
    report.text(f"Figures are in {folder.resolve()}")
    return report
