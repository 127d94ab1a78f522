"""The convolution as a matrix: built, explained, trained and proved.

>>> import convmat
>>> W = convmat.conv_matrix([[1, 2], [3, 4]], input_shape=(3, 3))
>>> W.shape, W.nnz
((4, 9), 16)

Every name of the public list is here. `geometry` and NumPy are loaded at once, all else
on first use, so that the import costs little more than importing NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Bound at once, and not on first use: the room has the same name as the function, and
# whoever imports the room first would else leave the module under the function's name.
from convmat.geometry import Geometry, geometry

if TYPE_CHECKING:
    from convmat import figures, nn, verify
    from convmat.constraints import ConvConstraint
    from convmat.errors import (
        ConvmatError,
        ConvmatTypeError,
        GeometryError,
        MatrixTooLargeError,
        ShapeError,
    )
    from convmat.maps import conv, conv_input_grad, conv_kernel_grad
    from convmat.matrix import conv_matrix, refill
    from convmat.operator import conv_operator
    from convmat.symbolic import symbolic_matrix
    from convmat.tie import TieMap, tie_map

__version__ = "0.1.0"

__all__ = [
    "ConvConstraint",
    "ConvmatError",
    "ConvmatTypeError",
    "Geometry",
    "GeometryError",
    "MatrixTooLargeError",
    "ShapeError",
    "TieMap",
    "conv",
    "conv_input_grad",
    "conv_kernel_grad",
    "conv_matrix",
    "conv_operator",
    "figures",
    "geometry",
    "nn",
    "refill",
    "symbolic_matrix",
    "tie_map",
    "verify",
]

_ROOMS = {
    "constraints": ["ConvConstraint"],
    "errors": [
        "ConvmatError",
        "ConvmatTypeError",
        "GeometryError",
        "MatrixTooLargeError",
        "ShapeError",
    ],
    "maps": ["conv", "conv_input_grad", "conv_kernel_grad"],
    "matrix": ["conv_matrix", "refill"],
    "operator": ["conv_operator"],
    "symbolic": ["symbolic_matrix"],
    "tie": ["TieMap", "tie_map"],
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load the room of a public name on first use (PEP 562)."""
    if name in _HOME:
        value = getattr(importlib.import_module(f"convmat.{_HOME[name]}"), name)
    elif name in __all__:
        value = importlib.import_module(f"convmat.{name}")
    else:
        message = f"module 'convmat' has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
