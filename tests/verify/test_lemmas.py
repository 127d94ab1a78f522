"""The lemmas: proved by the solver, and held against the code that relies on them.

Two routes to each. Z3 proves it for all integers; and on a small box of them Python
reads its text with `eval`, while every name that the code computes is read from the
code. A bent lemma is refuted by both: Z3 names integers, and the code computes from
them what the bent statement denies.
"""

import importlib
import re
from fractions import Fraction
from functools import cache
from itertools import product
from math import ceil
from pathlib import Path

import numpy as np
import pytest

from convmat import geometry, tie_map
from convmat.cli import main
from convmat.errors import ConvmatError
from convmat.geometry import Axis, transposed_geometry
from convmat.geometry.axis import _floor_sum
from convmat.geometry.same_rules import upper
from convmat.receptive import Field, Window
from convmat.tie.part import _repeat
from convmat.transposed.definition import scatter
from convmat.transposed.direct import stretched
from convmat.verify.lemmas import LEMMAS, Bend, Lemma, decide, prove_all, refute
from convmat.verify.lemmas.formula import evaluate, names_in

LEAST = {"size": 1, "kernel": 1, "stride": 1, "dilation": 1, "before": 0, "after": 0}


def axis(v, **changes):
    return Axis(**{**LEAST, **{k: v[k] for k in LEAST if k in v}, **changes})


def settings(v):
    names = ("stride", "dilation")
    return {name: v[name] for name in names}


def plain(v):
    """The geometry of a lemma about one axis."""
    pads = [(v["before"], v["after"])]
    return geometry(v["size"], v["kernel"], padding=pads, **settings(v))


def named(v, padding):
    return geometry(v["size"], v["kernel"], padding=padding, **settings(v)).axes[0]


def scattered(v, tap):
    """The one cell of the padded input to which an output scatters a tap."""
    g = geometry(v["before"] + v["size"] + v["after"], v["kernel"], **settings(v))
    y, kernel = np.zeros((1, 1, *g.output_size)), np.zeros(g.weight_shape)
    y[0, 0, v["out"]] = kernel[0, 0, tap] = 1
    return int(np.flatnonzero(scatter(y, kernel, g))[0])


def flipped(v):
    """Where the direct convolution has the tap."""
    taps = stretched(plain(v)).kernel(range(v["kernel"]))
    return taps.tolist().index(v["tap"])


def last_read(rows, columns, row, column):
    """The column of the matrix that stands for a position of a plane."""
    return int(
        tie_map(geometry((rows, columns), (row + 1, column + 1))).cols[
            (row + 1) * (column + 1) - 1
        ]
    )


def channels_read(v):
    into, out_of, groups = v["into"], v["out_of"], v["groups"]
    ties = tie_map(
        geometry((groups * into, 1), (groups * out_of, into, 1), groups=groups)
    )
    return ties.cols[ties.rows == v["out_channel"]]


def repeated(v, row, block, end):
    """The entry of a repeated block of rows, `row` of its first one being `end`."""
    ends = np.zeros(v["rows"] * v["count"], np.int64)
    ends[row] = end
    _repeat(ends, 0, v["rows"], v["count"], v["entries"])
    return int(ends[block * v["rows"] + row])


def composed(v, out, first_tap, second_tap):
    second = axis({k[7:]: n for k, n in v.items() if k.startswith("second_")})
    first = axis({k[6:]: n for k, n in v.items() if k.startswith("first_")})
    return first.window(second.window(out)[second_tap])[first_tap]


def field(v):
    windows = [
        Window(v[f"{i}_dilation"] * (v[f"{i}_kernel"] - 1), v[f"{i}_stride"])
        for i in ("first", "second")
    ]
    return Field.of_input(9).through(windows[0], 9).through(windows[1], 9)


def fold(mode):
    def read(cell):
        return lambda v: int(axis(v, mode=mode).fold(np.array(cell(v))))

    return {
        "fold": read(lambda v: v["cell"]),
        "moved": read(lambda v: v["cell"] + v["stride"]),
        "next_fold": read(lambda v: v["cell"] + 1),
        "again": lambda v: read(lambda w: read(lambda u: u["cell"])(v))(v),
        "around": lambda v: read(lambda w: w["cell"] + period(mode, w["size"]))(v),
        "mirrored": read(lambda v: -v["cell"] - (mode == "symmetric")),
    }


def period(mode, size):
    """After how many cells `np.pad` begins again."""
    padded = np.pad(
        np.arange(size), (0, 3 * size), {"circular": "wrap"}.get(mode, mode)
    )
    fits = (p for p in range(1, 2 * size + 1) if (padded[p:] == padded[:-p]).all())
    return next(fits)


def lead(v):
    line = axis(v)
    return next(o for o in range(line.padded_size + 1) if line.window(o)[v["tap"]] >= 0)


AXIS = {
    "span": lambda v: axis(v).span,
    "padded": lambda v: axis(v).padded_size,
    "outs": lambda v: axis(v).out_size,
    "source": lambda v: axis(v).window(v["out"])[v["tap"]],
    "other_source": lambda v: axis(v).window(v["out"])[v["other"]],
    "next_source": lambda v: axis(v).window(v["out"] + 1)[v["tap"]],
}
OF_TAP = {
    "low": lambda v: axis(v).window(0)[v["tap"]],
    "first": lambda v: axis(v).outputs_inside(v["tap"]).start,
    "stop": lambda v: axis(v).outputs_inside(v["tap"]).stop,
    "count": lambda v: axis(v).tap_counts()[v["tap"]],
    "lead": lead,
}


def of_padding(name):
    return {
        "before": lambda v: named(v, name).before,
        "after": lambda v: named(v, name).after,
        "span": lambda v: named(v, name).span,
        "padded": lambda v: named(v, name).padded_size,
        "outs": lambda v: named(v, name).out_size,
        "source": lambda v: named(v, name).window(v["out"])[v["tap"]],
    }


def unpadded(out, tap):
    """The cell under a tap; an axis without padding has no need of a size."""
    return lambda v: Axis(1, v[tap] + 1, v["stride"], 0, 0, v["dilation"]).window(
        v[out]
    )[v[tap]]


def shared(out, tap):
    def read(v):
        c = v["common"]
        steps = {"stride": c * v["stride_part"], "dilation": c * v["dilation_part"]}
        return unpadded(out, tap)({**v, **steps})

    return read


READ = {
    "taps on the input are a range": {
        "low": lambda v: axis(v).window(v["out"]).start,
        "first": lambda v: axis(v).taps_inside(v["out"]).start,
        "stop": lambda v: axis(v).taps_inside(v["out"]).stop,
    },
    "same gives one output a stride": {
        **of_padding("same"),
        "wanted": lambda v: ceil(Fraction(v["size"], v["stride"])),
        "cells": lambda v: sum(
            upper(v["size"], v["kernel"], v["stride"], v["dilation"])
        ),
    },
    "full gives every output that touches the input": of_padding("full"),
    "valid pads nothing": of_padding("valid"),
    "outputs of a tap are a range": OF_TAP,
    "multiplicity of a tap": OF_TAP,
    "a dead tap": OF_TAP,
    "a tap falls short only with padding": OF_TAP,
    "outputs that read a cell": {
        "first": lambda v: int((axis(v).padded_cells()[:, -1] < v["cell"]).sum()),
        "stop": lambda v: int((axis(v).padded_cells()[:, 0] <= v["cell"]).sum()),
    },
    "the tap through which a cell is read": {"cell": unpadded("out", "tap")},
    "outputs that share a cell lie apart": {
        "cell": shared("out", "tap"),
        "other_cell": shared("other", "other_tap"),
    },
    "a step of the sum of floors": {
        "term": lambda v: (
            _floor_sum(v["number"] + 1, v["by"], v["step"], v["start"])
            - _floor_sum(v["number"], v["by"], v["step"], v["start"])
        ),
    },
    **{
        mode: fold(mode)
        for mode in ("zeros", "circular", "replicate", "reflect", "symmetric")
    },
    "sizes with one output size": {
        "least": lambda v: transposed_geometry(
            v["count"], v["kernel"], padding=[(v["before"], v["after"])], **settings(v)
        ).input_size[0],
    },
    "the output padding of a size": {
        "extra": lambda v: (
            stretched(plain(v)).geometry.input_size[0]
            + sum(stretched(plain(v)).crop[0])
            - len(range((axis(v).out_size - 1) * v["stride"] + 1))
        ),
    },
    "the adjoint pair": {
        "place": lambda v: scattered(v, v["tap"]),
        "end": lambda v: scattered(v, v["kernel"] - 1) + 1,
    },
    "the transpose is a direct convolution": {
        "flipped": flipped,
        "stretched": lambda v: (
            stretched(plain(v)).geometry.axes[0].window(v["cell"])[flipped(v)]
            + stretched(plain(v)).crop[0][0]
        ),
    },
    "the direct convolution has the right size": {
        "wide": lambda v: (
            stretched(plain(v)).geometry.input_size[0]
            + sum(stretched(plain(v)).crop[0])
        ),
    },
    "a flat index names one position": {
        "flat": lambda v: last_read(v["rows"], v["columns"], v["row"], v["column"]),
    },
    "every flat index is reached": {
        "row": lambda v: int(np.unravel_index(v["flat"], (v["rows"], v["columns"]))[0]),
        "column": lambda v: int(
            np.unravel_index(v["flat"], (v["rows"], v["columns"]))[1]
        ),
    },
    "one axis more": {
        "flat": lambda v: last_read(v["size"], v["product"], v["outer"], v["inner"]),
        "other_flat": lambda v: last_read(
            v["size"], v["product"], v["other_outer"], v["other_inner"]
        ),
    },
    "groups are blocks": {
        "group": lambda v: int(channels_read(v)[0]) // v["into"],
        "channel": lambda v: int(channels_read(v)[v["number"]]),
    },
    "a repeated block of rows": {
        "end": lambda v: repeated(v, v["row"], v["block"], v["first_end"]),
        "other_end": lambda v: repeated(v, 0, v["other"], v["other_first_end"]),
    },
    "two convolutions in a row": {
        "source": lambda v: composed(v, v["out"], v["first_tap"], v["second_tap"]),
        "low": lambda v: composed(v, v["out"], 0, 0),
        "jump": lambda v: field(v).jump,
        "field": lambda v: field(v).size,
    },
}
"""How the names that a lemma defines are read from the code, beside those of `AXIS`."""

RANGES = {
    **dict.fromkeys(("kernel", "stride"), range(1, 4)),
    "size": (1, 3),
    "dilation": (1, 2),
    "before": (0, 2),
    "after": (0, 1),
    "out": range(4),
    "tap": range(3),
    "other": range(3),
    "count": range(1, 4),
}
OWN = {
    "taps of a row are distinct": {"out": (0, 1)},
    "taps of a row ascend": {"out": (0, 1)},
    "outputs that read a cell": {"cell": range(7), "size": (2, 3)},
    "outputs that share a cell lie apart": {
        **dict.fromkeys(("out", "tap", "other_tap"), range(3)),
        **dict.fromkeys(("stride_part", "dilation_part"), range(1, 4)),
        "other": (0, 2),
        "common": (1, 2),
        "one": (-1, 1),
        "two": (-1, 1),
    },
    "a step of the sum of floors": dict.fromkeys(
        ("by", "start", "step", "number"), range(5)
    ),
    **{
        mode: {"cell": range(-9, 10), "size": range(1, 6)}
        for mode in ("zeros", "circular", "replicate", "reflect", "symmetric")
    },
    "the transpose is a direct convolution": {"cell": range(3), "size": (3,)},
    "a flat index names one position": dict.fromkeys(
        ("rows", "columns", "row", "column"), range(5)
    ),
    "every flat index is reached": {
        "rows": range(1, 5), "columns": range(1, 5), "flat": range(16)
    },
    "one axis more": {
        **dict.fromkeys(("size", "product"), (1, 3)),
        **dict.fromkeys(("outer", "inner", "other_outer", "other_inner"), range(3)),
    },
    "groups are blocks": dict.fromkeys(
        ("into", "out_of", "groups", "number", "out_channel"), range(4)
    ),
    "a repeated block of rows": {
        "rows": (1, 3), "entries": (0, 2), "count": (1, 3), "block": range(3),
        "other": range(3), "row": range(3), "first_end": range(3),
        "other_first_end": range(3),
    },
    "two convolutions in a row": {
        **{f"{i}_{n}": (1, 2) for i in ("first", "second") for n in LEAST},
        **dict.fromkeys(("first_tap", "second_tap", "first_before"), (0, 1)),
        "second_before": (0, 2),
        "second_dilation": (1, 3),
        "out": (1,),
    },
}  # fmt: skip
"""The box of integers for each variable, where it is not that of `RANGES`."""

FUNCTIONS = {
    "__builtins__": {},
    "min": min,
    "max": max,
    "implies": lambda a, b: not a or b,
}


@cache
def code_of(text):
    return compile(text, text, "eval")


def python(text, values):
    """A statement as Python itself reads it."""
    return eval(code_of(text), FUNCTIONS, values)


def read(lemma, variables):
    """All names of a lemma: those that the code computes are read from it."""
    readers = {**AXIS, **READ.get(lemma.name, {})}
    values = dict(variables)
    for name, text in lemma.definitions:
        reader = readers.get(name)
        values[name] = python(text, values) if reader is None else reader(variables)
    return values


def assigned(lemma):
    """The integers of its box that a lemma speaks of, with their defined names."""
    own = {**RANGES, **OWN.get(lemma.name, {})}
    for numbers in product(*(own[name] for name in lemma.variables)):
        variables = dict(zip(lemma.variables, numbers, strict=True))
        if speaks_of(lemma, variables):
            yield variables


def speaks_of(lemma, variables):
    bare = [text for text in lemma.given if set(names_in(text)) <= set(variables)]
    if not all(python(text, variables) for text in bare):
        return False
    values = dict(variables)
    for name, text in lemma.definitions:
        values[name] = python(text, values)
    return all(python(text, values) for text in lemma.given)


BENDS = [
    pytest.param(lemma, bend, id=f"{lemma.name}-{bend.words}")
    for lemma in LEMMAS.values()
    for bend in lemma.bends
]
EACH = pytest.mark.parametrize("lemma", LEMMAS.values(), ids=LEMMAS)


@EACH
def test_a_lemma_is_proved_for_all_integers(lemma):
    verdict = decide(lemma)
    assert verdict.passed, str(verdict)


@EACH
def test_a_lemma_is_true_of_the_code_on_a_box_of_integers(lemma):
    seen = 0
    for variables in assigned(lemma):
        values = read(lemma, variables)
        for name, text in lemma.definitions:
            assert values[name] == python(text, values), (name, variables)
        for text in lemma.claims:
            assert python(text, values), (text, variables)
        seen += 1
    assert seen >= 30


@EACH
def test_a_lemma_reads_a_name_from_the_code(lemma):
    readers = {**AXIS, **READ.get(lemma.name, {})}
    assert any(name in readers for name, _ in lemma.definitions)
    unknown = set(READ.get(lemma.name, {})) - {name for name, _ in lemma.definitions}
    shared = set(OF_TAP) | set(fold("zeros")) | set(of_padding("valid"))
    assert unknown <= shared


@EACH
def test_a_lemma_stands_beside_code_that_is_there(lemma):
    assert lemma.relied_on_by
    for place in lemma.relied_on_by:
        module, _, names = place.partition(":")
        found = importlib.import_module(module)
        for name in names.split("."):
            found = getattr(found, name)
        assert callable(getattr(found, "fget", None) or getattr(found, "func", found))


@pytest.mark.parametrize(("lemma", "bend"), BENDS)
def test_a_bent_lemma_is_refuted_by_the_code(lemma, bend):
    bent = lemma.bent(bend)
    found = refute(bent)
    assert found is not None
    # The solver's integers are a counterexample in plain Python too ...
    assert speaks_of(bent, found)
    # ... and the code computes from them what the bent statement denies,
    values = read(lemma, found)
    assert not bent.holds_of(values)
    # while the lemma itself is true of them, or does not speak of them.
    assert lemma.holds_of(values) or not lemma.applies(found)


PAGE = Path(__file__).parents[2] / "docs" / "lemmas.md"


@EACH
def test_a_lemma_stands_in_the_argument_beside_its_code(lemma):
    code = ", ".join(f"`{place}`" for place in lemma.relied_on_by)
    told = f"- **{lemma.name}.** {lemma.sentence} *Relied on by* {code}."
    assert told in " ".join(PAGE.read_text(encoding="utf-8").split())


@EACH
def test_a_lemma_has_bends(lemma):
    assert lemma.bends
    assert len({bend.words for bend in lemma.bends}) == len(lemma.bends)


def test_the_name_of_a_lemma_is_its_own():
    from convmat.verify.lemmas import (
        counts,
        folds,
        order,
        sizes,
        stacks,
        transposed,
        windows,
    )

    rooms = (windows, sizes, counts, folds, transposed, order, stacks)
    assert sum(len(room.LEMMAS) for room in rooms) == len(LEMMAS)


@pytest.mark.parametrize("mode", ["circular", "reflect", "replicate", "symmetric"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_fold_of_a_lemma_is_what_numpy_pads(mode, size):
    pads = (size - (mode == "reflect"), size - (mode == "reflect"))
    names = {"circular": "wrap", "replicate": "edge"}
    padded = np.pad(np.arange(size), pads, names.get(mode, mode))
    lemma = LEMMAS[mode]
    places = range(-pads[0], size + pads[1])
    found = [
        lemma.values({"size": size, "cell": c, "stride": 1})["fold"] for c in places
    ]
    assert found == padded.tolist()


@EACH
def test_both_readers_of_a_statement_agree(lemma):
    for number, variables in enumerate(assigned(lemma)):
        values = read(lemma, variables)
        texts = (*lemma.given, *lemma.claims, *lemma.steps)
        assert [evaluate(t, values) for t in texts] == [
            python(t, values) for t in texts
        ]
        if number == 20:
            return
    assert number > 0


FALSE = Lemma("odd", "Every integer is odd.", (), (), ("n % 2 == 1",), (), ())
HARD = Lemma(
    "cubes",
    "No sum of three cubes is 114.",
    (),
    (),
    ("a*a*a + b*b*b + c*c*c != 114",),
    (),
    (),
)


def test_a_false_lemma_fails_with_a_counterexample():
    report = prove_all([FALSE, LEMMAS["replicate"]])
    verdict = report.verdicts[0]
    assert (verdict.status, report.passed) == ("refuted", False)
    assert verdict.counterexample["n"] % 2 == 0
    lines = str(report).splitlines()
    assert re.fullmatch(r"FAIL +[\d.]+ s  odd: Every integer is odd\.", lines[0])
    assert re.fullmatch(r"  false where n=-?\d+: n % 2 == 1", lines[1])
    assert lines[-1].startswith("FAIL 1 of 2 lemmas proved for all integers, ")


def test_what_the_solver_cannot_decide_is_a_failure():
    verdict = decide(HARD, seconds=0.2)
    assert (verdict.status, verdict.passed, verdict.counterexample) == (
        "unknown",
        False,
        None,
    )
    assert str(verdict).splitlines()[1].startswith("  the solver gave up on: a*a*a")


def test_true_and_false_are_statements():
    assert decide(Lemma("true", "True.", (), ("n == n",), ("True",), (), ())).passed
    false = Lemma("false", "False.", (), ("n >= 0",), ("not n < 0 and False",), (), ())
    assert decide(false).status == "refuted"


def test_a_false_step_proves_nothing():
    step = ("n == 1",)
    false = Lemma("all", "All are 1.", (), (), ("n + 1 == 2",), (), (), steps=step)
    assert decide(false).status == "refuted"
    true = Lemma("all", "All are all.", (), (), ("n == n",), (), (), steps=step)
    assert (decide(true).status, decide(true).statement) == ("unknown", "n == 1")


def test_nothing_is_proved_of_a_division_by_what_may_be_zero():
    text = "m // n * n + m % n == m"
    loose = Lemma("division", "A number is its parts.", (), (), (text,), (), ())
    tight = Lemma(
        "division", "A number is its parts.", (), ("n >= 1",), (text,), (), ()
    )
    assert decide(tight).passed
    assert not decide(loose, seconds=1).passed


def test_a_bend_that_is_not_there_is_refused():
    with pytest.raises(
        ConvmatError, match="must stand exactly once in the lemma 'odd'"
    ):
        FALSE.bent(Bend("none", "n % 3", "n"))


@pytest.mark.parametrize(
    "text",
    ["f(n)", "n.real", "[n]", "n / 2", "n ** n", "'n'", "1.5", "n is n", "min(n)"],
)
def test_a_statement_computes_and_does_nothing_else(text):
    with pytest.raises(ConvmatError, match="must be made of integers"):
        evaluate(text, {"n": 1})


def test_a_name_without_a_value_is_refused():
    with pytest.raises(
        ConvmatError, match="must have a value for each name; m has none"
    ):
        evaluate("n + m", {"n": 1})


def test_text_that_is_no_expression_is_refused():
    with pytest.raises(ConvmatError, match="must be a Python expression over integers"):
        evaluate("n = 1", {"n": 1})


def test_without_z3_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "z3", None)
    with pytest.raises(
        ModuleNotFoundError, match=r'needs Z3: pip install "convmat\[proofs\]"'
    ):
        prove_all()


def test_the_command_prints_each_lemma_and_its_verdict(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["lemmas", "--only", "reads stay inside", "--code"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"PASS +[\d.]+ s  reads stay inside: Every tap .*", lines[0])
    assert lines[1] == "    convmat.geometry.axis:Axis.padded_cells"
    assert lines[-1].startswith("PASS 1 of 1 lemmas proved for all integers, ")


def test_the_command_ends_with_1_where_one_is_not_proved(capsys, monkeypatch):
    from convmat.verify import lemmas

    monkeypatch.setattr(lemmas, "LEMMAS", {"odd": FALSE})
    assert main(["lemmas"]) == 1
    assert capsys.readouterr().out.startswith("FAIL ")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "no such"], "--only must be one of 'reads stay inside', "),
        (["--seconds", "0"], "--seconds must be more than 0 and less than a million"),
        (["--seconds", "nan"], "--seconds must be more than 0 and less than a million"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_options(capsys, words, sentence):
    assert main(["lemmas", *words]) == 2
    assert sentence in capsys.readouterr().err
