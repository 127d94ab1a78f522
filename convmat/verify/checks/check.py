"""`Check`, the `Trial` that it is run on, and the `Finding` that it may give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.verify.black_box import Implementation

__all__ = ["Check", "Finding", "Trial"]


@dataclass(frozen=True, eq=False)
class Trial:
    """A geometry with arrays that fit it.

    Attributes
    ----------
    geometry : Geometry
    kernel : ndarray of shape `geometry.weight_shape`
    x : ndarray, `(batch, in_channels, *spatial)`
    grad : ndarray, `(batch, out_channels, *outs)`
    bias : ndarray, `(out_channels,)`
    seed : int
        Of whatever else a check draws.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.verify.trial_list import trial
    >>> one = trial(geometry((2, 5), (3, 2, 2)))
    >>> one.kernel.shape, one.x.shape[1:], one.grad.shape[1:], one.bias.shape
    ((3, 2, 2), (2, 5), (3, 4), (3,))
    """

    geometry: Geometry
    kernel: Array
    x: Array
    grad: Array
    bias: Array
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Finding:
    """What one check found wrong, with the numbers that show it.

    Attributes
    ----------
    check : str
        Name of the check; `"call"` where a call itself went wrong.
    part : str
        `"forward"`, `"input_grad"` or `"kernel_grad"`.
    words : str
        A sentence that says it.
    geometry : Geometry
    arrays : mapping of str to ndarray
        Those of the call, by the names of their arguments.
    expected, got : object
        The first wrong number, or a word.
    place : tuple of int
        Index of that number in the result; empty where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv, geometry
    >>> from convmat.verify import CHECKS, implementation
    >>> def flipped(x, kernel, **settings):
    ...     return conv(x, kernel[..., ::-1], **settings)
    >>> x, grad = np.array([[[1.0, 2.0]]]), np.array([[[1.0]]])
    >>> kernel, bias = np.array([[[10.0, 1.0]]]), np.zeros(1)
    >>> one = Trial(geometry((1, 2), (1, 1, 2)), kernel, x, grad, bias)
    >>> found = CHECKS["equal-to-the-matrix"](implementation(flipped), one)
    >>> float(found.got), float(found.expected), found.place
    (21.0, 12.0, (0, 0, 0))
    """

    check: str
    part: str
    words: str
    geometry: Geometry
    arrays: Mapping[str, Array] = field(default_factory=dict)
    expected: object = None
    got: object = None
    place: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.check}: {self.words} ({self.geometry!r})"


@dataclass(frozen=True, slots=True)
class Check:
    """A property, in words and as a function.

    Attributes
    ----------
    name : str
        As in `"equal-to-the-matrix"`.
    claim : str
        What holds, as a sentence.
    meaning : str
        What its failure means, as a sentence.
    parts : tuple of str
        The maps that it calls; it is not claimed where one of them is missing.
    run : callable
        `run(implementation, trial) -> Finding or None`.
    applies : callable
        `applies(implementation, geometry) -> bool`: whether the geometry and the claims
        of the implementation give it something to do.

    Examples
    --------
    >>> from convmat import conv, geometry
    >>> from convmat.verify import CHECKS, implementation
    >>> from convmat.verify.trial_list import trial
    >>> check = CHECKS["equal-to-the-matrix"]
    >>> check.name, check.parts
    ('equal-to-the-matrix', ('forward',))
    >>> check(implementation(conv), trial(geometry((1, 4), (1, 1, 2)))) is None
    True
    """

    name: str
    claim: str
    meaning: str
    parts: tuple[str, ...]
    run: Callable[[Implementation, Trial], Finding | None]
    applies: Callable[[Implementation, Geometry], bool] = lambda _, __: True

    def __call__(self, implementation: Implementation, trial: Trial) -> Finding | None:
        """Run it; the same as `check.run`."""
        return self.run(implementation, trial)
