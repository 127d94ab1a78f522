"""IDX files: each dtype comes back, each kind of damage has its own sentence."""

import gzip
import struct
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convmat import ConvmatError, ConvmatTypeError, MatrixTooLargeError
from convmat.nn import read_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def written(array):
    """The bytes of an IDX file, by the book: every number big-endian."""
    header = struct.pack(
        f">BBBB{array.ndim}I",
        0,
        0,
        CODES[array.dtype.str[1:]],
        array.ndim,
        *array.shape,
    )
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


BYTES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
PLAIN = written(BYTES)


@given(
    st.sampled_from(sorted(CODES)).flatmap(
        lambda code: hnp.arrays(
            np.dtype(code), hnp.array_shapes(min_side=0, max_dims=4)
        )
    ),
    st.booleans(),
)
@example(array=np.zeros((0, 28, 28), np.uint8), packed=False)
@example(array=np.array([np.nan, np.inf, -0.0]), packed=True)
def test_what_is_written_is_read(array, packed):
    content = written(array)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "numbers"
        path.write_bytes(gzip.compress(content) if packed else content)
        read = read_idx(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    assert read.shape == array.shape
    assert read.tobytes() == array.tobytes()


NAMES = [f"train-images{joint}idx3-ubyte{end}" for joint in "-." for end in ("", ".gz")]


@pytest.mark.parametrize("there", NAMES)
@pytest.mark.parametrize("asked", NAMES)
def test_every_spelling_finds_every_other(tmp_path, there, asked):
    content = gzip.compress(PLAIN) if there.endswith(".gz") else PLAIN
    (tmp_path / there).write_bytes(content)
    assert np.array_equal(read_idx(tmp_path / asked), BYTES)
    assert np.array_equal(read_idx(str(tmp_path / asked)), BYTES)


def test_the_spelling_that_is_asked_for_comes_first(tmp_path):
    other = BYTES + 1
    (tmp_path / NAMES[0]).write_bytes(written(other))
    (tmp_path / NAMES[2]).write_bytes(PLAIN)
    assert np.array_equal(read_idx(tmp_path / NAMES[0]), other)
    assert np.array_equal(read_idx(tmp_path / NAMES[2]), BYTES)


def test_the_content_tells_what_is_packed_not_the_name(tmp_path):
    (tmp_path / "plain.gz").write_bytes(PLAIN)
    (tmp_path / "packed").write_bytes(gzip.compress(PLAIN))
    assert np.array_equal(read_idx(tmp_path / "plain.gz"), BYTES)
    assert np.array_equal(read_idx(tmp_path / "packed"), BYTES)


def test_a_file_of_two_gzip_streams_is_one_file(tmp_path):
    path = tmp_path / "two"
    path.write_bytes(gzip.compress(PLAIN[:20]) + gzip.compress(PLAIN[20:]))
    assert np.array_equal(read_idx(path), BYTES)


def header(*numbers):
    """A header of bytes, whatever they say."""
    return struct.pack(f">BBBB{len(numbers) - 2}I", 0, 0, *numbers)


DAMAGE = {
    "nothing": (b"", "must begin as an IDX file does.*its first bytes are missing"),
    "another format": (b"<html>", "must begin as .*first bytes are 3c 68 74 6d"),
    "no type of IDX": (header(0x0A, 1, 3), "of an IDX type .*; its header says 0a"),
    "no axes": (header(0x08, 0) + b"\0", "1 to 64 axes.*; its header says 0"),
    "too many axes": (header(0x08, 65), "1 to 64 axes.*; its header says 65"),
    "half a header": (PLAIN[:11], "header of 16 bytes for 3 axes.*it holds 11 bytes"),
    "one byte less": (PLAIN[:-1], "must hold 40 bytes .*it holds 39: it is cut short"),
    "header only": (PLAIN[:16], "must hold 40 bytes .*it holds 16: it is cut short"),
    "one byte more": (PLAIN + b"\0", r"40 bytes \(uint8 of \(2, 3, 4\) .*holds more"),
    "a shape beyond all memory": (
        header(0x0E, 3, *[0xFFFFFFFF] * 3),
        "must hold .* it holds 16: it is cut short",
    ),
    "nothing, in a shape beyond NumPy": (
        header(0x08, 3, 0, 0xFFFFFFFF, 0xFFFFFFFF),
        r"must have a shape that an array can have",
    ),
}


@pytest.mark.parametrize("content, sentence", DAMAGE.values(), ids=DAMAGE)  # noqa: PT006 - names
def test_each_damage_of_a_plain_file_is_named(tmp_path, content, sentence):
    path = tmp_path / "damaged"
    path.write_bytes(content)
    with pytest.raises(ConvmatError, match=sentence) as caught:
        read_idx(path)
    assert caught.value.value == str(path)


PACKED = gzip.compress(PLAIN)
PACKED_DAMAGE = {
    "cut in the stream": (PACKED[:-12], "whole gzip stream.*; it is cut short"),
    "cut in the sum": (PACKED[:-5], "whole gzip stream.*; it is cut short"),
    "cut in its header": (PACKED[:6], "whole gzip stream.*; it is cut short"),
    "garbage behind": (PACKED + b"garbage", "and nothing else.*Not a gzipped file"),
    "a wrong sum": (
        PACKED[:-8] + b"\1\2\3\4" + PACKED[-4:],
        "and nothing else.*CRC check failed",
    ),
    "a wrong length": (PACKED[:-4] + b"\1\2\3\4", "nothing else.*length of data"),
    "bytes changed": (PACKED[:14] + b"\xff" * 9 + PACKED[23:], "nothing else.*damaged"),
    "half a header": (gzip.compress(PLAIN[:11]), "16 bytes for 3 axes.*holds 11 bytes"),
    "one byte less": (gzip.compress(PLAIN[:-1]), "it holds 39: it is cut short"),
    "one byte more": (gzip.compress(PLAIN + b"\0"), "40 bytes .*holds more"),
    "another format": (gzip.compress(b"<html>"), "first bytes are 3c 68 74 6d"),
    "more than deflate can": (
        gzip.compress(header(0x08, 2, 1 << 20, 1 << 20)),
        "must hold 1,099,511,627,788 bytes .* packed bytes can't hold so many",
    ),
}


@pytest.mark.parametrize("content, sentence", PACKED_DAMAGE.values(), ids=PACKED_DAMAGE)  # noqa: PT006 - names
def test_each_damage_of_a_packed_file_is_named(tmp_path, content, sentence):
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(ConvmatError, match=sentence):
        read_idx(path)


def test_a_packed_file_that_lies_about_its_size_is_caught_in_reading(tmp_path):
    # Its own last 4 bytes agree with the header, its content doesn't.
    for content in (PLAIN[:-1], PLAIN + b"\0"):
        packed = gzip.compress(content)
        (tmp_path / "lies.gz").write_bytes(packed[:-4] + struct.pack("<I", 40))
        with pytest.raises(ConvmatError, match=r"length of data|holds more|cut short"):
            read_idx(tmp_path / "lies.gz")


@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255), st.booleans())
def test_no_changed_byte_brings_another_error(place, change, packed):
    content = bytearray(PACKED if packed else PLAIN)
    content[place % len(content)] ^= change
    with TemporaryDirectory() as folder:
        path = Path(folder) / "changed"
        path.write_bytes(content)
        try:
            read = read_idx(path)
        except ConvmatError:
            return
    assert read.nbytes == 24
    assert not packed or place in range(3, 10) or np.array_equal(read, BYTES)


@given(st.integers(0, len(PACKED) - 1), st.booleans())
def test_a_file_cut_anywhere_is_refused(length, packed):
    content = PACKED if packed else PLAIN
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cut"
        path.write_bytes(content[: min(length, len(content) - 1)])
        with pytest.raises(ConvmatError, match=r"cut short|copy it again|first bytes"):
            read_idx(path)


@pytest.mark.parametrize("packed", [False, True])
def test_a_header_that_lies_allocates_nothing(tmp_path, packed):
    content = header(0x08, 2, 1000, 60_000) + bytes(100_000)
    path = tmp_path / "lies"
    path.write_bytes(gzip.compress(content, 0) if packed else content)
    tracemalloc.start()
    try:
        with pytest.raises(ConvmatError, match=r"it holds 100,012: it is cut short"):
            read_idx(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20  # of the 60,000,000 that the header asks for


@pytest.mark.parametrize("packed", [False, True])
def test_reading_takes_little_beside_the_array(tmp_path, packed):
    content = header(0x0D, 1, 2_000_000) + bytes(8_000_000)
    path = tmp_path / "zeros"
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    tracemalloc.start()
    try:
        assert not read_idx(path).any()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 8_000_000  # pieces, never all of it a second time


def test_an_array_beyond_max_bytes_is_refused(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(PLAIN)
    assert read_idx(path, max_bytes=24).size == 24
    with pytest.raises(
        MatrixTooLargeError, match=r"needs 24 bytes, max_bytes allows 23"
    ):
        read_idx(path, max_bytes=23)


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(ConvmatError, match="must name a file that exists"):
        read_idx(tmp_path / "absent")
    with pytest.raises(ConvmatError, match=r"must name a file, got .*; it is a folder"):
        read_idx(tmp_path)
    with pytest.raises(
        ConvmatTypeError, match="must be a path, as str or Path, not int"
    ):
        read_idx(3)
