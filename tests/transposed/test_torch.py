"""PyTorch's transposed convolution, as an outside oracle where it is installed."""

from itertools import product

import numpy as np
import pytest

from convmat import GeometryError
from convmat.geometry import transposed_geometry
from convmat.transposed import conv_transpose, scatter

torch = pytest.importorskip("torch")
FUNCTIONS = {
    1: torch.nn.functional.conv_transpose1d,
    2: torch.nn.functional.conv_transpose2d,
    3: torch.nn.functional.conv_transpose3d,
}


def by_torch(y, kernel, bias=None, **settings):
    """In float64, where small integers are exact."""
    arrays = (torch.tensor(array, dtype=torch.float64) for array in (y, kernel))
    if bias is not None:
        bias = torch.tensor(bias, dtype=torch.float64)
    return FUNCTIONS[y.ndim - 2](*arrays, bias, **settings).numpy()


def arrays(inputs, kernel, batch=2):
    rng = np.random.default_rng(4)
    y = rng.integers(-9, 9, (batch, *inputs))
    return y, rng.integers(-9, 9, kernel)


def test_all_settings_in_one_dimension():
    kinds = product((1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2), (1, 2), (1, 4), (1, 3))
    for stride, dilation, padding, groups, out_of, n, k in kinds:
        for extra in range(stride):
            y, kernel = arrays((2 * groups, n), (2 * groups, out_of, k))
            settings = {
                "stride": stride,
                "padding": padding,
                "dilation": dilation,
                "groups": groups,
                "output_padding": extra,
            }
            size = (n - 1) * stride - 2 * padding + dilation * (k - 1) + 1 + extra
            if size < 1:
                with pytest.raises(GeometryError, match="padding must leave"):
                    conv_transpose(y, kernel, **settings)
                continue
            bias = np.arange(out_of * groups)
            result = conv_transpose(y, kernel, bias, **settings)
            assert np.array_equal(result, by_torch(y, kernel, bias, **settings))


@pytest.mark.parametrize(
    ("inputs", "kernel", "settings"),
    [
        ((2, 3, 4), (2, 3, 3, 2), {"stride": (2, 1), "padding": (0, 1)}),
        (
            (4, 3, 2),
            (4, 2, 2, 3),
            {"stride": (3, 2), "output_padding": (2, 0), "groups": 2},
        ),
        ((3, 4, 5), (3, 1, 3, 3), {"dilation": (2, 1), "padding": (2, 1), "groups": 3}),
        (
            (2, 2, 3, 2),
            (2, 1, 3, 2, 1),
            {"stride": (1, 2, 3), "padding": (1, 0, 0), "output_padding": (0, 1, 2)},
        ),
    ],
)
def test_witnesses_in_two_and_three_dimensions(inputs, kernel, settings):
    y, weights = arrays(inputs, kernel)
    expected = by_torch(y, weights, **settings)
    assert np.array_equal(conv_transpose(y, weights, **settings), expected)
    g = transposed_geometry(inputs, kernel, **settings)
    assert np.array_equal(scatter(y, weights, g), expected)


def test_output_size_means_the_same():
    y, kernel = arrays((2, 4, 4), (2, 3, 3, 3))
    layer = torch.nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, bias=False)
    weights = torch.tensor(kernel, dtype=torch.float64)
    layer.weight = torch.nn.Parameter(weights, requires_grad=False)
    for size in product((7, 8), repeat=2):
        expected = layer(torch.tensor(y, dtype=torch.float64), output_size=size)
        result = conv_transpose(y, kernel, stride=2, padding=1, output_shape=size)
        assert np.array_equal(result, expected.numpy())
