"""`convmat constrain`: what it prints, which figures it leaves, and how it ends."""

import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convmat import experiments, figures
from convmat.cli import constrain, main
from convmat.experiments import EDGES, climb_ladder, learn_kernel
from convmat.figures import draw

QUICK = "--no-progress"


@pytest.fixture(scope="module")
def climbs():
    return climb_ladder(epochs=2, samples=16, progress=False)


@pytest.fixture
def called(monkeypatch, climbs):
    """The experiments, made quick, and what they were called with."""
    asked = []

    def ladder(**keywords):
        asked.append(keywords)
        return climbs

    def kernel(images, secret, *, steps, progress):
        asked.append({"images": images, "secret": secret, "steps": steps})
        return learn_kernel(images[:8], secret, steps=min(steps, 300), progress=False)

    monkeypatch.setattr(experiments, "climb_ladder", ladder)
    monkeypatch.setattr(experiments, "learn_kernel", kernel)
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
        main(["constrain", "--help"])
    return capsys.readouterr().out


def test_every_example_of_the_help_runs(called, saved, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    text = helped(capsys, monkeypatch)
    examples = re.findall(r"^  convmat (.*?)(?:   .*)?$", text, re.MULTILINE)
    assert len(examples) == 5
    for example in examples:
        words = shlex.split(example)
        assert words[0] == "constrain"
        assert main(words) == 0, example
        printed = capsys.readouterr()
        assert printed.err == ""
        out = tmp_path / dict(pairwise(words)).get("--out", "convmat-constrain")
        assert str(out) in printed.out
        for name in re.findall(r"^  (\S+-\S+)  ", printed.out, re.MULTILINE):
            assert (out / f"{name}.png").exists()
            assert (out / f"{name}.svg").exists()
    default, few, photo, digits = called
    assert default == {"epochs": 30, "samples": None, "seed": 0, "progress": True}
    assert (few["epochs"], few["samples"]) == (60, 300)
    assert (photo["secret"], photo["steps"]) == (EDGES["top"], 2000)
    assert (digits["secret"], digits["steps"]) == (EDGES["left"], 300)
    assert photo["images"].shape == (256, 1, 16, 16)
    assert digits["images"].shape == (256, 1, 8, 8)


def test_the_ladder_prints_a_line_for_each_rung(
    called, saved, climbs, capsys, tmp_path
):
    arguments = ["--epochs", "2", "--samples", "16", "--seed", "3", QUICK]
    assert main(["constrain", *arguments, "--out", str(tmp_path)]) == 0
    assert called == [{"epochs": 2, "samples": 16, "seed": 3, "progress": False}]
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80
    assert re.split("  +", lines[0]) == [
        "first matrix",
        "free",
        "held out",
        "moved",
        "distance",
    ]
    for line, (name, climb) in zip(lines[1:5], climbs.items(), strict=True):
        assert re.split("  +", line) == [
            name.replace("_", " "),
            f"{climb.free_parameters:,}",
            f"{100 * climb.accuracies[-1]:.1f}%",
            f"{100 * climb.moved_accuracies[-1]:.1f}%",
            f"{climb.distances[-1]:.2f}",
        ]
    assert len({len(line) for line in lines[:5]}) == 1
    assert [line.split()[0] for line in lines[-5:]] == [
        "ladder-held-out",
        "ladder-moved",
        "ladder-distance",
        "ladder-matrices",
        "ladder-windows",
    ]


def test_one_command_leaves_figures_that_open(tmp_path):
    # A process of its own: from the shell to the files.
    command = [sys.executable, "-m", "convmat", "constrain", "tying"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "new" / "folder")],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Summed over each tie: α gets 4 + 1 + 1 + -1 = 5" in done.stdout
    folder = tmp_path / "new" / "folder"
    names = {path.name for path in folder.iterdir()}
    assert names == {"gradient-tying.png", "gradient-tying.svg"}
    with Image.open(folder / "gradient-tying.png") as image:
        assert image.width > 1000
        assert image.info["Description"].startswith("Why zeros stay 0 and ties stay")


def test_the_numbers_of_the_tied_gradient_are_those_of_the_seed(
    saved, capsys, tmp_path
):
    told = []
    for seed in ("0", "1", "1"):
        main(["constrain", "tying", "--seed", seed, "--out", str(tmp_path)])
        told.append(capsys.readouterr().out)
    assert told[0] != told[1] == told[2]


@pytest.mark.parametrize("secret", ["top", "left", "diagonal-1", "diagonal-2"])
def test_the_kernel_is_found_and_printed(called, saved, secret, capsys, tmp_path):
    arguments = ["--picture", "digits", "--secret", secret, "--steps", "300"]
    assert main(["constrain", "kernel", *arguments, "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "300 steps from 0 on digits, geometry((8, 8), (3, 3))" in out
    assert "makes every edge map, number for number:" in out
    kernel = np.array(EDGES[secret.replace("-", " ")])
    assert f"\n{kernel}\n" in out


def test_a_kernel_that_is_not_found_yet_is_told_so(called, saved, capsys, tmp_path):
    arguments = ["--picture", "digits", "--steps", "1", "--out", str(tmp_path)]
    assert main(["constrain", "kernel", *arguments]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1 step from 0 on digits")
    assert "does not make every edge map yet:" in out


def test_the_photograph_is_grey_and_cut_in_pieces():
    images = constrain._images("photo")
    assert images.shape == (256, 1, 16, 16)
    assert images.dtype == np.int64
    assert 0 <= images.min() < 30
    assert 225 < images.max() <= 255


def test_a_matplotlib_without_its_photograph_is_told(
    called, saved, capsys, monkeypatch, tmp_path
):
    def missing(*args, **keywords):
        raise FileNotFoundError("grace_hopper.jpg")

    monkeypatch.setattr("matplotlib.cbook.get_sample_data", missing)
    assert main(["constrain", "kernel", "--out", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "--picture must be there: this matplotlib came without" in error
    assert "use --picture digits" in error
    assert called == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs must be at least 1, got --epochs=0"),
        (["--epochs", "-1"], "--epochs must be at least 1, got --epochs=-1"),
        (["--samples", "0"], "--samples must be at least 1"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["kernel", "--steps", "0"], "--steps must be at least 1"),
        (["ladder", "--steps", "5"], "--steps must come with kernel, not ladder"),
        (["--picture", "digits"], "--picture must come with kernel, not ladder"),
        (["tying", "--secret", "top"], "--secret must come with kernel, not tying"),
        (["kernel", "--epochs", "5"], "--epochs must come with ladder, not kernel"),
        (["kernel", "--samples", "5"], "--samples must come with ladder, not"),
        (
            ["kernel", "--seed", "0"],
            "--seed must come with ladder or tying, not kernel",
        ),
    ],
)
def test_bad_arguments_end_with_2_before_anything_is_done(
    called, saved, arguments, message, capsys, tmp_path
):
    folder = tmp_path / "none"
    assert main(["constrain", *arguments, "--out", str(folder)]) == 2
    assert message in capsys.readouterr().err
    assert not folder.exists()
    assert called == []


def test_more_samples_than_there_are_end_with_2(capsys, tmp_path):
    assert main(["constrain", "--samples", "9999", "--out", str(tmp_path)]) == 2
    assert "samples must be from 1 to 1437" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["", "/below"])
def test_out_that_is_a_file_is_refused_before_the_training(
    called, saved, below, capsys, tmp_path
):
    path = tmp_path / "file"
    path.write_text("mine")
    assert main(["constrain", "--out", f"{path}{below}"]) == 2
    assert "--out must be a folder to write to" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert called == []


def test_a_folder_that_takes_no_file_is_refused_before_the_training(
    called, saved, capsys, monkeypatch, tmp_path
):
    def denied(*, dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr("tempfile.TemporaryFile", denied)
    assert main(["constrain", "--out", str(tmp_path)]) == 2
    assert "Permission denied" in capsys.readouterr().err
    assert called == []


def test_a_full_disk_is_told_and_leaves_no_half_file(capsys, monkeypatch, tmp_path):
    def full(*args, **keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(draw.Path, "replace", full)
    assert main(["constrain", "tying", "--out", str(tmp_path)]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("experiment", ["ladder", "kernel"])
def test_ctrl_c_ends_with_130_and_leaves_no_file(
    experiment, capsys, monkeypatch, tmp_path
):
    def interrupted(*args, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "climb_ladder", interrupted)
    monkeypatch.setattr(experiments, "learn_kernel", interrupted)
    assert main(["constrain", experiment, "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "convmat: stopped\n"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_a_figure_is_written_leaves_no_half_file(
    capsys, monkeypatch, tmp_path
):
    def interrupted(*args, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(draw.Path, "replace", interrupted)
    assert main(["constrain", "tying", "--out", str(tmp_path)]) == 130
    assert list(tmp_path.iterdir()) == []


WITHOUT_MATPLOTLIB = """
import sys
sys.modules["matplotlib"] = None
from convmat import experiments
from convmat.cli import main
experiments.climb_ladder = lambda **keywords: sys.exit("trained in vain")
sys.exit(main(["constrain", "--out", "folder"]))
"""


def test_a_missing_matplotlib_is_told_before_the_training(tmp_path):
    path = os.pathsep.join([str(Path(constrain.__file__).parents[2]), *sys.path])
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
