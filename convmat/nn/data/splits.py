"""Which samples are held out: by a seed, by the order, or class by class."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array, IntArray
from convmat.errors import ConvmatError
from convmat.nn.counts import count

__all__ = ["held_out_places"]


def held_out_places(
    labels: IntArray, held_out: float, seed: int | None, stratified: bool
) -> tuple[Array, Array]:
    """Places of the samples that stay and of those that are held out.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        From 0.
    held_out : int or float
        How many; a float is their share.
    seed : int or None
        Of the shuffling; None keeps the order. The last samples are held out.
    stratified : bool
        Whether the last samples of each class are, in proportion.

    Returns
    -------
    kept, held : ndarray of int
        In shuffled order; together each place once.

    Raises
    ------
    ConvmatError, ConvmatTypeError
        When either would be empty.

    Examples
    --------
    >>> import numpy as np
    >>> kept, held = held_out_places(np.array([0, 0, 0, 0, 1, 1]), 3, None, True)
    >>> kept, held
    (array([0, 1, 4]), array([2, 3, 5]))
    """
    samples = len(labels)
    number = _number(held_out, samples)
    order = np.arange(samples)
    if seed is not None:
        count("seed", seed, 0)
        order = np.random.default_rng(seed).permutation(order)
    if not stratified:
        return order[:-number], order[-number:]
    shuffled = labels[order]
    held = np.zeros(samples, bool)
    for label, quota in enumerate(_quotas(np.bincount(labels), number)):
        places = np.flatnonzero(shuffled == label)
        held[places[len(places) - quota :]] = True
    return order[~held], order[held]


def _number(held_out: float, samples: int) -> int:
    """How many samples `held_out` means."""
    remedy = f"there are {samples} samples, and each part needs one"
    if not isinstance(held_out, float | np.floating):
        return count("held_out", held_out, 1, samples - 1, remedy)
    if 0 < held_out < 1:
        number = round(held_out * samples)
        if 1 <= number < samples:
            return number
    rule = "must be a share between 0 and 1, or a whole number"
    raise ConvmatError("held_out", rule, held_out, remedy)


def _quotas(sizes: IntArray, number: int) -> list[int]:
    """`number` shared out in proportion to `sizes`, by largest remainders.

    Whole numbers all along, so that the shares add up and no rounding decides.
    """
    samples = int(sizes.sum())
    shares = [divmod(number * size, samples) for size in sizes.tolist()]
    quotas = [whole for whole, _ in shares]
    largest = sorted(range(len(shares)), key=lambda i: -shares[i][1])
    for i in largest[: number - sum(quotas)]:
        quotas[i] += 1
    return quotas
