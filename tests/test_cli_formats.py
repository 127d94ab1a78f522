"""What `convmat matrix` writes, held against the matrix itself."""

import io
import json
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from scipy.io import mmread
from scipy.sparse import coo_array, csr_array, load_npz

from convmat import conv_matrix, conv_transpose_matrix, geometry, tie_map
from convmat.cli import asked, entries, files, formats, main
from convmat.cli.asked import Asked
from convmat.symbolic import matrix_latex
from convmat.verify.strategies import geometries

WITNESSES = [
    geometry((4, 5), (3, 2), stride=(2, 1), padding=((2, 0), (0, 1)), dilation=(1, 2)),
    geometry((4, 5), (6, 2, 3), groups=2, stride=2, padding=((1, 2),)),
    geometry((3, 2), (3, 3), padding=((2, 1), (1, 1)), padding_mode="reflect"),
    geometry(1, 3, padding=1),  # dead taps
    geometry(2, 1, stride=3, padding=[(2, 1)], padding_mode="replicate"),
]


def arguments_of(g):
    """The command line that says a geometry."""

    def times(values):
        return "x".join(map(str, values))

    pads = "x".join(f"{before},{after}" for before, after in g.padding)
    words = ["--input", times(g.input_shape), "--kernel", times(g.kernel_shape)]
    words += ["--stride", times(g.stride), "--dilation", times(g.dilation)]
    words += ["--padding", pads, "--mode", g.padding_mode, "--groups", str(g.groups)]
    return ["matrix", *words]


def numbered(g):
    taps = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    return conv_matrix(taps, g.input_shape, **g.keywords)


def triplets(text):
    head, *lines = text.splitlines()
    assert head == "row,column,tap,value"
    cells = np.array([list(map(int, line.split(","))) for line in lines])
    return cells.reshape(-1, 4).T


def equal(left, right):
    return (
        left.shape == right.shape
        and np.array_equal(left.indptr, right.indptr)
        and np.array_equal(left.indices, right.indices)
        and np.array_equal(left.data, right.data)
    )


def written(writer, g, kernel=None, *, transposed=False):
    with pytest.MonkeyPatch.context() as patch:
        stream = io.StringIO()
        patch.setattr("sys.stdout", stream)
        writer(Asked(g, kernel, transposed), None)
    return stream.getvalue()


def check_csv(g):
    rows, cols, taps, values = triplets(written(formats.write_csv, g))
    ties = tie_map(g)
    for ours, theirs in ((rows, ties.rows), (cols, ties.cols), (taps, ties.taps)):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(values, taps + 1)
    summed = coo_array((values, (rows, cols)), shape=g.matrix_shape).tocsr()
    assert equal(summed, numbered(g))


def check_json(g):
    read = json.loads(written(formats.write_json, g))
    arrays = read["data"], read["indices"], read["indptr"]
    assert equal(csr_array(arrays, shape=read["shape"]), numbered(g))
    assert geometry(**read["geometry"]) == g


@pytest.mark.parametrize("g", WITNESSES, ids=repr)
@pytest.mark.parametrize("check", [check_csv, check_json])
def test_text_of_numbers_is_the_matrix(check, g):
    check(g)


@settings(max_examples=40)
@given(geometries())
@example(geometry((2, 1), (2, 1, 1), groups=2))
def test_text_of_numbers_is_the_matrix_anywhere(g):
    check_csv(g)
    check_json(g)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_triplets_come_in_blocks_of_bounded_size(monkeypatch, size):
    monkeypatch.setattr(entries, "_TAPS", size)
    for g in WITNESSES:
        parts = list(entries.blocks(g))
        assert max(len(taps) for *_, taps in parts) <= max(size, g.taps_per_row)
        ties = tie_map(g)
        joined = map(np.concatenate, zip(*parts, strict=True))
        for ours, theirs in zip(joined, (ties.rows, ties.cols, ties.taps), strict=True):
            assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("size", [1, 3])
def test_json_is_written_piece_by_piece(monkeypatch, size):
    monkeypatch.setattr(formats, "_AT_ONCE", size)
    for g in WITNESSES:
        check_json(g)


def test_the_first_triplets_of_a_huge_matrix_cost_nothing():
    g = geometry((3, 10**9, 10**9), (64, 3, 3, 3), padding=1, padding_mode="circular")
    rows, cols, taps = next(entries.blocks(g))
    assert len(taps) <= entries._TAPS
    assert (rows[0], cols[0], taps[0]) == (0, 10**18 - 1, 0)
    line = geometry(10**12, 3)
    (_, cols, _), (later, _, _) = islice(entries.blocks(line), 2)
    assert later[0] == cols.max() - 1


@pytest.mark.parametrize("g", WITNESSES, ids=repr)
def test_files_hold_the_matrix(g, tmp_path, capsys):
    for name, read in (("W.npz", load_npz), ("W.mtx", mmread)):
        path = tmp_path / name
        assert main([*arguments_of(g), "--out", str(path)]) == 0
        assert equal(csr_array(read(path)), numbered(g))
    assert capsys.readouterr() == ("", "")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["W.mtx", "W.npz"]


def test_values_go_into_files(tmp_path):
    kernel = np.random.default_rng(5).standard_normal((2, 3))
    expected = conv_matrix(kernel, (4, 5))
    np.save(tmp_path / "kernel.npy", kernel)
    words = ["matrix", "--input", "4x5", "--kernel", "2x3", "--out"]
    for number, values in enumerate(
        (
            ["--seed", "5"],
            ["--values", str(tmp_path / "kernel.npy")],
            ["--values", ",".join(map(repr, kernel.ravel().tolist()))],
        )
    ):
        path = tmp_path / f"{number}.npz"
        assert main([*words, str(path), *values]) == 0
        assert equal(load_npz(path), expected)
    path = tmp_path / "ones.mtx"
    assert main([*words, str(path), "--values", "ones"]) == 0
    ones = csr_array(mmread(path))
    assert ones.dtype == np.int64
    assert equal(ones, conv_matrix(np.ones((2, 3), int), (4, 5)))


def test_csv_keeps_values_of_any_size(capsys):
    values = [str(2**70), "-3", "0.1", "0"]
    words = ["matrix", "--input", "2x2", "--format", "csv"]
    assert main([*words, "--values", ",".join(values)]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines == [f"0,{n},{n},{value}" for n, value in enumerate(values)]


@pytest.mark.parametrize(
    "values", [f"{2**63},0,0,0", f"{2**53 + 1},0.5,0,0", "1/3,0,0,0"]
)
@pytest.mark.parametrize("name", ["npz", "mtx"])
def test_values_that_would_be_rounded_are_refused(capsys, tmp_path, values, name):
    out = str(tmp_path / f"W.{name}")
    assert main(["matrix", "--out", out, "--values", values]) == 2
    error = capsys.readouterr().err
    assert "--values must fit 64 bits without rounding in this format" in error
    assert "--format csv writes values as they are" in error


@pytest.mark.parametrize("transposed", [[], ["--transposed"]])
def test_json_keeps_integers_of_any_size(capsys, transposed):
    values = [2**70, -(2**90), 2**63 - 1, 0.5]
    words = ["matrix", "--input", "2", "--kernel", "4", "--padding", "2"]
    words = [*words, "--format", "json", "--values", ",".join(map(str, values))]
    assert main([*words, "--mode", "circular"]) == 0
    read = json.loads(capsys.readouterr().out)
    sums = [values[0] + values[2], values[1] + values[3]]  # taps two apart meet
    rows = [sums, sums[::-1], sums]
    assert read["data"] == [value for row in rows for value in row]
    assert main([*words, *transposed, "--stride", "2"]) == 0
    read = json.loads(capsys.readouterr().out)
    dense = np.zeros(read["shape"], object)
    for row, (first, stop) in enumerate(pairwise(read["indptr"])):
        dense[row, read["indices"][first:stop]] = read["data"][first:stop]
    g = geometry(**read["geometry"])
    pattern = tie_map(g).pattern()
    whole = np.array([*values, 0], object)[pattern]
    assert dense.tolist() == (whole.T if transposed else whole).tolist()


def test_json_refuses_fractions_that_are_no_decimals(capsys):
    words = ["matrix", "--input", "2x2", "--format", "json", "--values"]
    assert main([*words, "1/3,0,0,0"]) == 2
    assert "--values must be integers and decimals in JSON" in capsys.readouterr().err
    assert main([*words, "1/4,6/3,0,0"]) == 0
    assert json.loads(capsys.readouterr().out)["data"] == [0.25, 2, 0, 0]


def test_fractions_are_written_as_they_are(capsys):
    words = ["matrix", "--input", "2", "--kernel", "2", "--values", "-1/3,1/2"]
    told = {}
    for name in ("text", "csv", "latex"):
        assert main([*words, "--format", name]) == 0
        told[name] = capsys.readouterr().out
    assert told["text"].splitlines()[1].split() == ["P", "-1/3", "1/2"]
    assert told["csv"].splitlines()[1:] == ["0,0,0,-1/3", "0,1,1,1/2"]
    assert r"- \frac{1}{3} & \frac{1}{2}" in told["latex"]
    assert main([*words[:-1], "1/0,1"]) == 2
    assert "--values must be finite numbers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.zeros((2, 3)), "--values must name an array of shape (2, 2)"),
        (np.array([[{}, 1], [2, 3]], object), "--values must name a .npy file of num"),
        (np.array([[np.nan, 1], [2, 3]]), "--values must hold finite numbers"),
        (np.ones((2, 2), bool), "--values must hold numbers"),
        (np.ones((2, 2), np.uint64), "--values must hold numbers"),
        (b"nothing", "--values must name a .npy file of numbers"),
        (None, "can be read, got"),
        (None, "kernel.npy'; No such file or directory"),
    ],
)
def test_a_file_that_is_no_kernel_is_refused(capsys, tmp_path, content, message):
    path = tmp_path / "kernel.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content, allow_pickle=True)
    assert main(["matrix", "--values", str(path)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.skipif(
    np.dtype(np.longdouble).itemsize == 8, reason="long double is double here"
)
def test_long_doubles_are_refused(capsys, tmp_path):
    np.save(tmp_path / "kernel.npy", np.ones((2, 2), np.longdouble))
    assert main(["matrix", "--values", str(tmp_path / "kernel.npy")]) == 2
    assert "--values must hold numbers of at most 64 bits" in capsys.readouterr().err


def test_json_refuses_complex_numbers_and_csv_keeps_them(capsys, tmp_path):
    path = tmp_path / "kernel.npy"
    np.save(path, np.array([1 + 2j, -1j]))
    words = ["matrix", "--input", "2", "--kernel", "2", "--values", str(path)]
    assert main([*words, "--format", "json"]) == 2
    assert "JSON, which has no complex numbers" in capsys.readouterr().err
    assert main([*words, "--format", "csv"]) == 0
    values = [line.split(",")[3] for line in capsys.readouterr().out.split()[1:]]
    assert [complex(value) for value in values] == [1 + 2j, -1j]


def test_latex_is_a_bmatrix_of_letters_or_values(capsys):
    g = geometry(12, 2, padding=1)  # more than ten columns
    words = [*arguments_of(g), "--format", "latex"]
    assert main(words) == 0
    assert capsys.readouterr().out == matrix_latex(g) + "\n"
    assert main([*words, "--values", "-3,5"]) == 0
    text = capsys.readouterr().out.strip()
    body = text.removeprefix(r"\begin{bmatrix}").removesuffix(r"\end{bmatrix}")
    cells = [list(map(int, row.split("&"))) for row in body.split(r"\\")]
    assert cells == conv_matrix([-3, 5], 12, padding=1).toarray().tolist()


def test_text_files_hold_every_row_and_column(capsys, tmp_path):
    g = geometry((20, 20), (3, 3), padding=1)
    path = tmp_path / "W.txt"
    words = [*arguments_of(g), "--color", "always"]
    assert main([*words, "--out", str(path)]) == 0
    lines = path.read_text(encoding="utf-8").splitlines()
    shown = [line.split()[1:] for line in lines if line.lstrip().startswith("y_")]
    assert len(shown) == 400
    assert {len(row) for row in shown} == {400}
    pattern = tie_map(g).pattern()
    letters = dict(enumerate("αβγδεζηθι")) | {-1: "·"}
    assert shown == [[letters[tap] for tap in row] for row in pattern.tolist()]
    assert lines[-1] == g.summary()
    assert "\033[" not in path.read_text(encoding="utf-8")
    assert main(words) == 0
    assert "left out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "npz"], "--out must name a file that ends in .npz"),
        (["--format", "mtx", "--out", "W.npz"], "a file that ends in .mtx beside --fo"),
        (["--out", "nowhere/W.csv"], "--out must lie in a folder that exists"),
        (["--out", "nowhere/W.csv"], "make it: mkdir -p nowhere"),
        (["--out", ".", "--format", "csv"], "--out must name a file, got --out='.'"),
        (["--out", "/dev/null", "--format", "csv"], "--out must name a file"),
        (
            ["--format", "latex", "--input", "90x90"],
            "5,000 positions to be written as LaTeX, got the matrix='7921 x 8100'; -",
        ),
        (["--out", "W.txt", "--input", "90x90"], "at most 1,000,000 positions to be"),
        (
            ["--format", "json", "--input", "9999999x99999"],
            "the matrix needs 65.5 TiB, half of the memory is",
        ),
        (
            ["--out", "W.npz", "--input", "9999999x99999", "--transposed"],
            "--format csv lists the ent",
        ),
        (
            ["--values", "ones", "--input", "2", "--kernel", "99999999999999"],
            "--kernel",
        ),
    ],
)
def test_what_cannot_be_written_is_refused(
    capsys, monkeypatch, tmp_path, words, message
):
    monkeypatch.chdir(tmp_path)
    assert main(["matrix", *words]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["npz", "mtx"])
def test_files_in_slabs_need_memory_for_a_row(capsys, monkeypatch, tmp_path, ending):
    path = tmp_path / f"W.{ending}"
    words = ["matrix", "--input", "999x999", "--out", str(path)]
    monkeypatch.setattr("convmat.memory.physical_bytes", lambda: 100)
    assert main(words) == 2
    assert "--format csv lists the ent" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["json", "npz", "mtx", "csv", "txt"])
def test_numbers_of_taps_that_fit_no_memory_are_refused(capsys, tmp_path, ending):
    path = tmp_path / f"W.{ending}"
    size = str(10**13)
    assert main(["matrix", "--input", size, "--kernel", size, "--out", str(path)]) == 2
    assert capsys.readouterr().err.startswith("convmat: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError(28, "No space left")])
def test_a_file_is_written_whole_or_not_at_all(monkeypatch, tmp_path, capsys, failure):
    path = tmp_path / "W.csv"
    path.write_text("as it was")

    def breaking(g):
        yield next(entries.blocks(g))
        raise failure

    monkeypatch.setattr(asked, "blocks", breaking)
    code = main(["matrix", "--out", str(path)])
    assert code == (130 if failure is KeyboardInterrupt else 2)
    assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]
    if code == 2:
        assert "that can be written, got" in capsys.readouterr().err


def test_a_file_that_fails_halfway_leaves_the_old_matrix(monkeypatch, tmp_path):
    path = tmp_path / "W.npz"
    assert main(["matrix", "--out", str(path)]) == 0
    before = path.read_bytes()

    def breaking(*arguments, **keywords):
        assert len(list(tmp_path.iterdir())) == 2  # the part is there
        raise KeyboardInterrupt

    monkeypatch.setattr("convmat.matrix.npz.bar", breaking)
    assert main(["matrix", "--out", str(path), "--values", "ones"]) == 130
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_bars_wait_two_seconds_and_stay_out_of_the_lines(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stderr", Terminal())
    assert files.progress(10, "W.csv").delay == 2
    assert not files.progress(10, "W.csv").disable
    assert not files.progress(10, None).disable  # stdout goes elsewhere
    monkeypatch.setattr("sys.stdout", Terminal())
    assert files.progress(10, None).disable
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert files.progress(10, "W.csv").disable


# ------------------------------------------------------------------------ transposed


def check_transposed(g):
    """Every text format, against the matrix of the public function."""
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    expected = conv_transpose_matrix(
        kernel, g.output_shape, output_shape=g.input_shape, **g.keywords
    )
    rows, cols, _, values = triplets(written(formats.write_csv, g, transposed=True))
    summed = coo_array((values, (rows, cols)), shape=expected.shape).tocsr()
    assert equal(summed, expected)
    read = json.loads(written(formats.write_json, g, transposed=True))
    arrays = read["data"], read["indices"], read["indptr"]
    assert equal(csr_array(arrays, shape=read["shape"]), expected)
    assert read["transposed"] is True
    assert geometry(**read["geometry"]) == g


@settings(max_examples=40)
@given(geometries())
@example(WITNESSES[0])
@example(WITNESSES[1])
@example(WITNESSES[2])
@example(WITNESSES[3])
@example(geometry((2, 1), (2, 1, 1), groups=2))
def test_the_transposed_matrix_is_that_of_the_public_function(g):
    check_transposed(g)


def transposed_arguments(g):
    words = arguments_of(g)
    words[words.index("--input") + 1] = "x".join(map(str, g.output_shape))
    sizes = "x".join(map(str, g.input_shape))
    return [*words, "--transposed", "--output-shape", sizes]


@pytest.mark.parametrize("g", WITNESSES, ids=repr)
def test_files_hold_the_transposed_matrix(g, tmp_path, capsys):
    kernel = np.arange(1, g.free_parameters + 1).reshape(g.kernel_shape)
    expected = conv_transpose_matrix(
        kernel, g.output_shape, output_shape=g.input_shape, **g.keywords
    )
    words = transposed_arguments(g)
    for name, read in (("W.npz", load_npz), ("W.mtx", mmread)):
        path = tmp_path / name
        assert main([*words, "--out", str(path)]) == 0
        assert equal(csr_array(read(path)), expected)
    assert main([*words, "--info", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["matrix_shape"] == list(expected.shape)
    assert told["stored_entries"] == expected.nnz
    assert told["output_shape"] == list(g.input_shape)
    arrays = (expected.indptr, expected.indices, expected.data.astype(float))
    assert told["bytes_as_csr"] == sum(array.nbytes for array in arrays)


@pytest.mark.parametrize("g", WITNESSES, ids=repr)
def test_letters_stand_at_transposed_places(g, tmp_path):
    """The text of a file has every row; its columns are those of the matrix's rows."""
    cells = {}
    for words in (arguments_of(g), transposed_arguments(g)):
        path = tmp_path / f"{len(words)}.txt"
        assert main([*words, "--out", str(path)]) == 0
        head, *lines = path.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
        lines = [line.split() for line in lines if "sum" not in line]
        cells[len(words)] = [head.split(), *lines]
    plain, turned = cells.values()
    assert [line[0] for line in turned[1:]] == plain[0]
    assert turned[0] == [line[0] for line in plain[1:]]
    body = [line[1:] for line in plain[1:]]
    assert [line[1:] for line in turned[1:]] == list(map(list, zip(*body, strict=True)))


def test_latex_of_the_transposed_matrix(capsys):
    words = ["matrix", "--input", "2", "--kernel", "3", "--stride", "2"]
    assert main([*words, "--transposed", "--format", "latex"]) == 0
    rows = capsys.readouterr().out.strip().removeprefix(r"\begin{bmatrix}")
    rows = rows.removesuffix(r"\end{bmatrix}").split(r"\\")
    assert [row.split(" & ") for row in rows] == [
        [r"\alpha", "0"],
        [r"\beta", "0"],
        [r"\gamma", r"\alpha"],
        ["0", r"\beta"],
        ["0", r"\gamma"],
    ]


def test_output_padding_adds_cells(capsys):
    words = ["matrix", "--transposed", "--input", "2", "--kernel", "3", "--stride", "2"]
    assert main([*words, "--output-padding", "1", "--info"]) == 0
    out = capsys.readouterr().out
    assert "2 input -> 6 output" in out
    assert "paired geometry" in out
    assert "6 x 2" in out
    assert main(["matrix", "--output-shape", "6"]) == 2
    assert "--output-shape must stand beside --transposed" in capsys.readouterr().err


# ---------------------------------------------------------------------- standard output


def test_a_dash_is_standard_output(capsys):
    assert main(["matrix", "--format", "csv"]) == 0
    plain = capsys.readouterr().out
    assert main(["matrix", "--format", "csv", "--out", "-"]) == 0
    assert capsys.readouterr().out == plain
    for name in ("npz", "mtx"):
        assert main(["matrix", "--format", name, "--out", "-"]) == 2
        assert f"file that ends in .{name}" in capsys.readouterr().err
