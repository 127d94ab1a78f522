"""`Loader`: the batches of an epoch, the same for the same seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from convmat.arrays import Array
from convmat.errors import ShapeError
from convmat.nn.counts import count

__all__ = ["Loader"]


@dataclass(frozen=True, eq=False)
class Loader:
    """Inputs and targets in shuffled batches.

    The order of an epoch depends on the seed and the number of the epoch only, not on
    what was drawn before: two runs see the same batches, and a run can be taken up at
    any epoch.

    Parameters
    ----------
    inputs, targets : ndarray
        Samples along the first axis.
    batch_size : int
        Samples of a batch; the last one of an epoch may be smaller.
    seed : int or None
        Of the shuffling; None keeps the order of the samples.

    Examples
    --------
    >>> import numpy as np
    >>> loader = Loader(np.arange(5), np.arange(5) % 2, batch_size=2, seed=None)
    >>> [x.tolist() for x, y in loader.epoch(0)]
    [[0, 1], [2, 3], [4]]
    """

    inputs: Array
    targets: Array
    batch_size: int = 64
    seed: int | None = 0

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            rule = f"must be that of inputs, {len(self.inputs)}"
            raise ShapeError("len(targets)", rule, len(self.targets))
        samples = len(self.inputs)
        remedy = f"there are {samples} samples"
        count("batch_size", self.batch_size, 1, samples, remedy)
        if self.seed is not None:
            count("seed", self.seed, 0)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.inputs) // self.batch_size)

    def epoch(self, number: int) -> Iterator[tuple[Array, Array]]:
        """The batches `(inputs, targets)` of epoch `number`, counted from 0."""
        order = np.arange(len(self.inputs))
        if self.seed is not None:
            order = np.random.default_rng((self.seed, number)).permutation(order)
        for start in range(0, len(order), self.batch_size):
            chosen = order[start : start + self.batch_size]
            yield self.inputs[chosen], self.targets[chosen]
