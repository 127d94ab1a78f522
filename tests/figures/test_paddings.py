"""Paddings side by side, by their artists; NumPy's `pad` is the second route."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings

from convmat import ConvmatError, ConvmatTypeError, GeometryError, ShapeError, geometry
from convmat.figures import padding
from convmat.figures.pad_row import Panel
from convmat.figures.padded import Padded, plane_of
from convmat.figures.style import LIGHT, theme_of
from convmat.geometry import PADDING_MODES
from convmat.labels import labels
from convmat.verify.strategies import geometries

NUMPY = {
    "zeros": "constant",
    "circular": "wrap",
    "reflect": "reflect",
    "replicate": "edge",
    "symmetric": "symmetric",
}
UNEVEN = geometry((4, 5), (2, 3), stride=(2, 3), padding=((0, 1), (2, 0)))


def padded_by_numpy(g):
    """Numbers of the inputs from 1 on, 0 for zeros; and whether a window reads each."""
    numbers = np.arange(1, np.prod(g.input_size) + 1).reshape(g.input_size)
    whole = np.pad(numbers, g.padding, mode=NUMPY[g.padding_mode])
    read = np.zeros(whole.shape, bool)
    for out in np.ndindex(*g.output_size):
        window = tuple(
            slice(o * s, o * s + (k - 1) * d + 1, d)
            for o, s, k, d in zip(out, g.stride, g.kernel_size, g.dilation, strict=True)
        )
        read[window] = True
    return whole, read


@settings(max_examples=60)
@given(geometries(max_rank=2, max_channels=1, max_groups=1))
@example(UNEVEN)
@example(geometry(4, 1, stride=3, padding=[(2, 4)], padding_mode="symmetric"))
def test_padded_cells_hold_what_numpy_pads_and_know_who_is_read(g):
    cells = Padded(plane_of(g))
    whole, read = padded_by_numpy(plane_of(g))
    assert cells.size == whole.shape
    assert (cells.held + 1 == whole.ravel()).all()
    assert (cells.read == read.ravel()).all()
    inside = np.pad(np.ones(plane_of(g).input_size, bool), g.padding)
    assert (cells.inside == inside.ravel()).all()


@settings(max_examples=40)
@given(geometries(max_rank=2, max_channels=1, max_groups=1))
@example(UNEVEN)
def test_cells_under_an_output_are_those_of_its_window(g):
    one = plane_of(g)
    cells = Padded(one)
    numbers = np.arange(np.prod(cells.size)).reshape(cells.size)
    for output, out in enumerate(np.ndindex(*one.output_size)):
        window = tuple(
            slice(o * s, o * s + (k - 1) * d + 1, d)
            for o, s, k, d in zip(
                out, one.stride, one.kernel_size, one.dilation, strict=True
            )
        )
        assert (cells.under(output) == numbers[window].ravel()).all()
        left, top, wide, high = cells.box(output)
        flat = numbers.reshape(-1, cells.size[-1])
        box = flat[top : top + high, left : left + wide]
        assert {box[0, 0], box[-1, -1]} == {
            numbers[window].min(),
            numbers[window].max(),
        }


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_stands_in_the_padding_is_written_by_name(artists, mode, theme):
    g = geometry((3, 3), (3, 3), padding=((2, 1), (1, 2)))
    found, look = artists(padding(g, [mode], theme=theme)), theme_of(theme)
    names = labels(g).inputs
    whole, _ = padded_by_numpy(replace(g, padding_mode=mode))
    for (row, column), own in np.ndenumerate(whole):
        gid = f"pad[{row},{column}]@0"
        if 2 <= row < 5 and 1 <= column < 4:
            gid = f"x[{row - 2},{column - 1}]@0"
        else:
            assert found[gid].get_linestyle() in ("--", "dashed")
        assert found[f"{gid}.text"].get_text() == (names[own - 1] if own else "0")
    assert found["name@0[0]"].get_text().startswith(mode)
    assert found["y[0]@0"].get_facecolor()[:3] == pytest.approx(
        tuple(int(look.output.fill[n : n + 2], 16) / 255 for n in (1, 3, 5))
    )


def test_by_default_no_half_full_and_asymmetric_padding_stand_side_by_side(artists):
    figure = padding()
    found = artists(figure)
    names = [found[f"name@{n}[0]"].get_text() for n in range(4)]
    assert names[:3] == ["no padding", "half padding: 1", "full padding: 2"]
    assert names[3].startswith("2×2 kernel, before 0,")
    counts = [
        sum(gid.startswith("y[") and gid.endswith(f"@{n}") for gid in found)
        for n in range(4)
    ]
    assert counts == [1, 9, 25, 9]
    assert "pad[3,3]@3" in found
    assert "pad[0,0]@3" not in found
    assert figure.get_figwidth() <= 6.5
    assert found["x[0,0]@0.text"].get_fontsize() >= 6


@given(geometries(max_rank=2))
@example(UNEVEN)
def test_every_formula_is_true_and_says_the_size_of_the_output(g):
    panel = Panel("", Padded(g))
    results = []
    for formula in panel.formulas:
        left, right = formula.split(": ")[-1].rsplit(" = ", 1)
        assert eval(left) == int(right)
        results.append(int(right))
    assert results in (list(g.output_size), sorted(set(g.output_size)))


@settings(max_examples=3)
@given(geometries(max_rank=2, max_channels=2))
@example(geometry((2, 2), (3, 3), padding=1))
@example(geometry((3, 3), (3, 3), padding=2, padding_mode="reflect"))
def test_the_padding_that_was_given_is_always_among_the_pictures(g):
    figure = padding(g)
    assert repr(plane_of(g)) in figure.convmat["params"]["cases"]
    lines = figure.convmat["alt"].splitlines()
    assert lines[0] == f"Paddings of {g!r}."
    assert len(lines) == len(figure.convmat["params"]["cases"]) + 1


@pytest.mark.parametrize(
    ("g", "cases"),
    [
        (None, None),
        (UNEVEN, None),
        (geometry((3, 3), (3, 3), padding=2), PADDING_MODES),
        (geometry((2, 9), (3, 2, 3), dilation=2), ["same", "full", 1]),
        (geometry((20, 20), (5, 5)), ["same", "full"]),
        (geometry((1, 1), (1, 1)), None),
        (geometry((12, 1), (3, 1)), ["same_lower", ((1, 2), (0, 0))]),
    ],
    ids=["default", "uneven", "modes", "channels", "large", "point", "column"],
)
def test_no_texts_of_the_paddings_overlap(artists, assert_texts_apart, g, cases):
    theme = "dark" if cases else "light"
    figure = padding(g, cases, theme=theme)
    found = artists(figure)
    marked = figure.convmat["highlighted"]
    assert all(gid in found for gids in marked.values() for gid in gids)
    assert_texts_apart(figure)


def test_cells_never_read_are_dotted(artists):
    found = artists(padding(UNEVEN, [UNEVEN]))
    whole, read = padded_by_numpy(UNEVEN)
    for (row, column), seen in np.ndenumerate(read):
        inside = row < 4 and column >= 2
        gid = f"x[{row},{column - 2}]" if inside else f"pad[{row},{column}]"
        dotted = found[f"{gid}@0"].get_linestyle() in (":", "dotted")
        assert dotted is not bool(seen)
    assert not read.all()
    assert LIGHT.untouched.line == "dotted"
    assert whole.shape == (5, 7)


def test_equal_outputs_are_told_and_not_drawn_again(artists):
    g = geometry((3, 3), (3, 3), padding=1)
    found = artists(padding(g, ["circular", "reflect"]))
    assert "y[0]@0" not in found
    assert found["output@1[0]"].get_text() == "output 3×3"


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (((3, 3),), ConvmatTypeError, "geometry must be a Geometry"),
        ((geometry((2, 2, 2), (1, 1, 1)),), ShapeError, "one or two axes.*matrix_plot"),
        ((geometry(41, 3),), ShapeError, "at most 40 cells"),
        ((geometry(3, 3), []), ConvmatError, "cases must be at least one"),
        ((geometry(3, 3), ["same"] * 9), ShapeError, "at most 8.*draw two figures"),
        ((geometry(3, 3), 1.5), ConvmatTypeError, "cases must be a list of paddings"),
        ((geometry(3, 3), ["sme"]), GeometryError, "padding.*'same'"),
        (
            (geometry(3, 3, padding=3), ["reflect"]),
            GeometryError,
            "padding",
        ),
    ],
    ids=["shape", "axes", "long", "none", "many", "number", "name", "too far"],
)
def test_what_cannot_be_shown_as_padding_is_refused(asked, error, words):
    with pytest.raises(error, match=words):
        padding(*asked)
