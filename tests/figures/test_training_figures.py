"""What all figures of training share: ids, records, themes, bytes, texts apart."""

import importlib.util
import json
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_hex

from convmat import ConvmatError, conv, figures
from convmat.experiments import EDGES, descend_valley, normed
from convmat.figures.style import DARK, LIGHT
from convmat.nn import ActivationStats, BatchNorm, Epoch, LRFinding, Recorder
from convmat.nn.stats import LayerStats
from convmat.optim import Constant, FlatCosine, OneCycle

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (28, 28))
WEIGHTS = RNG.normal(size=(8, 4, 3, 3))


def recorded(fits=2, epochs=3, batches=5):
    recorder = Recorder()
    for fit in range(fits):
        recorder.begin()
        plan = OneCycle(0.1)
        for step in range(epochs * batches):
            rates = plan.rates(step / (epochs * batches))
            recorder.add(2.0 / (1 + fit + step), rates.lr, rates.momentum)
            if step % batches == batches - 1:
                done, smooth = len(recorder.steps), recorder.smooth_losses[-1]
                number = len(recorder.epochs)
                recorder.epochs.append(Epoch(number, done, smooth, 1 / done))
    return recorder


def watched(batches=7, bins=40):
    stats = ActivationStats(bins=bins)
    for name in ("0", "2"):
        seen = LayerStats(name, "Conv")
        for _ in range(batches):
            seen.see(RNG.normal(size=300), bins, stats.span)
        stats.layers.append(seen)
    return stats


def found():
    lrs = tuple(np.geomspace(1e-7, 1, 60).tolist())
    losses = (*np.linspace(2.3, 1.5, 55).tolist(), 3.0, 5.0, 8.0, 9.0, 20.0)
    return LRFinding(lrs, losses, 1e-3, 2e-3, 1.1e-3, None)


def batch_norm():
    layer = BatchNorm(2)
    layer.parameters["weight"][:] = 1.5, -2.0
    layer.parameters["bias"][:] = 0.5, 1.0
    for _ in range(20):
        layer.forward(RNG.normal(2.5, 1.5, (16, 2, 3)))
    return layer, RNG.normal(3, 2, (32, 2, 4))


LAYER, BATCH = batch_norm()


def drawn_batch_norm(theme):
    layer, seen = LAYER, normed(LAYER, BATCH)
    return figures.batchnorm(
        seen.before,
        seen.after,
        layer,
        normalised=seen.normalised,
        evaluated=seen.evaluated,
        channel=1,
        theme=theme,
    )


RECORDER, STATS = recorded(), watched()
EDGE_MAPS = [conv(IMAGE, kernel) for kernel in EDGES.values()]
FIGURES = {
    "kernel_tiles": lambda theme: figures.kernel_tiles(WEIGHTS, theme=theme),
    "kernel_tiles: one channel": lambda theme: figures.kernel_tiles(
        WEIGHTS[:, :1], theme=theme
    ),
    "kernel_tiles: too many": lambda theme: figures.kernel_tiles(
        np.ones((20, 30, 1, 2)), colors="grey", theme=theme
    ),
    "kernel_tiles: colours": lambda theme: figures.kernel_tiles(
        WEIGHTS[:, :3], theme=theme
    ),
    "kernel_tiles: a line": lambda theme: figures.kernel_tiles([[[1, 2]]], theme=theme),
    "feature_maps": lambda theme: figures.feature_maps(
        IMAGE, EDGE_MAPS, list(EDGES), kernels=list(EDGES.values()), theme=theme
    ),
    "feature_maps: many": lambda theme: figures.feature_maps(
        IMAGE, RNG.random((11, 9, 5)), theme=theme
    ),
    "feature_maps: long names": lambda theme: figures.feature_maps(
        np.eye(3), [np.eye(2)] * 3, ["a map with a name that is long"] * 3, theme=theme
    ),
    "pixel_table": lambda theme: figures.pixel_table(IMAGE[:10, :20], theme=theme),
    "pixel_table: one": lambda theme: figures.pixel_table([[0.125]], theme=theme),
    "schedule": lambda theme: figures.schedule(RECORDER, theme=theme),
    "schedule: plan": lambda theme: figures.schedule(FlatCosine(0.1), 50, theme=theme),
    "schedule: nothing": lambda theme: figures.schedule(Constant(), 1, theme=theme),
    "layer_stats": lambda theme: figures.layer_stats(STATS, -1, theme=theme),
    "color_dim": lambda theme: figures.color_dim(STATS, -1, theme=theme),
    "losses": lambda theme: figures.losses(RECORDER, theme=theme),
    "losses: log": lambda theme: figures.losses(RECORDER, log=True, theme=theme),
    "losses: many": lambda theme: figures.losses(recorded(1, 40, 2), theme=theme),
    "lr_find": lambda theme: figures.lr_find(found(), theme=theme),
    "lr_find: equal": lambda theme: figures.lr_find(
        LRFinding((1e-3, 1, 2), (1, 2, 3), 1, 1, 1, 1), theme=theme
    ),
    "batchnorm": drawn_batch_norm,
    "batchnorm: two": lambda theme: figures.batchnorm(
        *[RNG.normal(size=(9, 1)) for _ in range(2)], theme=theme
    ),
    "momentum": lambda theme: figures.momentum(descend_valley(steps=30), theme=theme),
    "momentum: exact": lambda theme: figures.momentum(
        descend_valley((0, Fraction(1, 2)), lr=Fraction(1, 100), steps=9), theme=theme
    ),
}
THEMES = {"light": LIGHT, "dark": DARK}


@cache
def drawn(name, theme):
    """A figure that several tests look at, and none changes."""
    return FIGURES[name](theme)


every_figure = pytest.mark.parametrize("name", FIGURES)
one_of_each = pytest.mark.parametrize("name", [n for n in FIGURES if ":" not in n])
both_themes = pytest.mark.parametrize("theme", THEMES)


@every_figure
def test_every_artist_has_an_id_of_its_own(artists, name):
    figure = drawn(name, "light")
    assert len(artists(figure)) > 5
    for ax in figure.axes:
        parts = (ax.lines, ax.patches, ax.images, ax.texts, ax.collections)
        nameless = [a for part in parts for a in part if not a.get_gid()]
        assert nameless == []
        assert ax.get_gid()


@every_figure
def test_texts_neither_overlap_nor_are_cut_off(assert_texts_apart, name):
    figure = drawn(name, "light")
    assert_texts_apart(figure)
    wide, high = figure.get_size_inches()
    assert wide <= 7.5  # of a page with its margins
    assert high <= 9.5


@one_of_each
@both_themes
def test_ground_and_text_are_those_of_the_theme(artists, name, theme):
    figure, look = drawn(name, theme), THEMES[theme]
    assert to_hex(figure.get_facecolor()).upper() == look.background
    known = artists(figure)
    captions = [artist for gid, artist in known.items() if gid.startswith("caption")]
    labels = [artist for gid, artist in known.items() if gid.startswith("label.")]
    for text in captions + labels:
        assert to_hex(text.get_color()).upper() == look.ink
    for ax in figure.axes:
        for tick in ax.xaxis.get_ticklabels() if ax.axison else []:
            assert to_hex(tick.get_color()).upper() == look.ink


@every_figure
def test_the_record_names_the_figure_and_can_be_written_as_json(name):
    record = drawn(name, "light").convmat
    assert record["kind"] == name.partition(":")[0]
    assert record["params"]["theme"] == "light"
    assert len(record["alt"]) > 40
    assert record["alt"].endswith(".")
    assert "nan" not in record["alt"].split()
    assert json.loads(json.dumps(record)) == record


@one_of_each
def test_the_same_data_give_the_same_svg(tmp_path, name):
    once = figures.save(drawn(name, "dark"), tmp_path / "1.svg").read_bytes()
    again = figures.save(FIGURES[name]("dark"), tmp_path / "2.svg").read_bytes()
    assert once == again


@one_of_each
def test_an_unknown_theme_is_refused(name):
    with pytest.raises(ConvmatError, match="theme must be 'light' or 'dark'"):
        FIGURES[name]("blue")


def sibling(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


style = sibling("test_style.py")


@pytest.mark.parametrize("vision", style.VISION)
def test_signs_and_counts_can_be_told_by_every_reader(vision):
    seen = style.VISION[vision]
    signs = colormaps["PuOr"]
    for share in (0.2, 0.5, 0.8, 1.0):
        below, zero, above = (
            style.lab(to_hex(signs(0.5 + half * share)), seen)
            for half in (-0.5, 0, 0.5)
        )
        for one, other in ((below, zero), (zero, above), (below, above)):
            assert np.linalg.norm(one - other) > 10
    for name, sign in (("viridis", 1), ("Greys", -1)):
        lightness = [
            style.lab(to_hex(colormaps[name](share)), seen)[0]
            for share in np.linspace(0, 1, 20)
        ]
        assert (np.diff(lightness) * sign > 0).all()
