"""The embedded digits: whole, in order, split as said, with their licences."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from convmat import conv
from convmat.nn import load_digits, load_mnist10k, mnist10k, optdigits

TOP_EDGE = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
LEFT_EDGE = np.array([[-1, 1, 0]] * 3)


def applied(image, row, column, kernel):
    """fastbook's `apply_kernel`: `row` and `column` are the centre."""
    window = image[row - 1 : row + 2, column - 1 : column + 2].astype(int)
    return int((window * kernel).sum())


def test_digit_12_is_the_three_of_fastbook_chapter_13():
    data = mnist10k()
    three = data.images[12, 0]
    assert data.classes[data.labels[12]] == "3"
    assert applied(three, 5, 7, TOP_EDGE) == 762
    assert applied(three, 8, 18, TOP_EDGE) == -29
    for kernel, extremes in [(TOP_EDGE, (-762, 762)), (LEFT_EDGE, (-536, 514))]:
        image_map = conv(three, kernel)
        assert (image_map.min(), image_map.max()) == extremes
        assert image_map[4, 6] == applied(three, 5, 7, kernel)


def test_mnist10k_is_complete_and_in_order():
    data = mnist10k()
    assert data.images.shape == (10_000, 1, 28, 28)
    assert data.images.dtype == np.uint8
    assert data.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert list(data.counts.values()) == [
        1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978,
    ]  # fmt: skip
    known = hashlib.md5(data.images.tobytes(), usedforsecurity=False)
    assert known.hexdigest() == "3b1134527863a2810c134121a397e522"


def test_without_a_seed_the_last_2000_are_held_out():
    train, test = load_mnist10k(seed=None)
    data = mnist10k()
    assert np.array_equal(train.images, data.images[:8000])
    assert np.array_equal(test.labels, data.labels[8000:])
    assert train.labels[12] == 3


def test_a_seed_splits_the_same_way_each_time_and_no_digit_twice():
    one, other = load_mnist10k(seed=3), load_mnist10k(seed=3)
    assert np.array_equal(one.train.images, other.train.images)
    assert not np.array_equal(one.test.labels, load_mnist10k(seed=4).test.labels)
    together = np.concatenate([one.train.images, one.test.images]).reshape(10_000, -1)
    assert sorted(map(bytes, together)) == sorted(
        map(bytes, mnist10k().images.reshape(10_000, -1))
    )


def test_load_digits_is_a_split_of_optdigits():
    data = optdigits()
    assert data.pixel_range == (0, 16)
    for seed in (0, 5, None):
        digits, parts = load_digits(seed=seed), data.split(360, seed=seed)
        assert np.array_equal(digits.train_images, parts.train.images / 16)
        assert np.array_equal(digits.test_labels, parts.test.labels)


def test_what_load_digits_gives_may_be_written_to():
    digits = load_digits(dtype=np.uint8)
    for array in (digits.train_images, digits.train_labels):
        array[:] = 0
    assert load_digits(dtype=np.uint8).train_labels.any()


@pytest.mark.parametrize(
    ("name", "words"),
    [("optdigits", ["CC BY 4.0", "Alpaydin"]), ("mnist10k", ["CC BY-SA 3.0", "LeCun"])],
)
def test_the_licence_stands_beside_the_data(name, words):
    folder = files("convmat.nn.data")
    text = (folder / f"LICENSE-{name}.txt").read_text()
    assert (folder / f"{name}.npz").is_file()
    assert all(word in text for word in words)
