"""The version of this package, for files that say what made them."""

from __future__ import annotations

import sys

__all__ = ["own_version"]


def own_version() -> str:
    """As `convmat.__version__` says.

    Examples
    --------
    >>> own_version().count(".")
    2
    """
    # By its name: rooms do not import the public face, and it is there by now.
    face = sys.modules[__name__.partition(".")[0]]
    return str(vars(face)["__version__"])
