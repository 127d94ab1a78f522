"""`Callback`: what may look on, and stop, while a learner trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from convmat.arrays import Array

if TYPE_CHECKING:
    from convmat.nn.learner import Learner

__all__ = ["Callback"]


class Callback:
    """Something that is called while a learner trains. Every method may be left out.

    A callback may read all of the learner and set the rates of its rule;
    `learner.stop(why)` ends the fit after the batch. An error in it ends the fit, and
    the model is left as after the last batch.

    `after_fit` is called however a fit ends, and it may be called without `before_fit`.

    Attributes
    ----------
    needs_layers : bool
        Whether it looks into the layers' own passes, as at their outputs: then it is
        the layers that compute them. A class says so; by default it does not.

    Examples
    --------
    >>> from convmat.nn import Callback, Learner, Loader, digits_cnn, load_digits
    >>> from convmat.optim import SGD
    >>> class Enough(Callback):
    ...     def after_batch(self, learner, loss):
    ...         if loss < 1:
    ...             learner.stop("a loss below 1 is enough")
    >>> digits = load_digits()
    >>> loader = Loader(digits.train_images, digits.train_labels)
    >>> learner = Learner(digits_cnn(), loader, SGD(0.1, 0.9), callbacks=[Enough()])
    >>> recorder = learner.fit(5, progress=False)
    >>> recorder.stopped, len(recorder.losses) < 5 * len(loader)
    ('a loss below 1 is enough', True)
    """

    needs_layers: ClassVar[bool] = False

    def before_fit(self, learner: Learner) -> None:
        """Before the first batch."""

    def before_epoch(self, learner: Learner) -> None:
        """Before the batches of an epoch, or of the rest of one."""

    def before_batch(self, learner: Learner, x: Array, y: Array) -> None:
        """Before the forward pass; the rates of the rule are set."""

    def after_batch(self, learner: Learner, loss: Any) -> None:
        """After the update; the batch is recorded."""

    def after_epoch(self, learner: Learner) -> None:
        """After an epoch; the held-out data were measured."""

    def after_fit(self, learner: Learner) -> None:
        """At the end of a fit, also by an error."""

    def state(self) -> dict[str, Array]:
        """What a checkpoint has to keep for this callback to go on."""
        return {}

    def load_state(self, state: Mapping[str, Array]) -> None:
        """Go on from a `state()`."""
