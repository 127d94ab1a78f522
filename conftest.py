"""Settings that hold for every test and doctest of the project."""

import os

from hypothesis import settings

import convmat  # noqa: F401 - first of all, as a user does: it binds convmat.geometry

# Before anything imports pyplot: no test may open a window.
os.environ.setdefault("MPLBACKEND", "Agg")

# No deadline: a first example pays for imports, and cost is asserted by counts.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=5_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev")
)
