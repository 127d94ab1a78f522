"""A sheet by itself, and within axes that a caller gave; films."""

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import TextPath

from convmat import geometry
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures import matrix_equation
from convmat.figures.canvas import text_width
from convmat.figures.film import Film
from convmat.figures.style import FONT

KLEINSMITH = geometry((3, 3), (2, 2))


def sizes(figure):
    texts = figure.findobj(lambda a: isinstance(a, Text) and a.get_gid())
    return {text.get_gid(): text.get_fontsize() for text in texts}


def test_given_axes_keep_their_place_and_texts_shrink_in_proportion(assert_texts_apart):
    alone = matrix_equation(KLEINSMITH, bias="b")
    figure = Figure(figsize=(16, 8))
    upper, lower = figure.subplots(2)
    assert matrix_equation(KLEINSMITH, bias="b", ax=upper) is figure
    wide, high = alone.get_size_inches()
    room = upper.get_position(original=True)
    scale = min(room.width * 16 / wide, room.height * 8 / high)
    assert 0 < scale < 1.5
    small = sizes(figure)
    for gid, size in sizes(alone).items():
        assert small[gid] == pytest.approx(size * scale)
    assert not lower.texts
    assert_texts_apart(figure)


def test_two_sheets_on_one_figure_are_both_told():
    figure = Figure(figsize=(10, 6))
    for ax in figure.subplots(2):
        matrix_equation(KLEINSMITH, ax=ax)
    note = figure.convmat
    assert [part["kind"] for part in note["parts"]] == ["matrix_equation"] * 2
    assert note["kind"] == "several"
    assert note["alt"] == "\n".join(part["alt"] for part in note["parts"])
    assert note["highlighted"]["y"] == [f"y[{r}]" for r in range(4)] * 2


def test_a_sheet_in_a_subfigure_notes_the_whole_figure():
    figure = Figure()
    (left, _) = figure.subfigures(1, 2)
    assert matrix_equation(KLEINSMITH, ax=left.add_subplot()) is figure
    assert figure.convmat["kind"] == "matrix_equation"


def test_what_is_no_axes_is_refused():
    with pytest.raises(
        ConvmatTypeError, match="ax must be a matplotlib Axes, got ax=3"
    ):
        matrix_equation(KLEINSMITH, ax=3)


def test_a_sheet_leaves_the_settings_of_matplotlib_alone():
    before = mpl.rcParams.copy()
    matrix_equation(KLEINSMITH, ax=Figure().add_subplot())
    assert mpl.rcParams == before


def test_a_film_draws_each_frame_when_asked():
    drawn = []
    film = Film(3, lambda k: drawn.append(k) or Figure(), 0.1)
    frames = iter(film)
    next(frames)
    assert drawn == [0]
    assert len(list(frames)) == 2
    assert len(film) == 3


@pytest.mark.parametrize(
    ("parts", "words"),
    [((0,), "count must be at least 1"), ((1, 0.0), "seconds must be greater than 0")],
    ids=["no frame", "no time"],
)
def test_a_film_of_nothing_is_refused(parts, words):
    count, *seconds = parts
    with pytest.raises(ConvmatError, match=words):
        Film(count, lambda _: Figure(), *seconds)


@pytest.mark.parametrize(
    "text",
    ["α₁₂ × 0.5", "Wᵀ and y₀₁", "Receptive field: 7 cells.", "(-3)·γ + b", "%&@§"],
)
def test_a_text_is_as_wide_as_its_outline(text):
    path = TextPath((0, 0), text, size=10, prop=FontProperties(family=FONT))
    assert text_width(text, 10) == pytest.approx(path.get_extents().width / 72)


@pytest.mark.parametrize(
    ("places", "fault"),
    [
        (((0.2, 0.5), (0.21, 0.5)), "overlap"),
        (((0.2, 0.2), (0.99, 0.8)), "cut off"),
        (((0.2, 0.2), (0.2, 0.99)), "cut off"),
    ],
    ids=["overlap", "right", "top"],
)
def test_the_check_of_texts_sees_what_overlaps_and_what_is_cut_off(
    assert_texts_apart, places, fault
):
    figure = Figure()
    for place in ((0.2, 0.2), (0.2, 0.8)):
        figure.text(*place, "word", gid=f"{place}")
    assert_texts_apart(figure)
    figure = Figure()
    for number, place in enumerate(places):
        figure.text(*place, "word", gid=f"{number}")
    with pytest.raises(AssertionError, match=fault):
        assert_texts_apart(figure)
