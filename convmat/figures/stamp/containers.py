"""Where each kind of file has room for a stamp: putting it in, and taking it out.

Taking out gives the file back as it was, byte for byte.

References
----------
SVG: a `metadata` element of its own. PNG (third edition, 2025, section 11.3.3.4): an
iTXt chunk. GIF89a (1990, section 24): a comment extension. PDF (ISO 32000-1, section
14.3.3): a key of the document's information dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import escape, unescape

from convmat.errors import ConvmatError
from convmat.figures.stamp.blocks import put_gif, put_png, take_gif, take_png

__all__ = ["SUFFIXES", "put", "take"]

_SVG = re.compile(rb'<metadata><stamp xmlns="urn:convmat">([^<]*)</stamp></metadata>\n')
_SVG_END = b"</svg>"
_SVG_ENDS = _SVG_END, b":svg>", b"/>", b"-->"  # of any SVG that is not cut off
_PDF_END = re.compile(rb"startxref\n(\d{1,15})\n%%EOF\n\Z")
_INFO_END = b">>\nendobj\n"
_PDF = re.compile(rb"/convmat \(((?:[^()\\]|\\[()\\])*)\)\n(?=>>\nendobj\n\Z)")


def put(content: bytes, suffix: str, text: str) -> bytes:
    r"""The file with a stamp in it.

    Parameters
    ----------
    content : bytes
        Of a file that this package wrote, without a stamp.
    suffix : str
        `.svg`, `.png`, `.pdf`, `.gif`, `.tex` or `.txt`.
    text : str
        In ASCII, on one line.

    Raises
    ------
    ConvmatError
        For another suffix, a file of another kind, or one that has a stamp.

    Examples
    --------
    >>> put(b"1 2\n", ".txt", "{}")
    b'1 2\n# convmat {}\n'
    """
    if take(content, suffix)[0] is not None:
        raise ConvmatError("file", "must have no stamp yet", content[:8])
    return _WAYS[suffix][0](content, text.encode("ascii"))


def take(content: bytes, suffix: str) -> tuple[str | None, bytes]:
    r"""The stamp, or None where there is none, and the file without it.

    Raises
    ------
    ConvmatError
        For another suffix, a file that is no such file, and more than one stamp.

    Examples
    --------
    >>> take(b"1 2\n# convmat {}\n", ".txt")
    ('{}', b'1 2\n')
    """
    if suffix not in _WAYS:
        rule = f"must be one of {', '.join(_WAYS)}"
        raise ConvmatError("suffix", rule, suffix)
    text, rest = _WAYS[suffix][1](content)
    return (None if text is None else text.decode("ascii", "replace")), rest


def _once(pattern: re.Pattern[bytes], content: bytes) -> tuple[bytes | None, bytes]:
    """What the pattern holds, and the content without it; it may stand there once.

    Raises
    ------
    ConvmatError
        When it is there more often.
    """
    found = list(pattern.finditer(content))
    if len(found) > 1:
        raise ConvmatError("file", "must have one stamp, not several", found[1][0])
    if not found:
        return None, content
    return found[0][1], content[: found[0].start()] + content[found[0].end() :]


def _put_svg(content: bytes, text: bytes) -> bytes:
    before, end, after = content.rpartition(_SVG_END)
    if not end:
        raise ConvmatError("file", "must be an SVG, with </svg>", content[-8:])
    written = escape(text.decode("ascii"), quote=False).encode()
    stamp = b'<metadata><stamp xmlns="urn:convmat">%b</stamp></metadata>\n' % written
    return before + stamp + end + after


def _take_svg(content: bytes) -> tuple[bytes | None, bytes]:
    if not content.rstrip().endswith(_SVG_ENDS):
        raise ConvmatError("file", "must be a whole SVG", content[-8:])
    written, rest = _once(_SVG, content)
    if written is None:
        return None, rest
    return unescape(written.decode("ascii", "replace")).encode("ascii", "replace"), rest


def _put_pdf(content: bytes, text: bytes) -> bytes:
    objects, table = _pdf(content)
    if not objects.endswith(_INFO_END):
        rule = "must have its information dictionary last"
        raise ConvmatError("file", rule, objects[-8:])
    key = b"/convmat (%b)\n" % re.sub(rb"([()\\])", rb"\\\1", text)
    return _pdf_of(objects[: -len(_INFO_END)] + key + _INFO_END, table)


def _take_pdf(content: bytes) -> tuple[bytes | None, bytes]:
    objects, table = _pdf(content)
    key, objects = _once(_PDF, objects)
    if key is None:
        return None, content
    return re.sub(rb"\\([()\\])", rb"\1", key), _pdf_of(objects, table)


def _pdf(content: bytes) -> tuple[bytes, bytes]:
    """The objects of a PDF, and the table behind them.

    Matplotlib writes the information dictionary last, so a longer one moves nothing but
    the table.

    Raises
    ------
    ConvmatError
        For another PDF.
    """
    end = _PDF_END.search(content, max(0, len(content) - 100))
    place = int(end[1]) if end else 0
    if not content.startswith(b"%PDF-") or content[place : place + 5] != b"xref\n":
        raise ConvmatError("file", "must be a whole PDF by Matplotlib", content[:8])
    return content[:place], content[place:]


def _pdf_of(objects: bytes, table: bytes) -> bytes:
    """Both together; the end of the table says where it begins."""
    return objects + _PDF_END.sub(b"startxref\n%d\n%%%%EOF\n" % len(objects), table)


def _put_line(mark: bytes, content: bytes, text: bytes) -> bytes:
    if content and not content.endswith(b"\n"):
        raise ConvmatError("file", "must end with the end of a line", content[-8:])
    return content + mark + text + b"\n"


def _take_line(mark: bytes, content: bytes) -> tuple[bytes | None, bytes]:
    return _once(re.compile(rb"^%b(.*)\n" % mark, re.MULTILINE), content)


def _lines(mark: bytes) -> tuple[_Put, _Take]:
    return partial(_put_line, mark), partial(_take_line, mark)


_Put = Callable[[bytes, bytes], bytes]
_Take = Callable[[bytes], tuple[bytes | None, bytes]]
_WAYS: dict[str, tuple[_Put, _Take]] = {
    ".svg": (_put_svg, _take_svg),
    ".png": (put_png, take_png),
    ".pdf": (_put_pdf, _take_pdf),
    ".gif": (put_gif, take_gif),
    ".tex": _lines(b"% convmat "),
    ".txt": _lines(b"# convmat "),
}

SUFFIXES = tuple(_WAYS)
"""Kinds of file that can carry a stamp."""
