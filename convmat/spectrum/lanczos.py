"""A few singular values of a matrix that is never stored: Golub-Kahan Lanczos.

With orthonormal columns `V` of inputs and `U` of outputs, `W V = U B` holds throughout,
and `W^H U = V B^H` but for the last column, which is off by `beta` times the next input
direction. The singular values of the small `B` are those of `W`, from the outside in.
Each new direction is made orthogonal to all earlier ones, twice, since one pass leaves
rounding; when the directions fill their room, the best of them are kept and the
iteration goes on (thick restart).

References
----------
G. Golub, W. Kahan, "Calculating the singular values and pseudo-inverse of a matrix",
1965. J. Baglama, L. Reichel, "Augmented implicitly restarted Lanczos bidiagonalization
methods", 2005: the restart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from convmat import maps
from convmat.arrays import Array
from convmat.geometry import Geometry
from convmat.memory import refuse_beyond

__all__ = ["Iteration", "Triplets", "start"]

Map: TypeAlias = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Triplets:
    """Singular values with their directions, as far as the iteration knows them.

    Attributes
    ----------
    values : ndarray, shape (k,)
        Descending. Each is at most the true value of its rank, but for rounding.
    outputs, inputs : ndarray, `(k, rows)` and `(k, columns)`
        Row `[i]` is the direction of `values[i]`, of length 1.
    """

    values: Array
    outputs: Array
    inputs: Array


@dataclass(eq=False)
class Iteration:
    """The state of one run; `step` takes it on.

    Attributes
    ----------
    apply, apply_adjoint : callable
        The matrix times a flat input, its conjugate transpose times a flat output.
    shape : (int, int)
        Rows and columns of the matrix.
    dtype : dtype
        In which the run computes.
    room : int
        Directions that are kept at most.
    seed : int
        Of the random start.
    steps : int
        Products with the matrix so far; as many with its adjoint.
    """

    apply: Map
    apply_adjoint: Map
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    room: int
    seed: int = 0
    steps: int = 0
    _used: int = field(default=0, repr=False)
    _beta: float = field(default=0.0, repr=False)

    def __post_init__(self) -> None:
        rows, columns = self.shape
        dtype = self.dtype
        self._chance = np.random.default_rng(self.seed)
        self._inputs = np.empty((self.room + 1, columns), dtype)
        self._outputs = np.empty((self.room, rows), dtype)
        self._small = np.zeros((self.room, self.room), dtype)
        self._inputs[0] = self._random(columns)
        self._inputs[0] /= np.linalg.norm(self._inputs[0])

    def step(self) -> None:
        """One more direction on either side."""
        if self._used == self.room:
            self._restart(max(1, self.room // 2))
        used = self._used
        y, along, alpha = _apart(self.apply(self._inputs[used]), self._outputs[:used])
        self._small[:used, used] = along
        self._small[used, used] = alpha
        self._outputs[used] = y if alpha else self._fresh(self._outputs[:used])
        x, _, beta = _apart(
            self.apply_adjoint(self._outputs[used]), self._inputs[: used + 1]
        )
        self._beta = beta
        self._used = used + 1
        self._inputs[used + 1] = x if beta else self._fresh(self._inputs[: used + 1])
        self.steps += 1

    def estimates(self) -> tuple[Array, Array]:
        """The values of the small matrix, descending, and the residual of each.

        The residual is the length of `W^H u - s v` by the recurrence: `beta` times the
        last entry of the small matrix's direction.
        """
        left, values, _ = np.linalg.svd(self._small[: self._used, : self._used])
        return values, self._beta * np.abs(left[-1])

    def largest(self) -> float:
        """The largest value so far, which the true norm is at least."""
        used = self._used
        small = self._small[:used, :used]
        return float(np.linalg.svd(small, compute_uv=False)[0])

    def triplets(self, count: int) -> Triplets:
        """The largest values with their directions in full."""
        used = self._used
        left, values, right = np.linalg.svd(self._small[:used, :used])
        return Triplets(
            values[:count].astype(np.float64),
            left[:, :count].T @ self._outputs[:used],
            # W v = s u, with v = V right^H: rows of right are conjugated directions.
            np.conjugate(right[:count]) @ self._inputs[:used],
        )

    def shake(self, kept: int) -> None:
        """Keep the best directions, and go on from a random one beside them.

        A value that occurs twice shows up once from one start; this finds the other.
        """
        self._restart(min(kept, self._used))
        used = self._used
        self._inputs[used] = self._fresh(self._inputs[:used])

    def _restart(self, kept: int) -> None:
        best = self.triplets(kept)
        following = self._inputs[self._used].copy()
        self._inputs[:kept] = best.inputs
        self._outputs[:kept] = best.outputs
        self._inputs[kept] = following
        self._small[:] = 0
        self._small[range(kept), range(kept)] = best.values
        self._used = kept

    def _fresh(self, basis: Array) -> Array:
        """A random direction beside the rows of `basis`; zeros where there is none."""
        length = basis.shape[1]
        if len(basis) >= length:
            return np.zeros(length, basis.dtype)
        direction, _, size = _apart(self._random(length), basis)
        return direction if size else np.zeros(length, basis.dtype)

    def _random(self, length: int) -> Array:
        dtype = self.dtype
        drawn: Array = self._chance.standard_normal(length)
        if dtype.kind == "c":
            drawn = drawn + 1j * self._chance.standard_normal(length)
        return drawn.astype(dtype)


def start(
    geometry: Geometry,
    weights: Array,
    room: int,
    *,
    seed: int = 0,
    max_bytes: int | None = None,
) -> Iteration:
    """A run, before its first step.

    Parameters
    ----------
    geometry : Geometry
    weights : ndarray of shape `geometry.weight_shape`
        Of a floating dtype, in which the run computes.
    room : int
        Directions that are kept at most; no more than the matrix has.
    seed : int
        Of the random start.
    max_bytes : int, optional
        Bytes that the directions may take.

    Raises
    ------
    MatrixTooLargeError
        When they would take more.
    """
    sides = sum(geometry.matrix_shape)
    room = min(room, *geometry.matrix_shape)
    needed = (room + 2) * sides * weights.dtype.itemsize
    remedy = "ask for fewer values, or allow more bytes"
    refuse_beyond("the directions of", geometry, needed, max_bytes, remedy)
    conjugate = np.conjugate(weights)

    def apply(x: Array) -> Array:
        shape = (1, geometry.in_channels, *geometry.input_size)
        return maps.forward(x.reshape(shape), weights, geometry).reshape(-1)

    def apply_adjoint(y: Array) -> Array:
        shape = (1, geometry.out_channels, *geometry.output_size)
        return maps.input_grad(y.reshape(shape), conjugate, geometry).reshape(-1)

    shape = geometry.matrix_shape
    return Iteration(apply, apply_adjoint, shape, weights.dtype, room, seed)


def _apart(vector: Array, basis: Array) -> tuple[Array, Array, float]:
    """`vector` without its part along the rows of `basis`, of length 1.

    Returns
    -------
    direction : ndarray
    along : ndarray
        Entry `[i]` is the part along row `i`.
    length : float
        What was left before it was scaled; 0 where nothing but rounding was left.
    """
    before = float(np.linalg.norm(vector))
    total: Any = np.zeros(len(basis), basis.dtype)
    for _ in range(2):
        along = np.conjugate(basis @ np.conjugate(vector))
        vector = vector - along @ basis
        total = total + along
    length = float(np.linalg.norm(vector))
    if length <= 10 * _eps(vector.dtype) * before or length == 0.0:
        return vector, total, 0.0
    return vector / length, total, length


def _eps(dtype: npt.DTypeLike) -> float:
    return float(np.finfo(np.dtype(dtype)).eps)
