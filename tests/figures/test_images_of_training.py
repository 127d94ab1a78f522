"""Weights, maps and pixels: their colours and numbers are the data's."""

from fractions import Fraction

import numpy as np
import pytest
from matplotlib.colors import to_hex

from convmat import ConvmatError, ConvmatTypeError, ShapeError, conv
from convmat.experiments import EDGES
from convmat.figures import feature_maps, kernel_tiles, pixel_table
from convmat.figures.shades import Shades, reals
from convmat.figures.style import contrast

RNG = np.random.default_rng(1)
WEIGHTS = RNG.normal(size=(3, 2, 2, 3))


def levels(picture):
    """Red, green and blue of an image artist, `(high, wide, 3)`."""
    return np.asarray(picture.get_array())


def center(picture):
    left, right, bottom, top = picture.get_extent()
    return (left + right) / 2, (top + bottom) / 2


# ------------------------------------------------------------------ kernel_tiles


def test_tile_o_i_stands_in_row_o_and_column_i(artists):
    known = artists(kernel_tiles(WEIGHTS))
    at = {(o, i): center(known[f"w[{o},{i}]"]) for o in range(3) for i in range(2)}
    assert at[0, 0][0] < at[0, 1][0]  # inputs from left to right
    assert at[0, 0][1] < at[1, 0][1] < at[2, 0][1]  # outputs down, y points down
    assert at[0, 0][0] == at[2, 0][0]
    assert at[1, 0][1] == at[1, 1][1]
    assert known["out[2]"].get_position()[1] == pytest.approx(at[2, 0][1])
    assert known["in[1]"].get_position()[0] == pytest.approx(at[0, 1][0])


def test_a_tile_shows_its_taps_in_their_places(artists):
    weights = np.zeros((2, 2, 2, 3))
    weights[1, 0, 0, 2] = 4  # the largest: full purple
    weights[0, 1, 1, 0] = -4  # full orange
    known = artists(kernel_tiles(weights))
    lit = levels(known["w[1,0]"])
    assert lit.shape == (2, 3, 3)
    dark = np.argwhere(lit.sum(axis=-1) < 1.5)
    assert dark.tolist() == [[0, 2]]
    red, _, blue = lit[0, 2]
    assert blue > red
    below = levels(known["w[0,1]"])
    assert np.argwhere(below.sum(axis=-1) < 1.5).tolist() == [[1, 0]]
    assert below[1, 0, 0] > below[1, 0, 2]
    assert (levels(known["w[0,0]"]) == lit[1, 1]).all()  # 0 is one colour everywhere


@pytest.mark.parametrize("colors", ["diverging", "grey"])
def test_the_range_is_symmetric_about_0_though_the_weights_are_not(artists, colors):
    known = artists(kernel_tiles([[[[0, 8]]], [[[2, 2]]]], colors=colors))
    assert known["key[low]"].get_text() == "-8"
    assert known["key[zero]"].get_text() == "0"
    assert known["key[high]"].get_text() == "8"
    zero = levels(known["w[0,0]"])[0, 0]
    strip = levels(known["key"])[0]
    assert np.array_equal(strip[len(strip) // 2], zero)
    assert np.ptp(zero) < 0.02  # no hue


def test_a_sign_is_mirrored_in_grey(artists):
    known = artists(kernel_tiles(WEIGHTS, colors="grey"))
    other = artists(kernel_tiles(-WEIGHTS, colors="grey"))
    lit, dark = levels(known["w[1,1]"]), levels(other["w[1,1]"])
    middle = levels(known["key"])[0, 32, 0]
    clear = np.abs(WEIGHTS[1, 1]) > np.abs(WEIGHTS).max() / 50
    assert clear.any()
    assert ((lit - middle) * (dark - middle) < 0)[clear].all()


def test_three_input_channels_are_red_green_and_blue(artists):
    weights = np.zeros((2, 3, 1, 2))
    weights[0, 0, 0, 0] = 5  # red
    weights[0, 2, 0, 1] = -5  # no blue at all
    known = artists(kernel_tiles(weights))
    assert levels(known["w[0]"]).tolist() == [[[1.0, 0.5, 0.5], [0.5, 0.5, 0.0]]]
    assert levels(known["w[1]"]).tolist() == [[[0.5] * 3, [0.5] * 3]]
    strips = levels(known["key"])
    assert strips[0, -1].tolist() == [1.0, 0.5, 0.5]
    assert strips[2, 0].tolist() == [0.5, 0.5, 0.0]
    assert "w[0,0]" in artists(kernel_tiles(weights, colors="diverging"))


def test_one_input_channel_wraps_into_rows(artists):
    figure = kernel_tiles(RNG.normal(size=(20, 1, 3, 3)))
    known = artists(figure)
    tiles = [gid for gid in known if gid.startswith("w[") and gid[-1] == "]"]
    assert tiles == [f"w[{o},0]" for o in range(20)]
    assert len({center(known[gid])[1] for gid in tiles}) == 3
    assert known["out[19]"].get_text() == "19"


def test_tiles_beyond_256_are_left_out_and_told(artists):
    figure = kernel_tiles(np.ones((20, 30, 1, 1)))
    tiles = [gid for gid in artists(figure) if gid.endswith(".edge") and gid[0] == "w"]
    assert len(tiles) == figure.convmat["params"]["drawn"] == 256
    assert "the first 256 are drawn, 344 are left out" in figure.convmat["alt"]


def test_a_kernel_of_one_axis_is_a_row(artists):
    known = artists(kernel_tiles([[[1, 2, 3]]]))
    assert levels(known["w[0,0]"]).shape == (1, 3, 3)


def test_weights_at_the_ends_of_floats_have_colors(artists):
    for most in (1e308, 5e-324):
        known = artists(kernel_tiles([[[[most, -most, 0.0]]]]))
        ends = levels(known["w[0,0]"])[0]
        assert np.isfinite(ends).all()
        assert len({tuple(color) for color in ends.tolist()}) == 3


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        (np.ones((2, 2)), r"weights\.shape must be \(out, in, high, wide\)"),
        (np.ones((1,) * 5), r"weights\.shape must be"),
        (np.ones((0, 1, 2, 2)), r"without an axis of 0, got weights\.shape=\(0, 1"),
        ([[[[1, np.nan]]]], "weights must be finite"),
    ],
)
def test_weights_that_are_no_kernels_are_refused(weights, match):
    with pytest.raises(ShapeError, match=match):
        kernel_tiles(weights)


def test_unknown_colors_are_refused():
    with pytest.raises(ConvmatError, match="colors must be one of 'auto', 'rgb'"):
        kernel_tiles(WEIGHTS, colors="viridis")
    with pytest.raises(ConvmatError, match="must not be 'rgb' for 2 input channels"):
        kernel_tiles(WEIGHTS, colors="rgb")


# ------------------------------------------------------------------ feature_maps

IMAGE = RNG.integers(0, 256, (12, 10))
KERNELS = list(EDGES.values())
MAPS = [conv(IMAGE, kernel) for kernel in KERNELS]


def test_maps_are_greys_with_0_in_the_middle(artists):
    known = artists(feature_maps(IMAGE, MAPS, list(EDGES)))
    most = max(np.abs(one).max() for one in MAPS)
    middle = levels(known["key"])[0, 32, 0]
    for place, one in enumerate(MAPS):
        grey = levels(known[f"y[{place}]"])
        assert grey.shape == (10, 8, 3)
        assert (grey == grey[..., :1]).all()
        flat = grey[..., 0].reshape(-1)
        order = np.argsort(one, axis=None, kind="stable")
        assert (np.diff(flat[order]) <= 0).all()  # darker the larger
        assert (flat[one.reshape(-1) > most / 50] < middle).all()
        assert (flat[one.reshape(-1) < -most / 50] > middle).all()
    assert known["key[low]"].get_text() == f"-{most:.3g}"
    assert known["title[0]"].get_text() == "top, 10×8"


def test_maps_without_a_negative_value_are_white_at_0(artists):
    known = artists(feature_maps(IMAGE, [[[0, 2]], [[4, 0]]]))
    assert levels(known["y[0]"])[0, 0].tolist() == [1.0] * 3
    assert levels(known["y[1]"])[0].tolist() == [[0.0] * 3, [1.0] * 3]
    assert "key[zero]" not in known


def test_the_image_has_a_range_of_its_own(artists):
    known = artists(feature_maps([[0, 1]], [[[0, 100]]]))
    assert levels(known["x"])[0].tolist() == [[1.0] * 3, [0.0] * 3]
    assert "Image: values from 0 to 1" in known["caption[0]"].get_text()


def test_maps_stand_in_reading_order_to_the_right_of_the_image(artists):
    known = artists(feature_maps(IMAGE, MAPS * 2))
    places = [center(known[f"y[{place}]"]) for place in range(8)]
    assert sorted(places, key=lambda place: (round(place[1], 6), place[0])) == places
    assert len({round(y, 6) for _, y in places}) == 3
    assert center(known["x"])[0] < min(x for x, _ in places)
    for place in range(8):
        left, _, _, top = known[f"y[{place}]"].get_extent()
        x, y = known[f"title[{place}]"].get_position()
        assert x == left
        assert 0 < top - y < 0.2  # of an inch above it


def test_each_kernel_stands_beside_its_map_with_its_numbers(artists):
    known = artists(feature_maps(IMAGE, MAPS, kernels=KERNELS))
    for place, kernel in enumerate(KERNELS):
        left, _, bottom, top = known[f"y[{place}]"].get_extent()
        for (u, v), tap in np.ndenumerate(np.array(kernel)):
            box = known[f"w[{place},{u},{v}]"]
            assert box.get_x() + box.get_width() < left
            assert top <= box.get_y() <= bottom
            assert known[f"w[{place},{u},{v}].text"].get_text() == str(tap)
            shade = to_hex(box.get_facecolor())
            ink = known[f"w[{place},{u},{v}].text"].get_color()
            assert contrast(shade, ink) >= 4.5
    wide = feature_maps(IMAGE, MAPS[:1], kernels=[np.ones((7, 7))])
    assert levels(artists(wide)["w[0]"]).shape == (7, 7, 3)


def test_highlighted_are_the_image_and_the_maps():
    record = feature_maps(IMAGE, MAPS).convmat
    assert record["highlighted"]["x"] == ["x"]
    assert record["highlighted"]["y"] == ["y[0]", "y[1]", "y[2]", "y[3]"]
    assert record["params"]["signed"] is True


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        (
            {"image": [1, 2]},
            r"image\.shape must be \(high, wide\), without an axis of 0",
        ),
        ({"maps": []}, "maps must be arrays of two axes, one at least"),
        ({"maps": [[[np.inf]]]}, r"maps\[0\] must be finite"),
        (
            {"maps": np.ones((65, 1, 1))},
            r"must be at most 64, got maps=65; .*maps\[:64",
        ),
        ({"titles": ["one"]}, "titles must be 4, one for each map"),
        ({"kernels": KERNELS[:3]}, "kernels must be 4, one for each map"),
        ({"kernels": [[1]] * 4}, "kernels must be arrays of two axes"),
    ],
    ids=["image", "no map", "infinite", "many", "titles", "kernels", "flat kernel"],
)
def test_maps_that_do_not_fit_are_refused(settings, match):
    with pytest.raises(ShapeError, match=match):
        feature_maps(**{"image": IMAGE, "maps": MAPS} | settings)


# ------------------------------------------------------------------- pixel_table


def test_each_pixel_stands_in_its_place_with_its_number(artists):
    image = RNG.integers(0, 256, (4, 7))
    known = artists(pixel_table(image))
    for (i, j), value in np.ndenumerate(image):
        assert known[f"x[{i},{j}].text"].get_text() == str(value)
        box = known[f"x[{i},{j}]"]
        assert known[f"row[{i}]"].get_position()[1] == pytest.approx(
            box.get_y() + box.get_height() / 2
        )
        assert known[f"column[{j}]"].get_position()[0] == pytest.approx(
            box.get_x() + box.get_width() / 2
        )


def test_larger_pixels_are_darker_and_every_number_can_be_read(artists):
    known = artists(pixel_table([np.arange(32)]))
    greys = [known[f"x[0,{j}]"].get_facecolor()[0] for j in range(32)]
    assert greys == sorted(greys, reverse=True)
    assert (greys[0], greys[-1]) == (1, 0)
    for j in range(32):
        shade = to_hex(known[f"x[0,{j}]"].get_facecolor())
        assert contrast(shade, known[f"x[0,{j}].text"].get_color()) >= 4.5


def test_fractions_and_floats_are_written_short(artists):
    known = artists(pixel_table([[Fraction(1, 3), -2]]))
    assert known["x[0,0].text"].get_text() == "0.33"
    assert known["x[0,1].text"].get_text() == "-2"


def test_numbers_that_fit_no_cell_are_left_out_and_told(artists):
    figure = pixel_table(np.full((3, 32), 123_456_789))
    assert figure.convmat["params"]["numbers"] is False
    assert "x[0,0].text" not in artists(figure)
    assert pixel_table([[1]]).convmat["params"]["numbers"] is True


@pytest.mark.parametrize(
    ("image", "match"),
    [
        (np.zeros((33, 2)), r"at most 32 on each side, got .*\(33, 2\); .*image\[:32"),
        ([1, 2], r"image\.shape must be \(high, wide\), without an axis of 0"),
        ([[]], r"image\.shape must be \(high, wide\), without an axis of 0"),
        ([[np.nan]], "image must be finite"),
    ],
)
def test_an_image_that_is_no_table_is_refused(image, match):
    with pytest.raises(ShapeError, match=match):
        pixel_table(image)


# ------------------------------------------------------------------------ shades


@pytest.mark.parametrize(
    "value", [[[1j]], [["a"]], [[True]], [[10**400]], [[object()]]]
)
@pytest.mark.parametrize("figure", [pixel_table, kernel_tiles])
def test_what_are_no_real_numbers_is_refused(figure, value):
    with pytest.raises(ConvmatTypeError, match=r"must hold (real )?numbers"):
        figure(value)


def test_symbols_are_refused_as_real_numbers():
    symbol = pytest.importorskip("sympy").Symbol("a")
    with pytest.raises(ConvmatTypeError, match="must hold real numbers within"):
        reals("x", [symbol])


def test_all_zeros_have_one_color():
    shades = Shades.of([np.zeros((2, 2))], "Greys")
    assert (shades.image(np.zeros((2, 2))) == 1).all()
    assert shades.ends == (0.0, 1.0)
