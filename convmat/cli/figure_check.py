"""The check of figures in a folder: what was edited, and what has gone stale."""

from __future__ import annotations

import json

from convmat.errors import ConvmatError
from convmat.matrix.bars import bar

__all__ = ["print_check"]


def print_check(folder: str, *, as_json: bool, hidden: bool | None) -> int:
    """Check each file below a folder; 1 if one is not as it should be.

    Parameters
    ----------
    folder : str
    as_json : bool
    hidden : bool or None
        Whether there is no progress bar; None has one on a terminal.

    Raises
    ------
    ConvmatError
        For what is no folder that can be read.
    """
    from convmat import figures

    stamp = figures.stamp
    try:
        files = stamp.files_in(folder)
    except ConvmatError as error:
        rest = error.rule, folder, error.remedy
        raise ConvmatError("--check", *rest) from None
    found = []
    with bar("convmat figures", len(files), " files", hidden=hidden) as progress:
        for one in stamp.checked(files):
            found.append(one)
            progress.update()
    counts = {
        verdict: sum(one.verdict == verdict for one in found)
        for verdict in ("fine", "edited", "stale", "unknown")
    }
    if as_json:
        facts = [
            {"path": str(one.path), "verdict": one.verdict, "why": one.why}
            for one in found
        ]
        print(json.dumps({**counts, "files": facts}))
    else:
        for one in found:
            if one.verdict != "fine":
                print(f"{one.verdict:8} {one.path}: {one.why}")
        print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 0 if all(one.ok for one in found) else 1
