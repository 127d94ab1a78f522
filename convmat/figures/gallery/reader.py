"""Reading options: what a figure needs, out of the text that was given for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import numpy as np

from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError
from convmat.geometry import PADDING_MODES, Geometry, geometry
from convmat.memory import refuse_beyond
from convmat.shorthand import (
    Number,
    in_words,
    read_integer,
    read_numbers,
    read_padding,
    read_shape,
    read_steps,
)

__all__ = ["Reader", "named"]

Word = TypeVar("Word", bound=str)


def named(prefix: str, option: str) -> str:
    """The option as whoever gave it writes it.

    Examples
    --------
    >>> named("--", "input"), named(":", "input")
    ('--input', ':input:')
    """
    return f":{option}:" if prefix == ":" else f"{prefix}{option}"


@dataclass(frozen=True)
class Reader:
    """The options of one figure, all of them, as text.

    Attributes
    ----------
    options : mapping
    theme : str
        For the function that draws.
    prefix : str
        `:` or `--`: how options are written where these come from.

    Examples
    --------
    >>> reader = Reader({"values": "1,2,x", "stride": "2x1"}, "light", "--")
    >>> reader.steps("stride")
    (2, 1)
    """

    options: Mapping[str, str]
    theme: str
    prefix: str

    def __getitem__(self, name: str) -> str:
        return self.options[name]

    def named(self, name: str) -> str:
        """The option as whoever gave it writes it."""
        return named(self.prefix, name)

    @contextmanager
    def words(self) -> Iterator[None]:
        """Within the block, errors of the library name options and what they say.

        Raises
        ------
        ConvmatError
            For an argument that an option stands for.
        """
        try:
            with in_words(self.options, self.named):
                yield
        except ConvmatError as error:
            name = re.split(r"[.\[]", error.argument)[0]
            name = "output" if name == "out" else name
            if name not in self.options:
                raise
            rest = error.rule, self.options[name], error.remedy
            raise ConvmatError(self.named(name), *rest) from None

    def geometry(self) -> Geometry:
        """The geometry of the options `GEOMETRY`.

        Raises
        ------
        ConvmatError
            As `convmat.geometry`, in options, and for text that is no number.
        """
        settings: dict[str, Any] = {
            "input_shape": self.shape("input"),
            "kernel_shape": self.shape("kernel"),
            "stride": self.steps("stride"),
            "padding": self.padding(),
            "dilation": self.steps("dilation"),
            "groups": self.integer("groups", 1),
            "padding_mode": self.choice("mode", *PADDING_MODES),
        }
        with self.words():
            return geometry(**settings)

    def shape(self, name: str) -> Shape:
        """`3x32x32` as a tuple."""
        return read_shape(self.named(name), self[name])

    def steps(self, name: str) -> int | Shape:
        """`2`, or `2x1`."""
        return read_steps(self.named(name), self[name])

    def padding(self) -> Any:
        """`1`, `1,2x0,1`, or a word."""
        return read_padding(self.named("padding"), self["padding"])

    def span(self, name: str, size: int) -> slice:
        """`2:10` as a slice of that many cells.

        Raises
        ------
        ConvmatError
            For any other text, and cells that there are not.
        """
        first, _, last = self[name].partition(":")
        if first.isdecimal() and last.isdecimal():
            start, stop = int(first[:9]), int(last[:9])
            if start < stop <= size:
                return slice(start, stop)
        rule = f"must be like 2:10, from 0 to {size} at most"
        raise ConvmatError(self.named(name), rule, self[name])

    def integer(self, name: str, least: int, most: int | None = None) -> int:
        """A whole number within these limits."""
        return read_integer(self.named(name), self[name], least, most)

    def choice(self, name: str, *allowed: Word) -> Word:
        """One of a few words.

        Raises
        ------
        ConvmatError
            For any other.
        """
        for word in allowed:
            if word == self[name]:
                return word
        rule = f"must be one of {', '.join(allowed)}"
        raise ConvmatError(self.named(name), rule, self[name])

    def layers(self) -> tuple[list[str], Shape]:
        """The layers as texts, and the size of what the first one reads."""
        return self["layers"].split(), self.shape("input")

    def place(self, name: str) -> int | Shape | None:
        """`3` is a number, `1x0` a place; None where nothing is said."""
        return self.steps(name) if self[name] else None

    def places(self, name: str) -> list[int | Shape] | None:
        """`0 3 8` or `0x0 1x2`; None where nothing is said."""
        parts = self[name].split()
        return [read_steps(self.named(name), part) for part in parts] or None

    def seconds(self) -> float:
        """How long a frame stands."""
        return float(self.some("seconds", 1)[0])

    def switch(self, name: str) -> bool:
        """`yes` or `no`."""
        return self.choice(name, "yes", "no") == "yes"

    def kernel(self, g: Geometry) -> Array | None:
        """The numbers of the taps, or None for letters."""
        return self.numbers("values", g.kernel_shape, 0)

    def x(self, g: Geometry) -> Array | None:
        """The numbers of the input, or None for letters."""
        return self.numbers("x", g.input_shape, 1)

    def numbers(self, name: str, shape: Shape, stream: int = 0) -> Array | None:
        """As many numbers as a shape has entries, as `read_numbers` reads them.

        `ones` and `count` (1, 2, 3, ...) are words for all of them. Where nothing is
        said, they come from the seed: whole numbers from -3 to 3, by the generator of
        its own that each `stream` has. Without a seed there are none.

        Raises
        ------
        ConvmatError
            For what are no numbers, or not as many.
        """
        text, count = self[name], prod(shape)
        seed = self.options.get("seed", "")
        if not text and not seed:
            return None
        refuse_beyond("the numbers of", shape, 8 * count, None, "use a smaller one")
        if not text:
            rng = np.random.default_rng((self.integer("seed", 0), stream))
            return rng.integers(-3, 4, shape)
        if text == "ones":
            return np.ones(shape, np.int64)
        if text == "count":
            return np.arange(1, count + 1).reshape(shape)
        values = self.written(name, ", ones, or count")
        if len(values) != count:
            rule = f"must give {count:,} numbers, in the shape {shape}"
            raise ConvmatError(self.named(name), rule, text)
        return values.reshape(shape)

    def some(self, name: str, count: int | None = None) -> list[Number]:
        """The numbers that are written out, as many as there must be.

        Raises
        ------
        ConvmatError
            For what are no numbers, or not as many.
        """
        values = self.listed(name, self[name])
        if count is not None and len(values) != count:
            rule = f"must be {'one number' if count == 1 else f'{count} numbers'}"
            raise ConvmatError(self.named(name), rule, self[name])
        return values

    def listed(self, name: str, text: str, others: str = "") -> list[Number]:
        """The numbers in a text, which is that of an option or a part of it."""
        return read_numbers(self.named(name), text, others)

    def needed(self, name: str, shape: Shape) -> Array:
        """As `numbers`, but there must be some.

        Raises
        ------
        ConvmatError
            As `numbers`, and for none.
        """
        values = self.numbers(name, shape)
        if values is None:
            remedy = "or say a seed" if "seed" in self.options else ""
            raise ConvmatError(self.named(name), "must give numbers", "", remedy)
        return values

    def written(self, name: str, others: str = "") -> Array:
        """The numbers that are written out, however many, as a flat array."""
        return _array(self.listed(name, self[name], others))

    def bias(self, g: Geometry) -> str | Array | None:
        """A letter, or numbers: one for all channels, or one for each.

        Raises
        ------
        ConvmatError
            For what are no numbers, or not as many.
        """
        text = self["bias"]
        if not text or text.isidentifier():
            return text or None
        values = self.written("bias", ", or a letter")
        if len(values) not in (1, g.out_channels):
            rule = f"must be one number, or {g.out_channels} for the output channels"
            raise ConvmatError(self.named("bias"), rule, text)
        return values[0] if len(values) == 1 else values


def _array(values: list[Number]) -> Array:
    """Integers and fractions as they are; beside floats, integers are floats too."""
    if all(isinstance(value, int) for value in values):
        small = all(-(2**63) <= value < 2**63 for value in values)
        return np.array(values, np.int64 if small else object)
    exact = not any(isinstance(value, float) for value in values)
    return np.array(values, object if exact else float)
