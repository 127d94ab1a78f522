"""The multiplications that each way takes, counted a second time by doing it."""

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import example, given, settings

from convmat import conv_matrix, geometry, sliding
from convmat.costs import Cost, costs
from convmat.errors import ConvmatTypeError
from convmat.verify.strategies import geometries

WITNESSES = [
    geometry((4, 5), (3, 2), stride=(2, 1), padding=((2, 0), (0, 1)), dilation=(1, 2)),
    geometry((4, 5), (6, 2, 3), groups=2, stride=2, padding=((1, 2),)),
    geometry(3, 4, padding=[(3, 2)], padding_mode="circular"),
    geometry((3, 2), (3, 3), padding=((2, 1), (1, 1)), padding_mode="reflect"),
    geometry(1, 3, padding=1),  # dead taps
    geometry(2, 1, stride=3, padding=[(2, 1)], padding_mode="replicate"),
    geometry(3, 4, padding=3, padding_mode="symmetric"),
    geometry((2, 3, 3, 2), (2, 2, 2, 3, 1), padding=(1, 0, 1)),
]

NUMPY_MODES = {
    "zeros": "constant",
    "circular": "wrap",
    "reflect": "reflect",
    "replicate": "edge",
    "symmetric": "symmetric",
}


class Counted:
    """A number that counts the multiplications it takes part in."""

    done = 0

    def __init__(self, value=0):
        self.value = value

    def __mul__(self, other):
        Counted.done += 1
        return Counted(self.value * other.value)

    def __add__(self, other):
        return Counted(self.value + getattr(other, "value", other))

    __radd__ = __add__


def counted(shape):
    numbers = [Counted(n) for n in range(prod(shape))]
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array.reshape(shape)


def windows(g):
    """How often the sliding window multiplies, by multiplying and by looking.

    The second count leaves out the zeros of the padding.
    """
    cells = np.ones((1, g.in_channels, *g.input_size), dtype=np.int64)
    taps = np.ones(g.weight_shape, dtype=np.int64)
    effective = int(sliding.forward(cells, taps, g).sum())
    padding = ((0, 0), *g.padding)
    held = np.pad(cells[0], padding, mode=NUMPY_MODES[g.padding_mode])
    bare = geometry(
        held.shape,
        g.weight_shape,
        stride=g.stride,
        dilation=g.dilation,
        groups=g.groups,
    )
    Counted.done = 0
    kernel, x = counted(g.weight_shape), counted((1, *held.shape))
    for channel, out in product(range(g.out_channels), np.ndindex(*g.output_size)):
        for inner, tap in product(range(g.weight_shape[1]), np.ndindex(*g.kernel_size)):
            group = channel // (g.out_channels // g.groups)
            place = tuple(
                o * s + t * d
                for o, s, t, d in zip(out, g.stride, tap, g.dilation, strict=True)
            )
            source = (0, group * g.weight_shape[1] + inner, *place)
            kernel[(channel, inner, *tap)] * x[source]
    assert bare.output_size == g.output_size
    return Counted.done, effective


def check(g):
    found = costs(g)
    ones = conv_matrix(np.ones(g.kernel_shape), g.input_shape, **g.keywords)
    held = g.in_channels * prod(
        size + sum(pads) for size, pads in zip(g.input_size, g.padding, strict=True)
    )
    rows, columns = ones.shape
    assert found.dense == Cost(rows * held, rows * columns)
    multiplied, effective = windows(g)
    assert found.im2col == Cost(multiplied, effective)
    assert found.sparse == Cost(multiplied, ones.nnz)
    for cost in (found.dense, found.sparse, found.im2col, found.fft):
        assert cost.effective <= cost.padded
    return found


@pytest.mark.parametrize("g", WITNESSES, ids=repr)
def test_counts_are_those_of_doing_it(g):
    check(g)


@settings(max_examples=30)
@given(geometries(max_rank=2))
@example(geometry((2, 1), (2, 1, 1), groups=2))
def test_counts_are_those_of_doing_it_anywhere(g):
    check(g)


PRIME, ROOT = 998_244_353, 3  # 2**23 divides PRIME - 1


class Transform:
    """The radix-2 transform, exact modulo a prime; it counts its multiplications."""

    def __init__(self):
        self.butterflies = 0

    def line(self, values, root):
        """Cooley and Tukey's recursion: even places, odd places, butterflies."""
        if len(values) == 1:
            return values
        even = self.line(values[::2], root * root % PRIME)
        odd = self.line(values[1::2], root * root % PRIME)
        twiddle, first, second = 1, [], []
        for left, right in zip(even, odd, strict=True):
            turned = twiddle * right % PRIME
            self.butterflies += 1
            first.append((left + turned) % PRIME)
            second.append((left - turned) % PRIME)
            twiddle = twiddle * root % PRIME
        return first + second

    def everywhere(self, array, inverse=False):
        """Along each axis in turn."""
        for axis, length in enumerate(array.shape):
            root = pow(ROOT, (PRIME - 1) // length, PRIME)
            if inverse:
                root = pow(root, PRIME - 2, PRIME)
            lines = np.moveaxis(array, axis, -1).reshape(-1, length)
            done = [self.line(line, root) for line in lines.tolist()]
            moved = np.array(done, dtype=object).reshape(
                np.moveaxis(array, axis, -1).shape
            )
            array = np.moveaxis(moved, -1, axis)
        return array * pow(array.size, PRIME - 2, PRIME) % PRIME if inverse else array


@pytest.mark.parametrize("g", WITNESSES, ids=repr)
def test_fft_counts_are_those_of_a_transform_that_convolves(g):
    """A number theoretic transform has the butterflies of a complex FFT."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 10, (g.in_channels, *g.input_size))
    kernel = rng.integers(0, 10, g.weight_shape)
    held = np.pad(x, ((0, 0), *g.padding), mode=NUMPY_MODES[g.padding_mode])
    lengths = [1]
    for size in held.shape[1:]:
        length = 1
        while length < size:
            length *= 2
        lengths.append(length)
    grid = tuple(lengths[1:])

    data, taps = Transform(), Transform()
    inputs = []
    for channel in held:
        filled = np.zeros(grid, dtype=object)
        filled[tuple(slice(size) for size in channel.shape)] = channel
        inputs.append(data.everywhere(filled))
    outputs, products = [], 0
    per_group = g.weight_shape[1]
    for number, block in enumerate(kernel):
        total = np.zeros(grid, dtype=object)
        first = number // (g.out_channels // g.groups) * per_group
        for inner, weights in enumerate(block):
            turned = np.zeros(grid, dtype=object)  # correlation: taps run backwards
            for tap in np.ndindex(*g.kernel_size):
                place = tuple(
                    -t * d % length
                    for t, d, length in zip(tap, g.dilation, grid, strict=True)
                )
                turned[place] = weights[tap]
            total = (total + taps.everywhere(turned) * inputs[first + inner]) % PRIME
            products += 1
        outputs.append(data.everywhere(total, inverse=True))
    kept = tuple(
        slice(0, out * stride, stride)
        for out, stride in zip(g.output_size, g.stride, strict=True)
    )
    got = np.array([output[kept] for output in outputs], dtype=np.int64)
    assert np.array_equal(got, sliding.forward(x[None], kernel, g)[0])

    # 4 real multiplications each, and half of it all for real numbers.
    found = costs(g)
    bins = np.fft.rfftn(np.zeros(grid)).size
    assert found.fft.padded == 2 * data.butterflies + 4 * products * bins
    assert found.fft_kernel == 2 * taps.butterflies
    assert found.fft.effective == found.fft.padded


def test_nothing_is_built():
    g = geometry((3, 10**9, 10**9), (64, 3, 7, 7), stride=2, padding=3)
    found = costs(g)
    assert found.sparse.effective == g.nnz
    assert found.dense.effective == prod(g.matrix_shape)


def test_the_table_is_aligned():
    lines = str(costs(geometry((8, 8), (3, 3), padding=1))).splitlines()
    assert len(set(map(len, lines))) == 1
    assert lines[0].split() == ["multiplications", "padded", "effective"]
    assert lines[1].split() == ["dense", "matrix", "6,400", "4,096"]


def test_something_else_is_refused():
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        costs((3, 3))
