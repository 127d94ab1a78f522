"""The gallery: every figure by name, from options that are text."""

import inspect
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvmatError, figures, geometry
from convmat.errors import ConvmatTypeError
from convmat.figures import gallery
from convmat.figures.arithmetic import ARITHMETIC
from convmat.figures.film import Film
from convmat.figures.gallery.reader import Reader

RESERVED = {"out", "format", "theme", "dpi", "list", "json", "check", "preset"}
"""Options of the command itself."""
DRAWERS = sorted(
    name
    for name in figures.__all__
    if inspect.isfunction(function := getattr(figures, name))
    and inspect.signature(function).return_annotation in ("Figure", "Film")
)


def still(drawn):
    return drawn.draw(0) if isinstance(drawn, Film) else drawn


def test_every_figure_of_the_package_is_in_the_gallery():
    assert sorted(gallery.names()) == DRAWERS


@pytest.mark.parametrize("name", gallery.names())
def test_an_entry_is_complete(name):
    entry = gallery.entry(name)
    assert entry.name == name
    assert entry.caption.endswith(".")
    assert set(entry.example) <= set(entry.defaults)
    assert not RESERVED & set(entry.defaults)
    assert len(entry.defaults) == len(entry.options)
    assert all(option.help for option in entry.options)
    assert all(o.default in o.choices for o in entry.options if o.choices)
    assert entry.animated == (entry.formats[0] == "gif")


@pytest.mark.parametrize("name", gallery.names())
def test_every_example_is_drawn_and_says_how_it_was_asked_for(name):
    entry = gallery.entry(name)
    theme = "light" if len(name) % 2 else "dark"  # to draw each but once
    drawn = gallery.draw(name, theme=theme)
    assert isinstance(drawn, Film) == entry.animated
    spec = drawn.convmat["spec"]
    assert spec["figure"] == name
    assert spec["theme"] == theme
    assert spec["options"] == dict(sorted({**entry.defaults, **entry.example}.items()))
    assert list(spec["options"]) == sorted(entry.defaults)
    assert drawn.convmat["alt"]
    json.dumps(spec)
    assert max(still(drawn).get_size_inches()) < 14


@pytest.mark.parametrize("name", gallery.PRESETS)
def test_every_preset_is_drawn_by_its_figure(name):
    preset = gallery.PRESETS[name]
    drawn = gallery.draw(preset.figure, {"preset": name})
    written = gallery.draw(preset.figure, preset.options)
    assert drawn.convmat == written.convmat
    assert preset.caption.endswith(".")


def test_the_sum_of_the_book_is_94_2():
    for options in (None, {"preset": "chapter13_sum"}):
        assert "= 94.2" in gallery.draw("apply_once", options).convmat["alt"]


def test_the_presets_of_the_guide_are_its_fifteen_geometries():
    for name, one in ARITHMETIC.items():
        reader = Reader(
            {**gallery.entry("stack3d").defaults, **gallery.PRESETS[name].options},
            "light",
            "--",
        )
        assert reader.geometry() == one.geometry
        assert reader.switch("transposed") == one.transposed
    assert len(ARITHMETIC) == 15


def test_what_is_written_out_wins_over_a_preset():
    drawn = gallery.draw("wires", {"preset": "kleinsmith_network", "kernel": "3x3"})
    assert drawn.convmat["spec"]["options"]["kernel"] == "3x3"
    assert drawn.convmat["spec"]["options"]["input"] == "3x3"


def test_options_make_the_figure_of_the_function():
    text = {"input": "4x3", "kernel": "2x2", "padding": "1,0x0,1", "values": "1,2,3,-4"}
    drawn = gallery.draw("matrix_plot", text)
    g = geometry((4, 3), (2, 2), padding=((1, 0), (0, 1)))
    by_hand = figures.matrix_plot(g, np.array([[1, 2], [3, -4]]))
    drawn.convmat.pop("spec")
    assert drawn.convmat == by_hand.convmat


@pytest.mark.parametrize(
    "name", ["apply_once", "channels", "slide_film", "slide_frames"]
)
def test_numbers_made_for_one_shape_are_not_asked_of_another(name):
    drawn = gallery.draw(name, {"input": "4x5", "kernel": "2x3"})
    options = drawn.convmat["spec"]["options"]
    assert (options["values"], options["x"]) == ("", "")
    known = gallery.entry(name).defaults
    drawn = gallery.draw(name, {"kernel": known["kernel"], "stride": "2"})
    options = drawn.convmat["spec"]["options"]
    assert (options["values"], options["x"]) == (known["values"], known["x"])


def test_numbers_that_were_written_are_asked_for_whatever_the_shape():
    with pytest.raises(ConvmatError, match="--values must give 4 numbers"):
        gallery.draw("slide_frames", {"kernel": "2x2", "values": "1,2,3"})


@given(
    name=st.sampled_from(gallery.names()),
    theme=st.sampled_from(["light", "dark"]),
    data=st.data(),
)
def test_a_hash_is_of_what_is_asked_for(name, theme, data):
    defaults = gallery.entry(name).defaults
    shown = data.draw(st.sets(st.sampled_from(sorted(defaults)), min_size=1))
    some = {option: f" {defaults[option]} " for option in shown}
    usual = gallery.spec_hash(name, defaults, theme)
    assert gallery.spec_hash(name, some, theme) == usual
    changed = data.draw(st.sampled_from(sorted(defaults)))
    other = {**some, changed: f"{defaults[changed]}7"}
    assert gallery.spec_hash(name, other, theme) != usual
    themes = [gallery.spec_hash(name, defaults, one) for one in ("light", "dark")]
    assert themes.count(usual) == 1


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("matrix_plt", {}, "figure must be .*did you mean matrix_plot"),
        ("wires", {"imput": "3"}, ":imput: is no option of wires.*did you mean input"),
        ("wires", {"preset": "paddin"}, ":preset: must be a preset"),
        ("flow", {"preset": "dilation"}, "which has no dilation, .*made for stack3d"),
        ("wires", {"input": "3y3"}, ":input: must be integers with x between them"),
        ("wires", {"kernel": "9x9"}, ":kernel: must fit the padded input.*'9x9'"),
        ("wires", {"padding": "1,x"}, ":padding: must be like 1, 1x0, 1,2x0,1"),
        ("wires", {"stride": "0"}, ":stride: must be at least 1"),
        ("wires", {"mode": "circulr"}, ":mode: must be one of zeros, circular"),
        ("wires", {"values": "1,2"}, ":values: must give 4 numbers"),
        ("wires", {"values": "1,2,3,a"}, ":values: must be finite numbers"),
        ("wires", {"values": "1,2,3,inf"}, ":values: must be finite numbers"),
        ("wires", {"padded": "maybe"}, ":padded: must be one of yes, no"),
        ("wires", {"groups": "x"}, ":groups: must be an integer"),
        ("wires", {"seed": "-1"}, ":seed: must be at least 0"),
        ("apply_once", {"output": "99"}, ":output: must be a row below 25"),
        ("apply_once", {"bias": "1,2"}, ":bias: must be one number"),
        ("slide_frames", {"outputs": "0 0"}, ":outputs: "),
        ("slide_film", {"seconds": "0"}, ":seconds: must be greater than 0"),
        ("receptive_field", {"layers": "x3"}, "layer must be like k3"),
        ("receptive_field", {"output": "9x9"}, ":output: must be an output"),
        ("usage_map", {"layers": ""}, ":layers: must be at least one"),
        ("pixel_table", {"rows": "9"}, ":rows: must be like 2:10"),
        ("pixel_table", {"rows": "9:40"}, ":rows: must be like 2:10"),
        ("pixel_table", {"digit": "10000"}, ":digit: must be at most 9999"),
        ("kernel_grid", {"values": "1,2"}, ":values: must give numbers for whole"),
        ("frequencies", {"values": ""}, ":values: must give numbers"),
        ("frequencies", {"input": "5"}, ":input: must have two axes"),
        ("spectrum_bounds", {"input": "99x99"}, ":input: must give a matrix of at"),
        ("losses", {"digits": "5"}, ":digits: must be at least 64"),
        ("batchnorm", {"run": "A"}, ":run: must be a run with batch norm"),
        ("batchnorm", {"channel": "99"}, ":channel: "),
        ("layer_stats", {"layer": "9"}, ":layer: must be one that was watched"),
        ("schedule", {"lr": "1,2"}, ":lr: must be one number"),
        ("momentum", {"momenta": "2"}, ":momenta: "),
        ("curves", {"series": "4,2"}, ":series: must be names with numbers"),
        ("curves", {"series": "a=1;a=2"}, ":series: must be names with numbers"),
        ("summary_table", {"input": "9x9"}, ":input: must be 28x28.*:layers:"),
        ("matrices_compared", {"mutant": "flip"}, ":mutant: must be a wrong conv"),
        ("matrices_compared", {"input": "40x40"}, ":input: must give a matrix of"),
        ("matrix_equation", {"input": "9x9"}, "at most 16 rows and columns"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_the_words_of_the_page(name, options, told):
    with pytest.raises(ConvmatError, match=told):
        gallery.draw(name, options, prefix=":")


def test_a_number_is_no_text():
    with pytest.raises(ConvmatTypeError, match="--stride must be text, got"):
        gallery.draw("wires", {"stride": 1})


def test_an_unknown_theme_is_refused():
    with pytest.raises(ConvmatError, match="theme must be 'light' or 'dark'"):
        gallery.draw("wires", theme="drk")


def test_a_seed_gives_numbers_where_none_are_written():
    once = gallery.draw("apply_once", {"values": "", "x": "", "seed": "4"})
    other = gallery.draw("apply_once", {"values": "", "x": "", "seed": "5"})
    assert once.convmat["alt"] != other.convmat["alt"]
    again = gallery.draw("apply_once", {"values": "", "x": "", "seed": "4"})
    assert once.convmat == again.convmat


LIGHT = """
import sys
from convmat.figures import gallery
gallery.names(), gallery.entry("losses").caption, gallery.spec_hash("losses")
assert not {"matplotlib", "scipy", "convmat.nn", "convmat.receptive"} & set(sys.modules)
"""


def test_names_and_captions_load_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_equation_breaks_where_the_page_ends():
    wide = gallery.draw("matrix_equation", {"inches": "13"})
    narrow = gallery.draw("matrix_equation", {"inches": "6"})
    assert narrow.get_figwidth() <= 6 < wide.get_figwidth() <= 13
    with pytest.raises(ConvmatError, match=":inches: must be greater than 0"):
        gallery.draw("matrix_equation", {"inches": "-1"}, prefix=":")
