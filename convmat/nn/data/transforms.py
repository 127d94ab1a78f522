"""What happens to a batch of images before the network: scaled, shifted, normalised.

A transform is a frozen value with `transform(images, rng)`, which gives a new array of
as many images. Those that draw nothing leave `rng` alone, and need none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.nn.counts import count

if TYPE_CHECKING:
    from convmat.nn.data.dataset import Dataset

__all__ = ["Normalize", "Scale", "Shift", "Transform"]

_CHUNK = 1 << 22  # values that are held as float64 at a time


class Transform(Protocol):
    """`transform(images, rng)` gives a new array of as many images.

    Examples
    --------
    >>> import numpy as np
    >>> def brighter(images, rng):
    ...     return images + rng.integers(1, 10)
    >>> brighter(np.array([[1, 2, 3]]), np.random.default_rng(0))
    array([[ 9, 10, 11]])
    """

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """`images`, transformed; whatever is drawn comes from `rng`."""


@dataclass(frozen=True)
class Scale:
    """Stored values to floats: `low` becomes 0 and `high` becomes 1.

    Examples
    --------
    >>> import numpy as np
    >>> Scale(0, 255)(np.array([0, 51, 255], np.uint8))
    array([0. , 0.2, 1. ], dtype=float32)
    """

    low: float = 0
    high: float = 255
    dtype: str = "float32"

    def __post_init__(self) -> None:
        if np.dtype(self.dtype).kind != "f":
            remedy = "stored values are in the field images"
            raise ConvmatTypeError("dtype", "must be a float", self.dtype, remedy)

    def __call__(self, images: Array, rng: np.random.Generator | None = None) -> Array:
        """`(images - low) / (high - low)`, in `dtype`."""
        scaled = images.astype(self.dtype)
        number = scaled.dtype.type
        if self.low != 0:
            scaled -= number(self.low)
        if self.high - self.low != 1:
            scaled /= number(self.high - self.low)
        return scaled


@dataclass(frozen=True)
class Shift:
    """Each image moved by up to `pixels` along each spatial axis, drawn evenly.

    What comes in from outside is `fill`, which should be what the background is at
    this point: 0 before `Normalize`.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[[[1, 2], [3, 4]]]])
    >>> Shift(1)(image, np.random.default_rng(0))
    array([[[[3, 4],
             [0, 0]]]])
    """

    pixels: int = 1
    fill: float = 0

    def __post_init__(self) -> None:
        count("pixels", self.pixels, 0)
        if not isinstance(self.fill, Real) or not math.isfinite(self.fill):
            raise ConvmatError("fill", "must be a finite number", self.fill)

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """`images`, `(n, channels, *spatial)`, each moved on its own."""
        spatial = images.shape[2:]
        if not spatial:
            rule = "must be (n, channels, *spatial)"
            raise ShapeError("images.shape", rule, images.shape)
        corners = rng.integers(0, 2 * self.pixels + 1, (len(images), len(spatial)))
        sizes = [size + 2 * self.pixels for size in spatial]
        wide = np.full((*images.shape[:2], *sizes), self._background(images.dtype))
        inside = slice(self.pixels, -self.pixels or None)
        wide[(..., *[inside] * len(spatial))] = images
        # (n, *corner, channels, *spatial): one window of `wide` for each corner
        windows = sliding_window_view(wide, spatial, tuple(range(2, images.ndim)))
        windows = np.moveaxis(windows, 1, 1 + len(spatial))
        moved: Array = windows[(np.arange(len(images)), *corners.T)]
        return moved

    def _background(self, dtype: np.dtype[Any]) -> Any:
        """`fill` in the dtype of the images."""
        if dtype.kind in "ui":
            info = np.iinfo(dtype)
            if self.fill != int(self.fill) or not info.min <= self.fill <= info.max:
                remedy = "put Scale before Shift"
                raise ConvmatError("fill", f"must fit {dtype}", self.fill, remedy)
        return np.asarray(self.fill, dtype)


@dataclass(frozen=True)
class Normalize:
    """Less the mean, over the standard deviation, channel by channel.

    Attributes
    ----------
    mean, std : tuple of float
        One per channel.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[[0.0, 2.0]]], [[[4.0, 6.0]]]])
    >>> normalize = Normalize.of_batch(x)
    >>> normalize.mean
    (3.0,)
    >>> normalize(x).sum()
    np.float64(0.0)
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or not self.mean:
            rule = f"must be {len(self.mean)} numbers, one for each mean"
            raise ShapeError("std", rule, self.std)
        if not np.isfinite(self.mean).all():
            raise ConvmatError("mean", "must be finite", self.mean)
        if not (np.isfinite(self.std).all() and min(self.std) > 0):
            raise ConvmatError("std", "must be above 0 and finite", self.std)

    @staticmethod
    def of_batch(images: Array) -> Normalize:
        """The mean and the deviation of one batch `(n, channels, *spatial)`.

        The deviation is the unbiased one plus 1e-7, as fastai takes it from the first
        training batch.

        Raises
        ------
        ShapeError
            When there are not two values a channel to take a deviation of.
        """
        if images.ndim < 3 or images[:, :1].size < 2 or images.shape[1] == 0:
            rule = "must be (n, channels, *spatial) with two values a channel"
            raise ShapeError("images.shape", rule, images.shape)
        axes = (0, *range(2, images.ndim))
        mean = images.mean(axes, dtype=np.float64)
        std = images.std(axes, dtype=np.float64, ddof=1) + 1e-7
        return Normalize(tuple(mean.tolist()), tuple(std.tolist()))

    @staticmethod
    def of_all(data: Dataset) -> Normalize:
        """The same of all images of a data set, scaled to 0 to 1.

        Examples
        --------
        >>> from convmat.nn import mnist10k
        >>> normalize = Normalize.of_all(mnist10k())
        >>> f"{normalize.mean[0]:.4f} {normalize.std[0]:.4f}"
        '0.1311 0.3087'
        """
        means, stds = [], []
        for channel in range(data.shape[0]):
            mean, std = _moments(data, channel)
            means.append(mean)
            stds.append(std + 1e-7)
        return Normalize(tuple(means), tuple(stds))

    def __call__(self, images: Array, rng: np.random.Generator | None = None) -> Array:
        """`(images - mean) / std`, in the dtype of `images`."""
        if images.ndim < 3 or images.shape[1] != len(self.mean):
            rule = f"must be (n, {len(self.mean)}, *spatial), a channel for each mean"
            raise ShapeError("images.shape", rule, images.shape)
        if images.dtype.kind != "f":
            remedy = "put Scale before Normalize"
            raise ConvmatTypeError("images", "must be floats", images.dtype, remedy)
        per_channel = (-1, *[1] * (images.ndim - 2))
        mean, std = (
            np.array(values, images.dtype).reshape(per_channel)
            for values in (self.mean, self.std)
        )
        centred: Array = images - mean
        centred /= std
        return centred


def _moments(data: Dataset, channel: int) -> tuple[float, float]:
    """Mean and unbiased deviation of a channel, in two passes over slices of it."""
    images, scale = data.images[:, channel], data.scale(np.float64)
    step = max(1, _CHUNK // images[0].size)
    parts = range(0, len(images), step)
    mean = sum(scale(images[i : i + step]).sum() for i in parts) / images.size
    squares = sum(((scale(images[i : i + step]) - mean) ** 2).sum() for i in parts)
    return float(mean), float(np.sqrt(squares / max(1, images.size - 1)))
