"""The results of a sweep on disk: whatever a killed process leaves is read again."""

import json

import pytest

from convmat import ConvmatError
from convmat.verify.sweep_chunk import Tally
from convmat.verify.sweep_file import SweepFile

HEADER = {"box": "mine", "geometries": 30, "seed": 0}


def tally(start, stop, **changes):
    return Tally(start, stop, stop - start, 7 * stop, start, 0.25, "code", **changes)


def counts(tallies):
    return [(t.start, t.stop, t.geometries, t.entries, t.tested) for t in tallies]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "results.jsonl"
    with SweepFile(path, HEADER) as file:
        for start in (20, 0, 10):
            file.append(tally(start, start + 10))
    return path


def reread(path):
    with SweepFile(path, HEADER) as file:
        return counts(file.done)


WHOLE = counts([tally(0, 10), tally(10, 20), tally(20, 30)])


def test_chunks_come_back_in_the_order_of_the_box(path):
    assert reread(path) == WHOLE
    assert json.loads(path.read_text().splitlines()[0]) == {
        "convmat sweep": 1,
        **HEADER,
    }


def test_a_last_line_cut_anywhere_is_dropped(path):
    whole = path.read_bytes()
    kept = whole[: whole[:-1].rindex(b"\n") + 1]  # without its last chunk, 10 to 20
    for size in range(len(kept), len(whole)):
        path.write_bytes(whole[:size])
        with SweepFile(path, HEADER) as file:
            assert counts(file.done) == [WHOLE[0], WHOLE[2]]
            file.append(tally(10, 20))
        assert path.read_bytes() == whole
        assert reread(path) == WHOLE


def test_an_empty_file_is_begun(tmp_path):
    path = tmp_path / "results.jsonl"
    path.touch()
    assert reread(path) == []
    assert reread(path) == []


def test_chunks_that_two_sweeps_did_count_once(path):
    with SweepFile(path, HEADER) as file:
        file.append(tally(10, 20))
        file.append(tally(15, 25))
    assert reread(path) == WHOLE


@pytest.mark.parametrize(
    "content",
    [b"hello\n", b'{"box": "mine"}\n', b"[1]\n", b"\n", b"\xff\xfe\n", b"no line end"],
)
def test_files_of_others_are_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ConvmatError, match="results must be the results of a sweep"):
        SweepFile(path, HEADER)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"nonsense",
        b"",
        b'{"start": 0, "stop": 0, "geometries": 0, "entries": 0, "tested": 0}',
        b'{"start": 0, "stop": 31, "geometries": 31, "entries": 0, "tested": 0}',
        b'{"start": 0, "stop": 5, "geometries": 4, "entries": 0, "tested": 0}',
        b'{"start": 0, "stop": 5, "geometries": 5, "entries": -1, "tested": 0}',
        b'{"start": 0, "stop": true, "geometries": 1, "entries": 0, "tested": 0}',
    ],
)
def test_damage_in_the_middle_is_refused_by_its_line(path, line):
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:2], line, *lines[2:], b""]))
    with pytest.raises(ConvmatError, match="line 3 is damaged"):
        SweepFile(path, HEADER)


def test_results_of_another_format_are_refused(path):
    path.write_bytes(path.read_bytes().replace(b'sweep": 1', b'sweep": 2'))
    with pytest.raises(ConvmatError, match="whose convmat sweep is 1 and not 2"):
        SweepFile(path, HEADER)
