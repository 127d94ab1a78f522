"""Singular values and norms, beside the textbook's way, a dense one and PyTorch.

All values, and the smallest: convmat in turn with the textbook's full FFT (Sedghi,
Gupta, Long 2019), or with the dense matrix. Norms: convmat beside a power iteration in
PyTorch, each in processes of its own that take turns, in float32; both stop when the
estimate is within 1e-4 of a reference that was computed to 1e-6 in float64, never on a
step's size.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from timing import geometric_mean, interleaved, machine, ratio, table, verdict

EXAMPLES = """\
examples:
  python tests/bench/bench_spectrum.py                    everything, about 4 minutes
  python tests/bench/bench_spectrum.py --only circular
  python tests/bench/bench_spectrum.py --torch-python ~/torch/bin/python
                            PyTorch from another environment (it needs NumPy there)
"""

CHANNELS, SIZE = 64, 64
NEAR = 1e-4
"""Relative error at which an estimate of a norm is near enough."""

MOST = 5000
"""Steps after which an engine gives up."""


def circular(seconds: float) -> list[str]:
    """All values of 64 channels around a circle, over the textbook's way."""
    from convmat import singular_values

    kernel = np.random.default_rng(0).standard_normal((CHANNELS, CHANNELS, 3, 3))
    shape = CHANNELS, SIZE, SIZE

    def ours() -> object:
        found = singular_values(kernel, shape, padding=1, padding_mode="circular")
        return found.values

    def textbook() -> object:
        # As in the paper: the transform of the whole kernel, then all its matrices.
        blocks = np.fft.fft2(kernel.transpose(2, 3, 0, 1), (SIZE, SIZE), axes=(0, 1))
        return np.linalg.svd(blocks, compute_uv=False)

    gap = np.abs(np.sort(np.ravel(textbook()))[::-1] - ours()).max()
    assert gap < 1e-10, gap
    times = interleaved([ours, textbook], seconds, rounds=(3, 50))
    value = ratio(*times)
    rows = [
        ["convmat", 1e3 * median(times[0])],
        ["full FFT", 1e3 * median(times[1])],
    ]
    name = f"all values, {CHANNELS} channels {SIZE}x{SIZE} circular, over the full FFT"
    return [table(["all values", "ms"], rows), verdict(name, value, 0.5)]


def dense(seconds: float) -> list[str]:
    """All values of one channel 32x32 around a circle, over the dense matrix."""
    from convmat import conv_matrix, singular_values

    kernel = np.random.default_rng(0).standard_normal((3, 3))
    settings = {"padding": 1, "padding_mode": "circular"}

    def ours() -> object:
        return singular_values(kernel, (32, 32), **settings).values

    def by_svd() -> object:
        matrix = conv_matrix(kernel, (32, 32), **settings).toarray()
        return np.linalg.svd(matrix, compute_uv=False)

    gap = np.abs(by_svd() - ours()).max()
    assert gap < 1e-11, gap
    times = interleaved([ours, by_svd], seconds, rounds=(3, 50))
    value = ratio(times[1], times[0])
    rows = [
        ["convmat", 1e3 * median(times[0])],
        ["dense SVD", 1e3 * median(times[1])],
    ]
    name = "all values, 1 channel 32x32 circular: the dense SVD over convmat"
    return [
        table(["all values", "ms"], rows),
        verdict(name, value, 400, at_most=False),
    ]


def smallest(seconds: float) -> list[str]:
    """The smallest value of 4 channels 20x20 with zeros, over the dense matrix."""
    from convmat import conv_matrix
    from convmat.spectrum import smallest_value

    kernel = np.random.default_rng(0).standard_normal((4, 4, 3, 3))

    def ours() -> float:
        return smallest_value(kernel, (4, 20, 20), padding=1).value

    def by_svd() -> float:
        matrix = conv_matrix(kernel, (4, 20, 20), padding=1).toarray()
        return float(np.linalg.svd(matrix, compute_uv=False)[-1])

    gap = abs(by_svd() - ours())
    assert gap < 1e-11, gap
    times = interleaved([ours, by_svd], seconds, rounds=(3, 50))
    rows = [
        ["convmat", 1e3 * median(times[0])],
        ["dense SVD", 1e3 * median(times[1])],
    ]
    value = ratio(times[1], times[0])
    name = "smallest value, 4 channels 20x20 with zeros: the dense SVD over convmat"
    said = f"{name}: {value:.3g}, no goal"
    return [table(["smallest value, proved", "ms"], rows), said]


def layer(seed: int) -> np.ndarray:
    """A random kernel in float32."""
    chance = np.random.default_rng(seed)
    shape = CHANNELS, CHANNELS, 3, 3
    return chance.standard_normal(shape).astype(np.float32)


def norm_by_convmat(kernel: np.ndarray, reference: float) -> tuple[float, int]:
    """Seconds and steps until the estimate is near enough."""
    from convmat import geometry
    from convmat.spectrum.lanczos import start

    g = geometry((CHANNELS, SIZE, SIZE), kernel.shape, padding=1)
    start(g, kernel, 2).step()  # what a first call loads
    begin = _clock()
    run = start(g, kernel, 42)
    while run.steps < MOST:
        run.step()
        if abs(run.largest() - reference) <= NEAR * reference:
            return _clock() - begin, run.steps
    return float("inf"), MOST


def norm_by_torch(kernel: np.ndarray, reference: float) -> tuple[float, int]:
    """The same by power iteration on the layer and its adjoint."""
    import torch
    from torch.nn.functional import conv2d, conv_transpose2d

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    weight = torch.from_numpy(kernel)
    torch.manual_seed(0)
    with torch.no_grad():
        x = torch.randn(1, CHANNELS, SIZE, SIZE)
        conv_transpose2d(conv2d(x, weight, padding=1), weight, padding=1)
        begin = _clock()
        x /= x.norm()
        for step in range(1, MOST + 1):
            y = conv2d(x, weight, padding=1)
            if abs(float(y.norm()) - reference) <= NEAR * reference:
                return _clock() - begin, step
            x = conv_transpose2d(y, weight, padding=1)
            x /= x.norm()
    return float("inf"), MOST


def _clock() -> float:
    """Seconds: of the processor with one thread, which a busy machine disturbs less."""
    alone = os.environ.get("OMP_NUM_THREADS") == "1"
    return time.process_time() if alone else time.perf_counter()


def norms(seeds: int, rounds: int, python: str, threads: int) -> list[str]:
    """The norm with zero padding, over PyTorch, seed by seed."""
    from convmat import spectral_norm

    rows, values = [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            kernel = layer(seed)
            shape = CHANNELS, SIZE, SIZE
            truth = spectral_norm(kernel, shape, padding=1, tol=1e-6)
            path = Path(folder) / "kernel.npz"
            np.savez(path, kernel=kernel, reference=truth.value)
            pairs = []
            for _ in range(rounds):
                ours = _apart("convmat", path, sys.executable, threads)
                theirs = _apart("torch", path, python, threads)
                if theirs is None or ours is None:
                    return ["norms: PyTorch is absent; see --torch-python"]
                pairs.append((ours, theirs))
            value = median(a[0] / b[0] for a, b in pairs)
            values.append(value)
            print(f"seed {seed}: {value:.3g}", file=sys.stderr, flush=True)
            rows.append(
                [
                    seed,
                    truth.value,
                    1e3 * median(a[0] for a, _ in pairs),
                    pairs[0][0][1],
                    1e3 * median(b[0] for _, b in pairs),
                    pairs[0][1][1],
                    value,
                ]
            )
    header = ["seed", "norm", "convmat ms", "steps", "PyTorch ms", "steps", "ratio"]
    name = f"norm, {CHANNELS} channels {SIZE}x{SIZE} with zeros, over PyTorch"
    return [
        table(header, rows),
        verdict(f"{name}, geometric mean", geometric_mean(values), 0.25),
        verdict(f"{name}, worst seed", max(values), 0.25),
    ]


def _apart(
    engine: str, path: Path, python: str, threads: int
) -> tuple[float, int] | None:
    """One run in a process of its own; None where the engine is absent."""
    variables = dict(os.environ)
    for name in ("OPENBLAS", "OMP", "MKL"):
        variables[f"{name}_NUM_THREADS"] = str(threads)
    command = [python, __file__, "--engine", engine, "--kernel", str(path)]
    done = subprocess.run(
        command, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        if "No module named 'torch'" in done.stderr:
            return None
        sys.exit(done.stderr)
    seconds, steps = json.loads(done.stdout)
    return seconds, steps


def main() -> None:
    """Run what is asked for, and print tables and verdicts."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", choices=["circular", "dense", "smallest", "norm"])
    parser.add_argument("--seconds", type=float, default=20.0, help="a comparison")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3, help="of each seed")
    parser.add_argument("--threads", type=int, default=1, help="of norms")
    parser.add_argument("--torch-python", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--engine", choices=["convmat", "torch"], help="used inside")
    parser.add_argument("--kernel", help="used inside")
    options = parser.parse_args()
    if options.engine:
        with np.load(options.kernel) as file:
            kernel, reference = file["kernel"], float(file["reference"])
        run = norm_by_torch if options.engine == "torch" else norm_by_convmat
        print(json.dumps(run(kernel, reference)))
        return
    print(machine("numpy", "scipy"))
    if options.only in (None, "circular"):
        print(*circular(options.seconds), "", sep="\n")
    if options.only in (None, "dense"):
        print(*dense(options.seconds), "", sep="\n")
    if options.only in (None, "smallest"):
        print(*smallest(options.seconds), "", sep="\n")
    if options.only in (None, "norm"):
        python, threads = options.torch_python, options.threads
        print(*norms(options.seeds, options.rounds, python, threads), sep="\n")


if __name__ == "__main__":
    main()
