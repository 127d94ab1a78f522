"""Strides as subsampling, dilated kernels, by their artists."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex

from convmat import ConvmatTypeError, GeometryError, ShapeError, conv, geometry
from convmat.figures import dilation, stride
from convmat.figures.padded import plane_of
from convmat.figures.strides import _kept
from convmat.figures.style import tap_mark, theme_of
from convmat.labels import labels
from convmat.verify.strategies import geometries

STEPS = {
    "default": geometry((6, 6), (3, 3), stride=2),
    "uneven": geometry((7, 9), (2, 2), stride=(3, 2), padding=((1, 0), (0, 2))),
    "one axis": geometry((4, 5), (2, 3), stride=(1, 2), padding=1),
    "line": geometry(12, 2, stride=3),
    "channels": geometry((2, 5, 5), (3, 2, 2, 2), stride=2),
    "wide": geometry((20, 20), (3, 3), stride=2, padding=1),
    "lone": geometry((3, 3), (3, 3), stride=5),
    "mirror": geometry(5, 3, stride=4, padding=[(1, 3)], padding_mode="reflect"),
}
HOLES = {
    "default": geometry((7, 7), (3, 3), dilation=2),
    "uneven": geometry((6, 8), (2, 3), dilation=(3, 2), padding=((2, 0), (1, 2))),
    "mirror": geometry(
        (6, 8), (2, 3), dilation=(3, 2), padding=2, padding_mode="reflect"
    ),
    "line": geometry(12, 4, dilation=3, padding=2, stride=2),
    "channels": geometry((2, 6, 5), (2, 1, 2, 2), dilation=3, groups=2),
    "wide": geometry((20, 20), (3, 3), dilation=4, padding=4),
    "none": geometry((4, 4), (2, 2)),
    "one tap": geometry((3, 3), (1, 1), dilation=3),
    "many taps": geometry((9, 9), (5, 5), dilation=2),
}


def fill(artist):
    return to_hex(artist.get_facecolor()).upper()


def spot(g, flat):
    return ",".join(map(str, np.unravel_index(flat, g.input_size)))


def row_of(g, output):
    """By the sliding window: what one output reads, for each tap."""
    rows = []
    for tap in range(g.free_parameters):
        kernel = np.zeros(g.kernel_size, int)
        kernel.flat[tap] = 1
        cells = np.arange(1, np.prod(g.input_size) + 1).reshape(g.input_size)
        rows.append(int(conv(cells, kernel, **g.keywords).flat[output]) - 1)
    return rows


@settings(max_examples=60)
@given(geometries(max_rank=2, max_channels=1, max_groups=1))
@example(STEPS["uneven"])
@example(STEPS["mirror"])
def test_outputs_that_are_kept_are_those_of_the_larger_stride(g):
    steps = plane_of(g)
    unit = replace(steps, stride=(1,) * steps.rank)
    rng = np.random.default_rng(0)
    x, kernel = rng.integers(-9, 9, g.input_size), rng.integers(-9, 9, g.kernel_size)
    whole = conv(x, kernel, **unit.keywords).ravel()
    assert (
        whole[_kept(unit, steps)] == conv(x, kernel, **steps.keywords).ravel()
    ).all()


@pytest.mark.parametrize("name", STEPS)
def test_outputs_left_out_are_crossed_and_the_others_named(
    artists, assert_texts_apart, name
):
    g = STEPS[name]
    theme = "light" if len(name) % 2 else "dark"
    figure = stride(g, theme=theme)
    found, steps = artists(figure), plane_of(g)
    unit = replace(steps, stride=(1,) * steps.rank)
    ends = "x".join(map(str, dict.fromkeys(g.stride)))
    kept = [
        int(np.ravel_multi_index(np.multiply(out, g.stride), unit.output_size))
        for out in np.ndindex(*steps.output_size)
    ]
    crossed = {gid for gid in found if gid.startswith("cross[")}
    every = range(int(np.prod(unit.output_size)))
    assert crossed == {f"cross[{row}]@s1" for row in every if row not in kept}
    names = labels(unit).outputs
    for row, own in enumerate(kept):
        texts = [found.get(f"y[{own}]@s1.text"), found.get(f"y[{row}]@s{ends}.text")]
        assert [text and text.get_text().translate(PLAIN) for text in texts] in (
            [names[own].replace("_", "")] * 2,
            [None, None],  # cells too small for names
        )
    assert (f"y[{kept[0]}]@s1.text" in found) is (name != "wide")
    assert all(gid in found for gid in figure.convmat["highlighted"]["y"])
    assert_texts_apart(figure)


PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


@pytest.mark.parametrize("name", ["default", "uneven", "line", "mirror", "lone"])
def test_never_read_cells_are_dotted_and_dots_mark_windows(artists, name):
    g = STEPS[name]
    found = artists(stride(g))
    for steps in (g, replace(g, stride=(1,) * g.rank)):
        end = "@s" + "x".join(map(str, dict.fromkeys(steps.stride)))
        read = {
            tap for out in range(steps.matrix_shape[0]) for tap in row_of(steps, out)
        }
        corner, rows = found[f"window{end}"].get_xy(), steps.output_size[-1]
        for own in range(steps.matrix_shape[1]):
            dotted = found[f"x[{spot(g, own)}]{end}"].get_linestyle() in (":", "dotted")
            # Cells that only padding repeats stay read by that name, not in place.
            assert dotted or own in read
            if g.padding_mode == "zeros":
                assert dotted is (own not in read)
        dots = [gid for gid in found if gid.startswith("dot[") and gid.endswith(end)]
        assert len(dots) == steps.matrix_shape[0]
        first, last = found[f"dot[0]{end}"], found[f"dot[{rows - 1}]{end}"]
        side = found[f"y[0]{end}"].get_width()
        step = last.get_xdata()[0] - first.get_xdata()[0]
        assert step == pytest.approx((rows - 1) * steps.stride[-1] * side)
        assert first.get_xdata()[0] == pytest.approx(corner[0] + side / 2)


@pytest.mark.parametrize("name", HOLES)
def test_taps_have_one_colour_in_the_kernel_its_holes_and_on_the_input(
    artists, assert_texts_apart, name
):
    g = HOLES[name]
    one = plane_of(g)
    theme = "dark" if len(name) % 2 else "light"
    output = int(np.prod(one.output_size)) - 1
    figure = dilation(g, output=output, theme=theme)
    found, look = artists(figure), theme_of(theme)
    held, reads = np.zeros(one.span, int) - 1, row_of(one, output)
    held[tuple(slice(None, None, d) for d in one.dilation)] = np.arange(
        one.free_parameters
    ).reshape(one.kernel_size)
    for place, tap in np.ndenumerate(held):
        spot_ = ",".join(map(str, place))
        if tap < 0:
            assert found[f"hole[{spot_}]"].get_linestyle() in (":", "dotted")
            continue
        own = ",".join(map(str, np.unravel_index(tap, one.kernel_size)))
        colours = {fill(found[f"w[{own}]"]), fill(found[f"w[{own}]@dilated"])}
        assert colours == {tap_mark(int(tap)).fill}
    holes = sum(gid.startswith("hole[") for gid in found)
    assert holes == held.size - one.free_parameters
    for tap, own in enumerate(reads):
        if own >= 0 and one.padding_mode == "zeros":
            assert fill(found[f"x[{spot(one, own)}]"]) == tap_mark(tap).fill
    crossed = sum(
        fill(found[gid]) == look.dropped.fill
        for gid in found
        if gid.endswith("]")
        if gid.startswith("pad[")
    )
    assert crossed == sum(own < 0 for own in reads)
    assert fill(found[f"y[{output}]"]) == look.output.fill
    assert len(figure.convmat["highlighted"]["x"]) == sum(own >= 0 for own in reads)
    assert_texts_apart(figure)


@settings(max_examples=3)
@given(geometries(max_rank=2, max_channels=2), st.data())
@example(HOLES["line"], None)
def test_the_alt_text_tells_the_effective_size_and_every_read(g, data):
    one = plane_of(g)
    last = int(np.prod(one.output_size)) - 1
    output = data.draw(st.integers(0, last)) if data else last
    alt = dilation(g, output=output).convmat["alt"]
    for size, span in zip(one.kernel_size, one.span, strict=True):
        assert f"({size} - 1) + 1 = {span}" in alt
    zeros = sum(own < 0 for own in row_of(one, output))
    assert (f"{zeros} on zeros" in alt) is bool(zeros)
    assert alt.count(" on ") == one.free_parameters - zeros + bool(zeros)


def test_default_examples_fit_a_column_and_are_legible(artists):
    for figure in (stride(), dilation()):
        assert figure.get_figwidth() <= 6.5
    found = artists(dilation())
    assert found["w[0,0].text"].get_fontsize() >= 6
    assert artists(stride())["y[0]@s1.text"].get_fontsize() >= 6


def test_a_stride_of_one_has_nothing_to_be_compared_with():
    with pytest.raises(GeometryError, match=r"stride must be at least 2.*say stride=2"):
        stride(geometry(5, 3))


@pytest.mark.parametrize("draw", [stride, dilation], ids=["stride", "dilation"])
def test_other_axes_and_what_is_no_geometry_are_refused(draw):
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        draw((3, 3))
    with pytest.raises(ShapeError, match=r"one or two axes of at most 40.*matrix_plot"):
        draw(geometry((3, 3, 3), (2, 2, 2), stride=2))
    with pytest.raises(ShapeError, match="one or two axes of at most 40"):
        draw(geometry(41, 2, stride=2))


def test_an_output_that_there_is_not_is_refused():
    with pytest.raises(ShapeError, match="output must be a row below"):
        dilation(output=(3, 0))
