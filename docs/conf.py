"""Settings of the documentation build; it needs no network."""

from convmat import __version__

project = "convmat"
author = "The convmat authors"
copyright = "2026, The convmat authors"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "convmat.sphinxext",
]
exclude_patterns = ["build"]

html_theme = "furo"
html_title = f"convmat {release}"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_preserve_defaults = True  # a table as it is named, not as it is
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
# Shapes, dtypes and meaning stand in the numpydoc sections; the annotations of arrays
# say less and would make every signature several lines long.
autodoc_typehints = "none"
numpydoc_show_class_members = False  # autodoc lists them already

# Without intersphinx these have no target. Everything of our own must have one.
nitpick_ignore_regex = [
    (r"py:.*", r"(numpy|scipy|sympy|matplotlib|hypothesis|collections|pathlib)\..*"),
]
