"""One output in full: the window, the kernel and the sum, against windows slid anew."""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat import ConvmatError, ConvmatTypeError, ShapeError, conv, geometry
from convmat.figures import apply_once
from convmat.figures.reads import Reads
from convmat.figures.style import DARK, LIGHT, tap_mark
from convmat.verify.strategies import geometries

KLEINSMITH = geometry((3, 3), (2, 2))
GEOMETRIES = [
    geometry(1, 1),
    geometry(8, 3, padding=[(3, 1)], dilation=2, stride=2),
    geometry(2, 3, padding=2, padding_mode="circular", stride=3),
    geometry(1, 3, padding=1),  # two dead taps
    geometry((4, 5), (2, 3), padding=((1, 0), (0, 2)), stride=(1, 2)),
    geometry((5, 5), (2, 2), stride=3),  # cells that nobody reads
    geometry((3, 3), (4, 4), padding=2, padding_mode="reflect"),
    geometry((2, 4, 4), (3, 2, 3, 3), padding=1, padding_mode="replicate"),
    geometry((4, 5), (4, 2, 2), groups=2),
    geometry((4, 3, 3), (8, 1, 2, 2), groups=4, padding=((0, 1), (1, 0))),
]
drawn = cache(apply_once)
over_geometries = pytest.mark.parametrize("g", GEOMETRIES, ids=repr)


def integers(g):
    """A kernel and an input of small integers, some of them negative."""
    kernel = np.arange(g.free_parameters).reshape(g.kernel_shape) - 2
    return kernel, (3 * np.arange(g.matrix_shape[1]) % 7 - 3).reshape(g.input_shape)


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


def box(patch):
    """Left, top, right and bottom of a rectangle."""
    left, top = patch.get_xy()
    corners = left, top, left + patch.get_width(), top + patch.get_height()
    return tuple(round(float(end), 6) for end in corners)


def padded_shape(g):
    sizes = [axis.padded_size for axis in g.axes]
    return (g.in_channels, *sizes) if g.has_channels else tuple(sizes)


def gid_of(g, cell):
    """The id of a cell of the padded input, and whether it is padding."""
    place = np.unravel_index(cell, (g.in_channels, *[a.padded_size for a in g.axes]))
    inner = [int(p) - a.before for p, a in zip(place[1:], g.axes, strict=True)]
    inside = all(0 <= i < a.size for i, a in zip(inner, g.axes, strict=True))
    shown = inner if inside else [int(p) for p in place[1:]]
    if g.has_channels:
        shown.insert(0, int(place[0]))
    return f"{'x' if inside else 'pad'}[{','.join(map(str, shown))}]", not inside


@given(g=geometries(max_rank=2))
@example(g=geometry((2, 4, 5), (2, 1, 2, 3), groups=2, padding=((2, 0), (0, 1))))
@example(g=geometry(4, 3, padding=3, padding_mode="circular", stride=4))
def test_every_written_sum_is_what_the_sliding_window_gives(slid, g):
    kernel, x = integers(g)
    reads, known = Reads.of(g, kernel, x, None), slid(g)
    y = conv(x, kernel, **g.keywords).ravel()
    for row in range(g.matrix_shape[0]):
        _, products, result = reads.told(row).split(" = ")
        pairs = [term.strip("()").split("·") for term in products.split(" + ")]
        pairs = [(int(w.strip("()")), int(v.strip("()"))) for w, v in pairs]
        read = [0 if i < 0 else int(x.flat[i]) for i, _ in known[row]]
        assert [value for _, value in pairs] == read
        assert sum(w * v for w, v in pairs) == y[row] == int(result)
        terms = reads.terms(row)
        assert [term.gid for term in terms] == [gid_of(g, c)[0] for _, c in known[row]]
        assert [t.kind == "zero" for t in terms] == [i < 0 for i, _ in known[row]]


def test_the_books_window_and_its_sum_are_drawn(artists):
    known = artists(drawn())
    assert known["y[7].text"].get_text() == "94.2"
    assert known["y[7].term.text"].get_text() == "94.2"
    values = [known[f"x[{i},{j}].term.text"] for i in (1, 2, 3) for j in (2, 3, 4)]
    said = [int(value.get_text()) for value in values]
    assert said == [10, 11, 12, 17, 18, 19, 24, 25, 26]
    cells = [known[f"x[{i},{j}].text"].get_text() for i in range(7) for j in range(7)]
    assert cells == [str(number) for number in range(1, 50)]
    weights = [known[f"w[{u},{v}].text"] for u in range(3) for v in range(3)]
    assert [float(w.get_text()) for w in weights] == [n / 10 for n in range(1, 10)]
    assert {"input", "kernel", "output"} <= set(known)


def test_the_book_is_legible_at_the_width_of_a_column():
    figure = drawn()
    assert figure.get_figwidth() <= 6.5
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    assert min(text.get_fontsize() for text in texts) >= 6


@over_geometries
def test_cells_have_the_color_of_the_tap_that_reads_them(artists, slid, g):
    last = g.rank == 1
    row, theme = (g.matrix_shape[0] - 1) * last, (LIGHT, DARK)[last]
    known = artists(drawn(g, output=row, theme=theme))
    first = row // (g.matrix_shape[0] // g.out_channels) * g.taps_per_row
    under = {cell: (n, one) for n, (one, cell) in enumerate(slid(g)[row], first)}
    for cell in range(int(np.prod(padded_shape(g)))):
        gid, padding = gid_of(g, cell)
        tap, one = under.get(cell, (None, None))
        wanted = theme.plain.fill if not padding else theme.background
        if tap is not None:
            wanted = theme.dropped.fill if one < 0 else tap_mark(tap, theme).fill
        assert fill(known[gid]) == wanted, gid
        assert (known[gid].get_linestyle() in ("--", "dashed")) == padding
        if one == -1 and f"{gid}.text" in known:
            assert known[f"{gid}.text"].get_text() == "×"


@over_geometries
def test_the_frame_is_about_the_window_on_the_channels_of_its_group(artists, slid, g):
    row = g.matrix_shape[0] // 2
    known = artists(apply_once(g, output=row))
    per_plane = int(np.prod([axis.padded_size for axis in g.axes]))
    planes = {}
    for _, cell in slid(g)[row]:
        planes.setdefault(cell // per_plane, []).append(box(known[gid_of(g, cell)[0]]))
    frames = {gid for gid in known if gid.startswith("window")}
    assert frames == {f"window[{plane}]" for plane in planes}
    for plane, cells in planes.items():
        lows, highs = np.min(cells, axis=0)[:2], np.max(cells, axis=0)[2:]
        frame = box(known[f"window[{plane}]"])
        np.testing.assert_allclose(frame, [*lows, *highs], atol=1e-6)


@over_geometries
def test_one_output_is_filled_and_has_its_place(artists, g):
    rows = g.matrix_shape[0]
    known = artists(apply_once(g, output=rows - 1))
    filled = [r for r in range(rows) if fill(known[f"y[{r}]"]) == LIGHT.output.fill]
    assert filled == [rows - 1]
    assert len({box(known[f"y[{r}]"]) for r in range(rows)}) == rows


def test_each_plane_of_the_kernel_stands_level_with_what_it_reads(artists):
    known = artists(apply_once(geometry((2, 5, 5), (1, 2, 3, 3))))
    for channel in (0, 1):
        kernel, middle = known[f"w[0,{channel},1,1]"], known[f"x[{channel},2,2]"]
        assert box(kernel)[1] == pytest.approx(box(middle)[1])
        assert f"input.channel[{channel}]" in known


def test_a_tap_on_a_zero_is_grey_beside_its_zero_in_the_sum(artists):
    known = artists(apply_once(geometry(2, 2, padding=1), output=0, bias="b"))
    assert fill(known["w[0].term"]) == LIGHT.dropped.fill
    assert known["pad[0].term.text"].get_text() == "0"
    assert fill(known["w[1].term"]) == tap_mark(1).fill
    assert known["x[0].term.text"].get_text() == "A"
    assert known["b[0].term"].get_text() == "b"


def test_cells_without_room_for_text_have_color_alone_and_the_kernel_tells(
    artists, assert_texts_apart
):
    figure = apply_once(geometry((20, 20), (5, 5), padding=2), output=(0, 3))
    assert_texts_apart(figure)
    known = artists(figure)
    assert "x[0,0].text" not in known
    assert known["w[4,4].text"].get_text() == "w₄₄"
    assert known["w[4,4].text"].get_fontsize() >= 6
    assert fill(known["x[0,3]"]) == tap_mark(12).fill
    assert figure.get_figwidth() <= 6.5


def test_a_long_sum_is_told_by_its_length(artists):
    g = geometry((1, 9, 9), (1, 1, 8, 8))
    figure = apply_once(g, np.ones(g.kernel_shape, int), np.ones(g.input_shape, int))
    assert artists(figure)["sum"].get_text() == "S = sum of 64 products = 64"
    assert figure.convmat["alt"].endswith("S = sum of 64 products = 64")


def test_the_middle_output_is_the_default_and_positions_are_rows(artists):
    g = geometry((2, 5, 5), (2, 2, 3, 3))
    assert apply_once(g).convmat["params"]["output"] == 4
    assert apply_once(g, output=(1, 0, 2)).convmat["params"]["output"] == 11
    assert apply_once(g, output=np.int64(11)).convmat["highlighted"]["y"] == ["y[11]"]


def test_the_alt_text_says_where_the_window_lies_and_what_it_gives():
    head, told = drawn().convmat["alt"].splitlines()
    assert head.startswith("One output of geometry((7, 7), (3, 3)): the window lies on")
    assert head.endswith("lies on rows 1 to 3 and columns 2 to 4 of the input.")
    assert told.startswith("y₁₂ = 0.1·10 + 0.2·11 + 0.3·12 + 0.4·17 + 0.5·18 + 0.6·19")
    assert told.endswith(" + 0.7·24 + 0.8·25 + 0.9·26 = 94.2")
    mirrored = geometry(3, 3, padding=1, padding_mode="reflect")
    alt = apply_once(mirrored, output=0).convmat["alt"]
    assert "columns 0 to 2 of the padded input; 1 of its 3 taps read padding" in alt
    alt = apply_once(geometry(3, 3, padding=1), output=0).convmat["alt"]
    assert "1 of its 3 taps fall on zeros of the padding" in alt


def test_fractions_stay_exact(artists):
    figure = apply_once(geometry(2, 2), [Fraction(1, 3), Fraction(1, 2)], [1, 1])
    assert artists(figure)["y[0].text"].get_text() == "5/6"


@over_geometries
def test_all_highlighted_ids_are_drawn_and_are_the_inputs_read(artists, slid, g):
    figure = drawn(g, output=0, theme="light")
    known, marked = artists(figure), figure.convmat["highlighted"]
    assert all(gid in known for gids in marked.values() for gid in gids)
    assert len(marked["x"]) == sum(one >= 0 for one, _ in slid(g)[0])


EXTREMES = [
    geometry(120, 50),
    geometry((1, 64), (1, 2)),
    geometry((64, 1), (2, 1)),
    geometry((6, 3), (6, 6, 1)),
]


@pytest.mark.parametrize("g", [*GEOMETRIES, *EXTREMES], ids=repr)
def test_no_texts_of_letters_overlap(assert_texts_apart, g):
    assert_texts_apart(apply_once(g, bias="b"))


@pytest.mark.parametrize("g", [None, *GEOMETRIES], ids=repr)
def test_no_texts_of_numbers_overlap(assert_texts_apart, g):
    kernel, x = (None, None) if g is None else integers(g)
    if g is not None:
        kernel, x = kernel / 8, 1000 * x
    assert_texts_apart(apply_once(g, kernel, x, bias=-2.5, theme="dark"))


def test_given_axes_are_drawn_on(assert_texts_apart):
    figure = Figure(figsize=(13, 5))
    left, right = figure.subplots(1, 2)
    assert apply_once(ax=left) is figure
    apply_once(KLEINSMITH, ax=right, theme="light")
    assert len(figure.convmat["parts"]) == 2
    assert_texts_apart(figure)


@pytest.mark.parametrize(
    ("g", "rule"),
    [
        (geometry((2, 2, 2), (1, 1, 1)), "must have one or two spatial axes"),
        (geometry((40, 40), (3, 3)), r"at most 2,500 cells .*here 1,600 and 1,444"),
        (geometry((10**9, 10**9), (3, 3)), "at most 2,500 cells"),
        (geometry(121, 2), r"at most 120 cells .*here 121"),
        (geometry((2, 65), (2, 2)), r"at most 64 cells .*here 65"),
    ],
    ids=repr,
)
def test_what_cannot_be_drawn_is_refused_with_what_draws_it(g, rule):
    with pytest.raises(ShapeError, match=f"{rule}.*matrix_plot"):
        apply_once(g)


@pytest.mark.parametrize("output", [4, -1, (0, 2), (0,) * 3, ()], ids=repr)
def test_an_output_that_there_is_not_is_refused(output):
    with pytest.raises(ShapeError, match=r"output must be a row below 4.*\(2, 2\)"):
        apply_once(KLEINSMITH, output=output)


def test_arguments_of_another_kind_are_refused():
    with pytest.raises(ConvmatTypeError, match="output must be integers"):
        apply_once(KLEINSMITH, output=1.0)
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        apply_once((3, 3))
    with pytest.raises(ConvmatError, match="theme must be 'light' or 'dark'"):
        apply_once(theme="blue")
    with pytest.raises(ShapeError, match=r"kernel.shape must be \(2, 2\)"):
        apply_once(KLEINSMITH, [1, 2])
    with pytest.raises(ShapeError, match=r"bias.shape must be \(1,\)"):
        apply_once(KLEINSMITH, bias=[1, 2])
