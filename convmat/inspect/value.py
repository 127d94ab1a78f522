"""`LayerMatrix` and `Inspection`: what is known of each layer's matrix, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from convmat.arrays import Shape
from convmat.costs import Cost
from convmat.geometry import Geometry
from convmat.nn.fields import Cells

__all__ = ["Inspection", "LayerMatrix"]

_INT32 = 1 << 31


@dataclass(frozen=True, kw_only=True)
class LayerMatrix:
    """One layer as the matrix that it is, for one sample. Nothing is built for it.

    Attributes
    ----------
    name : str
        Of the layer, as in the file.
    kind : str
        Its operator, in the words of ONNX.
    settings : str
        What the geometry is made of, in short: `k3x3 s2 p1`.
    linear : bool
        Whether the matrix is all there is but a bias. For a maximum the matrix is the
        pattern of its windows: entry `[r, c]` says that output `r` looks at input `c`.
    itemsize : int
        Bytes of one weight in the file.
    parameters : int
        Free parameters of the matrix: weights that training may choose. 0 where its
        values are fixed, as those of a mean.
    bias : int
        Numbers that are added to the outputs; they stand beside the matrix.
    input_shape, output_shape : tuple of int, optional
        Without the batch axis. None, like all below, where weights alone do not tell.
    geometry : Geometry, optional
        Of a convolution or of windows; of a transposed convolution the paired one.
    matrix_shape : tuple of int, optional
        Rows (outputs) and columns (inputs).
    nnz : int, optional
        Entries that a sparse matrix stores.
    multiplications : Cost, optional
        With taps on zeros of the padding, and without them; none for the bias.
    field, jump : tuple, optional
        Receptive field on the input of the network, and cells of that input between
        neighbouring fields, per spatial axis; None where an operator on the way is not
        known.
    not_finite : int, optional
        Weights and biases that are NaN or infinite; None where nobody looked.
    norm, condition : float, optional
        The largest singular value, and its ratio to the smallest.
    norm_error, condition_error : float, optional
        How far from the truth they may be: a bound on their rounding, or the residual
        of an iteration, as `convmat.spectrum.results` has it.
    proof : str
        What a comparison with the reference evaluator of ONNX found; empty without.
    proved : bool, optional
        Whether it found no difference.
    notes : tuple of str
        What a reader has to know beside the numbers.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.inspect.facts import conv_layer
    >>> row = conv_layer("first", geometry((3, 8, 8), (4, 3, 3, 3), padding=1), 4)
    >>> row.matrix_shape, row.nnz, row.parameters, round(row.sharing, 2)
    ((256, 192), 5808, 108, 53.78)
    """

    name: str
    kind: str
    settings: str = ""
    linear: bool = True
    itemsize: int = 4
    parameters: int = 0
    bias: int = 0
    input_shape: Shape | None = None
    output_shape: Shape | None = None
    geometry: Geometry | None = None
    matrix_shape: tuple[int, int] | None = None
    nnz: int | None = None
    multiplications: Cost | None = None
    field: tuple[Cells, ...] | None = None
    jump: tuple[Cells, ...] | None = None
    not_finite: int | None = 0
    norm: float | None = None
    norm_error: float | None = None
    condition: float | None = None
    condition_error: float | None = None
    proof: str = ""
    proved: bool | None = None
    notes: tuple[str, ...] = ()

    @property
    def positions(self) -> int | None:
        """Positions of the matrix, structural zeros included."""
        if self.matrix_shape is None:
            return None
        return self.matrix_shape[0] * self.matrix_shape[1]

    @property
    def density(self) -> float | None:
        """Share of the positions that are stored."""
        if self.nnz is None or not self.positions:
            return None
        return self.nnz / self.positions

    @property
    def sharing(self) -> float | None:
        """Stored entries for each free parameter; None where there is none."""
        if self.nnz is None or not self.parameters:
            return None
        return self.nnz / self.parameters

    @property
    def dead(self) -> int:
        """Free parameters that no entry holds: padding hides them from every output."""
        if self.geometry is None or not self.parameters:
            return 0
        return self.geometry.dead_taps

    @property
    def dense_bytes(self) -> int | None:
        """Bytes of the matrix as a dense array."""
        return None if self.positions is None else self.positions * self.itemsize

    @property
    def sparse_bytes(self) -> int | None:
        """Bytes of the matrix as CSR: data, indices and indptr."""
        if self.nnz is None or self.matrix_shape is None:
            return None
        rows, columns = self.matrix_shape
        index = 4 if max(self.nnz, columns) < _INT32 else 8
        return self.nnz * (self.itemsize + index) + (rows + 1) * index

    @property
    def kernel_bytes(self) -> int:
        """Bytes of the free parameters alone."""
        return self.parameters * self.itemsize


@dataclass(frozen=True)
class Inspection:
    """The layers of a saved network as matrices. `print` shows a table.

    Attributes
    ----------
    source : str
        Name of the file.
    form : str
        `"onnx"`, `"safetensors"` or `"npz"`.
    inputs : mapping of str to tuple of int
        What the network reads, with the batch axis.
    layers : tuple of LayerMatrix
        In the order of the graph, or of the file.
    others : mapping of str to int
        Operators that have no matrix, or none that is known here, and how many of each.
    skipped : mapping of str to str
        Layers that should have a matrix and are left out, each with the reason.
    notes : tuple of str
        What holds for the whole file.
    normed : bool
        Whether norms and condition numbers were asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from convmat.inspect import inspect_file
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "net.npz"
    ...     np.savez(file, **{"conv.weight": np.zeros((1, 1, 2, 2), np.float32)})
    ...     found = inspect_file(file, input_shape=(1, 3, 3), layers=["conv:s1"])
    >>> found.form, len(found.layers), found.parameters, found.nnz
    ('npz', 1, 4, 16)
    """

    source: str
    form: str
    inputs: Mapping[str, Shape] = field(default_factory=dict)
    layers: tuple[LayerMatrix, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    normed: bool = False

    def __post_init__(self) -> None:
        for name in ("inputs", "others", "skipped"):
            held = MappingProxyType(dict(getattr(self, name)))
            object.__setattr__(self, name, held)

    @property
    def parameters(self) -> int:
        """Free parameters of all matrices."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def biases(self) -> int:
        """Numbers that are added, in all."""
        return sum(layer.bias for layer in self.layers)

    @property
    def nnz(self) -> int:
        """Stored entries of all matrices whose size is known."""
        return sum(layer.nnz or 0 for layer in self.layers)

    @property
    def multiplications(self) -> Cost:
        """Of all layers whose size is known."""
        known = [layer.multiplications or Cost(0, 0) for layer in self.layers]
        return Cost(sum(c.padded for c in known), sum(c.effective for c in known))

    @property
    def passed(self) -> bool:
        """Whether no comparison with the reference evaluator failed."""
        return all(layer.proved is not False for layer in self.layers)

    def __str__(self) -> str:
        from convmat.inspect.tables import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from convmat.inspect.display import inspection_html

        return inspection_html(self)
