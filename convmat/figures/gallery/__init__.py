"""The gallery: every figure by its name, drawn from options that are text.

The command line and pages of documentation draw from here. Nothing of matplotlib loads
before something is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convmat.figures.gallery.drawing import draw, spec_hash
from convmat.figures.gallery.kinds import Entry, Option, Preset
from convmat.figures.gallery.registry import entry, names

if TYPE_CHECKING:
    from convmat.figures.gallery.presets import PRESETS

__all__ = [
    "PRESETS",
    "Entry",
    "Option",
    "Preset",
    "draw",
    "entry",
    "names",
    "spec_hash",
]


def __getattr__(name: str) -> Any:
    """The presets read geometries, so they load on first use."""
    if name != "PRESETS":
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from convmat.figures.gallery.presets import PRESETS

    return PRESETS
