"""A small, torch-free trainer of convolutional networks.

`functional` holds the arithmetic as pairs of pure functions, `layers` and
`convolutions` the layers that remember what their backward pass needs, `losses`,
`data`, `models` and `learner` the rest of a training run. `Conv` slides windows,
`MatrixConv` multiplies by the tied matrix; everything else about the two is the same.
"""

from convmat.nn.convolutions import Conv, MatrixConv
from convmat.nn.data import (
    DataError,
    Dataset,
    Digits,
    Loader,
    Normalize,
    Parts,
    Scale,
    Shift,
    Transform,
    load_digits,
    load_mnist,
    load_mnist10k,
    mnist10k,
    optdigits,
    read_csv,
    read_folder,
    read_idx,
    read_npz,
)
from convmat.nn.layers import Flatten, Layer, Linear, ReLU
from convmat.nn.learner import History, Learner
from convmat.nn.losses import CrossEntropy, HalfSquare, Loss, accuracy
from convmat.nn.models import Sequential, digits_cnn
from convmat.nn.rungs import FixedMatrix, RungLayer

__all__ = [
    "Conv",
    "CrossEntropy",
    "DataError",
    "Dataset",
    "Digits",
    "FixedMatrix",
    "Flatten",
    "HalfSquare",
    "History",
    "Layer",
    "Learner",
    "Linear",
    "Loader",
    "Loss",
    "MatrixConv",
    "Normalize",
    "Parts",
    "ReLU",
    "RungLayer",
    "Scale",
    "Sequential",
    "Shift",
    "Transform",
    "accuracy",
    "digits_cnn",
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
