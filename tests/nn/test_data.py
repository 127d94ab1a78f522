"""The embedded digits and the loader."""

import hashlib

import numpy as np
import pytest

from convmat.nn import Loader, load_digits

DIGITS_MD5 = "fa70cba135d4cdd4cde65da70dbffde2"


def test_digits_are_real_and_complete():
    digits = load_digits(seed=None, dtype=np.int64)
    images = np.concatenate([digits.train_images, digits.test_images])
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    assert images.shape == (1797, 1, 8, 8)
    assert (images.min(), images.max()) == (0, 16)
    assert np.bincount(labels).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
    ]  # fmt: skip
    known = hashlib.md5(images.astype(np.uint8).tobytes(), usedforsecurity=False)
    assert known.hexdigest() == DIGITS_MD5


def test_a_seed_splits_the_same_way_each_time_and_no_digit_twice():
    one, other = load_digits(seed=3), load_digits(seed=3)
    assert np.array_equal(one.train_images, other.train_images)
    assert not np.array_equal(one.test_labels, load_digits(seed=4).test_labels)
    plain = load_digits(seed=None)
    together = np.concatenate([one.train_images, one.test_images]).reshape(1797, -1)
    original = np.concatenate([plain.train_images, plain.test_images])
    assert sorted(map(bytes, together)) == sorted(
        map(bytes, original.reshape(1797, -1))
    )


def test_float_digits_go_from_0_to_1():
    images = load_digits(dtype=np.float32).train_images
    assert images.dtype == np.float32
    assert (images.min(), images.max()) == (0, 1)


def test_the_licence_stands_beside_the_data():
    from importlib.resources import files

    text = (files("convmat.nn.data") / "LICENSE-optdigits.txt").read_text()
    assert "CC BY 4.0" in text
    assert "Alpaydin" in text


def test_an_epoch_holds_every_sample_once():
    loader = Loader(np.arange(10), np.arange(10) * 2, batch_size=4, seed=1)
    batches = list(loader.epoch(0))
    assert [len(x) for x, _ in batches] == [4, 4, 2]
    assert len(loader) == 3
    assert sorted(np.concatenate([x for x, _ in batches])) == list(range(10))
    assert all(np.array_equal(y, 2 * x) for x, y in batches)


def test_an_epoch_depends_on_seed_and_number_only():
    def order(seed, number):
        loader = Loader(np.arange(50), np.arange(50), batch_size=50, seed=seed)
        return next(loader.epoch(number))[0].tolist()

    assert order(0, 2) == order(0, 2)
    assert len({tuple(order(seed, n)) for seed in (0, 1) for n in (0, 1)}) == 4
    assert order(None, 7) == list(range(50))


@pytest.mark.parametrize("size", [0, -1, 6])
def test_a_batch_size_outside_the_data_is_named(size):
    with pytest.raises(
        ValueError, match=r"batch_size must be from 1 to 5, .*; there are 5 samples"
    ):
        Loader(np.arange(5), np.arange(5), batch_size=size)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"batch_size": 1.5}, TypeError, "batch_size must be an integer, not float"),
        ({"batch_size": True}, TypeError, "batch_size must be an integer, not bool"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": 0.5}, TypeError, "seed must be an integer, not float"),
    ],
)
def test_what_is_no_count_is_named(keywords, error, message):
    with pytest.raises(error, match=message):
        Loader(np.arange(5), np.arange(5), **{"batch_size": 2, **keywords})


@pytest.mark.parametrize("value", [[1, 2], None, np.float64(3), np.zeros(())])
def test_what_is_no_array_of_samples_is_named(value):
    for name in ("inputs", "targets"):
        right = {"inputs": np.zeros(2), "targets": np.zeros(2)}
        with pytest.raises(TypeError, match=f"{name} must be an array with samples"):
            Loader(**right | {name: value}, batch_size=1)
    with pytest.raises(TypeError, match=r"data must be a Dataset.*Dataset.of\("):
        Loader.of(value)


def test_unequal_lengths_are_named():
    with pytest.raises(ValueError, match=r"len\(targets\) must be that of inputs, 5"):
        Loader(np.arange(5), np.arange(4))
