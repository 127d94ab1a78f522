"""The text of a certificate: what is claimed of each geometry and each route."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from math import prod
from typing import Any

import numpy as np

from convmat.geometry import Geometry
from convmat.matrix.source import arguments
from convmat.tie import TieMap, tie_map
from convmat.verify.boxes import Box
from convmat.verify.check_certificate import DEFINITION, seal
from convmat.verify.proof import Proof
from convmat.verify.routes import Route

__all__ = ["written"]

_AT_ONCE = 1 << 16  # triplets that are written together


def written(
    box: Box,
    geometries: tuple[Geometry, ...],
    routes: tuple[Route, ...],
    proof: Proof,
    date: str,
) -> str:
    """The text of a certificate.

    Parameters
    ----------
    box : Box
        For its name and description.
    geometries : tuple of Geometry
    routes : tuple of Route
    proof : Proof
        That these routes are right for these geometries.
    date : str

    Returns
    -------
    str
        JSON in ASCII, with its own hash; the same for the same arguments.
    """
    claims = [_claims(g) for g in geometries]
    entries = sum(prod(g.matrix_shape) * g.free_parameters for g in geometries)
    # Every entry that was read is that of the tie map, so this is their hash too.
    hashes = "".join(f"{claim['sha256']}\n" for claim in claims)
    readings = hashlib.sha256(hashes.encode()).hexdigest()
    whole: dict[str, Any] = {
        "format": "convmat-certificate",
        "version": 1,
        "date": date,
        "versions": [
            f"python {platform.python_version()}",
            *(f"{package} {version(package)}" for package in ("numpy", "scipy")),
        ],
        "triplets": DEFINITION,
        "box": {"name": box.name, "description": box.description},
        "counts": {
            "geometries": len(geometries),
            "nnz": sum(claim["nnz"] for claim in claims),
            "triplets": sum(g.contributions for g in geometries),
            "entries": entries,
        },
        "implementations": [
            {
                "name": f"{function.__module__}:{function.__qualname__}",
                "route": route.name,
                "map": part,
                "entries": entries,
                "readings": readings,
            }
            for route in routes
            for part, function in _maps(route).items()
        ],
        "tested": {"results": proof.tested, "seed": proof.seed},
        "geometries": [
            {**arguments(g), "claims": claim}
            for g, claim in zip(geometries, claims, strict=True)
        ],
    }
    whole = json.loads(json.dumps(whole))  # tuples become lists
    whole["sha256"] = seal(whole)
    return _laid_out(whole)


def _maps(route: Route) -> dict[str, Callable[..., Any]]:
    maps = {
        "forward": route.apply,
        "input_grad": route.input_grad,
        "kernel_grad": route.kernel_grad,
    }
    return {part: function for part, function in maps.items() if function is not None}


def _claims(g: Geometry) -> dict[str, Any]:
    """What a certificate says of one geometry."""
    ties = tie_map(g)
    digest = hashlib.sha256()
    for triplet in _triplets(ties):
        digest.update(b"%d %d %d\n" % triplet)
    return {
        "output_shape": g.output_shape,
        "matrix_shape": g.matrix_shape,
        "nnz": g.nnz,
        "multiplicities": ties.multiplicity.ravel().tolist(),
        "dead_taps": g.dead_taps,
        "sha256": digest.hexdigest(),
    }


def _triplets(ties: TieMap) -> Iterator[tuple[int, int, int]]:
    """Row, column and tap of each entry, in ascending order."""
    order = np.lexsort((ties.taps, ties.cols, ties.rows))
    for start in range(0, len(order), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        columns = (part[some].tolist() for part in (ties.rows, ties.cols, ties.taps))
        yield from zip(*columns, strict=True)


def _laid_out(whole: dict[str, Any]) -> str:
    """JSON with a name, an implementation or a geometry on each line."""
    lines = []
    for name, value in whole.items():
        text = json.dumps(value)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        lines.append(f" {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
