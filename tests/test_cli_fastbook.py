"""`convmat fastbook`: what it prints, which figures it leaves, and how it ends."""

import argparse
import gzip
import json
import os
import re
import shlex
import struct
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convmat import experiments, figures
from convmat.cli import fastbook, main
from convmat.cli.chapter_pictures import of_chapter
from convmat.errors import ConvmatError
from convmat.experiments import reproduce, train_chapter
from convmat.experiments.chapter13 import RUNS
from convmat.figures import draw
from convmat.nn import Parts, load_mnist10k, mnist10k

QUIET = "--no-progress"
IMAGES, LABELS = "images-idx3-ubyte", "labels-idx1-ubyte"


@pytest.fixture(scope="module")
def chapter():
    train, test = load_mnist10k()
    some = Parts(train.take(range(600)), test.take(range(100)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproduce, "_RATES", 20)
        return train_chapter(some, progress=False)


@pytest.fixture(scope="module")
def drawn(chapter):
    return of_chapter(chapter)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """IDX files of 600 and 20 digits."""
    where = tmp_path_factory.mktemp("mnist")
    digits = mnist10k()
    for part, chosen in (("train", range(600)), ("t10k", range(600, 620))):
        some = digits.take(chosen)
        for name, array in ((IMAGES, some.images[:, 0]), (LABELS, some.labels)):
            (where / f"{part}-{name}").write_bytes(written(array))
    return where


def written(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def called(monkeypatch, chapter):
    """The chapter, trained beforehand, and what was asked for."""
    asked = []

    def trained(data, **keywords):
        asked.append((data, keywords))
        return chapter

    monkeypatch.setattr(experiments, "train_chapter", trained)
    return asked


@pytest.fixture
def saved(monkeypatch):
    """Files are left empty: drawing them takes long."""

    def touch(figure, path, *, dpi):
        path.touch()

    monkeypatch.setattr(figures, "save", touch)


def helped(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        main(["fastbook", "--help"])
    return capsys.readouterr().out


def test_every_example_of_the_help_runs(
    called, saved, folder, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    text = helped(capsys, monkeypatch)
    assert max(map(len, text.splitlines())) <= 80
    examples = re.findall(r"^  convmat (.*?)(?:   .*)?$", text, re.MULTILINE)
    assert len(examples) == 5
    for example in examples:
        words = shlex.split(example.replace("~/mnist", str(folder)))
        assert words[0] == "fastbook"
        assert main(words) == 0, example
        printed = capsys.readouterr()
        assert printed.err == ""
        out = tmp_path / dict(pairwise(words)).get("--out", "convmat-fastbook")
        assert ("Figures, as PNG" in printed.out) == ("--no-figures" not in words)
        for name in re.findall(r"^  (\S+)  +\S", printed.out.split("Figures")[-1]):
            assert (out / f"{name}.png").exists()
            assert (out / f"{name}.svg").exists()
    asked = [keywords for _, keywords in called]
    assert [keywords["runs"] for keywords in asked] == [
        list(RUNS),
        list(RUNS),
        ["E", "F"],
        ["A"],
        list(RUNS),
    ]
    assert [keywords["seed"] for keywords in asked] == [0, 0, 1, 0, 0]
    assert [keywords["watch"] for keywords in asked] == [True] * 4 + [False]
    assert [data is None for data, _ in called] == [True, False, False, True, True]
    assert json.loads((tmp_path / "chapter.json").read_text())["seed"] == 0


def test_the_help_names_the_settings_of_each_run(capsys, monkeypatch):
    text = helped(capsys, monkeypatch)
    told = dict(re.findall(r"^  ([A-F])  (.+)$", text, re.MULTILINE))
    assert list(told) == list(RUNS)
    rates = {name: float(re.findall(r"[\d.]+$", told[name])[0]) for name in "ABF"}
    assert rates == {name: RUNS[name].lr for name in "ABF"}


def test_it_runs_on_idx_files_from_the_shell(folder, tmp_path):
    # A process of its own: from the shell to the files.
    command = [sys.executable, "-m", "convmat", "fastbook", "--data", str(folder)]
    out, told = tmp_path / "new" / "folder", tmp_path / "told.json"
    done = subprocess.run(
        [*command, "--runs", "a, a", "--out", str(out), "--json", str(told)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[1] for line in lines if line[:1] == ["A"]][:3] == ["3", "0", "1"]
    assert f"from {folder}/train-{IMAGES}" in " ".join(done.stdout.split())
    names = {path.name for path in out.iterdir()}
    for name in ("pixels", "edges", "losses-A", "schedule", "maps-A-1", "lr-find"):
        assert {f"{name}.png", f"{name}.svg"} <= names
    with Image.open(out / "edges.png") as image:
        assert image.width > 1000
        assert image.info["Description"].startswith("What the four kernels of the")
    found = json.loads(told.read_text())
    assert [run["name"] for run in found["runs"]] == ["A"]
    assert found["sizes"]["train"] == 600


def test_figures_are_those_of_the_chapter(drawn):
    kinds = {name: figure.convmat["kind"] for name, (figure, _) in drawn.items()}
    assert kinds == {
        "pixels": "pixel_table",
        "edges": "feature_maps",
        **{f"losses-{name}": "losses" for name in RUNS},
        "schedule": "schedule",
        "layer-stats-B-1": "layer_stats",
        "layer-stats-B-4": "layer_stats",
        "layer-stats-C-4": "layer_stats",
        "layer-stats-D-4": "layer_stats",
        "color-dim-D-4": "color_dim",
        "color-dim-E-4": "color_dim",
        "lr-find": "lr_find",
        "kernels-F": "kernel_tiles",
        "maps-F-1": "feature_maps",
        "maps-F-2": "feature_maps",
        "batch-norm": "batchnorm",
        "momentum": "momentum",
    }
    for figure, meaning in drawn.values():
        assert figure.convmat["alt"].lower().startswith(meaning.lower())


def test_the_edges_have_the_range_of_the_book(drawn):
    figure, _ = drawn["edges"]
    assert "Values from -762 to 762" in figure.convmat["alt"]


@pytest.mark.parametrize(
    ("name", "kind", "place"),
    [("B", "Conv", 0), ("B", "Conv", 3), ("C", "Conv", 3), ("D", "Conv", 3)],
)
def test_the_layers_that_are_drawn_are_those_convolutions(
    chapter, drawn, name, kind, place
):
    stats = chapter[name].stats
    layers = [layer for layer in stats.layers if layer.kind == kind]
    figure, _ = drawn[f"layer-stats-{name}-{place + 1}"]
    assert f"layer {layers[place].name} ({kind})" in figure.convmat["alt"]


def test_colours_are_of_the_fourth_convolutions(chapter, drawn):
    for name in "DE":
        layers = [x for x in chapter[name].stats.layers if x.kind == "Conv"]
        told = drawn[f"color-dim-{name}-4"][0].convmat["alt"]
        assert f"layer {layers[3].name} (Conv)" in told


def test_one_run_alone_leaves_its_own_figures(chapter):
    some = of_chapter(replace(chapter, runs=(chapter["B"],)))
    assert list(some) == [
        "pixels",
        "edges",
        "losses-B",
        "layer-stats-B-1",
        "layer-stats-B-4",
        "kernels-B",
        "maps-B-1",
        "maps-B-2",
        "momentum",
    ]


def test_the_theme_is_that_of_every_figure(chapter):
    for figure, _ in of_chapter(chapter, "dark").values():
        assert figure.convmat["params"]["theme"] == "dark"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--runs", "G"], "--runs must be some of A, B, C, D, E, F, got --runs='G'"),
        (["--runs", ""], "--runs must be some of A, B, C, D, E, F, got --runs=''"),
        (["--runs", "A B"], "--runs must be some of A, B, C, D, E, F"),
        (["--seed", "-1"], "--seed must be at least 0, got --seed=-1"),
        (["--data", "nowhere"], "--data must name a folder that exists, got --data="),
        (["--json", "."], "--json must name a file, got --json='.'"),
        (["--json", "no/where.json"], "--json must lie in a folder that exists"),
        (["--no-figures", "--out", "x"], "--out cannot stand beside --no-figures"),
        (["--no-figures", "--theme", "dark"], "--theme cannot stand beside --no-fig"),
    ],
)
def test_bad_arguments_end_with_2_before_any_training(
    arguments, message, capsys, monkeypatch, tmp_path
):
    def never(*arguments, **keywords):
        raise AssertionError

    monkeypatch.setattr(reproduce, "learner_of", never)
    monkeypatch.chdir(tmp_path)
    assert main(["fastbook", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"convmat: {message}")
    assert error.count("\n") == 1


BROKEN = {
    "missing": (
        lambda folder: (folder / f"t10k-{LABELS}").unlink(),
        "must hold a file t10k-labels-idx1-ubyte",
    ),
    "exchanged": (
        lambda folder: exchange(folder / f"train-{IMAGES}", folder / f"train-{LABELS}"),
        "must hold images, got --data=",
    ),
    "cut_short": (
        lambda folder: cut(folder / f"train-{IMAGES}"),
        "must hold 470,416 bytes",
    ),
    "packed_badly": (
        lambda folder: (folder / f"train-{IMAGES}").write_bytes(b"\x1f\x8b123"),
        "must hold",
    ),
    "of_other_sizes": (
        lambda folder: (folder / f"t10k-{IMAGES}").write_bytes(
            written(np.zeros((20, 8, 8)))
        ),
        "must hold images of (28, 28), as",
    ),
    "too_few": (
        lambda folder: shorten(folder, 511),
        "must hold 512 digits of that kind to train on, for run C, got --data=",
    ),
}


def exchange(one, other):
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def cut(path):
    path.write_bytes(path.read_bytes()[:1000])


def shorten(folder, count):
    digits = mnist10k().take(range(count))
    (folder / f"train-{IMAGES}").write_bytes(written(digits.images[:, 0]))
    (folder / f"train-{LABELS}.gz").write_bytes(gzip.compress(written(digits.labels)))
    (folder / f"train-{LABELS}").unlink()


@pytest.mark.parametrize("name", BROKEN)
def test_data_that_are_wrong_are_told_in_one_sentence(name, folder, capsys, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    spoil, message = BROKEN[name]
    spoil(tmp_path)
    arguments = ["--data", str(tmp_path), "--no-figures", QUIET]
    assert main(["fastbook", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"convmat: --data {message}")
    assert error.count("\n") == 1
    assert str(tmp_path) in error


def test_too_few_digits_are_counted(folder, capsys, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    shorten(tmp_path, 511)
    assert main(["fastbook", "--data", str(tmp_path), "--no-figures"]) == 2
    assert "; it holds 511; choose runs without C\n" in capsys.readouterr().err


@pytest.mark.parametrize("below", ["", "/below"])
def test_out_that_is_a_file_is_refused_before_the_training(
    called, below, capsys, tmp_path
):
    path = tmp_path / "file"
    path.write_text("mine")
    assert main(["fastbook", "--out", f"{path}{below}"]) == 2
    assert "--out must be a folder to write to" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert called == []


def test_ctrl_c_in_training_tells_what_there_is_and_ends_with_130(
    called, saved, chapter, capsys, monkeypatch, tmp_path
):
    stopped = replace(chapter, runs=chapter.runs[:2], stopped="interrupted before C")
    monkeypatch.setattr(experiments, "train_chapter", lambda *a, **k: stopped)
    told = tmp_path / "told.json"
    assert main(["fastbook", "--out", str(tmp_path), "--json", str(told)]) == 130
    printed = capsys.readouterr()
    assert "Not all was trained: interrupted before C." in printed.out
    assert printed.err == "convmat: stopped\n"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_a_figure_is_written_leaves_no_half_file(
    called, capsys, monkeypatch, tmp_path
):
    def interrupted(*args, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(draw.Path, "replace", interrupted)
    assert main(["fastbook", "--out", str(tmp_path), QUIET]) == 130
    assert list(tmp_path.iterdir()) == []


WITHOUT_MATPLOTLIB = """
import sys
sys.modules["matplotlib"] = None
from convmat import experiments
from convmat.cli import main
experiments.train_chapter = lambda *a, **keywords: sys.exit("trained in vain")
sys.exit(main(["fastbook", "--out", "folder"]))
"""


def test_a_missing_matplotlib_is_told_before_the_training(tmp_path):
    path = os.pathsep.join([str(Path(fastbook.__file__).parents[2]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MATPLOTLIB],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert 'pip install "convmat[figures]"' in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_errors_of_something_else_keep_their_words():
    options = argparse.Namespace(data="here", runs="A", seed=0)
    with (
        pytest.raises(ConvmatError, match=r"^batch_size must be 1"),
        fastbook._as_options(options),
    ):
        raise ConvmatError("batch_size", "must be 1", 2)
