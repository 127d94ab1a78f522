"""`Learner`: a model, a loss, a rule and data, and the loop that joins them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.nn.bars import say
from convmat.nn.callbacks import Callback
from convmat.nn.checkpoint import load_checkpoint, save_checkpoint, versions
from convmat.nn.counts import count
from convmat.nn.data import Loader
from convmat.nn.engine import Engine, EngineName
from convmat.nn.evaluation import Metric, in_order, metrics_of
from convmat.nn.finder import LRFinding, find_lr
from convmat.nn.fits import Fits
from convmat.nn.given import check_given, check_mode, check_plan
from convmat.nn.keeper import Keeper
from convmat.nn.loop import train
from convmat.nn.losses import CrossEntropy, Loss
from convmat.nn.measures import Measures
from convmat.nn.models import Sequential
from convmat.nn.recorder import Epoch, Recorder
from convmat.nn.run import Run
from convmat.nn.stepping import take_step
from convmat.nn.update import Decay, undecayed
from convmat.optim import Plan, Rule

__all__ = ["Learner"]


class Learner(Fits, Measures):
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
    engine : {"auto", "layers", "compiled"}
        Who computes forward and backward pass: the layers; `Compiled`, in a fraction of
        the time; or that one wherever it carries model and batch. The two differ by
        rounding. A callback that `needs_layers` has them.
    threads : int
        Of `Compiled`. They change no bit.

    Attributes
    ----------
    engine : Engine
        Its `name` is "compiled" or "layers", as model and callbacks are now.
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
    >>> learner.fit_one_cycle(3, 0.1, progress=False).accuracies[-1] > 0.9
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
        engine: EngineName = "auto",
        threads: int = 1,
    ) -> None:
        loss = CrossEntropy() if loss is None else loss
        check_given(model, loader, rule, loss)
        self.model = model
        self.loader = loader
        self.rule = rule
        self.loss = loss
        self.held_out = in_order(held_out, 2 * loader.batch_size)
        self.metrics = metrics_of(metrics, self.held_out)
        self.decay = decay
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                rule_ = "must be callbacks, made of the class Callback"
                raise ConvmatTypeError("callbacks", rule_, callback)
        self.engine = Engine(model, self.callbacks, engine, threads)
        self.run: Run | None = None
        self.pending: dict[int, dict[str, Array]] = {}
        self.undecayed = undecayed(model, decay)
        self.settings: dict[str, object] | None = None
        self._own_file = ""
        self._clock = 0.0
        self.take_up(Recorder(), None)

    @property
    def history(self) -> Recorder:
        """The recorder."""
        return self.recorder

    @property
    def epochs(self) -> int:
        """How many have come to their end."""
        return len(self.recorder.epochs)

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
        check_plan(plan)
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
        return train(self, self.run, progress, checkpoint, start=True)

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
        return train(self, self.run, progress, path, start=False)

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
            say(f"{path} was written by {told}; the last bits may differ")

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
        return take_step(self, x, y)

    def close_epoch(self) -> None:
        """Count the epoch, and measure where there is held-out data."""
        steps = self.recorder.steps
        smooth = steps[-1].smooth_loss if steps else float("nan")
        found = {} if self.held_out is None else self.validate()
        valid = found.pop("valid_loss", None)
        now = time.perf_counter()
        seconds, self._clock = now - self._clock, now
        epoch = Epoch(self.epochs, len(steps), smooth, valid, found, seconds)
        self.recorder.epochs.append(epoch)

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
            For numbers out of range, and a model in eval mode.

        References
        ----------
        L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017,
        section 3.3; in the form of fastai 2's `lr_find`.
        """
        check_mode(self.model)
        return find_lr(self, start, end, steps, progress=progress)

    def settings_of_loader(self) -> dict[str, object]:
        """What its batches depend on; summed up once a fit, as it reads all samples."""
        return self.settings or self.loader.settings()

    def take_up(self, recorder: Recorder, run: Run | None) -> None:
        """Go on from a record, as a checkpoint has it."""
        self.recorder = recorder
        self.run = run
        self.renew()

    def renew(self) -> None:
        """A fit begins: its clock, and nothing to go back to."""
        self.keeper = Keeper(self.model, self.rule, self.recorder)
        self._clock = time.perf_counter()

    def _claim(self, path: str | os.PathLike[str]) -> None:
        """Refuse to write over what is not ours."""
        if Path(path).exists() and os.path.realpath(path) != self._own_file:
            rule = "must not exist yet"
            remedy = "resume(path) goes on with it; to start anew, name another"
            raise ConvmatError("checkpoint", rule, str(path), remedy)
