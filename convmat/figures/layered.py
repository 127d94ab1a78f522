"""Layers from wherever they come, as rows of numbers that figures draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from convmat.arrays import Shape
from convmat.costs import Cost
from convmat.errors import ConvmatError, ShapeError
from convmat.figures.content import many, shape_told
from convmat.geometry import IntOrInts
from convmat.geometry.shorthand import read_shape
from convmat.inspect import Inspection, LayerMatrix
from convmat.inspect.facts import conv_layer, transposed_layer
from convmat.nn import Summary
from convmat.nn.composite import Composite
from convmat.receptive.chain import Spec, read_chain

__all__ = ["Layers", "Step", "Steps", "cost_told", "read_layers"]

Layers: TypeAlias = Summary | Inspection | Composite | Spec | Iterable[Spec]
"""What a caller may give: a network or what is known of one, or a chain of layers."""

_LONGEST = 32  # characters of a name


@dataclass(frozen=True)
class Step:
    """One layer.

    Attributes
    ----------
    name, kind, settings : str
        Where it stands, what it is, and in short how: `0`, `Conv`, `k3x3 s2 p1`.
    reads, gives : tuple of int, optional
        Its shapes, without the batch axis; None where the source does not tell.
    parameters : int
    multiplications : Cost, optional
        For one input, without bias; None where sizes are not known.
    """

    name: str
    kind: str
    settings: str
    reads: Shape | None
    gives: Shape | None
    parameters: int
    multiplications: Cost | None

    @property
    def title(self) -> str:
        """All that names it, on one line."""
        told = " ".join(filter(None, (self.name, self.kind, self.settings)))
        plain = "".join(c if c.isprintable() else "\ufffd" for c in told)
        return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"

    @property
    def in_words(self) -> str:
        """A sentence: what it gives, and what that takes."""
        shape = "" if self.gives is None else f" gives {shape_told(self.gives)}"
        told = f"{self.title}{shape}: {many(self.parameters, 'parameter')}"
        if self.multiplications is not None:
            told += f", {cost_told(self.multiplications)}"
        return f"{told}."


@dataclass(frozen=True)
class Steps:
    """Layers in their order.

    Attributes
    ----------
    steps : tuple of Step
    biases : bool
        Whether biases are among the parameters, as far as there are any.
    in_line : bool
        Whether each layer reads what the one before gives.

    Examples
    --------
    >>> found = read_layers(["k3s2p1", "k3s2p1"], 28)
    >>> found.steps[1].title, found.steps[1].gives, found.parameters
    ('1 Conv k3 s2 p1', (1, 7), 6)
    """

    steps: tuple[Step, ...]
    biases: bool
    in_line: bool

    @property
    def parameters(self) -> int:
        """In all."""
        return sum(step.parameters for step in self.steps)

    @property
    def multiplications(self) -> Cost:
        """Of all layers whose sizes are known."""
        costs = [step.multiplications or Cost(0, 0) for step in self.steps]
        return Cost(sum(c.padded for c in costs), sum(c.effective for c in costs))

    @property
    def note(self) -> str:
        """What is counted."""
        parameters = "" if self.biases else "Parameters are weights, without biases. "
        return (
            f"{parameters}Multiplications are those for one input, without bias: "
            "padded with taps on zeros of the padding, effective without them."
        )


def read_layers(layers: Layers, input_shape: IntOrInts | None = None) -> Steps:
    """The layers of a network, of what was found in a file, or of a chain.

    Parameters
    ----------
    layers : Summary, Inspection, Composite, or a chain
        A network of `convmat.nn` or its summary; what `convmat.inspect.inspect_file`
        returns; or geometries, layers and texts such as `"k3s2p1"`, as
        `convmat.receptive_field` reads them.
    input_shape : tuple of int, optional
        What a network or a text reads, without the batch axis.

    Raises
    ------
    ShapeError
        For a shape that is missing, or that does not fit.
    ConvmatError
        For no layers, and a shape beside a source that knows its own.
    ConvmatTypeError
        For what is no layer.
    """
    if isinstance(layers, Composite):
        if input_shape is None:
            rule = "must be given beside a network: (channels, *spatial)"
            raise ShapeError("input_shape", rule, input_shape)
        layers = layers.summary(read_shape("input_shape", input_shape))
    elif isinstance(layers, Summary | Inspection) and input_shape is not None:
        rule = "must be left out beside a summary or an inspection, which knows its own"
        raise ConvmatError("input_shape", rule, input_shape)
    if isinstance(layers, Summary):
        found = _of_summary(layers)
    elif isinstance(layers, Inspection):
        found = _of_matrices(layers.layers, biases=True)
    else:
        rows = []
        for number, layer in enumerate(read_chain(layers, input_shape)):
            row = transposed_layer if layer.transposed else conv_layer
            rows.append(row(f"{number}", layer.geometry, 4))
        found = _of_matrices(tuple(rows), biases=False)
    if not found.steps:
        raise ConvmatError("layers", "must be at least one", layers)
    return found


def cost_told(cost: Cost) -> str:
    """Both counts, or the one that they share."""
    told = many(cost.padded, "multiplication")
    return (
        told
        if cost.padded == cost.effective
        else f"{told}, {cost.effective:,} effective"
    )


def _of_summary(summary: Summary) -> Steps:
    steps, shape = [], summary.input_shape
    for row in summary.rows:
        counts = row.parameters, row.multiplications
        steps.append(Step(row.name, row.layer, "", shape, row.output_shape, *counts))
        shape = row.output_shape
    branches = any(step.kind == "Residual" for step in steps)
    return Steps(tuple(steps), biases=True, in_line=not branches)


def _of_matrices(rows: tuple[LayerMatrix, ...], *, biases: bool) -> Steps:
    steps = tuple(
        Step(
            row.name,
            row.kind,
            row.settings,
            row.input_shape,
            row.output_shape,
            row.parameters + row.bias,
            row.multiplications,
        )
        for row in rows
    )
    return Steps(steps, biases, all(map(_follow, steps, steps[1:])))


def _follow(one: Step, other: Step) -> bool:
    """Whether the second may read what the first gives, flattened perhaps."""
    return one.gives is not None and other.reads in (one.gives, (prod(one.gives),))
