"""`Dataset`: images, labels, and what is known of both; what every reader makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray, Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.nn.data.fields import (
    check_classes,
    check_images,
    check_labels,
    check_range,
    check_values,
)
from convmat.nn.data.guesses import axes_first, class_names, plain, range_of
from convmat.nn.data.splits import held_out_places
from convmat.nn.data.transforms import Scale

__all__ = ["Dataset", "Parts"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images of one size, with their range of values and where they are from.

    `Dataset.of` reads arrays in other layouts and fills in what is not said.

    Attributes
    ----------
    images : ndarray of shape `(n, channels, *spatial)`
        As stored, often uint8; read-only. `inputs` gives them as a network wants them.
    labels : ndarray of int64, shape (n,)
        Entry `i` is the place of image `i`'s class in `classes`; read-only.
    classes : tuple of str
        Names. A class may have no image, as after a split.
    pixel_range : (float, float)
        The stored values that become 0 and 1.
    source : str
        Where the images are from, for messages.
    assumed : tuple of str
        What was assumed because nothing said so, one sentence each.

    Raises
    ------
    ConvmatError, ConvmatTypeError, ShapeError
        When the fields do not fit each other: no image, not as many labels as images, a
        label outside the classes, a value that is not finite or outside the range.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.array([[[0, 255]], [[255, 0]], [[0, 51]]], np.uint8)
    >>> data = Dataset.of(images, [1, 0, 1], classes=("left", "right"))
    >>> print(data)
    3 images of (1, 1, 2) in 2 classes from arrays; integers taken as 0 to 255
    >>> data.inputs()[2]
    array([[[0. , 0.2]]], dtype=float32)
    >>> data.counts
    {'left': 1, 'right': 2}
    """

    images: Array
    labels: IntArray
    classes: tuple[str, ...]
    pixel_range: tuple[float, float] = (0, 255)
    source: str = "arrays"
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_images(self.images)
        check_classes(self.classes)
        check_labels(self.labels, len(self.images), self.classes)
        check_range(self.pixel_range)
        check_values(self.images, self.pixel_range)
        for name, dtype in (("images", self.images.dtype), ("labels", np.int64)):
            # A view: the caller's own array stays writeable.
            view = np.ascontiguousarray(getattr(self, name), dtype).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @staticmethod
    def of(
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        *,
        classes: int | Sequence[str] | None = None,
        pixel_range: tuple[float, float] | None = None,
        channels: str | None = None,
        source: str = "arrays",
        assumed: Sequence[str] = (),
    ) -> Dataset:
        """The data set of arrays, in any of the usual layouts.

        Parameters
        ----------
        images : array_like
            Real numbers, one image per entry of the first axis.
        labels : array_like of int
            One per image, from 0.
        classes : int or sequence of str, optional
            How many, or their names; some may then be without an image. By default as
            many as the largest label tells, and none of them may be empty.
        pixel_range : (float, float), optional
            The values that become 0 and 1. By default 0 to 255 for integers and for
            floats beyond 1, 0 to 1 for booleans and other floats; `assumed` says so.
        channels : {"none", "first", "last"}, optional
            Where the channel axis is. By default three axes have none, and four have it
            first; where the last one looks more like it, it has to be said.
        source : str
            Where they are from, for messages.
        assumed : sequence of str
            What was assumed before.

        Returns
        -------
        Dataset

        Raises
        ------
        ConvmatError, ConvmatTypeError, ShapeError
            As the class does, and where nothing sensible can be assumed: integers of
            0 and 1 only, values outside 0 to 255, a class without an image.
        """
        pixels = axes_first(plain("images", images), channels)
        check_images(pixels)
        if pixels.dtype == bool:
            pixels = pixels.view(np.uint8)
            pixel_range = pixel_range or (0, 1)
        numbers = plain("labels", labels)
        names = class_names(numbers, classes)
        notes = tuple(assumed)
        if pixel_range is None:
            pixel_range, note = range_of(pixels)
            notes += (note,)
        elif isinstance(pixel_range, list):
            pixel_range = tuple(pixel_range)
        return Dataset(pixels, numbers, names, pixel_range, source, notes)

    def __len__(self) -> int:
        """Images."""
        return len(self.images)

    def __str__(self) -> str:
        """One line: how many, of what shape, in how many classes, what was assumed."""
        what = f"{len(self)} images of {self.shape} in {len(self.classes)} classes"
        return "; ".join((f"{what} from {self.source}", *self.assumed))

    @property
    def shape(self) -> Shape:
        """`(channels, *spatial)`, the shape of one image."""
        return self.images.shape[1:]

    @property
    def counts(self) -> dict[str, int]:
        """How many images each class has."""
        found = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, found.tolist(), strict=True))

    def scale(self, dtype: npt.DTypeLike = np.float32) -> Scale:
        """The transform that takes stored values to 0 to 1."""
        return Scale(*self.pixel_range, np.dtype(dtype).name)

    def inputs(self, dtype: npt.DTypeLike = np.float32) -> Array:
        """All images as floats from 0 to 1, as a network reads them."""
        return self.scale(dtype)(self.images)

    def take(self, places: npt.ArrayLike) -> Dataset:
        """The images at `places`, in that order, in the same classes.

        Raises
        ------
        ConvmatError
            When there is no such image, or none is asked for.
        ConvmatTypeError
            When `places` are no integers.

        Examples
        --------
        >>> from convmat.nn import mnist10k
        >>> mnist10k().take([12]).labels
        array([3])
        """
        chosen = np.asarray(places)
        if chosen.ndim != 1 or chosen.dtype.kind not in "ui":
            rule = "must be integers along one axis"
            raise ConvmatTypeError("places", rule, places)
        if len(chosen) == 0 or chosen.min() < 0 or chosen.max() >= len(self):
            rule = f"must be at least one, from 0 to {len(self) - 1}"
            raise ConvmatError("places", rule, places)
        return replace(self, images=self.images[chosen], labels=self.labels[chosen])

    def only(self, *classes: str) -> Dataset:
        """The images of some classes, in the same order; classes in the order given.

        Raises
        ------
        ConvmatError
            When a class is not there, has no image, or comes twice.

        Examples
        --------
        >>> from convmat.nn import mnist10k
        >>> mnist10k().only("3", "7").counts
        {'3': 1032, '7': 1070}
        """
        check_classes(classes)
        renumbered = np.full(len(self.classes), -1)
        for number, name in enumerate(classes):
            if name not in self.classes:
                rule = f"must be among {', '.join(self.classes)}"
                raise ConvmatError("classes", rule, name)
            renumbered[self.classes.index(name)] = number
        labels = renumbered[self.labels]
        kept = labels >= 0
        if not kept.any():
            raise ConvmatError("classes", "must have an image", classes)
        return replace(
            self, images=self.images[kept], labels=labels[kept], classes=classes
        )

    def split(
        self,
        held_out: float = 0.2,
        *,
        seed: int | None = 0,
        stratified: bool = False,
    ) -> Parts:
        """Two parts that have no image in common and together have them all.

        Parameters
        ----------
        held_out : int or float
            Images of the second part; a float is their share of all.
        seed : int or None
            Of the shuffling before the last ones are held out; None keeps the order.
        stratified : bool
            Whether each class is split alone, by the same share up to one image.

        Returns
        -------
        Parts
            `train` and `test`.

        Raises
        ------
        ConvmatError
            When either part would be empty, or a class has no image left to train on.
        ConvmatTypeError
            When `held_out` or `seed` is no number of that kind.

        Examples
        --------
        >>> from convmat.nn import mnist10k
        >>> train, valid = mnist10k().only("3", "7").split(0.1, stratified=True)
        >>> train.counts, valid.counts
        ({'3': 929, '7': 963}, {'3': 103, '7': 107})
        """
        kept, held = held_out_places(self.labels, held_out, seed, stratified)
        parts = Parts(self.take(kept), self.take(held))
        for name, number in parts.train.counts.items():
            if number == 0 and parts.test.counts[name]:
                rule = f"must leave an image of class {name!r} to train on"
                remedy = "hold out fewer, or split with stratified=True"
                raise ConvmatError("held_out", rule, held_out, remedy)
        return parts


class Parts(NamedTuple):
    """Data to train on, and data that are held out from it.

    Examples
    --------
    >>> images = np.array([[[0, 1]], [[2, 3]], [[4, 5]], [[6, 7]]])
    >>> parts = Dataset.of(images, [0, 1, 0, 1]).split(1, seed=None)
    >>> len(parts.train), parts.test.images.tolist(), parts.test.labels
    (3, [[[[6, 7]]]], array([1]))
    """

    train: Dataset
    test: Dataset
