"""The matrix as an instrument: its singular values, and what follows from them."""

from convmat.spectrum.results import Estimate, Spectrum
from convmat.spectrum.values import singular_values, spectral_norm

__all__ = ["Estimate", "Spectrum", "singular_values", "spectral_norm"]
