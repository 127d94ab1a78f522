"""Networks as tables and flows of layers."""

from __future__ import annotations

from collections.abc import Callable

from convmat import figures
from convmat.errors import ConvmatError
from convmat.figures.gallery.kinds import LETTERS, LINES, Drawn, Entry, Option
from convmat.figures.gallery.options import LAYERS, RUNS, changed
from convmat.figures.gallery.reader import Reader

__all__ = ["ENTRIES"]

_CHAIN = (
    Option("run", "the chapter's run whose network it is, without layers", "A", RUNS),
    *changed(LAYERS, input="28x28", layers=""),
)


def _table(read: Reader) -> Drawn:
    return _drawn(read, figures.summary_table)


def _flow(read: Reader) -> Drawn:
    return _drawn(read, figures.flow)


def _drawn(read: Reader, function: Callable[..., Drawn]) -> Drawn:
    """The layers that are written out, or the network of a run."""
    if read["layers"]:
        layers, size = read.layers()
        with read.words():
            return function(layers, size, theme=read.theme)
    from convmat.experiments.chapter13 import RUNS as SETTINGS
    from convmat.experiments.chapter13 import network

    if read["input"] != "28x28":
        rule = "must be 28x28 for a network of the chapter"
        remedy = f"give {read.named('layers')} for another"
        raise ConvmatError(read.named("input"), rule, read["input"], remedy)
    whole = network(SETTINGS[read.choice("run", *RUNS)])
    return function(whole, (1, 28, 28), theme=read.theme)


ENTRIES = (
    Entry(
        "summary_table",
        "The layers of a network: shape, parameters and multiplications of each.",
        "layers",
        _CHAIN,
        _table,
        formats=LETTERS,
    ),
    Entry(
        "flow",
        "A network from top to bottom: its tensors, and its layers between them.",
        "layers",
        _CHAIN,
        _flow,
        formats=LINES,
    ),
)
"""In the order of a page."""
