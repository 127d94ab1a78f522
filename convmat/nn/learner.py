"""`Learner`: a model, a loss, a rule and data, and the loop that joins them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from tqdm.auto import tqdm

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError, DivergedError
from convmat.nn.callbacks import Callback
from convmat.nn.checkpoint import load_checkpoint, save_checkpoint, versions
from convmat.nn.counts import count
from convmat.nn.data import Loader
from convmat.nn.finder import LRFinding, find_lr
from convmat.nn.keeper import Keeper
from convmat.nn.losses import CrossEntropy, Loss
from convmat.nn.metrics import accuracy
from convmat.nn.models import Sequential
from convmat.nn.norm import BatchNorm
from convmat.nn.recorder import Epoch, Recorder
from convmat.nn.run import Run
from convmat.optim import Constant, FlatCosine, OneCycle, Plan, Rule
from convmat.optim.rates import Number

__all__ = ["Decay", "Learner", "Metric"]

Metric: TypeAlias = Callable[[Array, Array], float]
"""From all outputs and all targets of the held-out data to a number."""

Decay: TypeAlias = Literal["all", "weights"]
"""Which parameters weight decay acts on."""


class Learner:
    """Trains a model on a loader.

    The same seeds give the same numbers to the bit. Ctrl-C ends a fit after the last
    whole step: nothing is half done, and the recorder is returned.

    Parameters
    ----------
    model : Sequential
        Its layers act in the mode that they are in: training, unless `eval()` was
        called.
    loader : Loader
        Training data.
    rule : Rule
        The update rule.
    loss : Loss, optional
        By default the softmax cross-entropy.
    held_out : Loader or (ndarray, ndarray), optional
        Inputs and targets to measure loss and metrics on after each epoch: all of
        them, in their order.
    metrics : mapping of str to callable, optional
        By default the accuracy, if the held-out targets are integers.
    decay : {"all", "weights"}
        Whether the rule's weight decay acts on all parameters, or leaves out biases and
        those of batch norm, as fastai does.
    callbacks : iterable of Callback
        What looks on while it trains.

    Attributes
    ----------
    recorder : Recorder
        What happened, in all fits.

    Examples
    --------
    >>> from convmat.nn import Loader, digits_cnn, load_digits
    >>> from convmat.optim import SGD
    >>> digits = load_digits()
    >>> learner = Learner(
    ...     digits_cnn(),
    ...     Loader(digits.train_images, digits.train_labels, batch_size=64),
    ...     SGD(lr=0.1, momentum=0.9),
    ...     held_out=(digits.test_images, digits.test_labels),
    ... )
    >>> learner.fit_one_cycle(2, 0.1, progress=False).accuracies[-1] > 0.9
    True
    """

    def __init__(
        self,
        model: Sequential,
        loader: Loader,
        rule: Rule,
        *,
        loss: Loss | None = None,
        held_out: Loader | tuple[Array, Array] | None = None,
        metrics: Mapping[str, Metric] | None = None,
        decay: Decay = "all",
        callbacks: Iterable[Callback] = (),
    ) -> None:
        if decay not in get_args(Decay):
            raise ConvmatError("decay", "must be 'all' or 'weights'", decay)
        self.model = model
        self.loader = loader
        self.rule = rule
        self.loss = CrossEntropy() if loss is None else loss
        self.held_out = _in_order(held_out, 2 * loader.batch_size)
        self.metrics = _metrics(metrics, self.held_out)
        self.decay = decay
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                rule_ = "must be callbacks, made of the class Callback"
                raise ConvmatTypeError("callbacks", rule_, callback)
        self.run: Run | None = None
        self.pending: dict[int, dict[str, Array]] = {}
        self._free = _undecayed(model) if decay == "weights" else frozenset()
        self._settings: dict[str, object] | None = None
        self._own_file = ""
        self._clock = time.perf_counter()
        self.take_up(Recorder(), None)

    @property
    def history(self) -> Recorder:
        """The recorder."""
        return self.recorder

    @property
    def epochs(self) -> int:
        """How many have come to their end."""
        return len(self.recorder.epochs)

    def fit(
        self,
        epochs: int,
        lr: Number | None = None,
        *,
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Recorder:
        """Train for `epochs` more epochs at one learning rate, by default the rule's.

        Parameters
        ----------
        epochs : int
        lr : float or Fraction, optional
        progress : bool
            Whether a bar shows loss, accuracy and time to go, on a terminal.
        checkpoint : path, optional
            Where to save at the start and after each epoch. There must be no file yet,
            but for one that this learner has written or resumed.

        Returns
        -------
        Recorder
            Of all fits. Its `stopped` says why this one ended early, if it did.

        Raises
        ------
        DivergedError
            When a loss is not finite; the weights, the buffers and what the rule
            remembers are those of the last finite loss.
        ConvmatError
            When the checkpoint exists, or the model is in eval mode.
        ConvmatTypeError
            When `epochs` is no integer or `lr` no number.
        """
        return self.fit_plan(
            epochs, Constant(lr), progress=progress, checkpoint=checkpoint
        )

    def fit_one_cycle(
        self,
        epochs: int,
        lr_max: Number | None = None,
        *,
        div: Number = 25,
        div_final: Number = 1e5,
        pct_start: Number = 0.25,
        momenta: tuple[Number, Number, Number] | None = (0.95, 0.85, 0.95),
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Recorder:
        """Train with the 1-cycle policy; see `convmat.optim.OneCycle`, and `fit`."""
        top = self.rule.lr if lr_max is None else lr_max
        plan = OneCycle(top, div, div_final, pct_start, momenta)
        return self.fit_plan(epochs, plan, progress=progress, checkpoint=checkpoint)

    def fit_flat_cos(
        self,
        epochs: int,
        lr: Number | None = None,
        *,
        div_final: Number = 1e5,
        pct_start: Number = 0.75,
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Recorder:
        """Train flat, then down a cosine; see `convmat.optim.FlatCosine`, and `fit`."""
        plan = FlatCosine(self.rule.lr if lr is None else lr, div_final, pct_start)
        return self.fit_plan(epochs, plan, progress=progress, checkpoint=checkpoint)

    def fit_plan(
        self,
        epochs: int,
        plan: Plan,
        *,
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Recorder:
        """Train along any plan; see `fit`. The rule has its own rates again after it.

        Raises
        ------
        DivergedError, ConvmatError, ConvmatTypeError
            As `fit`.
        """
        total = count("epochs", epochs, 0)
        if checkpoint is not None:
            self._claim(checkpoint)
        self.recorder.begin()
        self.run = Run(
            plan,
            total,
            self.epochs,
            len(self.recorder.steps),
            self.rule.lr,
            self.rule.momentum,
        )
        return self._train(progress, checkpoint, start=True)

    def resume(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        plan: Plan | None = None,
        progress: bool = True,
    ) -> Recorder:
        """Go on with the fit of a checkpoint, to the bit as if it had never ended.

        Parameters
        ----------
        path : path, optional
            Of the checkpoint, which is kept up to date; without it, the fit that this
            learner has left early goes on.
        plan : Plan, optional
            Needed where it is not of `convmat.optim`.
        progress : bool
            As for `fit`.

        Returns
        -------
        Recorder

        Raises
        ------
        ConvmatError
            When the file is damaged, no checkpoint, or of another model, rule, loader
            or version of the format; when there is no fit to go on with.
        OSError
            When there is no such file, or the system does not let it be read.
        """
        if path is not None:
            self.load(path, plan=plan)
        if self.run is None:
            rule, remedy = "must be there to go on with", "call fit(...) first"
            raise ConvmatError("fit", rule, None, remedy)
        self.recorder.stopped = ""
        return self._train(progress, path, start=False)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a checkpoint in one step: all that training depends on.

        It is a safetensors file, never a pickle. `load_weights` reads the weights of it
        alone, and so does PyTorch, which finds further arrays named `"convmat/..."`.

        Raises
        ------
        ConvmatError
            When the folder is not there, or the path is one.
        ConvmatTypeError
            For weights, or losses, that are no floats.
        """
        target = save_checkpoint(self, path)
        self._own_file = str(target)
        return target

    def load(self, path: str | os.PathLike[str], *, plan: Plan | None = None) -> None:
        """Put the state of a checkpoint in place of the present one; see `resume`."""
        wrote = load_checkpoint(self, path, plan)
        self._own_file = os.path.realpath(path)
        if wrote != versions():
            told = " and ".join(f"{name} {number}" for name, number in wrote.items())
            _say(f"{path} was written by {told}; the last bits may differ")

    def stop(self, why: str) -> None:
        """End the fit after this batch; for callbacks."""
        self.recorder.stopped = why

    def step(self, x: Array, y: Array) -> Any:
        """One update on one batch; the loss before it.

        Raises
        ------
        DivergedError
            When the loss is not finite. Weights, buffers and what the rule remembers
            are then those of the last finite loss.
        """
        self._keeper.begin()
        loss, grad = self.loss(self.model.forward(x), y)
        if not np.isfinite(float(loss)):
            number, lr = len(self.recorder.steps) + 1, self.rule.lr
            self._keeper.step_back()
            good = {name: array.copy() for name, array in self.model.parameters.items()}
            raise DivergedError(loss, number, lr, good)
        self.model.backward(grad)
        self._keeper.keep()
        self.update()
        self.recorder.add(loss, self.rule.lr, self.rule.momentum)
        self._keeper.done()
        return loss

    def update(self) -> None:
        """One step of the rule on the gradients that there are, and nothing else."""
        parameters, gradients = self.model.parameters, self.model.gradients
        if not self._free or not self.rule.weight_decay:
            self.rule.step(parameters, gradients)
            return
        free = {n: a for n, a in parameters.items() if n in self._free}
        self.rule.step({n: parameters[n] for n in parameters.keys() - free}, gradients)
        decay = self.rule.weight_decay
        self.rule.weight_decay = 0
        try:
            self.rule.step(free, gradients)
        finally:
            self.rule.weight_decay = decay

    def close_epoch(self) -> None:
        """Count the epoch, and measure where there is held-out data."""
        steps = self.recorder.steps
        smooth = steps[-1].smooth_loss if steps else float("nan")
        found = {} if self.held_out is None else self.validate()
        valid = found.pop("valid_loss", None)
        seconds = time.perf_counter() - self._clock
        epoch = Epoch(self.epochs, len(steps), smooth, valid, found, seconds)
        self.recorder.epochs.append(epoch)

    def validate(
        self, data: Loader | tuple[Array, Array] | None = None
    ) -> dict[str, float]:
        """Loss and metrics in eval mode, by default on the held-out data.

        Returns
        -------
        dict of str to float
            `"valid_loss"`, in which each sample counts the same, and the metrics.

        Raises
        ------
        ConvmatError
            When there is no such data.
        """
        loader = self.held_out
        if data is not None:
            loader = _in_order(data, 2 * self.loader.batch_size)
        if loader is None:
            remedy = "give Learner(..., held_out=(inputs, labels))"
            raise ConvmatError("held_out", "must be given to validate", None, remedy)
        total, outputs, targets = 0.0, [], []
        with self.model.evaluating() as model:
            for x, y in loader.epoch(0):
                scores = model.forward(x)
                total += float(self.loss(scores, y)[0]) * len(y)
                outputs.append(scores)
                targets.append(y)
        found = {"valid_loss": total / len(loader.inputs)}
        if self.metrics:
            whole = np.concatenate(outputs), np.concatenate(targets)
            found |= {name: float(f(*whole)) for name, f in self.metrics.items()}
        return found

    def predict(self, x: Array | Loader, *, batch_size: int | None = None) -> Array:
        """The outputs in eval mode, batch by batch, in the order of the samples.

        Parameters
        ----------
        x : ndarray or Loader
            Inputs as the model reads them, or a loader with its transforms.
        batch_size : int, optional
            By default that of a loader, or twice that of training.

        Returns
        -------
        ndarray, `(samples, ...)`

        Raises
        ------
        ConvmatError, ConvmatTypeError
            For no sample, and a batch size that is no positive integer.
        """
        if isinstance(x, Loader):
            loader = x
        else:
            size = min(len(x), 2 * self.loader.batch_size)
            loader = Loader(x, np.zeros(len(x), np.int8), size)
        size = loader.batch_size if batch_size is None else batch_size
        size = min(count("batch_size", size, 1), len(loader.inputs))
        loader = replace(loader, batch_size=size, seed=None, drop_last=False)
        with self.model.evaluating() as model:
            return np.concatenate([model.forward(x) for x, _ in loader.epoch(0)])

    def lr_find(
        self,
        start: float = 1e-7,
        end: float = 10,
        steps: int = 100,
        *,
        progress: bool = True,
    ) -> LRFinding:
        """Losses at learning rates that grow by a constant factor; four suggestions.

        It ends early where the smooth loss is four times its best, or not finite. All
        is put back to the bit: weights, buffers, what the rule remembers, generators.

        Parameters
        ----------
        start, end : float
            The learning rates are `start * (end / start)**(i / steps)`.
        steps : int
            At least 6. The suggestions look at those behind the first tenth and before
            the last five.
        progress : bool
            As for `fit`.

        Returns
        -------
        LRFinding

        Raises
        ------
        ConvmatError, ConvmatTypeError
            For numbers out of range.

        References
        ----------
        L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017,
        section 3.3; in the form of fastai 2's `lr_find`.
        """
        return find_lr(self, start, end, steps, progress=progress)

    def settings_of_loader(self) -> dict[str, object]:
        """What its batches depend on; summed up once a fit, as it reads all samples."""
        return self._settings or self.loader.settings()

    def take_up(self, recorder: Recorder, run: Run | None) -> None:
        """Go on from a record, as a checkpoint has it."""
        self.recorder = recorder
        self.run = run
        self._keeper = Keeper(self.model, self.rule, recorder)

    def _train(
        self, progress: bool, path: str | os.PathLike[str] | None, *, start: bool
    ) -> Recorder:
        """The rest of the run, however it ends."""
        run, rule = self.run, self.rule
        assert run is not None  # set by fit_plan, or seen by resume
        self._check_mode()
        self._keeper = Keeper(self.model, rule, self.recorder)
        self._clock = time.perf_counter()
        try:
            self._settings = None if path is None else self.loader.settings()
            if path is not None and start:
                self.save(path)
            self._call("before_fit")
            for place, state in self.pending.items():
                self.callbacks[place].load_state(state)
            self.pending = {}
            self._loop(run, progress, path)
        except KeyboardInterrupt:
            self._keeper.undo()
            at = f"epoch {self.epochs}, batch {self._batch(run)}"
            self.recorder.stopped = f"interrupted at {at}"
            _say(f"{self.recorder.stopped}; the model is as after the last whole step")
        except BaseException:
            self._keeper.undo()
            raise
        finally:
            rule.lr, rule.momentum = run.lr, run.momentum
            self._settings = None
            self._call("after_fit")
        return self.recorder

    def _loop(
        self, run: Run, progress: bool, path: str | os.PathLike[str] | None
    ) -> None:
        total = run.epochs * len(self.loader)
        done = len(self.recorder.steps) - run.first_step
        # None shows the bar on a terminal only.
        hidden = None if progress else True
        with tqdm(
            total=total, initial=done, unit="batch", disable=hidden, delay=1
        ) as bar:
            while self.epochs - run.first_epoch < run.epochs:
                bar.set_description(f"epoch {self.epochs}", refresh=False)
                self._call("before_epoch")
                self._epoch(run, bar)
                if self.recorder.stopped:
                    return
                self.close_epoch()
                self._clock = time.perf_counter()
                self._call("after_epoch")
                if path is not None:
                    self.save(path)
                if self.recorder.stopped:
                    return

    def _epoch(self, run: Run, bar: tqdm[Any]) -> None:
        """The batches of an epoch that are still to come."""
        batches = len(self.loader)
        for x, y in self.loader.epoch(self.epochs, start=self._batch(run)):
            position = run.position(len(self.recorder.steps), batches)
            rates = run.plan.rates(position)
            if rates.lr is not None:
                self.rule.lr = rates.lr
            if rates.momentum is not None:
                self.rule.momentum = rates.momentum
            for callback in self.callbacks:
                callback.before_batch(self, x, y)
            loss = self.step(x, y)
            for callback in self.callbacks:
                callback.after_batch(self, loss)
            bar.update()
            if not bar.disable:
                bar.set_postfix(self._live(), refresh=False)
            if self.recorder.stopped:
                return

    def _batch(self, run: Run) -> int:
        """The next batch of the present epoch."""
        return run.batch(len(self.recorder.steps), self.epochs, len(self.loader))

    def _call(self, moment: str) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(self)

    def _check_mode(self) -> None:
        modes = [leaf.training for _, leaf in self.model.leaves()]
        if modes and not any(modes):
            rule = "must be in training mode to be fitted"
            raise ConvmatError("model", rule, "eval mode", "call model.train()")

    def _claim(self, path: str | os.PathLike[str]) -> None:
        """Refuse to write over what is not ours."""
        if Path(path).exists() and os.path.realpath(path) != self._own_file:
            rule = "must not exist yet"
            remedy = "resume(path) goes on with it; to start anew, name another"
            raise ConvmatError("checkpoint", rule, str(path), remedy)

    def _live(self) -> dict[str, str]:
        shown = {"loss": f"{self.recorder.steps[-1].smooth_loss:.4f}"}
        last = self.recorder.epochs[-1] if self.recorder.epochs else None
        if last is not None and "accuracy" in last.metrics:
            shown["accuracy"] = f"{last.metrics['accuracy']:.1%}"
        return shown


def _say(sentence: str) -> None:
    """One line on stderr, above any bar."""
    tqdm.write(sentence, file=sys.stderr)


def _in_order(data: Any, batch_size: int) -> Loader | None:
    """Held-out data as a loader of all samples, as they are ordered."""
    if data is None:
        return None
    if isinstance(data, Loader):
        return replace(data, seed=None, drop_last=False)
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        rule = "must be a Loader, or (inputs, targets)"
        raise ConvmatTypeError("held_out", rule, type(data).__name__)
    inputs, targets = data
    return Loader(inputs, targets, min(batch_size, max(len(inputs), 1)), seed=None)


def _metrics(
    metrics: Mapping[str, Metric] | None, held_out: Loader | None
) -> dict[str, Metric]:
    if metrics is None:
        labels = held_out is not None and _are_labels(held_out.targets)
        return {"accuracy": accuracy} if labels else {}
    if not isinstance(metrics, Mapping) or not all(map(callable, metrics.values())):
        rule = "must map names to callables"
        raise ConvmatTypeError("metrics", rule, metrics, '{"accuracy": accuracy}')
    return dict(metrics)


def _are_labels(targets: Array) -> bool:
    return np.asarray(targets).dtype.kind in "iu" and np.ndim(targets) == 1


def _undecayed(model: Sequential) -> frozenset[str]:
    """Biases, and all parameters of batch norm."""
    return frozenset(
        f"{name}.{own}"
        for name, leaf in model.leaves()
        for own in leaf.parameters
        if own == "bias" or isinstance(leaf, BatchNorm)
    )
