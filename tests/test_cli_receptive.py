"""`convmat receptive`, as it is typed."""

import csv
import io
import json

import pytest

from convmat.cli import main


def test_table_of_the_chapter_has_both_routes(capsys):
    assert main(["receptive", "--chapter13", "A"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[:6]]
    assert lines[0] == ["layer", "output", "field", "jump", "start", "seen"]
    assert [line[2] for line in lines[1:]] == ["3", "7", "15", "31", "63"]
    assert [line[5] for line in lines[1:]] == ["3", "7", "15", "27", "28"]


def test_an_output_is_told_by_its_paths(capsys):
    words = ["receptive", "--input", "7x9", "--layer", "k3p1", "--layer", "k2x1s2"]
    assert main([*words, "--at", "0x4"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "output 0x4 sees 6 of 63 cells, by 10 paths" in out
    assert "axis 0: cells 0 to 2, by 2 2 1 paths; by the recurrence -1 to 2, cut" in out
    assert "axis 1: cells 7 to 8, by 1 1 paths; by the recurrence 7 to 9, cut" in out


def test_json_has_parts_of_cells_as_fractions(capsys):
    words = ["receptive", "--input", "7", "--layer", "tk4s2p1", "--at", "3"]
    words += ["--format", "json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["layers"][0]["field"] == ["5/2"]
    assert told["layers"][0]["seen"] == [2]
    assert told["paths"] == [[0, 1, 1, 0, 0, 0, 0]]


WORDS = ["receptive", "--input", "9x7", "--layer", "k3p1x0", "--layer", "tk4s2p1"]
TABLE = [
    ["layer", "output", "field", "jump", "start", "seen"],
    ["k3p1x0", "9x5", "3x3", "1x1", "-1x0", "3x3"],
    ["tk4s2p1", "18x10", "9/2x9/2", "1/2x1/2", "-2x-1", "4x4"],
]


def test_every_format_holds_the_same_table(capsys):
    assert main([*WORDS, "--format", "csv"]) == 0
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == TABLE
    assert main([*WORDS, "--format", "markdown", "--at", "0x0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines[:4]
    ]
    assert [cells[0], *cells[2:]] == TABLE
    assert lines[4] == ""
    assert lines[5].startswith("- output 0x0 sees ")
    assert main([*WORDS, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for layer, row in zip(told["layers"], TABLE[1:], strict=True):
        assert layer.pop("layer") == row[0]
        assert ["x".join(map(str, value)) for value in layer.values()] == row[1:]


def test_the_table_goes_into_a_file(capsys, tmp_path):
    out = tmp_path / "fields.csv"
    assert main([*WORDS, "--format", "csv", "--out", str(out)]) == 0
    assert capsys.readouterr().out == ""
    assert list(csv.reader(out.read_text().splitlines())) == TABLE


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--layer", "k3s"], "--layer must be like k3, k3s2p1"),
        (
            ["--layer", "k99"],
            "--layer must name a layer that fits: its kernel_size must fit the padded",
        ),
        (
            ["--layer", "k3x3x3"],
            "--layer must have one number of taps, or one per axis: 2, got",
        ),
        (
            ["--layer", "k3", "--at", "0x0", "--format", "csv"],
            "--at must be left out beside --format csv",
        ),
        (["--input", "9xa", "--layer", "k3"], "--input must be integers"),
        (["--input", "9x0", "--layer", "k3"], "--input must have at least one axis"),
        (
            ["--input", "9", "--layer", "k3", "--at", "7"],
            "--at must be an output, from",
        ),
        (["--layer", "k3", "--at", "7"], "--at must be an output, from 0x0 to 25x25"),
        (["--chapter13", "A", "--input", "9x9"], "--input must be 28x28 beside"),
    ],
)
def test_what_is_wrong_is_told_in_options(capsys, words, message):
    assert main(["receptive", *words]) == 2
    assert capsys.readouterr().err.startswith(f"convmat: {message}")
