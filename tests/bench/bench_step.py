"""A step of training, and a whole run from a cold start: convmat beside PyTorch.

Nets A and F of fastbook's chapter 13 with cross-entropy and Adam, in float32. Every
engine has a process of its own for each number of threads, and they take turns: threads
of one that wait for work would disturb the other. Before anything is timed, all engines
must find the same gradients, for batches whose sizes are no powers of two.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from nets import CHANNELS, ENGINES, Ours, State, batch_of
from timing import machine, settle_pages, table, verdict

EXAMPLES = """\
examples:
  python tests/bench/bench_step.py                        everything, about 3 minutes
  python tests/bench/bench_step.py --threads 1 --nets A --batches 64 --rounds 3
  python tests/bench/bench_step.py --torch-python ~/torch/bin/python
                            PyTorch from another environment (it needs NumPy there)
"""

GOALS = {
    1: {("A", 64): 0.25, ("F", 64): 0.5, ("A", 512): 0.7, ("F", 512): 0.8},
    2: {("A", 64): 0.35, ("F", 64): 0.6, ("A", 512): 0.6, ("F", 512): 0.8},
}
GATE = 1e-4
"""Distance of a float32 gradient from the float64 one, over the largest of its layer.

A gate against timing nonsense; what rounding allows is derived in the tests."""


def serve(engine: str, threads: int) -> None:
    """Do what each line of the input says, and answer with a line."""
    settle_pages(fresh=False)
    if not _ready(engine, threads):
        return
    model: Any = None
    batch: Any = None
    for line in sys.stdin:
        order = json.loads(line)
        answer: Any = "done"
        if "net" in order:
            model = ENGINES[engine](order["net"], threads)
            batch = model.arrays(*batch_of(order["net"], order["batch"]))
        elif "save" in order:
            np.savez(order["save"], **model.gradients(*batch))
        else:
            answer = _seconds(partial(model.step, *batch), order["seconds"])
        print(json.dumps(answer), flush=True)


def _ready(engine: str, threads: int) -> bool:
    if engine.startswith("torch"):
        try:
            import torch
        except ImportError:
            print(json.dumps("absent"), flush=True)
            return False
        torch.set_num_threads(threads)
    print(json.dumps("ready"), flush=True)
    return True


def _seconds(function: Callable[[], object], seconds: float) -> float:
    """The least time of the calls that fit in `seconds`, after three more."""
    for _ in range(3):
        function()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def environment(engine: str, threads: int) -> dict[str, str]:
    """Of a process with so many threads; a compiled model brings its own."""
    variables = dict(os.environ)
    # Some machines set these to make results reproducible; they slow NumPy down.
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        variables.pop(name, None)
    # Both as they are after their first import: compiled, and kept so.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    for name in ("OPENBLAS", "OMP", "MKL"):
        own = 1 if engine in ("compiled", "learner") else threads
        variables[f"{name}_NUM_THREADS"] = str(own)
    return variables


class Process:
    """One engine in a process of its own, with a fixed number of threads."""

    def __init__(self, engine: str, threads: int, python: str) -> None:
        command = [python, __file__, "--engine", engine, "--threads", str(threads)]
        self._process = subprocess.Popen(
            command,
            env=environment(engine, threads),
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


def right(processes: dict[str, Process], net: str, batch: int) -> dict[str, Process]:
    """The engines that find the gradients of the layers in float64; ours all must."""
    x, y = batch_of(net, batch)
    exact = Ours(net, dtype=np.float64).gradients(x.astype(float), y)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for engine, process in processes.items():
            path = str(Path(folder) / f"{engine}.npz")
            process.ask(net=net, batch=batch)
            process.ask(save=path)
            with np.load(path) as saved:
                apart = max(_distances(dict(saved), exact))
            if apart <= GATE:
                found[engine] = process
                continue
            told = f"{engine}: a gradient of net {net} is wrong by {apart:.2g}"
            if not engine.startswith("torch"):
                sys.exit(told)
            print(f"{told} of the largest of its layer; left out")
    return found


def _distances(gradients: State, exact: State) -> Iterator[float]:
    """Of each array the largest error, over the largest gradient of the layer."""
    for name, array in exact.items():
        layer = name.partition(".")[0] + "."
        own = [a for k, a in exact.items() if k.startswith(layer)]
        size = max(np.abs(a).max() for a in own)
        yield float(np.abs(gradients[name] - array).max() / size)


def measure(options: argparse.Namespace, threads: int) -> None:
    """Print the table for one number of threads."""
    processes: dict[str, Process] = {}
    for engine in options.engines:
        of_torch = engine.startswith("torch")
        python = options.torch_python if of_torch else sys.executable
        process = Process(engine, threads, python)
        if process.present:
            processes[engine] = process
        else:
            print(f"{engine}: PyTorch is not installed for {python}; left out")
            process.stop()
    rows: list[list[object]] = []
    verdicts: list[str] = []
    for batch in options.batches:
        for net in options.nets:
            engines = right(processes, net, batch + 3)
            times: dict[str, list[float]] = {engine: [] for engine in engines}
            for process in engines.values():
                process.ask(net=net, batch=batch)
            for _ in range(options.rounds):
                for engine, process in engines.items():
                    times[engine].append(process.ask(seconds=options.seconds))
            least = {engine: min(taken) for engine, taken in times.items()}
            theirs = [t for e, t in least.items() if e.startswith("torch")]
            row: list[object] = [f"{net}, {batch}"]
            row += [1e3 * least[e] if e in least else "-" for e in processes]
            if theirs:
                quotient = least["compiled"] / min(theirs)
                pairs = zip(times["compiled"], times["torch"], strict=True)
                row += [quotient, median(a / b for a, b in pairs)]
                goal = GOALS.get(threads, {}).get((net, batch))
                if goal:
                    verdicts.append(verdict(f"net {net}, {batch}", quotient, goal))
            rows.append(row)
    for process in processes.values():
        process.stop()
    print(f"\nms of a step, {threads} thread(s); the last but one is least over least")
    header = ["net, batch", *processes, "over torch", "median of rounds"]
    print(table(header[: len(rows[0])], rows))
    print("\n".join(verdicts))


def measure_cold(options: argparse.Namespace) -> None:
    """Whole processes: interpreter, imports and one epoch of 5,000 digits."""
    from convmat.nn import mnist10k

    digits = mnist10k()
    rows: list[list[object]] = []
    verdicts: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for net in options.nets:
            path = str(Path(folder) / f"{net}.npz")
            images, labels = digits_of(digits)
            np.savez(path, x=images, y=labels % CHANNELS[net][-1])
            seconds: dict[str, list[float]] = {}
            peaks: dict[str, float] = {}
            engines = ["learner", *options.engines]
            for engine in engines:  # once from the disk, and compiled by Python
                cold(engine, net, path, options)
            for _ in range(max(3, options.rounds // 3)):
                for engine in engines:
                    took, peak = cold(engine, net, path, options)
                    seconds.setdefault(engine, []).append(took)
                    peaks[engine] = min(peak, peaks.get(engine, peak))
            least = {engine: min(taken) for engine, taken in seconds.items()}
            rows.append([net, *least.values(), *peaks.values()])
            theirs = [e for e in least if e.startswith("torch")]
            if theirs:
                fastest = min(theirs, key=lambda e: least[e])
                smallest = min(peaks[engine] for engine in theirs)
                for ours in ("learner", "compiled"):
                    told = f"net {net}, cold, {ours}"
                    wall = least[ours] / least[fastest]
                    verdicts.append(verdict(f"{told}, wall time", wall, 0.15))
                    memory = peaks[ours] / smallest
                    verdicts.append(verdict(f"{told}, peak memory", memory, 0.2))
    print("\none epoch of 5,000 digits from a cold start, 1 thread: s, and MB at most")
    header = ["net", *(f"{e} s" for e in least), *(f"{e} MB" for e in least)]
    print(table(header, rows))
    print("\n".join(verdicts))


def digits_of(digits: Any) -> tuple[np.ndarray, np.ndarray]:
    """The first 5,000 images as `(5000, 1, 28, 28)` of float32, and their labels."""
    images = digits.images[:5000].astype(np.float32) / 255
    return images, digits.labels[:5000].astype(np.int64)


def cold(
    engine: str, net: str, path: str, options: argparse.Namespace
) -> tuple[float, float]:
    """Seconds and largest resident memory in MB of one process."""
    of_torch = engine.startswith("torch")
    python = options.torch_python if of_torch else sys.executable
    command = [python, str(Path(__file__).with_name("nets.py")), engine, net, path]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment(engine, 1), stdout=subprocess.PIPE
    )
    told, _ = process.communicate()
    took = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{engine} failed")
    return took, json.loads(told)


def main() -> None:
    """Run as the parent, or as the process of one engine."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--nets", nargs="+", choices=list(CHANNELS), default=["A", "F"])
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each timing")
    parser.add_argument(
        "--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES)
    )
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--no-cold", action="store_true", help="steps only")
    parser.add_argument("--no-steps", action="store_true", help="cold starts only")
    parser.add_argument("--engine", choices=list(ENGINES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        serve(options.engine, options.threads[0])
        return
    options.engines = ["compiled", *(e for e in options.engines if e != "compiled")]
    print(machine("numpy"))
    for threads in options.threads if not options.no_steps else ():
        measure(options, threads)
    if not options.no_cold:
        measure_cold(options)


if __name__ == "__main__":
    main()
