"""Norms at each frequency, and the command line."""

import json
import re

import numpy as np
import pytest

from convmat import ConvmatError, ShapeError, conv_matrix, spectral_norm
from convmat.cli import main
from convmat.spectrum import frequency_norms


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
    assert "Spectrum(all 192 of a 256x192 matrix, 9.06546 to" in told
    assert "largest: 9.06546 9.0" in told
    assert "187 not shown" in told
    assert "rank: 192, of values beyond their rounding" in told
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
    words = ["--input", "2x40x40", "--kernel", "2x2x3x3", "--seed", "0"]
    assert main(["spectrum", *words, "--count", "2", "--tol", "1e-4"]) == 0
    told = capsys.readouterr().out
    assert "Spectrum(the largest 2 of a 2888x3200 matrix" in told
    assert "condition number, rank: not known" in told
    assert "iterative, by Golub-Kahan Lanczos: residual" in told


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
            "but had .* after 2 steps",
        ),
    ],
)
def test_the_command_names_what_is_wrong(capsys, words, match):
    assert main(["spectrum", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("convmat: ")
    assert error.count("\n") == 1
    assert re.search(match, error)
