"""Applying a convolution: the plan's own route beside PyTorch, SciPy and the matrix.

Threads of one engine that wait for work may disturb the next engine, so every engine
has a process of its own, and they take turns. A process times one shape at a time when
told to, and waits on a pipe in between.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from timing import (
    geometric_mean,
    machine,
    peak_bytes,
    settle_pages,
    table,
    verdict,
)

EXAMPLES = """\
examples:
  python tests/bench/bench_apply.py                       all engines, about 4 minutes
  python tests/bench/bench_apply.py --threads 1 --only k3 --rounds 3
  python tests/bench/bench_apply.py --torch-python ~/torch/bin/python
                            PyTorch from another environment (it needs NumPy there)
"""


@dataclass(frozen=True)
class Case:
    """A name, shapes `(batch, in, *size)` and `(out, in, *kernel)`, and the rest."""

    name: str
    x_shape: tuple[int, int, int, int]
    kernel_shape: tuple[int, int, int, int]
    stride: int
    padding: int

    @property
    def outs(self) -> list[int]:
        """Outputs along each axis."""
        return [
            (n + 2 * self.padding - k) // self.stride + 1
            for n, k in zip(self.x_shape[2:], self.kernel_shape[2:], strict=True)
        ]

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Input, kernel and gradient by the output: the same in every process."""
        rng = np.random.default_rng(7)
        shapes = (
            self.x_shape,
            self.kernel_shape,
            (self.x_shape[0], self.kernel_shape[0], *self.outs),
        )
        x, kernel, grad = (rng.standard_normal(s, dtype=np.float32) for s in shapes)
        return x, kernel, grad


CASES = [
    Case("1x28x28 k3", (1, 1, 28, 28), (1, 1, 3, 3), 1, 1),
    Case("1x512x512 k3", (1, 1, 512, 512), (1, 1, 3, 3), 1, 1),
    Case("1x1024x1024 k5", (1, 1, 1024, 1024), (1, 1, 5, 5), 1, 2),
    Case("3->16 64x64 k3", (1, 3, 64, 64), (16, 3, 3, 3), 1, 1),
    Case("16->32 32x32 k3 s2", (1, 16, 32, 32), (32, 16, 3, 3), 2, 1),
    Case("64 of 1->8 28x28 k3 s2", (64, 1, 28, 28), (8, 1, 3, 3), 2, 1),
    Case("64 of 8->16 14x14 k3 s2", (64, 8, 14, 14), (16, 8, 3, 3), 2, 1),
    Case("8 of 16->32 64x64 k3", (8, 16, 64, 64), (32, 16, 3, 3), 1, 1),
    Case("64->64 56x56 k3", (1, 64, 56, 56), (64, 64, 3, 3), 1, 1),
]

Maps = dict[str, Callable[[], Any]]
"""`forward`, and where the engine has them `all`: forward with both gradients."""


def fast_maps(case: Case) -> Maps:
    """The plan's own routes."""
    from convmat import fast, geometry

    x, kernel, grad = case.arrays()
    g = geometry(
        case.x_shape[1:], case.kernel_shape, stride=case.stride, padding=case.padding
    )

    def everything() -> tuple[np.ndarray, ...]:
        return (
            fast.forward(x, kernel, g),
            fast.input_grad(grad, kernel, g),
            fast.kernel_grad(grad, x, g),
        )

    return {"forward": lambda: fast.forward(x, kernel, g), "all": everything}


def torch_maps(case: Case, channels_last: bool = False) -> Maps:
    """PyTorch; `channels_last` finds its arrays laid out that way, at no cost."""
    import torch

    layout = torch.channels_last if channels_last else torch.contiguous_format
    x, kernel, grad = (
        torch.from_numpy(array).contiguous(memory_format=layout)
        for array in case.arrays()
    )
    leaves = x.clone().requires_grad_(), kernel.clone().requires_grad_()
    conv2d = torch.nn.functional.conv2d
    settings = {"stride": case.stride, "padding": case.padding}

    def forward() -> Any:
        with torch.no_grad():
            return conv2d(x, kernel, **settings)

    def everything() -> tuple[Any, ...]:
        y = conv2d(*leaves, **settings)
        return (y.detach(), *torch.autograd.grad(y, leaves, grad))

    return {"forward": forward, "all": everything}


def signal_maps(case: Case) -> Maps:
    """scipy.signal.correlate, by whichever method it prefers."""
    from scipy.signal import correlate

    pads = (case.padding, case.padding)

    def one(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        full = correlate(np.pad(image, (pads, pads)), kernel, "valid", "auto")
        return full[:: case.stride, :: case.stride]

    return _summed(case, one)


def ndimage_maps(case: Case) -> Maps:
    """scipy.ndimage.correlate."""
    from scipy.ndimage import correlate

    def one(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        return correlate(image, kernel, mode="constant")[:: case.stride, :: case.stride]

    return _summed(case, one)


def _summed(case: Case, one: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Maps:
    """Sums over input channels of what an engine does with one of them."""
    x, kernel, _ = case.arrays()
    if len(x) * kernel.shape[0] * kernel.shape[1] > 1024:
        return {}  # thousands of calls: no use of that engine

    def forward() -> np.ndarray:
        y = np.zeros((len(x), len(kernel), *case.outs), x.dtype)
        for b, o, c in product(*map(range, (len(x), len(kernel), x.shape[1]))):
            y[b, o] += one(x[b, c], kernel[o, c])
        return y

    return {"forward": forward}


def matrix_maps(case: Case) -> Maps:
    """The product with the CSR matrix, which is built beforehand."""
    from convmat import conv_matrix, geometry

    settings = {"stride": case.stride, "padding": case.padding}
    g = geometry(case.x_shape[1:], case.kernel_shape, **settings)
    if g.nnz > 10_000_000:
        return {}
    x, kernel, _ = case.arrays()
    matrix = conv_matrix(kernel, case.x_shape[1:], **settings)
    columns = x.reshape(len(x), -1).T.copy()
    shape = (len(x), *g.output_shape)
    return {"forward": lambda: (matrix @ columns).T.reshape(shape)}


ENGINES: dict[str, Callable[[Case], Maps]] = {
    "fast": fast_maps,
    "torch": torch_maps,
    "torch last": lambda case: torch_maps(case, channels_last=True),
    "signal": signal_maps,
    "ndimage": ndimage_maps,
    "matrix": matrix_maps,
}


def serve(engine: str, threads: int, pages: str) -> None:
    """Do what each line of the input says, and answer with a line."""
    if pages != "as they come":
        settle_pages(pages == "fresh")
    if engine.startswith("torch"):
        try:
            import torch
        except ImportError:
            print(json.dumps("absent"), flush=True)
            return
        torch.set_num_threads(threads)
    print(json.dumps("ready"), flush=True)
    maps: Maps = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "case" in order:
            maps = ENGINES[engine](CASES[order["case"]])
            answer: Any = sorted(maps)
        elif "save" in order:
            results = maps[order["map"]]()
            results = results if isinstance(results, tuple) else (results,)
            np.savez(order["save"], *[np.asarray(result) for result in results])
            answer = "saved"
        elif "seconds" in order:
            function = maps[order["map"]]
            answer = seconds_of(function, order["seconds"], order["least"])
        else:
            answer = peak_bytes(maps[order["map"]])
        print(json.dumps(answer), flush=True)


def seconds_of(function: Callable[[], object], seconds: float, least: bool) -> float:
    """Median, or least, of the calls that fit in `seconds`, after a warm-up."""
    function()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
        del result
    return min(times) if least else median(times)


class Process:
    """One engine in a process of its own, with a fixed number of threads."""

    def __init__(self, engine: str, threads: int, python: str, pages: str) -> None:
        environment = dict(os.environ)
        # Some machines set these to make results reproducible; they slow NumPy down.
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
            environment.pop(name, None)
        for name in ("OPENBLAS", "OMP", "MKL"):
            environment[f"{name}_NUM_THREADS"] = str(threads)
        command = [python, __file__, "--engine", engine, "--threads", str(threads)]
        self._process = subprocess.Popen(
            [*command, "--pages", pages],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.present = self._answer() == "ready"

    def ask(self, **order: object) -> Any:
        """The answer to one order."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline() or '"absent"')

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()


def check(case: Case, paths: list[Path]) -> None:
    """Each saved result must be the definition's, but for rounding.

    The definition runs in float64; an engine that sums `n` products in any order errs
    by `gamma(n) * sum |w| |x|` at most. FFT does not sum products: `signal` may choose
    it, so it is held to 16 times the same.
    """
    from convmat import geometry, sliding
    from convmat.verify.rounding import gamma

    x, kernel, grad = (array.astype(float) for array in case.arrays())
    g = geometry(
        case.x_shape[1:], case.kernel_shape, stride=case.stride, padding=case.padding
    )
    outputs = len(x) * int(np.prod(case.outs))
    maps = [
        (sliding.forward, (x, kernel), g.taps_per_row),
        (sliding.input_grad, (grad, kernel), g.free_parameters // g.in_channels),
        (sliding.kernel_grad, (grad, x), outputs),
    ]
    unit = float(np.finfo(np.float32).eps) / 2
    bounds = [
        (of(*args, g), gamma(terms + 1, unit) * of(*map(np.abs, args), g))
        for of, args, terms in maps
    ]
    for path in paths:
        slack = 16 if "signal" in path.name else 1
        with np.load(path) as saved:
            for name, (exact, bound) in zip(saved.files, bounds, strict=False):
                if not (np.abs(saved[name] - exact) <= slack * bound).all():
                    sys.exit(f"{path.stem} is wrong by more than rounding: {case.name}")


def measure(options: argparse.Namespace, threads: int) -> None:
    """Print the tables for one number of threads."""
    cases = [(n, c) for n, c in enumerate(CASES) if options.only in c.name]
    processes: dict[str, Process] = {}
    for engine in options.engines:
        of_torch = engine.startswith("torch")
        python = options.torch_python if of_torch else sys.executable
        process = Process(engine, threads, python, options.pages)
        if process.present:
            processes[engine] = process
        else:
            print(f"{engine}: PyTorch is not installed for {python}; left out")
            process.stop()
    times: dict[tuple[str, str, str], list[float]] = {}
    peaks: dict[str, float] = {}
    for number, case in cases:
        maps = {e: p.ask(case=number) for e, p in processes.items()}
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for engine, names in maps.items():
                for name in names:
                    path = Path(folder) / f"{engine} {name}.npz"
                    processes[engine].ask(save=str(path), map=name)
                    paths.append(path)
            check(case, paths)
        held = processes["fast"].ask(map="forward")
        x, _, grad = case.arrays()
        peaks[case.name] = held / (x.nbytes + grad.nbytes)
        for _ in range(options.rounds):
            for name in ("forward", "all"):
                for engine, process in processes.items():
                    if name in maps[engine]:
                        took = process.ask(
                            map=name, seconds=options.seconds, least=options.least
                        )
                        times.setdefault((case.name, name, engine), []).append(took)
    for process in processes.values():
        process.stop()
    report([case for _, case in cases], list(processes), times, peaks, threads)


def report(
    cases: list[Case],
    engines: list[str],
    times: dict[tuple[str, str, str], list[float]],
    peaks: dict[str, float],
    threads: int,
) -> None:
    """Print times, ratios, geometric means, and whether the goals are met."""
    others = engines[1:]
    for name, goal in (("forward", {1: 0.8, 2: 1.0}), ("all", {1: 0.8, 2: 0.9})):
        rows: list[list[object]] = []
        means: dict[str, list[float]] = {engine: [] for engine in others}
        multi: dict[str, list[float]] = {engine: [] for engine in others}
        for case in cases:
            own = times[case.name, name, "fast"]
            row: list[object] = [case.name, 1e6 * median(own)]
            for engine in others:
                theirs = times.get((case.name, name, engine))
                if theirs is None:
                    row.append("-")
                    continue
                quotient = median(a / b for a, b in zip(own, theirs, strict=True))
                row.append(quotient)
                means[engine].append(quotient)
                if case.x_shape[1] > 1:
                    multi[engine].append(quotient)
            rows.append([*row, peaks[case.name] if name == "forward" else ""])
        title = "forward" if name == "forward" else "forward and both gradients"
        print(f"\n{title}, {threads} thread(s): time over that of each engine")
        header = [title, "us", *(f"/ {engine}" for engine in others)]
        print(table([*header, "peak / (in + out)" if name == "forward" else ""], rows))
        if "torch" not in engines:
            continue
        counted = (means if name == "forward" else multi)["torch"]
        if counted and threads in goal:
            print(verdict("geometric mean", geometric_mean(counted), goal[threads]))
        if counted and name == "forward":
            print(verdict("worst shape", max(counted), 1.5 if threads == 1 else 2.0))
            print(verdict("peak memory", max(peaks.values()), 3.0))


def main() -> None:
    """Run as the parent, or as the process of one engine."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="of each timing")
    parser.add_argument(
        "--least",
        action="store_true",
        help="the least time of each timing, not the median: where others work too",
    )
    parser.add_argument(
        "--pages",
        choices=["kept", "fresh", "as they come"],
        default="kept",
        help="where large arrays get their memory from, on all sides",
    )
    parser.add_argument(
        "--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES)
    )
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--engine", choices=list(ENGINES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        serve(options.engine, options.threads[0], options.pages)
        return
    options.engines = ["fast", *(e for e in options.engines if e != "fast")]
    print(machine("numpy", "scipy"))
    kind = "least times" if options.least else "medians"
    print(f"float32; pages {options.pages}; the plan's own routes; {kind}")
    for threads in options.threads:
        measure(options, threads)


if __name__ == "__main__":
    main()
