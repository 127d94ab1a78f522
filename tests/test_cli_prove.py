"""`convmat prove`: what it says before, after, and when something is wrong."""

import sys

import pytest

from convmat import sliding
from convmat.cli import main, prove
from convmat.verify import BOXES, ROUTES, Box

SMALL = ["prove", "--rank", "1", "--max-size", "3", "--no-progress"]


def ran(capsys, *words):
    code = main(list(words))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_number_of_geometries_is_told_before_they_are_compared(capsys, monkeypatch):
    said = []

    def stop(*arguments, **keywords):
        said.append(capsys.readouterr().out)
        raise KeyboardInterrupt

    monkeypatch.setattr("convmat.verify.sweep", stop)
    assert main(SMALL) == 130
    size = len(Box.of(rank=1, max_size=3))
    assert said[0].startswith(f"{size} geometries: every 1-D geometry: sizes 1-3; ker")
    assert "routes: sliding, matrix, operator, dense, fast" in said[0]


def test_the_report_tells_proved_and_tested_apart(capsys):
    code, out, err = ran(capsys, *SMALL, "--routes", "dense,fast", "--seed", "3")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[1] == "routes: dense, fast"
    assert lines[2].startswith("PASS 1-D sizes 1-3 kernels 1-3 strides 1-2 dilations")
    assert lines[3].startswith("  proved, given bilinearity and entries below 63 in si")
    assert lines[4].endswith("results on random integers, seed 3")
    assert lines[5].endswith(" geometries a second")


def test_a_wrong_number_ends_with_1_and_its_counterexample(capsys, monkeypatch):
    right = sliding.input_grad

    def wrong(grad, kernel, g):
        return right(grad, kernel, g) * (1 + (g.stride == (2,)))

    monkeypatch.setattr(sliding, "input_grad", wrong)
    code, out, _ = ran(capsys, *SMALL, "--routes", "sliding")
    assert code == 1
    assert "FAIL 1-D sizes 1-3" in out
    assert "the input gradient of route 'sliding' is wrong for geometry(" in out
    assert "print(ROUTES['sliding'].input_grad(grad, kernel, g)" in out


def test_count_says_how_many_and_compares_nothing(capsys):
    code, out, _ = ran(
        capsys, "prove", "--rank", "4", "--max-size", "9", "--modes", "all", "--count"
    )
    assert code == 0
    number = int(out.split()[0].replace(",", ""))
    modes = ("zeros", "circular", "reflect", "replicate", "symmetric")
    assert number == len(Box.of(rank=4, max_size=9, modes=modes)) > 10**10


def test_every_bound_has_its_option(capsys):
    words = "--max-size 4 --max-kernel 2 --strides 1-3 --dilations 2 --pads 0,2"
    more = "--groups 2-3 --channels 1,2 --modes reflect,zeros --rank 1 --count"
    code, out, _ = ran(capsys, "prove", *words.split(), *more.split())
    box = Box.of(
        rank=1,
        max_size=4,
        max_kernel=2,
        strides=(1, 2, 3),
        dilations=2,
        pads=(0, 2),
        groups=(2, 3),
        channels=(1, 2),
        modes=("zeros", "reflect"),
    )
    assert code == 0
    assert out.startswith(f"{len(box):,} geometries: {box.description}\n")


def test_a_named_box_and_results_that_go_on(capsys, tmp_path):
    results = str(tmp_path / "r.jsonl")
    words = ["prove", "--box", "volume", "--routes", "fast", "--results", results]
    code, out, _ = ran(capsys, *words)
    assert code == 0
    assert f"{len(BOXES['volume'])} geometries: a few 3-D and 4-D geometries" in out
    code, out, _ = ran(capsys, *words)
    assert code == 0
    assert "7 of the geometries were done before" in out
    code, _, err = ran(capsys, *words, "--seed", "1")
    assert code == 2
    assert "--results must be of the same sweep, whose seed is 1 and not 0" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--box plane --rank 2", "--rank cannot stand beside --box"),
        ("--strides 0", "--strides must be one or more integers of at least 1, got"),
        ("--pads 1.5", "--pads must be integers, such as 1,3 or 1-3, got --pads='1.5'"),
        ("--groups 3-1", "--groups must be one or more integers of at least 1, got"),
        ("--max-size 0", "--max-size must be at least 1, got --max-size=0"),
        ("--modes mirror", "did you mean 'reflect'?"),
        ("--routes slidng", "--routes must be some of sliding,matrix,operator,dense"),
        ("--rank 1 --workers 0", "--workers must be at least 1"),
        ("--rank 1 --seed -1", "--seed must be at least 0"),
        ("--rank 1 --scheduler nowhere:1:2", "--scheduler must be the address of a D"),
        ("--bx plane", "--bx is no option; did you mean --box?"),
        ("--results /dev/null/x --rank 1", "cannot write"),
    ],
)
def test_wrong_options_are_told_in_one_sentence(capsys, words, said):
    if "--scheduler" in words:
        pytest.importorskip("distributed")
    try:
        code = main(["prove", "--routes", "fast", *words.split()])
    except SystemExit as ended:
        code = ended.code
    err = capsys.readouterr().err
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_without_dask_the_extra_is_named(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = ran(capsys, *SMALL, "--scheduler", "tcp://127.0.0.1:1")
    assert code == 2
    assert 'needs Dask: pip install "convmat[distributed]"' in err


def test_names_written_out_for_the_parser_are_those_of_the_library():
    assert tuple(BOXES) == prove.BOX_NAMES
    assert tuple(ROUTES) == prove.ROUTE_NAMES


def test_help_shows_examples_that_are_read(capsys):
    with pytest.raises(SystemExit):
        main(["prove", "--help"])
    shown = capsys.readouterr().out
    lines = [
        line.split()
        for line in shown.splitlines()
        if line.startswith("  convmat prove")
    ]
    assert len(lines) == 6
    for line in lines:
        words = line[1:]
        if "--scheduler" in words:  # of a machine that is not there
            words = words[: words.index("--scheduler")]
        assert main([*words, "--count"]) == 0
        assert "geometries" in capsys.readouterr().out
