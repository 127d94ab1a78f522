"""The page of reference has every public name, and each has an example that runs."""

import doctest
import importlib
import inspect
import pkgutil
import re
from doctest import SKIP
from functools import cache
from pathlib import Path

import pytest

import convmat

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
LISTED = re.findall(r"automodule:: (\S+)", PAGE)
INTERNAL = {
    "convmat.arrays": "names of types",
    "convmat.files": "how a file becomes whole, for those who write one",
    "convmat.nn.compiled": "chosen by the learner; no result tells it apart",
    "convmat.nn.data": "convmat.nn has its names",
    "convmat.plugin": "pytest finds it by its entry point",
    "convmat.version": "convmat.__version__",
}
"""Packages and rooms that the page leaves out, and why."""


def public(module):
    """Functions and classes of a module's `__all__`, by their names."""
    named = {name: getattr(module, name) for name in module.__all__}
    return {
        name: value
        for name, value in named.items()
        if inspect.isfunction(value) or inspect.isclass(value)
    }


@cache
def doctests_of(module):
    """The examples that are run and show something, by what they explain."""
    home = importlib.import_module(module)
    found = doctest.DocTestFinder().find(home, module)
    return {
        test.name: [e for e in test.examples if e.want and not e.options.get(SKIP)]
        for test in found
    }


def has_example(value):
    """Whether its module runs one for it, whatever decorates it."""
    home = value.__module__
    return bool(doctests_of(home).get(f"{home}.{value.__name__}"))


@pytest.mark.parametrize("name", dict.fromkeys(LISTED))
def test_every_public_name_has_an_example_that_runs(name):
    module = importlib.import_module(name)
    without = [n for n, value in public(module).items() if not has_example(value)]
    assert not without


def test_no_module_stands_there_twice():
    assert len(LISTED) == len(set(LISTED))


def test_its_headings_are_the_modules_that_follow_them():
    assert re.findall(r"^##+ (convmat\S+)$", PAGE, re.MULTILINE) == LISTED


def rooms_and_packages():
    """What is imported by name: the rooms of convmat, and packages within them."""
    for module in pkgutil.walk_packages(convmat.__path__, "convmat."):
        plain = not any(part.startswith("_") for part in module.name.split("."))
        if plain and (module.ispkg or module.name.count(".") == 1):
            yield module.name


def test_every_room_is_there_or_says_why_not():
    missing = set(rooms_and_packages()) - set(LISTED) - set(INTERNAL)
    assert not missing


def test_what_is_left_out_exists_and_is_not_there_after_all():
    assert set(INTERNAL) <= set(rooms_and_packages()) - set(LISTED)


@pytest.mark.parametrize("name", dict.fromkeys(["convmat", *LISTED]))
def test_what_a_package_names_is_in_the_reference(name):
    known = {
        id(value)
        for module in map(importlib.import_module, LISTED)
        for value in public(module).values()
    }
    package = importlib.import_module(name)
    for public_name in package.__all__:
        value = getattr(package, public_name)
        if inspect.ismodule(value):
            own = public(value).values()
            assert value.__name__ in LISTED or {id(v) for v in own} <= known, value
        elif inspect.isfunction(value) or inspect.isclass(value):
            assert id(value) in known, public_name
