"""Run every check of this project, in an environment that it makes for itself.

On a bare machine ``python3 check.py`` is all it takes: it creates .venv beside itself,
installs convmat with what the checks need, and runs them. Later runs install again only
when pyproject.toml has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "installed-for"

TESTS = "tests"  # the step that runs last and shows its output as it goes
STEPS = {
    "format": ["ruff", "format", "--check"],
    "lint": ["ruff", "check"],
    "types": ["mypy"],
    "imports": ["lint-imports"],
    # -E: a page from the cache would keep its warnings to itself on a second run.
    "docs": ["sphinx-build", "-n", "-W", "-E", "-q", "docs", "build/docs"],
    TESTS: ["pytest", "-n", "2", "--dist", "loadgroup", "--cov"],
}

EXAMPLES = """\
examples:
  python3 check.py                               everything
  python3 check.py --only format lint            two steps
  python3 check.py --only tests -- -k adjoint    some tests, without coverage
"""


def main() -> int:
    """Exit status: 0 when every chosen step passed, else 1."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the reader's python3 may be older
        here = sys.version.split()[0]
        sys.exit(f"convmat needs Python 3.11 or newer, and this is {here}.")
    chosen, pytest_args = read_arguments()
    if chosen is None:
        for name, command in STEPS.items():
            print(f"{name:8} {' '.join(command)}")
        return 0
    if not prepare():
        return 1
    failed = [name for name in chosen if name != TESTS and not run_quietly(name)]
    if failed:
        print(f"\nfailed: {', '.join(failed)}", flush=True)
    if TESTS in chosen and not run_tests(pytest_args):
        failed.append(TESTS)
    return 1 if failed else 0


def read_arguments() -> tuple[list[str] | None, list[str]]:
    """Names of the steps to run (None: list them), and the arguments for pytest."""
    parser = argparse.ArgumentParser(
        description="Run every check of this project.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", choices=STEPS, metavar="STEP", help="run these steps alone"
    )
    parser.add_argument("--list", action="store_true", help="list the steps and stop")
    ours, pytest_args = sys.argv[1:], []
    if "--" in ours:
        cut = ours.index("--")
        ours, pytest_args = ours[:cut], ours[cut + 1 :]
    options = parser.parse_args(ours)
    if options.list:
        return None, []
    wanted = options.only or STEPS
    return [name for name in STEPS if name in wanted], pytest_args


def prepare() -> bool:
    """Whether .venv holds what pyproject.toml asks for, after filling it if need be."""
    recipe = sys.version.encode() + (ROOT / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(recipe).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return True
    create = [sys.executable, "-m", "venv", str(VENV)]
    install = [str(BIN / "python"), "-m", "pip", "install", "-e", ".[test]"]
    made = run("create .venv", create) and run("install into .venv", install)
    if made:
        STAMP.write_text(wanted)
    return made


def run_quietly(name: str) -> bool:
    """Whether the step passed."""
    program, *arguments = STEPS[name]
    return run(name, [str(BIN / program), *arguments])


def run(title: str, command: list[str]) -> bool:
    """Whether the command succeeded; its output is printed only if it didn't."""
    print(f"== {title}", end=" ", flush=True)
    start = time.perf_counter()
    result = subprocess.run(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    passed = result.returncode == 0
    seconds = time.perf_counter() - start
    print(f"{'passed' if passed else 'FAILED'} in {seconds:.1f} s", flush=True)
    if not passed:
        print(result.stdout, flush=True)
    return passed


def run_tests(extra: list[str]) -> bool:
    """Whether pytest passed; the last lines printed are its own summary."""
    program, *arguments = STEPS[TESTS]
    if extra:  # a part of the suite can't reach the coverage that the whole must reach
        arguments += ["--no-cov", *extra]
    print(f"== {TESTS}", flush=True)
    return subprocess.run([str(BIN / program), *arguments], cwd=ROOT).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
