"""`convmat prove`: the routes against the tie map, over every geometry of a box."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from convmat.cli.options import add_command
from convmat.errors import ConvmatError, ConvmatTypeError, needs

if TYPE_CHECKING:
    from convmat.verify import Box, Route

__all__ = ["BOX_NAMES", "ROUTE_NAMES", "add_to"]

# Written out, so that the parser need not load what the command needs.
BOX_NAMES = ("axis-6", "plane", "channels", "modes", "witnesses", "volume")
ROUTE_NAMES = ("sliding", "matrix", "operator", "dense", "fast")

_BOUNDS = (
    "rank",
    "max_size",
    "max_kernel",
    "strides",
    "dilations",
    "pads",
    "groups",
    "channels",
    "modes",
)

_EXAMPLES = """\
examples:
  convmat prove --max-size 8 --rank 1
  convmat prove --max-size 8 --rank 2 --workers 2 --results proof.jsonl
  convmat prove --max-size 5 --max-kernel 5 --strides 1-3 --pads 0-2 --count
  convmat prove --rank 1 --modes all --groups 1,2 --channels 1-2
  convmat prove --box witnesses --routes sliding,fast
  convmat prove --max-size 8 --scheduler tcp://10.0.0.1:8786 --results proof.jsonl
"""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "prove",
        _run,
        "prove all routes the same convolution, over a box of geometries",
        "Forward map and both gradients of each route are compared with the tie map, "
        "exactly. Says how many geometries there are before it starts, and in the end "
        "what is proved and what is tested. Ends with 1 when a number is wrong. With "
        "--results a run that was stopped goes on where it was.",
        _EXAMPLES,
    )
    _add_box(parser)
    add = parser.add_argument
    add(
        "--routes",
        metavar="NAMES",
        help=f"some of {','.join(ROUTE_NAMES)} (default: all)",
    )
    add(
        "--workers",
        type=int,
        default=1,
        metavar="N",
        help="processes on this machine (default: %(default)s)",
    )
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="a Dask scheduler whose workers compare, tcp://... (needs the extra "
        "distributed)",
    )
    add("--results", metavar="FILE", help="add what is done to it, and go on from it")
    add("--seed", type=int, default=0, metavar="N", help="of the random integers")
    add("--count", action="store_true", help="say how many there are, and stop")
    add("--no-progress", action="store_true", help="show no progress bar")


def _add_box(parser: argparse.ArgumentParser) -> None:
    """The arguments of a box; without a default, so that a given one is known."""
    add = parser.add_argument
    add("--box", choices=BOX_NAMES, help="a box by name, instead of bounds")
    add("--rank", type=int, metavar="N", help="spatial axes (default: 2)")
    add("--max-size", type=int, metavar="N", help="cells of an axis (default: 6)")
    add("--max-kernel", type=int, metavar="N", help="taps of an axis (default: 3)")
    for name, default, told in (
        ("strides", "1,2", "every stride of an axis"),
        ("dilations", "1,2", "every dilation of an axis"),
        ("pads", "0,1", "cells of padding, each pair before and after an axis"),
        ("groups", "1", "every number of groups"),
        ("channels", "1", "channels of a group, each pair in and out"),
    ):
        add(
            f"--{name}",
            metavar="LIST",
            help=f"{told}: 1,3 or 1-3 (default: {default})",
        )
    add("--modes", metavar="NAMES", help="padding modes, or all (default: zeros)")


def _run(options: argparse.Namespace) -> int:
    from convmat.verify import sweep

    box = _box(options)
    routes = _routes(options.routes)
    names = ", ".join(route.name for route in routes)
    print(f"{len(box):,} geometries: {box.description}")
    print(f"routes: {names}", flush=True)
    if options.count:
        return 0
    with _in_options(options), _executor(options) as executor:
        proof = sweep(
            box,
            routes=routes,
            executor=executor,
            results=options.results,
            progress=False if options.no_progress else None,
            seed=options.seed,
        )
    print(proof)
    done = proof.geometries - proof.resumed
    if done > 0:
        print(f"  {done / proof.seconds:,.0f} geometries a second")
    return 0 if proof.passed else 1


def _box(options: argparse.Namespace) -> Box:
    from convmat.verify import BOXES, Box

    given = {name: getattr(options, name) for name in _BOUNDS}
    given = {name: value for name, value in given.items() if value is not None}
    if options.box is not None:
        for name, value in given.items():
            rule = "cannot stand beside --box, which has bounds of its own"
            raise ConvmatError(_option(name), rule, value)
        return BOXES[options.box]
    for name in ("strides", "dilations", "pads", "groups", "channels"):
        if name in given:
            given[name] = _integers(name, given[name])
    if "modes" in given:
        given["modes"] = _modes(given["modes"])
    with _in_options(options):
        return Box.of(**given)


def _integers(name: str, text: str) -> list[int]:
    """`1-3` or `1,2,5` as a list."""
    found: list[int] = []
    try:
        for part in text.split(","):
            first, dash, last = part.partition("-")
            found += range(int(first), int(last if dash else first) + 1)
    except ValueError:
        rule = "must be integers, such as 1,3 or 1-3"
        raise ConvmatError(_option(name), rule, text) from None
    return found


def _modes(text: str) -> tuple[str, ...]:
    from convmat.geometry import PADDING_MODES

    return PADDING_MODES if text == "all" else tuple(text.split(","))


def _routes(text: str | None) -> list[Route]:
    from convmat.verify import ROUTES

    names = list(ROUTES) if text is None else text.split(",")
    for name in names:
        if name not in ROUTES:
            rule = f"must be some of {','.join(ROUTES)}"
            raise ConvmatError("--routes", rule, text)
    return [ROUTES[name] for name in dict.fromkeys(names)]


def _executor(options: argparse.Namespace) -> Any:
    """Who compares, as a context; None for this process."""
    from convmat.verify import worker_pool

    if options.scheduler is not None:
        if options.workers != 1:
            rule = "cannot stand beside --scheduler, which has its own"
            raise ConvmatError("--workers", rule, options.workers)
        return _client(options.scheduler)
    return nullcontext() if options.workers == 1 else worker_pool(options.workers)


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        message = needs("--scheduler", "Dask", "distributed")
        raise ModuleNotFoundError(message, name=error.name) from error
    try:
        return Client(address, timeout=10)
    except (OSError, ValueError) as error:
        rule = "must be the address of a Dask scheduler that runs"
        remedy = f"start one with `dask scheduler` ({error})"
        raise ConvmatError("--scheduler", rule, address, remedy) from None


@contextmanager
def _in_options(options: argparse.Namespace) -> Iterator[None]:
    """Within the block, errors about arguments become errors about options."""
    try:
        yield
    except (ConvmatError, ConvmatTypeError) as error:
        name = {"padding_mode": "modes"}.get(error.argument, error.argument)
        if not hasattr(options, name):  # a geometry that is too large, a dead worker
            raise
        typed = getattr(options, name)
        raise type(error)(_option(name), error.rule, typed, error.remedy) from None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
