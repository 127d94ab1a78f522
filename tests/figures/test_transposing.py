"""The transposed convolution: its matrix, the scatter, the direct one that is it."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    ShapeError,
    conv_transpose_matrix,
    geometry,
    transposed_geometry,
)
from convmat.figures import transpose
from convmat.figures.mirrored import Mirrored
from convmat.figures.style import LIGHT, tap_mark
from convmat.transposed import scatter
from convmat.verify.strategies import geometries

ODD = [
    transposed_geometry((2, 2), (3, 3), stride=2, padding=1, output_padding=1),
    transposed_geometry(3, 2, stride=3),  # result cells that nothing writes
    geometry((2, 3), (3, 2, 2), padding=1),
    geometry((4, 4), (3, 3), padding=1, padding_mode="circular"),
    geometry((4, 2, 2), (2, 2, 1, 2), groups=2),
    geometry(4, 2, padding=((3, 2),), dilation=2),  # more padding than the span
    geometry((3, 4), (2, 3), stride=(1, 3), padding=((0, 1), (2, 0))),
]
IDS = [repr(g) for g in ODD]


def columns_of(g):
    """Column `r` of the transpose as `{cell: taps}`, by the definition's loop.

    Tap `t` has the value `2**t`, so every sum of taps tells which they are.
    """
    kernel = 1 << np.arange(g.free_parameters).reshape(g.weight_shape)
    basis = np.eye(g.matrix_shape[0], dtype=np.int64)
    basis = basis.reshape(-1, g.out_channels, *g.output_size)
    results = scatter(basis, kernel, g).reshape(len(basis), -1)
    return [
        {
            cell: [t for t in range(g.free_parameters) if value >> t & 1]
            for cell, value in enumerate(result.tolist())
            if value
        }
        for result in results
    ]


@settings(max_examples=40)
@given(
    g=geometries(max_rank=2, max_size=5, max_kernel=3, max_channels=2, modes=("zeros",))
)
@example(g=ODD[0])
@example(g=ODD[4])
@example(g=ODD[5])
def test_the_direct_convolution_reads_what_the_scatter_writes(g):
    way, columns = Mirrored(g), columns_of(g)
    for cell in range(g.matrix_shape[1]):
        read = {(source, tap) for tap, source in way.reads(cell)}
        written = {
            (source, tap)
            for source, column in enumerate(columns)
            for tap in column.get(cell, [])
        }
        assert read == written
    held = way.held[way.held >= 0].tolist()
    assert len(set(held)) == len(held)  # each input stands in one cell at most


@pytest.mark.parametrize("g", [ODD[0], ODD[2], ODD[5]], ids=repr)
def test_both_matrices_are_the_one_and_its_transpose(artists, g):
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    known = artists(transpose(g, kernel))
    if not g.has_channels and g.padding_mode == "zeros":
        reads, spare = (
            g.output_shape,
            [(a.padded_size - a.span) % a.stride for a in g.axes],
        )
        matrix = conv_transpose_matrix(
            kernel, reads, output_padding=tuple(spare), **g.keywords
        )
        texts = {
            place: known[f"W[{place[1]},{place[0]}]@T"].get_facecolor()
            for place in np.ndindex(matrix.shape)
        }
        grey = {
            p for p, c in texts.items() if to_hex(c).upper() == LIGHT.untouched.fill
        }
        assert grey == set(map(tuple, np.argwhere(matrix.toarray() == 0).tolist()))
    for row, column in np.ndindex(g.matrix_shape):
        one, other = known[f"W[{row},{column}]"], known[f"W[{row},{column}]@T"]
        assert one.get_facecolor() == other.get_facecolor()
        x, y = (one.get_x(), one.get_y()), (other.get_x(), other.get_y())
        first = known["W[0,0]"], known["W[0,0]@T"]
        across = x[0] - first[0].get_x(), x[1] - first[0].get_y()
        down = y[0] - first[1].get_x(), y[1] - first[1].get_y()
        assert across == pytest.approx(down[::-1])


@pytest.mark.parametrize(
    ("g", "column"), [(ODD[0], 3), (ODD[3], 0), (ODD[4], 2)], ids=repr
)
def test_the_scattered_cells_are_the_column_in_the_colors_of_its_taps(g, column):
    figure = transpose(g, column=column)
    cells = figure.findobj(lambda a: str(a.get_gid()).endswith("@scatter"))
    drawn = [a for a in cells if re.fullmatch(r"x\[[\d,]+\]@scatter", a.get_gid())]
    written = columns_of(g)[column]
    assert len(drawn) == g.matrix_shape[1]
    for cell, artist in enumerate(drawn):
        fill = LIGHT.background
        if cell in written:
            fill = tap_mark(written[cell][0]).fill
        assert to_hex(artist.get_facecolor()).upper() == fill
    assert len(figure.convmat["highlighted"]["x"]) == len(written)


@pytest.mark.parametrize("g", [g for g in ODD if g.padding_mode == "zeros"], ids=repr)
def test_the_direct_window_has_the_colors_of_the_flipped_taps(artists, g):
    row = g.matrix_shape[1] - 1
    figure = transpose(g, row=row)
    way = Mirrored(g)
    known = artists(figure)
    cells = [a for gid, a in known.items() if re.fullmatch(r"s\[[\d,]+\]", gid)]
    for tap, artist in zip(way.taps[row].tolist(), cells, strict=True):
        fill = to_hex(artist.get_facecolor()).upper()
        if tap == -2:
            assert fill == LIGHT.dropped.fill
            assert known[f"{artist.get_gid()}.text"].get_text() == "×"
        else:
            assert (tap >= 0) == (fill == tap_mark(max(tap, 0)).fill)
    flipped = [
        a for gid, a in known.items() if re.fullmatch(r"w\[[\d,]+\]@direct", gid)
    ]
    fills = [to_hex(a.get_facecolor()).upper() for a in flipped]
    assert fills == [tap_mark(tap).fill for tap in way.flips.tolist()]


def test_kleinsmiths_transpose_flips_the_kernel_and_pads_by_one(artists):
    known = artists(transpose())
    texts = [
        a.get_text() for gid, a in known.items() if re.fullmatch(r"s\[.*\]\.text", gid)
    ]
    assert "".join(texts) == "00000PQ00RS00000"
    kernel = [
        a.get_text()
        for gid, a in known.items()
        if re.fullmatch(r"w\[.*\]@direct\.text", gid)
    ]
    assert "".join(kernel) == "δγβα"


def test_a_stride_puts_zeros_between_the_inputs(artists):
    known = artists(transpose(transposed_geometry(3, 2, stride=3), row=0))
    texts = [
        a.get_text() for gid, a in known.items() if re.fullmatch(r"s\[.*\]\.text", gid)
    ]
    assert "".join(texts) == "×P00Q00R0"
    assert known["s[2]"].get_linestyle() == "dotted"
    assert known["s[8]"].get_linestyle() == "dashed"


def test_taps_beside_the_result_are_told():
    figure = transpose(transposed_geometry(2, 3, padding=1), column=0)
    told = "1 tap falls beside the result, where it is cut off."
    assert told in figure.convmat["alt"]
    figure = transpose(transposed_geometry(3, 3, padding=1), column=1)
    assert "beside the result" not in figure.convmat["alt"]


def test_padding_from_the_input_has_no_direct_convolution(artists):
    figure = transpose(ODD[3])
    assert not [gid for gid in artists(figure) if gid.endswith("@direct")]
    told = "No ordinary convolution does the same: with padding mode 'circular'"
    assert told in figure.convmat["alt"]


@pytest.mark.parametrize("g", [None, *ODD], ids=["default", *IDS])
def test_no_texts_of_a_transpose_overlap(assert_texts_apart, artists, g):
    theme = "dark" if g in ODD[::2] else "light"
    figure = transpose(g, theme=theme)
    artists(figure)
    assert_texts_apart(figure)


def test_a_sum_too_long_for_its_cell_has_its_first_tap_and_a_corner(
    assert_texts_apart, artists
):
    g = geometry((2, 3), (1, 2, 4), padding=((0, 2),), padding_mode="replicate")
    figure = transpose(g, column=1)
    known = artists(figure)
    assert_texts_apart(figure)
    assert known["x[0,2]@scatter.text"].get_text() == "w₀₀₁"
    assert "x[0,2]@scatter.sum" in known
    for gid in ("W[1,2]", "W[1,2]@T"):
        assert known[f"{gid}.text"].get_text() == "w₀₀₁"
        assert f"{gid}.sum" in known
    assert "w₀₀₁+w₀₀₂+w₀₀₃ to x₀₂" in figure.convmat["alt"]
    kernel = [[[1000, 2000, 3000, 4000]] * 2]
    figure = transpose(g, kernel, column=1)
    assert artists(figure)["x[0,2]@scatter.text"].get_text() == "9000"


def test_a_long_line_has_colors_only(assert_texts_apart, artists):
    figure = transpose(geometry(20, 5, padding=2))
    assert_texts_apart(figure)
    assert "w[0]" in artists(figure)
    assert "w[0].text" not in artists(figure)


def test_the_default_transpose_fits_a_column_and_is_read_at_six_points(artists):
    figure = transpose()
    assert 3.4 <= figure.get_figwidth() <= 6.5
    known = artists(figure).values()
    assert min(a.get_fontsize() for a in known if hasattr(a, "get_fontsize")) >= 6


def test_given_axes_hold_the_whole_transpose():
    figure = Figure()
    assert transpose(ax=figure.add_subplot()) is figure
    assert figure.convmat["kind"] == "transpose"


@pytest.mark.parametrize("name", ["column", "row"])
def test_a_place_that_there_is_not_is_refused(name):
    with pytest.raises(ConvmatError, match=rf"{name} must be a row below \d"):
        transpose(**{name: -1})
    with pytest.raises(ConvmatError, match=rf"{name} must be a row below \d"):
        transpose(**{name: 9})
    with pytest.raises(ConvmatTypeError, match=rf"{name} must be .*integer"):
        transpose(**{name: 1.0})


def test_a_place_is_a_number_or_a_position():
    by_number = transpose(column=2, row=5).convmat
    by_position = transpose(column=(1, 0), row=(1, 2)).convmat
    assert by_number["alt"] == by_position["alt"]
    assert by_number["highlighted"] == by_position["highlighted"]


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ShapeError, match=r"400 matrix positions.*matrix_plot"):
        transpose(geometry((6, 6), (2, 2)))
    with pytest.raises(ShapeError, match=r"one or two spatial axes.*matrix_plot"):
        transpose(geometry((2, 2, 2), (2, 2, 2)))
    with pytest.raises(ShapeError, match=r"cells wide.*matrix_plot"):
        transpose(geometry(1, 40, padding=39))
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        transpose("3x3")
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(2, 2\)"):
        transpose(kernel=[1])
