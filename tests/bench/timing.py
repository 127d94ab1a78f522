"""Timing side by side: what every benchmark here measures with, and its table.

Ratios only are worth keeping: two functions of one process, called in turn, so that a
busy machine slows both. `settle_pages` keeps the allocator from deciding.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)


def machine(*packages: str) -> str:
    """One line: processor, cores, and the versions that the figures hold for."""
    versions = [f"{name} {version(name)}" for name in packages]
    cores = f"{len(os.sched_getaffinity(0))} cores"
    python = f"Python {platform.python_version()}"
    return ", ".join([_processor(), cores, platform.platform(), python, *versions])


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def settle_pages(fresh: bool) -> bool:
    """Fix where large arrays get their memory from; whether that can be done here.

    By itself glibc changes its mind whenever a large array is freed. Then some arrays
    find pages that are in place already and others don't, and the page faults, which
    cost as much as writing the pages, fall on one side by chance.

    Parameters
    ----------
    fresh : bool
        True: every array of 128 KiB and more is new from the system, as in the first
        call of a program. False: freed memory is kept and handed out again, as in a
        loop; arrays of more than 32 MiB are new all the same.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    threshold = 128 << 10 if fresh else 32 << 20  # the least and the most glibc takes
    kept = mallopt(_M_TRIM_THRESHOLD, 128 << 10 if fresh else 1 << 30)
    return bool(kept and mallopt(_M_MMAP_THRESHOLD, threshold))


def interleaved(
    functions: Sequence[Callable[[], object]],
    seconds: float,
    before: Callable[[], object] = lambda: None,
    rounds: tuple[int, int] = (5, 2000),
) -> list[list[float]]:
    """Seconds of each call: entry `[f][i]` is round `i` of function `f`.

    A round calls each function once, in the order given, A B A B ...; `before` runs
    before each call and is not counted, nor is the freeing of the result. There are as
    many rounds as fit in `seconds`, within `rounds`; one more comes first as a warm-up.
    """
    times: list[list[float]] = [[] for _ in functions]
    least, most = rounds
    end = time.perf_counter() + seconds
    for number in range(most + 1):
        for function, column in zip(functions, times, strict=True):
            before()
            start = time.perf_counter()
            result = function()
            column.append(time.perf_counter() - start)
            del result
        if number >= least and time.perf_counter() > end:
            break
    return [column[1:] for column in times]


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median over all rounds of the quotient of two functions' times."""
    return median(a / b for a, b in zip(over, under, strict=True))


def peak_bytes(function: Callable[[], object]) -> int:
    """The most bytes that `function` holds at once, its result among them."""
    tracemalloc.start()
    try:
        result = function()
        _, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return peak


def geometric_mean(values: Sequence[float]) -> float:
    """The mean to use for ratios."""
    product = 1.0
    for value in values:
        product *= value ** (1 / len(values))
    return product


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Text in columns: the first to the left, all others to the right."""
    lines = [[_text(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def _text(cell: object) -> str:
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)


def verdict(name: str, value: float, goal: float, at_most: bool = True) -> str:
    """One line: what was measured, the goal, and whether it is met."""
    met = value <= goal if at_most else value >= goal
    bound = "at most" if at_most else "at least"
    return (
        f"{'met   ' if met else 'MISSED'}  {name}: {value:.3g}, goal {bound} {goal:g}"
    )


if __name__ == "__main__":
    sys.exit("timing holds what the bench_*.py scripts share; run one of those")
