"""The numbers of one layer, counted from its geometry."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

from convmat.arrays import Shape
from convmat.costs import Cost, costs
from convmat.geometry import Geometry
from convmat.inspect.value import LayerMatrix

__all__ = [
    "conv_layer",
    "diagonal_layer",
    "full_layer",
    "pool_layer",
    "settings_of",
    "transposed_layer",
]


def conv_layer(name: str, g: Geometry, itemsize: int, **more: Any) -> LayerMatrix:
    """A convolution."""
    return LayerMatrix(
        name=name,
        kind="Conv",
        settings=settings_of(g),
        itemsize=itemsize,
        parameters=g.free_parameters,
        input_shape=(g.in_channels, *g.input_size),
        output_shape=(g.out_channels, *g.output_size),
        geometry=g,
        matrix_shape=g.matrix_shape,
        nnz=g.nnz,
        multiplications=costs(g).im2col,
        **more,
    )


def transposed_layer(name: str, g: Geometry, itemsize: int, **more: Any) -> LayerMatrix:
    """A transposed convolution; `g` is the paired geometry.

    Examples
    --------
    >>> from convmat import transposed_geometry
    >>> row = transposed_layer(
    ...     "up", transposed_geometry((1, 4), (1, 1, 2), stride=2), 4
    ... )
    >>> row.matrix_shape, row.nnz, row.output_shape
    ((8, 4), 8, (1, 8))
    """
    rows, columns = g.matrix_shape
    return LayerMatrix(
        name=name,
        kind="ConvTranspose",
        settings=settings_of(g),
        itemsize=itemsize,
        parameters=g.free_parameters,
        input_shape=(g.out_channels, *g.output_size),
        output_shape=(g.in_channels, *g.input_size),
        geometry=g,
        matrix_shape=(columns, rows),
        nnz=g.nnz,
        multiplications=costs(g).im2col,
        **more,
    )


def full_layer(
    name: str,
    kind: str,
    weight: tuple[int, int],
    itemsize: int,
    places: Shape = (),
    **more: Any,
) -> LayerMatrix:
    """A matrix of weights, `(outputs, inputs)`, used once at each of several places.

    Over all places it is block diagonal, with the same block everywhere.

    Examples
    --------
    >>> row = full_layer("project", "MatMul", (4, 3), 4, places=(10,))
    >>> row.matrix_shape, row.nnz, row.sharing
    ((40, 30), 120, 10.0)
    """
    outputs, inputs = weight
    times = prod(places)
    entries = times * outputs * inputs
    return LayerMatrix(
        name=name,
        kind=kind,
        itemsize=itemsize,
        parameters=outputs * inputs,
        input_shape=(*places, inputs),
        output_shape=(*places, outputs),
        matrix_shape=(times * outputs, times * inputs),
        nnz=entries,
        multiplications=Cost(entries, entries),
        **more,
    )


def diagonal_layer(
    name: str, kind: str, shape: Shape, itemsize: int, **more: Any
) -> LayerMatrix:
    """A factor for each channel of `(channels, *spatial)`: a diagonal matrix."""
    cells = prod(shape)
    return LayerMatrix(
        name=name,
        kind=kind,
        itemsize=itemsize,
        parameters=shape[0],
        input_shape=shape,
        output_shape=shape,
        matrix_shape=(cells, cells),
        nnz=cells,
        multiplications=Cost(cells, cells),
        **more,
    )


def pool_layer(
    name: str, kind: str, g: Geometry, itemsize: int, *, linear: bool, **more: Any
) -> LayerMatrix:
    """Windows over each channel by itself: a mean, or a maximum.

    One multiplication makes a mean of a sum, and a maximum takes none.
    """
    shape = (g.out_channels, *g.output_size)
    means = prod(shape) if linear else 0
    return LayerMatrix(
        name=name,
        kind=kind,
        settings=settings_of(g, grouped=False),
        linear=linear,
        itemsize=itemsize,
        input_shape=(g.in_channels, *g.input_size),
        output_shape=shape,
        geometry=g,
        matrix_shape=g.matrix_shape,
        nnz=g.nnz,
        multiplications=Cost(means, means),
        **more,
    )


def settings_of(g: Geometry, *, grouped: bool = True) -> str:
    """A geometry in short, what is usual left out.

    Examples
    --------
    >>> from convmat import geometry
    >>> settings_of(geometry((4, 9, 9), (8, 2, 3, 3), stride=2, padding=1, groups=2))
    'k3x3 s2 p1 g2'
    >>> settings_of(geometry((9, 9), (3, 2), padding=((0, 1), (2, 2))))
    'k3x2 p0,1x2,2'
    """
    told = [f"k{_times(g.kernel_size)}"]
    for letter, values, usual in (("s", g.stride, 1), ("d", g.dilation, 1)):
        if set(values) != {usual}:
            told.append(
                letter + _times(values[:1] if len(set(values)) == 1 else values)
            )
    if any(map(any, g.padding)):
        told.insert(1 + (set(g.stride) != {1}), f"p{_pads(g)}")
    if grouped and g.groups != 1:
        told.append(f"g{g.groups}")
    return " ".join(told)


def _pads(g: Geometry) -> str:
    numbers = {pad for pair in g.padding for pad in pair}
    if len(numbers) == 1:
        return str(numbers.pop())
    return "x".join(f"{before},{after}" for before, after in g.padding)


def _times(numbers: Iterable[int]) -> str:
    return "x".join(map(str, numbers))
