"""What every figure is drawn on: a sheet in inches, and the note of what it shows.

Figures are made without pyplot, so that none of them opens a window or changes the
state of the caller's program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from convmat.errors import ConvmatTypeError
from convmat.figures.canvas import write
from convmat.figures.style import Theme

__all__ = ["Sheet", "describe", "root_figure"]

_TICKS: Any = {"major": 3.5, "minor": 2.0}  # points, as matplotlib has them
_PAD = 3.5


@dataclass
class Sheet:
    """One axes, in inches from its top left corner: a figure of its own, or a part.

    Attributes
    ----------
    figure : Figure
    ax : Axes
    theme : Theme
    own : bool
        Whether the figure was made for this sheet. If not, the sheet is drawn into axes
        that a caller gave: as large as it fits there, with its texts in proportion.
    size : (float, float)
        Width and height in inches, once it is cut.
    """

    figure: Figure
    ax: Axes
    theme: Theme
    own: bool = True
    size: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def blank(cls, theme: Theme, ax: Axes | None = None) -> Sheet:
        """An empty sheet, on `ax` if there is one; `cut` gives it its size."""
        if ax is not None:
            figure = root_figure(ax)
            ax.set_axis_off()
            return cls(figure, ax, theme, own=False)
        figure = Figure(facecolor=theme.background)
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0), gid="sheet")
        ax.set_axis_off()
        ax.set(xticks=[], yticks=[])  # or they are made, and never seen
        return cls(figure, ax, theme)

    def write(self, x: float, y: float, text: str, gid: str, **looks: Any) -> Text:
        """One text in the theme's ink."""
        return write(self.ax, x, y, text, gid, **{"color": self.theme.ink, **looks})

    def cut(self, wide: float, high: float) -> None:
        """Give the sheet its final size, in inches."""
        self.size = wide, high
        if self.own:
            self.figure.set_size_inches(wide, high)
        else:
            self.ax.set_aspect("equal", adjustable="box")
        self.ax.set(xlim=(0, wide), ylim=(high, 0))

    def panel(self, box: tuple[float, float, float, float], gid: str) -> Axes:
        """Axes within a sheet that was cut: left, top, width and height in inches."""
        left, top, width, height = box
        wide, high = self.size
        place = left / wide, 1 - (top + height) / high, width / wide, height / high
        look: Any = {"gid": gid, "facecolor": self.theme.background}
        if self.own:
            return self.figure.add_axes(place, **look)
        return self.ax.inset_axes(place, **look)

    def finish(
        self, kind: str, params: Mapping[str, Any], alt: str, **highlighted: list[str]
    ) -> Figure:
        """The figure, with what it shows put onto it as `describe` says.

        A sheet within given axes is brought to their size here, so this comes last.
        """
        if not self.own:
            self._shrink()
        return describe(self.figure, kind, params, alt, **highlighted)

    def _shrink(self) -> None:
        """Texts and lines in proportion to the room that the given axes have."""
        box, dpi = self.ax.get_position(original=True), self.figure.dpi
        parent = self.ax.figure.bbox
        room = box.width * parent.width / dpi, box.height * parent.height / dpi
        scale = min(room[0] / self.size[0], room[1] / self.size[1])
        for artist in self.ax.findobj():
            _scale(artist, scale)


def root_figure(ax: Axes) -> Figure:
    """The whole figure that `ax` stands in, also where that is a subfigure.

    Raises
    ------
    ConvmatTypeError
        When `ax` is no axes of matplotlib.
    """
    if not isinstance(ax, Axes):
        remedy = "make one with matplotlib's figure.add_subplot()"
        raise ConvmatTypeError("ax", "must be a matplotlib Axes", ax, remedy)
    figure: Any = ax.figure
    while not isinstance(figure, Figure):
        figure = figure.figure
    return figure


def _scale(artist: Artist, scale: float) -> None:
    if isinstance(artist, Text):
        artist.set_fontsize(float(artist.get_fontsize()) * scale)
    elif isinstance(artist, Line2D | Patch):
        artist.set_linewidth(artist.get_linewidth() * scale)
    if isinstance(artist, Line2D):
        artist.set_markersize(artist.get_markersize() * scale)
    if isinstance(artist, Axis):
        artist.labelpad *= scale
        for which, length in _TICKS.items():
            looks = artist.get_tick_params(which)
            sizes: Any = {
                "length": looks.get("length", length) * scale,
                "pad": looks.get("pad", _PAD) * scale,
            }
            artist.set_tick_params(which, **sizes)


def describe(
    figure: Figure,
    kind: str,
    params: Mapping[str, Any],
    alt: str,
    **highlighted: list[str],
) -> Figure:
    """Put onto `figure` what it shows: `figure.convmat`, for tests, pages and readers.

    Parameters
    ----------
    figure : Figure
    kind : str
        Name of the function that drew it.
    params : mapping
        What it was drawn from.
    alt : str
        What a reader sees, in words; it goes into the file on saving.
    **highlighted : list of str
        Ids of the artists to look at, under `x`, `W` and `y`.
    """
    sheet: dict[str, Any] = {
        "kind": kind,
        "params": dict(params),
        "highlighted": {key: highlighted.get(key, []) for key in "xWy"},
        "alt": alt,
    }
    if hasattr(figure, "convmat"):  # drawn into axes beside others
        sheet = _several(figure.convmat, sheet)
    figure.convmat = sheet  # type: ignore[attr-defined]  # the note travels with it
    return figure


def _several(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The note of a figure that holds more than one of ours: `parts`, and the whole."""
    parts = [*before.get("parts", [before]), after]
    shown = {
        key: [gid for part in parts for gid in part["highlighted"][key]]
        for key in "xWy"
    }
    alt = "\n".join(part["alt"] for part in parts)
    return {
        "kind": "several",
        "params": {},
        "highlighted": shown,
        "alt": alt,
        "parts": parts,
    }
