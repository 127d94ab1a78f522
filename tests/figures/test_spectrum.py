import numpy as np
import pytest

from convmat import ConvmatError, ConvmatTypeError, ShapeError, singular_values
from convmat.figures import frequencies, spectrum_bounds
from convmat.spectrum import compare_bounds, frequency_norms

KERNEL = np.random.default_rng(0).standard_normal((4, 3, 3, 3))
SHAPE = (3, 8, 8)
SOBEL = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]


@pytest.fixture(scope="module")
def layer():
    return (
        singular_values(KERNEL, SHAPE, padding=1),
        compare_bounds(KERNEL, SHAPE, padding=1),
    )


def test_values_and_truth_are_drawn_where_they_are(artists, layer):
    spectrum, table = layer
    known = artists(spectrum_bounds(spectrum, table))
    ranks, values = known["values"].get_data()
    assert list(ranks) == list(range(1, 193))
    assert np.array_equal(values, spectrum.values)
    assert set(known["truth"].get_xdata()) == {table.truth.value}
    assert known["spectrum"].get_ylim()[0] == 0


def test_each_estimate_has_its_place_mark_name_and_label(artists, layer):
    spectrum, table = layer
    known = artists(spectrum_bounds(spectrum, table))
    marks = {"upper": "<", "lower": ">", "neither": "D"}
    colors = {}
    for row, bound in enumerate(table.bounds):
        mark = known[f"bound[{bound.name}]"]
        assert mark.get_data()[0][0] == bound.value
        assert mark.get_data()[1][0] == row
        assert mark.get_marker() == marks[bound.label]
        colors.setdefault(bound.label, set()).add(mark.get_color())
        assert known[f"name[{bound.name}]"].get_text() == bound.name
        assert known[f"told[{bound.name}]"].get_text().startswith(f"{bound.label}, ×")
    assert [len(some) for some in colors.values()] == [1, 1, 1]
    assert len(set.union(*colors.values())) == 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_texts_of_a_spectrum_overlap(assert_texts_apart, layer, theme):
    assert_texts_apart(spectrum_bounds(*layer, theme=theme))


def test_alt_text_tells_truth_and_estimates(layer):
    alt = spectrum_bounds(*layer).convmat["alt"]
    assert "All 192 singular values of a 256×192 matrix" in alt
    assert "The norm is 9.065, exact up to rounding" in alt
    assert "circular FFT 9.324, neither" in alt


def test_a_few_values_say_that_they_are_the_largest(artists, layer):
    some = singular_values(KERNEL, SHAPE, count=1, padding=1)
    known = artists(spectrum_bounds(some, layer[1]))
    assert known["values"].get_marker() == "o"
    alt = spectrum_bounds(some, layer[1]).convmat["alt"]
    assert alt.startswith("The largest 1 singular values")


def test_pictures_of_other_things_are_refused(layer):
    spectrum, table = layer
    with pytest.raises(ConvmatTypeError, match="spectrum must be a Spectrum"):
        spectrum_bounds(spectrum.values, table)
    with pytest.raises(ConvmatTypeError, match="table must be a BoundTable"):
        spectrum_bounds(spectrum, table.bounds)
    with pytest.raises(ConvmatError, match="of the same layer"):
        spectrum_bounds(singular_values([1, 2], 3), table)
    with pytest.raises(ConvmatError, match="norm that is not 0"):
        spectrum_bounds(singular_values([0], 3), compare_bounds([0], 3))
    with pytest.raises(ShapeError, match="norms must be at least 0"):
        frequencies([[-1.0]])
    with pytest.raises(ShapeError, match="norms"):
        frequencies([1.0, 2.0])


def test_frequencies_are_shaded_by_their_norm(artists):
    norms = frequency_norms(SOBEL, (8, 16))
    figure = frequencies(norms, SOBEL)
    known = artists(figure)
    shades = known["norms"].get_array()[..., 0]
    assert shades.shape == (8, 16)
    assert shades[4, 8] == 1.0  # the constant wave is lost: white
    assert shades.min() == shades.reshape(-1)[norms.argmax()] == 0.0
    assert known["w[0,1]"].get_text() == "-2"
    # The cross is in the middle of the cell of the constant wave.
    left, right, low, high = known["norms"].get_extent()
    x, y = known["middle"].get_data()
    assert x[0] == pytest.approx(left + 8.5 / 16 * (right - left))
    assert y[0] == pytest.approx(high + 4.5 / 8 * (low - high))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kernel", [None, SOBEL, np.ones((9, 2)), [[0.123456]]])
def test_no_texts_of_frequencies_overlap(assert_texts_apart, theme, kernel):
    norms = frequency_norms(SOBEL, (8, 8))
    assert_texts_apart(frequencies(norms, kernel, theme=theme))
