"""`sweep`: the same report whoever computes, in whatever order, often killed or not."""

import dataclasses
import functools
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest

from convmat import ConvmatError, ConvmatTypeError, geometry, sliding
from convmat.verify import BOXES, ROUTES, Box, Route, prove, sweep, sweeps, worker_pool
from convmat.verify.sweep_chunk import Job, run_chunk

SMALL = Box.of(rank=1, max_size=3, pads=(0, 2))
FAST = [ROUTES["fast"]]
RIGHT = ROUTES["sliding"]


def told(proof):
    """The report without the time that it took and what was done before."""
    failure = None if proof.failure is None else str(proof.failure)
    return dataclasses.replace(proof, failure=failure, seconds=0.0, resumed=0)


def wrong_where(condition):
    """The sliding window, wrong for some geometries."""

    def forward(kernel, x, g):
        return sliding.forward(x, kernel, g) + int(condition(g))

    return [Route("wrong", RIGHT.carries, forward, RIGHT.input_grad)]


def strided(g):
    return g.stride == (2,)


def unsigned(kernel, x, g):
    """Right on units; what is wrong shows random integers in its report."""
    size = np.abs(x) if strided(g) and g.kernel_size == (2,) else x
    return sliding.forward(size, kernel, g)


UNSIGNED = Route("wrong", RIGHT.carries, unsigned)


class Backwards(Executor):
    """What was handed in last is done first."""

    def __init__(self):
        self.waiting = []
        self.done = []

    def submit(self, function, job, start, stop):
        future = Future()
        self.waiting.append((future, functools.partial(function, job, start, stop)))
        if len(self.waiting) == 1:
            threading.Timer(0.2, self._work).start()
        return future

    def _work(self):
        while self.waiting:
            future, call = self.waiting.pop()
            if future.set_running_or_notify_cancel():
                future.set_result(call())
                self.done.append(call.args[1])


@pytest.mark.parametrize("name", ["plane", "volume"])
def test_a_sweep_says_what_prove_says(name):
    assert told(sweep(BOXES[name], routes=FAST)) == told(
        prove(BOXES[name], routes=FAST)
    )


@pytest.mark.parametrize("chunk", [1, 7, 10**6])
@pytest.mark.parametrize("workers", [None, 1, 3])
@pytest.mark.parametrize(
    "routes",
    [FAST, wrong_where(strided), [UNSIGNED]],
    ids=["PASS", "FAIL", "FAIL on random integers"],
)
def test_the_report_depends_on_neither_workers_nor_chunks(workers, chunk, routes):
    expected = told(prove(SMALL, routes=routes))
    if workers is None:
        assert told(sweep(SMALL, routes=routes, chunk=chunk)) == expected
        return
    with ThreadPoolExecutor(workers) as threads:
        proof = sweep(SMALL, routes=routes, chunk=chunk, executor=threads)
    assert told(proof) == expected


PLANTED = """
from convmat import sliding

def apply(kernel, x, g):
    return sliding.forward(x, kernel, g)

def input_grad(grad, kernel, g):
    return sliding.input_grad(grad, kernel, g) + (g.stride == (2,))
"""


def test_processes_say_the_same_and_fail_at_the_same_place(tmp_path, monkeypatch):
    (tmp_path / "planted_route.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(tmp_path)
    planted = importlib.import_module("planted_route")
    wrong = Route("wrong", RIGHT.carries, planted.apply, planted.input_grad)
    with worker_pool(2) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
        passed = sweep(SMALL, routes=FAST, executor=pool, chunk=40)
        failed = sweep(SMALL, routes=[wrong], executor=pool, chunk=5)
    assert told(passed) == told(prove(SMALL, routes=FAST))
    assert told(failed) == told(prove(SMALL, routes=[wrong]))
    assert failed.failure.part == "input_grad"
    assert failed.geometries == 1 + next(i for i, g in enumerate(SMALL) if strided(g))


def test_the_counterexample_is_the_first_of_the_box_and_not_of_the_clock():
    executor = Backwards()
    routes = wrong_where(strided)
    proof = sweep(SMALL, routes=routes, executor=_threads_like(executor), chunk=10)
    held = list(SMALL)
    number = next(i for i, g in enumerate(held) if strided(g))
    assert executor.done[0] > number  # a later one was known before
    assert proof.failure.geometry == held[number]
    assert proof.geometries == number + 1
    assert told(proof) == told(prove(SMALL, routes=routes))


def _threads_like(executor):
    """It runs in this process, so that its functions need no names."""
    return type("Threads", (ThreadPoolExecutor,), {"submit": executor.submit})(1)


def test_what_comes_after_a_failure_is_not_waited_for():
    executor = Backwards()
    routes = wrong_where(lambda g: True)
    proof = sweep(SMALL, routes=routes, executor=_threads_like(executor), chunk=10)
    assert proof.geometries == 1
    assert proof.failure.geometry == SMALL[0]


# ------------------------------------------------------------------------- resuming


@pytest.fixture
def chunks_run(monkeypatch):
    """Starts and stops of the chunks that are compared."""
    run = []

    def noted(job, start, stop):
        run.append((start, stop))
        return run_chunk(job, start, stop)

    monkeypatch.setattr(sweeps, "run_chunk", noted)
    return run


@pytest.mark.parametrize("chunk", [10, 13])
def test_a_sweep_goes_on_from_its_file(tmp_path, chunks_run, chunk):
    path = tmp_path / "results.jsonl"
    whole = sweep(SMALL, routes=FAST, results=path, chunk=10)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1 + len(chunks_run)
    path.write_bytes(b"".join([lines[0], lines[4], lines[2], b'{"start": 60, "st']))
    chunks_run.clear()
    again = sweep(SMALL, routes=FAST, results=path, chunk=chunk)
    assert told(again) == told(whole)
    assert again.resumed == 20
    compared = [number for chunk in chunks_run for number in range(*chunk)]
    size = len(SMALL)
    assert compared == [*range(10), *range(20, 30), *range(40, size)]
    chunks_run.clear()
    assert told(sweep(SMALL, routes=FAST, results=path)) == told(whole)
    assert chunks_run == []
    assert "of the geometries were done before" in str(
        sweep(SMALL, routes=FAST, results=path)
    )


def test_a_failure_is_kept_for_readers_and_compared_again(tmp_path, chunks_run):
    path = tmp_path / "results.jsonl"
    routes = wrong_where(strided)
    first = sweep(SMALL, routes=routes, results=path, chunk=10)
    assert '"failure": "the forward map of route' in path.read_text()
    run = list(chunks_run)
    chunks_run.clear()
    assert told(sweep(SMALL, routes=routes, results=path, chunk=10)) == told(first)
    assert chunks_run == run[-1:]


def test_killed_outright_it_goes_on_and_says_the_same(tmp_path):
    path = tmp_path / "results.jsonl"
    command = [sys.executable, "-m", "convmat", "prove", "--rank", "2", "--max-size"]
    command += ["3", "--routes", "fast", "--no-progress", "--results", str(path)]
    command += ["--workers", "2", "--max-kernel", "2", "--dilations", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < 3:
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = path.read_bytes()
    box = Box.of(rank=2, max_size=3, max_kernel=2, dilations=1)
    again = sweep(box, routes=FAST, results=path)
    assert 0 < again.resumed < len(box)
    assert told(again) == told(prove(box, routes=FAST))
    assert path.read_bytes().startswith(left[: left.rindex(b"\n") + 1])


# ------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"box": Box.of(rank=1, max_size=4)}, "of the same sweep, whose box is"),
        ({"routes": [ROUTES["dense"]]}, r"whose routes is \['dense'\] and not \['fast"),
        ({"seed": 1}, "whose seed is 1 and not 0"),
        (
            {"box": Box(SMALL.name, SMALL.description, tuple(SMALL)[::-1])},
            "whose contents is",
        ),
    ],
    ids=["box", "routes", "seed", "contents"],
)
def test_results_of_another_sweep_are_refused(tmp_path, change, match):
    path = tmp_path / "results.jsonl"
    sweep(SMALL, routes=FAST, results=path)
    before = path.read_bytes()
    settings = {"box": SMALL, "routes": FAST, "seed": 0, **change}
    with pytest.raises(ConvmatError, match=match):
        sweep(settings.pop("box"), results=path, **settings)
    assert path.read_bytes() == before


def test_results_of_other_code_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "results.jsonl"
    sweep(SMALL, routes=FAST, results=path)
    monkeypatch.setattr("convmat.verify.sweep_chunk._package_digest", lambda: b"new")
    with pytest.raises(ConvmatError, match="of this code, which has changed since"):
        sweep(SMALL, routes=FAST, results=path)


def test_a_worker_of_other_code_is_refused(monkeypatch):
    class Elsewhere(ThreadPoolExecutor):
        def submit(self, function, *arguments):
            future = Future()
            future.set_result(
                dataclasses.replace(function(*arguments), code="another version")
            )
            return future

    with pytest.raises(ConvmatError, match="must run the same code as this process"):
        sweep(SMALL, routes=FAST, executor=Elsewhere(1))


def test_a_worker_that_dies_is_an_error_that_says_how_to_go_on(tmp_path):
    class Dying(ThreadPoolExecutor):
        def submit(self, function, job, start, stop):
            future = Future()
            if start:
                future.set_exception(BrokenExecutor("a process was terminated"))
            else:
                future.set_result(function(job, start, stop))
            return future

    path = tmp_path / "results.jsonl"
    with pytest.raises(ConvmatError, match=r"stay alive.*with the same results file"):
        sweep(SMALL, routes=FAST, executor=Dying(1), results=path, chunk=30)
    assert told(sweep(SMALL, routes=FAST, results=path)) == told(
        prove(SMALL, routes=FAST)
    )


def test_functions_without_a_name_are_refused_where_they_must_travel():
    class Processes(Executor):
        pass

    for box, routes, part in (
        (SMALL, wrong_where(strided), "routes"),
        (Box("mine", "one", lambda: iter([geometry(3, 2)])), FAST, "box"),
    ):
        match = f"{part} must be made of functions that another process finds by name"
        with pytest.raises(ConvmatTypeError, match=match):
            sweep(box, routes=routes, executor=Processes())


def test_an_error_that_cannot_travel_goes_as_its_words():
    class OddError(Exception):
        def __init__(self, one, two):
            super().__init__("odd")

    def fail(kernel, x, g):
        raise OddError(1, 2)

    job = Job.of(SMALL, [Route("odd", RIGHT.carries, fail)], 0)
    tally = run_chunk(job, 0, 5)
    assert str(tally.failure.got) == "OddError: odd"
    assert "and there was RuntimeError: OddError: odd" in str(tally.failure)


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"executor": 2}, ConvmatTypeError, "executor must be a concurrent.futures.Ex"),
        ({"chunk": 0}, ConvmatError, "chunk must be at least 1, got chunk=0"),
        ({"chunk": 1.5}, ConvmatTypeError, "chunk must be integers, not float"),
        ({"seed": -1}, ConvmatError, "seed must be at least 0, got seed=-1"),
        ({"seed": None}, ConvmatTypeError, "seed must be integers"),
    ],
    ids=["executor", "chunk", "half a chunk", "seed", "no seed"],
)
def test_wrong_settings_are_refused(settings, error, match):
    with pytest.raises(error, match=match):
        sweep(SMALL, **settings)


def test_geometries_without_a_box_are_refused():
    with pytest.raises(ConvmatTypeError, match=r"box must be a Box.*prove takes any"):
        sweep([geometry(3, 2)])


def test_a_pool_has_at_least_one_worker():
    with pytest.raises(ConvmatError, match="workers must be at least 1"):
        worker_pool(0)
    with pytest.raises(ConvmatTypeError, match="workers must be integers"):
        worker_pool("two")


# ------------------------------------------------------------------------------ bar


def test_the_bar_counts_geometries_and_knows_their_number(
    capsys, monkeypatch, tmp_path
):
    from tqdm import tqdm

    class AtOnce(tqdm):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **{**settings, "delay": 0, "mininterval": 0})

    monkeypatch.setattr("tqdm.tqdm", AtOnce)
    sweep(SMALL, routes=FAST, progress=True, results=tmp_path / "r")
    shown = capsys.readouterr().err
    size = len(SMALL)
    assert f"{size}/{size}" in shown
    assert "prove: 100%" in shown
    sweep(SMALL, routes=FAST, progress=True, results=tmp_path / "r")
    first = capsys.readouterr().err.strip("\r\n").split("\r")[0]
    assert f"{size}/{size}" in first  # it begins where it was


def test_no_bar_is_drawn_where_there_is_no_terminal(capsys):
    sweep(SMALL, routes=FAST)
    assert capsys.readouterr().err == ""
