"""The registry of routes: what each carries, and that it says so."""

from fractions import Fraction

import numpy as np
import pytest

from convmat import ConvmatError, ConvmatTypeError, geometry
from convmat.verify import ROUTES

G = geometry((2, 4), (2, 1, 2), groups=2, padding=1)


def test_registry_is_keyed_by_name_and_cannot_be_changed():
    assert list(ROUTES) == ["sliding", "matrix", "operator", "dense", "fast"]
    assert [route.name for route in ROUTES.values()] == list(ROUTES)
    with pytest.raises(TypeError, match="does not support item assignment"):
        ROUTES["mine"] = ROUTES["dense"]


@pytest.mark.parametrize("dtype", [np.float16, object])
def test_sparse_matrix_refuses_what_it_does_not_carry(dtype):
    kernel = np.ones(G.weight_shape, dtype) * Fraction(1) if dtype is object else None
    kernel = np.ones(G.weight_shape, dtype) if kernel is None else kernel
    x = np.ones((1, 2, 4), dtype)
    assert np.dtype(dtype) not in ROUTES["matrix"].carries
    with pytest.raises(ConvmatTypeError, match="kernel must be of a dtype that SciPy"):
        ROUTES["matrix"].apply(kernel, x, G)


def test_every_route_carries_integers_floats_and_complex_numbers():
    for route in ROUTES.values():
        assert {np.dtype(t) for t in ("i8", "f4", "f8", "c8", "c16")} <= route.carries


def test_fast_routes_refuse_integers_that_doubles_do_not_hold():
    kernel, x = np.full(G.weight_shape, 2**30), np.full((1, 2, 4), 2**30)
    with pytest.raises(ConvmatError, match=r"result must be below 2\*\*53"):
        ROUTES["fast"].apply(kernel, x, G)


def test_operator_alone_has_no_kernel_gradient():
    without = [name for name, route in ROUTES.items() if route.kernel_grad is None]
    assert without == ["operator"]
    assert all(route.input_grad is not None for route in ROUTES.values())
