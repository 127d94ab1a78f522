"""`import convmat` over `import numpy`, each in a process of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from statistics import median

from timing import machine, ratio, table, verdict

EXAMPLES = """\
examples:
  python tests/bench/bench_import.py                  40 rounds, about 20 seconds
  python tests/bench/bench_import.py --rounds 200     for a quiet answer
"""

# The last one shows what is not imported: SciPy is loaded on first use.
NOT_KEPT = "PYTHONDONTWRITEBYTECODE"
MODULES = ["numpy", "convmat", "numpy, scipy.sparse"]


def imported(modules: str) -> float:
    """Seconds that a new process takes for one import, without its own start."""
    script = (
        "from time import perf_counter; start = perf_counter(); "
        f"import {modules}; print(perf_counter() - start)"
    )
    command = [sys.executable, "-c", script]
    # Both as they are after their first import: compiled, and kept so.
    kept = {name: value for name, value in os.environ.items() if name != NOT_KEPT}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=kept)
    return float(done.stdout)


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=40, help="by default 40")
    rounds = parser.parse_args().rounds
    print(machine("numpy", "scipy"), end="\n\n")
    for modules in MODULES:
        imported(modules)  # from the disk into memory, and compiled
    times: dict[str, list[float]] = {modules: [] for modules in MODULES}
    for _ in range(rounds):
        for modules in MODULES:
            times[modules].append(imported(modules))
    numpy, convmat, _ = MODULES
    rows = [
        [f"import {name}", median(seconds) * 1e3, ratio(seconds, times[numpy])]
        for name, seconds in times.items()
    ]
    print(table(["", "ms", "/ numpy"], rows))
    print(verdict("import convmat", ratio(times[convmat], times[numpy]), 1.2))


if __name__ == "__main__":
    main()
