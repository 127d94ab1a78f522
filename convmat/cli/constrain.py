"""`convmat constrain`: training under the two constraints, watched."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.arrays import Array
from convmat.cli.folder import ready, save_into
from convmat.cli.options import add_command
from convmat.errors import ConvmatError

if TYPE_CHECKING:
    from convmat.cli.pictures import Pictures
    from convmat.experiments import Climb

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat constrain                          the ladder, half a minute
  convmat constrain ladder --epochs 60 --samples 300 --out few-digits
  convmat constrain kernel                   a secret kernel, from a photograph
  convmat constrain kernel --picture digits --secret left --steps 300
  convmat constrain tying --out tying        why zeros stay 0 and ties stay tied

experiments:
  ladder  one network on digits with its first matrix dense, locally connected,
          a convolution, circulant: parameters, accuracy on held-out digits and
          on the same ones moved by a pixel, distance from a convolution
  kernel  a kernel that finds edges, learned from pieces of a picture and their
          edge maps until its integers are exact
  tying   the gradient by a dense matrix, masked, and summed over each tie
"""

_OPTIONS: Mapping[str, tuple[tuple[str, ...], Any]] = MappingProxyType(
    {
        "epochs": (("ladder",), 30),
        "samples": (("ladder",), None),
        "seed": (("ladder", "tying"), 0),
        "picture": (("kernel",), "photo"),
        "secret": (("kernel",), "top"),
        "steps": (("kernel",), 2000),
    }
)
"""Whose each option is, and its default."""

_LEAST = MappingProxyType({"epochs": 1, "samples": 1, "seed": 0, "steps": 1})


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "constrain",
        _run,
        "train a matrix under its constraints, and without them",
        "Prints what happened, and leaves figures as PNG and SVG.",
        _EXAMPLES,
    )
    add = parser.add_argument
    add(
        "experiment",
        nargs="?",
        default="ladder",
        choices=list(_EXPERIMENTS),
        help="see below (default: %(default)s)",
    )
    add(
        "--out",
        default="convmat-constrain",
        metavar="DIR",
        help="folder for the figures (default: %(default)s)",
    )
    add("--epochs", type=int, metavar="N", help="ladder (default: 30)")
    add("--samples", type=int, metavar="N", help="ladder: digits to train on, or all")
    add("--seed", type=int, metavar="N", help="ladder, tying (default: 0)")
    add(
        "--picture",
        choices=["photo", "digits"],
        help="kernel: matplotlib's sample photograph, or the digits (default: photo)",
    )
    add(
        "--secret",
        choices=["top", "left", "diagonal-1", "diagonal-2"],
        help="kernel: the edge that it finds (default: top)",
    )
    add("--steps", type=int, metavar="N", help="kernel (default: 2000)")
    add("--no-progress", action="store_true", help="show no progress bars")


def _run(options: argparse.Namespace) -> int:
    _fill(options)
    ready(options.out)
    pictures = _EXPERIMENTS[options.experiment](options)
    save_into(options.out, pictures, progress=not options.no_progress)
    return 0


def _fill(options: argparse.Namespace) -> None:
    """Defaults for the options that are not given.

    Raises
    ------
    ConvmatError
        For those that are given and are another experiment's, or too small.
    """
    for name, (owners, default) in _OPTIONS.items():
        value = getattr(options, name)
        if value is None:
            setattr(options, name, default)
        elif options.experiment not in owners:
            rule = f"must come with {' or '.join(owners)}, not {options.experiment}"
            raise ConvmatError(f"--{name}", rule, value)
        elif name in _LEAST and value < _LEAST[name]:
            raise ConvmatError(f"--{name}", f"must be at least {_LEAST[name]}", value)


def _ladder(options: argparse.Namespace) -> Pictures:
    from convmat.cli import pictures
    from convmat.experiments import climb_ladder

    climbs = climb_ladder(
        epochs=options.epochs,
        samples=options.samples,
        seed=options.seed,
        progress=not options.no_progress,
    )
    print(_table(climbs))
    return pictures.of_ladder(climbs)


def _table(climbs: dict[str, Climb]) -> str:
    """One line a rung."""
    rows = [("first matrix", "free", "held out", "moved", "distance")]
    for name, climb in climbs.items():
        rows.append(
            (
                name.replace("_", " "),
                f"{climb.free_parameters:,}",
                f"{climb.accuracies[-1]:.1%}",
                f"{climb.moved_accuracies[-1]:.1%}",
                f"{climb.distances[-1]:.2f}",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([*lines, "", _NOTES])


_NOTES = """\
free      parameters of the first matrix, biases included
held out  digits read right that it has not seen, where it has learned digits
moved     the same digits, moved by a pixel to each of the eight sides
distance  from the nearest convolution, over the size of the matrix; that of the
          circulant matrix is what wraps around"""


def _kernel(options: argparse.Namespace) -> Pictures:
    from convmat.cli import pictures
    from convmat.experiments import EDGES, learn_kernel

    found = learn_kernel(
        _images(options.picture),
        EDGES[options.secret.replace("-", " ")],
        steps=options.steps,
        progress=not options.no_progress,
    )
    off = np.abs(found.kernels[-1] - found.secret).max()
    taken = "1 step" if options.steps == 1 else f"{options.steps:,} steps"
    print(f"{taken} from 0 on {options.picture}, {found.geometry!r}")
    print(f"largest distance of a tap from the secret one: {off:.2g}")
    verdict = "makes every edge map, number for number"
    if not found.exact:
        verdict = "does not make every edge map yet"
    print(f"rounded to integers, the learned kernel {verdict}:")
    print(found.rounded)
    return pictures.of_kernel(found)


def _images(name: str) -> Array:
    """Pieces of the photograph, or digits, as grey values."""
    from convmat.experiments import pieces
    from convmat.nn import load_digits

    if name == "digits":
        return load_digits(dtype=np.int64).train_images[:256]
    from matplotlib import cbook
    from matplotlib.image import imread

    try:
        path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
        colors = imread(str(path))
    except OSError:
        rule = "must be there: this matplotlib came without its sample photograph"
        raise ConvmatError("--picture", rule, name, "use --picture digits") from None
    grey = colors[..., :3] @ (0.299, 0.587, 0.114)  # ITU-R BT.601
    return pieces(np.rint(grey).astype(np.int64))


def _tying(options: argparse.Namespace) -> Pictures:
    from convmat.cli import pictures

    drawn = pictures.of_tying(options.seed)
    for figure, _ in drawn.values():
        print(figure.convmat["alt"])  # type: ignore[attr-defined]  # its own note
    return drawn


_EXPERIMENTS: Mapping[str, Callable[[argparse.Namespace], Pictures]] = MappingProxyType(
    {"ladder": _ladder, "kernel": _kernel, "tying": _tying}
)
