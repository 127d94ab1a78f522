"""CSV files: labels at either end, headers, and the line that is wrong."""

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convmat import ConvmatError, MatrixTooLargeError, ShapeError
from convmat.nn import DataError, read_csv


def written(path, images, labels, side, header=None):
    """The table, by the writer of the standard library."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if header:
            writer.writerow(header)
        for image, label in zip(images, labels, strict=True):
            pixels = image.reshape(-1).tolist()
            writer.writerow([label, *pixels] if side == "first" else [*pixels, label])


@given(
    st.one_of(
        hnp.arrays(np.uint8, st.tuples(st.integers(1, 5), st.just(2), st.just(2))),
        hnp.arrays(
            np.float64,
            st.tuples(st.integers(1, 5), st.just(3), st.just(3)),
            elements=st.floats(0, 1),
        ),
    ),
    st.sampled_from(["first", "last"]),
    st.booleans(),
    st.data(),
)
@example(  # floats that only repr keeps
    images=np.array([[[0.1, 5e-324], [1.0, 0.25]]]),
    side="last",
    header=True,
    data=None,
)
def test_what_is_written_is_read(images, side, header, data):
    if data is None:
        labels = [0] * len(images)
    else:
        labels = data.draw(
            st.lists(st.integers(0, 3), min_size=len(images), max_size=len(images))
        )
    pixels = [f"pixel{i}" for i in range(images[0].size)]
    names = ["label", *pixels] if side == "first" else [*pixels, "class"]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        written(path, images, labels, side, names if header else None)
        read = read_csv(path, None if header else side, classes=4, pixel_range=(0, 255))
    assert np.array_equal(read.images[:, 0], images)
    assert read.labels.tolist() == labels
    assert any("header" in note for note in read.assumed) == header


def table(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_header_is_detected_and_said(tmp_path):
    first, last = "0,9,0,9", "9,0,9,0"
    for text, line, side in [
        (f"label,a,b,c,d\n1,{first}\n0,{last}\n", 1, "first"),
        (f"\n\na,b,c,d,Class\n{first},1\n{last},0\n", 3, "last"),
        (f'"0","1","2","3","y"\n{first},1\n{last},0\n', 1, "last"),
    ]:
        note = f"line {line} read as a header, the label {side}"
        data = read_csv(table(tmp_path, text))
        assert data.assumed == (note, "integers taken as 0 to 255")
        assert data.labels.tolist() == [1, 0]
        assert data.images[0].tolist() == [[[0, 9], [0, 9]]]


def test_line_ends_of_all_systems_a_mark_of_utf8_and_empty_lines_are_read(tmp_path):
    text = "1,0,9,0,9\r\n\r\n0, 9,0 ,9,0\r\n   \n"
    for encoding in ("utf-8", "utf-8-sig"):
        data = read_csv(table(tmp_path, text, encoding), "first")
        assert data.images[:, 0].tolist() == [[[0, 9], [0, 9]], [[9, 0], [9, 0]]]


def test_bytes_where_they_suffice_and_floats_elsewhere(tmp_path):
    for value in ("255", "256", "0.5", "-1"):
        dtype = "uint8" if value == "255" else "float64"
        path = table(tmp_path, f"0,0,0,0,{value}\n")
        data = read_csv(path, "first", pixel_range=(-1, 256))
        assert data.images.dtype == dtype
        assert data.images[0, 0, 1, 1] == float(value)


def test_a_later_block_of_floats_makes_all_floats(tmp_path):
    lines = ["0,1,2,3,4"] * 1500 + ["0,1,2,3,0.5"]
    data = read_csv(table(tmp_path, "\n".join(lines)), "first")
    assert len(data) == 1501
    assert data.images[-1, 0].tolist() == [[1, 2], [3, 0.5]]
    assert data.images[0, 0].tolist() == [[1, 2], [3, 4]]


def test_shapes_are_square_or_told(tmp_path):
    path = table(tmp_path, "0," + ",".join(map(str, range(12))) + "\n")
    with pytest.raises(
        DataError, match=r"square .*shape is not given.*; 12 pixels are"
    ):
        read_csv(path, "first")
    assert read_csv(path, "first", shape=(3, 4)).shape == (1, 3, 4)
    data = read_csv(path, "first", shape=(3, 2, 2))
    assert data.images[0].tolist() == np.arange(12).reshape(3, 2, 2).tolist()
    with pytest.raises(
        ShapeError, match=r"shape must be .* of 12 pixels, got shape=\(3"
    ):
        read_csv(path, "first", shape=(3, 3))


WRONG = {
    "nothing": ("", "must hold a label and pixels .*; it is empty"),
    "a header only": ("label,a,b,c,d\n", "must hold lines of numbers.*header only"),
    "no commas": ("1 0 0 0 0\n", r"with commas between, .*line 1 holds '1 0 0 0 0'"),
    "a short line": ("1,0,0,0,0\n1,0,0,0\n", "must hold 5 columns .*; line 2 has 4"),
    "a long line": ("1,0,0,0,0\n\n1,0,0,0,0,0\n", "5 columns on each .*; line 3 has 6"),
    "a word": ("1,0,0,0,0\n1,0,ink,0,0\n", "line 2, column 3 is 'ink'"),
    "nothing between": ("1,0,0,0,0\n1,0,0,,0\n", "line 2, column 4 is ''"),
    "Python's own number": ("1,0,0,0,0\n1,0,1_0,0,0\n", "line 2, column 3 is '1_0'"),
    "NaN": ("1,0,0,0,0\n1,0,nan,0,0\n", "finite numbers.*line 2, column 3 is nan"),
    "infinity": ("1,0,0,0,inf\n", "must hold finite numbers.*line 1, column 5 is inf"),
    "half a class": ("1,0,0,0,0\n0.5,0,0,0,0\n", "numbers as labels.*line 2 has 0.5"),
}  # fmt: skip


@pytest.mark.parametrize("text, sentence", WRONG.values(), ids=WRONG)  # noqa: PT006 - names
def test_the_wrong_line_is_named(tmp_path, text, sentence):
    with pytest.raises(DataError, match=sentence):
        read_csv(table(tmp_path, text), "first")


def test_lines_are_counted_across_blocks(tmp_path):
    lines = ["0,1,2,3,4"] * 2000
    lines[1777] = "0,1,2,3"
    with pytest.raises(DataError, match="line 1778 has 4"):
        read_csv(table(tmp_path, "\n".join(lines)), "first")


def test_the_side_of_the_label_is_never_guessed(tmp_path):
    numbers = "1,0,0,0,0\n0,0,0,0,0\n"
    with pytest.raises(ConvmatError, match='"first" or "last" where no header names'):
        read_csv(table(tmp_path, numbers))
    with pytest.raises(
        ConvmatError, match=r"where the header does not tell, got .*a,b"
    ):
        read_csv(table(tmp_path, "a,b,c,d,e\n" + numbers))
    with pytest.raises(
        ConvmatError, match=r"label must be 'last', where .* says 'class'"
    ):
        read_csv(table(tmp_path, "a,b,c,d,class\n" + numbers), "first")
    with pytest.raises(ConvmatError, match=r"label must be 'first', where .* says 'y'"):
        read_csv(table(tmp_path, "y,b,c,d,e\n" + numbers), "last")
    with pytest.raises(ConvmatError, match='label must be "first" or "last", got'):
        read_csv(table(tmp_path, numbers), "left")


def test_what_is_no_text_is_named(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\x1f\x8b\x08\x00\xff\xfe\x00")
    with pytest.raises(DataError, match=r"must be text in UTF-8.*unpack it"):
        read_csv(path, "first")
    with pytest.raises(DataError, match="must name a file that exists"):
        read_csv(tmp_path / "absent.csv", "first")


def test_memory_is_bounded(tmp_path):
    path = table(tmp_path, "0,1,2,3,4\n" * 3000)
    with pytest.raises(
        MatrixTooLargeError, match=r"images in .* needs 12.0 KiB, max_bytes allows 9"
    ):
        read_csv(path, "first", max_bytes=10_000)
    path = table(tmp_path, "0," * (1 << 24))
    with pytest.raises(DataError, match=r"fewer than 16,777,216 characters.*line 1"):
        read_csv(path, "first")
