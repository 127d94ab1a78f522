"""A small, torch-free trainer of convolutional networks.

`functional` holds the arithmetic as pairs of pure functions. The layers around it
remember what their backward pass needs: `layers`, `convolutions`, `transposed`,
`pooling`, `global_pooling`, `norm`, `dropout`, and `rungs`, whose matrix is free to
some degree. `models` and `residual` join them, and `summary` counts what they do.
`compiled` computes the same on buffers that are made once, for speed, and `engine` says
who computes a learner's passes.
`losses`, `metrics`, `data` and `learner` are the rest of a training run: `fits` are its
plans by name, `stepping` takes one step, `loop` all of them, `measures` looks at
held-out data. `recorder` holds what happened, `callbacks` and `stats` look on, `finder`
looks for a learning rate, `keeper` goes back to the last good state, and `run`,
`checkpoint`, `weights` and `tensors` put it into files.

`Conv` takes the route that it is told: the fast one, the tied matrix or the sliding
window. Everything else about the three is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convmat.nn.callbacks import Callback
from convmat.nn.compiled import Compiled
from convmat.nn.composite import Composite
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
from convmat.nn.dropout import Dropout
from convmat.nn.facts import Facts
from convmat.nn.finder import LRFinding
from convmat.nn.global_pooling import GlobalAvgPool
from convmat.nn.initial import kaiming_normal, kaiming_uniform
from convmat.nn.layers import Flatten, Layer, LeakyReLU, Linear, ReLU
from convmat.nn.learner import Learner
from convmat.nn.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    HalfSquare,
    Loss,
    MeanSquare,
)
from convmat.nn.metrics import accuracy, confusion_matrix, precision_recall
from convmat.nn.mismatch import LayerError
from convmat.nn.models import Sequential, digits_cnn
from convmat.nn.norm import BatchNorm
from convmat.nn.pooling import AvgPool, MaxPool
from convmat.nn.recorder import Epoch, Recorder, Step
from convmat.nn.residual import Residual
from convmat.nn.stats import ActivationStats, LayerStats
from convmat.nn.summary import Row, Summary
from convmat.nn.transposed import ConvTranspose
from convmat.nn.weights import load_weights, save_weights

if TYPE_CHECKING:
    from convmat.nn.rungs import FixedMatrix, RungLayer

__all__ = [
    "ActivationStats",
    "AvgPool",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Callback",
    "Compiled",
    "Composite",
    "Conv",
    "ConvTranspose",
    "CrossEntropy",
    "DataError",
    "Dataset",
    "Digits",
    "Dropout",
    "Epoch",
    "Facts",
    "FixedMatrix",
    "Flatten",
    "GlobalAvgPool",
    "HalfSquare",
    "LRFinding",
    "Layer",
    "LayerError",
    "LayerStats",
    "LeakyReLU",
    "Learner",
    "Linear",
    "Loader",
    "Loss",
    "MatrixConv",
    "MaxPool",
    "MeanSquare",
    "Normalize",
    "Parts",
    "ReLU",
    "Recorder",
    "Residual",
    "Row",
    "RungLayer",
    "Scale",
    "Sequential",
    "Shift",
    "Step",
    "Summary",
    "Transform",
    "accuracy",
    "confusion_matrix",
    "digits_cnn",
    "kaiming_normal",
    "kaiming_uniform",
    "load_digits",
    "load_mnist",
    "load_mnist10k",
    "load_weights",
    "mnist10k",
    "optdigits",
    "precision_recall",
    "read_csv",
    "read_folder",
    "read_idx",
    "read_npz",
    "save_weights",
]


def __getattr__(name: str) -> Any:
    """Layers with a matrix of their own, on first use: most networks have none."""
    if name not in {"FixedMatrix", "RungLayer"}:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from convmat.nn import rungs

    return getattr(rungs, name)
