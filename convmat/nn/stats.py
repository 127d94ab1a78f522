"""`ActivationStats`: how the outputs of layers are spread, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.nn.callbacks import Callback
from convmat.nn.counts import count
from convmat.nn.layers import Layer, LeakyReLU, ReLU
from convmat.optim.rates import finite, flag

if TYPE_CHECKING:
    from convmat.nn.composite import Composite
    from convmat.nn.learner import Learner

__all__ = ["ActivationStats", "LayerStats"]

NEAR_ZERO = 0.05  # fastai's: at or below it, so that negative numbers count too

Where = Literal["before", "after"]


@dataclass
class LayerStats:
    """What was seen of one layer: one number, or one row, for each training batch.

    Attributes
    ----------
    name, kind : str
        Of the layer, as in the names of its parameters.
    means, stds : list of float
        Over all outputs of a batch; the standard deviation divides by one less than
        their number, and is NaN for a single one.
    near_zeros : list of float
        Share of the outputs that are at most 0.05.
    histograms : list of ndarray of int64, `(bins,)`
        How many outputs fell into each of the equal bins; outside them none counts.
    span : (float, float) or None
        From the first bin to the last; None where nobody said it.

    Examples
    --------
    >>> stats = LayerStats("0", "Conv")
    >>> stats.see(np.array([[0.0, 1.0, 1.0, 6.0]]), bins=2, span=(0, 8))
    >>> stats.means, stats.near_zeros, stats.histogram().tolist()
    ([2.0], [0.25], [[3], [1]])
    """

    name: str
    kind: str
    means: list[float] = field(default_factory=list)
    stds: list[float] = field(default_factory=list)
    near_zeros: list[float] = field(default_factory=list)
    histograms: list[npt.NDArray[np.int64]] = field(default_factory=list)
    span: tuple[float, float] | None = None

    def histogram(self) -> npt.NDArray[np.int64]:
        """All histograms, `(bins, batches)`: the lowest bin is row 0."""
        return np.stack(self.histograms, axis=1)

    def see(self, y: Array, bins: int, span: tuple[float, float]) -> None:
        """One more batch of outputs."""
        self.means.append(float(y.mean(dtype=np.float64)))
        whole = y.size > 1
        self.stds.append(float(y.std(ddof=1, dtype=np.float64)) if whole else np.nan)
        self.near_zeros.append(float((y <= NEAR_ZERO).mean()))
        self.histograms.append(np.histogram(y[np.isfinite(y)], bins, span)[0])


class ActivationStats(Callback):
    """Mean, spread, share near zero and histogram of layers' outputs while training.

    Held-out data are not looked at, nor are passes that a step did not end.

    Parameters
    ----------
    include_paramless : bool
        Whether layers without parameters are watched too; by default those with some
        are, so a convolution is seen before its activation.
    where : {"before", "after"}
        "after" watches, for each layer with parameters, the ReLU or leaky ReLU that
        comes right after it, where there is one.
    bins : int
        Of the histograms.
    span : (float, float)
        From the first bin to the last, both ends included. The default drops negative
        numbers, as fastai does.

    Attributes
    ----------
    layers : list of LayerStats
        In the order of the forward pass.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        For settings out of range, or that exclude each other.

    References
    ----------
    fastai 2, `ActivationStats`: what is near zero, and the 40 bins from 0 to 10.

    Examples
    --------
    >>> from convmat.nn import ActivationStats, Learner, Loader, digits_cnn
    >>> from convmat.nn import load_digits
    >>> from convmat.optim import SGD
    >>> digits, stats = load_digits(), ActivationStats()
    >>> loader = Loader(digits.train_images[:192], digits.train_labels[:192])
    >>> learner = Learner(digits_cnn(), loader, SGD(0.1), callbacks=[stats])
    >>> recorder = learner.fit(1, progress=False)
    >>> [(layer.name, layer.kind) for layer in stats.layers]
    [('0', 'Conv'), ('2', 'Conv'), ('5', 'Linear')]
    >>> stats[0].histogram().shape
    (40, 3)
    """

    needs_layers: ClassVar[bool] = True

    def __init__(
        self,
        *,
        include_paramless: bool = False,
        where: Where = "before",
        bins: int = 40,
        span: tuple[float, float] = (0.0, 10.0),
    ) -> None:
        self.include_paramless = flag("include_paramless", include_paramless)
        if where not in get_args(Where):
            raise ConvmatError("where", "must be 'before' or 'after'", where)
        if self.include_paramless and where == "after":
            rule, remedy = "must be 'before' with include_paramless", "all are watched"
            raise ConvmatError("where", rule, where, remedy)
        self.where = where
        self.bins = count("bins", bins, 1)
        if not isinstance(span, tuple) or len(span) != 2:
            raise ConvmatTypeError("span", "must be a pair of numbers", span)
        low, high = (float(finite("span", end)) for end in span)
        if low >= high:
            raise ConvmatError("span", "must go from low to high", span)
        self.span = low, high
        self.layers: list[LayerStats] = []
        self._hooked: list[Layer] = []
        self._seen: dict[int, Array] = {}

    def __getitem__(self, place: int) -> LayerStats:
        """The layer at a place; -1 is the last one."""
        return self.layers[place]

    def before_fit(self, learner: Learner) -> None:
        """Hook the layers; what was seen in fits before stays."""
        watched = self._watched(learner.model)
        names = [(name, type(leaf).__name__) for name, leaf in watched]
        if self.layers and names != [(seen.name, seen.kind) for seen in self.layers]:
            rule, remedy = "must watch one model", "make a new one for another model"
            raise ConvmatError("callbacks", rule, self, remedy)
        self.layers = self.layers or [
            LayerStats(*name, span=self.span) for name in names
        ]
        for place, (_, leaf) in enumerate(watched):
            self._hook(place, leaf)

    def before_batch(self, learner: Learner, x: Array, y: Array) -> None:
        """Forget what passed without a step."""
        self._seen.clear()

    def after_batch(self, learner: Learner, loss: object) -> None:
        """Count what passed in the step."""
        for place, y in self._seen.items():
            self.layers[place].see(y, self.bins, self.span)
        self._seen.clear()

    def after_fit(self, learner: Learner) -> None:
        """Unhook the layers."""
        for leaf in self._hooked:
            vars(leaf).pop("forward", None)
        self._hooked.clear()
        self._seen.clear()

    def state(self) -> dict[str, Array]:
        """All that was seen."""
        names = ("means", "stds", "near_zeros", "histograms")
        return {
            f"{place}.{name}": np.array(getattr(seen, name))
            for place, seen in enumerate(self.layers)
            for name in names
            if seen.means
        }

    def load_state(self, state: Mapping[str, Array]) -> None:
        """Put what was seen in place of what there is."""
        for place, seen in enumerate(self.layers):
            for name in ("means", "stds", "near_zeros"):
                setattr(seen, name, state.get(f"{place}.{name}", np.zeros(0)).tolist())
            seen.histograms = list(state.get(f"{place}.histograms", np.zeros(0)))

    def _watched(self, model: Composite) -> list[tuple[str, Layer]]:
        leaves = list(model.leaves())
        if self.include_paramless:
            return leaves
        following = [*leaves[1:], None]
        found = []
        for own, after in zip(leaves, following, strict=True):
            acts = after is not None and isinstance(after[1], (ReLU, LeakyReLU))
            if own[1].parameters:
                found.append(after if after and acts and self.where == "after" else own)
        return found

    def _hook(self, place: int, leaf: Layer) -> None:
        forward = leaf.forward

        def watched(x: Array) -> Array:
            y = forward(x)
            if leaf.training:
                self._seen[place] = y
            return y

        # In the instance alone: the class, and other layers of it, stay as they are.
        vars(leaf)["forward"] = watched
        self._hooked.append(leaf)
