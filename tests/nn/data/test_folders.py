"""Class folders of images: sizes, colours, and files that are none."""

import sys

import numpy as np
import pytest

from convmat import ConvmatError, ConvmatTypeError, MatrixTooLargeError
from convmat.nn import DataError, read_folder

Image = pytest.importorskip("PIL.Image")  # the extra that the test run always has

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (5, 2, 3)).astype(np.uint8)
COLOUR = RNG.integers(0, 256, (2, 4, 3, 3)).astype(np.uint8)


def save(folder, name, array, **keywords):
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(array).save(path, **keywords)
    return path


@pytest.fixture
def grey(tmp_path):
    for place, name in enumerate(["dog/b", "dog/a", "cat/c", "cat/a", "cat/b"]):
        save(tmp_path, f"{name}.png", GREY[place])
    return tmp_path


def test_classes_and_files_are_sorted(grey):
    data = read_folder(grey)
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 0, 0, 1, 1]
    assert np.array_equal(data.images[:, 0], GREY[[3, 4, 2, 1, 0]])
    assert data.assumed == ("bytes taken as 0 to 255",)
    assert data.source == str(grey)


@pytest.mark.parametrize("ending", ["png", "bmp", "tiff", "ppm", "gif"])
def test_formats_without_loss_come_back(tmp_path, ending):
    array = GREY[0] if ending == "gif" else COLOUR[0]
    save(tmp_path, f"a/one.{ending}", array)
    data = read_folder(tmp_path, colour=False if ending == "gif" else None)
    assert np.array_equal(data.images[0], np.atleast_3d(array).transpose(2, 0, 1))


def test_what_is_no_image_is_left_out_and_said(grey):
    (grey / "cat" / "notes.txt").write_text("mew")
    (grey / "cat" / ".DS_Store").write_text("")
    (grey / ".hidden").mkdir()
    (grey / "README").write_text("")
    data = read_folder(grey)
    assert len(data) == 5
    assert data.assumed[1] == "1 files that are no images left out"


def test_several_sizes_are_refused_with_two_files_named(grey):
    odd = save(grey, "dog/c.png", GREY[0, :, :2])
    with pytest.raises(
        DataError, match=r"must be 2x3 as .*a\.png is, .*it is 2x2"
    ) as e:
        read_folder(grey)
    assert e.value.value == str(odd)
    data = read_folder(grey, size=(2, 3))
    assert np.array_equal(data.images[0, 0], GREY[3])
    assert data.shape == (1, 2, 3)
    assert read_folder(grey, size=7).shape == (1, 7, 7)


def test_resizing_is_bilinear_height_before_width(tmp_path):
    save(tmp_path, "a/flat.png", np.full((4, 6), 77, np.uint8))
    ramp = np.tile(np.arange(0, 160, 10, dtype=np.uint8), (4, 1))
    save(tmp_path, "a/ramp.png", ramp)
    flat, small = read_folder(tmp_path, size=(3, 8)).images[:, 0]
    assert flat.shape == (3, 8)
    assert (flat == 77).all()
    # Halved, a cell is the mean of its two neighbours but for the weights beyond them,
    # which are even: on a ramp they cancel, except at the two ends.
    assert small[1, 1:-1].tolist() == list(range(25, 145, 20))


def test_grey_and_coloured_are_not_mixed_unless_told(grey):
    save(grey, "dog/d.png", COLOUR[0, :2])
    with pytest.raises(
        DataError, match=r"must be grey as .*a\.png is, .*it is coloured"
    ):
        read_folder(grey)
    assert read_folder(grey, colour=True).shape == (3, 2, 3)
    both = read_folder(grey, colour=False)
    assert both.shape == (1, 2, 3)
    weights = np.array([299, 587, 114]) / 1000  # ITU-R 601-2, as Pillow says
    luma = COLOUR[0, :2] @ weights
    assert np.abs(both.images[-1, 0] - luma).max() <= 1


def test_grey_images_made_coloured_repeat_their_values(grey):
    images = read_folder(grey, colour=True).images
    assert np.array_equal(images, np.repeat(GREY[[3, 4, 2, 1, 0], None], 3, axis=1))


def test_empty_and_nested_folders_are_told(tmp_path):
    with pytest.raises(DataError, match="must hold a folder for each class"):
        read_folder(tmp_path)
    (tmp_path / "train" / "cat").mkdir(parents=True)
    with pytest.raises(
        DataError, match=r"it holds folders: is read_folder\('.*train'\)"
    ):
        read_folder(tmp_path)
    save(tmp_path, "train/dog/a.png", GREY[0])
    with pytest.raises(
        DataError, match=r"image of its class, got path='.*cat'; .*none"
    ):
        read_folder(tmp_path / "train")
    with pytest.raises(DataError, match="must name a folder that exists"):
        read_folder(tmp_path / "absent")


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_file_that_only_looks_like_an_image_is_named(grey, content):
    path = grey / "dog" / "c.png"
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"must hold an image, .*it is damaged"
    ) as caught:
        read_folder(grey)
    assert caught.value.value == str(path)


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "tiff", "ppm"])
def test_an_image_cut_short_is_named_or_whole(tmp_path, ending):
    array = RNG.integers(0, 256, (9, 9)).astype(np.uint8)
    path = save(tmp_path, f"a/one.{ending}", array)
    content, refused = path.read_bytes(), 0
    for length in [*range(0, len(content), 9), len(content) - 1]:
        path.write_bytes(content[:length])
        try:
            data = read_folder(tmp_path, colour=False)
        except DataError as error:
            assert "must hold an image, " in str(error)  # noqa: PT017 - either is right
            refused += 1
        else:
            assert np.array_equal(data.images[0, 0], array)
    assert refused > 9  # noise: at least 81 bytes of pixels


def test_what_bytes_cannot_hold_is_refused(tmp_path):
    save(tmp_path, "deep/a.png", GREY[0].astype(np.uint16) * 257)
    with pytest.raises(DataError, match=r"must have 8 bits a channel.*mode is I;16"):
        read_folder(tmp_path)


def test_transparency_is_refused_and_an_opaque_channel_passes(tmp_path):
    alpha = np.full((2, 4, 3, 1), 255, np.uint8)
    save(tmp_path, "a/one.png", np.concatenate([COLOUR, alpha], -1)[0])
    assert np.array_equal(read_folder(tmp_path).images[0], COLOUR[0].transpose(2, 0, 1))
    alpha[0, 1, 1] = 254
    save(tmp_path, "a/one.png", np.concatenate([COLOUR, alpha], -1)[0])
    with pytest.raises(DataError, match="must not be transparent"):
        read_folder(tmp_path)


def test_a_moving_image_is_refused(tmp_path):
    frames = [Image.fromarray(frame) for frame in GREY]
    (tmp_path / "a").mkdir()
    frames[0].save(tmp_path / "a/one.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match=r"must hold one image.*it holds 5"):
        read_folder(tmp_path)


def test_a_photo_taken_sideways_stands_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the scene is at the right
    save(tmp_path, "a/one.png", GREY[0], exif=exif)
    data = read_folder(tmp_path)
    assert data.shape == (1, 3, 2)
    assert np.array_equal(data.images[0, 0], np.rot90(GREY[0], -1))


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"size": 0}, ConvmatError, "size must be at least 1"),
        ({"size": (2, 3, 4)}, ConvmatError, r"size must be one number or \(height"),
        ({"size": 2.5}, ConvmatTypeError, "size must be an integer"),
        ({"colour": "grey"}, ConvmatTypeError, "colour must be True, False or None"),
        ({"max_bytes": -1}, ConvmatError, "max_bytes must be at least 0"),
    ],
)
def test_arguments_out_of_range_are_named(grey, keywords, error, message):
    with pytest.raises(error, match=message):
        read_folder(grey, **keywords)


def test_memory_is_known_before_images_are_decoded(grey):
    assert len(read_folder(grey, max_bytes=30)) == 5
    with pytest.raises(MatrixTooLargeError, match=r"the images in .* needs 30 bytes"):
        read_folder(grey, max_bytes=29)
    with pytest.raises(MatrixTooLargeError, match=r"the image in .* needs 24 bytes"):
        read_folder(grey, size=1, max_bytes=23)


def test_a_missing_pillow_is_told(grey, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ModuleNotFoundError, match="needs Pillow: pip install pillow"):
        read_folder(grey)
