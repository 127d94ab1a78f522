import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, Patch, Rectangle
from matplotlib.text import Text

from convmat import ConvmatError, figures, geometry
from convmat.figures import (
    curves,
    four_applications,
    gradient_tying,
    kernel_grid,
    matrix_equation,
    matrix_plot,
    save,
    tikz_picture,
    usage_map,
)
from convmat.figures.sheet import Sheet
from convmat.figures.style import DARK, LIGHT, Theme
from convmat.figures.tex import tex_text

G = geometry((3, 3), (2, 2))
PADDED = geometry((3, 2), (2, 2), padding=((0, 1), (1, 0)), stride=(1, 2))
CHANNELS = geometry((2, 3, 3), (2, 2, 2, 2))
FIGURES = {
    "equation": lambda: matrix_equation(G, bias="b"),
    "equation of numbers": lambda: matrix_equation(PADDED, [[1, -2], [0.5, 3]]),
    "equation of sums": lambda: matrix_equation(
        geometry(3, 3, padding=2, padding_mode="replicate")
    ),
    "applications": four_applications,
    "applications, padded": lambda: four_applications(PADDED, theme="dark"),
    "plot": lambda: matrix_plot(G),
    "plot, padded": lambda: matrix_plot(PADDED, padding=True, theme="dark"),
    "plot of channels": lambda: matrix_plot(CHANNELS),
    "plot with hatches": lambda: matrix_plot(geometry((5, 6), (5, 5))),
    "gradients": lambda: gradient_tying(G, np.arange(36).reshape(4, 9)),
    "kernels": lambda: kernel_grid([[[1, -2], [0, 3]]], ["an edge & 50%"]),
    "usage": lambda: usage_map([[0, 2], [1, 4]]),
    "once": figures.apply_once,
    "wires": figures.wires,
    "planes": figures.stack3d,
    "strides": lambda: figures.stride(geometry((5, 5), (3, 3), stride=2)),
}


@cache
def figure_of(name):
    """Drawn once for all tests, which leave it as it is but for its dpi."""
    return FIGURES[name]()


@cache
def picture_of(name):
    return tikz_picture(figure_of(name))


NUMBER = r"-?\d+(?:\.\d+)?"
POINT = rf"\({NUMBER},{NUMBER}\)"
OPTION = rf"[a-z ]+=(?:{NUMBER}(?:pt)?|[a-z ]+|cm[0-9A-F]{{6}})"
DASHES = rf"dash pattern=on {NUMBER}pt off {NUMBER}pt(?: on {NUMBER}pt off {NUMBER}pt)*"
FONT = (
    rf"font=\\fontsize{{{NUMBER}}}{{{NUMBER}}}\\selectfont(?:\\bfseries)?(?:\\itshape)?"
)
OPTIONS = rf"\[(?:{OPTION}|{DASHES}|{FONT})(?:, (?:{OPTION}|{DASHES}|{FONT}))*\]"
CURVE = rf"\.\. controls {POINT} and {POINT} \.\. {POINT}"
STEP = rf"(?: -- {POINT}| -- cycle| {CURVE}| {POINT})"
WAY = rf"(?:{POINT} rectangle {POINT}|{POINT}{STEP}+)"
# Everything that a line may be: nothing else is ever written.
GRAMMAR = [
    r"% [^\n]*",
    r"\\begin{tikzpicture}\[x=1in, y=1in, [^\[\]]*\]",
    r"\\definecolor{cm([0-9A-F]{6})}{HTML}{\1}",
    rf"\\useasboundingbox \(0,0\) rectangle {POINT};",
    rf"\\path{OPTIONS} {WAY};",
    rf"\\node{OPTIONS} at {POINT} {{.*}};",
    r"\\begin{scope}",
    rf"\\clip {WAY};",
    r"\\end{scope}",
    r"\\end{tikzpicture}%",
]
LINE = re.compile("|".join(f"(?:{rule})" for rule in GRAMMAR))


def assert_grammar(picture):
    for line in picture.splitlines():
        assert line.isascii() or line.startswith("%"), line
        assert LINE.fullmatch(line), line
        bare = re.sub(r"\\[{}]", "", line)
        if not line.startswith("%"):
            depth = 0
            for letter in bare:
                depth += {"{": 1, "}": -1}.get(letter, 0)
                assert depth >= 0, line
            assert depth == 0, line
            assert bare.count("$") % 2 == 0, line
    begun = re.findall(r"\\(begin|end){(\w+)}", picture)
    open_now = []
    for what, name in begun:
        if what == "begin":
            open_now.append(name)
        else:
            assert open_now.pop() == name
    assert not open_now
    defined = re.findall(r"\\definecolor{(\w+)}", picture)
    assert defined == sorted(set(defined))
    assert set(re.findall(r"=(cm\w+)", picture)) == set(defined)


def commands_by_id(picture):
    """The commands of each id; several where an artist is of several parts."""
    found = {}
    gid = None
    for line in picture.splitlines():
        if line.startswith("% gid "):
            assert gid is None, f"{gid} has no command"
            gid = line.removeprefix("% gid ")
        elif line.startswith(("\\path", "\\node")):
            found.setdefault(gid, []).append(line)
            gid = None
    found.pop(None, None)
    return found


def numbers_of(line):
    place = line.split(" at ", 1)[-1] if line.startswith("\\node") else line
    place = place.split("] ", 1)[-1]
    pairs = re.findall(rf"\(({NUMBER}),({NUMBER})\)", place)
    return np.array(pairs, float)


def is_seen(artist):
    if not artist.get_visible():
        return False
    if isinstance(artist, Text):
        return bool(artist.get_text().strip())
    if isinstance(artist, Rectangle):
        filled = artist.get_fill() and artist.get_facecolor()[3] > 0
        lined = artist.get_linewidth() > 0 and artist.get_edgecolor()[3] > 0
        return bool(filled or lined or artist.get_hatch())
    return isinstance(artist, Patch | Line2D)


@pytest.mark.parametrize("name", FIGURES)
def test_each_artist_with_an_id_has_its_command_and_nothing_else_has_one(name, artists):
    figure, picture = figure_of(name), picture_of(name)
    assert_grammar(picture)
    seen = {gid for gid, artist in artists(figure).items() if is_seen(artist)}
    assert set(commands_by_id(picture)) == seen


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "planes"])
def test_cells_have_their_places_colors_borders_and_hatches(name, artists):
    figure, found = figure_of(name), commands_by_id(picture_of(name))
    figure.set_dpi(72)
    FigureCanvasAgg(figure).draw()
    cells = 0
    for gid, artist in artists(figure).items():
        if not isinstance(artist, Rectangle) or not is_seen(artist):
            continue
        box = artist.get_window_extent()
        lines = found[gid]
        corners = np.array([[box.x0, box.y0], [box.x1, box.y1]]) / 72
        for line in lines:
            assert np.abs(numbers_of(line) - corners).max() < 1e-4
        whole = " ".join(lines)
        if artist.get_fill():
            assert f"fill=cm{to_hex(artist.get_facecolor())[1:].upper()}" in whole
        if artist.get_linewidth():
            assert f"draw=cm{to_hex(artist.get_edgecolor())[1:].upper()}" in whole
            assert f"line width={artist.get_linewidth():g}pt" in whole
        assert ("dash pattern" in whole) == (artist.get_linestyle() != "solid")
        assert ("pattern color=" in whole) == bool(artist.get_hatch())
        cells += 1
    assert cells >= 4


@pytest.mark.parametrize("name", FIGURES)
def test_words_are_those_of_the_figure_at_the_places_that_they_hang_at(name, artists):
    figure, found = figure_of(name), commands_by_id(picture_of(name))
    figure.set_dpi(72)
    FigureCanvasAgg(figure).draw()
    words = 0
    for gid, artist in artists(figure).items():
        if not isinstance(artist, Text) or not is_seen(artist):
            continue
        (line,) = found[gid]
        assert line.split(" at ", 1)[1].split(" ", 1)[1] == (
            f"{{{tex_text(artist.get_text())}}};"
        )
        (at,) = numbers_of(line)
        box = Text.get_window_extent(artist)  # of the words alone, without a leader
        low, high = np.array([box.p0, box.p1]) / 72
        assert (low - 0.02 <= at).all(), line
        assert (at <= high + 0.02).all(), line
        size = float(re.search(r"\\fontsize{([\d.]+)}", line)[1])
        assert abs(size - artist.get_fontsize()) < 1e-3
        assert f"text=cm{to_hex(artist.get_color())[1:].upper()}" in line
        turned = artist.get_rotation()
        assert ("rotate=" in line) == bool(turned)
        if not turned:
            side = {"left": "base west", "center": "base", "right": "base east"}
            assert f"anchor={side[artist.get_ha()]}," in line
            ends = {"left": low[0], "center": (low + high)[0] / 2, "right": high[0]}
            assert abs(at[0] - ends[artist.get_ha()]) < 0.03, line
        words += 1
    assert words >= 4


def test_later_artists_come_later_as_matplotlib_draws_them(artists):
    figure = four_applications(PADDED)
    order = list(commands_by_id(tikz_picture(figure)))
    known = artists(figure)
    levels = [known[gid].get_zorder() for gid in order]
    assert levels == sorted(levels)
    assert len(set(levels)) > 2


def test_two_pictures_of_one_figure_are_the_same_and_the_figure_stays_as_it_was(
    tmp_path,
):
    figure = matrix_plot(PADDED)
    before = save(figure, tmp_path / "1.svg").read_bytes()
    dpi = figure.get_dpi()
    first = tikz_picture(figure)
    assert tikz_picture(figure) == first == tikz_picture(matrix_plot(PADDED))
    assert figure.get_dpi() == dpi
    assert save(figure, tmp_path / "2.svg").read_bytes() == before


def test_a_tex_file_is_the_picture_and_says_what_it_needs(tmp_path):
    figure = matrix_equation(G)
    text = save(figure, tmp_path / "W.tex").read_text()
    assert text == tikz_picture(figure)
    first, second, third = text.splitlines()[:3]
    assert first == "% matrix_equation, drawn by convmat"
    assert second == "% needs \\usepackage{tikz}"
    assert third == f"% alt: {' '.join(figure.convmat['alt'].split())}"
    hatched = picture_of("plot with hatches")
    assert "\\usetikzlibrary{patterns}" in hatched.splitlines()[1]


def drawn_by_hand():
    """All that a sheet may hold beside cells."""
    sheet = Sheet.blank(LIGHT)
    ax = sheet.ax
    ax.add_line(Line2D([1, 2, 3], [1, 1.5, 1], gid="way", alpha=0.5, linestyle="--"))
    ax.add_line(Line2D([1], [2], marker="o", linestyle="", gid="dot"))
    ax.add_patch(Circle((2, 2), 0.3, gid="circle", fill=False))
    ax.add_patch(Rectangle((0.5, 0.5), 1, 1, angle=30, gid="turned"))
    ax.add_patch(Rectangle((3.8, 2.8), 1, 1, gid="beyond", clip_on=True))
    arrow = {"arrowstyle": "->", "connectionstyle": "arc3,rad=.3", "mutation_scale": 9}
    ax.add_patch(FancyArrowPatch((1, 1), (3, 2), gid="arrow", **arrow))
    ax.annotate("here", (1, 1), (2, 2.5), gid="note", arrowprops={"arrowstyle": "->"})
    sheet.write(2, 1, "up", "up", rotation=90, ha="right", fontweight="bold")
    sheet.write(2, 2, "two\nlines", "lines", style="italic", ha="left")
    sheet.cut(4, 3)
    return sheet.finish("sketch", {}, "a sketch")


def test_lines_arrows_curves_and_turned_words_are_written_too():
    picture = tikz_picture(drawn_by_hand())
    assert_grammar(picture)
    found = commands_by_id(picture)
    assert found["way"][0].startswith("\\path[draw=cm1F77B4, line width=1.5pt, draw op")
    assert "dash pattern=on " in found["way"][0]
    assert np.allclose(numbers_of(found["way"][0]), [[1, 2], [2, 1.5], [3, 2]])
    assert "controls" in found["circle"][0]
    assert "controls" in found["arrow"][0]
    assert "rectangle" not in found["turned"][0]
    assert "-- cycle" in found["turned"][0]
    assert "rotate=90" in found["up"][0]
    assert "\\bfseries" in found["up"][0]
    assert picture.count("\\itshape") == 2
    assert "{two};" in picture
    assert "{lines};" in picture


def test_what_a_clip_cuts_off_is_cut_off_in_tikz():
    figure = Figure(figsize=(2, 2))
    ax = figure.add_axes((0.25, 0.25, 0.5, 0.5))
    ax.set_axis_off()
    ax.add_line(Line2D([-1, 2], [0.5, 0.5], gid="long"))
    picture = tikz_picture(figure)
    assert_grammar(picture)
    assert "\\clip (0.5,0.5) rectangle (1.5,1.5);" in picture


def test_a_sheet_in_given_axes_is_written_where_it_stands():
    figure = Figure(figsize=(8, 3))
    first, second = figure.subplots(1, 2)
    matrix_equation(geometry(2, 2), ax=first)
    second.set_axis_off()
    picture = tikz_picture(figure)
    assert_grammar(picture)
    places = numbers_of(commands_by_id(picture)["W[0,0]"][0])
    assert 0 < places[:, 0].max() < 4


@pytest.mark.parametrize(
    ("draw", "rule"),
    [
        (lambda: curves({"a": [1, 2]}, xlabel="x", ylabel="y"), "no numbered axes"),
        (lambda: matrix_plot(geometry((12, 12), (3, 3))), "no image"),
    ],
    ids=["numbered axes", "image"],
)
def test_charts_and_images_are_refused_with_the_format_that_holds_them(
    tmp_path, draw, rule
):
    figure = draw()
    dpi = figure.get_dpi()
    with pytest.raises(ConvmatError, match=rf"figure must .*{rule}.*\.pdf"):
        save(figure, tmp_path / "figure.tex")
    assert not list(tmp_path.iterdir())
    assert figure.get_dpi() == dpi


def test_a_formula_of_matplotlib_is_refused():
    figure = Figure()
    figure.text(0, 0, "$x^2$")
    with pytest.raises(ConvmatError, match=r"the text must be words.*\.pdf"):
        tikz_picture(figure)


@pytest.mark.parametrize("letter", ["雪", "\x00", "😀"])
def test_a_character_without_a_form_in_latex_is_refused(letter):
    with pytest.raises(
        ConvmatError, match=r"characters that LaTeX has a form for.*U\+"
    ):
        tex_text(f"a{letter}")


# The other way round, on its own: what LaTeX would show for what we write.
SHOWN = {
    r"\textbackslash{}": "\\",
    r"\textdollar{}": "$",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textquotedbl{}": '"',
    r"\textasciigrave{}": "`",
    r"\textquotesingle{}": "'",
    r"\{": "{",
    r"\}": "}",
    r"\&": "&",
    r"\#": "#",
    r"\%": "%",
    r"\_": "_",
    r"\alpha": "α",
    r"\omega": "ω",
    "{o}": "\N{GREEK SMALL LETTER OMICRON}",
    "$": "",
    r"\times": "×",
    r"\rightarrow": "→",
    r"\cdot": "·",
    r"\Sigma": "Σ",
}
INDEX = re.compile(r"_\{([\d,+-]+)\}")
LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def shown(latex):
    text = INDEX.sub(lambda match: match[1].translate(LOW), latex)
    parts = re.split(r"(\\[A-Za-z]+(?:\{\})?|\\.|\$|\{o\})", text)
    return "".join(SHOWN.get(part, part) for part in parts)


@given(st.text("aZ09 {}&#%_~^\\$<>|\"'`αωΣ×→·₀₁₂,.-+=()[]", max_size=12))
@example("w₀₁·x₂,₃")
@example("$α$")
@example("α\N{GREEK SMALL LETTER OMICRON}×")
@example("-1 - -2, (-3)")
@example("x₁₂,₃,₄")
def test_escaped_words_read_as_they_were(text):
    latex = tex_text(text)
    assert latex.isascii()
    assert "$$" not in latex
    assert latex.count("$") % 2 == 0
    assert shown(latex) == text


COMPILERS = [name for name in ("pdflatex", "lualatex") if shutil.which(name)]


@pytest.mark.skipif(not COMPILERS, reason="no LaTeX on this machine")
@pytest.mark.parametrize("name", ["equation", "plot, padded", "plot with hatches"])
def test_latex_sets_the_picture(tmp_path, name):
    source = tmp_path / "picture.tex"
    source.write_text(tikz_picture(FIGURES[name](), standalone=True))
    command = [COMPILERS[0], "-interaction=nonstopmode", "-halt-on-error", source.name]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "(1 page" in done.stdout.replace("\n", "")


def test_words_and_grounds_of_a_theme_of_ones_own_are_kept():
    own: Theme = replace(DARK, name="own", background="#102030")
    picture = tikz_picture(matrix_equation(G, theme=own))
    assert "\\path[fill=cm102030] (0,0) rectangle" in picture
