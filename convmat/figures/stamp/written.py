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

    Examples
    --------
    >>> from convmat.figures import gallery
    >>> note = note_of(gallery.draw("matrix_plot", {"input": "4", "kernel": "2"}), 150)
    >>> note["spec"]["figure"], note["spec"]["options"]["input"], note["dpi"]
    ('matrix_plot', '4', 150)
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
    r"""The bytes of a file with its stamp, where the gallery drew it; else as they are.

    Raises
    ------
    ConvmatError
        For bytes that are no such file.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.figures import gallery, matrix_plot
    >>> with_stamp(b"1 2\n", ".txt", matrix_plot(geometry(3, 2)), dpi=150)
    b'1 2\n'
    >>> drawn = gallery.draw("matrix_plot", {"input": "3", "kernel": "2"})
    >>> with_stamp(b"1 2\n", ".txt", drawn, dpi=150).startswith(b"1 2\n# convmat {")
    True
    """
    note = note_of(drawn, dpi)
    return content if note is None else stamped(content, suffix, note)
