"""`Measures`: what a learner's model gives, after training and between epochs."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping

from convmat.arrays import Array
from convmat.errors import ConvmatError
from convmat.nn.data import Loader
from convmat.nn.engine import Engine
from convmat.nn.evaluation import Metric, all_of, evaluate, in_order, outputs_of
from convmat.nn.losses import Loss
from convmat.nn.models import Sequential

__all__ = ["Measures"]


class Measures(ABC):
    """What has a model and data to measure it on.

    Attributes
    ----------
    model : Sequential
    engine : Engine
        Computes the forward passes of the model.
    loader : Loader
        Training data, of which only the size of a batch counts here.
    loss : Loss
    held_out : Loader or None
    metrics : mapping of str to callable
    """

    model: Sequential
    engine: Engine
    loader: Loader
    loss: Loss
    held_out: Loader | None
    metrics: Mapping[str, Metric]

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
            loader = in_order(data, 2 * self.loader.batch_size)
        if loader is None:
            remedy = "give Learner(..., held_out=(inputs, labels))"
            raise ConvmatError("held_out", "must be given to validate", None, remedy)
        with self.model.evaluating():
            return evaluate(self.engine.outputs, self.loss, self.metrics, loader)

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
        loader = all_of(x, batch_size, 2 * self.loader.batch_size)
        with self.model.evaluating():
            return outputs_of(self.engine.outputs, loader)
