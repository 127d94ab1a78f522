"""Errors of the library in the words of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from convmat.errors import ConvmatError, MatrixTooLargeError
from convmat.shorthand import in_words

__all__ = ["in_options", "sentence"]


@contextmanager
def in_options(options: argparse.Namespace) -> Iterator[None]:
    """Within the block, errors about arguments become errors about options.

    Raises
    ------
    ConvmatError
        With the words that were typed as the value.
    """
    typed = {name.replace("_", "-"): value for name, value in vars(options).items()}
    with in_words(typed, "--{}".format):
        yield


def sentence(error: Exception) -> str:
    """What an error says to someone who typed a command."""
    if isinstance(error, MatrixTooLargeError):
        return str(error).replace("max_bytes allows", "half of the memory is")
    if isinstance(error, ConvmatError) and error.value is None:
        rest = f"; {error.remedy}" if error.remedy else ""
        return f"{error.argument} {error.rule}{rest}"
    return str(error)
