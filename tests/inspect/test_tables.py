"""The same facts as text, Markdown, JSON and CSV."""

import csv
import io
import json

import numpy as np
import pytest

from convmat import geometry
from convmat.inspect import Inspection, inspect_file
from convmat.inspect.facts import conv_layer, pool_layer
from convmat.inspect.tables import FORMATS, as_csv, as_json, as_markdown, as_text

CONV = conv_layer(
    "a|b\n\x1b[31m",
    geometry((2, 9, 9), (4, 2, 3, 3), stride=2),
    4,
    field=(3, 3),
    jump=(2, 2),
)
POOL = pool_layer("pool", "MaxPool", geometry((1, 4), (1, 1, 2)), 4, linear=False)
FOUND = Inspection(
    "net.onnx", "onnx", {"x": (1, 2, 9, 9)}, (CONV, POOL), {"Relu": 2}, {"late": "why"}
)


def test_json_holds_every_number():
    whole = json.loads(as_json(FOUND))
    first = whole["layers"][0]
    assert (first["rows"], first["columns"], first["nnz"]) == (
        *CONV.matrix_shape,
        CONV.nnz,
    )
    assert first["density"] == CONV.density
    assert first["sharing"] == CONV.sharing == 16
    assert first["norm"] is None
    assert whole["others"] == {"Relu": 2}
    assert whole["skipped"] == {"late": "why"}
    assert whole["total"]["nnz"] == CONV.nnz + POOL.nnz


def test_csv_has_one_line_for_each_layer_whatever_its_name():
    rows = list(csv.DictReader(io.StringIO(as_csv(FOUND))))
    assert [row["name"] for row in rows] == [CONV.name, "pool"]
    assert rows[0]["input_shape"] == "2x9x9"
    assert rows[0]["multiplications_padded"] == str(CONV.multiplications.padded)
    assert rows[1]["sharing"] == ""


def test_markdown_has_as_many_cells_in_every_row():
    lines = as_markdown(FOUND).splitlines()
    table = [line.replace("\\|", "") for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert len(table) == 2 + 2 + 1
    assert table[-1].startswith("| total |")
    assert "| 1,152 |" in table[2]


def test_text_is_aligned_and_prints_no_control_characters():
    lines = as_text(FOUND).splitlines()
    assert all(character.isprintable() for line in lines for character in line)
    assert lines[0] == "net.onnx: x 1x2x9x9"
    assert lines[1].index("operator") == lines[2].index("Conv")
    assert "a maximum is not linear: its row is the pattern of its windows" in lines
    assert str(FOUND) == as_text(FOUND)


def test_json_has_no_infinity():
    from dataclasses import replace

    singular = Inspection("n", "npz", {}, (replace(CONV, norm=1.0, condition=np.inf),))
    assert json.loads(as_json(singular))["layers"][0]["condition"] is None
    assert "inf" in as_text(singular)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_without_layers_has_a_table_too(name, tmp_path):
    path = tmp_path / "empty.npz"
    np.savez(path, counter=np.array(3))
    assert FORMATS[name](inspect_file(path))
