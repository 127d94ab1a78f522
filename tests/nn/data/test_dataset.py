"""`Dataset`: what is assumed and said, what is refused, and how it is split."""

import pickle
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convmat import ConvmatError, ConvmatTypeError, ShapeError
from convmat.nn import DataError, Dataset, Normalize, Parts

IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 1, 2, 3)
LABELS = np.array([0, 1, 1, 0])


def of(images=IMAGES, labels=LABELS, **keywords):
    return Dataset.of(images, labels, **keywords)


# ------------------------------------------------------------------------------- range


ASSUMED = {
    "bytes": (IMAGES, (0, 255), "integers taken as 0 to 255"),
    "wide integers": (IMAGES.astype(np.int64), (0, 255), "integers taken as 0 to 255"),
    "floats to 1": (IMAGES / 32, (0, 1), "floats up to 0.71875 taken as 0 to 1"),
    "floats to 255": (IMAGES * 10.0, (0, 255), "floats up to 230 taken as 0 to 255"),
    "black bytes": (IMAGES * 0, (0, 255), "integers taken as 0 to 255"),
    "black floats": (IMAGES * 0.0, (0, 1), "floats up to 0 taken as 0 to 1"),
}


@pytest.mark.parametrize("images, taken, note", ASSUMED.values(), ids=ASSUMED)  # noqa: PT006 - names
def test_the_range_is_assumed_and_said(images, taken, note):
    data = of(images)
    assert data.pixel_range == taken
    assert data.assumed == (note,)
    assert note in str(data)
    assert data.images.dtype == images.dtype
    assert np.array_equal(data.inputs(np.float64), images / taken[1])


def test_a_range_that_is_told_is_not_assumed():
    data = of(IMAGES.astype(int) - 12, pixel_range=(-12, 12))
    assert data.assumed == ()
    assert np.array_equal(data.inputs(np.float64), IMAGES / 24)
    assert of(IMAGES, pixel_range=[0, 23]).pixel_range == (0, 23)


def test_booleans_are_0_and_1():
    data = of(IMAGES > 11)
    assert data.images.dtype == np.uint8
    assert data.inputs().tolist() == (IMAGES > 11).astype(float).tolist()


@given(st.integers(0, 255))
def test_a_byte_becomes_its_share_of_255_rounded_once(value):
    image = np.full((1, 1, 1, 1), value, np.uint8)
    for dtype in (np.float32, np.float64):
        scaled = of(image, [0], pixel_range=(0, 255)).inputs(dtype)
        assert scaled.dtype == dtype
        exact, got = Fraction(value, 255), Fraction(float(scaled[0, 0, 0, 0]))
        assert abs(got - exact) <= exact * Fraction(float(np.finfo(dtype).eps)) / 2


RANGES = {
    "negative": (
        IMAGES - 1.0,
        "images must lie in 0 to 1 or in 0 to 255 .*images=-1.0",
    ),
    "beyond": (IMAGES * 100.0, r"got images=2300.0; give pixel_range=\(0, 2300\)"),
    "only 0 and 1": (IMAGES % 2, "told their range where they are all 0 or 1"),
    "NaN": (np.where(IMAGES == 13, np.nan, 0.5), "must be finite, .*nan; image 2 has"),
    "infinity": (
        np.where(IMAGES == 7, np.inf, 0.5),
        "must be finite.*inf; image 1 has",
    ),
    "minus infinity": (np.where(IMAGES == 7, -np.inf, 0), "finite.*-inf; image 1 has"),
}


@pytest.mark.parametrize("images, sentence", RANGES.values(), ids=RANGES)  # noqa: PT006 - names
def test_values_that_fit_no_range_are_named(images, sentence):
    with pytest.raises(ConvmatError, match=sentence):
        of(images)


def test_values_outside_the_told_range_are_named_with_their_image():
    with pytest.raises(
        ConvmatError, match=r"in the range 0 to 20, .*21; image 3 has it"
    ):
        of(pixel_range=(0, 20))
    with pytest.raises(ConvmatError, match=r"must be finite.*nan; image 0 has it"):
        of(np.full((1, 2, 2), np.nan), [0], pixel_range=(0, 1))


@pytest.mark.parametrize(
    "wrong", [(1, 0), (0, 0), (0, np.inf), (0,), 255, ("a", "b"), (0, None)]
)
def test_what_is_no_range_is_refused(wrong):
    with pytest.raises(ConvmatError, match="pixel_range must be two finite numbers"):
        of(pixel_range=wrong)


# -------------------------------------------------------------------------------- axes


def test_channels_are_none_first_or_last():
    colours = np.arange(2 * 5 * 4 * 3, dtype=np.uint8).reshape(2, 5, 4, 3)
    expected = colours.transpose(0, 3, 1, 2)
    labels = [0, 1]
    last = of(colours, labels, channels="last")
    first = of(expected, labels)
    assert np.array_equal(last.images, expected)
    assert np.array_equal(first.images, expected)
    assert last.images.flags.c_contiguous
    assert of(colours[..., 0], labels).shape == (1, 5, 4)
    assert of(colours, labels, channels="none").shape == (1, 5, 4, 3)
    assert of(colours[:, 0, 0], labels, channels="none").shape == (1, 3)


AXES = {
    "channels at the end": ((2, 5, 4, 3), None, r'say channels="last" if they are'),
    "signals": ((2, 9), None, r"\(n, height, width\) or .*signals and volumes"),
    "volumes": ((2, 1, 5, 4, 3), None, "signals and volumes"),
    "one number": ((), None, "images.shape must be"),
    "one axis": ((2,), "last", "images.shape must be at least two axes"),
    "no image": ((0, 1, 2, 3), None, "with none of them 0, got .*0, 1, 2, 3"),
    "no pixel": ((2, 1, 0, 3), "first", "with none of them 0"),
}


@pytest.mark.parametrize("shape, channels, sentence", AXES.values(), ids=AXES)  # noqa: PT006 - names
def test_axes_that_could_mean_several_things_are_refused(shape, channels, sentence):
    with pytest.raises(ShapeError, match=sentence):
        of(np.zeros(shape), np.arange(2), channels=channels)


# ------------------------------------------------------------------------------ labels


LABELLED = {
    "too large": (
        {"labels": [0, 1, 2, 0], "classes": 2},
        "from 0 to 1, as there are 2 classes, got labels=2; image 2 has it",
    ),
    "negative": ({"labels": [0, 1, 1, -1]}, "from 0 to 1.*labels=-1; image 3"),
    "all negative": ({"labels": [-1] * 4}, "got labels=-1; image 0"),
    "an empty class": (
        {"labels": [0, 2, 2, 0]},
        "image of each class from 0 to 2, .*'none of class 1'; .*give classes=3",
    ),
    "no class number": ({"labels": [0, 1, 1, 10**9]}, "must be below 65536"),
    "too few": ({"labels": [0, 1, 1]}, r"labels.shape must be \(4,\)"),
    "one-hot": ({"labels": np.eye(2, dtype=int)[LABELS]}, r"must be \(4,\), one label"),
    "the same twice": ({"classes": ["a", "a"]}, "a name of its own"),
    "no classes": ({"classes": 0}, "classes must be from 1 to 65536"),
    "ragged images": ({"images": [[[1, 2], [3]]]}, "equally long lists"),
    "no layout": ({"channels": "middle"}, 'must be "none", "first" or "last"'),
}


@pytest.mark.parametrize("keywords, message", LABELLED.values(), ids=LABELLED)  # noqa: PT006 - names
def test_what_no_data_set_has_is_named(keywords, message):
    with pytest.raises(ConvmatError, match=message):
        of(**keywords)


TYPES = {
    "floats": ({"labels": [0.0, 1, 1, 0]}, "an array of integers.*float64"),
    "booleans": ({"labels": LABELS > 0}, "an array of integers.*bool"),
    "words": ({"labels": ["a", "b", "b", "a"]}, "an array of integers"),
    "one word": ({"classes": "ab"}, "must be several names, not one"),
    "no number": ({"classes": 2.0}, "a number of classes, or their names"),
    "no names": ({"classes": [1, 2]}, "must be a tuple of names"),
    "masked": ({"images": np.ma.masked_equal(IMAGES, 3)}, "must not be masked"),
    "complex": ({"images": IMAGES * 1j}, "must hold real numbers"),
    "objects": ({"images": IMAGES.astype(object)}, "must hold real numbers"),
}


@pytest.mark.parametrize("keywords, message", TYPES.values(), ids=TYPES)  # noqa: PT006 - names
def test_another_type_is_named(keywords, message):
    with pytest.raises(ConvmatTypeError, match=message):
        of(**keywords)


def test_classes_that_are_told_may_be_empty():
    data = of(classes=("a", "b", "c"))
    assert data.counts == {"a": 2, "b": 2, "c": 0}
    assert of(classes=3).classes == ("0", "1", "2")


# --------------------------------------------------------------------------- the value


def test_a_data_set_is_read_only_and_leaves_the_callers_arrays_alone():
    images, labels = IMAGES.copy(), LABELS.copy()
    data = of(images, labels)
    for array in (data.images, data.labels, data.take([0]).images):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    images[0] = labels[0] = 0
    assert np.shares_memory(data.images, images)


def test_replaced_fields_are_checked_too():
    data = of()
    with pytest.raises(ShapeError, match=r"labels.shape must be \(4,\)"):
        replace(data, labels=LABELS[:2])
    with pytest.raises(ConvmatTypeError, match="images must be an array, not list"):
        replace(data, images=IMAGES.tolist())
    with pytest.raises(ConvmatError, match="as there are 1 classes, got labels=1"):
        replace(data, classes=("a",))


def test_inputs_are_floats():
    with pytest.raises(ConvmatTypeError, match=r"dtype must be a float.*field images"):
        of().inputs(np.int64)


def test_an_error_about_a_file_survives_pickling():
    error = DataError(Path("a"), "must be b", "it is c")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "path must be b, got path='a'; it is c"
    assert (copy.value, copy.remedy) == ("a", "it is c")


def test_taken_images_are_those_and_no_others():
    data = of(classes=("a", "b"))
    taken = data.take([3, 0, 3])
    assert np.array_equal(taken.images, IMAGES[[3, 0, 3]])
    assert taken.labels.tolist() == [0, 0, 0]
    assert taken.classes == ("a", "b")
    for wrong in ([], [4], [-1]):
        with pytest.raises((ConvmatError, ConvmatTypeError), match="places must be"):
            data.take(wrong)
    for wrong in ([0.5], 3, [True] * 4):
        with pytest.raises(ConvmatTypeError, match="places must be integers along one"):
            data.take(wrong)


def test_only_keeps_order_and_renumbers_in_the_order_of_the_names():
    data = of(labels=[0, 2, 1, 2], classes=("a", "b", "c", "d"))
    some = data.only("c", "a")
    assert np.array_equal(some.images, IMAGES[[0, 1, 3]])
    assert some.labels.tolist() == [1, 0, 0]
    assert some.classes == ("c", "a")
    with pytest.raises(ConvmatError, match="must be among a, b, c, d, got classes='e'"):
        data.only("a", "e")
    with pytest.raises(ConvmatError, match=r"must have an image, got classes=.'d'"):
        data.only("d")
    for wrong in ((), ("a", "a")):
        with pytest.raises(ConvmatError, match="each with a name of its own"):
            data.only(*wrong)
    with pytest.raises(ConvmatTypeError, match="must be a tuple of names"):
        data.only(3)


# ------------------------------------------------------------------------------- split


def numbered(labels):
    """A data set whose image `i` holds the number `i`."""
    images = np.arange(len(labels), dtype=np.float64)[:, None, None]
    return Dataset.of(
        images, labels, classes=int(max(labels)) + 1, pixel_range=(0, len(labels))
    )


@st.composite
def splits(draw):
    labels = draw(st.lists(st.integers(0, 3), min_size=2, max_size=40))
    held_out = draw(st.integers(1, len(labels) - 1))
    seed = draw(st.none() | st.integers(0, 5))
    return labels, held_out, seed, draw(st.booleans())


@given(splits())
@example(([0, 0, 0, 1], 1, None, True))
@example(([0, 1, 2, 3] * 3, 6, 0, True))
def test_a_split_holds_every_image_once(case):
    labels, held_out, seed, stratified = case
    data = numbered(labels)
    try:
        parts = data.split(held_out, seed=seed, stratified=stratified)
    except ConvmatError as error:
        assert "must leave an image of class" in str(error)  # noqa: PT017 - a law below
        return
    assert isinstance(parts, Parts)
    numbers = [part.images.ravel().astype(int) for part in parts]
    assert len(parts.test) == held_out
    assert sorted(np.concatenate(numbers)) == list(range(len(labels)))
    for part, places in zip(parts, numbers, strict=True):
        assert part.labels.tolist() == [labels[place] for place in places]
        assert part.classes == data.classes
    if seed is None:
        assert all(np.array_equal(np.sort(n), n) for n in numbers)
        if not stratified:
            assert numbers[1].tolist() == list(range(len(labels)))[-held_out:]
    if stratified:
        for label, size in enumerate(data.counts.values()):
            share = Fraction(held_out * size, len(labels))
            assert abs(int((parts.test.labels == label).sum()) - share) < 1
    again = data.split(held_out, seed=seed, stratified=stratified)
    assert np.array_equal(again.test.images, parts.test.images)


def test_a_seed_changes_the_split():
    data = numbered([0, 1] * 20)
    halves = {bytes(data.split(0.5, seed=s).test.images) for s in (None, 0, 1, 2)}
    assert len(halves) == 4


def test_a_share_is_rounded_to_images():
    data = numbered([0, 1] * 5)
    assert len(data.split(0.25).test) == 2  # 2.5, to even
    assert len(data.split(np.float32(0.3)).test) == 3
    assert len(data.split(np.int64(3)).test) == 3


def test_a_class_without_an_image_to_train_on_is_named():
    data = numbered([0, 0, 0, 0, 1])
    with pytest.raises(ConvmatError, match="leave an image of class '1' to train on"):
        data.split(1, seed=None)
    with pytest.raises(ConvmatError, match="leave an image of class '1' to train on"):
        data.split(3, seed=None, stratified=True)  # 2.4 and 0.6
    assert data.split(1, seed=None, stratified=True).test.labels.tolist() == [0]


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"held_out": 0}, ConvmatError, "held_out must be from 1 to 3, .* 4 samples"),
        ({"held_out": 4}, ConvmatError, "held_out must be from 1 to 3"),
        ({"held_out": 0.0}, ConvmatError, "must be a share between 0 and 1"),
        ({"held_out": 1.0}, ConvmatError, "must be a share between 0 and 1"),
        ({"held_out": 0.01}, ConvmatError, "must be a share .*each part needs one"),
        ({"held_out": float("nan")}, ConvmatError, "must be a share between 0 and 1"),
        ({"held_out": True}, ConvmatTypeError, "held_out must be an integer, not bool"),
        (
            {"held_out": "half"},
            ConvmatTypeError,
            "held_out must be an integer, not str",
        ),
        ({"seed": -1}, ConvmatError, "seed must be at least 0"),
    ],
)
def test_what_splits_nothing_is_named(keywords, error, message):
    with pytest.raises(error, match=message):
        of().split(**keywords)


# ----------------------------------------------------------------------- normalisation


def test_all_of_a_data_set_normalises_as_one_batch_of_it():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 3, 5, 4)).astype(np.uint8)
    data = Dataset.of(images, rng.permutation(50) % 2)
    of_all = Normalize.of_all(data)
    batch = Normalize.of_batch(data.inputs(np.float64))
    values = [[Fraction(int(v), 255) for v in images[:, c].ravel()] for c in range(3)]
    for channel, exact in enumerate(values):
        n = len(exact)
        mean = sum(exact) / n
        variance = sum((v - mean) ** 2 for v in exact) / (n - 1)
        # Higham: n additions, and each value rounded once before
        bound = (n + 3) * float(np.finfo(float).eps)
        for one in (of_all, batch):
            assert abs(Fraction(one.mean[channel]) - mean) <= bound * mean
            squared = Fraction(one.std[channel] - 1e-7) ** 2
            assert abs(squared - variance) <= 8 * bound * variance
