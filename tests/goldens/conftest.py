"""Published numbers: each is asked of every route that there is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convmat.geometry import read_beside
from convmat.verify import ROUTES


@pytest.fixture
def routes_give() -> Callable[..., None]:
    """A check: `routes_give(expected, x, kernel, **keywords)`, for integers."""

    def check(expected: Any, x: Any, kernel: Any, **keywords: Any) -> None:
        x, kernel, expected = map(np.array, (x, kernel, expected))
        g = read_beside(x.shape, kernel.shape, **keywords)
        batch = x.reshape(1, g.in_channels, *g.input_size)
        wanted = expected.reshape(1, g.out_channels, *g.output_size)
        for route in ROUTES.values():
            y = route.apply(kernel.reshape(g.weight_shape), batch, g)
            assert y.tolist() == wanted.tolist(), route.name

    return check
