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
import importlib.util
from typing import TYPE_CHECKING, Any

# Bound at once, and not on first use: the room has the same name as the function, and
# whoever imports the room first would else leave the module under the function's name.
from convmat.geometry import (
    Geometry,
    geometry,
    same_dialects,
    transposed_geometry,
)

if TYPE_CHECKING:
    from convmat import figures, linear, nn, verify
    from convmat.constraints import ConvConstraint
    from convmat.errors import (
        ConvmatError,
        ConvmatTypeError,
        GeometryError,
        MatrixTooLargeError,
        ShapeError,
    )
    from convmat.linear import avg_pool_matrix
    from convmat.maps import conv, conv_input_grad, conv_kernel_grad
    from convmat.matrix import (
        conv_matrix,
        load_matrix,
        matrix_rows,
        refill,
        save_matrix,
    )
    from convmat.operator import conv_operator
    from convmat.receptive import receptive_field
    from convmat.spectrum import singular_values, spectral_norm
    from convmat.structure import recognize
    from convmat.symbolic import symbolic_matrix
    from convmat.tie import TieMap, tie_map
    from convmat.transposed import (
        conv_transpose,
        conv_transpose_matrix,
        conv_transpose_operator,
    )

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
    "avg_pool_matrix",
    "conv",
    "conv_input_grad",
    "conv_kernel_grad",
    "conv_matrix",
    "conv_operator",
    "conv_transpose",
    "conv_transpose_matrix",
    "conv_transpose_operator",
    "figures",
    "geometry",
    "linear",
    "load_matrix",
    "matrix_rows",
    "nn",
    "receptive_field",
    "recognize",
    "refill",
    "same_dialects",
    "save_matrix",
    "singular_values",
    "spectral_norm",
    "symbolic_matrix",
    "tie_map",
    "transposed_geometry",
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
    "linear": ["avg_pool_matrix"],
    "maps": ["conv", "conv_input_grad", "conv_kernel_grad"],
    "matrix": [
        "conv_matrix",
        "load_matrix",
        "matrix_rows",
        "refill",
        "save_matrix",
    ],
    "operator": ["conv_operator"],
    "receptive": ["receptive_field"],
    "spectrum": ["singular_values", "spectral_norm"],
    "structure": ["recognize"],
    "symbolic": ["symbolic_matrix"],
    "tie": ["TieMap", "tie_map"],
    "transposed": [
        "conv_transpose",
        "conv_transpose_matrix",
        "conv_transpose_operator",
    ],
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load the room of a public name on first use (PEP 562)."""
    if name in _HOME:
        value = getattr(importlib.import_module(f"convmat.{_HOME[name]}"), name)
    elif name in __all__:
        value = importlib.import_module(f"convmat.{name}")
    else:
        message = f"module 'convmat' has no attribute {name!r}{_hint(name)}"
        raise AttributeError(message)
    globals()[name] = value
    return value


_SEARCHED = (
    "linear",
    "matrix",
    "transposed",
    "constraints",
    "receptive",
    "composition",
    "structure",
    "geometry",
    "nn",
    "optim",
    "tie",
    "symbolic",
    "spectrum",
    "figures",
    "verify",
    "costs",
    "sliding",
)


def _hint(name: str) -> str:
    """Where a name is that is not in the public list; empty where it is nowhere."""
    if name.startswith("_") or not name.isidentifier():  # asked for by tools
        return ""
    # `from convmat import fast` asks here, too, before it loads the room.
    if importlib.util.find_spec(f"convmat.{name}"):
        return f"; write import convmat.{name}"
    for room in _SEARCHED:
        if name in importlib.import_module(f"convmat.{room}").__all__:
            return f"; it is in convmat.{room}"
    return ""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
