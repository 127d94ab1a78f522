"""Whether two files show the same, whatever packed their bytes.

Compressed parts are unpacked first: another zlib packs them otherwise.
"""

from __future__ import annotations

import io
import re
import zlib
from base64 import b64decode
from binascii import Error as NoBase64
from typing import Any

from PIL import Image, ImageSequence, UnidentifiedImageError

from convmat.figures.stamp.containers import take

__all__ = ["same_picture"]

_STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.DOTALL)
_LENGTHS = re.compile(rb"(?m)^\d{10} \d{5} [nf] $|^\d+$|/Length \d+")
_EMBEDDED = re.compile(rb"data:image/png;base64,([A-Za-z0-9+/=\s]*)")


def same_picture(one: bytes, other: bytes, suffix: str) -> bool:
    r"""Whether two files of one kind are the same but for stamps and packing.

    Raises
    ------
    ConvmatError
        For what is no such file.

    Examples
    --------
    >>> same_picture(b"1 2\n# convmat {}\n", b"1 2\n", ".txt")
    True
    """
    plain = [take(content, suffix)[1] for content in (one, other)]
    if plain[0] == plain[1]:
        return True
    unpacked = {".png": _frames, ".gif": _frames, ".pdf": _streams, ".svg": _images}
    if suffix not in unpacked:
        return False
    first, second = map(unpacked[suffix], plain)
    return first is not None and first == second


def _frames(content: bytes) -> Any:
    """Size, texts and pixels of each frame; None where they can't be read."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return [
                (frame.size, frame.info, frame.convert("RGBA").tobytes())
                for frame in ImageSequence.Iterator(picture)
            ]
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError):
        return None


def _streams(content: bytes) -> Any:
    """A PDF with its streams unpacked, and without what tells their lengths."""

    def unpacked(found: re.Match[bytes]) -> bytes:
        try:
            return b"stream\n" + zlib.decompress(found[1]) + b"\nendstream"
        except zlib.error:
            return found[0]

    return _LENGTHS.sub(b"", _STREAM.sub(unpacked, content))


def _images(content: bytes) -> Any:
    """An SVG with the pixels of its images in place of the packed ones."""
    parts = _EMBEDDED.split(content)
    for place in range(1, len(parts), 2):
        try:
            frames = _frames(b64decode(parts[place]))
        except NoBase64:
            frames = None
        if frames is not None:
            parts[place] = repr(frames).encode()
    return parts
