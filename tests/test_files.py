"""Matrices in files: what comes back, what is never left behind, what is refused."""

import io
import os
import stat
import tracemalloc
import zipfile
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import io as scipy_io
from scipy import sparse

from convmat import (
    ConvmatError,
    ConvmatTypeError,
    MatrixTooLargeError,
    ShapeError,
    conv_matrix,
    geometry,
)
from convmat.matrix import (
    disk,
    load_geometry,
    load_matrix,
    row_ranges,
    save_matrix,
    save_rows,
    source,
)
from convmat.tie import Slab
from convmat.verify.strategies import geometries, kernels

SUFFIXES = ["npz", "mtx"]
DTYPES = ["int64", "float32", "float64", "complex64", "complex128"]
G = geometry((2, 4, 3), (4, 1, 2, 3), padding=[(1, 0), 1], groups=2)
KERNEL = np.arange(24).reshape(G.kernel_shape)  # the first tap is 0
W = conv_matrix(KERNEL, G.input_shape, **G.keywords)

suffixes = pytest.mark.parametrize("suffix", SUFFIXES)


def assert_same(back, matrix):
    assert isinstance(back, sparse.csr_array)
    assert back.shape == matrix.shape
    assert back.dtype == matrix.dtype
    assert back.data.tobytes() == matrix.data.tobytes()
    assert np.array_equal(back.indptr, matrix.indptr)
    assert np.array_equal(back.indices, matrix.indices)
    assert back.indices.dtype == matrix.indices.dtype
    assert back.has_canonical_format
    back.check_format(full_check=True)


# ------------------------------------------------------------------------- round trip


@suffixes
@settings(max_examples=50)
@given(geometries(), st.data())
def test_what_is_saved_is_loaded(tmp_path_factory, suffix, g, data):
    path = tmp_path_factory.getbasetemp() / f"round.{suffix}"
    dtype = data.draw(st.sampled_from(DTYPES))
    kernel = data.draw(kernels(g, dtype))
    matrix = conv_matrix(kernel, g.input_shape, **g.keywords)
    assert save_matrix(path, matrix, g) == path
    assert_same(load_matrix(path), matrix)
    assert load_geometry(path) == g


@suffixes
@settings(max_examples=40)
@given(geometries(), st.integers(1, 40), st.sampled_from([5, 20, 99]), st.data())
def test_slab_by_slab_gives_the_same_file(
    tmp_path_factory, suffix, g, block, at_once, data
):
    folder = tmp_path_factory.getbasetemp()
    kernel = data.draw(kernels(g))
    matrix = conv_matrix(kernel, g.input_shape, **g.keywords)
    whole = save_matrix(folder / f"whole.{suffix}", matrix, g)
    with pytest.MonkeyPatch.context() as patch:
        for room in ("source", "npz", "market"):
            patch.setattr(f"convmat.matrix.{room}.AT_ONCE", at_once)
        few = save_matrix(folder / f"few.{suffix}", matrix, g)
        rows = save_rows(
            folder / f"rows.{suffix}", kernel, g.input_shape, block=block, **g.keywords
        )
    assert contents(rows) == contents(few) == contents(whole)


def contents(path):
    """The bytes of a file, of a `.npz` file those of each member: zlib may cut."""
    if path.suffix == ".mtx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


EXTREME = [0.1, -1 / 3, 1e-45, 5e-324, 1.7976931348623157e308, np.inf, -np.inf, -0.0]


@suffixes
@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_floats_come_back_to_the_last_bit(tmp_path, suffix, dtype):
    with np.errstate(over="ignore"):
        kernel = np.array([*EXTREME, np.pi]).astype(dtype)
    if kernel.dtype.kind == "c":
        kernel.imag[:] = kernel.real[::-1]
    matrix = conv_matrix(kernel, 40)
    assert_same(load_matrix(save_matrix(tmp_path / f"W.{suffix}", matrix)), matrix)


@suffixes
def test_nan_comes_back(tmp_path, suffix):
    matrix = conv_matrix(np.array([np.nan, 1.0], np.float32), 3)
    back = load_matrix(save_matrix(tmp_path / f"W.{suffix}", matrix))
    assert np.array_equal(back.data, matrix.data, equal_nan=True)
    assert back.dtype == np.float32


@suffixes
def test_integers_come_back_to_the_ends_of_64_bits(tmp_path, suffix):
    matrix = conv_matrix([2**63 - 1, -(2**63), 0, 2**53 + 1], 9)
    assert_same(load_matrix(save_matrix(tmp_path / f"W.{suffix}", matrix)), matrix)


@suffixes
@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=9))
def test_single_precision_comes_back_exactly(tmp_path_factory, suffix, taps):
    path = tmp_path_factory.getbasetemp() / f"single.{suffix}"
    matrix = conv_matrix(np.array(taps, np.float32), len(taps) + 2)
    assert_same(load_matrix(save_matrix(path, matrix)), matrix)


def test_long_doubles_survive_in_npz(tmp_path):
    matrix = conv_matrix(np.array([1, 3], np.longdouble) / 7, 3)
    assert_same(load_matrix(save_matrix(tmp_path / "W.npz", matrix)), matrix)


@suffixes
def test_stored_zeros_stay_stored(tmp_path, suffix):
    matrix = conv_matrix(np.zeros((3, 3), int), (5, 5))
    back = load_matrix(save_matrix(tmp_path / f"W.{suffix}", matrix))
    assert back.nnz == matrix.nnz == 81
    assert_same(back, matrix)


@suffixes
@pytest.mark.parametrize(
    "g",
    [
        geometry((1, 1), (3, 3), padding=1),
        geometry(2, 1, padding=40, stride=41),
        geometry(2, 2, padding=9),  # rows without entries
        geometry((1, 5), (1, 1, 2)),
    ],
    ids=repr,
)
def test_odd_geometries_come_back(tmp_path, suffix, g):
    kernel = np.ones(g.kernel_shape, int)
    matrix = conv_matrix(kernel, g.input_shape, **g.keywords)
    path = tmp_path / f"W.{suffix}"
    assert_same(load_matrix(save_matrix(path, matrix, g)), matrix)
    assert load_geometry(path) == g
    path = save_rows(path, kernel, g.input_shape, **g.keywords)
    assert_same(load_matrix(path), matrix)
    assert load_geometry(path) == g


@suffixes
def test_indices_of_64_bits_come_back(tmp_path, suffix):
    columns = 2**31 + 5
    matrix = sparse.csr_array(([7], ([0], [columns - 1])), shape=(1, columns))
    assert matrix.indices.dtype == np.int64
    assert_same(load_matrix(save_matrix(tmp_path / f"W.{suffix}", matrix)), matrix)


@suffixes
def test_a_file_of_columns_beyond_32_bits_is_written_by_rows(tmp_path, suffix):
    path = save_rows(tmp_path / f"W.{suffix}", [1, 2], 2**32, stride=2**31)
    back = load_matrix(path)
    assert back.indices.tolist() == [0, 1, 2**31, 2**31 + 1]
    assert back.data.tolist() == [1, 2, 1, 2]


@suffixes
def test_entries_beyond_the_last_row_are_not_saved(tmp_path, suffix):
    """Whoever sets the arrays may leave some, and SciPy does not mind."""
    slack = sparse.csr_array(([5, 7], [0, 1], [0, 1, 2]), shape=(2, 2))
    tidy = save_matrix(tmp_path / f"tidy.{suffix}", slack)
    slack.data, slack.indices = np.append(slack.data, 9), np.append(slack.indices, 1)
    assert len(slack.data) > slack.nnz
    path = save_matrix(tmp_path / f"W.{suffix}", slack)
    assert path.read_bytes() == tidy.read_bytes()
    assert load_matrix(path).toarray().tolist() == [[5, 0], [0, 7]]


# ------------------------------------------------------------- what others read


def test_scipy_reads_the_npz_file(tmp_path):
    back = sparse.load_npz(save_matrix(tmp_path / "W.npz", W, G))
    assert_same(back, W)


def test_the_npz_file_has_the_arrays_of_scipys_own(tmp_path):
    sparse.save_npz(tmp_path / "theirs.npz", W)
    save_matrix(tmp_path / "ours.npz", W, G)
    with (
        np.load(tmp_path / "ours.npz") as ours,
        np.load(tmp_path / "theirs.npz") as theirs,
    ):
        assert set(ours) == {*theirs, "geometry"}
        for name in theirs:
            assert np.array_equal(ours[name], theirs[name])
            assert ours[name].dtype == theirs[name].dtype


@pytest.mark.parametrize("dtype", ["int64", "float64", "complex128"])
def test_the_entries_of_the_mtx_file_are_the_lines_of_scipys_own(tmp_path, dtype):
    matrix = conv_matrix((KERNEL / 7).astype(dtype), G.input_shape, **G.keywords)
    buffer = io.BytesIO()
    scipy_io.mmwrite(buffer, matrix, symmetry="general")
    ours = save_matrix(tmp_path / "W.mtx", matrix).read_bytes().splitlines()
    theirs = buffer.getvalue().splitlines()
    assert ours[0] == theirs[0]
    assert ours[2:] == [line for line in theirs[1:] if not line.startswith(b"%")]


@pytest.mark.parametrize("dtype", DTYPES)
def test_scipy_reads_exact_values_from_the_mtx_file(tmp_path, dtype):
    kernel = (KERNEL / 7).astype(dtype)
    matrix = conv_matrix(kernel, G.input_shape, **G.keywords)
    back = sparse.csr_array(scipy_io.mmread(save_matrix(tmp_path / "W.mtx", matrix)))
    assert (
        back.dtype
        == {"f": "float64", "c": "complex128", "i": "int64"}[matrix.dtype.kind]
    )
    assert np.array_equal(back.data, matrix.data)


def test_the_mtx_file_reads_like_this(tmp_path):
    path = save_matrix(tmp_path / "W.mtx", conv_matrix([5, 0], 3))
    assert path.read_text() == (
        "%%MatrixMarket matrix coordinate integer general\n"
        '%convmat {"dtype": "int64"}\n'
        "2 3 4\n"
        "1 1 5\n"
        "1 2 0\n"
        "2 2 5\n"
        "2 3 0\n"
    )


def test_a_file_of_another_program_is_brought_into_canonical_form(tmp_path):
    path = tmp_path / "foreign.mtx"
    path.write_text(
        "%%MatrixMarket matrix coordinate real general\n% by hand\n"
        "2 3 4\n2 3 1.5\n1 2 1\n2 1 4\n1 2 2"
    )
    back = load_matrix(path)
    assert back.toarray().tolist() == [[0, 3, 0], [4, 0, 1.5]]
    assert back.nnz == 3
    assert back.has_canonical_format


def test_unsorted_npz_files_are_brought_into_canonical_form(tmp_path):
    unsorted = sparse.csr_array(([1, 2, 3], [2, 0, 0], [0, 3]), shape=(1, 3))
    sparse.save_npz(tmp_path / "W.npz", unsorted)
    back = load_matrix(tmp_path / "W.npz")
    assert (back.indices.tolist(), back.data.tolist()) == ([0, 2], [5, 1])


def test_matrices_of_the_old_kind_are_read_and_saved_as_arrays(tmp_path):
    old = sparse.csr_matrix(W)
    sparse.save_npz(tmp_path / "theirs.npz", old)
    assert_same(load_matrix(tmp_path / "theirs.npz"), W)
    assert_same(load_matrix(save_matrix(tmp_path / "ours.npz", old)), W)


def test_symmetric_files_are_read_as_a_whole(tmp_path):
    path = tmp_path / "W.mtx"
    path.write_text(
        "%%MatrixMarket matrix coordinate integer symmetric\n2 2 1\n2 1 7\n"
    )
    assert load_matrix(path).toarray().tolist() == [[0, 7], [7, 0]]


# --------------------------------------------------------------------------- memory


@suffixes
def test_a_matrix_larger_than_memory_is_saved_in_little(tmp_path, suffix, monkeypatch):
    """The disk is soon full: what counts is what is held until then."""
    kernel = np.ones((64, 64, 3, 3))
    g = geometry((64, 80, 80), kernel.shape, padding=1)
    assert 12 * g.nnz > 1.5 * 10**9

    class Full(Exception):
        pass

    class Disk(io.BytesIO):
        written = 0

        def write(self, text):
            self.written += len(text)
            if self.written > 10_000_000:
                raise Full
            return len(text)

        def seekable(self):
            return False

    form = disk.FORMATS[f".{suffix}"]
    held = source.of_kernel(g, kernel, partial(row_ranges, g))
    if suffix == "npz":  # compressed, it would take a gigabyte of entries
        monkeypatch.setattr("zipfile.ZIP_DEFLATED", zipfile.ZIP_STORED)
    tracemalloc.start()
    try:
        with pytest.raises(Full):
            form.write(Disk(), held, "W", hidden=True)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 100_000_000


@suffixes
def test_a_file_that_declares_too_much_is_refused_before_it_is_read(tmp_path, suffix):
    path = save_matrix(tmp_path / f"W.{suffix}", W)
    with pytest.raises(
        MatrixTooLargeError, match=r"the matrix in '.*needs .*max_bytes"
    ):
        load_matrix(path, max_bytes=1000)
    assert load_matrix(path, max_bytes=100_000).nnz == W.nnz


def test_sizes_that_a_file_only_claims_are_not_believed(tmp_path):
    path = tmp_path / "W.mtx"
    path.write_text(
        f"%%MatrixMarket matrix coordinate real general\n2 2 {10**15}\n1 1 1\n"
    )
    with pytest.raises(MatrixTooLargeError, match="allow more with max_bytes"):
        load_matrix(path)
    path.write_text(f"%%MatrixMarket matrix coordinate real general\n{10**15} 2 0\n")
    with pytest.raises(MatrixTooLargeError, match="allow more with max_bytes"):
        load_matrix(path)


# --------------------------------------------------------------- whole or not at all


@suffixes
def test_the_same_matrix_gives_the_same_bytes(tmp_path, suffix):
    first = save_matrix(tmp_path / f"1.{suffix}", W, G).read_bytes()
    assert save_matrix(tmp_path / f"2.{suffix}", W, G).read_bytes() == first


@suffixes
def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path, suffix):
    path = tmp_path / f"W.{suffix}"
    path.write_text("old")
    save_matrix(path, W)
    assert_same(load_matrix(path), W)
    assert list(tmp_path.iterdir()) == [path]


class Stop(BaseException):
    """As Ctrl-C: no error that anything would catch."""


@suffixes
@pytest.mark.parametrize("stop", [KeyboardInterrupt, Stop, OSError(28, "No space")])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_whatever_stops_it_leaves_the_old_file_and_nothing_else(
    tmp_path, suffix, stop, after, monkeypatch
):
    path = tmp_path / f"W.{suffix}"
    path.write_text("old")
    built = []
    right = Slab.indices

    def indices(slab):
        if len(built) == after:
            raise stop
        built.append(slab.rows)
        return right(slab)

    monkeypatch.setattr(Slab, "indices", indices)
    with pytest.raises(stop if isinstance(stop, type) else OSError):
        save_rows(path, KERNEL, G.input_shape, block=20, **G.keywords)
    assert len(built) == after
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@suffixes
@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_failure_at_the_end_leaves_the_old_file_too(
    tmp_path, suffix, step, monkeypatch
):
    path = tmp_path / f"W.{suffix}"
    path.write_text("old")

    def fail(*arguments):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(step, fail)
    with pytest.raises(OSError, match="Input/output error"):
        save_matrix(path, W)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_on_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    steps = []
    sync, replace = os.fsync, type(tmp_path).replace
    monkeypatch.setattr("os.fsync", lambda file: (steps.append("sync"), sync(file)))
    monkeypatch.setattr(
        "pathlib.Path.replace",
        lambda *paths: (steps.append("rename"), replace(*paths))[1],
    )
    save_matrix(tmp_path / "W.mtx", W)
    assert steps == ["sync", "rename"]


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_permissions_of_a_replaced_file_stay(tmp_path):
    path = save_matrix(tmp_path / "W.mtx", W)
    assert stat.S_IMODE(path.stat().st_mode) & 0o400
    path.chmod(0o640)
    save_matrix(path, W)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "W.mtx"
    link.symlink_to(tmp_path / "folder" / "real.mtx")
    save_matrix(link, W)
    assert link.is_symlink()
    assert_same(load_matrix(tmp_path / "folder" / "real.mtx"), W)


# ------------------------------------------------------------------------- progress


def test_no_bar_is_drawn_unless_it_is_wanted(tmp_path, capsys):
    save_matrix(tmp_path / "W.mtx", W)  # not a terminal
    save_matrix(tmp_path / "W.npz", W, progress=True)  # over before two seconds
    save_rows(tmp_path / "W.mtx", KERNEL, G.input_shape, progress=False, **G.keywords)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


@suffixes
def test_long_work_shows_a_bar_that_comes_to_its_end(
    tmp_path, suffix, capsys, monkeypatch
):
    from tqdm import tqdm

    at_once = {"delay": 0, "mininterval": 0, "miniters": 0}

    class AtOnce(tqdm):
        def __init__(self, *arguments, **settings):
            assert settings["delay"] == 2
            super().__init__(*arguments, **{**settings, **at_once})

    monkeypatch.setattr("tqdm.tqdm", AtOnce)
    save_matrix(tmp_path / f"W.{suffix}", W, progress=True)
    written = capsys.readouterr().err
    assert f"W.{suffix}: 100%" in written
    assert written.endswith("\r")  # erased
    assert_same(load_matrix(tmp_path / f"W.{suffix}", progress=True), W)
    read = capsys.readouterr().err
    assert f"W.{suffix}: 100%" in read
    assert read.endswith("\r")


# ------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("name", ["W", "W.mat", "W.mtx.gz", "W.npy", ".npz", "npz"])
def test_another_suffix_is_refused(tmp_path, name):
    for call in (load_matrix, load_geometry):
        with pytest.raises(ConvmatError, match=r"path must end in \.npz or \.mtx, got"):
            call(tmp_path / name)
    with pytest.raises(ConvmatError, match=r"path must end in \.npz or \.mtx, got"):
        save_matrix(tmp_path / name, W)
    with pytest.raises(ConvmatError, match=r"path must end in \.npz or \.mtx, got"):
        save_rows(tmp_path / name, [1, 2], 3)


@pytest.mark.parametrize("path", [None, 3, b"W.npz", io.BytesIO()])
def test_the_path_must_be_one(path):
    with pytest.raises(ConvmatTypeError, match="path must be a path"):
        save_matrix(path, W)
    with pytest.raises(ConvmatTypeError, match="path must be a path"):
        load_matrix(path)


def test_suffixes_may_be_in_capitals(tmp_path):
    for name in ("W.NPZ", "W.Mtx"):
        assert_same(load_matrix(save_matrix(str(tmp_path / name), W)), W)


@suffixes
def test_a_missing_folder_is_refused(tmp_path, suffix):
    with pytest.raises(ConvmatError, match=r"path must lie in a folder that.*mkdir"):
        save_matrix(tmp_path / "missing" / f"W.{suffix}", W)


@suffixes
def test_a_folder_is_no_file(tmp_path, suffix):
    folder = tmp_path / f"W.{suffix}"
    folder.mkdir()
    with pytest.raises(ConvmatError, match="path must be a file, not a folder"):
        save_matrix(folder, W)
    with pytest.raises(ConvmatError, match="path must be a file, not a folder"):
        load_matrix(folder)
    assert list(tmp_path.iterdir()) == [folder]


@suffixes
def test_a_missing_file_is_named_by_the_system(tmp_path, suffix):
    with pytest.raises(FileNotFoundError, match=f"missing.{suffix}"):
        load_matrix(tmp_path / f"missing.{suffix}")
    (tmp_path / f"missing.{suffix}.mtx").write_text("SciPy would try this one")
    with pytest.raises(FileNotFoundError, match=f"missing.{suffix}"):
        load_geometry(tmp_path / f"missing.{suffix}")


@suffixes
def test_a_missing_file_is_told_in_one_sentence(tmp_path, suffix):
    with pytest.raises(FileNotFoundError) as caught:
        load_matrix(tmp_path / f"W.{suffix}")
    assert str(caught.value) == (
        f"path must name a file that exists, got path='{tmp_path / f'W.{suffix}'}'; "
        "save_matrix(path, matrix) writes one"
    )
    assert caught.value.errno == 2


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("W.npz", b"", "this one is cut off, or something else"),
        ("W.npz", b"text", "this one is cut off, or something else"),
        ("W.mtx", b"", "its first line is not that of a Matrix Market file"),
        ("W.mtx", b"text\n", "its first line is not that of a Matrix Market file"),
        (
            "W.mtx",
            b"%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 1\n",
            "line 3 says: Row index out of bounds",
        ),
    ],
)
def test_damage_is_told_in_our_words(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConvmatError, match="must hold a whole") as caught:
        load_matrix(path)
    assert f"matrix, but {reason}, got path=" in str(caught.value)
    assert "Errno" not in str(caught.value)


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "W.npz", data=np.ones(3))
    with pytest.raises(ConvmatError, match="but it has no array indptr, got"):
        load_matrix(tmp_path / "W.npz")


@suffixes
def test_what_the_system_forbids_is_told_by_the_system(tmp_path, suffix, monkeypatch):
    def forbidden(*arguments, **settings):
        raise PermissionError(13, "Permission denied", f"W.{suffix}")

    monkeypatch.setattr("pathlib.Path.open", forbidden)
    with pytest.raises(PermissionError, match="Permission denied"):
        save_matrix(tmp_path / f"W.{suffix}", W)
    with pytest.raises(PermissionError, match="Permission denied"):
        load_matrix(tmp_path / f"W.{suffix}")


@pytest.mark.parametrize("matrix", [W.toarray(), W.tocsc(), W.tocoo(), None, [[1]]])
def test_only_csr_matrices_are_saved(tmp_path, matrix):
    with pytest.raises(ConvmatTypeError, match=r"matrix must be a CSR.*\.tocsr\(\)"):
        save_matrix(tmp_path / "W.npz", matrix)
    assert list(tmp_path.iterdir()) == []


def test_dtypes_that_a_file_would_not_give_back_are_refused(tmp_path):
    with pytest.raises(
        ConvmatTypeError, match=r"matrix must be of one of .*\.npz file"
    ):
        save_matrix(tmp_path / "W.mtx", W.astype(np.longdouble))
    with pytest.raises(ConvmatTypeError, match=r"matrix must be of one of .*int8"):
        save_matrix(tmp_path / "W.mtx", W.astype(np.int8))
    with pytest.raises(
        ConvmatTypeError, match=r"matrix must be of one of .*\.npz file"
    ):
        save_rows(tmp_path / "W.mtx", np.ones(2, np.longdouble), 3)
    with pytest.raises(ConvmatTypeError, match="matrix must hold integers, floats or"):
        save_matrix(tmp_path / "W.npz", W.astype(bool))
    assert list(tmp_path.iterdir()) == []


def test_a_geometry_of_another_shape_is_refused(tmp_path):
    with pytest.raises(ShapeError, match=r"matrix\.shape must be \(2, 3\), as the geo"):
        save_matrix(tmp_path / "W.npz", W, geometry(3, 2))
    with pytest.raises(ConvmatTypeError, match="geometry must be a Geometry"):
        save_matrix(tmp_path / "W.npz", W, (3, 3))
    assert list(tmp_path.iterdir()) == []


def test_slabs_that_are_refused_leave_nothing(tmp_path):
    with pytest.raises(ConvmatError, match="block must be at least 1"):
        save_rows(tmp_path / "W.npz", [1, 2], 3, block=0)
    with pytest.raises(MatrixTooLargeError, match="max_bytes allows 10 bytes"):
        save_rows(tmp_path / "W.npz", [1, 2], 3, max_bytes=10)
    assert list(tmp_path.iterdir()) == []


@suffixes
def test_a_file_without_geometry_says_how_to_save_one(tmp_path, suffix):
    path = save_matrix(tmp_path / f"W.{suffix}", W)
    with pytest.raises(ConvmatError, match=r"hold a geometry too.*save_matrix\(path, "):
        load_geometry(path)


# ------------------------------------------------------------------- damaged files


def refused(path, call=load_matrix):
    with pytest.raises(
        ConvmatError, match=r"path must hold a whole \.(npz|mtx) matrix"
    ):
        call(path)


@suffixes
def test_a_file_cut_off_anywhere_is_refused(tmp_path, suffix):
    path = save_matrix(tmp_path / f"W.{suffix}", W, G)
    whole = path.read_bytes()
    step = max(1, len(whole) // 200)
    for length in [*range(0, len(whole), step), len(whole) - 1]:
        path.write_bytes(whole[:length])
        refused(path)
    path.write_bytes(whole)
    assert_same(load_matrix(path), W)


def test_a_flipped_bit_in_the_arrays_of_an_npz_file_is_noticed(tmp_path):
    path = save_matrix(tmp_path / "W.npz", W)
    whole = path.read_bytes()
    start = whole.index(b"data.npy") + 40
    for place in range(start, start + 60, 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        refused(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello\n",
        b"\x00\xff" * 500,
        b"PK\x03\x04" + b"\x00" * 50,
        b"\x93NUMPY\x01\x00v\x00{}",
        b"%%MatrixMarket matrix array real general\n1 1\n1\n",
        b"%%MatrixMarket matrix coordinate real general\n",
        b"%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 3\n",
        b"%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 3\n",
        b"%%MatrixMarket matrix coordinate real general\n2 2 1\n0 1 3\n",
        b"%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 x\n",
        b"%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 1 1" + b"0" * 30,
        b"%%MatrixMarket matrix coordinate real general\n%convmat {\n2 2 0\n",
        b"%%MatrixMarket matrix coordinate real general\n%convmat 3\n2 2 0\n",
        b'%%MatrixMarket matrix coordinate real general\n%convmat {"dtype":"O"}\n1 1 0',
    ],
)
@suffixes
def test_a_file_of_something_else_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"W.{suffix}"
    path.write_bytes(content)
    refused(path)


def savez(path, **arrays):
    with path.open("wb") as file:
        np.savez(file, **arrays)
    return path


def parts(**changed):
    right = {
        "format": np.array(b"csr"),
        "shape": np.array([2, 3]),
        "indptr": np.array([0, 1, 2]),
        "indices": np.array([0, 2]),
        "data": np.array([1.0, 2.0]),
    }
    return {**right, **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {"indices": np.array([0, 3])},
        {"indices": np.array([-1, 2])},
        {"indices": np.array([0])},
        {"indptr": np.array([0, 2])},
        {"indptr": np.array([0, 5, 2])},
        {"indptr": np.array([1, 1, 2])},
        {"indptr": np.array([0, 1, 9])},
        {"shape": np.array([2])},
        {"shape": np.array([2, -3])},
        {"data": np.ones((2, 2))},
        {"format": np.array(b"csc"), "shape": np.array([3, 2])},
        {"format": np.array(b"xyz")},
        {"format": np.array(3)},
    ],
    ids=str,
)
def test_npz_arrays_that_make_no_matrix_are_refused(tmp_path, changed):
    assert load_matrix(savez(tmp_path / "W.npz", **parts())).nnz == 2
    refused(savez(tmp_path / "W.npz", **parts(**changed)))


@pytest.mark.parametrize("missing", ["format", "shape", "indptr", "indices", "data"])
def test_npz_files_without_an_array_are_refused(tmp_path, missing):
    arrays = parts()
    del arrays[missing]
    refused(savez(tmp_path / "W.npz", **arrays))


class Trap:
    """Whoever unpickles this is caught."""

    def __reduce__(self):
        return os.mkdir, ("caught",)


def test_nothing_in_a_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trap = np.array([Trap(), Trap()], dtype=object)
    for changed in ({"data": trap}, {"indices": trap}, {"format": trap[0]}):
        refused(savez(tmp_path / "W.npz", **parts(**changed)))
    refused(savez(tmp_path / "W.npz", **parts(geometry=trap)), load_geometry)
    assert not (tmp_path / "caught").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "3", "[1]", '{"input_shape": [3]}', '{"kernel": 3}']
)
def test_geometries_that_are_none_are_refused(tmp_path, text):
    refused(savez(tmp_path / "W.npz", **parts(geometry=np.array(text))), load_geometry)


def test_geometries_that_no_convolution_has_are_refused(tmp_path):
    text = '{"input_shape": [3], "kernel_shape": [5]}'
    path = savez(tmp_path / "W.npz", **parts(geometry=np.array(text)))
    with pytest.raises(ConvmatError, match=r"whole \.npz matrix, but kernel_size must"):
        load_geometry(path)
