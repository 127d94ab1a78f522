"""What a small network loads, seen from a fresh process."""

import subprocess
import sys

SCRIPT = """
import sys
import numpy as np
from convmat.nn import Conv, Flatten, Learner, Linear, Loader, ReLU, Sequential
from convmat.optim import Adam
rng = np.random.default_rng(0)
conv = Conv(1, 2, (3, 3), padding=1, rng=rng)
model = Sequential([conv, ReLU(), Flatten(), Linear(32, 3, rng=rng)])
loader = Loader(rng.normal(size=(8, 1, 4, 4)), np.arange(8) % 3, 4)
Learner(model, loader, Adam(0.01)).fit(1, progress=True)
heavy = "scipy tqdm safetensors concurrent.futures convmat.matrix convmat.constraints"
print([name for name in heavy.split() if name in sys.modules])
from convmat.nn import AvgPool, FixedMatrix, MaxPool, RungLayer
print(RungLayer.__name__, FixedMatrix.__name__)
"""


def test_a_fit_without_a_terminal_loads_nothing_that_it_has_no_use_for():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\nRungLayer FixedMatrix\n"
