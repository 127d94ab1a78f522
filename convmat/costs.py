"""What a convolution costs in multiplications, by each way to compute it.

Exact integers, counted from the geometry alone: nothing is built. They say how much
arithmetic a way needs, not how long it takes; a matrix product reaches a machine's peak
and a sparse one does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from convmat.geometry import Geometry, require_geometry

__all__ = ["Cost", "Costs", "costs"]


@dataclass(frozen=True)
class Cost:
    """Multiplications of one way, counted twice.

    Attributes
    ----------
    padded : int
        Over the padded input, as frameworks count and mostly compute: a tap on a zero
        of the padding is multiplied like any other.
    effective : int
        Over the input: no multiplication by a zero of the padding.

    Examples
    --------
    >>> from convmat import geometry
    >>> counted = costs(geometry(3, 3, padding=1)).im2col
    >>> counted.padded, counted.effective  # 3 windows of 3; two taps fall on zeros
    (9, 7)
    """

    padded: int
    effective: int


@dataclass(frozen=True)
class Costs:
    """Multiplications to convolve one input, without bias. `print` shows a table.

    Attributes
    ----------
    dense : Cost
        The matrix as a dense array: every position, structural zeros included.
    sparse : Cost
        The matrix by its entries. Effective is `geometry.nnz`: taps that share an entry
        were added when the matrix was built.
    im2col : Cost
        The kernel times the unrolled windows, or the windows themselves: one
        multiplication for each tap of each output.
    fft : Cost
        An estimate: real FFTs of the padded input and of the outputs at stride 1, and
        the products between, with the transforms of the kernel at hand. An FFT skips no
        zeros, so both counts are one.
    fft_kernel : int
        What the transforms of the kernel take, once for all inputs.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(costs(geometry((3, 32, 32), (16, 3, 3, 3), padding=1)))
    multiplications              padded   effective
    dense matrix             56,819,712  50,331,648
    sparse matrix               442,368     424,128
    im2col and GEMM             442,368     424,128
    FFT, estimated            1,339,392   1,339,392
    FFT of the kernel, once   2,359,296   2,359,296
    """

    dense: Cost
    sparse: Cost
    im2col: Cost
    fft: Cost
    fft_kernel: int

    def __str__(self) -> str:
        kernel = Cost(self.fft_kernel, self.fft_kernel)
        cells = [("multiplications", "padded", "effective")]
        for name, cost in (
            ("dense matrix", self.dense),
            ("sparse matrix", self.sparse),
            ("im2col and GEMM", self.im2col),
            ("FFT, estimated", self.fft),
            ("FFT of the kernel, once", kernel),
        ):
            cells.append((name, f"{cost.padded:,}", f"{cost.effective:,}"))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return "\n".join(
            f"{name:<{widths[0]}}  {padded:>{widths[1]}}  {effective:>{widths[2]}}"
            for name, padded, effective in cells
        )


def costs(geometry: Geometry) -> Costs:
    """The multiplications that a convolution takes, by each way to compute it.

    Parameters
    ----------
    geometry : Geometry
        As `convmat.geometry` returns it.

    Returns
    -------
    Costs
        For one input and one forward pass.

    Raises
    ------
    ConvmatTypeError
        When `geometry` is something else, such as a shape.

    Notes
    -----
    The FFT is counted in real multiplications, by the textbook: each axis of the padded
    input is filled up to a power of two, `N` cells in all. A radix-2 transform of `N`
    complex numbers takes `N / 2 * log2(N)` complex multiplications of 4 real ones, and
    one of real numbers half of that: `N * log2(N)`. There is one for each input channel
    and for each output channel (computed at stride 1, then thinned out), and one for
    each pair of channels in the kernel. Between them, the coefficients of a real
    transform, `N / last * (last / 2 + 1)` of them, are multiplied for each pair. Better
    algorithms take fewer multiplications, and other lengths need less filling.

    References
    ----------
    .. [1] J. W. Cooley and J. W. Tukey, "An algorithm for the machine calculation of
       complex Fourier series", Mathematics of Computation 19 (1965), 297-301.
    .. [2] M. Frigo and S. G. Johnson, benchFFT, https://www.fftw.org/speed/method.html:
       5 N log2 N operations for complex and 2.5 N log2 N for real transforms. Two
       fifths of them are multiplications in radix 2.

    Examples
    --------
    >>> from convmat import geometry
    >>> counted = costs(geometry((3, 3), (2, 2)))
    >>> counted.dense, counted.sparse
    (Cost(padded=36, effective=36), Cost(padded=16, effective=16))
    """
    require_geometry(geometry)
    rows, columns = geometry.matrix_shape
    padded_columns = geometry.in_channels * prod(a.padded_size for a in geometry.axes)
    taps = rows * geometry.taps_per_row
    # The least powers of two.
    lengths = [1 << (axis.padded_size - 1).bit_length() for axis in geometry.axes]
    transform = prod(lengths) * sum(length.bit_length() - 1 for length in lengths)
    pairs = prod(geometry.weight_shape[:2])
    coefficients = prod(lengths[:-1]) * (lengths[-1] // 2 + 1)
    fft = (geometry.in_channels + geometry.out_channels) * transform
    fft += 4 * pairs * coefficients
    return Costs(
        dense=Cost(rows * padded_columns, rows * columns),
        sparse=Cost(taps, geometry.nnz),
        im2col=Cost(taps, geometry.contributions),
        fft=Cost(fft, fft),
        fft_kernel=pairs * transform,
    )
