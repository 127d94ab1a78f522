"""Checkpoints: all that a training run depends on, in one safetensors file.

The weights have PyTorch's names, so that they can be read alone. Everything else is
named `"convmat/..."` or stands in the file's metadata, as JSON.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.nn.keeper import generators
from convmat.nn.recorder import Epoch, Recorder, Step
from convmat.nn.run import Run
from convmat.nn.tensors import encoded, read_tensors, write_tensors
from convmat.nn.weights import OURS
from convmat.optim import Plan
from convmat.version import own_version

if TYPE_CHECKING:
    from convmat.nn.learner import Learner

__all__ = ["FORMAT", "load_checkpoint", "save_checkpoint", "versions"]

FORMAT = 1
"""Of the files. Another number means that older programs cannot read them."""

_STEP = Step._fields
_EPOCH = ("steps", "train_loss", "seconds")
_PLAIN = (bool, int, float, str, tuple, dict, Fraction, type(None))


def save_checkpoint(learner: Learner, path: str | os.PathLike[str]) -> Path:
    """Write all that the learner's run depends on, in one step."""
    recorder, rule = learner.recorder, learner.rule
    metrics = sorted({name for epoch in recorder.epochs for name in epoch.metrics})
    facts = {
        "format": FORMAT,
        "versions": versions(),
        "same": _conditions(learner),
        "rates": {"lr": rule.lr, "momentum": rule.momentum},
        "generators": {
            name: rng.bit_generator.state for name, rng in generators(learner.model)
        },
        "training": [n for n, leaf in learner.model.leaves() if leaf.training],
        "run": None if learner.run is None else learner.run.settings(),
        "fits": recorder.fits,
        "stopped": recorder.stopped,
        "metrics": metrics,
    }
    arrays = {
        f"{OURS}rule/{name}": array for name, array in rule.state().items()
    } | _recorded(recorder, metrics)
    for place, callback in enumerate(learner.callbacks):
        for name, array in callback.state().items():
            arrays[f"{_callback(place, callback)}{name}"] = array
    return write_tensors(path, learner.model.state() | arrays, facts)


def load_checkpoint(
    learner: Learner, path: str | os.PathLike[str], plan: Plan | None
) -> dict[str, str]:
    """Put a checkpoint's state in place of the learner's; the versions that wrote it.

    All is checked before the first change.

    Raises
    ------
    ConvmatError
        When the file is no checkpoint, or of another learner or format.
    """
    arrays, facts = read_tensors(path)
    if not isinstance(facts, dict) or "format" not in facts:
        rule = "must be a checkpoint that a learner has saved"
        remedy = "load_weights(model, path) reads weights alone"
        raise ConvmatError("path", rule, str(path), remedy)
    if facts["format"] != FORMAT:
        rule = f"must be of checkpoint format {FORMAT}, not {facts['format']}"
        wrote = facts.get("versions", {}).get("convmat", "of another version")
        remedy = f"read it with convmat {wrote}, which wrote it"
        raise ConvmatError("path", rule, str(path), remedy)
    _compare(facts["same"], encoded(_conditions(learner)), path)
    run = None if facts["run"] is None else Run.of(facts["run"], plan)
    recorder = _recorder(arrays, facts)

    learner.rule.load_state(_named(arrays, f"{OURS}rule/"))
    names = learner.model.parameters | learner.model.buffers
    learner.model.load_state({name: arrays[name] for name in names})
    for name, leaf in learner.model.leaves():
        leaf.training = name in facts["training"]
    learner.rule.lr = facts["rates"]["lr"]
    learner.rule.momentum = facts["rates"]["momentum"]
    for name, rng in generators(learner.model):
        rng.bit_generator.state = facts["generators"][name]
    for place, callback in enumerate(learner.callbacks):
        learner.pending[place] = _named(arrays, _callback(place, callback))
    learner.take_up(recorder, run)
    found: dict[str, str] = facts["versions"]
    return found


def versions() -> dict[str, str]:
    """Of what decides about the last bits."""
    return {"convmat": own_version(), "numpy": np.__version__}


def _conditions(learner: Learner) -> dict[str, object]:
    """What has to be the same for a run to go on as it would have."""
    found: dict[str, object] = {}
    for name, leaf in learner.model.leaves():
        found[f"layer {name}"] = _described(leaf)
    for name, array in (learner.model.parameters | learner.model.buffers).items():
        found[name] = f"{array.dtype} of {array.shape}"
    first: dict[int, str] = {}
    for name, rng in generators(learner.model):
        of = first.setdefault(id(rng), name)
        found[f"generator {name}"] = f"{type(rng.bit_generator).__name__} of {of}"
    rule = learner.rule
    rates = ("lr", "momentum")
    found["rule"] = _described(rule, without=rates)
    found["loss"] = _described(learner.loss)
    for name, value in sorted(vars(learner.loss).items()):
        if isinstance(value, np.ndarray):  # such as the weights of classes
            found[f"loss's {name}"] = f"{value.dtype} {value.tolist()}"
    found["decay"] = learner.decay
    found["engine"] = learner.engine.name  # they differ in the last bits
    for name, value in learner.settings_of_loader().items():
        found[f"loader's {name}"] = _nameless(value)
    return found


def _described(value: object, without: tuple[str, ...] = ()) -> str:
    """Class and settings; arrays are compared elsewhere, and caches do not count."""
    if callable(value) and hasattr(value, "__qualname__"):
        return str(value.__qualname__)
    settings = [
        f"{name}={setting!r}"
        for name, setting in sorted(vars(value).items())
        if not name.startswith("_") and name not in (*without, "training", "max_bytes")
        if isinstance(setting, _PLAIN) and not _holds_arrays(setting)
    ]
    return f"{type(value).__name__}({', '.join(settings)})"


def _holds_arrays(setting: object) -> bool:
    """Also empty ones: parameters, gradients, and what a rule remembers."""
    return isinstance(setting, dict) and all(
        isinstance(item, np.ndarray) for item in setting.values()
    )


def _nameless(value: object) -> object:
    """Without addresses, which differ from one process to the next."""
    if isinstance(value, list):
        return [_nameless(item) for item in value]
    return re.sub(r" at 0x[0-9a-f]+", "", value) if isinstance(value, str) else value


def _compare(theirs: Mapping[str, Any], ours: Mapping[str, Any], path: object) -> None:
    """Name the first condition that is another one."""
    for name in dict.fromkeys((*theirs, *ours)):
        if theirs.get(name) != ours.get(name):
            there = theirs.get(name, "absent")
            rule = f"must be {there}, as in the checkpoint {path}"
            remedy = "make the learner as it was made when that was saved"
            raise ConvmatError(name, rule, ours.get(name, "absent"), remedy)


def _recorded(recorder: Recorder, metrics: list[str]) -> dict[str, Array]:
    """Steps and epochs as columns."""
    steps, epochs = recorder.steps, recorder.epochs
    found = {f"step/{n}": _column(n, [getattr(s, n) for s in steps]) for n in _STEP}
    for name in _EPOCH:
        found[f"epoch/{name}"] = _column(name, [getattr(e, name) for e in epochs])
    losses = [e.valid_loss for e in epochs]
    columns = {"valid_loss": losses, **_metrics(recorder, metrics)}
    for name, column in columns.items():
        missing = np.array([number is None for number in column], bool)
        found[f"epoch/{name}/missing"] = missing
        known = [np.nan if n is None else n for n in column]
        found[f"epoch/{name}"] = _column(name, known)
    return {f"{OURS}recorder/{name}": column for name, column in found.items()}


def _metrics(recorder: Recorder, metrics: list[str]) -> dict[str, list[float | None]]:
    return {f"metric/{m}": [e.metrics.get(m) for e in recorder.epochs] for m in metrics}


def _column(name: str, numbers: list[Any]) -> Array:
    """Numbers as an array; rates may be Fractions, losses may not."""
    if name in ("lr", "momentum"):
        numbers = [float(number) for number in numbers]
    column = np.array(numbers) if numbers else np.zeros(0)
    if column.dtype == object:
        rule = "must be floats in a run that is saved"
        raise ConvmatTypeError(name, rule, numbers[0], "train a model of floats")
    return column


def _recorder(arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> Recorder:
    found = _named(arrays, f"{OURS}recorder/")

    def column(name: str) -> list[Any]:
        numbers = found[name]
        missing = found.get(f"{name}/missing", np.zeros(len(numbers), bool))
        plain = numbers.tolist()
        return [None if gone else n for n, gone in zip(plain, missing, strict=True)]

    columns = [column(f"step/{name}") for name in _STEP]
    columns[0] = list(found["step/loss"])  # in the dtype of the run
    epochs = []
    metrics = {name: column(f"epoch/metric/{name}") for name in facts["metrics"]}
    rows = zip(*(column(f"epoch/{n}") for n in (*_EPOCH, "valid_loss")), strict=True)
    for number, (steps, train, seconds, valid) in enumerate(rows):
        own = {n: c[number] for n, c in metrics.items() if c[number] is not None}
        epochs.append(Epoch(number, int(steps), train, valid, own, seconds))
    steps_ = [Step(*row) for row in zip(*columns, strict=True)]
    return Recorder(steps_, epochs, list(facts["fits"]), facts["stopped"])


def _named(arrays: Mapping[str, Array], start: str) -> dict[str, Array]:
    """Those whose names begin so, by the rest of their names."""
    return {n[len(start) :]: a for n, a in arrays.items() if n.startswith(start)}


def _callback(place: int, callback: object) -> str:
    return f"{OURS}callback/{place}/{type(callback).__name__}/"
