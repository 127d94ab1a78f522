"""A small, torch-free trainer of convolutional networks.

`functional` holds the arithmetic as pairs of pure functions, `layers` and
`convolutions` the layers that remember what their backward pass needs, `losses`,
`data`, `models` and `learner` the rest of a training run. `Conv` slides windows,
`MatrixConv` multiplies by the tied matrix; everything else about the two is the same.
"""

from convmat.nn.convolutions import Conv, MatrixConv
from convmat.nn.data import Digits, Loader, load_digits
from convmat.nn.layers import Flatten, Layer, Linear, ReLU
from convmat.nn.learner import History, Learner
from convmat.nn.losses import CrossEntropy, HalfSquare, Loss, accuracy
from convmat.nn.models import Sequential, digits_cnn
from convmat.nn.rungs import FixedMatrix, RungLayer

__all__ = [
    "Conv",
    "CrossEntropy",
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
    "ReLU",
    "RungLayer",
    "Sequential",
    "accuracy",
    "digits_cnn",
    "load_digits",
]
