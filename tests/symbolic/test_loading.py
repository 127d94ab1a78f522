"""SymPy is loaded on first use, and its absence says what to do."""

import subprocess
import sys

import pytest

from convmat import geometry
from convmat.symbolic import symbolic_matrix


def test_import_does_not_load_sympy():
    script = (
        "import sys, convmat, convmat.symbolic; convmat.symbolic_matrix; "
        "assert 'sympy' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == 0


def test_missing_sympy_names_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    with pytest.raises(ImportError, match=r'pip install "convmat\[symbolic\]"'):
        symbolic_matrix(geometry(3, 2))
