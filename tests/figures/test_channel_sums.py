"""Channels: planes, their products, the sum, and the block matrix."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat import (
    ConvmatTypeError,
    ShapeError,
    conv,
    conv_matrix,
    geometry,
)
from convmat.figures import channels
from convmat.figures.style import LIGHT, tap_mark
from convmat.verify.strategies import geometries

ODD = [
    geometry((2, 5), (3, 2, 3), padding=1, stride=2),
    geometry((4, 3, 2), (4, 2, 2, 2), groups=2, padding=((0, 1), (1, 0))),
    geometry((1, 3, 3), (2, 1, 3, 3), padding=1, padding_mode="replicate"),
    geometry((3, 3), (2, 2)),
    geometry((2, 4, 3), (1, 2, 1, 2), stride=(3, 1), dilation=(1, 2)),
]
IDS = [repr(g) for g in ODD]


def numbers(g):
    """A kernel, an input and biases of small integers."""
    kernel = (np.arange(g.free_parameters) * 7 % 5 - 2).reshape(g.kernel_shape)
    x = (np.arange(g.matrix_shape[1]) * 5 % 7 - 3).reshape(g.input_shape)
    return kernel, x, np.arange(g.out_channels) * 3 - 1


def texts(known, prefix):
    """Texts of all cells `prefix[...]`, by their indices."""
    found = {}
    for gid, artist in known.items():
        match = re.fullmatch(rf"{prefix}\[([\d,]+)\]\.text", gid)
        if match:
            found[tuple(map(int, match[1].split(",")))] = artist.get_text()
    return found


@settings(max_examples=6)  # each draws a figure
@given(g=geometries(max_rank=1, max_size=5, max_kernel=3, max_channels=2, max_groups=2))
@example(g=ODD[1])
@example(g=ODD[2])
def test_products_and_bias_add_up_to_the_outputs(g):
    kernel, x, bias = numbers(g)
    row = g.matrix_shape[0] - 1
    figure = channels(g, kernel, x, bias=bias, output=row)
    known = {a.get_gid(): a for a in figure.findobj(lambda a: a.get_gid() is not None)}
    y = conv(x, kernel, bias, **g.keywords)
    results = texts(known, "y")
    if not results:  # too small for texts
        return
    assert [int(results[r,]) for r in range(y.size)] == y.ravel().tolist()
    products = texts(known, "p")
    read = {place[0] for place in products}
    per_group = g.weight_shape[1]
    assert read == set(range(g.in_channels - per_group, g.in_channels))
    own = y.reshape(g.out_channels, *g.output_size)[-1]
    for place, value in np.ndenumerate(own):
        added = sum(int(products[channel, *place]) for channel in read)
        assert added + bias[-1] == value


@pytest.mark.parametrize("g", ODD, ids=IDS)
def test_the_window_and_the_matrix_have_the_colors_of_their_taps(artists, g):
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    row = g.matrix_shape[0] // 2
    figure = channels(g, kernel, output=row)
    known = artists(figure)
    matrix = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    assert set(figure.convmat["highlighted"]["W"]) == {
        f"W[{r},{c}]" for r, c in np.argwhere(matrix)
    }
    if g.contributions == g.nnz:  # no entry is a sum
        for place, value in np.ndenumerate(matrix):
            fill = to_hex(known[f"W[{place[0]},{place[1]}]"].get_facecolor()).upper()
            zero = LIGHT.untouched.fill
            assert fill == (tap_mark(value - 1).fill if value else zero)
        cells = [a for gid, a in known.items() if re.fullmatch(r"x\[[\d,]+\]", gid)]
        for value, cell in zip(matrix[row], cells, strict=True):
            fill = to_hex(cell.get_facecolor()).upper()
            assert fill == (tap_mark(value - 1).fill if value else LIGHT.plain.fill)
    dropped = [a for gid, a in known.items() if gid.startswith("pad")]
    fills = [to_hex(a.get_facecolor()).upper() for a in dropped if hasattr(a, "get_xy")]
    if g.padding_mode == "zeros":
        taken = g.taps_per_row - np.count_nonzero(matrix[row])
        assert fills.count(LIGHT.dropped.fill) == taken


def test_planes_of_another_group_have_no_kernel(artists):
    known = artists(channels(ODD[1], output=0))
    assert "unread[2]" in known
    assert "unread[3]" in known
    assert {place[:2] for place in texts(known, "w")} == {(0, 0), (0, 1)}
    last = ODD[1].matrix_shape[0] - 1
    known = artists(channels(ODD[1], output=last))
    assert "unread[0]" in known
    assert {place[:2] for place in texts(known, "w")} == {(3, 0), (3, 1)}


def test_the_frame_holds_the_rows_of_the_output_channel(artists):
    g = ODD[0]
    figure = channels(g, output=7)  # of channel 2, which has rows 6 to 8
    assert channels(g, output=(2, 1)).convmat == figure.convmat
    known = artists(figure)
    frame, first = known["rows"], known["W[6,0]"]
    assert frame.get_xy() == pytest.approx(first.get_xy())
    assert frame.get_height() == pytest.approx(3 * first.get_height())
    assert known["heading[1].1"].get_text() == "output channel 2"


def test_the_default_tells_its_sums():
    alt = channels(output=0).convmat["alt"]
    assert "Channel 0: (-1)·1 + 0·0 + 1·3 + 0·1 = 2." in alt
    assert alt.endswith("The products and the bias 1 are added to 5.")


def test_without_numbers_outputs_have_names_and_products_are_left_open(artists):
    figure = channels(ODD[0], bias="b")
    known = artists(figure)
    assert known["sum"].get_text() == "Σ + b"
    assert texts(known, "y")[0,] == "y₀₀"
    assert not texts(known, "p")
    assert "w₀₀₀·x₀₁" in figure.convmat["alt"]


def test_a_matrix_too_large_to_be_read_is_left_to_matrix_plot(artists):
    known = artists(channels(geometry((3, 6, 6), (2, 3, 3, 3), padding=1)))
    assert "W[0,0]" not in known
    assert "matrix_plot" in "".join(
        a.get_text() for gid, a in known.items() if gid.startswith("caption")
    )


@pytest.mark.parametrize("g", [None, *ODD], ids=["default", *IDS])
def test_no_texts_of_channels_overlap(assert_texts_apart, artists, g):
    theme = "dark" if g in (None, *ODD[::2]) else "light"
    figure = channels(g, theme=theme)
    artists(figure)
    assert_texts_apart(figure)


def test_the_default_channels_fit_a_column_and_are_read_at_six_points(artists):
    figure = channels()
    assert 3.4 <= figure.get_figwidth() <= 6.5
    known = artists(figure).values()
    assert min(a.get_fontsize() for a in known if hasattr(a, "get_fontsize")) >= 6


def test_given_axes_hold_all_channels():
    figure = Figure()
    assert channels(ODD[3], ax=figure.add_subplot()) is figure
    assert figure.convmat["kind"] == "channels"


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ShapeError, match=r"8 channels on each side.*matrix_plot"):
        channels(geometry((9, 2), (1, 9, 1)))
    with pytest.raises(ShapeError, match=r"600 cells.*not 1 and 784.*matrix_plot"):
        channels(geometry((28, 28), (3, 3)))
    with pytest.raises(ShapeError, match=r"one or two spatial axes.*matrix_plot"):
        channels(geometry((2, 2, 2), (2, 2, 2)))
    with pytest.raises(ShapeError, match=r"cells wide.*matrix_plot"):
        channels(geometry(100, 2))
    with pytest.raises(ShapeError, match="output must be a row below 4, or a position"):
        channels(ODD[3], output=4)
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        channels("RGB")
    with pytest.raises(ShapeError, match=r"x.shape must be \(3, 3\)"):
        channels(ODD[3], x=[1])
