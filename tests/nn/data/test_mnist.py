"""The four files of MNIST: found in any spelling, held against each other."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from convmat import ConvmatError
from convmat.nn import DataError, load_mnist, mnist10k

PARTS = {"train": 12, "t10k": 5}
NAMES = {
    "images": "images-idx3-ubyte",
    "labels": "labels-idx1-ubyte",
}
FULL = Path(__file__).parents[4] / "shared" / "data" / "mnist"


def written(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return {
        f"{part}-{NAMES[kind]}": (
            rng.integers(0, 256, (n, 6, 5)) if kind == "images" else np.arange(n) % 10
        )
        for part, n in PARTS.items()
        for kind in NAMES
    }


def save(folder, arrays):
    folder.mkdir(exist_ok=True)
    for name, array in arrays.items():
        (folder / name).write_bytes(written(array))
    return folder


@pytest.mark.parametrize("joint", ["-", "."])
@pytest.mark.parametrize("packed", [False, True])
def test_the_files_are_found_in_any_spelling(tmp_path, arrays, joint, packed):
    for name, array in arrays.items():
        content = written(array)
        path = tmp_path / name.replace("-idx", f"{joint}idx")
        if packed:
            path, content = path.with_name(f"{path.name}.gz"), gzip.compress(content)
        path.write_bytes(content)
    train, test = load_mnist(tmp_path)
    for part, data in (("train", train), ("t10k", test)):
        images = arrays[f"{part}-images-idx3-ubyte"]
        assert data.images.dtype == np.uint8
        assert np.array_equal(data.images, images[:, None])
        assert np.array_equal(data.labels, arrays[f"{part}-labels-idx1-ubyte"])
        assert data.classes == tuple("0123456789")
    assert "bytes taken as 0 to 255" in str(train)
    assert train.inputs().max() <= 1


def test_a_folder_without_one_of_the_files_is_told_which(tmp_path, arrays):
    for name in arrays:
        folder = save(tmp_path / name, {k: v for k, v in arrays.items() if k != name})
        with pytest.raises(DataError, match=f"must hold a file {name}, written with"):
            load_mnist(folder)
    with pytest.raises(DataError, match="must name a folder that exists"):
        load_mnist(tmp_path / "absent")


def spoilt(arrays, name, change):
    return {**arrays, name: change(arrays[name])}


IMAGES, LABELS, TEST = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
)
SPOILT = {
    "labels of another part": (
        LABELS,
        lambda labels: labels[:-1],
        r"must hold a label for each of 12 images in train-images.*it holds 11",
    ),
    "a label that is no digit": (
        LABELS,
        lambda labels: labels + (np.arange(12) == 7) * 3,
        r"must hold labels from 0 to 9, got .*; label 7 is 10",
    ),
    "flat images": (
        IMAGES,
        lambda images: images.reshape(12, 30),
        r"must hold images: bytes of \(number, height, width\).* uint8 of \(12, 30\)",
    ),
    "labels in columns": (
        LABELS,
        lambda labels: labels[:, None],
        r"must hold labels: bytes of \(number,\).* uint8 of \(12, 1\)",
    ),
    "no image": (
        IMAGES,
        lambda images: images[:0],
        r"must hold images.* uint8 of \(0, 6, 5\)",
    ),
    "images of another size in the test": (
        TEST,
        lambda images: images[:, :, :4],
        r"must hold images of \(6, 5\), as .*train-images.* does.*are \(6, 4\)",
    ),
}


@pytest.mark.parametrize("name, change, sentence", SPOILT.values(), ids=SPOILT)  # noqa: PT006 - names
def test_files_that_do_not_belong_together_are_named(
    tmp_path, arrays, name, change, sentence
):
    folder = save(tmp_path, spoilt(arrays, name, change))
    with pytest.raises(DataError, match=sentence):
        load_mnist(folder)


def test_images_and_labels_in_each_others_file_are_told(tmp_path, arrays):
    arrays[IMAGES], arrays[LABELS] = arrays[LABELS], arrays[IMAGES]
    folder = save(tmp_path, arrays)
    with pytest.raises(DataError, match=r"are in train-labels.*: exchange the names"):
        load_mnist(folder)


def test_a_truncated_file_among_the_four_is_named(tmp_path, arrays):
    folder = save(tmp_path, arrays)
    path = folder / TEST
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ConvmatError, match="cut short") as caught:
        load_mnist(folder)
    assert caught.value.value == str(path)


@pytest.mark.skipif(not FULL.is_dir(), reason="all of MNIST lies outside the project")
def test_all_of_mnist_is_read_as_its_sums_say():
    train, test = load_mnist(FULL)
    sums = [
        (train.images, 0x803, "6bbc9ace898e44ae57da46a324031adb"),
        (train.labels, 0x801, "a25bea736e30d166cdddb491f175f624"),
        (test.images, 0x803, "2646ac647ad5339dbf082846283269ea"),
        (test.labels, 0x801, "27ae3e4e09519cfbb04c329615203637"),
    ]
    for array, magic, expected in sums:
        shape = array.squeeze().shape
        header = struct.pack(f">I{len(shape)}I", magic, *shape)
        content = header + array.astype(np.uint8).tobytes()
        assert hashlib.md5(content, usedforsecurity=False).hexdigest() == expected
    # fastbook's MNIST_SAMPLE, and the mean and deviation that everybody writes down
    sample = [len(part.only("3", "7")) for part in (train, test)]
    assert sample == [12_396, 2_038]
    counts, values = np.bincount(train.images.ravel()), np.arange(256) / 255
    mean = np.average(values, weights=counts)
    std = np.sqrt(np.average((values - mean) ** 2, weights=counts))
    assert (round(mean, 5), round(std, 5)) == (0.13066, 0.30811)
    ours = mnist10k()
    assert np.array_equal(ours.images, train.images[:10_000])
    assert np.array_equal(ours.labels, train.labels[:10_000])
