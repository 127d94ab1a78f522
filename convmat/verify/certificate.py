"""`Certificate`: what was proved, in a file that others check without convmat.

`check_certificate.py` beside this file does that, with the standard library alone: it
finds the triplets of each geometry again from the definition, and from them the shapes,
the counts and the hashes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.files import whole_file
from convmat.geometry import Geometry, geometry
from convmat.verify.boxes import Box
from convmat.verify.certificate_text import written
from convmat.verify.check_certificate import LIMIT, RefusedError, check
from convmat.verify.proof import prove
from convmat.verify.routes import ROUTES, Route

__all__ = ["Certificate", "certify", "load_certificate"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that its checker found right.

    Attributes
    ----------
    text : str
        The file, as it is written: JSON, ASCII, one geometry a line.
    summary : str
        What the checker says of it.

    Examples
    --------
    >>> from convmat import geometry
    >>> certificate = certify(geometry((3, 3), (2, 2)))
    >>> print(certificate)
    1 geometries, 16 triplets: shapes, counts and hashes are right
    not run again: 14 maps of implementations
    >>> certificate.content["geometries"][0]["claims"]["matrix_shape"]
    [4, 9]
    """

    text: str
    summary: str

    @classmethod
    def read(cls, text: str) -> Certificate:
        """The certificate of a text, after everything in it was found again.

        Raises
        ------
        ConvmatError
            When it is not right: with the first thing that is wrong.
        """
        try:
            return cls(text, check(text))
        except RefusedError as error:
            rule = f"must be right; {error}"
            raise ConvmatError("certificate", rule, text[:40]) from None

    @property
    def content(self) -> dict[str, Any]:
        """What the file holds, as Python reads it; a copy."""
        return dict(json.loads(self.text))

    @property
    def geometries(self) -> tuple[Geometry, ...]:
        """The geometries, in their order."""
        listed = self.content["geometries"]
        return tuple(
            geometry(**{name: value for name, value in g.items() if name != "claims"})
            for g in listed
        )

    def save(self, path: str | Path) -> None:
        """Write the file, whole or not at all; nothing in it hangs on the moment.

        Raises
        ------
        OSError
            When it cannot be written there.
        """
        with whole_file(Path(path)) as file:
            file.write(self.text.encode())

    def __str__(self) -> str:
        return self.summary


def certify(
    what: Box | Geometry | Iterable[Geometry],
    *,
    routes: Iterable[Route] | None = None,
    progress: bool | None = None,
    seed: int = 0,
    date: str = "",
) -> Certificate:
    """Prove routes over geometries, and write down what can be checked of that.

    Parameters
    ----------
    what : Box, Geometry or iterable of Geometry
        See `convmat.verify.BOXES`. A geometry that comes twice is written once.
    routes : iterable of Route, optional
        All of `convmat.verify.ROUTES` by default.
    progress : bool, optional
        As in `convmat.verify.prove`.
    seed : int
        Seed of the random integers of the tested part.
    date : str
        Written down as it is. Without one, the same run gives the same file.

    Returns
    -------
    Certificate
        For each geometry its settings and claims: output shape, matrix shape, stored
        entries, multiplicity of each tap, dead taps, and the hash of its triplets. For
        each map of each route, the function and the hash of its readings: of what it
        implies, entry by entry, over all geometries.

    Raises
    ------
    ConvmatError
        When a route is wrong, with its first wrong number; when there is no geometry,
        or more in it than the checker looks at.
    ConvmatTypeError
        When something else than a geometry is among them.

    Examples
    --------
    >>> from convmat.verify import BOXES
    >>> certificate = certify(BOXES["volume"])
    >>> certificate.content["counts"]["geometries"]
    7
    """
    chosen, taken = _geometries(what), _routes(routes)
    if not isinstance(date, str):
        raise ConvmatTypeError("date", "must be text", date)
    box = Box("geometries", "as listed", lambda: iter(chosen))
    if isinstance(what, Box):
        box = replace(box, name=what.name, description=what.description)
    proof = prove(box, routes=taken, progress=progress, seed=seed)
    if proof.failure is not None:
        rule = "must be right for a certificate"
        raise ConvmatError(
            "routes", rule, proof.failure.route, proof.failure.sentence()
        )
    return Certificate.read(written(box, chosen, taken, proof, date))


def load_certificate(path: str | Path) -> Certificate:
    """The certificate in a file, after everything in it was found again.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    ConvmatError
        When the file is no certificate, or one in which something is wrong.
    OSError
        When it cannot be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from convmat import geometry
    >>> with TemporaryDirectory() as folder:
    ...     certify(geometry(5, 2)).save(f"{folder}/a.json")
    ...     load_certificate(f"{folder}/a.json").geometries
    (geometry((5,), (2,)),)
    """
    try:
        text = Path(path).read_bytes().decode()
    except UnicodeDecodeError:
        rule = "must be a certificate, which is text"
        raise ConvmatError("path", rule, str(path)) from None
    return Certificate.read(text)


def _geometries(what: Box | Geometry | Iterable[Geometry]) -> tuple[Geometry, ...]:
    """The geometries, each once; refused here where the checker would refuse them."""
    rule, remedy = "must be a box, a geometry or several", "see convmat.geometry"
    listed = [what] if isinstance(what, Geometry) else what
    if not isinstance(listed, Iterable):
        raise ConvmatTypeError("what", rule, what, remedy)
    geometries = tuple(dict.fromkeys(listed))
    for found in geometries:
        if not isinstance(found, Geometry):
            raise ConvmatTypeError("what", rule, found, remedy)
    if not geometries:
        raise ConvmatError("what", "must hold at least one geometry", geometries)
    work = sum(
        g.matrix_shape[0] * g.taps_per_row + sum(axis.padded_size for axis in g.axes)
        for g in geometries
    )
    if work > LIMIT:
        rule = f"must come to at most {LIMIT:,} outputs times taps and cells of lines"
        raise ConvmatError("what", rule, work, "certify it in parts")
    return geometries


def _routes(routes: Iterable[Route] | None) -> tuple[Route, ...]:
    taken = tuple(ROUTES.values() if routes is None else routes)
    if not taken:
        raise ConvmatError("routes", "must hold at least one route", taken)
    for route in taken:
        if not isinstance(route, Route):
            remedy = "convmat.verify.ROUTES has ours by name"
            raise ConvmatTypeError("routes", "must be routes", route, remedy)
    return taken
