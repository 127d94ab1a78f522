"""Data for training: the embedded digits, and the loader that makes batches."""

from convmat.nn.data.digits import Digits, load_digits
from convmat.nn.data.loader import Loader

__all__ = ["Digits", "Loader", "load_digits"]
