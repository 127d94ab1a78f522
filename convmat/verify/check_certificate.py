#!/usr/bin/env python3
"""Check a certificate of convmat without convmat: `python check_certificate.py FILE`.

Everything is found again from the definition. The padded line of each axis is written
out cell by cell; a window starts at every multiple of the stride where it still fits;
an output reads the channels of its group. From the triplets (row, column, tap) that
this gives come the shapes, the counts and the hashes of the certificate. Only what it
says of implementations cannot be found without them: run again, their readings must
have the hash that stands there.
"""

from __future__ import annotations

import hashlib
import json
import sys
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

__all__ = ["DEFINITION", "LIMIT", "RefusedError", "check", "main", "seal"]

LIMIT = 5_000_000  # taps of outputs that are looked at, of all geometries together
DEFINITION = (
    "sha256 of the ASCII lines 'row column tap', each ended by a line feed, in "
    "ascending order of the three numbers; one line for each output and each tap of it "
    "that reads an input, all counted from 0 in C order of (channel, *spatial)"
)
_COUNTS = dict.fromkeys(("geometries", "nnz", "triplets", "entries"), 0)
# What must be there, each with a value of its type; a list may have any length.
_CLAIMS: dict[str, Any] = {"output_shape": [0], "matrix_shape": [0], "sha256": ""}
_CLAIMS |= {"nnz": 0, "multiplicities": [0], "dead_taps": 0}
_GEOMETRY: dict[str, Any] = {"input_shape": [0], "kernel_shape": [0], "stride": [0]}
_GEOMETRY |= {"padding": [[0]], "dilation": [0], "groups": 0, "padding_mode": ""}
_RUN = {"name": "", "map": "", "route": "", "entries": 0, "readings": ""}
_WHOLE = {"format": "", "version": 0, "triplets": "", "sha256": "", "date": ""}
_WHOLE |= {"box": {"name": "", "description": ""}, "implementations": [_RUN]}
_WHOLE |= {"geometries": [{**_GEOMETRY, "claims": _CLAIMS}], "versions": [""]}
_WHOLE |= {"tested": {"results": 0, "seed": 0}, "counts": _COUNTS}
# The input cell that stands at `i`, beside `n` of them; before them `i` is negative.
_MODES: dict[str, Any] = {
    "zeros": lambda i, n: None,
    "circular": lambda i, n: i + n if i < 0 else i - n,
    "reflect": lambda i, n: -i if i < 0 else 2 * n - 2 - i,
    "replicate": lambda i, n: 0 if i < 0 else n - 1,
    "symmetric": lambda i, n: -1 - i if i < 0 else 2 * n - 1 - i,
}


class RefusedError(Exception):
    """One sentence: why a certificate is not to be believed.

    Examples
    --------
    >>> try:
    ...     check("[]")
    ... except RefusedError as error:
    ...     print(error)
    the certificate must be of type dict
    """


def check(text: str, limit: int = LIMIT) -> str:
    """What a certificate holds, in words; refused unless all of it is found again.

    Raises
    ------
    RefusedError
        When the text is no certificate, when one of its numbers is not found again, and
        when more than `limit` taps of outputs would have to be looked at.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.verify import certify
    >>> text = certify(geometry(3, 2)).text
    >>> print(check(text))
    1 geometries, 4 triplets: shapes, counts and hashes are right
    not run again: 14 maps of implementations
    >>> check(text.replace('"nnz": 4', '"nnz": 5', 1))
    Traceback (most recent call last):
        ...
    convmat.verify.check_certificate.RefusedError: counts: nnz must be 4, not 5
    """
    whole = _read(text)
    _like("the certificate", whole, _WHOLE)
    head = whole["format"], whole["version"], whole["triplets"]
    _need(head == ("convmat-certificate", 1, DEFINITION), "the file", "be of version 1")
    counts, hashes, seen, left = dict(_COUNTS), "", set(), [limit]
    for number, g in enumerate(whole["geometries"]):
        where, settings = f"geometry {number}", _text({**g, "claims": 0})
        _need(settings not in seen, where, "not be there twice")
        seen.add(settings)
        found = _found(where, g, left)
        _same(where, g["claims"], found)
        counts["geometries"] += 1
        counts["nnz"] += found["nnz"]
        counts["triplets"] += sum(found["multiplicities"])
        counts["entries"] += prod(found["matrix_shape"]) * len(found["multiplicities"])
        hashes += found["sha256"] + "\n"
    _need(hashes, "the certificate", "hold at least one geometry")
    _same("counts", whole["counts"], counts)
    for number, run in enumerate(whole["implementations"]):
        right = {"entries": counts["entries"], "readings": _hash(hashes)}
        _same(f"implementation {number}", run, right)
    _same("the certificate", whole, {"sha256": seal(whole)})
    return (
        f"{counts['geometries']:,} geometries, {counts['triplets']:,} triplets: shapes,"
        " counts and hashes are right\n"
        f"not run again: {len(whole['implementations'])} maps of implementations"
    )


def seal(whole: dict[str, Any]) -> str:
    """The hash of all of a certificate but its hash.

    Examples
    --------
    >>> whole = {"format": "convmat-certificate", "sha256": ""}
    >>> seal(whole) == seal({**whole, "sha256": "anything"})
    True
    >>> seal(whole)[:8]
    '3ba1a6e7'
    """
    return _hash(_text({**whole, "sha256": ""}))


def _found(where: str, g: dict[str, Any], left: list[int]) -> dict[str, Any]:
    """The claims that a geometry allows; what it costs is taken from `left`."""
    size, kernel, groups = g["input_shape"], g["kernel_shape"], g["groups"]
    stride, dilation, padding = g["stride"], g["dilation"], g["padding"]
    rank = len(stride)
    lead = len(size) - rank  # 1 where channels are written, else 0
    each = len(dilation) == len(padding) == rank == len(kernel) - 2 * lead
    _need(each and 1 <= rank <= 30 and lead in (0, 1), where, "have 1 to 30 axes")
    least = min(*size, *kernel, *stride, *dilation, groups)
    padded = all(len(pads) == 2 and min(pads) >= 0 for pads in padding)
    _need(least >= 1 and padded, where, "have numbers that a convolution can have")
    into, out_of, per_group = (size[0], *kernel[:2]) if lead else (1, 1, 1)
    divided = into == per_group * groups and out_of % groups == 0
    _need(divided, where, "have channels that groups divide")
    _need(g["padding_mode"] in _MODES, where, f"have a mode of {', '.join(_MODES)}")
    size, kernel = size[lead:], kernel[2 * lead :]
    ends = [n + sum(pads) for n, pads in zip(size, padding, strict=True)]
    axes = list(zip(ends, stride, dilation, kernel, strict=True))
    starts = [range(0, end - d * (k - 1), s) for end, s, d, k in axes]
    _need(all(starts), where, "have a kernel that fits")
    rows, taps = out_of * prod(map(len, starts)), per_group * prod(kernel)
    left[0] -= rows * taps + sum(ends)
    _need(left[0] >= 0, where, "be small enough to be checked")
    tables = []  # entry [o][t] is the input cell under tap t of output o, None for none
    for n, pads, begin, (_, _, d, k) in zip(size, padding, starts, axes, strict=True):
        fold = _MODES[g["padding_mode"]]
        line = [i if 0 <= i < n else fold(i, n) for i in range(-pads[0], n + pads[1])]
        deep = all(cell is None or 0 <= cell < n for cell in line)
        _need(deep, where, "have no more padding than its mode allows")
        tables.append([[line[i + t * d] for t in range(k)] for i in begin])
    often, places, digest = [0] * (out_of * taps), 0, hashlib.sha256()
    for row, (channel, *windows) in enumerate(product(range(out_of), *tables)):
        held, first = [], channel // (out_of // groups) * per_group
        for tap, (c, *position) in enumerate(product(range(per_group), *windows)):
            if None not in position:
                column = first + c
                for n, cell in zip(size, position, strict=True):
                    column = column * n + cell
                held.append((column, channel * taps + tap))
        for column, tap in sorted(held):
            often[tap] += 1
            digest.update(b"%d %d %d\n" % (row, column, tap))
        places += len({column for column, _ in held})
    found = {"output_shape": [out_of] * lead + list(map(len, starts)), "nnz": places}
    found |= {"matrix_shape": [rows, into * prod(size)], "multiplicities": often}
    return found | {"dead_taps": often.count(0), "sha256": digest.hexdigest()}


def _read(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        _need(len(dict(pairs)) == len(pairs), "the file", "name nothing twice")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"the file must be whole JSON: {error}") from None


def _like(where: str, value: Any, like: Any) -> None:
    """Refuse a value of another type: `true` and 1.0 are no integers."""
    _need(type(value) is type(like), where, f"be of type {type(like).__name__}")
    if isinstance(like, dict):
        _need(value.keys() == like.keys(), where, f"have exactly {', '.join(like)}")
        for name, entry in like.items():
            _like(f"{where}: {name}", value[name], entry)
    elif isinstance(like, list):
        for number, entry in enumerate(value):
            _like(f"{where}[{number}]", entry, like[0])
    elif isinstance(like, int):
        _need(abs(value) <= 1 << 60, where, "be at most 2**60")


def _same(where: str, told: dict[str, Any], found: dict[str, Any]) -> None:
    for name, value in found.items():
        if told[name] != value:
            right, wrong = _text(value)[:80], _text(told[name])[:80]
            raise RefusedError(f"{where}: {name} must be {right}, not {wrong}")


def _need(condition: object, where: str, rule: str) -> None:
    if not condition:
        raise RefusedError(f"{where} must {rule}")


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main(arguments: list[str]) -> int:
    """Exit status: 0 for a certificate that is right, 1 for any other.

    Examples
    --------
    >>> main(["no-such-file.json"])  # standard error says why it is refused
    1
    """
    if len(arguments) != 1:
        sys.exit("usage: python check_certificate.py FILE")
    try:
        with Path(arguments[0]).open("rb") as file:
            data = file.read(1 << 28)  # what is larger ends in the middle
        sys.stdout.write(f"RIGHT {arguments[0]}: {check(data.decode())}\n")
    except (OSError, ValueError, RefusedError) as error:
        sys.stderr.write(f"REFUSED {arguments[0]}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
