"""The window on its way: frames on one sheet, and a film."""

from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convmat import ConvmatError, ConvmatTypeError, ShapeError, conv, geometry
from convmat.figures import slide_film, slide_frames
from convmat.figures.style import LIGHT, tap_mark

KLEINSMITH = geometry((3, 3), (2, 2))
PADDED = geometry((3, 4), (2, 3), stride=(1, 2), padding=((0, 1), (1, 0)))
CHANNELS = geometry((2, 2, 3), (2, 2, 2, 2))
LINE = geometry(6, 3, padding=[(2, 0)], padding_mode="circular", stride=2)
SMALL = [KLEINSMITH, PADDED, CHANNELS, LINE, geometry(1, 1)]


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


def boxes(known):
    """Places of all cells, by id."""
    return {
        gid: (*artist.get_xy(), artist.get_width(), artist.get_height())
        for gid, artist in known.items()
        if isinstance(artist, Rectangle) and gid[0] in "xpyw" and "window" not in gid
    }


def test_the_known_example_has_the_results_of_the_guide(artists):
    known = artists(slide_frames())
    results = [known[f"y[{row}].text"].get_text() for row in range(9)]
    assert results == ["12", "12", "17", "10", "17", "19", "9", "6", "14"]
    titles = [known[f"title@y[{row}]"].get_text() for row in range(9)]
    assert titles == [f"{n} = {y}" for n, y in zip("PQRSTUVWX", results, strict=True)]


@pytest.mark.parametrize("g", SMALL, ids=repr)
def test_each_frame_has_its_window_and_the_outputs_so_far(artists, slid, g):
    figure = slide_frames(g)
    known, rows = artists(figure), slid(g)
    shown = LIGHT.plain.fill
    for row, terms in enumerate(rows):
        assert fill(known[f"y[{row}]"]) == LIGHT.output.fill
        for other in set(range(len(rows))) - {row}:
            cell = known[f"y[{other}]@y[{row}]"]
            assert (fill(cell) != shown) == (other < row)
            assert (f"y[{other}]@y[{row}].text" in known) == (other < row)
        marked = {
            gid
            for gid in boxes(known)
            if gid[0] in "xp" and gid.endswith(f"@y[{row}]") and coloured(known[gid])
        }
        assert len(marked) == len(terms)
    assert len(figure.convmat["highlighted"]["x"]) == g.contributions
    assert all(gid in known for gid in figure.convmat["highlighted"]["x"])


def coloured(artist):
    return fill(artist) not in (LIGHT.plain.fill, LIGHT.background)


def test_the_kernel_is_drawn_once_as_the_key(artists):
    known = artists(slide_frames(CHANNELS))
    weights = [gid for gid in known if gid.startswith("w[") and gid.endswith("]")]
    assert len(weights) == CHANNELS.free_parameters
    assert fill(known["w[1,1,1,1]"]) == tap_mark(15).fill
    assert known["kernel"].get_text() == "kernel"


@pytest.mark.parametrize(
    ("g", "rows"),
    [
        (geometry((4, 3), (1, 1)), list(range(12))),
        (geometry((4, 6), (1, 2)), [0, 2, 4, 5, 7, 9, 15, 17, 19]),
        (geometry((13, 4), (3, 3)), [0, 1, 10, 11, 20, 21]),
        (geometry(14, 2), [0, 1, 3, 4, 6, 7, 9, 10, 12]),
        (geometry((1, 3, 4), (3, 1, 2, 2)), [0, 2, 3, 5, 12, 14, 15, 17]),
    ],
    ids=repr,
)
def test_of_many_outputs_some_are_drawn_and_named(artists, g, rows):
    figure = slide_frames(g)
    known = artists(figure)
    assert figure.convmat["params"]["outputs"] == rows
    titles = [gid for gid in known if gid.startswith("title@")]
    assert titles == [f"title@y[{row}]" for row in rows]
    count = g.matrix_shape[0]
    assert ("caption[0]" in known) == (len(rows) < count)
    if len(rows) < count:
        told = f"Drawn are {len(rows)} of {count} outputs: "
        assert known["caption[0]"].get_text().startswith(told)
        assert f"at {len(rows)} of its {count} outputs" in figure.convmat["alt"]


def test_outputs_and_columns_are_as_asked(artists):
    figure = slide_frames(KLEINSMITH, outputs=[3, (0, 1)], columns=1)
    known = artists(figure)
    assert figure.convmat["params"]["outputs"] == [3, 1]
    first, second = known["title@y[3]"], known["title@y[1]"]
    assert first.get_position()[0] == second.get_position()[0]
    assert first.get_position()[1] < second.get_position()[1]
    assert fill(known["y[0]@y[1]"]) != LIGHT.plain.fill
    assert fill(known["y[2]@y[1]"]) == LIGHT.plain.fill


@pytest.mark.parametrize("g", [None, *SMALL], ids=repr)
def test_no_texts_of_frames_overlap(assert_texts_apart, g):
    theme = "light" if g in SMALL[:2] else "dark"
    assert_texts_apart(slide_frames(g, theme=theme))


EXTREMES = [
    geometry(60, 32, stride=14),
    geometry((1, 60), (1, 32), stride=14),
    geometry((60, 1), (58, 1)),
    geometry((3, 3, 3), (3, 1, 2, 2), groups=3, padding=1),
    geometry((4, 1), (4, 4, 1)),
]


@pytest.mark.parametrize("g", EXTREMES, ids=repr)
def test_no_texts_of_extreme_frames_overlap(assert_texts_apart, g):
    figure = slide_frames(g)
    assert_texts_apart(figure)
    assert figure.get_figwidth() <= 12
    assert figure.get_figheight() <= 32


def test_the_default_is_legible_at_the_width_of_a_column():
    for figure in (slide_frames(), slide_film().draw(0)):
        assert figure.get_figwidth() <= 6.5
        texts = [text for text in figure.axes[0].texts if text.get_text()]
        assert min(text.get_fontsize() for text in texts) >= 6


def test_given_axes_are_drawn_on(assert_texts_apart):
    figure = Figure(figsize=(8, 6))
    assert slide_frames(ax=figure.add_subplot()) is figure
    assert_texts_apart(figure)


@cache
def filmed(g):
    """The frames of a film of numbers of one to four digits, kernel and input."""
    kernel = 10 ** (np.arange(g.free_parameters) % 4).reshape(g.kernel_shape)
    x = np.arange(g.matrix_shape[1]).reshape(g.input_shape)
    return list(slide_film(g, kernel, x)), kernel, x


@pytest.mark.parametrize("g", SMALL, ids=repr)
def test_all_frames_of_a_film_have_one_size_and_no_cell_jumps(artists, g):
    frames, _, _ = filmed(g)
    assert len(frames) == g.matrix_shape[0]
    assert len({tuple(frame.get_size_inches()) for frame in frames}) == 1
    places = {}
    for number, frame in enumerate(frames):
        for gid, place in boxes(artists(frame)).items():
            if not gid.startswith("w[") and not gid.endswith(".term"):
                assert places.setdefault(gid, place) == place, (number, gid)


def test_each_term_of_a_film_keeps_its_place_and_its_text_its_box(artists):
    g = geometry((1, 4), (2, 1, 2))
    frames = list(slide_film(g, [[[1, 1]], [[1000, -1000]]], [[1, 2, 300, 40000]]))
    terms = set()
    for frame in frames:
        frame.draw_without_rendering()
        known = artists(frame)
        boxes_of = {gid: box for gid, box in boxes(known).items() if ".term" in gid}
        terms.add(tuple(boxes_of.values()))
        for gid in boxes(known):
            if f"{gid}.text" in known:
                text = known[f"{gid}.text"].get_window_extent()
                cell = known[gid].get_window_extent()
                assert cell.x0 <= text.x0 < text.x1 <= cell.x1, gid
    assert len(terms) == 1


@pytest.mark.parametrize("g", SMALL, ids=repr)
def test_a_film_fills_the_output_with_what_conv_gives(artists, g):
    frames, kernel, x = filmed(g)
    y = [str(value) for value in conv(x, kernel, **g.keywords).ravel()]
    for row, frame in enumerate(frames):
        known = artists(frame)
        said = [known.get(f"y[{r}].text") for r in range(len(y))]
        assert [text and text.get_text() for text in said] == [
            *y[: row + 1],
            *[None] * (len(y) - row - 1),
        ]
        assert fill(known[f"y[{row}]"]) == LIGHT.output.fill
        assert known[f"y[{row}].term.text"].get_text() == y[row]
        assert frame.convmat["highlighted"]["y"] == [f"y[{row}]"]


def test_a_film_and_its_frames_have_alt_texts():
    film = slide_film(KLEINSMITH, [[1, 2], [3, 4]], np.arange(9).reshape(3, 3))
    assert film.convmat["kind"] == "slide_film"
    head, first, *_ = film.convmat["alt"].splitlines()
    assert head.startswith("A film of the window of geometry((3, 3), (2, 2)) at all of")
    assert head.endswith(" its 4 outputs; the outputs fill in their order.")
    assert first == "P = 1·0 + 2·1 + 3·3 + 4·4 = 27."
    assert film.convmat["highlighted"]["y"] == [f"y[{row}]" for row in range(4)]
    alt = film.draw(1).convmat["alt"]
    assert alt.startswith("Frame 2 of 4: the window lies on rows 0 to 1 and columns 1")


def test_the_same_frame_is_drawn_each_time():
    film = slide_film(outputs=[4, 8], seconds=0.5)
    assert (len(film), film.seconds) == (2, 0.5)
    once, again = film.draw(1), film.draw(1)
    assert once is not again
    assert once.convmat == again.convmat


@pytest.mark.parametrize("g", [CHANNELS, LINE, geometry((12, 12), (3, 3))], ids=repr)
def test_no_texts_of_a_film_overlap(assert_texts_apart, g):
    film = slide_film(g, outputs=[0, g.matrix_shape[0] - 1], theme="dark")
    for frame in film:
        assert_texts_apart(frame)


@pytest.mark.parametrize(
    ("draw", "g", "rule"),
    [
        (slide_frames, geometry((2, 2, 2), (1, 1, 1)), "one or two spatial axes"),
        (slide_frames, geometry((20, 20), (5, 5)), r"at most 400 cells.*slide_film"),
        (slide_frames, geometry(121, 2), "at most 120 cells"),
        (
            slide_frames,
            geometry(40, 33),
            "kernel of at most 32 taps across and 120 down",
        ),
        (slide_film, geometry((2, 2, 2), (1, 1, 1)), "one or two spatial axes"),
        (slide_film, geometry((50, 50), (2, 2)), "at most 2,500 cells"),
        (
            slide_film,
            geometry((20, 20), (3, 3)),
            r"at most 120 outputs.*here 324.*name",
        ),
    ],
    ids=["axes", "cells", "long", "kernel", "film axes", "film cells", "film outputs"],
)
def test_what_cannot_be_drawn_is_refused(draw, g, rule):
    with pytest.raises(ShapeError, match=rule):
        draw(g)


def test_more_frames_than_a_page_holds_are_refused():
    g = geometry((14, 14), (3, 3))
    with pytest.raises(ShapeError, match=r"few enough for one page.*slide_film"):
        slide_frames(g, outputs=range(144))


@pytest.mark.parametrize("draw", [slide_frames, slide_film])
def test_bad_arguments_are_refused(draw):
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        draw((3, 3))
    with pytest.raises(ConvmatTypeError, match="outputs must be a list of rows"):
        draw(KLEINSMITH, outputs=3)
    with pytest.raises(ConvmatError, match="one at least and none twice"):
        draw(KLEINSMITH, outputs=[])
    with pytest.raises(ConvmatError, match="one at least and none twice"):
        draw(KLEINSMITH, outputs=[1, (0, 1)])
    with pytest.raises(ShapeError, match="outputs must be a row below 4"):
        draw(KLEINSMITH, outputs=[4])
    with pytest.raises(ConvmatError, match="theme must be"):
        draw(theme="blue")


def test_columns_and_seconds_that_are_none_are_refused():
    with pytest.raises(ConvmatError, match="columns must be at least 1"):
        slide_frames(columns=0)
    with pytest.raises(ConvmatTypeError, match="columns must be integers"):
        slide_frames(columns=1.5)
    with pytest.raises(ConvmatError, match="seconds must be greater than 0"):
        slide_film(seconds=0)
