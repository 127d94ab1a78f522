"""Merged layers beside PyTorch's own; skipped where it is absent."""

import numpy as np
import pytest

from convmat import geometry, transposed_geometry
from convmat.composition import compose

torch = pytest.importorskip("torch")


def layer(g, kernel, bias, *, transposed):
    """The layer of a geometry with equal pads before and after, in float64."""
    rank_2 = torch.nn.functional
    given = [torch.tensor(a, dtype=torch.float64) for a in (kernel, bias)]
    pads = tuple(before for before, _ in g.padding)
    assert pads == tuple(after for _, after in g.padding) or transposed
    keywords = {"stride": g.stride, "dilation": g.dilation, "groups": g.groups}
    if not transposed:
        return lambda x: rank_2.conv2d(x, *given, padding=pads, **keywords)
    spare = tuple((a.padded_size - a.span) % a.stride for a in g.axes)
    return lambda x: rank_2.conv_transpose2d(
        x, *given, padding=pads, output_padding=spare, **keywords
    )


DOWN = geometry((2, 7, 8), (4, 2, 3, 2), stride=2, padding=1)
AFTER = geometry((4, 4, 5), (2, 2, 3, 3), groups=2, padding=1)
UP = transposed_geometry((2, 4, 3), (2, 3, 3, 2), stride=(2, 3), padding=(1, 0))
THEN = transposed_geometry((3, 7, 8), (3, 2, 2, 3), dilation=2)
SMOOTH = geometry((3, 7, 8), (1, 3, 3, 3), padding=1)


@pytest.mark.parametrize(
    ("first", "second", "flags"),
    [
        (DOWN, AFTER, (False, False)),
        (UP, THEN, (True, True)),
        (UP, SMOOTH, (True, False)),
    ],
    ids=["convolutions", "transposed", "up and smooth"],
)
def test_outputs_that_are_equal_are_equal_in_torch(first, second, flags):
    draw = np.random.default_rng(0)
    kernels = [draw.integers(-3, 4, g.weight_shape) for g in (first, second)]
    sides = zip((first, second), flags, strict=True)
    outs = [g.in_channels if t else g.out_channels for g, t in sides]
    biases = [draw.integers(-3, 4, n) for n in outs]
    merged = compose(
        kernels[0],
        first,
        kernels[1],
        second,
        bias_a=biases[0],
        bias_b=biases[1],
        transposed_a=flags[0],
        transposed_b=flags[1],
    )
    shape = first.output_shape if flags[0] else first.input_shape
    x = torch.tensor(draw.integers(-9, 10, (1, *shape)), dtype=torch.float64)
    y = x
    for g, kernel, bias, flag in zip(
        (first, second), kernels, biases, flags, strict=True
    ):
        y = layer(g, kernel, bias, transposed=flag)(y)
    g = merged.geometry
    z = layer(g, merged.kernel, merged.bias, transposed=merged.transposed)(x)
    # Integers below 2**53: float64 holds every sum.
    same = (y == z)[0].numpy()
    assert same[~merged.differs].all()
    assert (~merged.differs).any()
    assert same.all() == merged.exact
