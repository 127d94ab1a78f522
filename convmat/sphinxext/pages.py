"""How a drawn figure stands in HTML, in LaTeX, and where there are no pictures."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from convmat.sphinxext.cache import Drawing, versions

__all__ = [
    "FORMAT",
    "THEMES",
    "add_style",
    "drawn",
    "folder_of",
    "note_format",
    "note_versions",
    "stale",
    "themes_of",
    "visitors",
]

FORMAT = "convmat_format"
"""Name of the attribute of the environment that holds what is being built."""

_VERSIONS = "convmat_versions"  # of what drew a page, among its metadata

THEMES = ("auto", "both", "light", "dark")
"""What a page may ask for."""

# Themes of Sphinx that have a dark side, and say by data-theme which one is on.
_TWO_SIDED = frozenset(
    ["furo", "pydata_sphinx_theme", "sphinx_book_theme", "shibuya", "lutra"]
)


class drawn(nodes.General, nodes.Inline, nodes.Element):  # type: ignore[misc]  # docutils is untyped
    """A figure in a page: its `spec`, `theme` as asked for, `alt` and `width`."""


def folder_of(env: BuildEnvironment) -> Path:
    """Where drawn files are kept from one build to the next."""
    return Path(env.doctreedir) / "convmat"


def themes_of(config: Config, kind: str, asked: str | None) -> tuple[str, ...]:
    """The themes that a figure is drawn in.

    Parameters
    ----------
    config : Config
    kind : str
        Of the builder: `"html"`, `"latex"`, ...
    asked : str or None
        What the page says. `auto` is both for HTML themes that have a dark side, else
        light. Paper is light.
    """
    theme = asked or config.convmat_theme
    if theme in ("light", "dark"):
        return (theme,)
    two_sided = theme == "both" or config.html_theme in _TWO_SIDED
    return ("light", "dark") if kind == "html" and two_sided else ("light",)


def note_format(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    """Tell the directives, which know the environment only, what is being built."""
    setattr(env, FORMAT, app.builder.format)


def note_versions(env: BuildEnvironment) -> None:
    """Keep with the page that is being read what has drawn its figures."""
    env.metadata[env.docname][_VERSIONS] = versions()


def stale(
    app: Sphinx,
    env: BuildEnvironment,
    added: set[str],
    changed: set[str],
    removed: set[str],
) -> list[str]:
    """The pages whose figures were drawn by other code than today's: read them again.

    Sphinx itself only sees whether the text of a page is another one.
    """
    kept = {page: note.get(_VERSIONS) for page, note in env.metadata.items()}
    return [page for page, one in kept.items() if one not in (None, versions())]


def add_style(app: Sphinx, config: Config) -> None:
    """The style sheet that shows one of two pictures, once for all pages.

    Raises
    ------
    ExtensionError
        For a `convmat_theme` that is none.
    """
    theme = config.convmat_theme
    if theme not in THEMES:
        rule = f"convmat_theme must be one of {', '.join(THEMES)}, got {theme!r}"
        raise ExtensionError(rule)
    config.html_static_path.append(str(Path(__file__).with_name("static")))
    app.add_css_file("convmat.css")


def visitors() -> dict[str, Any]:
    """For `app.add_node`: what each kind of builder does with a figure."""
    words = (_visit_words, None)
    return {
        "html": (_visit_html, None),
        "latex": (_visit_latex, None),
        "text": words,
        "man": words,
        "texinfo": words,
    }


def _visit_html(self: Any, node: drawn) -> None:
    builder = self.builder
    themes = themes_of(builder.config, "html", node["theme"])
    folder = Path(builder.outdir) / builder.imagedir
    for theme in themes:
        drawing = Drawing.of(node["spec"], theme, "svg", folder_of(builder.env))
        name = drawing.copied(folder)
        side = f' class="convmat-{theme}"' if len(themes) > 1 else ""
        width = node["width"] or f"{96 * drawing.width:.0f}px"
        self.body.append(
            f'<img{side} src="{builder.imgpath}/{name}" alt="{escape(node["alt"])}" '
            f'style="width: {escape(width)}" loading="lazy" />\n'
        )
    raise nodes.SkipNode


def _visit_latex(self: Any, node: drawn) -> None:
    builder = self.builder
    (theme,) = themes_of(builder.config, "latex", node["theme"])
    drawing = Drawing.of(node["spec"], theme, "pdf", folder_of(builder.env))
    name = drawing.copied(Path(builder.outdir))
    # Of its own size, but as Sphinx has it, never wider than the text.
    stem = name.removesuffix(".pdf")
    self.body.append(rf"\noindent\sphinxincludegraphics{{{{{stem}}}.pdf}}")
    raise nodes.SkipNode


def _visit_words(self: Any, node: drawn) -> None:
    words = f"[image: {node['alt']}]"
    if hasattr(self, "add_text"):  # plain text
        self.add_text(words + self.nl + self.nl)
    else:
        self.body.append(words + "\n")
    raise nodes.SkipNode
