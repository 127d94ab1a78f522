"""Shifts and normalisation, and the loader that applies them reproducibly."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convmat import ConvmatError, ConvmatTypeError, ShapeError
from convmat.nn import Dataset, Loader, Normalize, Scale, Shift

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 3)).flatmap(
    lambda head: st.lists(st.integers(1, 5), min_size=1, max_size=3).map(
        lambda spatial: (*head, *spatial)
    )
)


def moved(image, by, fill):
    """The image (channels, *spatial) moved by `by`, pixel by pixel."""
    result = np.full_like(image, fill)
    for place in np.ndindex(image.shape[1:]):
        source = tuple(p - b for p, b in zip(place, by, strict=True))
        inside = zip(source, image.shape[1:], strict=True)
        if all(0 <= s < n for s, n in inside):
            result[(slice(None), *place)] = image[(slice(None), *source)]
    return result


@given(SHAPES, st.integers(0, 3), st.integers(0, 9), st.integers(0, 99))
@example((2, 1, 4, 3), 1, 0, 0)
@example((1, 2, 1, 1), 2, 7, 0)
def test_a_shift_moves_each_image_on_its_own(shape, pixels, fill, seed):
    images = np.arange(1, 1 + np.prod(shape)).reshape(shape)
    shifted = Shift(pixels, fill)(images, np.random.default_rng(seed))
    corners = np.random.default_rng(seed).integers(
        0, 2 * pixels + 1, (shape[0], len(shape) - 2)
    )
    expected = [
        moved(image, pixels - corner, fill)
        for image, corner in zip(images, corners, strict=True)
    ]
    assert shifted.dtype == images.dtype
    assert np.array_equal(shifted, expected)
    assert not np.shares_memory(shifted, images)


def test_a_shift_draws_each_of_its_moves_and_no_other():
    images = np.zeros((2000, 1, 5, 5), np.uint8)
    images[:, :, 2, 2] = 1
    shifted = Shift(1)(images, np.random.default_rng(0))
    rows, columns = shifted[:, 0].nonzero()[1:]
    counts = np.zeros((5, 5), int)
    np.add.at(counts, (rows, columns), 1)
    assert counts.sum() == 2000
    assert (counts[1:4, 1:4] > 150).all()  # 222 on average, 14 is one deviation
    assert counts[1:4, 1:4].sum() == 2000


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Shift(-1), ConvmatError, "pixels must be at least 0"),
        (lambda: Shift(1.5), ConvmatTypeError, "pixels must be an integer"),
        (lambda: Shift(1, np.nan), ConvmatError, "fill must be a finite number"),
        (lambda: Shift(1, "0"), ConvmatError, "fill must be a finite number, .*'0'"),
        (lambda: Scale(0, 255, "int32"), ConvmatTypeError, "dtype must be a float"),
        (lambda: Normalize((), ()), ShapeError, "std must be 0 numbers"),
        (lambda: Normalize((0.0,), (1.0, 2.0)), ShapeError, "one for each mean"),
        (lambda: Normalize((0.0,), (0.0,)), ConvmatError, "std must be above 0"),
        (lambda: Normalize((np.nan,), (1.0,)), ConvmatError, "mean must be finite"),
        (lambda: Normalize.of_batch(np.ones((1, 1, 1))), ShapeError, "two values a ch"),
        (lambda: Normalize.of_batch(np.ones((9, 9))), ShapeError, r"\(9, 9\)"),
    ],
)
def test_what_transforms_nothing_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("transform", "images", "error", "message"),
    [
        (Shift(1), np.ones(3), ShapeError, r"must be \(n, channels, \*spatial\)"),
        (
            Shift(1, 300),
            np.ones((1, 1, 2), np.uint8),
            ConvmatError,
            "fill must fit uint8",
        ),
        (
            Shift(1, 0.5),
            np.ones((1, 1, 2), np.uint8),
            ConvmatError,
            "Scale before Shift",
        ),
        (Normalize((0.0,), (1.0,)), np.ones((1, 2, 2)), ShapeError, r"must be \(n, 1"),
        (Normalize((0.0,), (1.0,)), np.ones((1, 1, 2), int), ConvmatTypeError, "Scale"),
    ],
)
def test_images_that_a_transform_cannot_take_are_named(
    transform, images, error, message
):
    with pytest.raises(error, match=message):
        transform(images, np.random.default_rng(0))


def test_a_batch_is_normalised_as_fastai_does():
    # torch: x.std() is unbiased; fastai adds 1e-7. By hand: mean 2.5, 5/3 squared.
    x = np.array([[[[1.0, 2.0]], [[0.0, 0.0]]], [[[3.0, 4.0]], [[0.0, 0.0]]]])
    normalize = Normalize.of_batch(x)
    assert normalize.mean == (2.5, 0.0)
    assert normalize.std == (np.sqrt(5 / 3) + 1e-7, 1e-7)
    out = normalize(x)
    assert np.array_equal(out[:, 0], (x[:, 0] - 2.5) / (np.sqrt(5 / 3) + 1e-7))
    assert not out[:, 1].any()
    assert normalize(x.astype(np.float32)).dtype == np.float32


# ------------------------------------------------------------------------------ loader


def a_loader(seed=0, batch_size=4, drop_last=False):
    rng = np.random.default_rng(9)
    images = rng.integers(0, 256, (23, 2, 5, 6)).astype(np.uint8)
    data = Dataset.of(images, np.arange(23) % 3)
    loader = Loader.of(data, batch_size, seed=seed, drop_last=drop_last)
    return loader.then(Shift(2)).then(Normalize((0.5, 0.5), (0.25, 0.25)))


def content(batches):
    return [(x.tobytes(), y.tobytes()) for x, y in batches]


@given(
    st.none() | st.integers(0, 2**70),
    st.integers(1, 23),
    st.booleans(),
    st.integers(0, 3),
    st.data(),
)
def test_a_run_is_taken_up_at_any_batch_bit_for_bit(
    seed, batch_size, drop_last, epoch, data
):
    whole = content(a_loader(seed, batch_size, drop_last).epoch(epoch))
    fresh = a_loader(seed, batch_size, drop_last)
    start = data.draw(st.integers(0, len(fresh)))
    assert len(whole) == len(fresh)
    assert content(fresh.epoch(epoch, start=start)) == whole[start:]


def test_what_is_drawn_differs_by_seed_epoch_and_batch():
    ones = np.zeros((8, 1, 9, 9), np.uint8)
    ones[:, :, 4, 4] = 1
    draws = set()
    for seed in (0, 1, 2**32, 2**64):
        loader = Loader(ones, np.zeros(8), 4, seed=seed, transforms=(Shift(4),))
        draws |= {x.tobytes() for epoch in range(3) for x, _ in loader.epoch(epoch)}
    assert len(draws) == 4 * 3 * 2


def test_shifts_do_not_change_the_order():
    plain = Loader(np.arange(20)[:, None, None], np.arange(20), 6, seed=4)
    shifted = plain.then(Shift(1))
    for (_, y), (_, z) in zip(plain.epoch(3), shifted.epoch(3), strict=True):
        assert np.array_equal(y, z)


def test_a_short_last_batch_is_dropped_when_asked():
    for samples, size, kept in [(10, 4, 2), (8, 4, 2), (4, 4, 1), (5, 1, 5)]:
        x = np.arange(samples)
        loader = Loader(x, x, size, drop_last=True)
        batches = list(loader.epoch(1))
        assert len(batches) == len(loader) == kept
        assert all(len(x) == size for x, _ in batches)
        every = list(replace(loader, drop_last=False).epoch(1))
        assert content(every[:kept]) == content(batches)


def test_batches_may_be_written_to():
    loader = a_loader(seed=None)
    before = content(loader.epoch(0))
    for x, y in loader.epoch(0):
        x[:] = 0
        y[:] = 0
    assert content(loader.epoch(0)) == before


@given(hnp.arrays(np.uint8, (7, 1, 2, 2)))
def test_a_batch_is_the_data_set_scaled(images):
    data = Dataset.of(images, np.zeros(7, int), pixel_range=(0, 255))
    loader = Loader.of(data, 3, seed=None, dtype=np.float64)
    x = np.concatenate([x for x, _ in loader.epoch(0)])
    assert np.array_equal(x, data.inputs(np.float64))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.epoch(-1), ConvmatError, "number must be at least 0"),
        (lambda x: x.epoch(0.0), ConvmatTypeError, "number must be an integer"),
        (lambda x: x.epoch(0, start=7), ConvmatError, "0 to 6, .*epoch has 6 batches"),
        (lambda x: x.epoch(0, start=-1), ConvmatError, "start must be from 0 to 6"),
        (lambda x: x.then(3), ConvmatTypeError, "transforms must be a tuple of calla"),
        (
            lambda x: next(x.then(lambda images, rng: images[1:]).epoch(0)),
            ShapeError,
            "must give back an array of 4 samples",
        ),
        (
            lambda x: next(x.then(lambda images, rng: None).epoch(0)),
            ShapeError,
            "must give back an array of 4 samples, got .*None",
        ),
    ],
)
def test_a_wrong_call_is_named_at_once(call, error, message):
    with pytest.raises(error, match=message):
        call(a_loader())


def test_settings_tell_loaders_apart_that_would_go_on_differently():
    base = a_loader()
    others = [
        replace(base, seed=1),
        replace(base, batch_size=5),
        replace(base, drop_last=True),
        base.then(Shift(1)),
        replace(base, transforms=(Shift(2),)),
        replace(base, inputs=base.inputs[::-1]),
        replace(base, inputs=base.inputs.astype(np.int64)),
        replace(base, targets=base.targets + 1),
    ]
    told = [json.dumps(loader.settings()) for loader in (base, *others)]
    assert len(set(told)) == len(told)
    assert told[0] == json.dumps(a_loader().settings())
    assert json.loads(told[0]) == base.settings()


def test_settings_of_exact_numbers_tell_values_not_addresses():
    from fractions import Fraction

    def settings(third):
        x = np.array([[third], [Fraction(1)]], object)
        return Loader(x, x, 1).settings()

    assert settings(Fraction(1, 3)) == settings(Fraction(1, 3))
    assert settings(Fraction(1, 3)) != settings(Fraction(2, 3))
