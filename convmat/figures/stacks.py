"""Input below, output above, the window and its lines: one frame, or a film of them."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.figures.chosen import output_number
from convmat.figures.film import Film
from convmat.figures.stack_frame import Stack
from convmat.figures.style import Theme, theme_of
from convmat.geometry import Geometry, IntOrInts

__all__ = ["stack3d", "stack3d_film"]


def stack3d(
    geometry: Geometry | str = "padding_strides",
    *,
    output: IntOrInts = 0,
    transposed: bool = False,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The input below, the output above, and the lines from a window to its output.

    Parameters
    ----------
    geometry : Geometry or str
        One or two spatial axes, at most 400 cells of padded input and 400 outputs; or a
        name of the guide to convolution arithmetic, such as `"same_padding_no_strides"`
        (`convmat.figures.arithmetic.ARITHMETIC` has all fifteen). Channels stand side
        by side.
    output : int or tuple of int
        Its place, `(*spatial)` or with its channel in front, or its flat number.
    transposed : bool
        Whether to show the transpose of `geometry`: as the convolution of an input with
        zeros inserted, whose kernel is flipped. Names that end in `_transposed` say so
        themselves.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        A cell under a tap has its colour and letter, or is grey with × where a zero
        stands. Cells of padding are dashed, inserted zeros dotted. Ids: `x[i,j]`,
        `pad[i,j]` (a place in the padded input), `zero[i,j]` (in the stretched input),
        `y[r]`, `window` and `line[0]` to `line[3]`; with several channels
        `window[c]` and `line[c,0]`.

    Raises
    ------
    ShapeError
        For other axes, more cells, and an output that there is not.
    GeometryError
        For a transpose whose padding repeats the result.
    ConvmatError
        For an unknown name, or theme.
    ConvmatTypeError
        For what is no geometry.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
    arXiv:1603.07285.

    Examples
    --------
    >>> figure = stack3d("no_padding_no_strides", output=(0, 1))
    >>> figure.convmat["highlighted"]["x"][:4]
    ['x[0,1]', 'x[0,2]', 'x[0,3]', 'x[1,1]']
    """
    stack = Stack(geometry, transposed, theme_of(theme))
    number = output_number(output, stack.outputs)
    return stack.draw(number, (), ax)


def stack3d_film(
    geometry: Geometry | str = "padding_strides",
    *,
    outputs: Iterable[IntOrInts] | None = None,
    transposed: bool = False,
    seconds: float = 0.8,
    theme: str | Theme = "light",
) -> Film:
    """`stack3d` for one output after the other; those before stay filled.

    Parameters
    ----------
    geometry, transposed, theme
        As in `stack3d`.
    outputs : iterable of int or tuple of int, optional
        The outputs, in the order of the frames; by default all.
    seconds : float
        How long each frame stands.

    Returns
    -------
    Film

    Raises
    ------
    ShapeError, GeometryError, ConvmatError, ConvmatTypeError
        As `stack3d`.

    Examples
    --------
    >>> film = stack3d_film("no_padding_no_strides")
    >>> len(film), film.convmat["highlighted"]["y"]
    (4, ['y[0]', 'y[1]', 'y[2]', 'y[3]'])
    """
    stack = Stack(geometry, transposed, theme_of(theme))
    places = range(prod(stack.outputs)) if outputs is None else outputs
    numbers = [output_number(place, stack.outputs) for place in places]
    note = {
        "kind": "stack3d_film",
        "params": {**stack.params, "outputs": numbers, "seconds": seconds},
        "highlighted": {"x": [], "W": [], "y": [f"y[{n}]" for n in numbers]},
        "alt": "\n".join([stack.head, *map(stack.cells.told, numbers)]),
    }

    def draw(frame: int) -> Figure:
        return stack.draw(numbers[frame], numbers[:frame], None)

    return Film(len(numbers), draw, seconds, note)
