"""Numbers of the examples in the ONNX operator reference, `Conv`.

Source: onnx/onnx, onnx/backend/test/case/node/conv.py. Image of 0, 1, 2, ..., kernel
of nine ones.
"""

import numpy as np
import pytest

ONES = np.ones((3, 3), int)

PADDED = [
    [12, 21, 27, 33, 24],
    [33, 54, 63, 72, 51],
    [63, 99, 108, 117, 81],
    [93, 144, 153, 162, 111],
    [72, 111, 117, 123, 84],
]
INNER = [[54, 63, 72], [99, 108, 117], [144, 153, 162]]
STRIDED = [[12, 27, 24], [63, 108, 81], [123, 198, 141], [112, 177, 124]]
STRIDED_INNER = [[54, 72], [144, 162], [234, 252]]
ONE_SIDED = [[21, 33], [99, 117], [189, 207], [171, 183]]

EXAMPLES = {
    "test_basic_conv_with_padding": (5, PADDED, {"padding": 1}),
    "test_basic_conv_without_padding": (5, INNER, {}),
    "test_conv_with_strides_padding": (7, STRIDED, {"stride": 2, "padding": 1}),
    "test_conv_with_strides_no_padding": (7, STRIDED_INNER, {"stride": 2}),
    "test_conv_with_strides_and_asymmetric_padding": (
        7,
        ONE_SIDED,
        {"stride": 2, "padding": (1, 0)},
    ),
}


@pytest.mark.parametrize(
    ("height", "expected", "settings"), EXAMPLES.values(), ids=EXAMPLES
)
def test_every_example_by_every_route(routes_give, height, expected, settings):
    x = np.arange(height * 5).reshape(height, 5)
    routes_give(expected, x, ONES, **settings)
