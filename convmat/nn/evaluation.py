"""What a model gives for held-out data: outputs, loss and metrics, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.nn.counts import count
from convmat.nn.data import Dataset, Loader
from convmat.nn.losses import Loss
from convmat.nn.metrics import accuracy

__all__ = [
    "Metric",
    "Outputs",
    "all_of",
    "evaluate",
    "in_order",
    "metrics_of",
    "outputs_of",
]

Metric: TypeAlias = Callable[[Array, Array], float]
"""From all outputs and all targets of the held-out data to a number."""


Outputs: TypeAlias = Callable[[Array], Array]
"""From a batch to the outputs of a model."""


def outputs_of(compute: Outputs, loader: Loader) -> Array:
    """The outputs for all samples, in the order of the loader."""
    return np.concatenate([compute(x) for x, _ in loader.epoch(0)])


def evaluate(
    compute: Outputs, loss: Loss, metrics: Mapping[str, Metric], loader: Loader
) -> dict[str, float]:
    """The loss, in which each sample counts the same, and the metrics."""
    total, outputs, targets = 0.0, [], []
    for x, y in loader.epoch(0):
        scores = compute(x)
        total += float(loss(scores, y)[0]) * len(y)
        outputs.append(scores)
        targets.append(y)
    found = {"valid_loss": total / len(loader.inputs)}
    if metrics:  # of all samples together, as not every metric is a mean
        whole = np.concatenate(outputs), np.concatenate(targets)
        found |= {name: float(metric(*whole)) for name, metric in metrics.items()}
    return found


def all_of(x: Array | Loader, batch_size: int | None, most: int) -> Loader:
    """All inputs in their order, in batches of `batch_size`.

    By default that is the one of the loader; of an array up to `most`.

    Raises
    ------
    ConvmatTypeError
        For what is neither array nor loader, and a batch size that is no integer.
    ShapeError
        For no sample.
    ConvmatError
        For a batch size below 1.
    """
    if not isinstance(x, Loader):
        if not isinstance(x, np.ndarray) or x.ndim == 0:
            rule, kind = "must be an array of samples, or a Loader", type(x).__name__
            raise ConvmatTypeError("x", rule, kind)
        if len(x) == 0:
            raise ShapeError("x.shape", "must hold a sample", x.shape)
        x = Loader(x, np.zeros(len(x), np.int8), min(len(x), most))
    size = x.batch_size if batch_size is None else batch_size
    size = min(count("batch_size", size, 1), len(x.inputs))
    return replace(x, batch_size=size, seed=None, drop_last=False)


def in_order(data: Any, batch_size: int) -> Loader | None:
    """Held-out data as a loader of all samples, as they are ordered.

    Raises
    ------
    ConvmatTypeError
        For what is neither a loader nor a pair.
    """
    if data is None:
        return None
    if isinstance(data, Loader):
        return replace(data, seed=None, drop_last=False)
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        rule = "must be a Loader, or (inputs, targets)"
        remedy = "write Loader.of(data)" if isinstance(data, Dataset) else ""
        raise ConvmatTypeError("held_out", rule, type(data).__name__, remedy)
    inputs, targets = data
    return Loader(inputs, targets, min(batch_size, max(len(inputs), 1)), seed=None)


def metrics_of(
    metrics: Mapping[str, Metric] | None, held_out: Loader | None
) -> dict[str, Metric]:
    """The metrics that are asked for; by default the accuracy, where there are labels.

    Raises
    ------
    ConvmatTypeError
        For what is no mapping of names to callables.
    """
    if metrics is None:
        labels = held_out is not None and _are_labels(held_out.targets)
        return {"accuracy": accuracy} if labels else {}
    if not isinstance(metrics, Mapping) or not all(map(callable, metrics.values())):
        rule = "must map names to callables"
        raise ConvmatTypeError("metrics", rule, metrics, '{"accuracy": accuracy}')
    return dict(metrics)


def _are_labels(targets: Array) -> bool:
    return np.asarray(targets).dtype.kind in "iu" and np.ndim(targets) == 1
