"""Figures of convmat in other people's documentation: a directive for Sphinx.

In `conf.py`:

    extensions = ["convmat.sphinxext"]

In a page of reStructuredText:

    .. convmat:: matrix_equation
       :input: 3x3
       :kernel: 2x2

       The matrix of a 2×2 kernel on a 3×3 image.

and in Markdown, through MyST, the same within a fence of `{convmat} matrix_equation`.
The figure is drawn while the pages are built, from the options beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convmat.errors import needs

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls for each name in `extensions`.

    Raises
    ------
    ExtensionError
        When matplotlib is missing.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sphinx.application import Sphinx
    >>> from sphinx.util.docutils import docutils_namespace
    >>> with TemporaryDirectory() as top, docutils_namespace():
    ...     size = Path(top, "conf.py").write_text('extensions = ["convmat.sphinxext"]')
    ...     app = Sphinx(top, top, f"{top}/html", f"{top}/trees", "html", status=None)
    >>> app.extensions["convmat.sphinxext"].parallel_read_safe
    True
    """
    from importlib.util import find_spec

    from sphinx.errors import ExtensionError

    from convmat.version import own_version

    if find_spec("matplotlib") is None:
        raise ExtensionError(needs("convmat.sphinxext", "matplotlib", "figures"))
    # These load matplotlib, so they come after the question whether it is there.
    from convmat.sphinxext.directive import FigureDirective
    from convmat.sphinxext.pages import add_style, drawn, note_format, stale, visitors

    app.add_config_value("convmat_theme", "auto", "env", [str])
    app.add_node(drawn, **visitors())
    app.add_directive("convmat", FigureDirective)
    app.connect("config-inited", add_style)
    app.connect("env-before-read-docs", note_format)
    app.connect("env-get-outdated", stale)
    return {
        "version": own_version(),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
