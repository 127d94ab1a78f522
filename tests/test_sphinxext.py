"""The directive, in small projects of their own: pages of HTML, LaTeX and text."""

import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from convmat.errors import ConvmatError
from convmat.sphinxext.cache import Drawing, Spec

sphinx = pytest.importorskip("sphinx.application", reason="needs the extra docs")
docutils_namespace = pytest.importorskip("sphinx.util.docutils").docutils_namespace

EQUATION = """\
.. convmat:: matrix_equation
   :input: 3x3
   :kernel: 2x2
   :stride: 1
"""


@pytest.fixture
def build(tmp_path):
    """Build pages; the folder of the output and what was warned of."""

    def built(pages, builder="html", fresh=False, processes=1, **settings):
        source, out = tmp_path / "source", tmp_path / builder
        source.mkdir(exist_ok=True)
        for name, text in pages.items():
            (source / name).write_text(text, encoding="utf-8")
        warned = io.StringIO()
        extensions = ["convmat.sphinxext", "myst_parser"]
        with docutils_namespace():
            app = sphinx.Sphinx(
                source,
                None,
                out,
                tmp_path / "doctrees",
                builder,
                confoverrides={
                    "extensions": extensions,
                    "html_theme": "furo",
                    **settings,
                },
                status=None,
                warning=warned,
                freshenv=fresh,
                parallel=processes,
            )
            app.build()
        return out, re.sub(r"\x1b\[[0-9;]*m", "", warned.getvalue())

    return built


def page(*parts):
    return "Page\n====\n\n" + "\n\n".join(parts) + "\n"


def images(html):
    return re.findall(r'<img (?:class="([\w-]+)" )?src="_images/([\w.-]+)" alt="', html)


def test_a_page_has_the_figure_light_and_dark_with_its_words(build):
    out, warned = build({"index.rst": page(EQUATION)})
    assert warned == ""
    html = (out / "index.html").read_text(encoding="utf-8")
    found = images(html)
    assert [side for side, _ in found] == ["convmat-light", "convmat-dark"]
    assert "P = αA + βB + 0C + γD + δE" in html
    assert "convmat.css" in html
    for _, name in found:
        svg = (out / "_images" / name).read_text(encoding="utf-8")
        gids = {e.get("id") for e in ElementTree.fromstring(svg).iter()}
        assert {"W[0,0]", "x[2,2]", "y[3]"} <= gids
    style = (out / "_static" / "convmat.css").read_text(encoding="utf-8")
    assert {f".{side}" for side, _ in found} <= set(re.findall(r"\.[\w-]+", style))


@pytest.mark.parametrize(
    ("settings", "option", "sides"),
    [
        ({"html_theme": "alabaster"}, "", [""]),
        ({"html_theme": "alabaster"}, "both", ["convmat-light", "convmat-dark"]),
        ({}, "dark", [""]),
        ({"convmat_theme": "light"}, "", [""]),
        ({"convmat_theme": "light"}, "auto", ["convmat-light", "convmat-dark"]),
    ],
    ids=["no dark side", "both", "dark", "config", "option over config"],
)
def test_a_page_has_the_themes_that_suit_it(build, settings, option, sides):
    text = EQUATION + (f"   :theme: {option}\n" if option else "")
    out, warned = build({"index.rst": page(text)}, **settings)
    assert warned == ""
    html = (out / "index.html").read_text(encoding="utf-8")
    assert [side for side, _ in images(html)] == sides


def test_markdown_has_the_same_figure_through_myst(build):
    fence = "# Page\n\n```{convmat} matrix_equation\n:input: 3x3\n:kernel: 2x2\n```\n"
    out, warned = build(
        {"index.rst": page(EQUATION, ".. toctree::\n\n   other"), "other.md": fence}
    )
    assert warned == ""
    pages = [(out / name).read_text("utf-8") for name in ("index.html", "other.html")]
    assert images(pages[0]) == images(pages[1])


def test_latex_has_a_pdf_and_text_has_words(build):
    out, warned = build({"index.rst": page(EQUATION)}, "latex")
    assert warned == ""
    (tex,) = out.glob("*.tex")
    (stem,) = re.findall(
        r"\\sphinxincludegraphics\{\{(convmat-\w+)\}\.pdf\}", tex.read_text("utf-8")
    )
    assert (out / f"{stem}.pdf").read_bytes().startswith(b"%PDF-")
    out, warned = build({"index.rst": page(EQUATION)}, "text")
    assert warned == ""
    assert "[image: The equation of" in (out / "index.txt").read_text("utf-8")


def test_caption_alt_width_name_and_class_are_the_pages_own(build):
    text = (
        EQUATION
        + "   :alt: Words & <marks>\n   :width: 50%\n   :name: eq\n   :class: wide\n"
        + "   :align: left\n\n   A **bold** caption.\n\n   And a legend.\n"
    )
    out, warned = build({"index.rst": page(text, "See :ref:`eq`.")})
    assert warned == ""
    html = (out / "index.html").read_text(encoding="utf-8")
    assert 'alt="Words &amp; &lt;marks&gt;"' in html
    assert "width: 50%" in html
    assert re.search(r'<figure class="[^"]*wide[^"]*" id="eq">', html)
    assert "A <strong>bold</strong> caption." in html
    assert "<p>And a legend.</p>" in html
    assert 'href="#eq"' in html


def test_the_caption_is_the_gallerys_where_none_is_given(build):
    pages = {"index.rst": page(EQUATION, EQUATION + "   :caption: none\n")}
    html = (build(pages)[0] / "index.html").read_text(encoding="utf-8")
    assert html.count("<figcaption>") == 1
    assert "The equation W x + b = y in full" in html


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".. convmat:: matrix_plott", "did you mean matrix_plot?"),
        (".. convmat:: matrix_plot\n   :imput: 3", ":imput: is no option of"),
        (".. convmat:: matrix_plot\n   :stride: 0", ":stride: must be at least 1"),
        (".. convmat:: matrix_plot\n   :input: 3y3", ":input: must be integers with x"),
        (".. convmat:: matrix_plot\n   :theme: pink", '"pink" unknown'),
        (".. convmat:: matrix_plot\n   :preset: no", ":preset: must be a preset"),
        (".. convmat::", "1 argument(s) required, 0 supplied"),
        (".. convmat:: matrix_equation\n   :input: 50x50", "at most 16 rows"),
    ],
    ids=[
        "figure",
        "option",
        "value",
        "number",
        "theme",
        "preset",
        "nothing",
        "large",
    ],
)
def test_bad_options_are_warnings_with_file_and_line(build, text, words):
    out, warned = build({"index.rst": page("First.", text, EQUATION)})
    (line,) = re.findall(r"index\.rst:(\d+): (?:WARNING|ERROR)", warned)
    assert int(line) == 6
    assert words in warned
    # The rest of the page is built all the same.
    assert len(images((out / "index.html").read_text("utf-8"))) == 2


def test_a_second_build_draws_nothing(build, monkeypatch):
    pages = {"index.rst": page(EQUATION)}
    first, _ = build(pages)
    drawn = sorted(path.name for path in (first / "_images").iterdir())

    def refuse(*_, **__):
        raise AssertionError("drawn again")

    monkeypatch.setattr("convmat.sphinxext.cache.draw", refuse)
    again, warned = build(pages, fresh=True)
    assert warned == ""
    assert sorted(path.name for path in (again / "_images").iterdir()) == drawn


def test_a_page_is_read_again_when_other_code_draws(build, monkeypatch):
    pages = {"index.rst": page(EQUATION, "See :doc:`bare`."), "bare.rst": page("Bare.")}
    pages["index.rst"] += "\n.. toctree::\n\n   bare\n"
    first, _ = build(pages)
    before = images((first / "index.html").read_text("utf-8"))
    monkeypatch.setattr("convmat.sphinxext.cache.versions", lambda: "another")
    monkeypatch.setattr("convmat.sphinxext.pages.versions", lambda: "another")
    again, warned = build({})  # whose files are as they were
    assert warned == ""
    after = images((again / "index.html").read_text("utf-8"))
    assert {side for side, _ in before} == {side for side, _ in after}
    assert not {name for _, name in before} & {name for _, name in after}


def test_a_switch_needs_no_word(build):
    plain = ".. convmat:: matrix_plot\n   :padding: 1\n   :theme: light\n"
    texts = [plain + f"   :padded:{word}\n" for word in ("", " yes", " no")]
    out, warned = build({"index.rst": page(*texts)})
    assert warned == ""
    bare, on, off = images((out / "index.html").read_text("utf-8"))
    assert bare == on != off


def test_another_version_of_matplotlib_draws_anew(tmp_path, monkeypatch):
    spec = Spec("matrix_plot", {"input": "3", "kernel": "2"})
    first = Drawing.of(spec, "light", "svg", tmp_path)
    monkeypatch.setattr("convmat.sphinxext.cache.versions", lambda: "another")
    assert Drawing.of(spec, "light", "svg", tmp_path).path != first.path


def test_a_lost_file_is_drawn_again(tmp_path):
    spec = Spec("matrix_plot", {"input": "3", "kernel": "2"})
    first = Drawing.of(spec, "light", "svg", tmp_path)
    content = first.path.read_bytes()
    first.path.unlink()
    assert Drawing.of(spec, "light", "svg", tmp_path) == first
    assert first.path.read_bytes() == content


def test_errors_name_options_as_pages_write_them(tmp_path):
    spec = Spec("matrix_plot", {"input": "3", "kernel": "0"})
    with pytest.raises(ConvmatError, match=r":kernel: must be at least 1"):
        Drawing.of(spec, "light", "svg", tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_figure_that_fails_does_not_end_the_build(build, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("convmat.sphinxext.cache.draw", fail)
    out, warned = build({"index.rst": page(EQUATION)})
    assert "drawing matrix_equation failed: ZeroDivisionError: oh" in warned
    assert (out / "index.html").is_file()


def test_a_missing_matplotlib_is_told_with_the_line_that_installs_it():
    code = """
import sys
sys.modules["matplotlib"] = None
from sphinx.errors import ExtensionError
import convmat.sphinxext
try:
    convmat.sphinxext.setup(None)
except ExtensionError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    told = 'convmat.sphinxext needs matplotlib: pip install "convmat[figures]"'
    assert done.stdout.startswith(told), done.stderr


def test_several_processes_read_and_write_pages(build):
    names = [f"page{n}" for n in range(12)]
    toctree = ".. toctree::\n\n" + "".join(f"   {name}\n" for name in names)
    pages = {f"{name}.rst": page(name, EQUATION) for name in names}
    out, warned = build({"index.rst": page(toctree), **pages}, processes=2)
    assert warned == ""
    shown = {
        tuple(images((out / f"{name}.html").read_text(encoding="utf-8")))
        for name in names
    }
    assert len(shown) == 1
    assert len(list((out / "_images").iterdir())) == 2


def test_without_matplotlib_no_module_that_needs_it_is_loaded():
    code = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "matplotlib":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Without())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: (
    None if name == "matplotlib" else found(name, *rest)
)
import convmat.sphinxext
try:
    convmat.sphinxext.setup(None)
except Exception as error:
    print(type(error).__name__, error)
"""
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert told.startswith("ExtensionError convmat.sphinxext needs matplotlib: pip ")


def test_a_theme_that_is_none_is_refused(build):
    errors = pytest.importorskip("sphinx.errors")
    with pytest.raises(
        errors.ExtensionError, match="convmat_theme must be one of auto"
    ):
        build({"index.rst": page(EQUATION)}, convmat_theme="pink")
