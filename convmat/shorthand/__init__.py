"""Text for shapes, pads and numbers, as it stands on a command line and in a page.

The names of arguments come from the caller: `--input` on a command line, `:input:` in
a page that Sphinx reads.
"""

from __future__ import annotations

from convmat.shorthand.reading import (
    Number,
    read_integer,
    read_numbers,
    read_padding,
    read_shape,
    read_steps,
)
from convmat.shorthand.speaking import in_words, spoken

__all__ = [
    "Number",
    "in_words",
    "read_integer",
    "read_numbers",
    "read_padding",
    "read_shape",
    "read_steps",
    "spoken",
]
