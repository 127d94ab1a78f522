"""No map holds more than three times what it reads and returns."""

import tracemalloc

import numpy as np
import pytest

from convmat import fast, geometry

NINE = [
    (geometry((28, 28), (3, 3), padding=1), 1),
    (geometry((512, 512), (3, 3), padding=1), 1),
    (geometry((1024, 1024), (5, 5), padding=2), 1),
    (geometry((3, 64, 64), (16, 3, 3, 3), padding=1), 1),
    (geometry((16, 32, 32), (32, 16, 3, 3), stride=2, padding=1), 1),
    (geometry((1, 28, 28), (8, 1, 3, 3), stride=2, padding=1), 64),
    (geometry((8, 14, 14), (16, 8, 3, 3), stride=2, padding=1), 64),
    (geometry((16, 64, 64), (32, 16, 3, 3), padding=1), 8),
    (geometry((64, 56, 56), (64, 64, 3, 3), padding=1), 1),
]
MORE = [
    (geometry((4, 200_000), (4, 4, 9), padding=4), 1),
    (geometry((8, 24, 24, 24), (8, 8, 3, 3, 3), padding=1), 1),
    (geometry((512, 512), (31, 31), padding=15), 1),
    (geometry((600, 600), (3, 3), padding=100, dilation=100), 1),
    (geometry((96, 56, 56), (96, 1, 3, 3), padding=1, groups=96), 1),
]
every_case = pytest.mark.parametrize(
    ("g", "batch"), [*NINE, *MORE], ids=lambda value: repr(value)
)


@every_case
@pytest.mark.parametrize("name", ["forward", "input_grad", "kernel_grad"])
def test_the_peak_is_at_most_three_times_input_and_output(name, g, batch):
    x = np.ones((batch, g.in_channels, *g.input_size), np.float32)
    y = np.ones((batch, g.out_channels, *g.output_size), np.float32)
    kernel = np.ones(g.weight_shape, np.float32)
    arrays = {
        "forward": (x, kernel),
        "input_grad": (y, kernel),
        "kernel_grad": (y, x),
    }[name]
    of = getattr(fast, name)
    of(*arrays, g)  # the plan is made, BLAS is loaded
    tracemalloc.start()
    try:
        of(*arrays, g)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Beside that the kernel may be held in other orders, and a few Python objects; the
    # gradient by the kernel holds the columns of a whole image as small as 28x28.
    small = 3 * kernel.nbytes + (20_000 if name == "kernel_grad" else 3_000)
    assert peak <= 3 * (x.nbytes + y.nbytes) + small


def test_what_cannot_fit_is_refused_before_anything_is_allocated():
    g = geometry((4, 4), (3, 3), padding=10**6)
    x, kernel = np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))
    with pytest.raises(MemoryError, match=r"the windows of .* TiB"):
        fast.forward(x, kernel, g)
