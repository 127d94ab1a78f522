"""Code in the pages for other people's packages runs where they are installed."""

import re
import warnings
from importlib import import_module
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "docs"
OUTSIDE = ("torch", "pylops")


def blocks():
    """Python code without prompts, which doctest passes over."""
    for path in sorted(PAGES.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        for number, code in enumerate(
            re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        ):
            if not code.startswith(">>>"):
                name = f"{path.relative_to(PAGES).as_posix()}-{number}"
                yield pytest.param(code, id=name)


@pytest.mark.parametrize("code", list(blocks()))
def test_a_block_without_prompts_runs(code):
    wanted = [name for name in OUTSIDE if re.search(rf"^import {name}\b", code, re.M)]
    assert wanted, "a block that needs nothing else belongs into a doctest"
    assert "assert " in code
    for name in wanted:
        try:
            import_module(name)
        except ImportError:
            pytest.skip(f"{name} is not installed")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="torch")
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
        exec(compile(code, "block", "exec"), {})
