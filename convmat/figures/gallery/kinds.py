"""What the gallery knows of each figure: its name, caption, options and example."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convmat.figures.film import Film
    from convmat.figures.gallery.reader import Reader

__all__ = ["LETTERS", "LINES", "MOVING", "Drawn", "Entry", "Option", "Preset"]

Drawn: TypeAlias = "Figure | Film"
"""What drawing gives."""

_STILL = ("svg", "png", "pdf")

LINES = (*_STILL, "tex")
"""Formats of figures that have neither images nor numbered axes."""

LETTERS = (*LINES, "txt")
"""Formats of figures whose cells can stand as characters."""

MOVING = ("gif", *LINES)
"""Formats of films; all but the first have the last frame."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a figure, as text.

    Attributes
    ----------
    name : str
        Without dashes or colons: `input` is `--input` and `:input:`.
    help : str
        What it takes, with an example.
    default : str
        What holds where nothing is said; empty for none.
    choices : tuple of str
        All that it may be, where that is a short list.
    belongs_to : str
        The option that the default is made for: numbers are as many as a shape has
        entries. Where that option is not at its own default, this one has none.

    Examples
    --------
    >>> from convmat.figures.gallery import entry
    >>> stride = next(o for o in entry("matrix_plot").options if o.name == "stride")
    >>> stride.help, stride.default
    ('step between windows: 2, or per axis 2x1', '1')
    """

    name: str
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()
    belongs_to: str = ""


@dataclass(frozen=True)
class Entry:
    """A figure that can be asked for by its name.

    Attributes
    ----------
    name : str
        That of the function of `convmat.figures` that draws it.
    caption : str
        What it shows, in one sentence.
    group : str
        What stands together on a page: "matrix", "windows", ...
    options : tuple of Option
        All that it understands.
    draw : callable
        `draw(reader)` is the figure of the options that were read.
    example : mapping
        Options of the picture in the gallery, beside the defaults: what is drawn where
        no option is given.
    formats : tuple of str
        Kinds of file that it can be saved in, the usual one first.
    animated : bool
        Whether it is a film.

    Examples
    --------
    >>> from convmat.figures.gallery import entry
    >>> found = entry("matrix_plot")
    >>> found.group, found.formats[0], found.animated
    ('matrix', 'svg', False)
    >>> found.defaults["kernel"]
    '2x2'
    """

    name: str
    caption: str
    group: str
    options: tuple[Option, ...]
    draw: Callable[[Reader], Drawn]
    example: Mapping[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] = _STILL
    animated: bool = False

    @property
    def defaults(self) -> dict[str, str]:
        """What each option is where nothing is said, by name."""
        return {option.name: option.default for option in self.options}


@dataclass(frozen=True)
class Preset:
    """Options with a name: a published geometry, or a view that is known.

    Attributes
    ----------
    caption : str
        What it is, and where it comes from.
    figure : str
        The figure that it was made for; any other that has these options takes it too.
    options : mapping
        Text, by the names of options.

    Examples
    --------
    >>> from convmat.figures.gallery import PRESETS
    >>> preset = PRESETS["no_padding_no_strides"]
    >>> preset.figure, preset.options["input"], preset.options["kernel"]
    ('stack3d', '4x4', '3x3')
    """

    caption: str
    figure: str
    options: Mapping[str, str]

    def missing(self, asked: Entry) -> list[str]:
        """The options that a figure lacks to take this; none where it takes it.

        Examples
        --------
        >>> from convmat.figures.gallery import PRESETS, entry
        >>> preset = PRESETS["kleinsmith_matrix"]
        >>> preset.missing(entry("matrix_equation")), preset.missing(entry("wires"))
        ([], ['bias'])
        """
        return sorted(set(self.options) - set(asked.defaults))
