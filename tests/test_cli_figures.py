"""`convmat figures`: files, the list, and the check."""

import json
import os

import pytest
from PIL import Image

from convmat.cli import main
from convmat.errors import ConvmatError
from convmat.figures import gallery, stamp


@pytest.fixture
def run(capsys):
    """What a command ends with, and prints."""

    def call(*words):
        code = main(["figures", *map(str, words)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_a_figure_is_written_in_both_themes(run, tmp_path):
    out = tmp_path / "new" / "pictures"
    code, told, _ = run("matrix_plot", "--input", "4", "--kernel", "2", "--out", out)
    assert code == 0
    assert told == f"2 files in {out.resolve()}\n"
    names = ["matrix_plot-dark.svg", "matrix_plot-light.svg"]
    assert sorted(path.name for path in out.iterdir()) == names
    spec = stamp.read((out / names[0]).read_bytes(), ".svg")["spec"]
    assert spec["theme"] == "dark"
    assert spec["options"]["input"] == "4"


def test_formats_themes_and_figures_can_be_chosen(run, tmp_path):
    code, told, _ = run(
        *("wires", "usage_map", "wires", "--format", "png,txt,png", "--theme", "dark"),
        *("--dpi", "40", "--out", tmp_path),
    )
    assert code == 0
    assert told.startswith("4 files in ")
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}-dark.{suffix}"
        for name in ("wires", "usage_map")
        for suffix in ("png", "txt")
    }


def test_values_may_begin_with_a_minus(run, tmp_path):
    words = ("apply_once", "--values", "-1,0,1,0", "--kernel", "2x2", "--bias", "-3")
    assert run(*words, "--theme", "light", "--out", tmp_path)[0] == 0


def test_what_moves_is_a_gif_unless_something_else_is_asked_for(run, tmp_path):
    words = ("slide_film", "--input", "3", "--kernel", "2", "--values=", "--x=")
    code, _, _ = run(*words, "--theme", "light", "--dpi", 40, "--out", tmp_path)
    assert code == 0
    (file,) = tmp_path.iterdir()
    assert file.read_bytes().startswith(b"GIF89a")


def test_the_whole_gallery_is_written_and_fine(run, tmp_path, monkeypatch):
    some = ("usage_map", "wires")
    monkeypatch.setattr("convmat.cli.figures.names", lambda: some)
    assert run("--out", tmp_path)[0] == 0
    assert len(list(tmp_path.iterdir())) == 4
    code, told, _ = run("--check", tmp_path)
    assert (code, told) == (0, "4 fine, 0 edited, 0 stale, 0 unknown\n")


def test_an_edited_svg_is_caught(run, tmp_path):
    run("usage_map", "--out", tmp_path)
    path = tmp_path / "usage_map-light.svg"
    path.write_text(path.read_text().replace("<desc>", "<desc>Not ", 1))
    (tmp_path / "mine.txt").write_text("no figure\n")
    code, told, _ = run("--check", tmp_path)
    assert code == 1
    assert f"edited   {path}: its content is not what was written" in told
    assert "mine.txt: no stamp" in told
    assert told.endswith("1 fine, 1 edited, 0 stale, 1 unknown\n")
    code, told, _ = run("--check", tmp_path, "--json")
    assert code == 1
    facts = json.loads(told)
    assert facts["edited"] == 1
    assert [one["verdict"] for one in facts["files"]] == ["unknown", "fine", "edited"]


def test_the_list_has_every_figure_with_its_caption(run):
    code, told, _ = run("--list")
    assert code == 0
    flowing = " ".join(told.split())
    for name in gallery.names():
        assert f"{name} {gallery.entry(name).caption}" in flowing


def test_the_list_is_json_too(run):
    code, told, _ = run("--list", "--json")
    assert code == 0
    facts = json.loads(told)
    assert [one["name"] for one in facts] == list(gallery.names())
    assert facts[0]["options"][0]["name"] == "input"


def test_the_list_of_a_figure_shows_its_options(run):
    code, told, _ = run("stride", "--list")
    assert code == 0
    for option in gallery.entry("stride").options:
        assert f"--{option.name} " in told
        assert f"(default: {option.default})" in " ".join(told.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["matrix_plt"], "FIGURE must be a figure.*did you mean matrix_plot?"),
        (["--format", "bmp"], "--format must be of svg, png, pdf"),
        (["losses", "--format", "tex"], "--format must be of svg, png, pdf, with"),
        (["wires", "losses", "--format", "tex"], "--format must be a format of losses"),
        (["--theme", "drk"], "--theme must be of light, dark.*did you mean dark?"),
        (["--dpi", "0"], "--dpi must be at least 1"),
        (["--input", "3x3"], "--input must stand beside the name of a figure"),
        (["wires", "--layers", "k3"], "--layers is no option of wires"),
        (["wires", "--input", "3y3"], "--input must be integers with x between them"),
        (["wires", "--kernel", "9x9"], "--kernel must fit the padded input"),
        (["wires", "--preset", "klein"], "--preset must be a preset of the gallery"),
        (
            ["--preset", "paddin_strides"],
            "--preset must be a preset.*did you mean padding_strides?",
        ),
        (["wires", "--json"], "--json must stand beside --list or --check"),
        (["--check", "nowhere"], "--check must be a folder that exists"),
        (["wires", "--check", "."], "FIGURE must not stand beside --check"),
    ],
)
def test_bad_words_are_refused_and_nothing_is_written(run, tmp_path, words, told):
    out = [] if "--check" in words else ["--out", tmp_path / "out"]
    code, printed, error = run(*words, *out)
    assert code == 2
    assert printed == ""
    assert error.count("\n") == 1
    assert error.startswith("convmat: ")
    first, *rest = told.split(".*")
    assert error.removeprefix("convmat: ").startswith(first)
    assert all(part in error for part in rest)
    written = tmp_path / "out"
    assert not written.exists() or not list(written.iterdir())


def test_a_preset_alone_is_drawn_as_its_figure_under_its_own_name(run, tmp_path):
    for name in ("kleinsmith_network", "kleinsmith_padded"):
        assert run("--preset", name, "--theme", "dark", "--out", tmp_path)[0] == 0
    assert run("wires", "--preset", "kleinsmith_network", "--out", tmp_path)[0] == 0
    figures = {
        path.stem: stamp.read(path.read_bytes(), ".svg")["spec"]["figure"]
        for path in tmp_path.iterdir()
    }
    assert figures == {
        "kleinsmith_network-dark": "wires",
        "kleinsmith_padded-dark": "matrix_plot",
        "wires-light": "wires",
        "wires-dark": "wires",
    }


def test_the_list_has_every_preset_and_a_figure_those_that_it_takes(run):
    _, told, _ = run("--list")
    flowing = " ".join(told.split())
    for name, one in gallery.PRESETS.items():
        assert f"{name}: {one.figure}. {one.caption}" in flowing
    _, told, _ = run("equations", "--list")
    (taken,) = told.partition("presets: ")[2].split("\n\n")
    names = " ".join(taken.split()).split(", ")
    assert names[:2] == ["kleinsmith_equations", "kleinsmith_compact"]
    for name in gallery.PRESETS:
        if name in names:
            gallery.spec_hash("equations", {"preset": name})
        else:
            with pytest.raises(ConvmatError, match="must be a preset for equations"):
                gallery.spec_hash("equations", {"preset": name})


def test_the_help_tells_what_each_option_takes(run, capsys):
    with pytest.raises(SystemExit):
        run("--help")
    told = " ".join(capsys.readouterr().out.split())
    assert "--stride STRIDE step between windows: 2, or per axis 2x1 --padding" in told
    assert "--form FORM both factors in boxes, or one (equations) --outputs" in told
    assert "four_applications, equations" not in told


def test_a_file_of_a_preset_is_fine_and_under_the_name_of_another_figure_is_not(
    run, tmp_path
):
    run("--preset", "padding_strides", "--theme", "light", "--out", tmp_path)
    assert run("--check", tmp_path)[0] == 0
    path = tmp_path / "padding_strides-light.svg"
    path.rename(tmp_path / "wires-light.svg")
    code, told, _ = run("--check", tmp_path)
    assert code == 1
    assert "by its stamp it is 'stack3d-light'" in told


def test_a_file_of_the_gallerys_name_without_a_stamp_was_edited(run, tmp_path):
    run("usage_map", "--format", "png,svg", "--dpi", "40", "--out", tmp_path)
    path = tmp_path / "usage_map-light.png"
    with Image.open(path) as picture:
        picture.save(path)  # as an editor saves it, without what it doesn't know
    (tmp_path / "padding_strides-dark.svg").write_text("<svg></svg>")
    (tmp_path / "mine-light.svg").write_text("<svg></svg>")
    code, told, _ = run("--check", tmp_path)
    assert code == 1
    why = "it has the name of a figure of the gallery, and no stamp"
    assert f"usage_map-light.png: {why}" in told
    assert f"padding_strides-dark.svg: {why}" in told
    assert "mine-light.svg: no stamp" in told
    assert told.endswith("3 fine, 2 edited, 0 stale, 1 unknown\n")


def test_what_other_programs_wrote_is_unknown_and_fails_no_check(run, tmp_path):
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.5\nby another program\n%%EOF\n")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    code, told, _ = run("--check", tmp_path)
    assert code == 0
    assert "unknown  " in told
    assert "paper.pdf: the file must be a whole PDF by Matplotlib" in told
    assert told.endswith("0 fine, 0 edited, 0 stale, 2 unknown\n")


def test_a_folder_must_be_named(run):
    assert "got --out=''" in run("wires", "--out", "")[2]
    code, _, error = run("wires")
    assert (code, error) == (2, "convmat: --out must name a folder for the files\n")


def test_a_folder_that_cannot_be_written_is_told(run, tmp_path):
    (tmp_path / "file").write_text("x")
    code, _, error = run("wires", "--out", tmp_path / "file" / "below")
    assert code == 2
    assert error.startswith("convmat: --out must be a folder to write to")


@pytest.mark.skipif(os.name != "posix", reason="there is no /dev/full")
def test_a_failure_leaves_no_half_file(run, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, _, error = run("wires", "--out", tmp_path)
    assert code == 2
    assert "No space left on device" in error
    assert list(tmp_path.iterdir()) == []
