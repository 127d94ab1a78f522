"""Errors of the library in the words of whoever wrote the arguments as text.

The library speaks of its arguments, `kernel_shape=(5, 5)`; who typed a command wrote
`--kernel 5x5`, and in a page of Sphinx it is `:kernel: 5x5`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from convmat.errors import ConvmatError

__all__ = ["in_words", "spoken"]

_WORDS = {
    "input_shape": "input",
    "input_size": "input",
    "kernel_shape": "kernel",
    "kernel_size": "kernel",
    "padding_mode": "mode",
    "output_padding": "output-padding",
    "output_shape": "output-shape",
    "stride": "stride",
    "dilation": "dilation",
    "padding": "padding",
    "groups": "groups",
}
_CHANNELS = {
    "out_channels": "OUT",
    "in_channels": "IN",
    "in_channels // groups": "IN/GROUPS",
    "out_channels // groups": "OUT/GROUPS",
    "in": "IN",
    "out": "OUT",
    "out // groups": "OUT/GROUPS",
    "...": "...",
}
_NAMES = "|".join(sorted(_WORDS, key=len, reverse=True))
_NESTED = r"\((?:[^()]|\([^()]*\))*\)"
_SET = re.compile(rf"\b({_NAMES})=(\[[^\]]*\]|{_NESTED}|'[^']*'|-?\d+)")
_NAMED = re.compile(rf"\b({'|'.join(n for n in _WORDS if '_' in n)})\b")
_TUPLE = re.compile(r"\(([^()]*)\)")


@contextmanager
def in_words(
    typed: Mapping[str, object], named: Callable[[str], str]
) -> Iterator[None]:
    """Within the block, errors about arguments become errors about what was typed.

    Parameters
    ----------
    typed : mapping
        What was typed for `input`, `kernel`, `mode` and so on.
    named : callable
        `named("input")` is `--input`, or as it is written elsewhere.

    Raises
    ------
    ConvmatError
        With the words that were typed as the value.

    Examples
    --------
    >>> from convmat import geometry
    >>> with in_words({"kernel": "5x5"}, lambda word: f"--{word}"):
    ...     geometry((3, 3), (5, 5))
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatError: --kernel must fit the padded input; on axis 0 5
    taps do not fit 3 cells, got --kernel='5x5'; use a larger input, more padding,
    or a smaller kernel or dilation
    """
    try:
        yield
    except ConvmatError as error:
        word = _WORDS.get(error.argument)  # none for a matrix that is too large
        if word is None:
            raise
        rule, remedy = (spoken(text, named) for text in (error.rule, error.remedy))
        raise ConvmatError(named(word), rule, typed[word], remedy) from None


def spoken(text: str, named: Callable[[str], str]) -> str:
    """`text` with what was typed in place of arguments, and shapes as they are typed.

    Examples
    --------
    >>> spoken("use less padding, or padding_mode='replicate'", "--{}".format)
    'use less padding, or --mode replicate'
    >>> spoken("must have 2 axes beside input_shape=(3, 3)", ":{}:".format)
    'must have 2 axes beside :input: 3x3'
    >>> text = "write kernel_shape as (out_channels, in_channels // groups, ...)"
    >>> spoken(text, "--{}".format)
    'write --kernel as OUTxIN/GROUPSx...'
    """

    def option(found: re.Match[str]) -> str:
        return f"{named(_WORDS[found[1]])} {_value(found[2])}"

    text = _SET.sub(option, text)
    text = _NAMED.sub(lambda found: named(_WORDS[found[0]]), text)
    return _TUPLE.sub(lambda found: _typed(found[1]) or found[0], text)


def _value(text: str) -> str:
    """`((1, 2), (0, 1))` as `1,2x0,1`."""
    text = text.strip("'")
    inner = text[1:-1] if text[:1] in ("(", "[") else text
    pairs = _TUPLE.findall(inner)
    if pairs:
        return "x".join(pair.replace(", ", ",") for pair in pairs)
    return _typed(inner) or inner


def _typed(inside: str) -> str:
    """The inside of a tuple as it is typed; empty where it is no shape."""
    parts = [part for part in inside.replace(",", ", ").split(", ") if part.strip()]
    parts = [part.strip() for part in parts]
    if parts == ["before", "after"]:
        return "before,after"
    words = []
    for part in parts:
        if part.isdigit() and "," in inside:
            words.append(part)
        elif part in _CHANNELS and "," in inside:
            words.append(_CHANNELS[part])
        elif part[:1] == "*" and part[1:].isidentifier():
            words.append(part[1:].upper())
        else:
            return ""
    return "x".join(words)
