"""What each field of a `Dataset` must be, checked on its own."""

from __future__ import annotations

import math

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError

__all__ = [
    "check_classes",
    "check_images",
    "check_labels",
    "check_range",
    "check_values",
]


def check_images(images: object) -> None:
    """Return silently for numbers of `(n, channels, *spatial)`, n at least 1.

    Raises
    ------
    ConvmatTypeError
        For what is no array of real numbers.
    ShapeError
        For another shape.
    """
    if not isinstance(images, np.ndarray):
        rule = f"must be an array, not {type(images).__name__}"
        raise ConvmatTypeError("images", rule, images)
    if images.dtype.kind not in "buif":
        rule = "must hold real numbers"
        raise ConvmatTypeError("images", rule, f"dtype {images.dtype}")
    if images.ndim < 3 or images.size == 0:
        rule = "must be (n, channels, *spatial) with none of them 0"
        raise ShapeError("images.shape", rule, images.shape)


def check_classes(classes: object) -> None:
    """Return silently for a tuple of different names.

    Raises
    ------
    ConvmatTypeError
        For what is no tuple of str.
    ConvmatError
        For none, or one that comes twice.
    """
    if not isinstance(classes, tuple) or not all(isinstance(n, str) for n in classes):
        raise ConvmatTypeError("classes", "must be a tuple of names", classes)
    if not classes or len(set(classes)) < len(classes):
        rule = "must be at least one, each with a name of its own"
        raise ConvmatError("classes", rule, classes)


def check_labels(labels: object, images: int, classes: tuple[str, ...]) -> None:
    """Return silently for one integer per image, each the place of a class.

    Raises
    ------
    ConvmatTypeError
        For what is no array of integers.
    ShapeError
        For another number of them.
    ConvmatError
        For a label without a class.
    """
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "ui":
        kind = getattr(labels, "dtype", type(labels).__name__)
        raise ConvmatTypeError("labels", "must be an array of integers", str(kind))
    if labels.shape != (images,):
        rule = f"must be ({images},), one label for each image"
        raise ShapeError("labels.shape", rule, labels.shape)
    wrong = (labels < 0) | (labels >= len(classes))
    if wrong.any():
        place = int(wrong.argmax())
        rule = (
            f"must be from 0 to {len(classes) - 1}, as there are {len(classes)} classes"
        )
        raise ConvmatError("labels", rule, int(labels[place]), f"image {place} has it")


def check_range(pixel_range: object) -> None:
    """Return silently for two numbers, the lower one first.

    Raises
    ------
    ConvmatError
        For anything else.
    """
    rule = "must be two finite numbers, the lower one first"
    if not isinstance(pixel_range, tuple) or len(pixel_range) != 2:
        raise ConvmatError("pixel_range", rule, pixel_range)
    low, high = pixel_range
    try:
        right = math.isfinite(low) and math.isfinite(high) and low < high
    except TypeError:
        right = False
    if not right:
        raise ConvmatError("pixel_range", rule, pixel_range)


def check_values(images: Array, pixel_range: tuple[float, float]) -> None:
    """Return silently where all values lie in the range.

    Raises
    ------
    ConvmatError
        Naming the first image with another one.
    """
    low, high = pixel_range
    # NaN is no comparison's friend: it makes the minimum NaN, and that one fails.
    if low <= images.min() and images.max() <= high:
        return
    for place, image in enumerate(images):
        wrong = ~((image >= low) & (image <= high))
        if wrong.any():
            value = image[wrong].flat[0].item()
            rule = f"must lie in the range {low:g} to {high:g}"
            if not math.isfinite(value):
                rule = "must be finite"
            raise ConvmatError("images", rule, value, f"image {place} has it")
