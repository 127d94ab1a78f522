"""Input below, output above: the guide's geometries, windows, films, by artists."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    GeometryError,
    ShapeError,
    conv_matrix,
    geometry,
    transposed_geometry,
)
from convmat.figures import ARITHMETIC, save, stack3d, stack3d_film
from convmat.figures.chosen import output_number
from convmat.figures.slanted import Plane, slanted_size
from convmat.figures.stack_cells import StackCells
from convmat.figures.style import LIGHT, tap_mark, theme_of
from convmat.receptive import Layer
from convmat.verify.strategies import geometries

# Dumoulin and Visin 2016; github.com/vdumoulin/conv_arithmetic, bin/generate_makefile:
# input, output, padding, kernel, stride, dilation along each of two axes.
PUBLISHED = {
    "no_padding_no_strides": (4, 2, 0, 3, 1, 1),
    "arbitrary_padding_no_strides": (5, 6, 2, 4, 1, 1),
    "same_padding_no_strides": (5, 5, 1, 3, 1, 1),
    "full_padding_no_strides": (5, 7, 2, 3, 1, 1),
    "no_padding_strides": (5, 2, 0, 3, 2, 1),
    "padding_strides": (5, 3, 1, 3, 2, 1),
    "padding_strides_odd": (6, 3, 1, 3, 2, 1),
    "dilation": (7, 3, 0, 3, 1, 2),
}

WITNESSES = {
    "uneven": geometry((3, 4), (2, 3), stride=(1, 2), padding=((0, 1), (2, 0))),
    "line": geometry(7, 3, stride=2, padding=[(1, 2)], padding_mode="reflect"),
    "groups": geometry((4, 3, 4), (2, 2, 2, 2), groups=2, padding=((0, 1), (1, 0))),
    "dilated": geometry((5, 6), (2, 3), dilation=(3, 2), padding=1),
    "far": geometry((9, 5), (2, 2), stride=(4, 3)),
    "dead": geometry((1, 2), (3, 3), padding=1),
    "point": geometry((1, 1), (1, 1)),
    "round": geometry(
        (3, 3), (3, 2), padding=((2, 1), (0, 3)), padding_mode="circular"
    ),
}
TURNED = {
    "odd": transposed_geometry((3, 2), (3, 3), stride=2, padding=1, output_padding=1),
    "cropped": transposed_geometry(4, 2, padding=[(2, 1)]),
    "groups": transposed_geometry((2, 2, 3), (2, 2, 3, 2), stride=(2, 1), groups=2),
    "dilated": transposed_geometry((2, 3), (2, 2), stride=(3, 2), dilation=2),
}
LAYERS = [
    *((name, Layer(g)) for name, g in WITNESSES.items()),
    *((f"{name}, transposed", Layer(g, transposed=True)) for name, g in TURNED.items()),
]


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


def row_of(scene, output, kernel):
    """The matrix row that a scene's reads make of a kernel."""
    layer = scene.layer
    cells = layer.channels[0] * int(np.prod(layer.input_size))
    row = np.zeros(cells, int)
    for tap, own in scene.read(output):
        row[own] += kernel.flat[tap]
    return row


def matrix_of(layer, kernel):
    g = layer.geometry
    dense = conv_matrix(kernel, g.input_shape, **g.keywords).toarray()
    return dense.T if layer.transposed else dense


def distinct(g):
    return 3 ** np.arange(g.free_parameters).reshape(g.kernel_shape) % 1009 + 1


def test_all_fifteen_pictures_of_the_guide_have_its_sizes():
    names = {*PUBLISHED, *(f"{name}_transposed" for name in PUBLISHED)}
    assert set(ARITHMETIC) == names - {"dilation_transposed"}
    assert len(ARITHMETIC) == 15
    for name, preset in ARITHMETIC.items():
        ins, outs, pad, kernel, stride, dilation = PUBLISHED[
            name.removesuffix("_transposed")
        ]
        g = preset.geometry
        assert preset.transposed is name.endswith("_transposed")
        assert (g.input_size, g.output_size) == ((ins, ins), (outs, outs))
        assert (g.kernel_size, g.stride) == ((kernel,) * 2, (stride,) * 2)
        assert g.padding == ((pad, pad),) * 2
        assert g.dilation == (dilation,) * 2
        ends = [(ins, ins), (outs, outs)]
        drawn = [preset.layer.input_size, preset.layer.output_size]
        assert drawn == (ends[::-1] if preset.transposed else ends)
        assert ("transposed" in preset.caption) is preset.transposed


@pytest.mark.parametrize("name", ARITHMETIC)
def test_pictures_of_the_guide_have_as_many_cells_as_it_says(
    artists, assert_texts_apart, name
):
    ins, outs, pad, kernel, stride, dilation = PUBLISHED[
        name.removesuffix("_transposed")
    ]
    span = dilation * (kernel - 1) + 1
    zeros = 0
    if name.endswith("_transposed"):
        spare = (ins + 2 * pad - span) % stride
        inner = stride * (outs - 1) + 1 + spare
        zeros = inner**2 - outs**2
        padded = inner + 2 * (span - 1 - pad)
        ins, outs = outs, ins
    else:
        padded = ins + 2 * pad
    theme = "light" if len(name) % 2 else "dark"  # each of them for some
    figure = stack3d(name, output=1, theme=theme)
    found = artists(figure)
    cells = [gid for gid in found if gid.endswith("]")]
    count = {key: sum(gid.startswith(f"{key}[") for gid in cells) for key in COUNTED}
    wanted = {"x": ins**2, "y": outs**2, "zero": zeros, "line": 4}
    assert count == {**wanted, "pad": padded**2 - zeros - ins**2}
    assert_texts_apart(figure)


COUNTED = ("x", "y", "zero", "pad", "line")


@pytest.mark.parametrize(("name", "layer"), LAYERS, ids=[name for name, _ in LAYERS])
def test_cells_under_taps_have_their_colours_and_letters(
    artists, assert_texts_apart, name, layer
):
    theme = "light" if len(name) % 2 else "dark"  # each of them for some
    last = layer.channels[1] * int(np.prod(layer.output_size)) - 1
    scene, look = StackCells.of(layer), theme_of(theme)
    for output in {0, last}:
        figure = stack3d(
            layer.geometry, output=output, transposed=layer.transposed, theme=theme
        )
        found = artists(figure)
        at = {own: tap for tap, own in scene.read(output)}
        small = "y[0].text" not in found and f"y[{output}].text" not in found
        for own in range(layer.channels[0] * int(np.prod(layer.input_size))):
            place = np.unravel_index(own, layer.input_shape)
            gid = f"x[{','.join(map(str, place))}]"
            if gid not in found:  # cut off by more padding than the kernel reaches
                assert name == "cropped, transposed"
                continue
            repeated = layer.geometry.padding_mode != "zeros"
            if own in at and not repeated:
                assert fill(found[gid]) == tap_mark(at[own], look).fill
                text = found.get(f"{gid}.text")
                assert small or text.get_text() == scene.tap_names[at[own]]
            elif not repeated:
                assert fill(found[gid]) not in TAPS
        assert fill(found[f"y[{output}]"]) == look.output.fill
        assert figure.convmat["highlighted"]["y"] == [f"y[{output}]"]
        assert all(gid in found for gid in figure.convmat["highlighted"]["x"])
    assert_texts_apart(figure)


TAPS = {tap_mark(tap).fill for tap in range(21)}


@settings(max_examples=40)
@given(g=geometries(max_rank=2, max_channels=2, max_groups=2), transposed=st.booleans())
@example(g=WITNESSES["uneven"], transposed=False)
@example(g=WITNESSES["groups"], transposed=True)
@example(g=TURNED["cropped"], transposed=True)
@example(g=WITNESSES["dead"], transposed=True)
@example(g=WITNESSES["far"], transposed=True)
def test_what_a_scene_reads_is_the_row_of_the_matrix(g, transposed):
    if transposed and g.padding_mode != "zeros" and any(map(any, g.padding)):
        with pytest.raises(GeometryError, match="padding_mode must be 'zeros'"):
            StackCells.of(Layer(g, transposed))
        return
    layer = Layer(g, transposed)
    scene, kernel = StackCells.of(layer), distinct(g)
    rows = matrix_of(layer, kernel)
    for output, row in enumerate(rows):
        assert (row_of(scene, output, kernel) == row).all()


@settings(max_examples=4)
@given(geometries(max_rank=2, max_channels=2, max_groups=2), st.data())
@example(WITNESSES["uneven"], None)
@example(WITNESSES["dilated"], None)
def test_ids_are_unique_and_lines_lead_from_the_window_to_the_output(g, data):
    last = g.matrix_shape[0] - 1
    output = data.draw(st.integers(0, last)) if data else last
    figure = stack3d(g, output=output)
    gids = [a.get_gid() for a in figure.findobj(lambda a: a.get_gid())]
    assert len(gids) == len(set(gids))
    found = {a.get_gid(): a for a in figure.findobj(lambda a: a.get_gid())}
    corners = found[f"y[{output}]"].get_xy()[:4]
    windows = [gid for gid in found if gid.startswith("window")]
    assert len(windows) == g.in_channels // g.groups
    place = np.unravel_index(output, (g.out_channels, *g.output_size))[1:]
    first = np.multiply(place, g.stride)  # in the padded input
    last = first + np.array(g.span) - 1
    for gid in windows:
        channel = gid[6:].strip("[]")
        frame = found[gid].get_xy()[:4]
        ends = [found[cell_in(g, channel, cell)] for cell in (first, last)]
        assert np.allclose(frame[0], ends[0].get_xy()[0])
        assert np.allclose(frame[2], ends[1].get_xy()[2])
        for number in range(4):
            many = f"{channel}," if channel else ""
            line = np.array(found[f"line[{many}{number}]"].get_data()).T
            assert np.allclose(line, [frame[number], corners[number]])


def cell_in(g, channel, cell):
    """The id of a cell of the padded input."""
    lead = [int(channel or 0)] if g.has_channels else []
    own = np.subtract(cell, [before for before, _ in g.padding])
    inside = ((own >= 0) & (own < g.input_size)).all()
    key, at = ("x", own) if inside else ("pad", cell)
    return f"{key}[{','.join(map(str, [*lead, *map(int, at)]))}]"


def test_the_flipped_kernel_of_a_transpose_is_seen(artists):
    found = artists(stack3d("no_padding_no_strides_transposed", output=5))
    texts = {gid: a.get_text() for gid, a in found.items() if gid.endswith(".text")}
    # Output (1, 1) reads all four inputs; tap (u, v) has met input (i, j) there.
    own = [texts[f"x[{i},{j}].text"] for i in (0, 1) for j in (0, 1)]
    assert own == ["ε", "δ", "β", "α"]


def test_a_tap_on_a_zero_is_grey_with_a_cross_and_its_border_tells_which(artists):
    found = artists(stack3d("padding_strides_transposed", output=0))
    assert found["zero[0,1].text"].get_text() == "×"
    assert found["zero[0,1]"].get_linestyle() in (":", "dotted")
    assert fill(found["zero[0,1]"]) == LIGHT.dropped.fill
    assert found["pad[0,0].text"].get_text() == "×"
    assert found["pad[0,0]"].get_linestyle() in ("--", "dashed")
    assert fill(found["pad[6,6]"]) == LIGHT.background


def test_padding_that_repeats_shows_what_it_repeats(artists):
    found = artists(stack3d(WITNESSES["line"], output=0))
    assert found["pad[0].text"].get_text() == "α"
    assert found["pad[8].text"].get_text() == "F"
    assert found["pad[9].text"].get_text() == "E"
    assert found["x[4].text"].get_text() == "E"


def test_the_alt_text_says_what_the_output_reads():
    lines = stack3d("padding_strides", output=0).convmat["alt"].splitlines()
    assert lines[0].startswith("Convolution geometry((5, 5), (3, 3), stride=2")
    assert "(5 + 2*1 - 3)//2 + 1 = 3 on both axes" in lines[0]
    assert lines[1] == "P: ε on x₀₀, ζ on x₀₁, θ on x₁₀, ι on x₁₁, 5 on zeros."  # noqa: RUF001 - a tap


def test_a_film_shows_every_output_and_keeps_those_before(artists):
    film = stack3d_film("no_padding_no_strides")
    assert len(film) == 4
    frames = list(film)
    assert len({tuple(frame.get_size_inches()) for frame in frames}) == 1
    last = artists(frames[3])
    texts = [last[f"y[{row}].text"].get_text() for row in range(4)]
    assert texts == list("PQRS")
    assert fill(last["y[3]"]) == LIGHT.output.fill
    first = artists(frames[0])
    assert "y[1].text" not in first
    assert len({fill(last[f"y[{row}]"]) for row in range(3)}) == 1
    assert fill(last["y[1]"]) != fill(first["y[1]"])
    lone = stack3d("no_padding_no_strides", output=2)
    assert film.draw(2).convmat["highlighted"] == lone.convmat["highlighted"]
    assert film.convmat["alt"].count("\n") == 4


def test_a_film_of_chosen_outputs_has_one_frame_for_each():
    film = stack3d_film("same_padding_no_strides", outputs=[(0, 0), (4, 4)])
    assert film.convmat["highlighted"]["y"] == ["y[0]", "y[24]"]
    assert [frame.convmat["params"]["output"] for frame in film] == [0, 24]
    with pytest.raises(ConvmatError, match="count must be at least 1"):
        stack3d_film("dilation", outputs=[])
    with pytest.raises(ShapeError, match="output must be a row below"):
        stack3d_film("dilation", outputs=[0, 9])


def test_a_stack_stands_on_given_axes_too():
    figure = Figure(figsize=(8, 4))
    left, right = figure.subplots(1, 2)
    stack3d("dilation", ax=left)
    assert stack3d("dilation", transposed=True, ax=right) is figure
    assert len(figure.convmat["parts"]) == 2


def test_the_same_stack_gives_the_same_file(tmp_path):
    paths = [tmp_path / name for name in ("a.svg", "b.svg")]
    for path in paths:
        save(stack3d("padding_strides_odd_transposed"), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_texts_of_a_slanted_cell_stay_within_it():
    plane = Plane(1, 1, 0.5, (0.0, 0.0))
    points = slanted_size(["WWWW"], 0.5, 99.0)
    narrow = slanted_size(["WWWWWWWW"], 0.5, 99.0)
    assert narrow < points < slanted_size(["W"], 0.5, 99.0)
    assert slanted_size([], 0.5, 7.0) == 7.0
    assert slanted_size(["W"], 5.0, 7.0) == 7.0
    (_, top), (right, _), (_, low), (left, _) = plane.corners(0, 0, 1, 1)
    assert left < right
    assert top < low


def test_cells_too_small_for_texts_have_colour_only(artists):
    found = artists(stack3d(geometry((18, 18), (3, 3), padding=1)))
    assert not any(gid.startswith("x[") and gid.endswith(".text") for gid in found)
    assert fill(found["x[0,0]"]) == tap_mark(4).fill


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((geometry((2, 2, 2), (1, 1, 1)),), "one or two spatial axes.*matrix_plot"),
        ((geometry((21, 20), (1, 1)),), "at most 400 cells.*here 420 and 420"),
        ((geometry(5, 2), 4), r"a position in \(4,\).*count from 0"),
        ((geometry((3, 3), (2, 2)), (0, 2)), "must be a row below 4, or a position"),
        ((geometry(200, 1),), "must leave cells of 0.05 inches"),
    ],
    ids=["three axes", "many cells", "beyond", "beyond an axis", "long"],
)
def test_what_cannot_be_stacked_is_refused(asked, words):
    g, *output = asked
    with pytest.raises(ShapeError, match=words):
        stack3d(g, output=output[0] if output else 0)


def test_unknown_names_and_what_is_no_geometry_are_refused():
    with pytest.raises(ConvmatError, match="did you mean 'padding_strides'"):
        stack3d("paddng_strides")
    with pytest.raises(
        ConvmatTypeError, match="geometry must be a Geometry, or a name"
    ):
        stack3d((3, 3))
    with pytest.raises(ConvmatTypeError, match="transposed must be True or False"):
        stack3d("dilation", transposed=1)
    with pytest.raises(ConvmatTypeError, match="output must"):
        output_number("first", (2, 2))
