"""Certificates: what they say is right, and what was bent in one is refused.

The checker knows nothing of convmat, so each of the two is the other's second route.
"""

import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from convmat import geometry, sliding
from convmat.cli import main
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.verify import BOXES, ROUTES, Route, check_certificate
from convmat.verify.certificate import Certificate, certify, load_certificate
from convmat.verify.certificate_text import _claims
from convmat.verify.check_certificate import RefusedError, _found, check, seal
from convmat.verify.readings import read_forward, read_input_grad, read_kernel_grad
from convmat.verify.strategies import geometries

GEOMETRIES = (
    geometry(
        (2, 4, 5),
        (4, 1, 2, 3),
        stride=(2, 1),
        padding=[(1, 2), (0, 2)],
        dilation=(2, 1),
        groups=2,
    ),
    geometry(2, 3, padding=[(2, 1)], padding_mode="circular"),  # taps share entries
    geometry(1, 3, padding=1),  # dead taps
    geometry(
        (3, 2), (2, 2), stride=(1, 2), padding=[(2, 0), 1], padding_mode="reflect"
    ),
)
TEXT = certify(GEOMETRIES).text
SCRIPT = Path(check_certificate.__file__)


def bent(*changes, sealed=True):
    """The text of the certificate with entries changed, by a forger who seals it anew.

    A change is a path to an entry, and its new value.
    """
    whole = json.loads(TEXT)
    for path, value in changes:
        entry = whole
        for step in path[:-1]:
            entry = entry[step]
        entry[path[-1]] = value
    if sealed:
        whole["sha256"] = seal(whole)
    return json.dumps(whole)


def leaves(value, path=()):
    """Every number and text, with the path to it."""
    if isinstance(value, (dict, list)):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for step, entry in entries:
            yield from leaves(entry, (*path, step))
    else:
        yield path, value


LEAVES = list(leaves(json.loads(TEXT)))
UNCHECKED = ("tested", "versions", "date", "box")  # words, under the seal alone


def refused(text):
    with pytest.raises(RefusedError) as caught:
        check(text)
    sentence = str(caught.value)
    assert sentence
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


def as_claimed(entry):
    """What convmat claims of the settings of an entry; None where there is no such."""
    settings = {name: value for name, value in entry.items() if name != "claims"}
    try:
        claims = _claims(geometry(**settings))
    except (ConvmatError, ConvmatTypeError):
        return None
    return json.loads(json.dumps(claims))


def test_a_certificate_is_right():
    assert check(TEXT).startswith("4 geometries, 234 triplets: shapes, counts and hash")


@given(geometries())
def test_the_checker_finds_what_convmat_claims(g):
    certificate = json.loads(json.dumps({**_settings(g), "claims": _claims(g)}))
    assert _found("g", certificate, [1 << 30]) == certificate["claims"]


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_the_checker_finds_what_convmat_claims_in_a_box(box):
    seen = 0
    for g in box:
        entry = json.loads(json.dumps({**_settings(g), "claims": _claims(g)}))
        assert _found("g", entry, [1 << 30]) == entry["claims"], g
        seen += 1
    assert seen == len(box)


def _settings(g):
    shapes = {"input_shape": g.input_shape, "kernel_shape": g.kernel_shape}
    return {**shapes, **g.keywords}


def test_the_hash_of_readings_is_that_of_what_the_routes_imply():
    content = certify(GEOMETRIES[:2]).content
    read = {
        "forward": read_forward,
        "input_grad": read_input_grad,
        "kernel_grad": read_kernel_grad,
    }
    for run in content["implementations"]:
        whole = hashlib.sha256()
        route = ROUTES[run["route"]]
        function = (
            route.apply if run["map"] == "forward" else getattr(route, run["map"])
        )
        assert run["name"] == f"{function.__module__}:{function.__qualname__}"
        for g in GEOMETRIES[:2]:
            reading = read[run["map"]](function, g)
            places = np.argwhere(np.moveaxis(reading, 0, 2))
            lines = "".join(f"{r} {c} {t}\n" for r, c, t in places.tolist())
            whole.update(hashlib.sha256(lines.encode()).hexdigest().encode() + b"\n")
        assert run["readings"] == whole.hexdigest()
    assert len(content["implementations"]) == 14


def test_the_same_run_gives_the_same_file():
    assert certify(GEOMETRIES).text == TEXT
    assert json.loads(TEXT)["date"] == ""
    dated = certify(GEOMETRIES[0], date="1969-07-20")
    assert dated.content["date"] == "1969-07-20"


def test_a_certificate_is_saved_and_loaded(tmp_path):
    certificate = Certificate.read(TEXT)
    certificate.save(tmp_path / "a.json")
    assert load_certificate(tmp_path / "a.json") == certificate
    assert certificate.geometries == GEOMETRIES
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_geometry_that_comes_twice_is_written_once():
    assert certify([GEOMETRIES[2]] * 2).content["counts"]["geometries"] == 1


def test_a_box_is_named():
    content = certify(BOXES["volume"]).content
    assert content["box"]["name"] == "volume"
    assert content["box"]["description"] == BOXES["volume"].description
    assert content["counts"]["geometries"] == len(BOXES["volume"])


def test_every_entry_is_under_the_seal():
    for path, value in LEAVES:
        if path == ("sha256",):
            continue
        other = value + 1 if isinstance(value, int) else value + "x"
        refused(bent((path, other), sealed=False))
    assert len(LEAVES) > 150


def test_every_claim_that_is_changed_is_refused():
    """Also by a forger who seals the certificate again."""
    checked = [(p, v) for p, v in LEAVES if p[0] not in UNCHECKED and p[-1] != "sha256"]
    accepted = []
    for path, value in checked:
        if path[-1] in ("name", "route", "map"):
            continue  # what was run can be told, but not found again
        for step in (1, -1) if isinstance(value, int) else ("x",):
            text = bent((path, value + step))
            try:
                check(text)
            except RefusedError:
                continue
            accepted.append(path)
            assert path[0] == "geometries"
            entry = json.loads(text)["geometries"][path[1]]
            # Where another geometry has the same matrix, nothing is wrong.
            assert "claims" not in path
            assert as_claimed(entry) == entry["claims"]
    assert 0 < len(accepted) < 12


def test_a_hash_that_is_changed_is_refused():
    digit = json.loads(TEXT)["geometries"][1]["claims"]["sha256"]
    other = digit[:-1] + ("0" if digit[-1] != "0" else "1")
    told = refused(bent((("geometries", 1, "claims", "sha256"), other)))
    assert told == f'geometry 1: sha256 must be "{digit}", not "{other}"'


@pytest.mark.parametrize("other", ["1", 1.0, True, None, [], {}, 1 << 61, -(1 << 61)])
def test_no_value_may_be_of_another_type_or_huge(other):
    for path, value in LEAVES:
        if type(value) is not type(other) or isinstance(other, int):
            refused(bent((path, other), sealed=path != ("sha256",)))


HOSTILE = {
    "a huge input": ("input_shape", [1 << 59]),
    "huge padding": ("padding", [[1 << 59, 1 << 59]]),
    "a huge kernel": ("kernel_shape", [1 << 59]),
    "many axes": ("stride", [1] * 100_000),
    "no axes": ("stride", []),
    "no input": ("input_shape", []),
    "a stride of 0": ("stride", [0]),
    "a dilation below 0": ("dilation", [-1]),
    "a size of 0": ("input_shape", [0]),
    "a kernel of 0": ("kernel_shape", [0]),
    "padding below 0": ("padding", [[-1, 3]]),
    "padding on one side": ("padding", [[1]]),
    "padding of two axes": ("padding", [[1, 1], [1, 1]]),
    "no groups": ("groups", 0),
    "groups without channels": ("groups", 2),
    "another mode": ("padding_mode", "constant"),
    "more padding than a mode has": ("padding_mode", "reflect"),
    "a kernel that does not fit": ("dilation", [9]),
    "shapes of other ranks": ("kernel_shape", [1, 1, 3]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_geometry_that_is_none_is_refused(name):
    field, value = HOSTILE[name]
    assert refused(bent((("geometries", 2, field), value))).startswith(
        "geometry 2 must"
    )


def test_a_geometry_of_many_axes_is_refused_at_once():
    path = ("geometries", 2)
    axes = {"input_shape": 1 << 60, "kernel_shape": 1, "stride": 1, "dilation": 1}
    changes = [((*path, name), [n] * 100_000) for name, n in axes.items()]
    changes.append(((*path, "padding"), [[0, 0]] * 100_000))
    assert refused(bent(*changes)) == "geometry 2 must have 1 to 30 axes"


def test_the_cost_of_all_geometries_together_is_bounded():
    # Most of the work of these leaves no triplet: the taps lie on zeros.
    entry = json.loads(TEXT)["geometries"][2]
    with pytest.raises(RefusedError, match=r"geometry 1 must be small enough"):
        check(bent((("geometries",), [entry, {**entry, "stride": [2]}])), 11)
    assert _found("g", entry, [12])["dead_taps"] == 2


def test_lists_of_geometries_are_checked_as_a_whole():
    entries = json.loads(TEXT)["geometries"]
    path = ("geometries",)
    assert refused(bent((path, entries[:3]))).startswith("counts: geometries must be 3")
    assert refused(bent((path, [*entries, entries[0]]))) == (
        "geometry 4 must not be there twice"
    )
    assert refused(bent((path, []))) == (
        "the certificate must hold at least one geometry"
    )
    swapped = [entries[1], entries[0], *entries[2:]]
    assert refused(bent((path, swapped))).startswith("implementation 0: readings must")


def test_names_must_be_these_and_no_others():
    whole = json.loads(TEXT)
    for name in whole:
        rest = {key: value for key, value in whole.items() if key != name}
        assert "must have exactly" in refused(json.dumps(rest))
    assert "must have exactly" in refused(bent((("more",), 1)))
    assert "must have exactly" in refused(bent((("geometries", 0, "claims", "a"), 1)))


def test_another_kind_of_file_is_refused():
    for change in (("format", "certificate"), ("version", 2), ("triplets", "others")):
        told = refused(bent(((change[0],), change[1])))
        assert told == "the file must be of version 1"


def test_a_truncated_file_is_refused():
    whole = TEXT.rstrip()
    for cut in range(0, len(whole), 97):
        assert refused(whole[:cut]).startswith("the file must be whole JSON: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file must be whole JSON: "),
        ("[" * 100_000, "the file must be whole JSON: "),
        ("9" * 5000, "the file must be whole JSON: "),
        ("[]", "the certificate must be of type dict"),
        ("NaN", "the certificate must be of type dict"),
        (
            TEXT.replace('"date": ""', '"date": "", "date": ""'),
            "the file must name noth",
        ),
        (
            TEXT.replace('"seed": 0', '"seed": NaN'),
            "the certificate: tested: seed must",
        ),
        (
            TEXT.replace('"seed": 0', '"seed": 0.0'),
            "the certificate: tested: seed must",
        ),
        (TEXT.replace('"seed": 0', f'"seed": 1{"0" * 99}'), "the certificate: tested"),
    ],
    ids=["empty", "deep", "long", "list", "nan", "twice", "seed-nan", "float", "huge"],
)
def test_a_file_that_is_no_certificate_is_refused(text, sentence):
    assert refused(text).startswith(sentence)


def run_checker(*arguments):
    """The script as another person runs it: without packages, or ours."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_checker_runs_alone(tmp_path):
    copy = tmp_path / "check_certificate.py"
    copy.write_bytes(SCRIPT.read_bytes())
    Certificate.read(TEXT).save(tmp_path / "a.json")
    done = run_checker(tmp_path / "a.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        f"RIGHT {tmp_path / 'a.json'}: 4 geometries, 234 trip"
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (bent((("counts", "nnz"), 1)).encode(), "counts: nnz must be 231, not 1"),
        (TEXT[:900].encode(), "the file must be whole JSON"),
        (b"\xff\xfe", "'utf-8' codec can't decode"),
        (None, "No such file"),
    ],
    ids=["bent", "truncated", "binary", "absent"],
)
def test_the_checker_refuses_in_one_sentence(tmp_path, data, sentence):
    path = tmp_path / "a.json"
    if data is not None:
        path.write_bytes(data)
    done = run_checker(path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"REFUSED {path}: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_checker_says_how_it_is_used():
    done = run_checker()
    assert done.returncode == 1
    assert done.stderr == "usage: python check_certificate.py FILE\n"


def test_the_checker_is_short_and_needs_the_standard_library_alone():
    source = SCRIPT.read_text(encoding="utf-8")
    imported, told = set(), 0  # names, and lines of docstrings
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            if ast.get_docstring(node) is not None:
                told += node.body[0].end_lineno - node.body[0].lineno + 1
        elif isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    assert len(source.splitlines()) - told < 200
    assert imported <= sys.stdlib_module_names


WRONG = Route(
    "wrong",
    ROUTES["sliding"].carries,
    lambda kernel, x, g: sliding.forward(x, kernel[..., ::-1], g),
)


def test_no_certificate_is_given_for_a_wrong_route():
    with pytest.raises(
        ConvmatError, match=r"routes must be right .* got routes='wrong'"
    ):
        certify(geometry(3, 2), routes=[WRONG])


@pytest.mark.parametrize(
    ("arguments", "keywords", "kind", "words"),
    [
        (([],), {}, ConvmatError, "what must hold at least one geometry"),
        ((5,), {}, ConvmatTypeError, "what must be a box, a geometry or several"),
        (
            ([(3, 2)],),
            {},
            ConvmatTypeError,
            "what must be a box, a geometry or several",
        ),
        ((GEOMETRIES,), {"routes": []}, ConvmatError, "routes must hold at least one"),
        ((GEOMETRIES,), {"routes": ["sliding"]}, ConvmatTypeError, "must be routes"),
        ((GEOMETRIES,), {"date": 1969}, ConvmatTypeError, "date must be text"),
        ((geometry(10**7, 2),), {}, ConvmatError, "certify it in parts"),
    ],
    ids=["none", "number", "shapes", "no-routes", "names", "date", "large"],
)
def test_what_cannot_be_certified_is_refused(arguments, keywords, kind, words):
    with pytest.raises(kind, match=words):
        certify(*arguments, **keywords)


def test_a_bent_file_is_not_loaded(tmp_path):
    (tmp_path / "a.json").write_text(bent((("counts", "nnz"), 1)))
    with pytest.raises(
        ConvmatError, match="certificate must be right; counts: nnz must"
    ):
        load_certificate(tmp_path / "a.json")
    (tmp_path / "a.json").write_bytes(b"\xff")
    with pytest.raises(ConvmatError, match="path must be a certificate, which is text"):
        load_certificate(tmp_path / "a.json")


def test_the_command_writes_a_certificate(tmp_path, capsys):
    path = tmp_path / "a.json"
    words = [
        "--input",
        "2x4x5",
        "--kernel",
        "4x1x2x3",
        "--groups",
        "2",
        "--stride",
        "2",
    ]
    assert main(["certify", *words, "--out", str(path), "--date", "today"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("PASS 1 geometries, ")
    assert lines[-1] == f"  python {SCRIPT} {path}"
    certificate = load_certificate(path)
    assert certificate.geometries[0].groups == 2
    assert certificate.content["date"] == "today"


def test_the_command_certifies_a_box(tmp_path, capsys):
    path = tmp_path / "a.json"
    assert main(["certify", "--box", "volume", "--out", str(path)]) == 0
    assert capsys.readouterr().out.startswith("PASS 7 geometries, ")
    assert load_certificate(path).content["box"]["name"] == "volume"


def test_the_command_ends_with_1_where_a_route_is_wrong(tmp_path, capsys, monkeypatch):
    from convmat.verify import certificate

    monkeypatch.setattr(certificate, "ROUTES", {"wrong": WRONG})
    path = tmp_path / "a.json"
    assert main(["certify", "--out", str(path)]) == 1
    assert capsys.readouterr().out.startswith("FAIL the forward map of route 'wrong'")
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--box", "volum"], "--box must be one of axis-6, plane, "),
        (["--box", "volume", "--stride", "2"], "--stride cannot stand beside --box"),
        (["--seed", "-1"], "--seed must be at least 0, got --seed=-1"),
        (["--kernel", "5x5"], "--kernel must fit the padded input"),
        (["--out", "nowhere/a.json"], "--out must lie in a folder that exists"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, capsys, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(["certify", "--out", "a.json", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
