"""The stamp of a file: how its figure was asked for, and digests that bind it to that.

`content` is the digest of the file without its stamp and of all else that the stamp
says. It is no signature: who edits a file can compute it anew. But the stamp then still
says what the figure must be, and drawing that again shows the difference.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from convmat.errors import ConvmatError
from convmat.figures.stamp.containers import put, take

__all__ = ["MOST", "content_digest", "read", "stamped"]

MOST = 1 << 16
"""Characters of a stamp; a longer one is none of ours."""


def stamped(content: bytes, suffix: str, note: Mapping[str, Any]) -> bytes:
    r"""A file with its stamp: what `note` says, and a digest of the file.

    Parameters
    ----------
    content : bytes
        Of the whole file.
    suffix : str
        `.svg`, `.png`, `.pdf`, `.gif`, `.tex` or `.txt`.
    note : mapping
        What JSON can hold; `stamp.note_of(figure)` makes it.

    Raises
    ------
    ConvmatError
        For another suffix, a file of another kind, and one that has a stamp.

    Examples
    --------
    >>> marked = stamped(b"1 2\n", ".txt", {"spec": {"figure": "matrix_text"}})
    >>> sorted(read(marked, ".txt"))
    ['content', 'spec']
    """
    whole = {**note, "content": content_digest(content, note)}
    return put(content, suffix, _json(whole))


def read(content: bytes, suffix: str) -> dict[str, Any] | None:
    r"""What the stamp of a file says, or None where there is none.

    Nothing of it is checked but that it is a JSON object of a sensible length.

    Raises
    ------
    ConvmatError
        For a stamp that can't be read, several, a damaged file and an unknown suffix.

    Examples
    --------
    >>> read(stamped(b"1 2\n", ".txt", {"dpi": 150}), ".txt")["dpi"]
    150
    >>> read(b"1 2\n", ".txt") is None
    True
    """
    text, _ = take(content, suffix)
    if text is None:
        return None
    if len(text) > MOST:
        raise ConvmatError("stamp", f"must have at most {MOST:,} characters", text)
    try:
        note = json.loads(text)
    except (ValueError, RecursionError):
        raise ConvmatError("stamp", "must be JSON", text) from None
    if not isinstance(note, dict):
        raise ConvmatError("stamp", "must be a JSON object", text)
    return note


def content_digest(content: bytes, note: Mapping[str, Any]) -> str:
    """SHA-256 of a file without its stamp, and of what else the stamp says."""
    told = {key: value for key, value in note.items() if key != "content"}
    return hashlib.sha256(content + b"\0" + _json(told).encode()).hexdigest()


def _json(note: Mapping[str, Any]) -> str:
    """On one line, in ASCII, always the same."""
    return json.dumps(note, sort_keys=True, separators=(",", ":"))
