import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from PIL import Image

from convmat import ConvmatError, geometry
from convmat.figures import (
    curves,
    four_applications,
    matrix_equation,
    matrix_plot,
    save,
)

G = geometry((3, 3), (2, 2))
SVG = "{http://www.w3.org/2000/svg}"
FIGURES = {
    "matrix_plot": lambda: matrix_plot(G),
    "image": lambda: matrix_plot(geometry((12, 12), (3, 3))),
    "matrix_equation": lambda: matrix_equation(G, bias="b"),
    "four_applications": four_applications,
    "curves": lambda: curves({"a": [1, 2]}, xlabel="x", ylabel="y"),
}


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
@pytest.mark.parametrize("name", FIGURES)
def test_the_same_figure_gives_the_same_bytes(tmp_path, name, suffix):
    figure = FIGURES[name]()
    once = save(figure, tmp_path / f"1.{suffix}").read_bytes()
    again = save(figure, tmp_path / f"2.{suffix}").read_bytes()
    anew = save(FIGURES[name](), tmp_path / f"3.{suffix}").read_bytes()
    assert once == again == anew


def test_settings_of_the_caller_do_not_reach_the_file(tmp_path):
    plain = save(matrix_plot(G), tmp_path / "1.svg").read_bytes()
    with mpl.rc_context({"svg.hashsalt": "mine", "font.family": "serif"}):
        assert save(matrix_plot(G), tmp_path / "2.svg").read_bytes() == plain


def test_an_svg_has_title_description_and_every_id(tmp_path, artists):
    figure = matrix_plot(G)
    root = ET.parse(save(figure, tmp_path / "figure.svg")).getroot()
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "matrix_plot"
    assert root.find(f"{SVG}desc").text == figure.convmat["alt"]
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    drawn = [gid for gid in artists(figure) if gid[0] in "Wxyw"]
    assert len(drawn) > 36
    assert set(drawn) <= set(ids)


def test_a_png_carries_its_alt_text(tmp_path):
    figure = matrix_plot(G)
    with Image.open(save(figure, tmp_path / "figure.png")) as image:
        assert image.info["Title"] == "matrix_plot"
        assert image.info["Description"] == figure.convmat["alt"]


def test_dpi_scales_a_png(tmp_path):
    sizes = []
    for dpi in (50, 100):
        path = save(matrix_plot(G), tmp_path / "figure.png", dpi=dpi)
        with Image.open(path) as image:
            sizes.append(image.width)
    assert sizes[1] == pytest.approx(2 * sizes[0], abs=2)


def test_any_figure_of_matplotlib_can_be_saved(tmp_path):
    assert save(Figure(), str(tmp_path / "empty.SVG")).exists()


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "figure.png"
    target.write_text("old")
    save(matrix_plot(G), target)
    assert target.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_as_it_was(tmp_path, monkeypatch):
    target = tmp_path / "figure.png"
    target.write_text("old")

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        save(matrix_plot(G), target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["figure.bmp", "figure", "figure.svg.gz"])
def test_an_unknown_suffix_is_refused(tmp_path, name):
    with pytest.raises(ConvmatError, match=r"path must end in \.svg, .* or \.txt"):
        save(matrix_plot(G), tmp_path / name)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ConvmatError, match=r"path must lie in a folder.*mkdir"):
        save(matrix_plot(G), tmp_path / "missing" / "figure.svg")
