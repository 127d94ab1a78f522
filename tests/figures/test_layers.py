"""Layers as a table and as a flow, from networks, files and chains."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from convmat import ConvmatError, ConvmatTypeError, ShapeError, geometry
from convmat.costs import costs
from convmat.experiments.chapter13 import RUNS, network
from convmat.figures import flow, summary_table
from convmat.figures.layered import read_layers
from convmat.inspect import inspect_file
from convmat.nn import Conv, ReLU, Residual, Sequential, digits_cnn
from convmat.receptive import Layer

RNG = np.random.default_rng(0)
BOOK = network(RUNS["A"])
DEEP = network(RUNS["F"])


@pytest.fixture
def weights(tmp_path):
    """Two layers of a network of weights, with a bias."""
    arrays = {
        "first.weight": np.zeros((4, 1, 3, 3), np.float32),
        "first.bias": np.zeros(4, np.float32),
        "second.weight": np.zeros((8, 4, 3, 3), np.float32),
    }
    np.savez(tmp_path / "net.npz", **arrays)
    return tmp_path / "net.npz"


def column(known, name):
    """The texts of a column of the table, without its head."""
    places = {}
    for gid, artist in known.items():
        match = re.fullmatch(rf"{name}\[(\d+|total)\]", gid)
        if match:
            places[match[1]] = artist.get_text().replace(",", "")
    return places


def test_the_book_multiplies_by_the_output_grid(artists):
    known = artists(summary_table(BOOK, (1, 28, 28)))
    padded, effective = column(known, "padded"), column(known, "effective")
    convolutions = ["0", "2", "4", "6", "8"]
    # Issue 539 of fastbook; and per channel pair 41², 20², 10², 5² and 2² remain.
    told = [int(padded[n]) for n in convolutions]
    assert told == [7056, 14112, 18432, 18432, 576]
    pairs = [4, 32, 128, 512, 64]
    kept = [pairs[n] * side**2 for n, side in enumerate((41, 20, 10, 5, 2))]
    assert [int(effective[n]) for n in convolutions] == kept
    assert column(known, "parameters")["total"] == "6722"


@pytest.mark.parametrize("source", [BOOK, DEEP, digits_cnn()], ids=["A", "F", "digits"])
def test_the_table_is_the_summary(artists, source):
    shape = (1, 8, 8) if len(source.layers) == 6 else (1, 28, 28)
    summary = source.summary(shape)
    for known in (
        artists(summary_table(summary)),
        artists(summary_table(source, shape)),
    ):
        for number, row in enumerate(summary.rows):
            here = f"{number}"
            shown = column(known, "shape")[here]
            assert shown == "×".join(map(str, row.output_shape))
            assert int(column(known, "parameters")[here]) == row.parameters
            assert int(column(known, "padded")[here]) == row.multiplications.padded
            kept = column(known, "effective")[here]
            assert int(kept) == row.multiplications.effective
        assert int(column(known, "parameters")["total"]) == summary.parameters


def test_a_chain_is_counted_by_its_geometries():
    g = geometry((3, 9, 8), (4, 3, 3, 2), stride=(2, 1), padding=((1, 0), (2, 1)))
    back = Layer(
        geometry((5, 9, 7), (4, 5, 3, 4), stride=2, padding=1), transposed=True
    )
    assert g.output_shape == (4, 4, 10)
    found = read_layers([g])
    assert found.multiplications == costs(g).im2col
    assert found.parameters == g.free_parameters
    found = read_layers(back)
    assert found.steps[0].reads == back.input_shape
    assert found.steps[0].gives == back.output_shape
    assert found.multiplications == costs(back.geometry).im2col


def test_what_inspect_finds_in_a_file_is_drawn_with_its_biases(artists, weights):
    asked = {"input_shape": (1, 28, 28), "layers": ["first:s2p1", "second:s2p1"]}
    found = inspect_file(weights, **asked)
    figure = summary_table(found)
    known = artists(figure)
    assert list(column(known, "shape").values()) == ["4×14×14", "8×7×7"]
    assert list(column(known, "parameters").values()) == ["40", "288", "328"]
    assert "first Conv k3x3 s2 p1 gives 4×14×14: 40 parameters" in figure.convmat["alt"]
    assert flow(found).convmat["alt"].startswith("From 1×28×28 through 2 layers.")


def test_a_file_without_shapes_has_a_table_and_no_flow(artists, weights):
    found = inspect_file(weights)
    known = artists(summary_table(found))
    assert column(known, "shape") == {"0": "?", "1": "?"}
    assert set(column(known, "padded")) == {"total"}
    with pytest.raises(ConvmatError, match=r"each with its shapes.*summary_table"):
        flow(found)


def test_bars_and_tensors_are_in_proportion(artists):
    known = artists(flow(BOOK, (1, 28, 28)))
    summary = BOOK.summary((1, 28, 28))
    rows = [row for row in summary.rows if row.multiplications.padded]
    inch = known["padded[2]"].get_width() / 18432
    for number, row in enumerate(rows):
        cost = row.multiplications
        wide = known[f"padded[{number}]"].get_width()
        assert wide == pytest.approx(cost.padded * inch)
        wide = known[f"effective[{number}]"].get_width()
        assert wide == pytest.approx(cost.effective * inch)
    cell = known["tensor[0]"].get_width() / 28
    for number, side in enumerate((28, 14, 7, 4, 2)):
        wide = known[f"tensor[{number}]"].get_width()
        assert wide == pytest.approx(side * cell)
    highs = [known[f"tensor[{n}]"].get_height() for n in range(1, 5)]  # 4, 8, 16, 32
    assert np.diff(highs) == pytest.approx(highs[1] - highs[0])


def test_layers_that_change_nothing_stand_with_the_one_before(artists):
    figure = flow(BOOK, (1, 28, 28))
    known = artists(figure)
    names = [a.get_text() for gid, a in known.items() if gid.startswith("layer[")]
    assert names[0] == "0 Conv + ReLU"
    assert names[-1] == "9 Flatten"
    assert len(names) == 6
    assert figure.convmat["highlighted"]["y"] == ["tensor[6]"]


def test_names_from_a_file_are_cut_and_kept_on_one_line(artists, tmp_path):
    name = "layer\n" + "x" * 300
    np.savez(tmp_path / "net.npz", **{f"{name}.weight": np.zeros((1, 1, 3))})
    known = artists(summary_table(inspect_file(tmp_path / "net.npz")))
    told = known["layer[0]"].get_text()
    assert len(told) == 32
    assert told.startswith("layer\ufffdxx")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_texts_of_layers_overlap(assert_texts_apart, artists, theme):
    chain = ["k3s2p1", "k1", "tk4s2p1", "k5p2"]
    for figure in (
        summary_table(DEEP, (1, 28, 28), theme=theme),
        flow(DEEP, (1, 28, 28), theme=theme),
        flow(chain, 1000, theme=theme),
        summary_table(chain, (640, 480), theme=theme),
        summary_table("k1", 1, theme=theme),
        flow("k1", 1, theme=theme),
    ):
        artists(figure)
        assert_texts_apart(figure)


def test_the_book_fits_a_column_and_is_read_at_six_points(artists):
    for draw in (summary_table, flow):
        figure = draw(BOOK, (1, 28, 28))
        assert 3.4 <= figure.get_figwidth() <= 6.5
        known = artists(figure).values()
        assert min(a.get_fontsize() for a in known if hasattr(a, "get_fontsize")) >= 6


@pytest.mark.parametrize("draw", [summary_table, flow])
def test_given_axes_hold_all_layers(draw):
    figure = Figure()
    assert draw("k3", 5, ax=figure.add_subplot()) is figure
    assert figure.convmat["kind"] == draw.__name__


def test_layers_that_branch_are_for_the_table(artists):
    branched = Sequential([Residual(Conv(1, 1, (1,), rng=RNG)), ReLU()])
    assert "layer[2]" in artists(summary_table(branched, (1, 4)))
    with pytest.raises(ConvmatError, match=r"one after the other.*summary_table"):
        flow(branched, (1, 4))


@pytest.mark.parametrize("draw", [summary_table, flow])
def test_what_is_no_drawable_list_of_layers_is_refused(draw):
    with pytest.raises(ShapeError, match="input_shape must be given beside a network"):
        draw(BOOK)
    with pytest.raises(ConvmatError, match="input_shape must be left out beside"):
        draw(BOOK.summary((1, 28, 28)), (1, 28, 28))
    with pytest.raises(ConvmatError, match="layers must be at least one"):
        draw([])
    with pytest.raises(ConvmatError, match="layers must be at least one"):
        draw(Sequential([]), (1, 4))
    with pytest.raises(ConvmatTypeError, match="layers must be a list"):
        draw(3)
    with pytest.raises(ShapeError, match=r"must know its input_shape"):
        draw(["k3"])
    with pytest.raises(ConvmatError, match="theme must be 'light' or 'dark'"):
        draw("k3", 5, theme="blue")
    with pytest.raises(ShapeError, match=r"must be at most (60|30)"):
        draw(["k1"] * 61, 4)
