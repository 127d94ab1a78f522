import re
from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from convmat import figures, geometry
from convmat.errors import ConvmatError
from convmat.figures.chart import draw_curve
from convmat.figures.style import (
    ANSI,
    DARK,
    LIGHT,
    PALETTE,
    SHADES,
    ansi_tap,
    ansi_zero,
    contrast,
    tap_mark,
    theme_of,
)
from convmat.figures.tints import FRAME, INPUT, OUTPUT, cased, tinted

# Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
# Least distance (CIE76) of two colours of taps. A difference of 2.3 is just noticeable;
# Kleinsmith's own colours come down to 4.7 and 3.1.
APART = 15.0

SRGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def lab(color, matrix):
    c = rgb(color)
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    xyz = SRGB_TO_XYZ @ np.clip(matrix @ linear, 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least_distance(colors, vision):
    labs = [lab(color, VISION[vision]) for color in colors]
    return min(np.linalg.norm(a - b) for a, b in combinations(labs, 2))


def ansi_color(code):
    if code >= 232:
        return "#" + f"{8 + 10 * (code - 232):02X}" * 3
    levels = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(code - 16, 36)
    parts = levels[red], levels[rest // 6], levels[rest % 6]
    return "#" + "".join(f"{part:02X}" for part in parts)


@pytest.mark.parametrize("vision", VISION)
def test_all_colors_of_the_palette_stay_apart_for_every_reader(vision):
    assert least_distance(PALETTE, vision) > APART


@pytest.mark.parametrize("vision", VISION)
def test_all_colors_of_the_terminal_stay_apart_for_every_reader(vision):
    assert least_distance([ansi_color(code) for code in ANSI], vision) > APART


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", VISION)
def test_colors_of_curves_stay_apart_for_every_reader(theme, vision):
    assert least_distance(theme.lines, vision) > APART


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_curves_of_one_chart_differ_in_more_than_their_color(theme):
    ax = Figure().add_subplot()
    lines = [
        draw_curve(ax, range(9), np.arange(9.0), n, theme, f"curve[{n}]")
        for n in range(len(theme.lines))
    ]
    assert len({line.get_color() for line in lines}) == len(lines)
    assert len({line.get_marker() for line in lines}) == len(lines)
    for before, line in pairwise(lines):
        assert before.get_linestyle() != line.get_linestyle()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", VISION)
def test_tints_of_inputs_and_outputs_stay_apart_from_each_other_and_the_page(
    theme, vision
):
    # Areas, which have a heading too: less than taps, four times what is noticed.
    for share in (0.22, 0.26):
        own = tinted(theme, INPUT, share).fill
        assert least_distance([own, tinted(theme, OUTPUT).fill], vision) > 4 * 2.3
        zeros = theme.untouched.fill, theme.dropped.fill
        for other in (theme.background, theme.output.fill, *zeros):
            assert least_distance([own, other], vision) > 4 * 2.3
    given = tinted(theme, OUTPUT).fill
    for other in (theme.background, theme.output.fill):
        assert least_distance([given, other], vision) > 4 * 2.3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", VISION)
def test_a_frame_or_its_casing_stands_apart_from_whatever_it_lies_on(theme, vision):
    # In its own colour is a tap as well: there the casing parts the two.
    (casing,) = cased(theme, 2.0)
    frame, beside = theme.lines[FRAME], casing._gc["foreground"]
    fills = [tap_mark(tap, theme).fill for tap in range(SHADES)]
    fills += [tinted(theme, INPUT, share).fill for share in (0.1, 0.26, 0.75)]
    fills += [theme.untouched.fill, theme.dropped.fill, theme.background]
    assert frame in fills
    for fill in fills:
        found = max(least_distance([line, fill], vision) for line in (frame, beside))
        assert found > APART


def test_every_frame_of_a_window_has_a_casing(artists):
    dilated = geometry((7, 7), (3, 3), dilation=2)
    for figure in (figures.dilation(dilated), figures.stack3d(dilated)):
        (effect,) = artists(figure)["window"].get_path_effects()
        assert effect._gc["foreground"] == LIGHT.background


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("vision", VISION)
def test_two_kinds_of_zero_and_the_page_have_different_greys(theme, vision):
    greys = theme.untouched.fill, theme.dropped.fill, theme.background
    assert least_distance(greys, vision) > 4.5
    assert theme.untouched.line == "dotted"
    assert theme.dropped.line == "dashed"


def test_the_simulation_finds_the_fault_of_the_original_colors():
    original = "#F4CCCC", "#D9EAD3", "#FCE5CD", "#C9DAF8"
    assert least_distance(original, "deuteranopia") == pytest.approx(4.7, abs=0.1)
    assert least_distance(original, "protanopia") == pytest.approx(3.1, abs=0.1)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_every_text_has_contrast_of_4_5_on_its_ground(theme):
    marks = [theme.plain, theme.output, theme.untouched, theme.dropped]
    marks += [tap_mark(tap, theme) for tap in range(3 * SHADES)]
    assert all(contrast(mark.ink, mark.fill) >= 4.5 for mark in marks)
    assert contrast(theme.ink, theme.background) >= 4.5
    assert contrast(theme.muted, theme.background) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_curves_have_contrast_of_3_on_the_page(theme):
    assert all(contrast(line, theme.background) >= 3 for line in theme.lines)


def test_terminal_texts_have_contrast_of_4_5():
    for tap in range(len(ANSI)):
        ground, ink = map(int, re.findall(r"8;5;(\d+)", ansi_tap(tap)))
        assert contrast(ansi_color(ground), ansi_color(ink)) >= 4.5
    (grey,) = map(int, re.findall(r"8;5;(\d+)", ansi_zero()))
    assert contrast(ansi_color(grey), "#000000") >= 4.5
    assert contrast(ansi_color(grey), "#FFFFFF") >= 4.5


def test_taps_beyond_the_colors_have_hatches():
    looks = {(tap_mark(tap).fill, tap_mark(tap).hatch) for tap in range(5 * SHADES)}
    assert len(looks) == 5 * SHADES
    assert {tap_mark(tap).hatch for tap in range(SHADES)} == {""}


def test_a_theme_is_its_own_and_an_unknown_name_is_refused():
    assert theme_of(DARK) is DARK
    assert theme_of("light") is LIGHT
    with pytest.raises(ConvmatError, match="theme must be 'light' or 'dark'"):
        theme_of("blue")
