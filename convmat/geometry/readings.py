"""What else may be meant by shapes that do not fit: a batch, or channels at the end.

Nothing is read in another way than it is written. But where the likely other way would
fit, the error says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NoReturn

from convmat.arrays import Shape
from convmat.errors import GeometryError, ShapeError
from convmat.geometry.value import Geometry

__all__ = ["Reading", "missing_channels", "other_reading", "refuse_with"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Shapes as they may be meant.

    Attributes
    ----------
    written : tuple of int
        The shape of the input, or of a batch of inputs, as it was given.
    batch : int
        How many axes of it stand before those of one input.
    input_shape, kernel_shape : tuple of int
        `(in_channels, *spatial)` and `(out_channels, in_channels // groups, *kernel)`.
    channels_last, kernel_last : bool
        Whether these two have their channels at the end as written.

    Examples
    --------
    >>> Reading((32, 32, 3), 0, (3, 32, 32), (8, 3, 5, 5), True, False).of_shapes()
    'channels come first: write input_shape=(3, 32, 32)'
    """

    written: Shape
    batch: int
    input_shape: Shape
    kernel_shape: Shape
    channels_last: bool
    kernel_last: bool

    def of_shapes(self) -> str:
        """The remedy for a caller who wrote the shapes."""
        words = []
        if self.batch:
            one = self.written[self.batch :]
            words.append(
                f"{self.written} looks like a batch of {one}: give the shape of one "
                "input"
            )
        if self.channels_last or self.kernel_last:
            shapes = [
                f"{name}={shape}"
                for name, shape, last in (
                    ("input_shape", self.input_shape, self.channels_last),
                    ("kernel_shape", self.kernel_shape, self.kernel_last),
                )
                if last
            ]
            words.append(f"channels come first: write {', '.join(shapes)}")
        return "; ".join(words)

    def of_arrays(self, argument: str) -> str:
        """The remedy for a caller who gave an array with or without a batch axis."""
        why, calls, call = [], [], argument
        if self.batch > 1:
            why.append("a batch is one axis")
        if self.channels_last or self.kernel_last:
            why.append("channels come first")
        if self.channels_last:
            call = f"np.moveaxis({argument}, -1, {self.batch})"
        if self.batch > 1:
            call += f".reshape(-1, {', '.join(map(str, self.input_shape))})"
        if call != argument:
            calls.append(call)
        if self.kernel_last:
            calls.append("np.moveaxis(kernel, (-1, -2), (0, 1))")
        return f"{' and '.join(why)}: write {' and '.join(calls)}" if calls else ""


Read = Callable[..., Geometry]


def other_reading(
    inputs: Shape, kernel: Shape, read: Read, settings: Mapping[str, Any]
) -> Reading | None:
    """The first other way to read two shapes that gives a convolution.

    Parameters
    ----------
    inputs, kernel : tuple of int
        As they were written.
    read : callable
        `read(input_shape, kernel_shape, **settings)`, which gives the geometry of
        shapes as they are written, or raises.
    settings : mapping
        The keywords of `convmat.geometry`.

    Returns
    -------
    Reading or None
        None where no other way fits either.
    """
    for reading in _readings(inputs, kernel):
        try:
            g = read(reading.input_shape, reading.kernel_shape, **settings)
        except (ValueError, TypeError):
            continue
        if g.has_channels:
            return reading
    return None


def _readings(inputs: Shape, kernel: Shape) -> Iterator[Reading]:
    """Other ways to read two shapes, the likeliest first."""
    batch = len(inputs) + 1 - len(kernel)
    if len(kernel) < 3 or not 0 <= batch <= 2:
        return
    one = inputs[batch:]
    last = (one[-1], *one[:-1])
    by_last = (kernel[-1], kernel[-2], *kernel[:-2])
    found = [
        Reading(inputs, batch, shape, weights, channels_last, kernel_last)
        for (weights, kernel_last), (shape, channels_last) in product(
            ((kernel, False), (by_last, True)), ((one, False), (last, True))
        )
    ]
    # A kernel of as many taps on each axis is likelier than any other.
    square = [len(set(reading.kernel_shape[2:])) == 1 for reading in found]
    yield from (reading for reading, yes in zip(found, square, strict=True) if yes)
    yield from (
        reading
        for reading, yes in zip(found, square, strict=True)
        if not (yes or reading.kernel_last)
    )


def missing_channels(inputs: Shape, kernel: Shape, groups: int) -> str:
    """The remedy for a kernel with too few axes; empty where it has not.

    Examples
    --------
    >>> missing_channels((3, 32, 32), (5, 5), 1)
    'write (out_channels, 3, 5, 5), such as (1, 3, 5, 5), for 3 channels, or
    input_shape=(32, 32) for one'
    """
    channels, rank = inputs[0] if inputs else 0, len(inputs) - 1
    if rank < 1 or len(kernel) not in (1, rank) or channels % max(1, groups):
        return ""
    taps = kernel * rank if len(kernel) == 1 else kernel
    per_group = channels // max(1, groups)
    whole = ", ".join(map(str, (per_group, *taps)))
    if len(kernel) == 1:
        return (
            f"write {kernel * (rank + 1)} if all axes are spatial, "
            f"(out_channels, {whole}) if the first is channels"
        )
    return (
        f"write (out_channels, {whole}), such as {(max(1, groups), per_group, *taps)}, "
        f"for {channels} channels, or input_shape={inputs[1:]} for one"
    )


def refuse_with(error: GeometryError | ShapeError, remedy: str) -> NoReturn:
    """Raise `error` with one more remedy."""
    both = "; ".join(filter(None, (error.remedy, remedy)))
    raise type(error)(error.argument, error.rule, error.value, both) from None
