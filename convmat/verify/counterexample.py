"""`Counterexample`: the first wrong number, in words and as a program that shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convmat.arrays import Array, Shape
from convmat.geometry import Geometry

__all__ = ["PARTS", "Counterexample", "Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the maps that are compared: how sentences and snippets speak of it.

    Attributes
    ----------
    words : str
        The map, as the subject of a sentence.
    first, second : str
        Names of the two arrays that it takes.
    call : str
        Source of the call, with fields for the route's name and the geometry.
    result : str
        What its result holds: "output", "input" or "tap".
    """

    words: str
    first: str
    second: str
    call: str
    result: str


PARTS = {
    "forward": Part(
        "the forward map",
        "kernel",
        "x",
        "ROUTES[{route!r}].apply(kernel, x, g)",
        "output",
    ),
    "input_grad": Part(
        "the input gradient",
        "grad",
        "kernel",
        "ROUTES[{route!r}].input_grad(grad, kernel, g)",
        "input",
    ),
    "kernel_grad": Part(
        "the kernel gradient",
        "grad",
        "x",
        "ROUTES[{route!r}].kernel_grad(grad, x, g)",
        "tap",
    ),
    "bias": Part(
        "the sum with a bias",
        "kernel",
        "x",
        "convmat.conv(x, kernel, range(1, {g.out_channels} + 1), **g.keywords)",
        "output",
    ),
}
"""The maps by the name that `Counterexample.part` has."""


@dataclass(frozen=True, slots=True, eq=False)
class Counterexample:
    """One wrong number of one route.

    Attributes
    ----------
    geometry : Geometry
    route : str
    part : str
        `"forward"`, `"input_grad"`, `"kernel_grad"` or `"bias"`.
    arguments : tuple of ndarray
        The two arrays of a call that shows it.
    expected, got : object
        Two integers, or a word and the error that came instead.
    row, column, tap : int or None
        Flat indices of the output, the input and the tap. All three name an entry of
        the map. One alone is the place in a result on random integers, counted through
        the batch; none at all means that there was no result.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import geometry
    >>> g = geometry((1, 3), (1, 1, 2))
    >>> unit = np.array([[[1, 0]]]), np.array([[[0, 0, 1]]])
    >>> print(Counterexample(g, "matrix", "forward", unit, 0, 1, 1, 2, 0))
    the forward map of route 'matrix' is wrong for geometry((1, 3), (1, 1, 2)):
    output 1 (0, 1) reads input 2 (0, 2) through tap 0 (0, 0, 0) with weight 1, and it
    should be 0
    <BLANKLINE>
    import convmat
    import numpy as np
    from convmat.verify import ROUTES
    <BLANKLINE>
    g = convmat.geometry((1, 3), (1, 1, 2))
    kernel = np.array([[[1, 0]]])
    x = np.array([[[0, 0, 1]]])
    print(ROUTES['matrix'].apply(kernel, x, g).flat[1])  # expected 0
    """

    geometry: Geometry
    route: str
    part: str
    arguments: tuple[Array, Array]
    expected: object
    got: object
    row: int | None = None
    column: int | None = None
    tap: int | None = None

    def __str__(self) -> str:
        return f"{self.sentence()}\n\n{self.snippet()}\n"

    def sentence(self) -> str:
        """What is wrong, in words."""
        subject = f"{PARTS[self.part].words} of route {self.route!r}"
        return f"{subject} is wrong for {self.geometry!r}:\n{self._said()}"

    def snippet(self) -> str:
        """A program that prints the wrong number, for the routes of `ROUTES`."""
        part = PARTS[self.part]
        call = part.call.format(route=self.route, g=self.geometry)
        places = {"output": self.row, "input": self.column, "tap": self.tap}
        place = places[part.result]
        number = call if place is None else f"{call}.flat[{place}]"
        first, second = self.arguments
        return "\n".join(
            [
                "import convmat",
                "import numpy as np",
                "from convmat.verify import ROUTES",
                "",
                f"g = convmat.{self.geometry!r}",
                f"{part.first} = np.array({first.tolist()})",
                f"{part.second} = np.array({second.tolist()})",
                f"print({number})  # expected {self.expected}",
            ]
        )

    def _said(self) -> str:
        g = self.geometry
        if self.row is not None and self.column is not None and self.tap is not None:
            output = _at(self.row, (g.out_channels, *g.output_size))
            source = _at(self.column, (g.in_channels, *g.input_size))
            return (
                f"output {output} reads input {source} through tap "
                f"{_at(self.tap, g.weight_shape)} with weight {self.got}, and it "
                f"should be {self.expected}"
            )
        if isinstance(self.got, Exception):
            error = f"{type(self.got).__name__}: {self.got}"
            return f"there should be {self.expected}, and there was {error}"
        return (
            f"on random integers {PARTS[self.part].result} {self._place()} is "
            f"{self.got}, and it should be {self.expected}"
        )

    def _place(self) -> int | None:
        return next(
            (i for i in (self.row, self.column, self.tap) if i is not None), None
        )


def _at(flat: int, shape: Shape) -> str:
    """`5 (1, 2)`: the flat index, and the position in C order."""
    return f"{flat} {tuple(map(int, np.unravel_index(flat, shape)))}"
