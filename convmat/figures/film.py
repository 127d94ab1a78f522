"""A figure that moves: frames that are drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from matplotlib.figure import Figure

from convmat.errors import ConvmatError

__all__ = ["Film"]


@dataclass(frozen=True, eq=False)
class Film:
    """Frames of one size, one after the other; `save` writes them to a GIF.

    Attributes
    ----------
    count : int
        How many frames there are.
    draw : callable
        `draw(k)` is frame `k` as a figure of its own, the same each time.
    seconds : float
        How long each frame stands.
    convmat : dict
        What the film shows, as `describe` puts it onto a figure: kind, params,
        highlighted, alt.

    Raises
    ------
    ConvmatError
        For fewer than one frame, or a frame that stands for no time.

    Examples
    --------
    >>> film = Film(2, lambda k: Figure(figsize=(1, 1)), 0.5)
    >>> [float(frame.get_figwidth()) for frame in film]
    [1.0, 1.0]
    """

    count: int
    draw: Callable[[int], Figure]
    seconds: float = 0.8
    convmat: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConvmatError("count", "must be at least 1", self.count)
        if not self.seconds > 0:
            raise ConvmatError("seconds", "must be greater than 0", self.seconds)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Figure]:
        return (self.draw(number) for number in range(self.count))
