"""Norms at each frequency, and the command line."""

import csv
import json
import re

import numpy as np
import pytest

from convmat import ConvmatError, ShapeError, conv_matrix, spectral_norm
from convmat.cli import main
from convmat.spectrum import bounds, frequency_norms


@pytest.mark.parametrize("size", [(5, 6), (4, 4), (1, 3)])
def test_frequencies_are_those_of_numpys_transform(size):
    kernel = np.random.default_rng(0).standard_normal((2, 3, 3, 2))
    found = frequency_norms(kernel, size)
    folded = np.zeros((*size, 2, 3))
    for u in range(3):
        for v in range(2):
            folded[u % size[0], v % size[1]] += kernel[:, :, u, v]
    blocks = np.fft.fft2(folded, axes=(0, 1))
    truth = np.fft.fftshift(np.linalg.norm(blocks, 2, axis=(2, 3)))
    # Sums of 6 products and a norm of 2x3 blocks, of numbers below 4.
    assert np.abs(found - truth).max() <= 100 * np.finfo(float).eps * truth.max()


def test_the_largest_frequency_is_the_norm_of_the_circular_layer():
    kernel = np.random.default_rng(1).standard_normal((4, 2, 3, 3))
    settings = {"padding": 2, "dilation": 2, "groups": 2, "padding_mode": "circular"}
    norm = spectral_norm(kernel, (4, 7, 8), **settings)
    found = frequency_norms(kernel, (7, 8), dilation=2, groups=2)
    assert found.shape == (7, 8)
    assert abs(found.max() - norm.value) <= 2 * norm.error


def test_frequencies_of_one_axis_and_of_wrong_ones():
    assert frequency_norms([3.0, 0.0], 4).tolist() == pytest.approx([3.0] * 4)
    with pytest.raises(ShapeError, match="must have 2 axes, or two more"):
        frequency_norms([1, 2, 3], (4, 4))
    with pytest.raises(ConvmatError, match="finite"):
        frequency_norms([np.inf], 4)


def test_the_command_prints_truth_values_and_every_bound(capsys):
    words = ["--input", "3x8x8", "--kernel", "4x3x3x3", "--padding", "1", "--seed", "0"]
    assert main(["spectrum", *words]) == 0
    told = capsys.readouterr().out
    assert "singular values: all 192 of a 256x192 matrix; exact up to rounding" in told
    assert "largest: 9.06546 9.0" in told
    assert "smallest: 0.6507" in told
    assert "condition number: 13.9319; exact up to rounding, by a dense" in told
    assert "rank: 192 of 192; values above" in told
    assert "determinant" not in told
    assert "truth " in told
    assert "circular FFT  " in told
    assert " neither  Sedghi, Gupta, Long 2019" in told
    sums = next(line for line in told.splitlines() if line.startswith("sum of"))
    ours, theirs = sums.removeprefix("sum of squares: ").split(
        "; of all matrix entries "
    )
    assert float(ours) == pytest.approx(float(theirs), rel=1e-9)


def test_the_command_writes_json_of_everything(tmp_path):
    out, picture = tmp_path / "s.json", tmp_path / "s.svg"
    words = ["--input", "6", "--kernel", "3", "--values", "1,-2,1/2", "--mode"]
    words += ["circular", "--padding", "1", "--format", "json"]
    files = ["--out", str(out), "--picture", str(picture)]
    assert main(["spectrum", *words, *files]) == 0
    held = json.loads(out.read_text())
    settings = {"padding": 1, "padding_mode": "circular"}
    W = conv_matrix([1, -2, 0.5], 6, **settings).toarray()
    assert held["how"] == "fourier"
    assert held["complete"] is True
    assert held["values"] == pytest.approx(np.linalg.svd(W, compute_uv=False))
    assert held["squared_frobenius"] == (W**2).sum()
    assert {bound["label"] for bound in held["bounds"]} == {"upper", "lower"}
    assert picture.read_bytes().startswith(b"<?xml")


def test_the_command_says_that_only_the_largest_are_known(capsys):
    words = ["--input", "16x40x40", "--kernel", "16x16x3x3", "--seed", "0"]
    assert main(["spectrum", *words, "--count", "2", "--tol", "1e-2"]) == 0
    told = capsys.readouterr().out
    assert "singular values: the largest 2 of a 23104x25600 matrix" in told
    assert "condition number, rank: not known: the smallest values were not" in told
    assert "iterative, by Golub-Kahan Lanczos: residual" in told


def test_the_command_encloses_the_smallest_value_of_a_large_layer(capsys):
    words = ["--input", "2x36x35", "--kernel", "3x2x3x3", "--seed", "0"]
    assert main(["spectrum", *words, "--padding", "1", "--count", "1"]) == 0
    told = dict(
        line.split(": ", 1) for line in capsys.readouterr().out.splitlines()[2:8]
    )
    assert "enclosed, by a direction and a factorization: error at" in told["smallest"]
    assert "enclosed" in told["condition number"]
    assert told["rank"].startswith("2,520 of 2,520; values above ")
    assert "sum of squares of all matrix entries" in told


def test_the_command_tells_exact_ranks_and_determinants(capsys):
    words = ["--input", "5", "--kernel", "3", "--padding", "1", "--values"]
    assert main(["spectrum", *words, "1,-1,1"]) == 0
    told = capsys.readouterr().out
    assert "rank: 4 of 5; exact, modulo primes" in told
    assert "determinant: 0; exact, modulo primes" in told
    assert "condition number: infinite, or beyond what rounding lets one see" in told
    assert main(["spectrum", *words, "1/2,3,1"]) == 0
    told = capsys.readouterr().out
    assert "determinant: 765/4; exact, modulo primes" in told
    large = ["--input", "16x16", "--kernel", "1x1", "--values", "-3"]
    assert main(["spectrum", *large, "--format", "json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert int(held["determinant"]["value"]) == 3**256
    assert held["rank"]["value"] == 256
    assert held["rank"]["least_kept"] is None  # NaN is no JSON
    assert main(["spectrum", *large]) == 0
    told = capsys.readouterr().out
    assert "determinant: 1.390085e+122; exact, modulo primes; shown rounded" in told


def test_the_command_writes_tables_in_markdown_and_csv(capsys):
    words = ["--input", "3x8x8", "--kernel", "4x3x3x3", "--padding", "1", "--seed", "0"]
    assert main(["spectrum", *words, "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    truth, *others = rows
    assert truth["label"] == "truth"
    found = bounds(drawn(), (3, 8, 8), padding=1)
    assert [(row["estimate"], float(row["value"])) for row in others] == [
        (bound.name, bound.value) for bound in found
    ]
    assert main(["spectrum", *words, "--format", "markdown"]) == 0
    told = capsys.readouterr().out
    assert "- largest: 9.06546 9.0" in told
    lines = [line for line in told.splitlines() if line.startswith("|")]
    assert len(lines) == 3 + len(found)
    assert len({line.count("|") for line in lines}) == 1


def drawn():
    return np.random.default_rng(0).standard_normal((4, 3, 3, 3))


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ([], "--values must be given, or --seed"),
        (["--seed", "0", "--count", "0"], "--count must be at least 1"),
        (["--seed", "0", "--tol", "1"], "--tol must be more than 0"),
        (["--seed", "0", "--max-steps", "0"], "--max-steps must be at least 1"),
        (["--seed", "0", "--picture", "a.bmp"], "--picture must end in"),
        (["--seed", "0", "--kernel", "9x9"], "--kernel"),
        (
            ["--seed", "0", "--input", "60x60", "--kernel", "5x5", "--max-steps", "2"],
            "--max-steps must be more: the singular values had a res.* after 2 steps",
        ),
    ],
)
def test_the_command_names_what_is_wrong(capsys, words, match):
    assert main(["spectrum", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("convmat: ")
    assert error.count("\n") == 1
    assert re.search(match, error)
