"""Data for training: embedded digits, readers of files, and the loader of batches.

Every reader makes a `Dataset`: images, labels, and what was assumed of them. A `Loader`
makes batches of it, and transforms (`Shift`, `Normalize`) change them on the way.
Nothing is downloaded, and nothing is unpickled.
"""

from convmat.nn.data.dataset import Dataset, Parts
from convmat.nn.data.digits import (
    Digits,
    load_digits,
    load_mnist10k,
    mnist10k,
    optdigits,
)
from convmat.nn.data.files import DataError
from convmat.nn.data.folders import read_folder
from convmat.nn.data.idx import read_idx
from convmat.nn.data.loader import Loader
from convmat.nn.data.mnist import load_mnist
from convmat.nn.data.npz import read_npz
from convmat.nn.data.tables import read_csv
from convmat.nn.data.transforms import Normalize, Scale, Shift, Transform

__all__ = [
    "DataError",
    "Dataset",
    "Digits",
    "Loader",
    "Normalize",
    "Parts",
    "Scale",
    "Shift",
    "Transform",
    "load_digits",
    "load_mnist",
    "load_mnist10k",
    "mnist10k",
    "optdigits",
    "read_csv",
    "read_folder",
    "read_idx",
    "read_npz",
]
