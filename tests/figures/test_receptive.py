"""Receptive fields and usage maps, by their artists."""

import numpy as np
import pytest

from convmat import ConvmatError, ShapeError, receptive_field
from convmat.experiments import chain_of
from convmat.experiments.chapter13 import RUNS, network
from convmat.figures import receptive_field as drawn
from convmat.figures import save
from convmat.figures import usage_map as drawn_usage
from convmat.figures.style import theme_of
from convmat.receptive import overlap_map, usage_map

CHAINS = {
    "border": (["k3d2", "k2s2", "k3p1"], (12, 10), (2, 0)),
    "transposed": (["k3s2p1", "tk4s2p1", "k3p1"], (12,), (6,)),
    "unseen": (["tk2s3", "k1"], (4,), (2,)),
    "one cell": (["k1"], (1,), (0,)),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", CHAINS)
def test_cells_that_are_marked_are_those_that_are_seen(
    artists, assert_texts_apart, name, theme
):
    specs, size, out = CHAINS[name]
    field = receptive_field(specs, size)
    figure = drawn(field, out, theme=theme)
    found, look = artists(figure), theme_of(theme)
    axis = len(size) - 1
    seen = field.along(axis, out[-1])
    plain = look.plain.fill.lower()
    for place, count in enumerate(seen):
        fill = found[f"x[{place}]"].get_facecolor()
        assert (_hex(fill) == plain) == (count == 0)
    marked = [f"x[{n}]" for n in np.flatnonzero(seen)]
    assert figure.convmat["highlighted"]["x"] == marked
    assert _hex(found[f"y[{out[-1]}]"].get_facecolor()) == look.output.fill.lower()
    assert ("seen" in found) == bool(seen.any())
    for level, reads in enumerate(field.precedents(axis, out[-1])):
        for one, own, _ in reads:
            assert f"wire[{level},{one},{own}]" in found
    assert_texts_apart(figure)


def _hex(color):
    return "#" + "".join(f"{round(255 * part):02x}" for part in color[:3])


def test_wires_go_to_cells_and_dashed_ones_to_zeros(artists):
    found = artists(drawn(receptive_field(["k3p1"], (4,)), 0))
    wires = {gid for gid in found if gid.startswith("wire")}
    assert wires == {"wire[0,0,-1]", "wire[0,0,0]", "wire[0,0,1]"}
    assert found["pad0[-1]"].get_linestyle() in ("--", "dashed")
    assert found["wire[0,0,-1]"].get_linestyle() == "--"
    assert found["wire[0,0,0]"].get_linestyle() == "-"
    low, high = found["wire[0,0,1]"].get_xdata()[::-1]
    middle = found["x[1]"].get_x() + found["x[1]"].get_width() / 2
    assert abs(low - middle) < 1e-9
    assert high < low


def test_mask_has_the_paths_and_the_frame_is_cut_at_the_border(artists):
    field = receptive_field(["k3d2", "k2s2", "k3p1"], (12, 12))
    found = artists(drawn(field, (2, 0)))
    for (row, column), count in np.ndenumerate(field.visits((2, 0))):
        text = found.get(f"mask[{row},{column}].text")
        assert (text.get_text() if text else "") == (str(count) if count else "")
        dotted = found[f"mask[{row},{column}]"].get_linestyle() in (":", "dotted")
        assert dotted == (count == 0)
    frame, corner = found["frame"], found["mask[2,0]"]
    assert abs(frame.get_x() - corner.get_x()) < 1e-9
    assert abs(frame.get_y() - corner.get_y()) < 1e-9
    assert frame.get_width() == pytest.approx(8 * corner.get_width())


def test_sizes_of_the_chapter_stand_beside_the_layers(artists, assert_texts_apart):
    figure = drawn(chain_of(network(RUNS["A"]), (1, 28, 28)))
    found = artists(figure)
    told = [found[f"told[{level}]"].get_text() for level in range(1, 6)]
    assert [text.split()[-1] for text in told] == ["3", "7", "15", "31", "63"]
    assert found["bars"].get_text() == "field 63, seen 28: cells 0 to 27"
    assert "784 of 784 cells" in found["title[1]"].get_text()
    assert_texts_apart(figure)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_usage_map_writes_counts_and_dots_what_is_never_read(
    artists, assert_texts_apart, theme
):
    counts = usage_map("k3s2", (10, 7))
    figure = drawn_usage(counts, theme=theme)
    found = artists(figure)
    for (row, column), count in np.ndenumerate(counts):
        assert found[f"x[{row},{column}].text"].get_text() == str(count)
        dotted = found[f"x[{row},{column}]"].get_linestyle() in (":", "dotted")
        assert dotted == (count == 0)
    assert figure.convmat["params"]["none"] == 7
    assert_texts_apart(figure)


def test_checkerboard_has_its_own_words(artists):
    figure = drawn_usage(overlap_map("tk3s2", (4, 5)), kind="written")
    assert figure.convmat["alt"].startswith("How often each cell of the result is")
    found = artists(figure)
    assert found["y[2,2].text"].get_text() == "4"
    strong, weak = (found[f"y[{n},{n}]"].get_facecolor() for n in (2, 1))
    assert sum(strong) < sum(weak)


def test_large_maps_leave_out_numbers(artists, assert_texts_apart):
    figure = drawn_usage(usage_map("k9p4", (60, 20)))
    found = artists(figure)
    assert "x[0,0]" in found
    assert "x[0,0].text" not in found
    assert_texts_apart(figure)
    lone = drawn_usage([0, 1, 2])
    assert "x[0,2].text" in artists(lone)


def test_same_bytes_each_time(tmp_path):
    field = receptive_field(["k3p1", "k2s2"], (6, 6))
    files = [save(drawn(field), tmp_path / f"{n}.svg").read_bytes() for n in "ab"]
    assert files[0] == files[1]
    assert b"<desc>Receptive field of output 1,1" in files[0]


def test_what_is_no_field_or_map_is_refused():
    with pytest.raises(TypeError, match="field must be a ReceptiveField"):
        drawn("k3")
    with pytest.raises(ShapeError, match="at most 64 cells"):
        drawn(receptive_field("k3", 65))
    with pytest.raises(ShapeError, match="out must be an output of"):
        drawn(receptive_field("k3", 6), 4)
    with pytest.raises(ShapeError, match="axis must be below 1"):
        drawn(receptive_field("k3", 6), 1, axis=1)
    with pytest.raises(ConvmatError, match="kind must be"):
        drawn_usage([1], kind="seen")
    for counts in ([-1], [0.5]):
        with pytest.raises(ShapeError, match="must be whole numbers of at least 0"):
            drawn_usage(counts)
    with pytest.raises(ShapeError, match="at most 64 on each side"):
        drawn_usage(np.ones((65, 1)))
