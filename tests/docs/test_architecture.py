"""The page on architecture says what the import contracts say."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "tool"
]["importlinter"]["contracts"]


def test_the_rooms_stand_in_the_order_of_the_contract():
    layers = next(c for c in CONTRACTS if c["id"] == "layers")["layers"]
    told = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)[1].splitlines()
    assert told == [re.sub(r"[()]", "", line) for line in layers]


def test_every_room_has_its_line_in_the_table():
    packages = {
        path.stem
        for path in (ROOT / "convmat").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    rooms = {name for name in packages if not name.startswith("__")}
    told = set(re.findall(r"`(\w+)`", PAGE.partition("## Contracts")[0]))
    assert rooms <= told


def test_as_many_contracts_are_told_as_there_are():
    told = re.findall(
        r"^\d+\. ", PAGE.partition("## Contracts")[2].partition("##")[0], re.M
    )
    assert len(told) == len(CONTRACTS)
