"""`read_folder`: a data set from image files, one folder for each class."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.memory import refuse_beyond
from convmat.nn.counts import count
from convmat.nn.data.dataset import Dataset
from convmat.nn.data.files import DataError, as_folder, entries, opened

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["read_folder"]

_ENDINGS = {
    ".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
}  # fmt: skip
_GREY = {"1", "L", "LA"}
_COLOUR = {"RGB", "RGBA", "P", "PA", "CMYK", "YCbCr"}
_ALPHA = {"LA", "RGBA", "PA"}


def read_folder(
    path: str | os.PathLike[str],
    *,
    size: int | tuple[int, int] | None = None,
    colour: bool | None = None,
    max_bytes: int | None = None,
) -> Dataset:
    """The data set in a folder whose folders are classes of image files.

    Reading images needs Pillow. Classes are the names of the folders, sorted; images
    are in the order of their names. What is no image by its ending is left out, and
    `assumed` says how many.

    Parameters
    ----------
    path : path
        Of the folder that holds a folder for each class.
    size : int or (height, width), optional
        That each image is resized to, bilinearly; one number means a square. By default
        all must be of one size.
    colour : bool, optional
        True makes three channels (red, green, blue) of each image, False one (grey). By
        default they stay as they are, and must be all grey or all coloured.
    max_bytes : int or None
        Bytes that the images may take; None means half of the physical memory.

    Returns
    -------
    Dataset
        Of uint8, with 1 or 3 channels.

    Raises
    ------
    DataError
        When there are no class folders, one of them has no image, a file can't be read,
        is transparent, moves, or has more than 8 bits a channel; when images differ in
        size or colour and nothing says what to make of them.
    ConvmatError
        When `size` is no size.
    ConvmatTypeError
        When `size` or `colour` is of another type.
    MatrixTooLargeError
        When the images would take more than `max_bytes`.
    ModuleNotFoundError
        When Pillow is not installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("cat", "dog"):
    ...         Path(folder, name).mkdir()
    ...         Image.new("L", (3, 2), color=9).save(Path(folder, name, "one.png"))
    ...     data = read_folder(folder)
    >>> data.shape, data.classes
    ((1, 2, 3), ('cat', 'dog'))
    """
    _require_pillow()
    folder = as_folder(path)
    wanted = _wanted(size)
    if colour is not None and not isinstance(colour, bool):
        rule = "must be True, False or None"
        raise ConvmatTypeError("colour", rule, colour)
    classes = _classes(folder)
    files, labels, left_out = [], [], 0
    for label, name in enumerate(classes):
        found, others = _images_of(folder / name)
        files += found
        labels += [label] * len(found)
        left_out += others
    shape = _common_shape(files, wanted, colour, max_bytes)
    needed = len(files) * math.prod(shape)
    refuse_beyond(
        "the images in", str(folder), needed, max_bytes, "give a smaller size"
    )
    images = np.empty((len(files), *shape), np.uint8)
    for place, file in enumerate(files):
        images[place] = _pixels(file, shape)
    notes = ["bytes taken as 0 to 255"]
    if left_out:
        notes.append(f"{left_out} files that are no images left out")
    return Dataset(
        images, np.array(labels), classes, (0, 255), str(folder), tuple(notes)
    )


def _require_pillow() -> None:
    try:
        import PIL.Image  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as error:
        message = "read_folder needs Pillow: pip install pillow"
        raise ModuleNotFoundError(message, name="PIL") from error


def _wanted(size: Any) -> tuple[int, int] | None:
    """`size` as (height, width)."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, tuple | list) else (size, size)
    if len(pair) != 2:
        raise ConvmatError("size", "must be one number or (height, width)", size)
    return count("size", pair[0], 1), count("size", pair[1], 1)


def _classes(folder: Path) -> tuple[str, ...]:
    """Names of the class folders, sorted; hidden ones are none."""
    names = tuple(entry.name for entry in entries(folder) if entry.is_dir())
    if not names:
        raise DataError(folder, "must hold a folder for each class", "it holds none")
    return names


def _images_of(folder: Path) -> tuple[list[Path], int]:
    """Image files of a class in the order of their names, and how many others."""
    inside = entries(folder)
    found = [e for e in inside if e.suffix.lower() in _ENDINGS and e.is_file()]
    if not found:
        held = "it holds none"
        if any(entry.is_dir() for entry in inside):
            held = f"it holds folders: is read_folder({str(folder)!r}) meant?"
        raise DataError(folder, "must hold an image of its class", held)
    return found, len(inside) - len(found)


# ------------------------------------------------------------------------------ images


@contextmanager
def _image(path: Path) -> Iterator[Image]:
    """The image in a file, of which no more than the header is read."""
    from PIL import Image

    with opened(path) as file:
        try:
            with Image.open(file) as image:
                yield image
        except (ConvmatError, MemoryError):
            raise
        # Pillow has no error of its own for damage: what its decoders meet comes out.
        except Exception as error:
            remedy = f"it is damaged or another kind of file ({error})"
            raise DataError(path, "must hold an image", remedy) from None


def _common_shape(
    files: list[Path],
    wanted: tuple[int, int] | None,
    colour: bool | None,
    max_bytes: int | None,
) -> tuple[int, int, int]:
    """`(channels, height, width)` of all images, from their headers."""
    first: tuple[tuple[int, int], bool] | None = None
    for path in files:
        with _image(path) as image:
            size, coloured = _checked(path, image, max_bytes)
        size, coloured = wanted or size, coloured if colour is None else colour
        first = first or (size, coloured)
        if size != first[0]:
            rule = f"must be {_by(first[0])} as {files[0]} is, where size is not given"
            raise DataError(
                path, rule, f"it is {_by(size)}; give size=({size[0]}, {size[1]})"
            )
        if coloured != first[1]:
            kinds = ("grey", "coloured")
            rule = f"must be {kinds[first[1]]} as {files[0]} is"
            remedy = f"it is {kinds[coloured]}; give colour=True or colour=False"
            raise DataError(path, rule, remedy)
    (height, width), coloured = first or ((0, 0), False)
    return (3 if coloured else 1, height, width)


def _checked(
    path: Path, image: Image, max_bytes: int | None
) -> tuple[tuple[int, int], bool]:
    """`((height, width), whether coloured)` of an image that can be read as bytes."""
    if image.mode not in _GREY | _COLOUR:
        remedy = f"its mode is {image.mode}; convert it"
        raise DataError(path, "must have 8 bits a channel", remedy)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # a photo with its thumbnails
        raise DataError(path, "must hold one image", f"it holds {frames}")
    width, height = image.size
    # Decoded whole, with up to 4 bytes a pixel, before it is made smaller.
    needed = 4 * width * height
    refuse_beyond("the image in", str(path), needed, max_bytes, "make it smaller first")
    if image.getexif().get(_ORIENTATION, 1) >= 5:  # lying on its side
        width, height = height, width
    return (height, width), image.mode in _COLOUR


_ORIENTATION = 0x0112  # EXIF tag: how the camera was held


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _pixels(path: Path, shape: tuple[int, int, int]) -> Array:
    """The image as bytes of (channels, height, width), upright."""
    from PIL import Image, ImageOps

    with _image(path) as image:
        upright = ImageOps.exif_transpose(image)
        if image.mode in _ALPHA or "transparency" in image.info:
            low, _ = upright.convert("RGBA").getchannel("A").getextrema()
            if low != 255:
                remedy = "lay it on a background first"
                raise DataError(path, "must not be transparent", remedy)
        channels, height, width = shape
        plain = upright.convert("RGB" if channels == 3 else "L")
        if plain.size != (width, height):
            plain = plain.resize((width, height), Image.Resampling.BILINEAR)
        pixels = np.asarray(plain)
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
