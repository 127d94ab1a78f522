"""Counts of "CNNs from different viewpoints" (M. Kleinsmith, 2017).

The matrix, its ties and its equations are in tests/test_matrix.py, tests/test_tie.py
and tests/symbolic.
"""

import numpy as np

from convmat import conv, geometry

ARTICLE = geometry((3, 3), (2, 2))


def test_dense_view_has_36_wires_of_which_20_cannot_be_trained():
    assert np.prod(ARTICLE.matrix_shape) == 36
    assert (ARTICLE.nnz, ARTICLE.untouched) == (16, 20)
    assert (ARTICLE.free_parameters, ARTICLE.nnz // ARTICLE.free_parameters) == (4, 4)


def test_kernel_of_3x3_is_centred_on_every_pixel_only_with_padding(routes_give):
    centre = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    letters = [[ord(letter) for letter in line] for line in ("ABC", "DEF", "GHJ")]
    routes_give([[ord("E")]], letters, centre)
    routes_give(letters, letters, centre, padding=1)


def test_bias_is_one_number_for_all_four_results():
    image, kernel = np.arange(9).reshape(3, 3), [[1, 2], [3, 4]]
    assert np.unique(conv(image, kernel, 5) - conv(image, kernel)).tolist() == [5]
