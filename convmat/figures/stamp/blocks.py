"""PNG and GIF files as the blocks that they are made of, and a stamp among them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from convmat.errors import ConvmatError

__all__ = ["put_gif", "put_png", "take_gif", "take_png"]

_KEY = b"convmat"
_ITXT = _KEY + b"\0\0\0\0\0"  # not compressed, no language, no translated keyword
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_NO_PNG, _NO_GIF = "must be a whole PNG", "must be a whole GIF89a"


def put_png(content: bytes, text: bytes) -> bytes:
    """The PNG with a chunk more, before its last."""
    chunks = list(_chunks(content))
    body = b"iTXt" + _ITXT + text
    length = (len(body) - 4).to_bytes(4, "big")
    chunk = length + body + zlib.crc32(body).to_bytes(4, "big")
    return _PNG_HEAD + b"".join((*chunks[:-1], chunk, chunks[-1]))


def take_png(content: bytes) -> tuple[bytes | None, bytes]:
    """The text of our chunk, if it has one, and the PNG without it.

    Raises
    ------
    ConvmatError
        For several, and for what is no whole PNG.
    """
    chunks = list(_chunks(content))
    head = b"iTXt" + _ITXT
    ours = [chunk for chunk in chunks if chunk[4:].startswith(head)]
    if len(ours) > 1:
        raise ConvmatError("file", "must have one stamp, not several", content[:8])
    if not ours:
        return None, content
    rest = b"".join(chunk for chunk in chunks if chunk is not ours[0])
    return ours[0][4 + len(head) : -4], _PNG_HEAD + rest


def _chunks(content: bytes) -> Iterator[bytes]:
    """The chunks of a PNG.

    Yields
    ------
    bytes
        With its length before it and its checksum after it.

    Raises
    ------
    ConvmatError
        For what is no whole PNG.
    """
    if not content.startswith(_PNG_HEAD):
        raise ConvmatError("file", _NO_PNG, content[:8])
    at, kind = len(_PNG_HEAD), b""
    while at < len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        chunk, kind = content[at:end], content[at + 4 : at + 8]
        crc = zlib.crc32(chunk[4:-4]).to_bytes(4, "big")
        if len(chunk) != end - at or crc != chunk[-4:]:
            raise ConvmatError("file", _NO_PNG, content[:8])
        yield chunk
        at = end
    if kind != b"IEND":
        raise ConvmatError("file", _NO_PNG, content[-8:])


def put_gif(content: bytes, text: bytes) -> bytes:
    """The GIF with a comment more, behind its pictures."""
    *before, end = _blocks(content)
    text = _KEY + b" " + text
    parts = [text[at : at + 255] for at in range(0, len(text), 255)]
    comment = b"".join(bytes([len(part)]) + part for part in parts)
    return b"".join((*before, b"\x21\xfe", comment, b"\0", end))


def take_gif(content: bytes) -> tuple[bytes | None, bytes]:
    """The text of our comment, if it has one, and the GIF without it.

    Raises
    ------
    ConvmatError
        For several, and for what is no whole GIF.
    """
    blocks = list(_blocks(content))
    told = [
        (number, text)
        for number, block in enumerate(blocks)
        if block[:2] == b"\x21\xfe" and (text := _joined(block)).startswith(_KEY + b" ")
    ]
    if len(told) > 1:
        raise ConvmatError("file", "must have one stamp, not several", content[:8])
    if not told:
        return None, content
    number, text = told[0]
    return text[len(_KEY) + 1 :], b"".join(blocks[:number] + blocks[number + 1 :])


def _joined(comment: bytes) -> bytes:
    """The text of a comment extension, without the lengths of its parts."""
    at, parts = 2, []
    while comment[at]:
        parts.append(comment[at + 1 : at + 1 + comment[at]])
        at += 1 + comment[at]
    return b"".join(parts)


def _blocks(content: bytes) -> Iterator[bytes]:
    """The blocks of a GIF.

    Yields
    ------
    bytes
        Its head, extensions and pictures, and its end.

    Raises
    ------
    ConvmatError
        For what is no whole GIF.
    """
    if content[:6] != b"GIF89a":
        raise ConvmatError("file", _NO_GIF, content[:8])
    try:
        at = 13 + _table(content[10])
        yield content[:at]
        while content[at] != 0x3B:
            start = at
            if content[at] == 0x21:  # an extension
                at += 2
            elif content[at] == 0x2C:  # a picture
                at += 11 + _table(content[at + 9])
            else:
                raise ConvmatError("file", _NO_GIF, content[at : at + 8])
            while content[at]:  # its parts, each with its length before it
                at += 1 + content[at]
            at += 1
            yield content[start:at]
        if at + 1 != len(content):
            raise ConvmatError("file", _NO_GIF, content[at : at + 8])
        yield content[at:]
    except IndexError:
        raise ConvmatError("file", _NO_GIF, content[:8]) from None


def _table(packed: int) -> int:
    """Bytes of the table of colours that follows, if one does."""
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0
