"""Stamps: what a file says of itself, and what a check makes of it."""

import io
import json
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from convmat import ConvmatError
from convmat.figures import draw, gallery, matrix_plot, save, stamp
from convmat.figures.stamp import containers, note, verdicts
from convmat.figures.stamp.same import same_picture
from convmat.figures.style import THEMES
from convmat.geometry import geometry

SMALL = {"input": "3", "kernel": "2"}
NOTES = st.dictionaries(
    st.text(max_size=8).filter(lambda key: key != "content"),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


def film():
    return gallery.draw("slide_film", {**SMALL, "values": "", "x": ""})


def plain(suffix):
    """The bytes of a small figure that the gallery did not draw, so without a stamp."""
    drawn = film() if suffix == ".gif" else gallery.draw("matrix_plot", SMALL)
    drawn.convmat.pop("spec")
    return draw._content(drawn, suffix, 50, None)


@pytest.fixture(scope="module")
def files():
    return {suffix: plain(suffix) for suffix in stamp.SUFFIXES}


@pytest.fixture
def figure_file(tmp_path):
    """A stamped file of each kind, by its suffix."""

    def write(suffix, theme="light"):
        drawn = film() if suffix == ".gif" else gallery.draw("matrix_plot", SMALL)
        return save(drawn, tmp_path / f"figure{suffix}", dpi=50)

    return write


def verdict(path):
    (found,) = stamp.checked([path])
    return found


def resealed(content, suffix, change=None):
    """The same file with a stamp whose digest fits, as a careful forger makes it."""
    told = stamp.read(content, suffix)
    told.pop("content")
    told |= change or {}
    return stamp.stamped(containers.take(content, suffix)[1], suffix, told)


@pytest.mark.parametrize("suffix", stamp.SUFFIXES)
def test_taking_a_stamp_out_gives_the_file_back(files, suffix):
    @given(NOTES)
    def law(told):
        content = files[suffix]
        marked = stamp.stamped(content, suffix, told)
        assert marked != content
        read = stamp.read(marked, suffix)
        assert containers.take(marked, suffix)[1] == content
        assert read.pop("content") == note.content_digest(content, told)
        assert read == json.loads(json.dumps(told))

    law()


@pytest.mark.parametrize("suffix", stamp.SUFFIXES)
def test_a_figure_of_the_gallery_is_stamped_and_fine(figure_file, suffix):
    path = figure_file(suffix)
    told = stamp.read(path.read_bytes(), suffix)
    assert sorted(told) == ["content", "convmat", "data", "dpi", "matplotlib", "spec"]
    assert told["spec"]["options"]["input"] == "3"
    assert verdict(path) == stamp.Checked(path, "fine")


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf", ".tex", ".txt"])
def test_a_figure_from_elsewhere_has_no_stamp(tmp_path, suffix):
    own = matrix_plot(geometry(3, 2))
    path = save(own, tmp_path / f"figure{suffix}")
    assert verdict(path).verdict == "unknown"
    assert verdict(path).ok


def test_an_empty_figure_of_matplotlib_is_saved_without_one(tmp_path):
    path = save(Figure(), tmp_path / "empty.svg")
    assert stamp.read(path.read_bytes(), ".svg") is None


@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [
        (".svg", b"#e69f00", b"#e69f01"),
        (".tex", b"beta", b"zeta"),
        (".txt", b"A", b"X"),
        (".pdf", b"/Creator (convmat)", b"/Creator (konvmat)"),
        (".svg", b'"kernel":"2"', b'"kernel":"1"'),
        (".txt", b'"theme":"light"', b'"theme":"lines"'),
    ],
)
def test_an_edited_file_is_found_and_one_resealed_is_too(figure_file, suffix, old, new):
    path = figure_file(suffix)
    content = path.read_bytes()
    assert old in content, content[-600:]
    path.write_bytes(content.replace(old, new, 1))
    assert verdict(path).verdict == "edited"
    path.write_bytes(resealed(path.read_bytes(), suffix))
    found = verdict(path)
    assert found.verdict == "stale"
    assert not found.ok


def test_pixels_that_were_painted_over_are_found(figure_file):
    for suffix in (".png", ".gif"):
        path = figure_file(suffix)
        told = stamp.read(path.read_bytes(), suffix)
        with Image.open(path) as picture:
            frames = [frame.copy() for frame in _frames(picture)]
        frames[0].putpixel((3, 3), frames[0].getpixel((0, 0))[:1] + (9, 9, 255)[:3])
        buffer = io.BytesIO()
        frames[0].save(
            buffer, suffix[1:], save_all=suffix == ".gif", append_images=frames[1:]
        )
        told.pop("content")
        painted = buffer.getvalue()
        path.write_bytes(stamp.stamped(painted, suffix, told))
        assert verdict(path).verdict == "stale"


def _frames(picture):
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        yield picture.convert("RGBA")


def test_a_png_that_was_packed_otherwise_is_fine(figure_file):
    path = figure_file(".png")
    content = path.read_bytes()
    at = content.index(b"IDAT") - 4
    size = int.from_bytes(content[at : at + 4], "big")
    packed = zlib.compress(zlib.decompress(content[at + 8 : at + 8 + size]), 1)
    body = b"IDAT" + packed
    chunk = struct.pack(">I", len(packed)) + body + struct.pack(">I", zlib.crc32(body))
    other = content[:at] + chunk + content[at + 12 + size :]
    assert verdict(path).verdict == "fine"
    path.write_bytes(other)
    assert verdict(path).verdict == "edited"
    path.write_bytes(resealed(other, ".png"))
    assert same_picture(content, other, ".png")
    assert verdict(path).verdict == "fine"


def test_a_figure_that_has_changed_since_is_stale(figure_file, monkeypatch):
    path = figure_file(".svg")
    changed = gallery.draw("matrix_plot", {**SMALL, "values": "1,2"})
    monkeypatch.setattr(verdicts, "draw", lambda *args, **kwargs: changed)
    assert verdict(path).why == "the same options give another figure today"


def test_bytes_of_another_version_are_not_compared(figure_file):
    path = figure_file(".svg")
    content = path.read_bytes().replace(b"</title>", b" </title>", 1)
    path.write_bytes(resealed(content, ".svg"))
    assert verdict(path).verdict == "stale"
    path.write_bytes(resealed(content, ".svg", {"matplotlib": "1.0"}))
    assert verdict(path).verdict == "fine"
    assert verdict(path).why.startswith("of other versions")


LOST = {
    "its line end": (b"</metadata>\n</svg>", b"</metadata></svg>"),
    "its quotes": (b'xmlns="urn:convmat">{', b'xmlns="urn:convmat" id="m1">{'),
    "its lines": (b"\n", b"\r\n"),
}


@pytest.mark.parametrize("way", LOST)
def test_a_stamp_that_an_editor_wrote_otherwise_is_an_edit(figure_file, way):
    path = figure_file(".svg")
    content = path.read_bytes().replace(*LOST[way])
    assert content != path.read_bytes()
    path.write_bytes(content)
    why = "its stamp is not as it was written"
    assert verdict(path) == stamp.Checked(path, "edited", why)


def test_an_svg_that_is_cut_off_is_an_edit(figure_file):
    path = figure_file(".svg")
    for end in (0, 1000, -20):
        path.write_bytes(path.read_bytes()[:end])
        assert verdict(path).why == "the file must be a whole SVG"


@pytest.mark.parametrize("suffix", stamp.SUFFIXES)
def test_a_file_of_the_gallery_that_lost_its_stamp_is_an_edit(
    figure_file, tmp_path, suffix
):
    content = containers.take(figure_file(suffix).read_bytes(), suffix)[1]
    for stem, expected in (("wires-light", "edited"), ("mine", "unknown")):
        path = tmp_path / f"{stem}{suffix}"
        path.write_bytes(content)
        assert verdict(path).verdict == expected


def test_files_that_changed_places_are_edits(tmp_path):
    light, dark = (tmp_path / f"matrix_plot-{theme}.svg" for theme in THEMES)
    for path, theme in ((light, "dark"), (dark, "light")):
        save(gallery.draw("matrix_plot", SMALL, theme=theme), path)
    assert [found.why for found in stamp.checked([light, dark])] == [
        "by its stamp it is 'matrix_plot-dark'",
        "by its stamp it is 'matrix_plot-light'",
    ]


SPEC = gallery.draw("matrix_plot", SMALL).convmat["spec"]
HOSTILE = {
    "no specification": ({"spec": None}, "edited", "no specification"),
    "a list": ({"spec": [1]}, "edited", "no specification"),
    "numbers": ({"spec": {**SPEC, "options": {"input": 3}}}, "edited", "not made of"),
    "a long text": (
        {"spec": {**SPEC, "options": {"input": "3" * 3000}}},
        "edited",
        "more than 2,000",
    ),
    "dpi of no kind": ({"dpi": True}, "edited", "no whole number"),
    "dpi beyond": ({"dpi": 10**9}, "edited", "no whole number"),
    "an unknown figure": ({"spec": {**SPEC, "figure": "x\x1b[2J"}}, "stale", "no more"),
    "an unknown theme": ({"spec": {**SPEC, "theme": "x"}}, "stale", "drawn no more"),
    "an unknown option": (
        {"spec": {**SPEC, "options": {"a": "b"}}},
        "stale",
        "is no option",
    ),
    "too large a figure": (
        {"spec": {**SPEC, "options": {"input": "99999999x99999999"}}},
        "stale",
        "drawn no more",
    ),
    "other data": ({"data": ["x"]}, "stale", "another figure today"),
    "versions of no kind": ({"matplotlib": {}, "convmat": 7}, "fine", "other versions"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_stamp_gets_a_verdict(figure_file, kind):
    change, expected, why = HOSTILE[kind]
    path = figure_file(".svg")
    path.write_bytes(resealed(path.read_bytes(), ".svg", change))
    found = verdict(path)
    assert found.verdict == expected
    assert why in found.why
    assert found.why.isprintable()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 60000, "the stamp must be JSON"),
        ("{" * 70000, "the stamp must have at most 65,536 characters"),
        ("[1]", "the stamp must be a JSON object"),
        ("9" * 5000, "the stamp must be"),
        ("{}", "its content is not what was written"),
    ],
    ids=["deep", "long", "list", "number", "empty"],
)
def test_a_stamp_that_says_nothing_gets_a_verdict(tmp_path, text, why):
    path = tmp_path / "figure.txt"
    path.write_bytes(containers.put(b"1 2\n", ".txt", text))
    found = verdict(path)
    assert found.verdict == "edited"
    assert found.why.startswith(why)


@pytest.mark.parametrize("suffix", stamp.SUFFIXES)
def test_a_file_cut_off_anywhere_gets_a_verdict(figure_file, suffix):
    path = figure_file(suffix)
    content = path.read_bytes()
    for end in sorted({0, 1, 7, 20, len(content) // 2, *range(-9, 0)}):
        path.write_bytes(content[:end])
        assert verdict(path).verdict in ("edited", "unknown")


@pytest.mark.parametrize("suffix", stamp.SUFFIXES)
def test_random_bytes_get_a_verdict(tmp_path_factory, files, suffix):
    folder = tmp_path_factory.mktemp("random")

    @given(st.data())
    def law(data):
        content = bytearray(files[suffix])
        for _ in range(3):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] = data.draw(st.integers(0, 255))
        path = folder / f"figure{suffix}"
        path.write_bytes(bytes(content) + data.draw(st.binary(max_size=20)))
        assert verdict(path).verdict in ("edited", "unknown")

    law()


@pytest.mark.parametrize("suffix", stamp.SUFFIXES)
def test_a_second_stamp_is_refused(files, suffix):
    once = stamp.stamped(files[suffix], suffix, {})
    with pytest.raises(ConvmatError, match="must have no stamp yet"):
        stamp.stamped(once, suffix, {})


def test_several_stamps_are_an_edit(tmp_path):
    for suffix, mark in ((".txt", b"# convmat {}\n"), (".tex", b"% convmat {}\n")):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"1\n" + mark + mark)
        assert verdict(path).why == "the file must have one stamp, not several"


def test_other_kinds_of_files_have_no_room_for_a_stamp():
    with pytest.raises(ConvmatError, match=r"suffix must be one of \.svg, \.png"):
        stamp.stamped(b"", ".bmp", {})


def test_a_folder_is_checked_with_all_below_it(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / ".cache").mkdir()
    places = {"b.svg": "", "in/a.SVG": "1,2", ".cache/c.svg": "", ".d.svg": ""}
    for place, values in places.items():
        drawn = gallery.draw("matrix_plot", {**SMALL, "values": values})
        save(drawn, tmp_path / place)
    (tmp_path / "notes.txt").write_text("mine\n")
    (tmp_path / "data.csv").write_text("1\n")
    found = {
        one.path.relative_to(tmp_path).as_posix(): one.verdict
        for one in stamp.check(tmp_path)
    }
    assert found == {"b.svg": "fine", "in/a.SVG": "fine", "notes.txt": "unknown"}


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(ConvmatError, match="folder must be a folder that exists"):
        stamp.check(tmp_path / "none")
    with pytest.raises(ConvmatError, match="must be a file that can be read"):
        list(stamp.checked([tmp_path / "none.svg"]))


@pytest.mark.parametrize("name", gallery.names())
def test_saving_changes_nothing_of_the_data(name):
    one = {"outputs": "0"} if gallery.entry(name).animated else {}
    drawn = gallery.draw(name, one)
    before = stamp.data_digest(drawn)
    still = drawn.draw(0) if gallery.entry(name).animated else drawn
    still.savefig(io.BytesIO(), format="svg")
    assert stamp.data_digest(drawn) == before


def test_the_data_of_themes_values_and_places_differ():
    seen = {
        stamp.data_digest(gallery.draw("matrix_plot", {**SMALL, **more}, theme=theme))
        for theme in ("light", "dark")
        for more in ({}, {"values": "1,2"}, {"values": "1,3"}, {"padding": "1"})
    }
    assert len(seen) == 8


@pytest.mark.parametrize("change", ["text", "color", "move", "hide", "zorder"])
def test_each_change_of_an_artist_is_another_digest(change):
    drawn = gallery.draw("matrix_plot", SMALL)
    before = stamp.data_digest(drawn)
    artists = {artist.get_gid(): artist for artist in drawn.findobj()}
    cell, text = artists["W[0,0]"], artists["W[0,0].text"]
    {
        "text": lambda: text.set_text("x"),
        "color": lambda: cell.set_facecolor("#123456"),
        "move": lambda: text.set_x(text.get_position()[0] + 0.01),
        "hide": lambda: cell.set_visible(False),
        "zorder": lambda: cell.set_zorder(9),
    }[change]()
    assert stamp.data_digest(drawn) != before


TWO = """
import hashlib, sys
from pathlib import Path
from convmat.figures import gallery, save
folder = Path(sys.argv[1])
for name in ("matrix_equation", "frequencies"):
    for suffix in ("svg", "pdf"):
        file = save(gallery.draw(name), folder / f"{name}.{suffix}", dpi=50)
        print(file.name, hashlib.sha256(file.read_bytes()).hexdigest())
"""


def test_two_processes_write_the_same_bytes(tmp_path):
    runs = [
        subprocess.run(
            [sys.executable, "-c", TWO, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert runs[0].count("\n") == 4
