"""Padding in a buffer is NumPy's padding, and folding it back is the transpose."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import geometry
from convmat.fast import pads
from convmat.geometry import PADDING_MODES
from convmat.verify.strategies import geometries, inputs

NUMPY = {
    "zeros": "constant",
    "circular": "wrap",
    "reflect": "reflect",
    "replicate": "edge",
    "symmetric": "symmetric",
}


def numpy_padded(x, g):
    return np.pad(x, [(0, 0), (0, 0), *g.padding], NUMPY[g.padding_mode])


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_every_width_that_an_axis_allows_is_that_of_numpy(mode):
    checked = 0
    for size, before, after in product(range(1, 6), range(6), range(6)):
        most = {"zeros": 5, "replicate": 5, "reflect": size - 1}.get(mode, size)
        if max(before, after) > most:
            continue
        pad = [(before, after), (1, 0)]
        g = geometry((2, size, 3), (1, 2, 1, 1), padding=pad, padding_mode=mode)
        x = np.arange(4 * 3 * size).reshape(2, 2, size, 3)
        assert np.array_equal(pads.padded(x, g), numpy_padded(x, g))
        checked += 1
    assert checked > 50


@given(st.data())
def test_folding_is_the_transpose_of_filling(data):
    g = data.draw(geometries())
    x = data.draw(inputs(g))
    padded = pads.padded(x, g)
    weights = np.arange(padded.size).reshape(padded.shape)
    folded = pads.fold(weights.copy(), g)
    assert (padded * weights).sum() == (x * folded).sum()


def test_an_input_without_padding_is_not_copied():
    g = geometry((2, 5, 5), (2, 2, 3, 3), padding_mode="reflect")
    x = np.zeros((3, 2, 5, 5))
    assert pads.padded(x, g) is x


@given(geometries())
def test_the_unpadded_geometry_has_the_same_outputs(g):
    unpadded = pads.unpadded(g)
    assert unpadded.output_size == g.output_size
    assert unpadded.input_size == tuple(axis.padded_size for axis in g.axes)
    assert not any(map(any, unpadded.padding))
