"""The bytes of a file hang on the figure alone, whatever process draws it, and when."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import hashlib, json, sys, tempfile
from pathlib import Path
from convmat import geometry
from convmat.figures import four_applications, matrix_equation, matrix_plot, save
from convmat.figures.film import Film

G = geometry((3, 3), (2, 2), padding=((0, 1), (1, 0)))
HATCHED = geometry((5, 6), (5, 5))

def frame(number):
    return four_applications(geometry((2, 3), (1, 2)), [[number, 1]])

FIGURES = {
    "applications": (lambda: four_applications(G, theme="dark"), ("svg", "txt")),
    "equation": (lambda: matrix_equation(G, bias="b"), ("pdf",)),
    "hatches": (lambda: matrix_plot(HATCHED), ("png", "tex")),
    "image": (lambda: matrix_plot(geometry((12, 12), (3, 3))), ("svg",)),
    "film": (lambda: Film(2, frame), ("gif",)),
}
found = {}
with tempfile.TemporaryDirectory() as folder:
    for name in sys.argv[1:]:
        draw, suffixes = FIGURES[name]
        for suffix in suffixes:
            path = save(draw(), Path(folder) / f"{name}.{suffix}", dpi=60)
            found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
print(json.dumps(found))
"""
NAMES = ["applications", "equation", "hatches", "image", "film"]


def drawn(names, seed):
    known = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", CODE, *names],
        capture_output=True,
        text=True,
        check=False,
        env=known,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_processes_write_the_same_bytes_in_whatever_order_they_draw():
    first = drawn(NAMES, "0")
    second = drawn([*reversed(NAMES), NAMES[1]], "4242")
    assert len(first) == 7
    assert first == second


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_no_date_and_no_path_is_written(tmp_path, suffix):
    from convmat import geometry
    from convmat.figures import matrix_plot, save

    path = save(matrix_plot(geometry(3, 2)), tmp_path / f"figure.{suffix}")
    content = path.read_bytes()
    assert b"CreationDate" not in content
    assert b"dc:date" not in content
    assert str(tmp_path).encode() not in content
