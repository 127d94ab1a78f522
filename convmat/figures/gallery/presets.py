"""Settings with a name: published geometries, and views that are known.

References
----------
V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning",
arXiv:1603.07285. M. Kleinsmith, "CNNs from different viewpoints", 2017. J. Howard,
S. Gugger, "Deep Learning for Coders with fastai and PyTorch", 2020, chapter 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convmat.figures.gallery.kinds import Preset

__all__ = ["PRESETS"]


def _all() -> dict[str, Preset]:
    return {
        "kleinsmith": Preset(
            "Kleinsmith's case: a 3×3 image, a 2×2 kernel, and a bias.",
            "matrix_equation",
            {"input": "3x3", "kernel": "2x2", "bias": "b"},
        )
    }


PRESETS: Mapping[str, Preset] = MappingProxyType(_all())
"""By their names."""
