"""Arrays in safetensors files: whole, checked, and nothing that is ever run."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.files import whole_file
from convmat.memory import refuse_beyond

__all__ = ["ENTRY", "decoded", "encoded", "read_tensors", "write_tensors"]

ENTRY = "convmat"
"""The entry of a file's metadata that is ours."""

_CHECK = "convmat.crc32"
_DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")


def write_tensors(
    path: str | os.PathLike[str], arrays: Mapping[str, Array], facts: object = None
) -> Path:
    """Write arrays, and facts beside them as JSON, in one step: a whole file, or none.

    Parameters
    ----------
    path : path
    arrays : mapping of str to ndarray
        Floats, integers or booleans.
    facts : object, optional
        What `encoded` takes.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ConvmatError
        When the folder is not there, or the path is one.
    ConvmatTypeError
        For arrays of other dtypes, such as Fractions.
    """
    from safetensors.numpy import save

    target = _target(path)
    plain: dict[str, Array] = {}
    for name, array in arrays.items():
        if array.dtype.str[1:] not in _DTYPES:
            rule = "must be floats or integers, because files hold no others"
            remedy = "make a copy of the model in floats to save it"
            raise ConvmatTypeError(name, rule, f"dtype {array.dtype}", remedy)
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        plain[name] = native.copy("C")  # also of axes that were swapped
    metadata = None
    if facts is not None:
        text = json.dumps(encoded(facts))
        metadata = {ENTRY: text, _CHECK: _check(plain, text)}
    content = save(plain, metadata)
    with whole_file(target) as file:
        file.write(content)
    return target


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Array], Any]:
    """The arrays of a safetensors file, and the facts that `write_tensors` put there.

    Returns
    -------
    arrays : dict of str to ndarray
    facts : object or None
        None where the file is of another program.

    Raises
    ------
    ConvmatError
        When it is no such file, is cut off, or was changed after it was written.
    OSError
        When there is no such file, or the system does not let it be read.
    """
    from safetensors import SafetensorError, safe_open

    source = _path(path)
    remedy = "read it on a machine with more"
    refuse_beyond("reading", str(source), source.stat().st_size, None, remedy)
    with source.open("rb") as file:  # an OSError says more than the reader would
        file.read(0)
    try:
        with safe_open(str(source), framework="numpy") as found:
            arrays = {name: np.array(found.get_tensor(name)) for name in found.keys()}  # noqa: SIM118 - it is no mapping
            metadata = found.metadata() or {}
        _refuse_lent(arrays)
        text = metadata.get(ENTRY)
        if text is None:
            return arrays, None
        if metadata.get(_CHECK) != _check(arrays, text):
            _damaged(source, "its check sum is another one")
        return arrays, decoded(json.loads(text))
    except (SafetensorError, TypeError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())
        if isinstance(error, TypeError):  # a dtype that NumPy does not have
            rule = f"must hold arrays of NumPy's dtypes, but {reason}"
            remedy = "convert them where it was saved: tensor.float()"
            raise ConvmatError("path", rule, str(source), remedy) from None
        _damaged(source, reason)


def _refuse_lent(arrays: dict[str, Array]) -> None:
    """Refuse dtypes that another package has lent to NumPy, as without that package."""
    for array in arrays.values():
        if array.dtype.kind not in "biufc":
            message = f"data type {array.dtype.name!r} is not one of them"
            raise TypeError(message)


def encoded(value: object) -> Any:
    """`value` as JSON holds it, so that `decoded` gives it back to the bit.

    It may be made of None, booleans, integers, floats, Fractions, strings, arrays,
    lists, tuples, and dicts whose keys are strings.

    Examples
    --------
    >>> encoded({"lr": Fraction(1, 3), "momenta": (0.95, 0.85)})
    {'lr': {'fraction': '1/3'}, 'momenta': {'tuple': [0.95, 0.85]}}
    >>> decoded(encoded((1, Fraction(1, 3))))
    (1, Fraction(1, 3))
    """
    if isinstance(value, Fraction):
        return {"fraction": str(value)}
    if isinstance(value, tuple):
        return {"tuple": [encoded(item) for item in value]}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": str(value.dtype)}
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if isinstance(value, dict):
        return {str(key): encoded(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def decoded(value: Any) -> Any:
    """What `encoded` was given."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    match list(value):
        case ["fraction"]:
            return Fraction(value["fraction"])
        case ["tuple"]:
            return tuple(decoded(item) for item in value["tuple"])
        case ["array", "dtype"]:
            return np.array(value["array"], value["dtype"])
    return {key: decoded(item) for key, item in value.items()}


def _check(arrays: Mapping[str, Array], text: str) -> str:
    """A check sum of everything: safetensors has none of its own."""
    total = zlib.crc32(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        total = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), total)
        total = zlib.crc32(np.ascontiguousarray(array).tobytes(), total)
    return f"{total:08x}"


def _damaged(source: Path, reason: str) -> NoReturn:
    rule = f"must hold a whole safetensors file, but {reason}"
    remedy = "take another copy of it"
    with source.open("rb") as file:
        first = file.read(4)
    if first.startswith((b"PK\3\4", b"\x80")):  # a zip archive, a bare pickle
        remedy = "torch.save pickles: use safetensors.torch.save_file(state_dict, path)"
    raise ConvmatError("path", rule, str(source), remedy) from None


def _path(path: object) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise ConvmatTypeError("path", "must be a path", path)
    named = Path(path)
    if named.is_dir():
        raise ConvmatError("path", "must be a file, not a folder", str(named))
    return named


def _target(path: object) -> Path:
    """Where to write; a link is followed, so that it stays a link."""
    target = Path(os.path.realpath(_path(path)))
    if not target.parent.is_dir():
        rule = "must lie in a folder that exists"
        remedy = "make it with path.parent.mkdir(parents=True)"
        raise ConvmatError("path", rule, str(path), remedy)
    return target
