"""The stamp in every file of the gallery: how it was asked for, by which versions.

`save` puts it in. `check` reads it, draws the figure again, and tells files that are as
they should be from those that were edited, and from those that have gone stale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convmat.figures.stamp.containers import SUFFIXES
from convmat.figures.stamp.data import data_digest
from convmat.figures.stamp.note import read, stamped
from convmat.figures.stamp.written import note_of, with_stamp

if TYPE_CHECKING:
    from convmat.figures.stamp.verdicts import Checked, check, checked, files_in

__all__ = [
    "SUFFIXES",
    "Checked",
    "check",
    "checked",
    "data_digest",
    "files_in",
    "note_of",
    "read",
    "stamped",
    "with_stamp",
]


def __getattr__(name: str) -> Any:
    """Checking draws and saves, and saving stamps: so it loads on first use."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from convmat.figures.stamp import verdicts

    return getattr(verdicts, name)
