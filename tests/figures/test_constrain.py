"""The figures that `convmat constrain` leaves."""

import numpy as np
import pytest

from convmat import figures
from convmat.cli import pictures
from convmat.experiments import EDGES, climb_ladder, learn_kernel
from convmat.nn import load_digits

LADDER = [
    "ladder-distance",
    "ladder-held-out",
    "ladder-matrices",
    "ladder-moved",
    "ladder-windows",
]


@pytest.fixture(scope="module")
def climbs():
    return climb_ladder(epochs=2, samples=16, progress=False)


def test_the_curves_of_the_ladder_are_its_numbers(climbs, artists):
    drawn = pictures.of_ladder(climbs)
    assert sorted(drawn) == LADDER
    wanted = {
        "ladder-held-out": lambda climb: [100 * a for a in climb.accuracies],
        "ladder-moved": lambda climb: [100 * a for a in climb.moved_accuracies],
        "ladder-distance": lambda climb: climb.distances[1:],
    }
    for picture, values in wanted.items():
        known = artists(drawn[picture][0])
        curves = [gid for gid in known if gid.startswith("curve[")]
        assert len(curves) == 4
        for name, climb in climbs.items():
            told = name.replace("_", " ")
            gid = next(gid for gid in curves if gid.startswith(f"curve[{told}"))
            assert list(known[gid].get_ydata()) == values(climb)
            assert list(known[gid].get_xdata()) == [1, 2]
        assert known["label.x"].get_text() == "epoch"
        unit = "own size" if picture == "ladder-distance" else "%"
        assert known["label.y"].get_text().endswith(unit)
    assert "curve[circulant: what wraps]" in artists(drawn["ladder-distance"][0])


def test_the_matrices_are_those_of_the_first_map(climbs, monkeypatch):
    grids = []

    def recorded(arrays, titles):
        grids.append((arrays, titles))
        return right(arrays, titles)

    right = figures.kernel_grid
    monkeypatch.setattr(figures, "kernel_grid", recorded)
    pictures.of_ladder(climbs)
    (matrices, titles), (windows, names) = grids
    assert titles == [f"{name.replace('_', ' ')}, map 1" for name in climbs]
    for array, climb in zip(matrices, climbs.values(), strict=True):
        assert array.shape == (100, 100)
        assert np.abs(array).max() == 1
        most = np.abs(climb.matrix[:100]).max()
        assert np.array_equal(array, climb.matrix[:100] / most)
    # Row 5, column 5 of each of the first five maps.
    assert len(windows) == len(names) == 20
    assert names[:2] == ["dense, map 1", "dense, map 2"]
    for number, window in enumerate(windows):
        rung, channel = divmod(number, 5)
        row = list(climbs.values())[rung].matrix.reshape(24, 10, 10, 10, 10)
        reads = row[channel, 5, 5]
        assert np.array_equal(window, reads / np.abs(reads).max())


@pytest.mark.parametrize("name", LADDER)
def test_no_texts_of_the_ladder_overlap(climbs, name, assert_texts_apart):
    figure, meaning = pictures.of_ladder(climbs)[name]
    alt = figure.convmat["alt"]
    assert alt.startswith(f"{meaning[0].upper()}{meaning[1:]}. ")
    assert_texts_apart(figure)


def test_the_pictures_of_a_kernel_go_from_zero_to_the_secret(artists):
    images = load_digits(dtype=int).train_images[:20]
    found = learn_kernel(images, EDGES["top"], steps=120, progress=False)
    drawn = pictures.of_kernel(found)
    assert list(drawn) == ["kernel-learned", "kernel-distance"]
    known = artists(drawn["kernel-learned"][0])
    steps = "step 0", "step 1", "step 10", "step 100", "step 120", "the secret"
    for place, title in enumerate(steps):
        assert known[f"title[{place}]"].get_text() == title
    assert known["w[0,1,1].text"].get_text() == "0"
    assert known["w[5,0,0].text"].get_text() == "-1"
    curves = artists(drawn["kernel-distance"][0])
    off = np.abs(found.kernels[1:] - found.secret).max(axis=(1, 2))
    assert np.array_equal(curves["curve[the farthest tap]"].get_ydata(), off)
    assert curves["curves"].get_yscale() == "log"


def test_a_kernel_found_to_the_bit_still_fits_the_logarithmic_axis(artists):
    found = learn_kernel([[[[4]]]], [[3]], steps=400, momentum=0.0, progress=False)
    assert (found.kernels[-1] == found.secret).all()
    curves = artists(pictures.of_kernel(found)["kernel-distance"][0])
    assert (curves["curve[the farthest tap]"].get_ydata() > 0).all()
