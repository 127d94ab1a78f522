"""The page of the gallery shows every figure, in the gallery's order."""

import re
from pathlib import Path

from convmat.figures import gallery

PAGE = Path(__file__).parents[2] / "docs" / "gallery.md"


def test_the_page_has_every_figure_once():
    text = PAGE.read_text(encoding="utf-8")
    assert tuple(re.findall(r"^```\{convmat\} (\w+)$", text, re.M)) == gallery.names()
    assert tuple(re.findall(r"^### `(\w+)`$", text, re.M)) == gallery.names()
