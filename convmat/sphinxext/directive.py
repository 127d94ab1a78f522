"""The directive: drawn as soon as it is read, so that errors name the page's line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.gallery import Option, entry, names
from convmat.figures.gallery.options import YES_NO
from convmat.sphinxext.cache import Drawing, Spec
from convmat.sphinxext.pages import (
    FORMAT,
    THEMES,
    drawn,
    folder_of,
    note_versions,
    themes_of,
)

__all__ = ["FigureDirective"]

_LOG = logging.getLogger(__name__)


def _theme(text: str) -> str:
    return str(directives.choice(text, THEMES))


def _align(text: str) -> str:
    return str(directives.choice(text, ("left", "center", "right")))


def _text(text: str | None) -> str:
    return "" if text is None else text


def _options(name: str) -> tuple[Option, ...]:
    """Those of a figure; none where there is no such figure, which `draw` tells."""
    return entry(name).options if name in names() else ()


class _Options(dict[str, Callable[[str], Any]]):
    """The options of the directive itself; all others are the figure's, and text."""

    def __missing__(self, name: str) -> Callable[[str], str]:
        return _text


class FigureDirective(SphinxDirective):
    """`.. convmat:: NAME`, with the options of the figure and some of its own.

    Its own are `theme` (`auto`, `both`, `light`, `dark`), `alt`, `caption`, `width`,
    `align`, `name` and `class`. What stands below the options is the caption, too.
    A switch of a figure, `:padded:`, needs no word to be on.
    """

    required_arguments = 1
    final_argument_whitespace = False
    has_content = True
    option_spec: ClassVar[Any] = _Options(
        theme=_theme,
        alt=directives.unchanged_required,
        caption=directives.unchanged_required,
        width=directives.length_or_percentage_or_unitless,
        align=_align,
        name=directives.unchanged_required,
        **{"class": directives.class_option},
    )

    def run(self) -> list[nodes.Node]:
        """The figure's node; on bad options a warning, and nothing."""
        name = self.arguments[0]
        spec = Spec(name, self._given(name))
        note_versions(self.env)
        kind = getattr(self.env, FORMAT)
        suffix = "pdf" if kind == "latex" else "svg"
        theme = self.options.get("theme")
        try:
            drawings = [
                Drawing.of(spec, side, suffix, folder_of(self.env))
                for side in themes_of(self.config, kind, theme)
            ]
        except (ConvmatError, ConvmatTypeError, ImportError) as error:
            _LOG.warning(
                "convmat: %s", error, location=self.get_location(), type="convmat"
            )
            return []
        except Exception as error:  # one figure must not end the build
            words = f"{type(error).__name__}: {error}"
            _LOG.warning(
                "convmat: drawing %s failed: %s",
                name,
                words,
                location=self.get_location(),
                type="convmat",
            )
            return []
        picture = drawn(
            spec=spec,
            theme=theme,
            alt=self.options.get("alt", drawings[0].alt),
            width=self.options.get("width", ""),
        )
        return [self._figure(picture, entry(name).caption)]

    def _given(self, name: str) -> dict[str, str]:
        """The options of the figure; a switch without a word is on."""
        switches = [one.name for one in _options(name) if one.choices == YES_NO]
        return {
            option: "yes" if option in switches and not text else _text(text)
            for option, text in self.options.items()
            if option not in self.option_spec
        }

    def _figure(self, picture: drawn, default: str) -> nodes.Node:
        """The picture with its caption, as Sphinx numbers and links figures."""
        figure = nodes.figure("", picture, align=self.options.get("align", "center"))
        figure["classes"] += ["convmat", *self.options.get("class", [])]
        self.set_source_info(figure)
        body = nodes.Element()
        if self.content:
            self.state.nested_parse(self.content, self.content_offset, body)
        elif (text := self.options.get("caption", default)) != "none":
            inline, messages = self.state.inline_text(text, self.lineno)
            body += nodes.paragraph(text, "", *inline)
            body += messages
        if body.children:
            first, *rest = body.children
            caption = nodes.caption("", "", *first.children)
            self.set_source_info(caption)
            figure += caption
            if rest:
                figure += nodes.legend("", *rest)
        self.add_name(figure)
        return figure
