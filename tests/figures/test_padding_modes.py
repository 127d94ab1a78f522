"""Figures, text and symbols of every padding mode say what the routes compute."""

from itertools import product

import numpy as np
import pytest

from convmat import ConvmatError, conv, conv_matrix, geometry
from convmat.figures import (
    equation_text,
    four_applications,
    matrix_equation,
    matrix_plot,
    matrix_text,
)
from convmat.figures.content import dense_matrix
from convmat.geometry import PADDING_MODES
from convmat.symbolic import (
    symbolic_input,
    symbolic_input_grad,
    symbolic_matrix,
    symbolic_output,
)

SHAPES = [
    ((4,), (3,), {"padding": 1}),
    ((5,), (2,), {"padding": [(3, 1)], "stride": 2, "dilation": 2}),
    ((3, 3), (3, 3), {"padding": 1}),
    ((3, 2), (2, 3), {"padding": (1, 1), "stride": (1, 2)}),
    ((2, 3, 2), (2, 1, 2, 2), {"padding": 1, "groups": 2}),
]
GEOMETRIES = [
    geometry(x, k, padding_mode=mode, **keywords)
    for (x, k, keywords), mode in product(SHAPES, PADDING_MODES)
]
over_geometries = pytest.mark.parametrize("g", GEOMETRIES, ids=repr)


def kernel_of(g):
    return np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)


@over_geometries
def test_text_is_the_matrix(g):
    kernel = kernel_of(g)
    lines = matrix_text(g, kernel, width=1000).splitlines()[1 : 1 + g.matrix_shape[0]]
    read = [[int(t) for t in line.replace("·", "0").split()[1:]] for line in lines]
    dense = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    np.testing.assert_array_equal(read, dense)
    np.testing.assert_array_equal(dense_matrix(g, kernel.ravel().astype(object)), dense)


@over_geometries
def test_pictures_are_the_matrix(artists, g):
    figure = matrix_plot(g, kernel_of(g))
    known = artists(figure)
    dense = conv_matrix(kernel_of(g), g.input_shape, **g.keywords).toarray()
    for place, value in np.ndenumerate(dense):
        text = known[f"W[{place[0]},{place[1]}].text"].get_text()
        assert text == str(value)
    assert len(figure.convmat["highlighted"]["W"]) == g.nnz
    padded = matrix_plot(g, padding=True)
    assert len(padded.convmat["highlighted"]["W"]) == g.contributions
    assert f"{g.contributions} stored" in padded.convmat["alt"]


@over_geometries
def test_equations_agree(g):
    x = np.arange(g.matrix_shape[1]).reshape(g.input_shape) - 3
    y = conv(x, kernel_of(g), **g.keywords).ravel()
    lines = equation_text(g, kernel_of(g), x).splitlines()[2:]
    for value, line in zip(y, lines, strict=False):
        assert line.split()[-1] == str(value)
    if max(g.matrix_shape) <= 16:
        alt = matrix_equation(g, kernel_of(g), x).convmat["alt"].splitlines()[1:]
        assert [line.split()[-1] for line in alt] == [str(value) for value in y]


@over_geometries
def test_symbols_agree(g):
    product_ = (symbolic_matrix(g) * symbolic_input(g)).expand()
    assert product_ == symbolic_output(g, bias=False).expand()
    assert symbolic_input_grad(g).shape == (g.matrix_shape[1], 1)


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_applications_name_the_padding(assert_texts_apart, artists, mode):
    g = geometry((3, 3), (3, 3), padding=1, padding_mode=mode)
    figure = four_applications(g)
    assert_texts_apart(figure)
    assert_texts_apart(matrix_plot(g))
    assert_texts_apart(matrix_plot(g, padding=True))
    assert_texts_apart(matrix_equation(g))
    known = artists(figure)
    names = {"wrap": "wrap", "circular": "wrap", "replicate": "edge"}.get(mode, mode)
    image = np.array(list("ABCDEFGHJ"), dtype=object).reshape(3, 3)
    if mode == "zeros":
        padded = np.pad(image, 1, constant_values="0")
    else:
        index = np.pad(np.arange(9).reshape(3, 3), 1, names)
        padded = image.ravel()[index]
    for i, j in np.ndindex(5, 5):
        inside = 0 < i < 4 and 0 < j < 4
        gid = f"x[{i - 1},{j - 1}]" if inside else f"pad[{i},{j}]"
        text = known[f"{gid}@y[4].text"].get_text()
        assert text == padded[i, j]


def test_many_terms_on_few_entries_are_refused_in_symbols():
    g = geometry(1, 101, padding=50 + 25, padding_mode="replicate")
    assert g.nnz == 51
    assert g.contributions > 5000
    with pytest.raises(ConvmatError, match="geometry must have at most"):
        symbolic_matrix(g)


def test_a_huge_geometry_prints_in_every_mode():
    for mode in PADDING_MODES:
        g = geometry((10**12, 10**12), (3, 3), padding=1, padding_mode=mode)
        assert "left out" in matrix_text(g, width=80)
