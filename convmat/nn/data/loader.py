"""`Loader`: the batches of an epoch, the same for the same seed and epoch."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.nn.counts import count
from convmat.nn.data.dataset import Dataset
from convmat.nn.data.transforms import Transform

__all__ = ["Loader"]

_DRAWS = 1  # first word of the key of what transforms draw, in SeedSequence


@dataclass(frozen=True, eq=False)
class Loader:
    """Inputs and targets in shuffled batches.

    The order of an epoch depends on the seed and the number of the epoch only, and what
    the transforms draw on the number of the batch besides; neither depends on what was
    drawn before. Two runs see the same batches, and a run can be taken up at any batch.

    Parameters
    ----------
    inputs, targets : ndarray
        Samples along the first axis.
    batch_size : int
        Samples of a batch; the last one of an epoch may be smaller.
    seed : int or None
        Of the shuffling and of what transforms draw; None keeps the order of the
        samples, and draws as 0 does.
    drop_last : bool
        Whether a smaller last batch is left out, as is usual in training.
    transforms : tuple of callable
        Each is given a batch of inputs and a generator, one after the other.

    Raises
    ------
    ConvmatTypeError
        For inputs or targets that are no arrays, transforms that are no callables, and
        a size or a seed that is no integer.
    ConvmatError
        For a batch size that is not from 1 to the number of samples.
    ShapeError
        When there are not as many targets as inputs.

    Examples
    --------
    >>> import numpy as np
    >>> loader = Loader(np.arange(5), np.arange(5) % 2, batch_size=2, seed=None)
    >>> [x.tolist() for x, y in loader.epoch(0)]
    [[0, 1], [2, 3], [4]]
    >>> [x.tolist() for x, y in loader.epoch(0, start=2)]
    [[4]]
    """

    inputs: Array
    targets: Array
    batch_size: int = 64
    seed: int | None = 0
    drop_last: bool = False
    transforms: tuple[Transform, ...] = ()

    def __post_init__(self) -> None:
        for name in ("inputs", "targets"):
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.ndim == 0:
                rule = "must be an array with samples along the first axis"
                remedy = "np.asarray(...) makes one of a list"
                kind = type(array).__name__
                raise ConvmatTypeError(name, rule, kind, remedy)
        if len(self.inputs) != len(self.targets):
            rule = f"must be that of inputs, {len(self.inputs)}"
            raise ShapeError("len(targets)", rule, len(self.targets))
        samples = len(self.inputs)
        remedy = f"there are {samples} samples"
        count("batch_size", self.batch_size, 1, samples, remedy)
        if self.seed is not None:
            count("seed", self.seed, 0)
        if not isinstance(self.transforms, tuple) or not all(
            map(callable, self.transforms)
        ):
            rule = "must be a tuple of callables"
            raise ConvmatTypeError("transforms", rule, self.transforms)

    @staticmethod
    def of(
        data: Dataset,
        batch_size: int = 64,
        *,
        seed: int | None = 0,
        drop_last: bool = False,
        dtype: npt.DTypeLike = np.float32,
    ) -> Loader:
        """The batches of a data set, scaled to floats from 0 to 1 one at a time.

        The images stay as they are stored, which for uint8 takes a quarter of the
        memory.

        Raises
        ------
        ConvmatTypeError
            For what is no data set, and a dtype that is not floating.
        ConvmatError
            For a batch size that is not from 1 to the number of images.

        Examples
        --------
        >>> from convmat.nn import Normalize, Shift, mnist10k
        >>> loader = Loader.of(mnist10k(), 500, drop_last=True)
        >>> x, y = next(loader.epoch(0))
        >>> x.shape, x.dtype, len(loader)
        ((500, 1, 28, 28), dtype('float32'), 20)
        >>> loader = loader.then(Shift(1)).then(Normalize.of_batch(x))
        """
        if not isinstance(data, Dataset):
            kind = type(data).__name__
            remedy = "Dataset.of(images, labels) makes one of arrays"
            raise ConvmatTypeError("data", "must be a Dataset", kind, remedy)
        scale = data.scale(dtype)
        return Loader(data.images, data.labels, batch_size, seed, drop_last, (scale,))

    def then(self, transform: Transform) -> Loader:
        """The same loader with one more transform, after the others."""
        return replace(self, transforms=(*self.transforms, transform))

    def __len__(self) -> int:
        """Batches of an epoch."""
        whole, rest = divmod(len(self.inputs), self.batch_size)
        return whole if self.drop_last or rest == 0 else whole + 1

    def epoch(self, number: int, *, start: int = 0) -> Iterator[tuple[Array, Array]]:
        """The batches `(inputs, targets)` of epoch `number`, counted from 0.

        Parameters
        ----------
        number : int
            Of the epoch.
        start : int
            The first batch to give, from 0; those before it cost nothing.

        Returns
        -------
        iterator of (ndarray, ndarray)
            New arrays, which the caller may write to.

        Raises
        ------
        ConvmatError, ConvmatTypeError
            When there is no such epoch or batch.
        ShapeError
            When a transform gives back another number of samples.
        """
        count("number", number, 0)
        count("start", start, 0, len(self), f"an epoch has {len(self)} batches")
        return self._batches(number, start)

    def _batches(self, epoch: int, start: int) -> Iterator[tuple[Array, Array]]:
        order = np.arange(len(self.inputs))
        if self.seed is not None:
            order = np.random.default_rng((self.seed, epoch)).permutation(order)
        for batch in range(start, len(self)):
            first = batch * self.batch_size
            chosen = order[first : first + self.batch_size]
            yield (
                self._transformed(self.inputs[chosen], epoch, batch),
                self.targets[chosen],
            )

    def _transformed(self, inputs: Array, epoch: int, batch: int) -> Array:
        if not self.transforms:
            return inputs
        # A spawn key is never mistaken for the seed of an order: it follows four words.
        key = np.random.SeedSequence(self.seed or 0, spawn_key=(_DRAWS, epoch, batch))
        rng = np.random.default_rng(key)
        samples = len(inputs)
        for transform in self.transforms:
            inputs = transform(inputs, rng)
            shape = getattr(inputs, "shape", ())
            if shape[:1] != (samples,):
                rule = f"must give back an array of {samples} samples"
                raise ShapeError(f"{transform}", rule, shape or inputs)
        return inputs

    def settings(self) -> dict[str, object]:
        """All that its batches depend on, as JSON can hold it.

        A checkpoint keeps them: a run that is taken up with other settings, or on other
        data, would go on differently without a word.

        Examples
        --------
        >>> import numpy as np
        >>> loader = Loader(np.arange(5), np.arange(5), batch_size=2)
        >>> loader.settings()["batch_size"], loader.settings()["inputs"]
        (2, 'int64 of (5,), CRC-32 6c8f4e1c')
        """
        return {
            "batch_size": self.batch_size,
            "seed": self.seed,
            "drop_last": self.drop_last,
            "transforms": [repr(transform) for transform in self.transforms],
            "inputs": _print_of(self.inputs),
            "targets": _print_of(self.targets),
        }


def _print_of(array: Array) -> str:
    """Dtype, shape and check sum of the samples."""
    total = 0
    for sample in array:
        if array.dtype == object:  # its bytes are addresses
            content = repr(np.asarray(sample).tolist()).encode()
        else:
            content = np.ascontiguousarray(sample).tobytes()
        total = zlib.crc32(content, total)
    return f"{array.dtype} of {array.shape}, CRC-32 {total:08x}"
