"""Settings that hold for every test: the search profile and a headless Matplotlib."""

import os

from hypothesis import settings

# Before anything imports pyplot: no test may open a window.
os.environ.setdefault("MPLBACKEND", "Agg")

# No deadline: a first example pays for imports, and cost is asserted by counts.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=5_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev")
)
