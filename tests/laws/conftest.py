"""A law is one test with an argument `route`; it runs over the routes that have it."""

import numpy as np
import pytest

from convmat.verify import ROUTES

_HAS = {
    "route": lambda route: True,
    "input_route": lambda route: route.input_grad is not None,
    "kernel_route": lambda route: route.kernel_grad is not None,
    "object_route": lambda route: np.dtype(object) in route.carries,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument, has in _HAS.items():
        if argument in metafunc.fixturenames:
            routes = [route for route in ROUTES.values() if has(route)]
            ids = [route.name for route in routes]
            metafunc.parametrize(argument, routes, ids=ids)
