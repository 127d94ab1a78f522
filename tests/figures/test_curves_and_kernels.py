import numpy as np
import pytest
from matplotlib.colors import to_hex

from convmat import ConvmatError, ConvmatTypeError, ShapeError
from convmat.figures import curves, kernel_grid
from convmat.figures.style import contrast

LOSSES = {"train": [4.0, 2.0, 1.0, 0.5], "valid": [4.0, 2.0, 1.0, 0.5], "off": [3, 2]}


def test_curves_start_at_step_1_and_hold_the_values(artists):
    known = artists(curves(LOSSES, xlabel="step", ylabel="loss"))
    x, y = known["curve[off]"].get_data()
    assert (list(x), list(y)) == ([1, 2], [3, 2])


def test_curves_differ_in_color_and_dashes_and_marker(artists):
    known = artists(curves(LOSSES, xlabel="step", ylabel="loss"))
    lines = [known[f"curve[{name}]"] for name in LOSSES]
    for look in ("get_color", "get_linestyle", "get_marker", "get_linewidth"):
        assert len({getattr(line, look)() for line in lines}) == 3


def test_each_curve_is_named_and_the_axes_are_labelled(artists):
    known = artists(curves(LOSSES, xlabel="step", ylabel="loss", title="Training"))
    assert {known[f"name[{name}]"].get_text() for name in LOSSES} == set(LOSSES)
    assert known["label.x"].get_text() == "step"
    assert known["label.y"].get_text() == "loss"
    assert known["title"].get_text() == "Training"


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_names_of_curves_with_equal_ends_do_not_overlap(assert_texts_apart, log, theme):
    series = {f"a curve named {n}": [3.0, 1.0] for n in range(5)}
    figure = curves(series, xlabel="x", ylabel="y", title="T", log=log, theme=theme)
    assert_texts_apart(figure)


def test_a_logarithmic_axis_refuses_what_it_cannot_show(artists):
    figure = curves(LOSSES, xlabel="step", ylabel="loss", log=True)
    assert artists(figure)["curves"].get_yscale() == "log"
    with pytest.raises(ConvmatError, match=r"must be positive.*log=False"):
        curves({"violation": [1, 0]}, xlabel="step", ylabel="violation", log=True)


@pytest.mark.parametrize("series", [{}, {"a": []}, {"a": [[1]]}, {"a": [np.nan]}])
def test_series_without_a_number_are_refused(series):
    with pytest.raises(ShapeError, match="series"):
        curves(series, xlabel="x", ylabel="y")


def test_a_gap_in_a_series_stays_a_gap(artists):
    known = artists(curves({"a": [1, np.nan, 3]}, xlabel="x", ylabel="y"))
    assert np.isnan(known["curve[a]"].get_ydata()[1])


def test_the_alt_text_of_a_series_with_gaps_tells_what_is_seen():
    ends = {"a": [np.nan, 4.0, np.nan, 2.0, np.nan]}
    alt = curves(ends, xlabel="x", ylabel="y").convmat["alt"]
    assert alt.endswith("a: 5 points, from 4 to 2.")


def test_the_alt_text_of_curves_tells_their_ends():
    alt = curves(LOSSES, xlabel="step", ylabel="loss").convmat["alt"]
    assert "Curves of loss over step." in alt
    assert "off: 2 points, from 3 to 2." in alt


def test_small_kernels_show_their_numbers_in_place(artists):
    kernel = np.array([[1, 0, -1], [2, 0, -2]])
    known = artists(kernel_grid([kernel], ["edge"]))
    for (u, v), value in np.ndenumerate(kernel):
        assert known[f"w[0,{u},{v}].text"].get_text() == str(value)
    assert known["w[0,0,0]"].get_x() < known["w[0,0,1]"].get_x()
    assert known["w[0,0,0]"].get_y() < known["w[0,1,0]"].get_y()
    assert known["title[0]"].get_text() == "edge"


def test_zero_is_white_and_signs_have_two_colors(artists):
    known = artists(kernel_grid([[[-2, 0, 2]], [[0, 0, 1]]]))
    red, _, blue, *_ = known["w[0,0,0]"].get_facecolor()
    assert red > blue  # orange
    red, _, blue, *_ = known["w[0,0,2]"].get_facecolor()
    assert blue > red  # purple
    white = known["w[0,0,1]"].get_facecolor()[:3]
    assert min(white) > 0.95
    assert known["w[1,0,0]"].get_facecolor()[:3] == white  # one range for all


def test_values_without_signs_are_grey(artists):
    known = artists(kernel_grid([[[0, 8, 16]]]))
    colors = [known[f"w[0,0,{v}]"].get_facecolor()[:3] for v in range(3)]
    assert colors[0] == (1, 1, 1)
    assert colors[2] == (0, 0, 0)


def test_numbers_have_contrast_of_4_5_on_their_cells(artists):
    known = artists(kernel_grid([np.linspace(-1, 1, 64).reshape(8, 8)]))
    for gid, artist in known.items():
        if gid.startswith("w[") and not gid.endswith(".text"):
            ink = known[f"{gid}.text"].get_color()
            assert contrast(to_hex(artist.get_facecolor()), ink) >= 4.5


def test_large_arrays_become_images(artists):
    image = np.arange(28 * 28).reshape(28, 28)
    known = artists(kernel_grid([image, image]))
    assert known["w[0]"].get_array().shape == (28, 28, 3)
    assert known["w[0]"].get_extent()[1] < known["w[1]"].get_extent()[0]


@pytest.mark.parametrize("size", [1, 3, 8, 28])
def test_titles_numbers_and_caption_do_not_overlap(assert_texts_apart, size):
    arrays = [np.full((size, size), n / 7 - 0.3) for n in range(13)]
    titles = [f"array number {n} with its long title" for n in range(13)]
    assert_texts_apart(kernel_grid(arrays, titles))


def test_arrays_that_are_no_pictures_are_refused():
    with pytest.raises(ShapeError, match="kernels must be arrays of two axes"):
        kernel_grid([[1, 2]])
    with pytest.raises(ShapeError, match="kernels must be arrays of two axes"):
        kernel_grid([])
    with pytest.raises(ShapeError, match=r"kernels\[0\] must be finite"):
        kernel_grid([[[np.inf]]])
    with pytest.raises(ShapeError, match="titles must be 1"):
        kernel_grid([[[1]]], ["a", "b"])
    with pytest.raises(ConvmatTypeError, match="kernels must hold numbers"):
        kernel_grid([[["a"]]])
