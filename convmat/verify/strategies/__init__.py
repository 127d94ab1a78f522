"""Hypothesis strategies for geometries, arrays and networks; needs the `verify` extra.

Every draw is valid by construction: nothing is filtered, nothing is assumed. Some axes
are drawn freely, the others from the kinds that tell buggy routes apart. A failure
shrinks towards one axis, one channel, one tap, stride 1, no padding, and the number 0.

>>> from hypothesis import given, settings
>>> from convmat.verify import ROUTES
>>> @settings(max_examples=20, database=None)
... @given(cases())
... def matrix_is_the_sliding_window(case):
...     by_matrix = ROUTES["matrix"].apply(case.kernel, case.x, case.geometry)
...     by_windows = ROUTES["sliding"].apply(case.kernel, case.x, case.geometry)
...     assert (by_matrix == by_windows).all()
>>> matrix_is_the_sliding_window()
"""

from convmat.verify.strategies.arrays import inputs, kernels, numbers, outputs
from convmat.verify.strategies.cases import Case, cases
from convmat.verify.strategies.corners import corners, layouts, trials
from convmat.verify.strategies.networks import networks
from convmat.verify.strategies.shapes import axes, geometries

__all__ = [
    "Case",
    "axes",
    "cases",
    "corners",
    "geometries",
    "inputs",
    "kernels",
    "layouts",
    "networks",
    "numbers",
    "outputs",
    "trials",
]
