"""`convmat inspect`."""

import json
import sys

import numpy as np
import pytest

from convmat.cli import main


@pytest.fixture
def net(onnx_file):
    nodes = [("Conv", ["x", "w"], ["y"], "c", {"strides": [2, 1]})]
    constants = {"w": np.ones((4, 3, 3, 3), np.float32)}
    return str(onnx_file(nodes, {"x": ("n", 3, "h", "w")}, constants))


def test_table_goes_to_the_terminal_and_into_a_file(net, capsys, tmp_path):
    assert main(["inspect", net, "--input", "1x3x9x8", "--prove"]) == 0
    out = capsys.readouterr().out
    assert "k3x3 s2x1" in out
    assert "exact" in out
    table = tmp_path / "table.json"
    line = ["inspect", net, "--input", "x=1x3x9x8", "--format", "json", "--out"]
    assert main([*line, str(table)]) == 0
    assert json.loads(table.read_text())["layers"][0]["rows"] == 4 * 4 * 6


def test_errors_speak_of_options(net, capsys):
    assert main(["inspect", net]) == 2
    told = capsys.readouterr().err
    assert told.startswith("convmat: --input must be given, because the file leaves")
    assert "1x3x?x?" in told
    assert main(["inspect", net, "--input", "1x3xa"]) == 2
    assert "--input must be integers with x between them" in capsys.readouterr().err
    assert main(["inspect", net, "--input", "1x3x9", "--input", "1x3x9"]) == 2
    assert "must be NAME=SHAPE when there are several" in capsys.readouterr().err
    assert main(["inspect", net, "--layer", "c:s2"]) == 2
    assert "--layer must be left out for an ONNX file" in capsys.readouterr().err
    assert main(["inspect", "none.onnx"]) == 2
    assert "path must name a file that exists" in capsys.readouterr().err


def test_a_difference_ends_with_1(net, capsys, monkeypatch):
    from convmat.inspect import onnx_comparison

    right = onnx_comparison.matrix_rows
    monkeypatch.setattr(
        onnx_comparison, "matrix_rows", lambda k, *a, **b: right(k + 1, *a, **b)
    )
    assert main(["inspect", net, "--input", "1x3x9x8", "--prove"]) == 1
    assert "DIFFERS" in capsys.readouterr().out


def test_without_onnx_the_extra_is_named(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "onnx", None)
    path = tmp_path / "net.onnx"
    path.write_bytes(b"")
    assert main(["inspect", str(path)]) == 2
    assert 'pip install "convmat[inspect]"' in capsys.readouterr().err


def test_weights_take_layers(capsys, tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, **{"conv.weight": np.ones((4, 3, 3, 3))})
    line = ["inspect", str(path), "--input", "3x9x8", "--layer", "conv:s2x1"]
    assert main([*line, "--format", "csv"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert "conv,Conv,k3x3 s2x1,True,3x9x8,4x4x6,96,216" in rows[1]
