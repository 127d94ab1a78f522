"""What is assumed of images and labels where the caller does not say it.

Each function gives the canonical form, or refuses where two readings are as likely.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError

__all__ = ["axes_first", "class_names", "plain", "range_of"]

_LOOKS_LIKE_CHANNELS = (1, 3, 4)  # grey, colour, colour and alpha
_MOST_CLASSES = 1 << 16  # beyond it, a label is no class


def plain(argument: str, value: npt.ArrayLike) -> Array:
    """`value` as an array.

    Raises
    ------
    ConvmatTypeError
        For a masked array, whose masked values would come back.
    ShapeError
        For nested lists of unequal lengths.
    """
    if isinstance(value, np.ma.MaskedArray):
        remedy = f"fill the masked places first: {argument}.filled(0)"
        raise ConvmatTypeError(argument, "must not be masked", "MaskedArray", remedy)
    try:
        return np.asarray(value)
    except ValueError:
        rule = "must be an array, with equally long lists inside each other"
        raise ShapeError(argument, rule, value) from None


def axes_first(images: Array, channels: str | None) -> Array:
    """`images` as `(n, channels, *spatial)`.

    Raises
    ------
    ConvmatError
        For another name of a layout.
    ShapeError
        When the number of axes fits none, or more than one, and `channels` is None.

    Examples
    --------
    >>> import numpy as np
    >>> axes_first(np.zeros((5, 28, 28)), None).shape
    (5, 1, 28, 28)
    >>> axes_first(np.zeros((5, 32, 30, 3)), "last").shape
    (5, 3, 32, 30)
    """
    if channels is None:
        channels = _layout(images)
    elif images.ndim < 2:
        raise ShapeError("images.shape", "must be at least two axes", images.shape)
    if channels == "none":
        return images[:, None]
    if channels == "last":
        return np.moveaxis(images, -1, 1)
    if channels != "first":
        raise ConvmatError("channels", 'must be "none", "first" or "last"', channels)
    return images


def _layout(images: Array) -> str:
    if images.ndim not in (3, 4):
        rule = "must be (n, height, width) or (n, channels, height, width)"
        remedy = 'say channels="none", "first" or "last" for signals and volumes'
        raise ShapeError("images.shape", rule, images.shape, remedy)
    if images.ndim == 3:
        return "none"
    first, last = (images.shape[axis] in _LOOKS_LIKE_CHANNELS for axis in (1, 3))
    if last and not first:
        rule = "must be (n, channels, height, width)"
        remedy = 'say channels="last" if they are, or channels="first"'
        raise ShapeError("images.shape", rule, images.shape, remedy)
    return "first"


def range_of(images: Array) -> tuple[tuple[float, float], str]:
    """The range that values come from, and the sentence that says what was assumed.

    Raises
    ------
    ConvmatError
        When no usual range holds them all, or integers are 0 and 1 only.

    Examples
    --------
    >>> import numpy as np
    >>> range_of(np.array([0.0, 0.98]))
    ((0, 1), 'floats up to 0.98 taken as 0 to 1')
    >>> range_of(np.array([0.0, 254.0]))
    ((0, 255), 'floats up to 254 taken as 0 to 255')
    """
    least, most = images.min().item(), images.max().item()
    kind = "floats" if images.dtype.kind == "f" else "integers"
    if not (least >= 0 and most <= 255):
        if np.isfinite(least) and np.isfinite(most):
            rule = "must lie in 0 to 1 or in 0 to 255 where pixel_range is not given"
            remedy = f"give pixel_range=({least:g}, {most:g}), or what the range is"
            raise ConvmatError("images", rule, least if least < 0 else most, remedy)
        return (0, 1), ""  # not finite: `Dataset` names the image
    if kind == "integers":
        if most == 1:
            rule = "must be told their range where they are all 0 or 1"
            remedy = "give pixel_range=(0, 1), or (0, 255) for nearly black images"
            raise ConvmatError("images", rule, "integers 0 and 1", remedy)
        return (0, 255), "integers taken as 0 to 255"
    high = 1 if most <= 1 else 255
    return (0, high), f"floats up to {most:g} taken as 0 to {high}"


def class_names(labels: Array, classes: int | Sequence[str] | None) -> tuple[str, ...]:
    """Names of the classes: those given, or the numbers that labels count up to.

    Raises
    ------
    ConvmatError
        When labels have to tell the classes and leave one of them out.
    ConvmatTypeError
        When `classes` is neither a number nor names.

    Examples
    --------
    >>> import numpy as np
    >>> class_names(np.array([2, 0, 1, 2]), None)
    ('0', '1', '2')
    """
    if classes is None:
        return tuple(map(str, range(_counted(labels))))
    if isinstance(classes, str):
        raise ConvmatTypeError("classes", "must be several names, not one", classes)
    if isinstance(classes, Sequence | np.ndarray):
        return tuple(classes)
    try:
        number = operator.index(classes)
    except TypeError:
        rule = "must be a number of classes, or their names"
        raise ConvmatTypeError("classes", rule, classes) from None
    if not 1 <= number <= _MOST_CLASSES:
        rule = f"must be from 1 to {_MOST_CLASSES}"
        raise ConvmatError("classes", rule, number)
    return tuple(map(str, range(number)))


def _counted(labels: Array) -> int:
    """How many classes the labels use: from 0 to the largest, all of them."""
    if labels.dtype.kind not in "ui" or labels.size == 0:
        return 1  # `Dataset` says what is wrong
    most = int(labels.max())
    if most >= _MOST_CLASSES:
        rule = f"must be below {_MOST_CLASSES} where classes is not given"
        raise ConvmatError("labels", rule, most, "number the classes from 0")
    if labels.min() < 0:
        return most + 1 if most >= 0 else 1  # as above
    counts = np.bincount(labels.reshape(-1).astype(np.int64))
    empty = np.flatnonzero(counts == 0)
    if empty.size:
        rule = f"must have an image of each class from 0 to {most}"
        remedy = (
            f"number the classes from 0, or give classes={most + 1} if that is meant"
        )
        missing = f"none of class {empty[0]}"
        raise ConvmatError("labels", rule, missing, remedy)
    return most + 1
