"""`.npz` files: arrays by name, nothing unpickled, damage named."""

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convmat import ConvmatError, MatrixTooLargeError
from convmat.nn import DataError, read_npz

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([1, 0])


def saved(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["u1", ">f4", "<i8", ">u2"])
def test_arrays_come_back(tmp_path, dtype, order, compressed):
    images = np.array(IMAGES * 10, dtype, order=order)
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "a.npz", images=images, labels=LABELS)
    data = read_npz(tmp_path / "a.npz")
    assert np.array_equal(data.images, images[:, None])
    assert data.images.dtype.isnative
    assert np.array_equal(data.labels, LABELS)
    assert data.source == str(tmp_path / "a.npz")
    assert data.assumed[0] == "arrays images and labels"


@pytest.mark.parametrize("names", [("x_train", "y_train"), ("x", "y"), ("X", "y")])
def test_usual_names_are_found_and_others_can_be_told(tmp_path, names):
    arrays = dict(zip(names, (IMAGES, LABELS), strict=True))
    path = saved(tmp_path / "a.npz", **arrays, x_test=IMAGES[::-1], y_test=LABELS[::-1])
    assert np.array_equal(read_npz(path).images[:, 0], IMAGES)
    told = read_npz(path, "x_test", "y_test")
    assert np.array_equal(told.images[:, 0], IMAGES[::-1])
    assert told.assumed == ("integers taken as 0 to 255",)


def test_keras_columns_of_labels_and_channels_last_are_read(tmp_path):
    colours = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    path = saved(tmp_path / "a.npz", x=colours, y=LABELS[:, None])
    data = read_npz(path, channels="last")
    assert data.shape == (3, 4, 5)
    assert np.array_equal(data.images[1, 2], colours[1, :, :, 2])
    assert data.labels.tolist() == [1, 0]


def test_missing_names_are_told_with_those_that_are_there(tmp_path):
    path = saved(tmp_path / "a.npz", digits=IMAGES, truth=LABELS)
    with pytest.raises(
        DataError, match=r"images and of labels.*it holds digits, truth"
    ):
        read_npz(path)
    with pytest.raises(DataError, match=r"must hold an array 'digit', .*holds digits"):
        read_npz(path, "digit", "truth")
    assert len(read_npz(path, "digits", "truth")) == 2


def test_nothing_is_unpickled(tmp_path):
    class Boom:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "boom",))

    objects = np.array([Boom(), Boom()], object)
    path = saved(tmp_path / "a.npz", images=IMAGES, labels=objects)
    with pytest.raises(
        DataError, match=r"real numbers in labels.*nothing is unpickled"
    ):
        read_npz(path)
    assert not (tmp_path / "boom").exists()


def test_what_is_no_npz_is_named(tmp_path):
    np.save(tmp_path / "a.npy", IMAGES)
    with pytest.raises(DataError, match=r"must be a whole .npz file"):
        read_npz(tmp_path / "a.npy")
    with pytest.raises(DataError, match="must name a file that exists"):
        read_npz(tmp_path / "absent.npz")


def archive(path, kind=zipfile.ZIP_DEFLATED, **members):
    with zipfile.ZipFile(path, "w", kind) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def npy(array, shape=None):
    """The bytes of an .npy file; `shape` is what its header says."""
    file = io.BytesIO()
    header = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(
        file, {**header, "shape": shape or array.shape}
    )
    return file.getvalue() + array.tobytes()


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_read(tmp_path, kind):
    zeros = npy(np.zeros((2, 90, 90), np.uint8))
    path = archive(tmp_path / "a.npz", kind, images=zeros, labels=npy(LABELS))
    assert read_npz(path).shape == (1, 90, 90)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "its header can't be read"),
        (b"\x93NUMPY\x09\x00", "its header can't be read"),
        (npy(IMAGES)[:40], "its header can't be read"),
        (npy(IMAGES)[:-1], r"must hold 24 bytes in images .*; it holds 23"),
        (npy(IMAGES) + b"\0", r"must hold 24 bytes in images .*; it holds 25"),
        (npy(IMAGES, (1 << 40, 1 << 40)), r"must hold .* bytes .*; it holds 24"),
        (npy(IMAGES, (-2, -3, 4)), r"must hold 24 bytes in images"),
        (npy(np.array(["a"])), r"must hold real numbers in images.*it holds <U1"),
    ],
)
def test_a_damaged_array_is_named(tmp_path, content, sentence):
    path = archive(tmp_path / "a.npz", images=content, labels=npy(LABELS))
    with pytest.raises(DataError, match=sentence):
        read_npz(path)


def test_an_array_beyond_max_bytes_is_refused_before_it_is_read(tmp_path):
    path = saved(tmp_path / "a.npz", images=np.zeros((2, 1000, 1000)), labels=LABELS)
    with pytest.raises(MatrixTooLargeError, match=r"array images in .* needs 15.3 MiB"):
        read_npz(path, max_bytes=1 << 20)


def whole():
    file = io.BytesIO()
    np.savez_compressed(file, images=IMAGES, labels=LABELS)
    return file.getvalue()


WHOLE = whole()


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_no_changed_byte_brings_another_error(place, change):
    content = bytearray(WHOLE)
    content[place] ^= change
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        path.write_bytes(content)
        try:
            data = read_npz(path)
        except ConvmatError:
            return
    # The names of the members, dates and attributes may change; the content may not.
    assert np.array_equal(data.images[:, 0], IMAGES)
    assert np.array_equal(data.labels, LABELS)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_is_refused(length):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        path.write_bytes(WHOLE[:length])
        with pytest.raises(DataError, match=r"must be a whole \.npz file"):
            read_npz(path)


def test_an_encrypted_array_is_refused(tmp_path):
    content = bytearray(WHOLE)
    place = content.index(b"PK\x01\x02") + 8  # flags, in the list at the end
    content[place] |= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"must not be encrypted, .* array images is"):
        read_npz(tmp_path / "a.npz")


def test_a_size_that_the_archive_states_wrongly_is_caught(tmp_path):
    place = WHOLE.index(b"PK\x01\x02") + 24  # the unpacked size of images.npy
    size = int.from_bytes(WHOLE[place : place + 4], "little")
    for wrong, sentence in [
        (size + 1, rf"must hold {size + 1} bytes in images.*it holds {size}"),
        (size - 1, "damaged"),
        (1 << 30, r"must hold 1,073,741,824 bytes in images.*bytes can't make so many"),
    ]:
        content = bytearray(WHOLE)
        content[place : place + 4] = wrong.to_bytes(4, "little")
        (tmp_path / "a.npz").write_bytes(content)
        with pytest.raises(DataError, match=sentence):
            read_npz(tmp_path / "a.npz")
