"""Every figure draws on axes that a caller gives, as it would draw alone."""

import inspect

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from convmat import figures, geometry
from convmat.experiments import EDGES, descend_valley
from convmat.nn import ActivationStats, Learner, Loader, digits_cnn, load_digits
from convmat.optim import SGD, OneCycle
from convmat.receptive import receptive_field

KLEINSMITH = geometry((3, 3), (2, 2))


@pytest.fixture(scope="module")
def trained():
    digits = load_digits()
    stats = ActivationStats()
    learner = Learner(
        digits_cnn("sliding"),
        Loader(digits.train_images[:128], digits.train_labels[:128], batch_size=64),
        SGD(lr=0.1),
        held_out=(digits.test_images[:64], digits.test_labels[:64]),
        callbacks=[stats],
    )
    return learner.fit(2, progress=False), stats


@pytest.fixture(scope="module")
def drawn(trained):
    recorder, stats = trained
    rng = np.random.default_rng(0)
    before = rng.normal(size=(6, 2, 4, 4))
    return {
        "batchnorm": lambda **look: figures.batchnorm(before, before / 2, **look),
        "color_dim": lambda **look: figures.color_dim(stats, 0, **look),
        "curves": lambda **look: figures.curves(
            {"a": [1, 2, 3], "b": [3, 1, 2]}, xlabel="x", ylabel="y", **look
        ),
        "feature_maps": lambda **look: figures.feature_maps(
            before[0, 0], [np.eye(6), -np.eye(6)], **look
        ),
        "four_applications": lambda **look: figures.four_applications(**look),
        "frequencies": lambda **look: figures.frequencies([[1, 2], [3, 4]], **look),
        "gradient_tying": lambda **look: figures.gradient_tying(
            KLEINSMITH, np.ones((4, 9)), **look
        ),
        "kernel_grid": lambda **look: figures.kernel_grid(list(EDGES.values()), **look),
        "kernel_tiles": lambda **look: figures.kernel_tiles(
            before[:, :, :3, :3], **look
        ),
        "layer_stats": lambda **look: figures.layer_stats(stats, 0, **look),
        "losses": lambda **look: figures.losses(recorder, **look),
        "matrices_compared": lambda **look: figures.matrices_compared(
            KLEINSMITH, np.ones((4, 4, 9)), **look
        ),
        "matrix_equation": lambda **look: figures.matrix_equation(KLEINSMITH, **look),
        "momentum": lambda **look: figures.momentum(descend_valley(steps=9), **look),
        "pixel_table": lambda **look: figures.pixel_table(np.ones((4, 5)), **look),
        "receptive_field": lambda **look: figures.receptive_field(
            receptive_field(["k3s2p1"] * 2, (9, 9)), **look
        ),
        "schedule": lambda **look: figures.schedule(OneCycle(0.06), 50, **look),
        "usage_map": lambda **look: figures.usage_map(np.ones((4, 5), int), **look),
    }


NAMES = [
    "batchnorm",
    "color_dim",
    "curves",
    "feature_maps",
    "four_applications",
    "frequencies",
    "gradient_tying",
    "kernel_grid",
    "kernel_tiles",
    "layer_stats",
    "losses",
    "matrices_compared",
    "matrix_equation",
    "momentum",
    "pixel_table",
    "receptive_field",
    "schedule",
    "usage_map",
]


def gids(figure):
    found = figure.findobj(lambda artist: artist.get_gid() not in (None, "sheet"))
    return sorted(artist.get_gid() for artist in found)


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_within_axes_has_the_artists_that_it_has_alone(drawn, name):
    alone = drawn[name]()
    figure = Figure(figsize=(9, 5))
    ax = figure.add_axes((0.05, 0.1, 0.5, 0.8))
    assert drawn[name](ax=ax) is figure
    assert gids(figure) == gids(alone)
    assert figure.convmat["alt"] == alone.convmat["alt"]


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_within_axes_stays_there(drawn, name):
    figure = Figure(figsize=(9, 5))
    figure.draw_without_rendering()
    ax = figure.add_axes((0.05, 0.1, 0.5, 0.8))
    room = ax.get_window_extent().padded(4)  # pixels, for hinting
    drawn[name](ax=ax)
    figure.draw_without_rendering()
    texts = figure.findobj(lambda a: isinstance(a, Text) and a.get_gid())
    boxes = [Text.get_window_extent(t) for t in texts if t.get_text().strip()]
    assert boxes
    for box in boxes:
        assert room.x0 <= box.x0 <= box.x1 <= room.x1
        assert room.y0 <= box.y0 <= box.y1 <= room.y1


def test_every_figure_takes_axes():
    functions = {
        name: getattr(figures, name)
        for name in figures.__all__
        if inspect.isfunction(getattr(figures, name))
    }
    drawing = {
        n
        for n, f in functions.items()
        if "theme" in inspect.signature(f).parameters
        and inspect.signature(f).return_annotation == "Figure"  # no film, no text
    }
    lacking = {
        n for n in drawing if "ax" not in inspect.signature(functions[n]).parameters
    }
    assert lacking == set()
    assert set(NAMES) <= drawing
