"""The stamp on the file of a figure of the gallery."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from convmat.figures.film import Film
from convmat.figures.stamp.data import data_digest
from convmat.figures.stamp.note import stamped
from convmat.version import own_version

__all__ = ["note_of", "with_stamp"]


def note_of(drawn: Figure | Film, dpi: int) -> dict[str, Any] | None:
    """What the stamp of this figure says; None for one that the gallery didn't draw.

    Returns
    -------
    dict or None
        `spec`, as the gallery puts it onto a figure; `data`, the digest of what is
        drawn; the `dpi`; and the versions of `convmat` and `matplotlib`.
    """
    spec = getattr(drawn, "convmat", {}).get("spec")
    if spec is None:
        return None
    return {
        "spec": spec,
        "data": data_digest(drawn),
        "dpi": dpi,
        "convmat": own_version(),
        "matplotlib": mpl.__version__,
    }


def with_stamp(content: bytes, suffix: str, drawn: Figure | Film, dpi: int) -> bytes:
    """The bytes of a file with its stamp, where the gallery drew it; else as they are.

    Raises
    ------
    ConvmatError
        For bytes that are no such file.
    """
    note = note_of(drawn, dpi)
    return content if note is None else stamped(content, suffix, note)
