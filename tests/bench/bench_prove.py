"""Proving over boxes: in code over unit by unit, two workers over one, and the rate."""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
from timing import interleaved, machine, ratio, table, verdict

from convmat.geometry import Geometry
from convmat.verify import ROUTES, Box, Route, sweep, worker_pool
from convmat.verify.comparison import Comparison, in_blocks
from convmat.verify.readings import (
    one_hot,
    read_forward,
    read_input_grad,
    read_kernel_grad,
)

EXAMPLES = """\
examples:
  python tests/bench/bench_prove.py                  about 2 minutes
  python tests/bench/bench_prove.py --seconds 1      a quick look
"""

GOALS = {"1-D": 3000, "2-D": 500}
WORKERS = 1.7
_TRIES = 7


def boxes(sample: int) -> dict[str, Box]:
    """The boxes of `convmat prove --max-size 8`, and evenly spaced parts of them.

    The 2-D box is too large to be timed in rounds. The large 1-D one is of larger
    kernels, strides and pads.
    """
    line = Box.of(rank=1, max_size=8)
    wide = Box.of(rank=1, max_size=8, max_kernel=8, strides=(1, 2, 3), pads=(0, 1, 2))
    plane = Box.of(rank=2, max_size=8)
    return {
        "1-D": line,
        "1-D, kernels to 8, pads to 2": _some(wide, sample),
        "2-D": _some(plane, sample),
    }


def _some(box: Box, count: int) -> Box:
    step = max(1, len(box) // count) | 1  # odd, so that no axis stands still
    return Box(box.name, box.description, tuple(box[::step]))


def in_code(box: Box, routes: list[Route]) -> None:
    """What a sweep does in one process."""
    comparison = Comparison(tuple(routes), 0)
    for block in in_blocks(map(fresh, box)):
        if comparison.first_wrong(block, comparison.geometries) is not None:
            message = "a route is wrong; its time is of no interest"
            raise SystemExit(message)


def unit_by_unit(box: Box, routes: list[Route]) -> None:
    """The same maps, every unit array in a call of its own or in a batch of units."""
    for g in map(fresh, box):
        ties = one_hot(g)
        for route in routes:
            for function, read in (
                (route.apply, read_forward),
                (route.input_grad, read_input_grad),
                (route.kernel_grad, read_kernel_grad),
            ):
                if function is not None and not np.array_equal(read(function, g), ties):
                    message = "a route is wrong; its time is of no interest"
                    raise SystemExit(message)


def fresh(g: Geometry) -> Geometry:
    """The same geometry with nothing counted yet, as a box makes it."""
    return Geometry(**{name: getattr(g, name) for name in g.__dataclass_fields__})


def rates(box: Box, seconds: float) -> list[list[object]]:
    """A row for each choice of routes."""
    rows: list[list[object]] = []
    for names in (["sliding"], ["sliding", "matrix", "fast"], list(ROUTES)):
        routes = [ROUTES[name] for name in names]
        functions = [partial(in_code, box, routes), partial(unit_by_unit, box, routes)]
        code, units = interleaved(functions, seconds, rounds=(2, 50))
        told = "all five" if len(names) == len(ROUTES) else ", ".join(names)
        rows.append([told, rate(box, routes), ratio(units, code)])
    return rows


def rate(box: Box, routes: list[Route]) -> float:
    """Geometries a second of processor time, part by part the best of some tries.

    So that a busy machine counts as little as it can.
    """
    parts = [Box("part", "", tuple(block)) for block in in_blocks(box)]
    seconds = 0.0
    for part in parts:
        tries = []
        for _ in range(_TRIES):
            start = time.process_time()
            in_code(part, routes)
            tries.append(time.process_time() - start)
        seconds += min(tries)
    return len(box) / seconds


def workers(box: Box, rounds: int) -> float:
    """Time with one worker over that with two, each pool warm."""
    routes = [ROUTES["sliding"]]
    with worker_pool(1) as one, worker_pool(2) as two:
        times: dict[object, list[float]] = {one: [], two: []}
        for number in range(rounds + 1):
            for pool, column in times.items():
                start = time.perf_counter()
                sweep(box, routes=routes, executor=pool, progress=False)
                if number:
                    column.append(time.perf_counter() - start)
        return ratio(times[one], times[two])


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seconds", type=float, default=8.0, help="time for each row, by default 8"
    )
    parser.add_argument(
        "--sample", type=int, default=400, help="geometries of large boxes"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="of one worker and two (default 5)"
    )
    options = parser.parse_args()
    print(machine("numpy", "scipy"), end="\n\n")
    verdicts = []
    for name, box in boxes(options.sample).items():
        rows = rates(box, options.seconds)
        print(table((name, "geometries/s", "units / code"), rows), end="\n\n")
        if name in GOALS:
            said = f"{name} geometries a second, sliding"
            verdicts.append(verdict(said, rows[0][1], GOALS[name], at_most=False))
    if options.rounds:
        gain = workers(Box.of(rank=2, max_size=4, max_kernel=2), options.rounds)
        verdicts.append(verdict("one worker / two", gain, WORKERS, at_most=False))
    print("\n".join(verdicts))


if __name__ == "__main__":
    main()
