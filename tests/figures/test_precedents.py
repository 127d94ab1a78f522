"""Precedents of an output, layer by layer, by their artists."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from convmat import ConvmatError, ConvmatTypeError, ShapeError, geometry
from convmat import receptive_field as field_of
from convmat.figures import precedents
from convmat.figures.style import theme_of
from convmat.receptive import path_matrix

CHAINS = {
    "default": (["k3s2", "k3s2"], (7, 7), (0, 0)),
    "corner": (["k3s2p1", "k3s2p1"], (9, 12), (0, 2)),
    "line": (["k3d2", "k2s2", "k3p1"], (14,), (0,)),
    "transposed": (["k3s2p1", "tk4s2p1", "k3p1"], (6, 6), (3, 5)),
    "unseen": (["tk2s3", "k1"], (3, 3), (2, 2)),
    "unseen line": (["tk2s3", "k1"], (4,), (2,)),
    "uneven": (["k5x3", "k2x1s1x2p1,0x0,2"], (9, 8), (4, 0)),
    "one": (["k1"], (1,), (0,)),
    "wide padding": (["k9p4", "k3"], (4, 3), (1, 0)),
    "far": (["k2s4", "k2d2"], (14, 10), (1, 0)),
}


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


@pytest.mark.parametrize("name", CHAINS)
def test_cells_have_the_paths_that_the_product_of_matrices_counts(
    artists, assert_texts_apart, name
):
    specs, size, out = CHAINS[name]
    theme = theme_of("light" if len(name) % 2 else "dark")
    figure = precedents(specs, out, input_shape=size, theme=theme)
    found, field = artists(figure), field_of(specs, size)
    row = int(np.ravel_multi_index(out, field.layers[-1].output_size))
    for level in range(len(specs)):
        paths = path_matrix(field.layers[level:], rows=[row]).toarray()[0]
        shape = field.layers[level].input_size
        key = f"h{level}" if level else "x"
        for own, count in enumerate(paths):
            place = ",".join(map(str, np.unravel_index(own, shape)))
            text = found.get(f"{key}[{place}].text")
            assert (fill(found[f"{key}[{place}]"]) == theme.plain.fill) is not bool(
                count
            )
            if count:
                assert text.get_text() == str(count)
            else:
                assert text is None
        seen = np.argwhere(paths.reshape(shape if len(shape) == 2 else (*shape, 1)))
        frame = found.get(f"range[{level}]")
        assert (frame is not None) is bool(len(seen))
        if frame is not None:
            side = found[f"{key}[{'0' if len(shape) == 1 else '0,0'}]"].get_width()
            high, wide = seen.max(axis=0) + 1 - seen.min(axis=0)
            assert frame.get_height() == pytest.approx(high * side)
            assert frame.get_width() == pytest.approx(wide * side)
    assert fill(found[f"y[{row}]"]) == theme.output.fill
    assert figure.convmat["highlighted"]["y"] == [f"y[{row}]"]
    assert len(figure.convmat["highlighted"]["x"]) == int(field.support(out).sum())
    assert all(gid in found for gid in figure.convmat["highlighted"]["x"])
    assert_texts_apart(figure)


def test_on_one_axis_an_arrow_leads_from_each_cell_to_those_that_read_it(artists):
    specs, size, out = CHAINS["line"]
    found, field = (
        artists(precedents(specs, out, input_shape=size)),
        field_of(specs, size),
    )
    wires = {gid for gid in found if gid.startswith("wire[")}
    wanted = {
        f"wire[{level},{one},{own}]"
        for level, reads in enumerate(field.precedents(0, *out))
        for one, own, _ in reads
    }
    assert wires == wanted
    assert found["wire[2,0,-1]"].get_linestyle() == "--"
    assert found["pad2[-1]"].get_linestyle() in ("--", "dashed")
    start, end = np.array(found["wire[1,0,1]"].get_data()).T
    cell, reader = found["h1[1]"], found["h2[0]"]
    assert start[0] == pytest.approx(cell.get_x() + cell.get_width())
    assert start[1] == pytest.approx(cell.get_y() + cell.get_height() / 2)
    assert end[0] == pytest.approx(reader.get_x())
    assert end[1] == pytest.approx(reader.get_y() + reader.get_height() / 2)


def test_on_two_axes_an_arrow_leads_from_each_window(artists):
    found = artists(precedents())
    wires = {gid for gid in found if gid.startswith("wire[")}
    assert wires == {
        "wire[1,0,0]",
        *(f"wire[0,{i},{j}]" for i in range(3) for j in range(3)),
    }
    # The window of h1[1,2] is rows 2 to 4 and columns 4 to 6.
    (x, y), _ = np.array(found["wire[0,1,2]"].get_data()).T
    right, middle = found["x[3,6]"], found["x[3,5]"]
    assert x == pytest.approx(right.get_x() + right.get_width())
    assert y == pytest.approx(middle.get_y() + middle.get_height() / 2)
    window, side = found["window[0]"], right.get_width()
    assert (window.get_width(), window.get_height()) == pytest.approx((3 * side,) * 2)
    assert "window[1]" not in found


def test_zeros_of_the_padding_that_are_read_stand_beside_the_layer(artists):
    specs, size, _ = CHAINS["corner"]
    found = artists(precedents(specs, (0, 0), input_shape=size))
    own = {gid for gid in found if gid.startswith("pad1[") and gid.endswith("]")}
    beside = {(-1, -1), (-1, 0), (-1, 1), (0, -1), (1, -1)}
    assert own == {f"pad1[{i},{j}]" for i, j in beside}
    assert found["pad1[-1,-1].text"].get_text() == "0"


def test_the_chapters_two_strided_layers_depend_on_seven_by_seven():
    alt = precedents().convmat["alt"]
    assert "9 of the 9 cells behind k3s2, and on 49 of the 49 cells" in alt
    assert alt.endswith("on 81 paths.")
    assert precedents().get_figwidth() <= 6.5


def test_a_field_and_a_geometry_are_layers_too():
    field = field_of(["k3s2", "k3s2"], (7, 7))
    assert precedents(field).convmat["alt"] == precedents().convmat["alt"]
    g = geometry((2, 5, 5), (3, 2, 3, 3))
    figure = precedents(g, (1, 1))
    assert figure.convmat["alt"].endswith(
        "9 of the 25 cells of the input, on 18 paths."
    )


@pytest.mark.parametrize(
    ("asked", "shape", "error", "words"),
    [
        (
            ("k3",),
            (60, 60),
            ShapeError,
            "must leave cells of 0.1 inches.*receptive_field",
        ),
        (("k999999999p999999998",), (3, 3), ShapeError, "must leave cells of 0.1"),
        (("k41p40",), (3, 3), ShapeError, "must leave cells of 0.1 inches"),
        (("k3",), (3, 3, 3), ShapeError, "must have one or two spatial axes"),
        (
            ("k3", 9),
            (5,),
            ShapeError,
            r"a row below 3, or a position in \(3,\)",
        ),
        (("q3",), (5,), ConvmatError, "layer must be like k3"),
        ((3,), (5,), ConvmatTypeError, "layers must be a list"),
        (("k3",), None, ShapeError, "must know its input_shape"),
    ],
    ids=[
        "large",
        "huge kernel",
        "wide padding",
        "axes",
        "output",
        "text",
        "number",
        "no shape",
    ],
)
def test_what_cannot_be_traced_is_refused(asked, shape, error, words):
    with pytest.raises(error, match=words):
        precedents(*asked, input_shape=shape)
