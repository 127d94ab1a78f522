"""Weights in files, with the names and layouts of PyTorch's `state_dict`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.nn.composite import Composite
from convmat.nn.tensors import read_tensors, write_tensors

__all__ = ["OURS", "load_weights", "save_weights"]

OURS = "convmat/"
"""How the names of arrays begin that a checkpoint holds beside the weights."""


def save_weights(model: Composite, path: str | os.PathLike[str]) -> Path:
    """Write parameters and buffers to a safetensors file, in one step.

    A check sum covers every number, so that damage is told when they are loaded.

    PyTorch reads it: `net.load_state_dict(safetensors.torch.load_file(path))`, where
    `net` has the same layers at the same places.

    Parameters
    ----------
    model : Composite
    path : path
        What is there is replaced once the new file is whole.

    Returns
    -------
    pathlib.Path
        Where it is.

    Raises
    ------
    ConvmatError
        When the folder is not there, or the path is one.
    ConvmatTypeError
        For weights that are no floats, such as Fractions.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from convmat.nn import digits_cnn
    >>> one, other = digits_cnn(seed=1), digits_cnn(seed=2)
    >>> with TemporaryDirectory() as folder:
    ...     path = save_weights(one, f"{folder}/digits.safetensors")
    ...     load_weights(other, path)
    >>> bool((one.parameters["5.bias"] == other.parameters["5.bias"]).all())
    True
    """
    return write_tensors(path, model.state(), {})  # facts bring a check sum


def load_weights(model: Composite, path: str | os.PathLike[str]) -> None:
    """Put the weights of a safetensors file in place of a model's own.

    The file may be from `save_weights`, from a learner's `save`, or from PyTorch:
    `safetensors.torch.save_file(net.state_dict(), path)`. Numbers of a narrower dtype
    than the model's are widened, which is exact.

    Parameters
    ----------
    model : Composite
    path : path

    Raises
    ------
    ConvmatError
        When the file is damaged, or holds other names than the model.
    ShapeError
        When an array has another shape than the model's.
    ConvmatTypeError
        When an array does not fit the model's dtype without rounding. In all these
        cases the model is as it was.
    OSError
        When there is no such file, or the system does not let it be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from convmat.nn import digits_cnn
    >>> one, other = digits_cnn(seed=1), digits_cnn(seed=2)
    >>> with TemporaryDirectory() as folder:
    ...     load_weights(other, save_weights(one, f"{folder}/one.safetensors"))
    >>> all((one.parameters[n] == a).all() for n, a in other.parameters.items())
    True
    """
    arrays, _ = read_tensors(path)
    present = model.parameters | model.buffers
    state = {n: a for n, a in arrays.items() if not n.startswith(OURS)}
    model.load_state({name: _fitted(name, a, present) for name, a in state.items()})


def _fitted(name: str, array: Array, present: Mapping[str, Array]) -> Array:
    """In the dtype of the model, if that rounds nothing."""
    if name not in present:  # told together with all other names
        return array
    wanted = present[name].dtype
    if wanted.kind == "O" or not np.can_cast(array.dtype, wanted, "safe"):
        rule = f"must fit the model's {wanted}, lest it be rounded"
        remedy = f"make the model with dtype={array.dtype.name!r}"
        raise ConvmatTypeError(f"state[{name!r}]", rule, str(array.dtype), remedy)
    return array.astype(wanted)
