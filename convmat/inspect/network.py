"""`inspect_file`: the one door, for every kind of file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from convmat.arrays import Shape
from convmat.errors import ConvmatError
from convmat.geometry.shorthand import read_shape
from convmat.inspect.onnx_shapes import Given
from convmat.inspect.onnx_walk import After, inspect_onnx
from convmat.inspect.spelled import spelled
from convmat.inspect.value import Inspection
from convmat.inspect.weights import inspect_weights
from convmat.nn.data.files import DataError, as_path

__all__ = ["inspect_file"]


def inspect_file(
    path: str | os.PathLike[str],
    *,
    input_shape: Given = None,
    layers: Sequence[str] = (),
    norms: bool = False,
    prove: bool = False,
    progress: bool | None = None,
) -> Inspection:
    """Every layer of a saved network as the matrix that it is, for one sample.

    Nothing is built but what `norms` and `prove` need: all numbers are counted.

    Parameters
    ----------
    path : path
        Of a `.onnx`, `.safetensors` or `.npz` file. ONNX needs the package `onnx`.
    input_shape : tuple of int, or mapping of str to tuple of int, optional
        What the network reads. Of an ONNX file with the batch axis, `(1, 3, 224, 224)`:
        the first input, or inputs by their names; needed where the file leaves sizes
        open. Of other files `(channels, *spatial)`, what the first of `layers` reads.
    layers : sequence of str
        For files of weights alone, which say nothing of stride and padding: layers in
        the order of the network, as `convmat.inspect.spelled` reads them
        (`"conv1:s2p1"`). `maxpool:k2s2` and `avgpool:k2` stand between them.
    norms : bool
        Whether the norm and the condition number of each matrix are computed.
    prove : bool
        Whether each layer of an ONNX file is held against ONNX's reference evaluator,
        on integers exactly.
    progress : bool, optional
        Whether a bar is shown; by default on a terminal, after two seconds.

    Returns
    -------
    Inspection
        `print` shows a table.

    Raises
    ------
    DataError
        For a file that is missing, damaged or of another kind.
    ConvmatError
        For inputs and layers that do not fit it.
    ModuleNotFoundError
        When `onnx` is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> kernel = np.zeros((8, 3, 3, 3), np.float32)
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "net.npz"
    ...     np.savez(file, **{"conv.weight": kernel})
    ...     found = inspect_file(file, input_shape=(3, 32, 32), layers=["conv:s2p1"])
    >>> found.layers[0].matrix_shape, found.layers[0].nnz, found.layers[0].sharing
    ((2048, 3072), 53016, 245.44...)
    """
    where = as_path(path)
    hidden = None if progress is None else not progress
    kind = where.suffix.lower()
    if kind == ".onnx":
        if layers:
            rule = "must be left out for an ONNX file, which says all settings itself"
            raise ConvmatError("layers", rule, tuple(layers))
        after = _after(norms, prove)
        return inspect_onnx(where, input_shape, after, hidden, normed=norms)
    if kind not in (".safetensors", ".npz"):
        rule = "must name a .onnx, .safetensors or .npz file"
        raise DataError(where, rule, "export the network to one of them")
    if isinstance(input_shape, Mapping):
        rule = "must be one shape for a file of weights"
        raise ConvmatError("input_shape", rule, dict(input_shape))
    if prove:
        rule = "must be left out for a file of weights: only ONNX has an evaluator"
        raise ConvmatError("prove", rule, prove)
    shape: Shape | None = None
    if input_shape is not None:
        shape = read_shape("input_shape", input_shape)
        if len(shape) < 1 or min(shape) < 1:
            rule = "must be (channels, *spatial), at least 1 each"
            raise ConvmatError("input_shape", rule, shape)
    read = [spelled(one) for one in layers]
    return inspect_weights(where, shape, read, norms=norms, hidden=hidden)


def _after(norms: bool, prove: bool) -> tuple[After, ...]:
    """What is done with each row of an ONNX file."""
    more: list[After] = []
    if norms:
        from convmat.inspect.norms import onnx_norms

        more.append(onnx_norms)
    if prove:
        from convmat.inspect.onnx_proof import prove as held_against

        more.append(held_against)
    return tuple(more)
