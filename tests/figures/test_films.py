import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from convmat import ConvmatError, ConvmatTypeError, ShapeError
from convmat.errors import MatrixTooLargeError
from convmat.figures import gif_file, save
from convmat.figures.canvas import cell
from convmat.figures.film import Film
from convmat.figures.gif_file import gif
from convmat.figures.sheet import Sheet
from convmat.figures.style import theme_of


def frame(number, theme="light", count=4):
    """A row of cells, of which one is filled."""
    sheet = Sheet.blank(theme_of(theme))
    for place in range(count):
        mark = sheet.theme.output if place == number else sheet.theme.plain
        at = 0.1 + 0.4 * place, 0.1
        cell(sheet.ax, at, (0.4, 0.4), mark, f"y[{place}]", text=f"{place}")
    sheet.cut(0.2 + 0.4 * count, 0.6)
    return sheet.finish("row", {}, f"cell {number} is filled", y=[f"y[{number}]"])


def film(theme="light", count=4, seconds=0.3):
    note = {"kind": "row", "alt": "One cell after the other is filled: ✓."}
    return Film(count, lambda number: frame(number, theme, count), seconds, note)


def frames_of(content):
    with Image.open(io.BytesIO(content)) as image:
        shown = []
        for number in range(image.n_frames):
            image.seek(number)
            shown.append(np.asarray(image.convert("RGB")))
        return image, shown


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_gif_has_every_frame_as_it_is_drawn_for_ever_with_its_alt_text(
    tmp_path, theme
):
    moving_film = film(theme)
    path = save(moving_film, tmp_path / "film.gif", dpi=80)
    with Image.open(path) as image:
        assert image.n_frames == 4
        assert image.info["loop"] == 0
        assert image.info["duration"] == 300
        assert image.info["comment"].decode() == moving_film.convmat["alt"]
    _, shown = frames_of(path.read_bytes())
    grounds = {theme_of(theme).background, theme_of(theme).output.fill}
    for number, picture in enumerate(shown):
        still = save(moving_film.draw(number), tmp_path / "still.png", dpi=80)
        with Image.open(still) as image:
            drawn = np.asarray(image.convert("RGB")).astype(int)
        assert picture.shape == drawn.shape
        # A few letters' rims are rounded to the palette; grounds and fills are exact.
        assert np.abs(picture - drawn).max() <= 24
        for ground in grounds:
            color = [int(ground[at : at + 2], 16) for at in (1, 3, 5)]
            where = (drawn == color).all(axis=2)
            assert where.sum() > 100
            assert (picture[where] == color).all()


def test_a_gif_of_few_colors_is_exact():
    colors = np.zeros((100, 200, 3), np.uint8)
    colors[..., 0] = np.arange(200)

    def draw(number):
        figure = Figure(figsize=(2, 1), dpi=100)
        figure.figimage(np.roll(colors, number, axis=1))
        return figure

    _, shown = frames_of(gif(Film(2, draw), 100))
    for number, picture in enumerate(shown):
        buffer = io.BytesIO()
        draw(number).savefig(buffer, format="png", dpi=100)
        drawn = np.asarray(Image.open(buffer).convert("RGB"))
        np.testing.assert_array_equal(picture, drawn)


def test_more_colors_than_a_gif_has_become_the_nearest_of_the_most_frequent():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 2**24, (30, 30)).astype(np.uint32) for _ in range(2)]
    pictures[0][:20] = 0x123456
    known, numbers, palette = gif_file._palette(pictures)
    assert palette.shape == (256, 3)
    assert [0x12, 0x34, 0x56] in palette.tolist()
    assert np.array_equal(known, np.unique(np.stack(pictures)))
    parts = np.stack([known >> 16, known >> 8 & 255, known & 255], 1).astype(int)
    chosen = ((parts - palette[numbers]) ** 2).sum(axis=1)
    best = ((parts[:, None] - palette[None].astype(int)) ** 2).sum(axis=2).min(axis=1)
    assert np.array_equal(chosen, best)


def test_the_same_film_gives_the_same_bytes():
    assert gif(film(), 60) == gif(film(), 60)


def test_one_frame_and_the_shortest_time_are_a_film_too():
    image, shown = frames_of(gif(film(count=1, seconds=0.001), 50))
    assert len(shown) == 1
    image, shown = frames_of(gif(film(count=2, seconds=0.001), 50))
    assert image.info["duration"] == 10


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "tex"])
def test_a_format_that_stands_still_has_the_last_frame(tmp_path, suffix):
    of_film = save(film(), tmp_path / f"film.{suffix}").read_bytes()
    of_frame = save(frame(3), tmp_path / f"frame.{suffix}").read_bytes()
    assert of_film == of_frame


def test_a_figure_that_stands_still_is_no_gif(tmp_path):
    with pytest.raises(ConvmatError, match=r"figure must be a Film.*GIF.*\.png"):
        save(frame(0), tmp_path / "figure.gif")
    with pytest.raises(ConvmatTypeError, match="figure must be a Figure or a Film"):
        save([frame(0)], tmp_path / "figure.gif")
    assert not list(tmp_path.iterdir())


def test_frames_of_other_sizes_are_refused():
    uneven = Film(3, lambda number: Figure(figsize=(1 + (number == 2), 1)))
    with pytest.raises(ShapeError, match=r"frame 2.size must be that of the first"):
        gif(uneven, 30)


def test_a_film_beyond_the_memory_is_refused_after_its_first_frame(monkeypatch):
    drawn = []

    def draw(number):
        drawn.append(number)
        return Figure(figsize=(1, 1))

    monkeypatch.setattr("convmat.memory.physical_bytes", lambda: 1 << 16)
    with pytest.raises(MatrixTooLargeError, match=r"frames of .*smaller dpi"):
        gif(Film(1000, draw), 50)
    assert drawn == [0]


def test_a_film_draws_each_frame_once():
    drawn = []

    def draw(number):
        drawn.append(number)
        return frame(number)

    assert gif(Film(4, draw), 40, progress=False)[:4] == b"GIF8"
    assert drawn == [0, 1, 2, 3]
