"""What an import loads, seen from a fresh process."""

import subprocess
import sys

import pytest

import convmat

HEAVY = ("scipy", "sympy", "matplotlib", "hypothesis", "tqdm", "pytest")


def run(code):
    """What a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_convmat_loads_nothing_heavy():
    loaded = f"[name for name in {HEAVY} if name in sys.modules]"
    assert run(f"import sys, convmat; print({loaded})") == "[]"


def test_geometry_and_sliding_windows_need_numpy_alone():
    loaded = f"[name for name in {HEAVY} if name in sys.modules]"
    code = (
        "import sys, convmat; convmat.conv([1, 2, 3], [1, 2], padding='same');"
        "convmat.tie_map(convmat.geometry(3, 2)).multiplicity;"
        f"print({loaded})"
    )
    assert run(code) == "[]"


def test_scipy_comes_with_the_first_matrix():
    code = (
        "import sys, convmat; convmat.conv_matrix; before = 'scipy' in sys.modules;"
        "convmat.conv_matrix([1, 2], 3); print(before, 'scipy' in sys.modules)"
    )
    assert run(code) == "False True"


@pytest.mark.parametrize(
    "first",
    ["convmat.geometry", "convmat.geometry.axis", "convmat.tie", "convmat.matrix"],
)
def test_geometry_is_the_function_whichever_room_came_first(first):
    code = (
        f"import {first}, convmat;"
        "print(convmat.geometry(3, 2), callable(convmat.geometry));"
        "from convmat import geometry; print(geometry(3, 2))"
    )
    assert run(code) == "geometry((3,), (2,)) True\ngeometry((3,), (2,))"


def test_verify_needs_hypothesis_for_its_strategies_only():
    code = (
        "import sys; sys.modules['hypothesis'] = None;"
        "from convmat.verify import BOXES, prove; print(prove(BOXES['volume']).passed)"
    )
    assert run(code) == "True"


def test_strategies_without_hypothesis_name_the_extra():
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import convmat.verify\n"
        "try:\n"
        "    convmat.verify.strategies\n"
        "except ModuleNotFoundError as error:\n"
        "    print(error)"
    )
    assert run(code) == (
        'convmat.verify.strategies needs Hypothesis: pip install "convmat[verify]", '
        'or in a clone pip install -e ".[verify]"'
    )


@pytest.mark.parametrize("name", convmat.__all__)
def test_public_name_is_found_from_a_fresh_start(name):
    assert getattr(convmat, name) is not None
    assert name in dir(convmat)


def test_unknown_name_is_refused_as_by_any_module():
    with pytest.raises(AttributeError, match="module 'convmat' has no attribute"):
        getattr(convmat, "con" + "vol")
    with pytest.raises(
        AttributeError, match=r"module 'convmat\.verify' has no attribute"
    ):
        getattr(convmat.verify, "no" + "such")


def test_names_load_one_by_one_and_stay():
    code = (
        "import convmat; print('conv' in vars(convmat)); first = convmat.conv;"
        "print('conv' in vars(convmat), first is convmat.conv)"
    )
    assert run(code) == "False\nTrue True"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("unfold_matrix", "; it is in convmat.linear"),
        ("save_rows", "; it is in convmat.matrix"),
        ("stretched", "; it is in convmat.transposed"),
        ("Adam", "; it is in convmat.optim"),
        ("transposed", "; write import convmat.transposed"),
        ("nowhere", ""),
        ("no.where", ""),
        ("_hidden", ""),
    ],
)
def test_a_name_that_lives_in_a_room_is_told_where(name, told):
    code = (
        "import convmat\n"
        "try:\n"
        f"    getattr(convmat, {name!r})\n"
        "except AttributeError as error:\n"
        "    print(error)"
    )
    assert run(code) == f"module 'convmat' has no attribute {name!r}{told}"
    assert not hasattr(convmat, "nowhere")
