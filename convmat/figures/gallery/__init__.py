"""The gallery: every figure by its name, drawn from options that are text.

The command line and pages of documentation draw from here. Nothing of matplotlib loads
before something is drawn.
"""

from __future__ import annotations

from convmat.figures.gallery.drawing import draw, spec_hash
from convmat.figures.gallery.kinds import Entry, Option, Preset
from convmat.figures.gallery.presets import PRESETS
from convmat.figures.gallery.registry import entry, names

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
